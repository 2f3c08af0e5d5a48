"""What the peers' scripts share: the sheet's rows as activities, where they go, and a note of each answer.

The note is what a careful person adds to such a script: one line for each row that LeadSquared answered, with its id.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl import load_workbook

URL = f"{os.environ['LSQ_HOST']}/v2/ProspectActivity.svc/Bulk/CustomActivity/Add/ByLeadField?searchBy=EmailAddress"
KEYS = {"x-LSQ-AccessKey": os.environ["LSQ_ACCESS_KEY"], "x-LSQ-SecretKey": os.environ["LSQ_SECRET_KEY"]}
NOTES = Path("answered.csv")


def activities(path: str) -> Iterator[dict[str, Any]]:
    """The rows of the sheet as LeadSquared wants them."""
    rows = load_workbook(path, read_only=True).worksheets[0].iter_rows(values_only=True)
    header = next(rows)
    for values in rows:
        row: dict[Any, Any] = dict(zip(header, values, strict=True))
        visited = row["Visited On"].replace(tzinfo=ZoneInfo("Asia/Kolkata")).astimezone(UTC)
        yield {
            "SearchByValue": row["Email"],
            "ActivityEvent": 320,
            "ActivityNote": row["Remarks"],
            "ActivityDateTime": visited.strftime("%Y-%m-%d %H:%M:%S"),
            "Fields": [
                {"SchemaName": "mx_Custom_1", "Value": row["Visit ID"]},
                {"SchemaName": "mx_Custom_2", "Value": row["Project"]},
                {"SchemaName": "mx_Custom_3", "Value": row["Outcome"]},
            ],
        }


def visit_id(activity: dict[str, Any]) -> str:
    """How people know a row again."""
    return str(activity["Fields"][0]["Value"])


def note(sent: list[dict[str, Any]], answer: dict[str, Any]) -> None:
    """Keep what was answered for each row of a request: its id, or what was wrong with it."""
    with NOTES.open("a", newline="") as stream:
        writer = csv.writer(stream)
        for activity, told in zip(sent, answer["Response"], strict=True):
            writer.writerow([visit_id(activity), told.get("ProspectActivityId", ""), told.get("ExceptionMessage", "")])


def noted() -> set[str]:
    """The visits that stand in the note."""
    if not NOTES.exists():
        return set()
    with NOTES.open(newline="") as stream:
        return {visit for visit, activity_id, _ in csv.reader(stream) if activity_id}
