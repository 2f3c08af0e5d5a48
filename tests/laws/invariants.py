"""What must hold after any history of runs, in one place."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

from etl.events import InputSummary
from etl.records import Outcome

VISIT = "mx_Custom_1"
"""The custom field that holds the value that tells rows apart in the tests' sheets."""

MAY_BE_STORED = {"created", "already_imported", "unconfirmed"}


def stored_visits(activities: list[dict[str, Any]]) -> Counter[str]:
    """How often the server holds each visit."""
    return Counter(field["Value"] for one in activities for field in one["Fields"] if field["SchemaName"] == VISIT)


def result_rows(results: Path | None) -> list[dict[str, str]]:
    assert results is not None
    with results.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def check(activities: list[dict[str, Any]], summary: InputSummary, sheet: Path) -> None:
    """The laws of one input after its last run.

    The server holds each row at most once; a row called created is there under that id; no two rows share an id; a row
    that is there is called created, already imported or unconfirmed; the equation holds.
    """
    held = stored_visits(activities)
    assert not [visit for visit, times in held.items() if times > 1], "a row is stored twice"
    assert summary.equation.holds, summary.equation
    rows = result_rows(summary.results)
    with sheet.open(encoding="utf-8", newline="") as stream:
        assert [row["Visit"] for row in rows] == [row["Visit"] for row in csv.DictReader(stream)], "rows lost or moved"
    visit_of = {one["ProspectActivityId"]: next(iter(stored_visits([one]))) for one in activities}
    ids = [row["ProspectActivityId"] for row in rows if row["ProspectActivityId"]]
    assert len(ids) == len(set(ids)), "two rows share an id"
    for row in rows:
        if row["etl_status"] == Outcome.CREATED:
            assert visit_of[row["ProspectActivityId"]] == row["Visit"], "created under another row's id"
        if held[row["Visit"]]:
            assert row["etl_status"] in MAY_BE_STORED, f"{row} is stored"
