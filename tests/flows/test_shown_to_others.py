"""What is shown to others of an import, by the real command: its page, its state over all rounds, and the audit."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import openpyxl

from etl.ledger.steps import this_actor
from tests.flows.sheets import visit, visits, write

if TYPE_CHECKING:
    from tests.flows.desk import Desk
    from tests.foreign.server import ForeignServer

EVIL = "<script>alert(1)</script>"


def test_an_import_in_two_rounds_is_shown_to_others(desk: Desk, server: ForeignServer) -> None:
    """A sheet with bad rows, a corrected failed file: page, status and audit tell the same, and no cell unless asked."""
    rows = [*visits(30), visit(31, **{"Visited On": EVIL}), visit(32, **{"Visited On": "31/02/2026 10:00"})]
    sheet = write(desk.folder / "visits.csv", rows)
    assert desk.run(sheet.name, "--on-behalf-of", "Priya Nair, Finance").code == 4

    assert desk.etl("report", "1", "-o", "masked.html").code == 0
    assert desk.etl("report", "1", "-o", "open.html", "--show-values").code == 0
    masked, shown = ((desk.folder / name).read_text("utf-8") for name in ("masked.html", "open.html"))
    assert "30 of 32 data rows" in " ".join(masked.split())
    assert ("••/••/•••• ••:••" in masked, "31/02/2026" in masked) == (True, False)
    assert ("31/02/2026 10:00" in shown, "&lt;script&gt;alert(1)" in shown, "<script" in shown) == (True, True, False)
    assert "Priya Nair, Finance" in masked

    failed = desk.folder / "visits.failed.csv"
    lines = list(csv.DictReader(failed.read_text("utf-8-sig").splitlines()))
    write(failed, [lines[0] | {"Visited On": "05/06/2026 10:00"}, lines[1]])
    desk.has_run(failed)

    status = desk.etl("status", failed.name, "--json")
    assert status.code == 4
    (told,) = json.loads(status.out)["sheets"]
    assert (told["run"]["run"], told["data_rows"]) == (1, 32)
    assert sum(one["rows"] for one in told["went_in"]) == 31
    assert [(one["run"], one["went_in"]) for one in told["rounds"]] == [(1, 30), (2, 1)]

    assert desk.etl("audit", "--from", "2000-01-01", "--to", "2999-12-31", "-o", "all.xlsx", "--verify").code == 0
    book = openpyxl.load_workbook(desk.folder / "all.xlsx", read_only=True)
    header, *inputs = book["Inputs"].iter_rows(values_only=True)
    told_inputs = [dict(zip(header, line, strict=True)) for line in inputs]
    user, machine = this_actor()
    assert [
        (one["run"], one["by"], one["machine"], one["on behalf of"], one["data rows"], one["created"], one["adds up"])
        for one in told_inputs
    ] == [(1, user, machine, "Priya Nair, Finance", 32, 31, "yes"), (2, user, machine, None, 2, 1, "yes")]
    assert [one["LeadSquared says"] for one in told_inputs] == ["holds all 31", "holds all 1"]
    ids = [line[3] for line in book["Rows"].iter_rows(min_row=2, values_only=True) if line[0] == 1]
    assert {one for one in ids if one} == {activity.activity_id for activity in server.activities}


def test_what_cannot_be_shown_is_said(desk: Desk, server: ForeignServer) -> None:
    """A run that is not there, a file that was never imported, days in the wrong order: exit 2."""
    desk.has_run(write(desk.folder / "visits.csv", visits(2)))
    write(desk.folder / "other.csv", visits(3))

    assert "There is no run 7" in desk.etl("report", "7").err
    assert desk.etl("status", "other.csv").code == 6
    assert (
        "Name the earlier day first"
        in desk.etl("audit", "--from", "2026-06-30", "--to", "2026-06-01", "-o", "a.xlsx").err
    )
    assert "one line of at most 200 signs" in desk.run("visits.csv", "--on-behalf-of", " ").err
    assert len(server.activities) == 2
