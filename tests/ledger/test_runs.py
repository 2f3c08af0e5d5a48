"""Runs and their rows: begun whole, found again, counted, told in the order of the sheet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.errors import LedgerError
from etl.ledger import runs as runs_module
from etl.ledger.plan import StagedRow
from etl.ledger.runs import RowLine
from etl.ledger.schema import ROWS
from etl.reconciler.counts import Equation
from etl.records import Outcome
from tests.clocks import BEGAN, ManualClock
from tests.ledger.books import Book, a_row, created, left_out, open_book


def test_a_run_is_begun_with_all_its_rows_or_not_at_all(book: Book) -> None:
    """When the rows cannot be written, there is no run either."""
    book.break_writing("INSERT", "rows")

    with pytest.raises(LedgerError, match="disk is full"):
        book.begin([a_row(2)])

    assert book.query("SELECT COUNT(*) FROM runs") == [(0,)]


def test_a_run_is_found_again_by_input_sheet_and_mapping(book: Book) -> None:
    """The same command finds its latest run; another sheet, content or mapping is another run."""
    runs = book.ledger.runs
    plan = book.plan([a_row(2)])
    for sheet, mapping_hash in ((None, "m"), ("Visits", "m"), (None, "n"), (None, "m")):
        runs.begin(book.new_run(1, input_hash="i", sheet=sheet, mapping_hash=mapping_hash), plan, 0)

    found = [
        runs.latest_of(book.scope_id, "i", None, "m"),
        runs.latest_of(book.scope_id, "i", "Visits", "m"),
        runs.latest_of(book.scope_id, "i", None, "n"),
        runs.latest_of(book.scope_id, "i", "Calls", "m"),
        runs.latest_of(book.scope_id, "other", None, "m"),
        runs.latest_of(book.scope_id + 1, "i", None, "m"),
    ]

    assert [run.run_id if run else None for run in found] == [4, 2, 3, None, None, None]


def test_a_run_remembers_how_it_ended(book: Book, clock: ManualClock) -> None:
    """A run that stopped early stays open with its reason; one that came to its end is finished."""
    run_id = book.begin([a_row(2)])
    begun = book.ledger.runs.get(run_id)
    clock.move(60)
    book.ledger.runs.end(run_id, "interrupted", 130)
    stopped = book.ledger.runs.get(run_id)
    book.ledger.runs.end(run_id, None, None)
    finished = book.ledger.runs.get(run_id)

    assert begun is not None
    assert stopped is not None
    assert finished is not None
    assert (begun.state, begun.started_at, begun.ended_at) == ("open", BEGAN.timestamp(), None)
    assert (stopped.state, stopped.stop_reason, stopped.stop_code) == ("open", "interrupted", 130)
    assert (finished.state, finished.stop_reason, finished.stop_code) == ("finished", None, None)
    assert finished.ended_at == BEGAN.timestamp() + 60
    assert book.ledger.runs.get(99) is None


def test_lines_come_in_the_order_of_the_sheet_page_by_page(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rows there are, each comes once, in order, and only some are held at a time."""
    monkeypatch.setattr(runs_module, "_PAGE_ROWS", 3)
    run_id = book.begin([a_row(number, str(number)) for number in (9, 2, 7, 3, 5, 4)])

    assert [line.row_number for line in book.lines(run_id)] == [2, 3, 4, 5, 7, 9]


def test_a_line_tells_all_that_results_need(book: Book, clock: ManualClock) -> None:
    """A sent row has its times and id; a known one those of the row that holds it; an unsent one its finding."""
    first_run = book.begin([a_row(2)])
    (row,) = book.waiting(first_run)
    request_id = book.intend(first_run)
    clock.move(1)
    book.settle(request_id, created(row, "A-1"))
    sent, answered = BEGAN.timestamp(), BEGAN.timestamp() + 1

    later = book.begin([left_out(2), a_row(3)])

    assert book.lines(first_run) == [
        RowLine(2, Outcome.CREATED, "A-1", None, None, None, first_run, None, None, sent, answered)
    ]
    assert book.lines(later) == [
        RowLine(2, Outcome.INVALID, None, "date", "no date", "type it", later, None, None, None, None),
        RowLine(3, Outcome.ALREADY_IMPORTED, "A-1", None, None, None, later, 2, first_run, sent, answered),
    ]


