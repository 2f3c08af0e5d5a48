"""Rows that are known and have other values: revisions and their claims, versions, and what each sheet leaves behind."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.delivery.outcomes import RowEnd
from etl.ledger.plan import StagedRow
from etl.ledger.requests import Taken
from etl.ledger.revisions import Revision
from etl.ledger.versions import OtherValues, version_of
from etl.records import Outcome
from tests.clocks import ManualClock
from tests.ledger.books import Book, a_row, left_out, mark, open_book

IN_TURN, NEW = OtherValues.IN_TURN, OtherValues.NEW
FATES = {
    Outcome.UPDATED: (Outcome.UPDATED, Outcome.ALREADY_IMPORTED),
    Outcome.REFUSED: (Outcome.REFUSED, Outcome.CHANGED),
    Outcome.UNCONFIRMED: (Outcome.UNCONFIRMED, Outcome.UNCONFIRMED),
    Outcome.WAITING: (Outcome.WAITING, Outcome.CHANGED),
}
"""How a revision ended → its line, and what the same row is in a further sheet."""


def sheet(words: str, mode: OtherValues) -> list[StagedRow]:
    """Rows from words like `x=A`: how the row is known, and what it sends."""
    rows = [a_row(number, word, key=word[0]) for number, word in enumerate(words.split(), start=2)]
    return rows if mode is IN_TURN else [_as_version(row) for row in rows]


def _as_version(row: StagedRow) -> StagedRow:
    assert row.payload is not None
    return row._replace(version=version_of(row.payload))


def begin(book: Book, rows: Sequence[StagedRow], mode: OtherValues) -> int:
    plan = book.ledger.plan()
    plan.stage(0, rows)
    plan.match(0, book.scope_id, has_unique_key=True, other_values=mode)
    plan.number_equals(0, book.scope_id)
    return book.ledger.runs.begin(book.new_run(len(rows)), plan, 0)


def revise(book: Book, run_id: int) -> int | None:
    """Begin a run for the changed rows of a run, as far as their activities have ids."""
    changed = book.ledger.revisions.changed_in_run(run_id, 1, 100).values()
    book.ledger.revisions.forget_collected()
    rows = [Revision(one.row_id, one.holder_id, mark("id", one.activity_id)) for one in changed if one.activity_id]
    book.ledger.revisions.collect(rows)
    return book.ledger.revisions.begin(book.new_run(len(rows), operation="update", revises=run_id)) if rows else None


def send(book: Book, run_id: int, outcome: Outcome, words: str) -> Iterable[tuple[str, str, str | None]]:
    """Send what waits, one row a request, in order. Yields: how the row is known, what it sends, of which activity."""
    ids = book.ledger.revisions.activity_ids(run_id, 1, 100)
    for row in book.waiting(run_id):
        request_id = book.intend(run_id, [row])
        activity_id = ids.get(row.row_number) or f"id-{row.row_id}"
        book.settle(request_id, RowEnd(row.row_id, outcome, activity_id=activity_id))
        word = words.split()[row.row_number - 2]
        yield word[0], word[2:], ids.get(row.row_number)


def import_in_turn(book: Book, words: str) -> tuple[int, list[tuple[str, str, str | None]]]:
    """A sheet whose other values go to the activities. Returns: its run, and what went out."""
    run_id = begin(book, sheet(words, IN_TURN), IN_TURN)
    out = list(send(book, run_id, Outcome.CREATED, words))
    revising = revise(book, run_id)
    if revising is not None:
        out += send(book, revising, Outcome.UPDATED, words)
    return run_id, out


WORDS = st.lists(st.sampled_from(["x=A", "x=B", "y=A", "y=B", "y=C"]), min_size=1, max_size=5).map(" ".join)


@settings(max_examples=10, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=4))
def test_an_activity_ends_with_what_its_sheet_says_last(sheets: list[str]) -> None:
    """Each name makes one activity, which has the values of its last row after every sheet; the sheet again does nothing."""
    with tempfile.TemporaryDirectory() as folder:
        book = open_book(Path(folder), ManualClock())
        holds: dict[str, str] = {}
        made: list[str] = []
        for words in sheets:
            run_id, out = import_in_turn(book, words)
            made += [key for key, _, revised in out if revised is None]
            holds |= {key: values for key, values, _ in out}

            assert {word[0]: holds[word[0]] for word in words.split()} == {word[0]: word[2:] for word in words.split()}
            assert set(book.outcomes(run_id).values()) <= {Outcome.CREATED, Outcome.UPDATED, Outcome.ALREADY_IMPORTED}
            assert import_in_turn(book, words)[1] == []
        assert sorted(made) == sorted(set(made))
        book.ledger.close()


@settings(max_examples=10, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=4))
def test_each_version_goes_out_once_under_the_same_ordinal(sheets: list[str]) -> None:
    """Whatever the order in which two ledgers meet versions: each sends each once, and numbers it alike."""
    ordinals: list[dict[str, int]] = []
    for order in (sheets, sheets[::-1]):
        with tempfile.TemporaryDirectory() as folder:
            book = open_book(Path(folder), ManualClock())
            sent: list[tuple[str, int]] = []
            for words in order:
                run_id = begin(book, sheet(words, NEW), NEW)
                sent += [(words.split()[row.row_number - 2], row.ordinal) for row in book.waiting(run_id)]
                list(send(book, run_id, Outcome.CREATED, words))
            book.ledger.close()
        assert len(sent) == len(dict(sent))
        ordinals.append(dict(sent))

    assert ordinals[0] == ordinals[1]
    assert set(ordinals[0]) == {word for words in sheets for word in words.split()}


@pytest.mark.parametrize("ended", FATES, ids=lambda outcome: outcome.value)
def test_a_line_has_the_outcome_of_its_revision(book: Book, ended: Outcome) -> None:
    """And the claim stays with what LeadSquared has, or may have."""
    import_in_turn(book, "x=A y=A")
    run_id = begin(book, sheet("x=B y=A", IN_TURN), IN_TURN)
    revising = revise(book, run_id)
    assert revising is not None
    waiting = book.outcomes(run_id)
    (row,) = book.waiting(revising)
    request_id = book.intend(revising)
    book.ledger.revisions.tell_lines(run_id)
    in_the_air = book.outcomes(run_id)
    book.settle(request_id, RowEnd(row.row_id, ended, activity_id="id-1"))
    line, again = FATES[ended]

    assert (waiting[2], in_the_air[2]) == (Outcome.WAITING, Outcome.UNCONFIRMED)
    assert book.outcomes(run_id) == {2: line, 3: Outcome.ALREADY_IMPORTED}
    assert book.ledger.runs.count_to_send(run_id) == 0
    assert book.outcomes(begin(book, sheet("x=B", IN_TURN), IN_TURN)) == {2: again}
    assert len(book.claims()) == 2
    undone = book.ledger.revisions.undone(run_id)
    assert undone == [revising]
    book.ledger.runs.end(revising, None, None)
    assert (book.ledger.revisions.undone(run_id) == []) is (ended in {Outcome.UPDATED, Outcome.REFUSED})


def test_what_another_process_has_sent_meanwhile_is_not_overwritten(book: Book) -> None:
    """Two processes revise one activity: the later one sends nothing, and its line is compared with the first one's values."""
    import_in_turn(book, "x=A")
    first, second = (begin(book, sheet(words, IN_TURN), IN_TURN) for words in ("x=B", "x=C"))
    revising = [revise(book, run_id) for run_id in (first, second)]
    assert revising[0] is not None
    assert revising[1] is not None
    list(send(book, revising[0], Outcome.UPDATED, "x=B"))

    reserved = book.reserve(revising[1])
    book.ledger.revisions.tell_lines(second)

    assert isinstance(reserved, Taken)
    assert book.outcomes(second) == {2: Outcome.CHANGED}
    (line,) = book.ledger.revisions.changed_in_run(second, 1, 9).values()
    assert (line.holder_run, line.activity_id) == (revising[0], "id-1")


