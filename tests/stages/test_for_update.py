"""`etl.care.for_update`: which rows of a run are worth correcting, and where their sheet lies."""

from __future__ import annotations

import csv
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from etl import care
from etl.errors import LedgerError, UsageError
from etl.records import Outcome
from tests.past import Past, open_past

CREATED, INVALID, UNCONFIRMED, WAITING = Outcome.CREATED, Outcome.INVALID, Outcome.UNCONFIRMED, Outcome.WAITING


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    with open_past(tmp_path) as opened:
        yield opened


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def forget_ids(past: Past, which: str) -> None:
    """As where LeadSquared's answer names no activity, and nothing may be read back."""
    with closing(sqlite3.connect(past.home / "ledger.db")) as connection, connection:
        connection.execute(f"UPDATE rows SET activity_id = NULL WHERE {which}")


def test_only_what_is_in_leadsquared_is_there_to_correct(past: Past) -> None:
    """Rows that were not stored, or of which that is not known, cannot be updated; the ids are those of the results."""
    run_id = past.run(CREATED, INVALID, CREATED, UNCONFIRMED, WAITING, stop_reason="interrupted")
    results = care.results(past.settings, run_id, past.home).results
    assert results is not None

    written = care.for_update(past.settings, run_id, past.home)

    assert written.path == past.desk / f"visits.run{run_id}.for-update.csv"
    assert (written.rows, written.without_id) == (2, 0)
    rows = rows_of(written.path)
    assert list(rows[0]) == ["ProspectActivityId", "Email", "Remarks", "etl_fingerprint"]
    ids = {row["Email"]: row["ProspectActivityId"] for row in rows_of(results)}
    assert [(row["Email"], row["ProspectActivityId"]) for row in rows] == [
        (email, ids[email]) for email in ("lead2@example.com", "lead4@example.com")
    ]
    assert all(ids[row["Email"]] for row in rows)


def test_what_a_person_has_corrected_is_not_overwritten(past: Past) -> None:
    """The sheet as we wrote it may be written anew; one that was typed into gets a neighbour."""
    run_id = past.run(CREATED)
    first = care.for_update(past.settings, run_id, past.home).path
    assert care.for_update(past.settings, run_id, past.home).path == first
    first.write_text("my corrections", encoding="utf-8")

    second = care.for_update(past.settings, run_id, past.home).path

    assert first.read_text(encoding="utf-8") == "my corrections"
    assert second == past.desk / f"visits.run{run_id}.for-update.2.csv"


def test_it_goes_where_it_is_wanted_or_here(past: Past, tmp_path: Path) -> None:
    """-o names a file of either kind; where the folder of the results is gone, it lies in the current one."""
    run_id = past.run(CREATED)
    named = care.for_update(past.settings, run_id, past.home, past.home / "again.xlsx").path
    shutil.rmtree(past.desk)

    assert named == past.home / "again.xlsx"
    assert care.for_update(past.settings, run_id, tmp_path).path == tmp_path / f"visits.run{run_id}.for-update.csv"


def test_rows_whose_ids_nobody_knows_are_counted(past: Past) -> None:
    """A row that a person called stored is in LeadSquared, under an id that no update could name."""
    run_id = past.run(CREATED, CREATED)
    forget_ids(past, "row_number = 2")

    written = care.for_update(past.settings, run_id, past.home)

    assert (written.rows, written.without_id) == (1, 1)
    assert [row["Email"] for row in rows_of(written.path)] == ["lead3@example.com"]
    forget_ids(past, "1")
    with pytest.raises(UsageError, match=r"Run 1 has 2 rows in LeadSquared, but their ids are not known"):
        care.for_update(past.settings, run_id, past.home)


def test_a_run_that_has_nothing_there_says_so(past: Past) -> None:
    """No file is better than an empty one, and the next command is named."""
    run_id = past.run(INVALID, WAITING, stop_reason="interrupted")

    with pytest.raises(UsageError, match=r"No row of run 1 is in LeadSquared.*etl runs 1"):
        care.for_update(past.settings, run_id, past.home)
    assert list(past.desk.glob("*for-update*")) == []


def test_what_it_needs_and_does_not_have(past: Past) -> None:
    """An ending that is none, a run that is none, a kept copy that is gone: said before anything is written."""
    run_id = past.run(CREATED)

    with pytest.raises(UsageError, match=r"-o .*again\.pdf: results can be \.xlsx or \.csv"):
        care.for_update(past.settings, run_id, past.home, past.home / "again.pdf")
    with pytest.raises(UsageError, match="There is no run 12"):
        care.for_update(past.settings, 12, past.home)
    shutil.rmtree(past.home / "ledger_files")
    with pytest.raises(LedgerError, match=r"kept copy of visits\.csv is gone"):
        care.for_update(past.settings, run_id, past.home)