def test_what_differs_is_noted_once(book: Book) -> None:
    """Changed rows are offered for explanation, with what was sent before, until somebody has explained them."""
    first_run = book.begin([a_row(2, "a", key="k")], unique=True)
    (row,) = book.waiting(first_run)
    book.settle(book.intend(first_run), created(row, "A-1"))
    run_id = book.begin([a_row(2, "new", key="z"), a_row(3, "b", key="k")], unique=True)

    assert book.ledger.runs.has_unexplained(run_id)
    changed = book.ledger.revisions.changed_in_run(run_id, 2, 3)
    assert (changed[3].holder_run, changed[3].holder_row, changed[3].position) == (first_run, 2, 1)
    assert (changed[3].activity_id, changed[3].has_its_key, changed[3].origin_body) == ("A-1", True, None)
    assert changed[3].body is not None
    book.ledger.runs.explain({changed[3].row_id: ("changed", "Note: a → b", "Correct it there.")})

    assert not book.ledger.runs.has_unexplained(run_id)
    line = book.lines(run_id)[1]
    assert (line.outcome, line.code, line.error) == (Outcome.CHANGED, "changed", "Note: a → b")
    book.ledger.runs.explain({})


def test_what_we_wrote_is_known_by_path(book: Book, tmp_path: Path) -> None:
    """The last content that we wrote to a path, and for which run, is remembered."""
    runs, path = book.ledger.runs, tmp_path / "visits.results.csv"
    assert (runs.output_hash(path), runs.output_run(path)) == (None, None)

    runs.note_output(path, "one", 1)
    runs.note_output(path, "two", 2)

    assert (runs.output_hash(path), runs.output_run(path)) == ("two", 2)
    run_id = book.begin([a_row(2)])
    runs.note_files(run_id, path, None)
    run = runs.get(run_id)
    assert run is not None
    assert (run.results_path, run.failed_path) == (str(path), None)


def test_a_results_file_of_the_same_run_is_no_earlier_run(book: Book) -> None:
    """Only other runs of the same scope count as runs that a file's lines come from."""
    earlier = book.begin([left_out(2), left_out(3)])

    run_id = book.begin([a_row(2, line=(earlier, 2)), a_row(3, "b", line=(earlier, 3)), a_row(4, "c", line=(77, 4))])

    assert list(book.ledger.runs.earlier_runs_of_lines(run_id)) == [earlier]
    assert list(book.ledger.runs.earlier_runs_of_lines(earlier)) == []


def test_memory_keys_do_not_take_the_place_of_rows(book: Book) -> None:
    """A row that is never sent has no key, ordinal or request."""
    run_id = book.begin([left_out(2)])

    columns = [ROWS.c.memory_key.name, ROWS.c.ordinal.name, ROWS.c.request_id.name]
    assert book.query(f"SELECT {', '.join(columns)} FROM rows WHERE run_id = {run_id}") == [(None, None, None)]


KINDS = st.sampled_from(["new", "twin", "invalid", "ignored", "changed", "again"])
ENDS = st.sampled_from([Outcome.CREATED, Outcome.REFUSED, Outcome.UNCONFIRMED, Outcome.WAITING])


@given(kinds=st.lists(KINDS, min_size=1, max_size=8), ends=st.lists(ENDS, max_size=8), is_sent=st.booleans())
@settings(max_examples=20, deadline=None)
def test_the_equation_always_holds(
    kinds: list[str], ends: list[Outcome], is_sent: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever rows a file has and however they end, the outcomes add up to the data rows at every moment."""
    book = open_book(tmp_path_factory.mktemp("law"), ManualClock())
    book.import_rows(a_row(2, "known", key="known"), unique=True)
    make: dict[str, Callable[[int], StagedRow]] = {
        "new": lambda n: a_row(n, str(n), key=str(n)),
        "twin": lambda n: a_row(n, "twin", key="twin"),
        "invalid": left_out,
        "ignored": lambda n: left_out(n, Outcome.IGNORED),
        "changed": lambda n: a_row(n, str(n), key="known"),
        "again": lambda n: a_row(n, "known", key="known"),
    }
    rows = [make[kind](number) for number, kind in enumerate(kinds, start=2)]
    run_id = book.begin(rows, unique=True)
    counts = book.ledger.runs.counts
    assert Equation(len(rows), counts(run_id)).holds

    going = book.waiting(run_id)
    if is_sent and going:
        book.send(run_id, dict(zip([row.row_number for row in going], ends, strict=False)))

    assert Equation(len(rows), counts(run_id)).holds
    assert len(book.lines(run_id)) == len(rows)
    book.ledger.close()
