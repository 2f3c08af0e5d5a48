"""Answers to rows: what is believed about each row, under every kind of numbering."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.delivery.verdict import AnswerItem
from etl.reconciler.match import (
    Matched,
    Numbering,
    RowDone,
    RowRefused,
    RowStored,
    RowUnknown,
    RowVerdict,
    match,
)

UNKNOWN, FROM_ONE, FROM_ZERO = Numbering.UNKNOWN, Numbering.FROM_ONE, Numbering.FROM_ZERO

UNNAMED = RowUnknown("LeadSquared's answer does not name this row")
TWICE = RowUnknown("LeadSquared's answer names this row twice")
SAME_ID = RowUnknown("LeadSquared's answer gives this row and another one the same ProspectActivityId")
UNNUMBERED = RowUnknown("LeadSquared's answer has no row numbers and not every row in it succeeded")
PARTIAL = RowUnknown("LeadSquared's answer names only some rows, and how it numbers them is not certain")
A, B, C = RowDone("id-a"), RowDone("id-b"), RowDone("id-c")


def stored(number: int | None, activity_id: str | None) -> AnswerItem:
    return AnswerItem(number, True, activity_id, None)


def refused(number: int | None, reason: str | None = "no such lead") -> AnswerItem:
    return AnswerItem(number, False, None, reason)


FULL = [
    pytest.param([stored(1, "id-a"), stored(2, "id-b")], UNKNOWN, [A, B], FROM_ONE, id="from one"),
    pytest.param([stored(0, "id-a"), stored(1, "id-b")], UNKNOWN, [A, B], FROM_ZERO, id="from zero"),
    pytest.param([stored(2, "id-b"), stored(1, "id-a")], UNKNOWN, [A, B], FROM_ONE, id="shuffled"),
    pytest.param([stored(1, "id-b"), stored(0, "id-a")], UNKNOWN, [A, B], FROM_ZERO, id="shuffled from zero"),
    pytest.param([stored(0, "id-a"), stored(1, "id-b")], FROM_ONE, [A, B], UNKNOWN, id="against what was known"),
    pytest.param([stored(1, "id-a"), refused(2)], UNKNOWN, [A, RowRefused("no such lead")], FROM_ONE, id="one refused"),
]
PARTS = [
    pytest.param([stored(1, "id-a")], UNKNOWN, [PARTIAL, PARTIAL], UNKNOWN, id="part, numbering not known"),
    pytest.param([stored(1, "id-a")], FROM_ONE, [A, UNNAMED], FROM_ONE, id="part from one"),
    pytest.param([stored(1, "id-b")], FROM_ZERO, [UNNAMED, B], FROM_ZERO, id="part from zero"),
    pytest.param([stored(0, "id-a")], FROM_ONE, [PARTIAL, PARTIAL], FROM_ONE, id="part that starts at zero after all"),
    pytest.param([stored(2, "id-b")], FROM_ZERO, [PARTIAL, PARTIAL], FROM_ZERO, id="part that starts at one after all"),
    pytest.param([stored(1, "id-a"), stored(None, "id-b")], FROM_ONE, [A, UNNAMED], FROM_ONE, id="one unnumbered"),
    pytest.param([stored(1, "id-a"), stored(1, "id-b")], FROM_ONE, [TWICE, UNNAMED], FROM_ONE, id="number twice"),
    pytest.param([stored(1, "id-a"), stored(9, "id-c")], FROM_ONE, [A, UNNAMED], FROM_ONE, id="outside the range"),
    pytest.param([stored(1, "id-a"), stored(-1, "id-c")], FROM_ONE, [A, UNNAMED], FROM_ONE, id="below zero"),
    pytest.param(
        [stored(1, "id-a"), stored(2, "id-b"), stored(3, "id-c")], FROM_ONE, [A, B], FROM_ONE, id="more than sent"
    ),
    pytest.param(
        [stored(1, "id-a"), stored(2, "id-b"), stored(3, "id-c")],
        UNKNOWN,
        [PARTIAL, PARTIAL],
        UNKNOWN,
        id="more than sent, numbering not known",
    ),
    pytest.param(
        [stored(1, "id-a"), stored(2, "id-b"), stored(2, "id-c")],
        UNKNOWN,
        [PARTIAL] * 2,
        UNKNOWN,
        id="full, and one twice",
    ),
    pytest.param(
        [stored(1, "id-a"), stored(2, "id-b"), stored(None, "id-c")],
        UNKNOWN,
        [PARTIAL] * 2,
        UNKNOWN,
        id="full, and one unnumbered",
    ),
    pytest.param(
        [stored(1, "id-a"), stored(2, "id-b"), stored(7, "ID-A")],
        FROM_ONE,
        [SAME_ID, B],
        FROM_ONE,
        id="id of a stranger",
    ),
]
UNNUMBERED_ANSWERS = [
    pytest.param([stored(None, "id-a"), stored(None, "id-b")], UNKNOWN, [A, B], UNKNOWN, id="all stored"),
    pytest.param([stored(None, "id-a"), refused(None)], FROM_ONE, [UNNUMBERED] * 2, FROM_ONE, id="one refused"),
    pytest.param([stored(None, "id-a")], FROM_ONE, [UNNUMBERED] * 2, FROM_ONE, id="one missing"),
    pytest.param([stored(None, "id-a"), stored(None, None)], UNKNOWN, [UNNUMBERED] * 2, UNKNOWN, id="one without id"),
    pytest.param([stored(None, "id-a"), stored(None, "id-a")], UNKNOWN, [SAME_ID] * 2, UNKNOWN, id="one id"),
    pytest.param([], FROM_ONE, [UNNUMBERED] * 2, FROM_ONE, id="nothing"),
]


@pytest.mark.parametrize(("items", "known", "expected", "learned"), [*FULL, *PARTS, *UNNUMBERED_ANSWERS])
def test_two_sent_rows_and_an_answer(
    items: list[AnswerItem], known: Numbering, expected: list[RowVerdict], learned: Numbering
) -> None:
    """A row number is believed only in a full answer, or where a full one has shown where the numbers start."""
    assert match(items, rows=2, numbering=known) == Matched(tuple(expected), learned)


SINGLE = [
    pytest.param(stored(1, "id-a"), A, id="stored"),
    pytest.param(refused(1), RowRefused("no such lead"), id="refused"),
    pytest.param(refused(1, None), RowRefused("LeadSquared refused this row without saying why"), id="without a word"),
    pytest.param(
        stored(1, None),
        RowUnknown("LeadSquared says that this row was stored, but names no ProspectActivityId"),
        id="no id",
    ),
    pytest.param(
        AnswerItem(1, False, "id-a", None),
        RowUnknown("LeadSquared says that this row was not stored, yet names a ProspectActivityId for it"),
        id="refused with an id",
    ),
    pytest.param(
        AnswerItem(1, None, "id-a", None),
        RowUnknown("LeadSquared's answer says neither that this row was stored nor that it was not"),
        id="no flag",
    ),
    pytest.param(AnswerItem(1, None, None, "what?"), RowUnknown("what?"), id="no flag but a text"),
]


@pytest.mark.parametrize(("item", "expected"), SINGLE)
def test_one_sent_row_and_what_is_said_of_it(item: AnswerItem, expected: RowVerdict) -> None:
    """Done needs the flag and an id; refused needs the flag and no id; all else is unknown."""
    assert match([item], rows=1, numbering=FROM_ONE) == Matched((expected,), FROM_ONE)


def test_rows_with_one_id_are_unknown_and_their_neighbours_are_not() -> None:
    """Two rows of one answer with the same id, whatever its letter case, prove nothing about either."""
    items = [stored(1, "id-a"), stored(2, "id-b"), stored(3, "ID-A")]

    assert match(items, 3, UNKNOWN) == Matched((SAME_ID, B, SAME_ID), FROM_ONE)


items_of_any_kind = st.lists(
    st.builds(
        AnswerItem,
        row_number=st.none() | st.integers(-1, 6),
        done=st.sampled_from([True, True, False, None]),
        activity_id=st.none() | st.sampled_from(["a", "A", "b", "c", "d"]),
        reason=st.none() | st.just("no"),
    ),
    max_size=7,
)


@given(items=items_of_any_kind, rows=st.integers(0, 6), numbering=st.sampled_from(Numbering))
def test_every_sent_row_gets_one_verdict_and_no_id_two_rows(
    items: list[AnswerItem], rows: int, numbering: Numbering
) -> None:
    """Whatever comes back, each sent row has one verdict, and what is done was said to be done under that very id."""
    matched = match(items, rows, numbering)

    done = [verdict.activity_id for verdict in matched.rows if isinstance(verdict, RowDone)]
    assert len(matched.rows) == rows
    assert len({activity_id.casefold() for activity_id in done}) == len(done)
    assert set(done) <= {item.activity_id for item in items if item.done is True}


@given(
    fates=st.lists(st.booleans(), min_size=1, max_size=25),
    first=st.sampled_from([0, 1]),
    random=st.randoms(use_true_random=False),
)
def test_full_answer_in_any_order_gives_each_row_its_own_fate(fates: list[bool], first: int, random: object) -> None:
    """An answer that names every row once is understood however it is shuffled, and teaches where its numbers start."""
    items = [
        stored(first + place, f"id-{place}") if fate else refused(first + place, f"no-{place}")
        for place, fate in enumerate(fates)
    ]
    random.shuffle(items)  # type: ignore[attr-defined] # hypothesis hands in a random.Random of its own making

    expected = tuple(RowDone(f"id-{place}") if fate else RowRefused(f"no-{place}") for place, fate in enumerate(fates))
    assert match(items, len(fates), UNKNOWN) == Matched(expected, FROM_ONE if first else FROM_ZERO)


NAMED = ["id-a", "id-b"]
OF_UPDATES = [
    pytest.param([stored(1, None), stored(2, None)], UNKNOWN, [A, B], FROM_ONE, id="full"),
    pytest.param([stored(2, None), stored(1, None)], UNKNOWN, [A, B], FROM_ONE, id="shuffled"),
    pytest.param([stored(0, None), stored(1, None)], FROM_ZERO, [A, B], FROM_ZERO, id="from zero"),
    pytest.param([stored(1, None)], FROM_ONE, [A, UNNAMED], FROM_ONE, id="short"),
    pytest.param([stored(2, None)], FROM_ONE, [UNNAMED, B], FROM_ONE, id="the second alone"),
    pytest.param([stored(1, None)], UNKNOWN, [PARTIAL, PARTIAL], UNKNOWN, id="short, numbering not known"),
    pytest.param([stored(1, None), refused(2)], FROM_ONE, [A, RowRefused("no such lead")], FROM_ONE, id="one refused"),
    pytest.param([stored(None, None), stored(None, None)], UNKNOWN, [A, B], UNKNOWN, id="all done, no numbers"),
    pytest.param([stored(None, None), refused(None)], UNKNOWN, [UNNUMBERED] * 2, UNKNOWN, id="no numbers, one refused"),
    pytest.param([stored(None, None)], FROM_ONE, [UNNUMBERED] * 2, FROM_ONE, id="short, no numbers"),
    pytest.param([stored(1, None), stored(1, None)], FROM_ONE, [TWICE, UNNAMED], FROM_ONE, id="number twice"),
]


@pytest.mark.parametrize(("items", "known", "expected", "learned"), OF_UPDATES)
def test_rows_that_the_request_named(
    items: list[AnswerItem], known: Numbering, expected: list[RowVerdict], learned: Numbering
) -> None:
    """A row that is done has the id that it was addressed by; one that the answer leaves out is not lost but unknown."""
    assert match(items, 2, known, NAMED) == Matched(tuple(expected), learned)


@pytest.mark.parametrize("known", list(Numbering))
def test_an_answer_about_one_row_teaches_no_numbering(known: Numbering) -> None:
    """It is stored under an id that is not told, and what is known of row numbers stays as it is."""
    item = AnswerItem(None, True, None, None, message_id="M-1")

    assert match([item], 1, known) == Matched((RowStored("M-1"),), known)