def test_a_later_row_waits_for_the_verdict_on_the_one_before(book: Book) -> None:
    """If that one is refused, what the later row replaces is not what is there: it is compared anew."""
    run_id = begin(book, sheet("x=A x=B x=C", IN_TURN), IN_TURN)
    list(send(book, run_id, Outcome.CREATED, "x=A x=B x=C"))
    revising = revise(book, run_id)
    assert revising is not None
    second, third = book.waiting(revising)
    book.settle(book.intend(revising, [second]), RowEnd(second.row_id, Outcome.REFUSED, error="no"))

    assert isinstance(book.reserve(revising, [third]), Taken)
    book.ledger.revisions.tell_lines(run_id)
    assert book.outcomes(run_id) == {2: Outcome.CREATED, 3: Outcome.REFUSED, 4: Outcome.CHANGED}


def test_what_is_there_under_another_rule_is_known(book: Book) -> None:
    """Rows sent while changes were reported are known as versions by what they send, or by their cells."""
    run_id = book.import_rows(a_row(2, "x=A", key="x"), a_row(3, "y=A", key="y"), unique=True)
    other_mapping = a_row(2, "x=A, mapped anew", key="x", cells="x=A")
    corrected = a_row(3, "y=B", key="y", line=(run_id, 3))

    rows = [_as_version(row) for row in (other_mapping, corrected, a_row(4, "y=A", key="y", line=(run_id, 3)))]
    outcomes = book.outcomes(begin(book, [*rows, left_out(5)], NEW))

    known = Outcome.ALREADY_IMPORTED
    assert outcomes == {2: known, 3: Outcome.WAITING, 4: known, 5: Outcome.INVALID}


def test_a_stop_reaches_the_run_that_is_at_work(book: Book) -> None:
    """Whichever of the two numbers a person types."""
    import_in_turn(book, "x=A")
    run_id = begin(book, sheet("x=B", IN_TURN), IN_TURN)
    revising = revise(book, run_id)
    assert revising is not None

    book.ledger.listing.ask_to_stop(run_id)

    assert book.ledger.runs.is_stop_asked(revising)
    book.ledger.runs.clear_stop(run_id)
    book.ledger.listing.ask_to_stop(revising)
    assert book.ledger.runs.is_stop_asked(run_id)


def test_versions_are_numbers_that_every_database_takes() -> None:
    """Positive, within 31 bits, and beyond all ordinals that are counted."""
    assert version_of(b"\xff" * 12) == 2**31 - 1
    assert version_of(b"\x00" * 12) == 2**30


def test_a_revised_row_no_longer_tells_what_reads_are_worth(book: Book) -> None:
    """Its activity shows what a later row has brought there, or may have; one that was refused there tells as before."""
    first, _ = import_in_turn(book, "x=A y=A z=A")
    run_id = begin(book, sheet("x=B y=B", IN_TURN), IN_TURN)
    revising = revise(book, run_id)
    assert revising is not None
    stored, refused = book.waiting(revising)
    book.settle(book.intend(revising, [stored]), RowEnd(stored.row_id, Outcome.UPDATED, activity_id="id-1"))
    book.settle(book.intend(revising, [refused]), RowEnd(refused.row_id, Outcome.REFUSED, error="no"))

    created = [book.row_id(first, number) for number in (2, 3, 4)]

    assert book.ledger.doubts.revised([*created, stored.row_id]) == {created[0]}
    assert [row.is_revised for row in book.ledger.doubts.created_rows(first)] == [True, False, False]
