"""`etl fetch` with the real command: fetched, corrected in a spreadsheet, sent back; and killed in the middle."""

from __future__ import annotations

import signal
from pathlib import Path

import openpyxl

from tests.flows.conftest import Serve
from tests.flows.desk import Desk
from tests.flows.sheets import read, visits, write
from tests.flows.waiting import wait_until

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

    process = desk.start(*command)
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
