"""One id is one row's: rows are found by the beginnings of their ids, and told apart by the whole."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from etl.ledger import doubts, held_ids, joining, known_keys, revisions
from etl.ledger.schema import id_mark, mark_of_id, opaque, opaque_text
from etl.ledger.store import Ledger
from etl.records import Outcome
from tests.clocks import ManualClock
from tests.ledger.books import Book, a_row, created

ALIKE = [f"{number:02x}00b00c-cafe-4000-8000-{number:012x}" for number in range(4)]
"""GUIDs that the index of ids cannot tell apart."""


def test_ids_that_begin_alike_are_two(book: Book) -> None:
    """Rows under different ids with one mark are all created; one under an id of these is not, whatever the holder is by now."""
    run_id = book.begin([a_row(number, f"{number}") for number in range(2, 5)])
    rows = book.waiting(run_id)
    ends = book.settle(book.intend(run_id), *map(created, rows, ALIKE))
    book.ledger.undoings.note_undone(run_id, book.account_id, {rows[1].row_id: "marked"}, "marked")
    book.do(f"UPDATE rows SET outcome = 'already_imported' WHERE row_id = {rows[2].row_id}")
    late = book.begin([a_row(number, f"{number}") for number in range(5, 9)])
    going = book.waiting(late)

    told = book.settle(book.intend(late), *map(created, going, ALIKE))

    assert len({mark_of_id(opaque(one)) for one in ALIKE}) == 1
    assert [end.outcome for end in ends] == [Outcome.CREATED] * 3
    assert [(end.outcome, end.code) for end in told] == [(Outcome.UNCONFIRMED, "id_taken")] * 3 + [
        (Outcome.CREATED, None)
    ]


def test_claimed_activities_are_told_by_their_whole_ids(book: Book) -> None:
    """Of ids that begin alike those are claimed under which rows of ours are."""
    run_id = book.begin([a_row(2)])
    (row,) = book.waiting(run_id)
    book.settle(book.intend(run_id), created(row, ALIKE[0]))

    claimed = book.ledger.doubts.claimed(book.account_id, ALIKE)
    holding = held_ids.holders(book.ledger._database, book.account_id, [opaque(one) for one in ALIKE[1:]])

    assert {one: claim.row_id for one, claim in claimed.items()} == {ALIKE[0]: row.row_id}
    assert holding == []


def test_guids_are_found_alone_and_among_others(book: Book) -> None:
    """The quick way for GUIDs finds what the general one does, in the order of neither."""
    ids = [*ALIKE[:2], "0f8fad5b-d9cb-469f-a165-70867728950e", "42", ALIKE[2].upper(), "abc"]
    run_id = book.begin([a_row(number, f"{number}") for number in range(2, 2 + len(ids))])
    rows = book.waiting(run_id)
    book.settle(book.intend(run_id), *map(created, rows, ids))

    def found(*asked: str) -> set[tuple[str, int]]:
        held = held_ids.holders(book.ledger._database, book.account_id, [opaque(one) for one in asked])
        return {(opaque_text(bytes(kept)), number) for kept, _, number in held}

    guids, others = [*ids[:3], ALIKE[3]], [*ids[3:], "no such id", "abcd"]
    assert found(*guids) | found(*others) == found(*guids, *others) == {(one, n) for n, one in enumerate(ids, start=2)}
    assert found(*guids) == {(one, n) for n, one in enumerate(ids[:3], start=2)}
    assert found(ALIKE[3]) == found("abcd") == set()


def _swapped(number: int) -> bytes:
    """As SQL Server numbers them: its first bytes count, the lowest of them first."""
    return number.to_bytes(4, "little") + bytes.fromhex("7b3ee911800d12314004ac6b")


def _by_the_clock(number: int) -> bytes:
    """Version 1, as MySQL makes them, one each millisecond: by moments of 100 ns, the lowest bits of the moment first."""
    return (number * 10_000).to_bytes(4, "big") + bytes.fromhex("51aa11e29e6412314004ac6b")


def _since_1970(number: int) -> bytes:
    """Version 7, one each millisecond: a moment, the highest bits first, then bits by chance."""
    return (1_795_000_000_000 + number).to_bytes(6, "big") + bytes.fromhex("7c3a9b2f12314004ac6b")


@pytest.mark.parametrize("guid", [_swapped, _by_the_clock, _since_1970])
def test_few_guids_that_were_made_one_after_the_other_have_one_mark(guid: Callable[[int], bytes]) -> None:
    """However they are made: a question reads all rows of a mark, and LeadSquared does not say how it makes its ids."""
    marks = Counter(mark_of_id(guid(number)) for number in range(50_000))

    assert max(marks.values()) <= 256


_IDS = st.text(min_size=1, max_size=20) | st.uuids().map(str) | st.uuids().map(lambda one: str(one).upper())


@given(activity_id=_IDS.filter(lambda one: "\0" not in one))
@example(activity_id="0123456789abcde")
@example(activity_id="x" * 16)
def test_marks_are_the_same_in_sql(activity_id: str) -> None:
    """What is asked for is what the index holds, of GUIDs and of all else."""
    with closing(sqlite3.connect(":memory:")) as database:
        ((found,),) = database.execute(f"SELECT {id_mark(':kept')}", {"kept": opaque(activity_id)})

    assert found == mark_of_id(opaque(activity_id))


def test_marks_are_the_same_in_every_database(book: Book) -> None:
    """The same in the database that is at hand."""
    ids = [*ALIKE, ALIKE[0].upper(), "42", "0123456789abcde", "पहचान"]
    run_id = book.begin([a_row(number, f"{number}") for number in range(2, 2 + len(ids))])
    for row, activity_id in zip(book.waiting(run_id), ids, strict=True):
        book.ledger._database.do(
            "UPDATE rows SET activity_id = :kept WHERE row_id = :row_id",
            {"kept": opaque(activity_id), "row_id": row.row_id},
        )

    found = book.query(f"SELECT {id_mark()} FROM rows ORDER BY row_id")

    assert [bytes(one) for (one,) in found] == [mark_of_id(opaque(activity_id)) for activity_id in ids]


QUESTIONS = [
    pytest.param(held_ids._HOLDERS_OF_GUIDS, id="of a request that ends"),
    pytest.param(held_ids._asking(3), id="of one with other ids"),
    pytest.param(held_ids._SPELT_OTHERWISE, id="of ids spelt otherwise"),
    pytest.param(str(doubts._CLAIMED), id="of activities shown"),
    pytest.param(str(known_keys._NOTE), id="of keys"),
    pytest.param(str(revisions._OF_RUN), id="of activities that go on"),
    pytest.param(joining._SAME_ACTIVITY, id="of a package"),
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_rows_are_looked_up_by_the_beginnings_of_their_ids(tmp_path: Path, question: str) -> None:
    """No question reads all rows of an account."""
    path = tmp_path / "ledger.db"
    Ledger(f"sqlite:///{path}", tmp_path / "files", ManualClock()).close()
    for name in ("marks", "ids"):
        question = question.replace(f"(__[POSTCOMPILE_{name}])", f"(:{name}, :other)")
    values = dict.fromkeys(re.findall(r":(\w+)", question), 1)

    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TEMPORARY TABLE handed (activity_id, same_as, outcome, known_row_id, yields)")
        steps = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {question}", values)]

    assert any("USING INDEX rows_by_activity (<expr>" in step for step in steps), steps
    assert not any(step.startswith("SCAN rows") for step in steps), steps
