"""An office that corrects what it has imported: visits that LeadSquared holds, and sheets that name them by their ids."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from etl.events import InputSummary, RunOptions
from etl.simulator import Fault
from tests.laws.virtual import Steps
from tests.stages.office import MAPPING, NO_OPTIONS, VISIT, Office, office

UPDATE = """\
version: 1
name: corrections
operation: update
activity: {event: 320}
columns:
  Id: ProspectActivityId
  Visit: mx_Custom_1
  Remarks: {to: ActivityNote, when_empty: clear}
"""
NO_SUCH_ID = "99999999-9999-4999-8999-999999999999"
WAIT, LATE = 8.0, 20.0
"""Seconds, shorter than the real defaults: fewer ticks of the countdown to live through."""


def with_visits(folder: Path, number: int, *faults: Fault, mapping: str = UPDATE, **switches: Any) -> Office:
    """An office whose LeadSquared holds so many visits already; faults and switches are for what comes after."""
    before = -(-number // 25)
    later = [
        Fault.at(one.kind, *[n + before for n in one.requests], aim=one.aim, seconds=one.seconds) for one in faults
    ]
    desk = office(folder, *later, mapping=MAPPING)
    desk.waits = (WAIT, LATE)
    assert desk.run(desk.sheet(number)).exit_code == 0, "a fault has struck what was to be there before"
    desk.world.pass_time(3_600)
    desk.switch(**switches)
    desk.mapping = mapping
    return desk


def correction(desk: Office, visit: str, **cells: str) -> dict[str, str]:
    """A row that gives one visit another note."""
    return {"Id": desk.ids[visit], "Visit": visit, "Remarks": f"now {visit}"} | cells


def corrections(desk: Office, number: int) -> list[dict[str, str]]:
    return [correction(desk, f"V{n:03}") for n in range(1, number + 1)]


def correct(
    desk: Office,
    rows: Sequence[Mapping[str, str]],
    name: str = "corrections.csv",
    steps: Steps | None = None,
    options: RunOptions = NO_OPTIONS,
) -> InputSummary:
    """`etl run` of a sheet with these rows."""
    path = desk.folder / name
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return desk.run(path, steps=steps, options=options)


def notes(desk: Office) -> dict[str, str | None]:
    """The note under which LeadSquared holds each visit."""
    return {
        str(next(field["Value"] for field in one["Fields"] if field["SchemaName"] == VISIT)): one["ActivityNote"]
        for one in desk.simulator.activities()
    }
