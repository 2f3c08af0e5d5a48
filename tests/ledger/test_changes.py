"""Row memory of updates: a row is known while nothing else was sent to its activity since; a table and two laws."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.delivery.outcomes import RowEnd
from etl.ledger.plan import Plan, StagedRow
from etl.records import Outcome
from tests.clocks import ManualClock
from tests.ledger.books import Book, a_row, open_book

NEW, KNOWN, DOUBTFUL = Outcome.WAITING, Outcome.ALREADY_IMPORTED, Outcome.UNCONFIRMED


def sheet(words: str, first: int = 2) -> list[StagedRow]:
    """Rows from words like `x=A`: the activity and the values that it is to have."""
    pairs = (word.split("=") for word in words.split())
    return [a_row(number, f"{to}={values}", lead=to) for number, (to, values) in enumerate(pairs, start=first)]


def planned(book: Book, rows: Iterable[StagedRow]) -> Plan:
    plan = book.ledger.plan()
    plan.stage(0, rows)
    plan.match(0, book.scope_id, has_unique_key=False, of_changes=True)
    plan.number_equals(0, book.scope_id)
    return plan


def begin(book: Book, rows: Sequence[StagedRow]) -> int:
    return book.ledger.runs.begin(book.new_run(len(rows), operation="update"), planned(book, rows), 0)


def send(book: Book, run_id: int, outcome: Outcome = Outcome.UPDATED) -> list[int]:
    """Send what waits, one row a request, in the order of the sheet. Returns the row numbers."""
    rows = book.waiting(run_id)
    for row in rows:
        book.settle(book.intend(run_id, [row]), RowEnd(row.row_id, outcome))
    return [row.row_number for row in rows]


def outcomes(book: Book, rows: Iterable[StagedRow]) -> list[Outcome]:
    return [line.outcome for line in planned(book, rows).lines(0)]


@dataclass(frozen=True)
class Case:
    """Sheets that were sent before, one after the other; a sheet, and what its rows are then."""

    before: list[str]
    now: str
    outcomes: list[Outcome]
    ended: Outcome = Outcome.UPDATED


TABLE = {
    "nothing sent before": Case([], "x=A y=A", [NEW, NEW]),
    "the same line again": Case(["x=A y=B"], "y=B x=A", [KNOWN, KNOWN]),
    "a corrected line": Case(["x=A y=B"], "x=A y=C", [KNOWN, NEW]),
    "back to what it was": Case(["x=A", "x=B"], "x=A", [NEW]),
    "the last of two states": Case(["x=A x=B"], "x=B", [KNOWN]),
    "the first of two states": Case(["x=A x=B"], "x=A", [NEW]),
    "both states again": Case(["x=A x=B"], "x=A x=B", [KNOWN, KNOWN]),
    "both states, with others between": Case(["x=A y=A x=B"], "x=A z=A x=B", [KNOWN, NEW, KNOWN]),
    "a third state added": Case(["x=A x=B"], "x=A x=B x=C", [KNOWN, KNOWN, NEW]),
    "the second state corrected": Case(["x=A x=B"], "x=A x=C", [NEW, NEW]),
    "there and back in one sheet": Case(["x=A x=B x=A"], "x=A x=B x=A", [KNOWN, KNOWN, KNOWN]),
    "there and back once more": Case(["x=A x=B x=A"], "x=A x=B x=A x=B", [KNOWN, KNOWN, KNOWN, NEW]),
    "the other way round": Case(["x=A x=B"], "x=B x=A", [KNOWN, NEW]),
    "a line twice in the sheet": Case([], "x=A x=A", [NEW, NEW]),
    "a line twice in the sheet, again": Case(["x=A x=A"], "x=A x=A", [KNOWN, KNOWN]),
    "refused before": Case(["x=A"], "x=A", [NEW], Outcome.REFUSED),
    "in doubt": Case(["x=A"], "x=A", [DOUBTFUL], Outcome.UNCONFIRMED),
}


@pytest.mark.parametrize("case", TABLE.values(), ids=TABLE)
def test_what_is_known(book: Book, case: Case) -> None:
    """The rows of a sheet about one activity are known as far as they are the last that went out to it."""
    for words in case.before:
        send(book, begin(book, sheet(words)), case.ended)

    assert outcomes(book, sheet(case.now)) == case.outcomes


def test_equal_neighbours_go_out_once(book: Book) -> None:
    """Of equal lines one below the other the first goes out and the second shares its fate; apart, both go."""
    run_id = begin(book, sheet("x=A x=A y=A x=B x=A"))

    assert send(book, run_id) == [2, 4, 5, 6]
    assert book.outcomes(run_id)[3] is KNOWN


def test_going_back_and_forth_never_ends_at_a_wall(book: Book) -> None:
    """An activity may get the same values any number of times, as long as it had others in between."""
    for state in "ABABAB":
        assert send(book, begin(book, sheet(f"x={state}"))) == [2]
        assert send(book, begin(book, sheet(f"x={state}", first=7))) == []


LINES = {
    "untouched": ([("x=A", 2), ("x=B", 3)], [KNOWN, KNOWN]),
    "untouched though others came since": ([("y=A", 4)], [KNOWN]),
    "the last corrected": ([("x=A", 2), ("x=C", 3)], [NEW, NEW]),
    "the first corrected: what stands below it goes again": ([("x=C", 2), ("x=B", 3), ("y=A", 4)], [NEW, NEW, KNOWN]),
}


@pytest.mark.parametrize(("lines", "expected"), LINES.values(), ids=LINES)
def test_a_results_file_that_was_corrected(book: Book, lines: list[tuple[str, int]], expected: list[Outcome]) -> None:
    """A line of our own file is known until a line about its activity is corrected; `changed` it never is."""
    run_id = begin(book, sheet("x=A x=B y=A"))
    send(book, run_id)
    send(book, begin(book, sheet("y=B")))

    rows = [
        a_row(number, word, lead=word[0], line=(run_id, line)) for number, (word, line) in enumerate(lines, start=2)
    ]

    assert outcomes(book, rows) == expected


WORDS = st.lists(st.tuples(st.sampled_from("xy"), st.sampled_from("AB")), min_size=1, max_size=6)


def as_sheet(pairs: Sequence[tuple[str, str]]) -> list[StagedRow]:
    return sheet(" ".join(f"{to}={values}" for to, values in pairs))


@settings(max_examples=10, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=4))
def test_what_a_sheet_says_last_is_what_an_activity_has_in_the_end(sheets: list[list[tuple[str, str]]]) -> None:
    """Whatever was sent before: after a sheet each activity has the values of its last line there; twice changes nothing."""
    with tempfile.TemporaryDirectory() as folder:
        book = open_book(Path(folder), ManualClock())
        holds: dict[str, str] = {}
        for pairs in sheets:
            for number in send(book, begin(book, as_sheet(pairs))):
                to, values = pairs[number - 2]
                holds[to] = values

            assert {to: holds[to] for to, _ in pairs} == dict(pairs)
            assert send(book, begin(book, as_sheet(pairs))) == []
        book.ledger.close()
