"""What became of a sheet over all its rounds: by its content, by the lines of our own files, by its place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from etl.exits import ExitCode
from etl.records import Outcome
from etl.status import KnownBy, status
from tests.ledger.books import a_row, left_out
from tests.past import Past, open_past

CREATED, INVALID, WAITING = Outcome.CREATED, Outcome.INVALID, Outcome.WAITING
UNCONFIRMED, IGNORED = Outcome.UNCONFIRMED, Outcome.IGNORED


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    with open_past(tmp_path) as opened:
        yield opened


def correct(past: Past, run_id: int, *rows: int, missing: tuple[int, ...] = (), name: str = "visits.failed.csv") -> int:
    """A run of a failed file the next day: these rows of that run went in, those are invalid still."""
    past.days_pass(1)
    file = past.desk / name
    lines = [f"{row},invalid,{run_id},lead{row}@example.com" for row in (*rows, *missing)]
    file.write_text("\n".join(["etl_row,etl_status,etl_run,Email", *lines]) + "\n", encoding="utf-8")
    book = past.book
    staged = [a_row(place, f"corrected {run_id} {row}", line=(run_id, row)) for place, row in enumerate(rows, start=2)]
    left = [left_out(place, INVALID, (run_id, row)) for place, row in enumerate(missing, start=2 + len(rows))]
    kept = {
        "input_hash": book.ledger.copies.keep(file, "input"),
        "mapping_hash": book.ledger.copies.keep(past.desk / "visits.yaml", "mapping"),
        "input_path": str(file),
        "mapping_path": str(past.desk / "visits.yaml"),
    }
    again = book.ledger.runs.begin(book.new_run(len(rows) + len(missing), **kept), book.plan([*staged, *left]), 0)
    book.send(again)
    book.ledger.runs.end(again, None, None)
    return again


def test_a_sheet_that_went_in_at_once_is_done(past: Past) -> None:
    """All rows on one day, nothing missing, nothing to do."""
    past.run(CREATED, CREATED, IGNORED)

    found = status(past.settings, past.desk / "visits.csv", past.clock)

    (sheet,) = found.sheets
    assert (found.known_by, found.exit_code) == (KnownBy.CONTENT, ExitCode.DONE)
    assert (sheet.data_rows, sheet.by_day, sheet.ignored) == (3, ((date(2026, 6, 3), 2),), 1)
    assert (sheet.missing, sheet.next_command) == ((), None)


@pytest.mark.parametrize("name", ["visits.csv", "visits.failed.csv"])
def test_rows_corrected_in_a_failed_file_count_with_their_sheet(past: Past, name: str) -> None:
    """Asked of the sheet or of its failed file, the answer is the sheet: so many on each day, and the rest is missing."""
    first = past.run(CREATED, CREATED, INVALID, INVALID, INVALID)
    second = correct(past, first, 4, 5, missing=(6,))

    found = status(past.settings, past.desk / name, past.clock)

    (sheet,) = found.sheets
    assert sheet.run.listed.run_id == first
    assert sheet.by_day == ((date(2026, 6, 3), 2), (date(2026, 6, 4), 2))
    assert [(one.outcome, one.rows, one.first_rows) for one in sheet.missing] == [(INVALID, 1, (6,))]
    assert [(one.run.listed.run_id, one.went_in) for one in sheet.rounds] == [(first, 2), (second, 2)]
    assert found.exit_code is ExitCode.NEEDS_A_PERSON


def test_a_failed_file_of_a_failed_file_counts_too(past: Past) -> None:
    """However many rounds lie between, each row counts once, on its day."""
    first = past.run(CREATED, INVALID, INVALID)
    second = correct(past, first, 3, missing=(4,))
    correct(past, second, 3, name="visits.failed.failed.csv")

    found = status(past.settings, past.desk / "visits.failed.failed.csv", past.clock)

    (sheet,) = found.sheets
    assert sheet.by_day == ((date(2026, 6, 3), 1), (date(2026, 6, 4), 1), (date(2026, 6, 5), 1))
    assert (sheet.missing, sheet.next_command, found.exit_code) == ((), None, ExitCode.DONE)


def test_corrected_lines_that_were_not_run_yet_lead_to_their_sheet(past: Past) -> None:
    """A failed file that was edited is known by its lines; as it is now it was not imported."""
    run_id = past.run(CREATED, INVALID)
    edited = past.desk / "visits.failed.csv"
    edited.write_text(f"etl_row,etl_status,etl_run,Email\n3,invalid,{run_id},right@example.com\n", encoding="utf-8")

    found = status(past.settings, edited, past.clock)

    assert (found.known_by, [one.run.listed.run_id for one in found.sheets]) == (KnownBy.LINES, [run_id])


def test_a_sheet_that_was_changed_or_is_gone_is_known_by_its_place(past: Past) -> None:
    """What was imported from there is told; as it is now it was never run, and a file that is gone has no now."""
    past.run(CREATED, CREATED)
    path = past.desk / "visits.csv"
    path.write_text("Email,Remarks\nother@example.com,new\n", encoding="utf-8")

    changed = status(past.settings, path, past.clock)
    path.unlink()
    gone = status(past.settings, path, past.clock)

    assert (changed.known_by, changed.exit_code) == (KnownBy.PLACE, ExitCode.STOPPED)
    assert (gone.known_by, gone.exit_code, gone.sheets[0].data_rows) == (KnownBy.PLACE, ExitCode.DONE, 2)


def test_lines_of_another_ledger_are_not_taken_for_ours(past: Past) -> None:
    """A line that names a run which this ledger does not have leads nowhere."""
    past.run(CREATED)
    other = past.desk / "other.csv"
    other.write_text("etl_row,etl_status,etl_run,Email\n3,invalid,77,right@example.com\n", encoding="utf-8")

    assert status(past.settings, other, past.clock).known_by is KnownBy.NOTHING


OPEN = {
    "waiting": ((CREATED, WAITING), "the budget is spent", ExitCode.STOPPED, "run"),
    "in doubt": ((CREATED, UNCONFIRMED), None, ExitCode.UNCONFIRMED, "verify"),
}


@pytest.mark.parametrize(("outcomes", "stopped", "code", "command"), OPEN.values(), ids=OPEN.keys())
def test_what_is_open_names_its_command(
    past: Past, outcomes: tuple[Outcome, ...], stopped: str | None, code: ExitCode, command: str
) -> None:
    """The exit code and the one command are those of a run that ended so."""
    past.run(*outcomes, stop_reason=stopped)

    found = status(past.settings, past.desk / "visits.csv", past.clock)

    assert found.exit_code is code
    assert found.sheets[0].next_command is not None
    assert found.sheets[0].next_command.words[0] == command
