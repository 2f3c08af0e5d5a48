"""`etl fetch` with the real command: fetched, corrected in a spreadsheet, sent back; and killed in the middle."""

from __future__ import annotations

import signal
from pathlib import Path

import openpyxl
import pytest

from tests.flows.conftest import Serve
from tests.flows.desk import Desk
from tests.flows.sheets import read, visits, write
from tests.flows.waiting import wait_until
from tests.foreign.server import ForeignServer

UPDATE = """\
version: 1
name: corrections
operation: update
columns:
  ProspectActivityId: ProspectActivityId
  ActivityNote: ActivityNote
  mx_Custom_1: mx_Custom_1
"""


def test_fetched_corrected_and_sent_back(desk: Desk, serve: Serve) -> None:
    """Of thirty fetched lines the one that a person corrected goes out, and changes its activity; the others are ignored."""
    server = serve()
    desk.has_run(write(desk.folder / "visits.xlsx", visits(30)))
    write(desk.folder / "customers.csv", [{"Customer": f"lead{number}@example.com"} for number in range(1, 31)])
    (desk.folder / "update.yaml").write_text(UPDATE, encoding="utf-8")

    fetched = desk.etl(
        "fetch", "--leads", "customers.csv", "--column", "Customer", "-o", "now.xlsx", "--time-zone", "Asia/Kolkata"
    )
    _type_over(desk.folder / "now.xlsx", "V-00007", "called back, +91-98")
    sent = desk.etl("run", "-m", "update.yaml", "now.xlsx")

    assert fetched.code == 0, fetched.said
    assert fetched.out.splitlines() == ["30 activities of 30 leads", "Fetched:    now.xlsx"]
    assert sent.counts() == {"updated": 1, "ignored": 29}, sent.said
    notes = {activity.fields["mx_Custom_1"]: activity.note for activity in server.activities}
    assert notes.pop("V-00007") == "called back, +91-98"
    assert "met" in notes["V-00008"]
    assert "etl_fingerprint" not in sent.err


def _type_over(path: Path, visit: str, note: str) -> None:
    book = openpyxl.load_workbook(path)
    assert book.active is not None
    header, *lines = book.active.iter_rows()
    places = {cell.value: place for place, cell in enumerate(header)}
    assert "CreatedOn (Asia/Kolkata)" in places
    (line,) = [line for line in lines if line[places["mx_Custom_1"]].value == visit]
    line[places["ActivityNote"]].value = note
    book.save(path)


def test_killed_and_continued(desk: Desk, serve: Serve) -> None:
    """After SIGKILL no file is there; the same command goes on, and each lead is asked for in one of the two."""
    server = serve(latency_seconds=(0.02, 0.04))
    desk.has_run(write(desk.folder / "visits.csv", visits(40)))
    write(desk.folder / "customers.csv", [{"Id": activity.lead_id} for activity in server.activities])
    command = ("fetch", "--leads", "customers.csv", "--column", "Id", "-o", "now.csv")
    unfinished = desk.folder / "now.csv.unfinished"

    process = desk.start_warm(*command, LSQ_LIMIT="60/600")
    wait_until(lambda: unfinished.exists() and unfinished.read_bytes().count(b"\n") > 10, "ten leads fetched")
    process.send_signal(signal.SIGKILL)
    desk.end_of(process)
    kept = unfinished.read_bytes().count(b"\n") - 1
    had_file, asked = (desk.folder / "now.csv").exists(), len(server.requests)
    ended = desk.etl(*command)

    assert (ended.code, had_file, unfinished.exists()) == (0, False, False), ended.said
    assert "Goes on with what was fetched since" in ended.err
    assert {row["ProspectActivityId"] for row in read(desk.folder / "now.csv")} == {
        activity.activity_id for activity in server.activities
    }
    assert len(server.requests) - asked <= 3 * (40 - kept) + 2


ADD = """\
version: 1
name: copies
operation: add-by-lead-id
activity: {event: 320}
columns:
  RelatedProspectId: RelatedProspectId
  ActivityNote: ActivityNote
  mx_Custom_1: mx_Custom_1
"""


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_fetched_lines_are_not_added_once_more(desk: Desk, serve: Serve, ending: str) -> None:
    """Check and run refuse a mapping that adds, with the ways out; without the column a person gets what they ask for."""
    server = serve()
    desk.has_run(write(desk.folder / "visits.csv", visits(3)))
    desk.mapping(ADD)
    sheet = f"now.{ending}"

    desk.etl("fetch", "--event", "320", "--since", "2026-01-01", "-o", sheet)
    requests = len(server.requests)
    checked = desk.etl("check", "-m", "visits.yaml", sheet)
    refused = desk.run(sheet)

    assert (checked.code, refused.code) == (2, 2), checked.said + refused.said
    assert (len(server.requests), len(server.activities)) == (requests, 3)
    for said in (checked.err, refused.err):
        assert f"{sheet}" in said.splitlines()[-1]
        assert "would add each of them once more. Nothing was sent." in said
        assert "activities_that_are_there: 1" in said
        assert "take a mapping with operation: update, like mappings/update_visits.yaml" in said
    write(desk.folder / sheet, [_without(line, "etl_fingerprint") for line in read(desk.folder / sheet)])
    assert desk.run(sheet).counts() == {"created": 3}
    assert len(server.activities) == 6


def test_imported_lines_are_not_added_once_more(desk: Desk, server: ForeignServer) -> None:
    """What `etl results RUN --for update` writes does not go through the mapping that it was imported with."""
    desk.has_run(write(desk.folder / "visits.xlsx", visits(3)))
    desk.etl("results", "1", "--for", "update", "-o", "again.xlsx")

    refused = desk.run("again.xlsx")

    assert refused.code == 2, refused.said
    assert "To add new ones all the same, delete the column etl_fingerprint from the file." in refused.err
    assert len(server.activities) == 3


def _without(line: dict[str, str], header: str) -> dict[str, str]:
    return {name: cell for name, cell in line.items() if name != header}
