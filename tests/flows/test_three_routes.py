"""Rows corrected by three routes, one after the other: in the original, in the sheet "To correct", in the failed file."""

from __future__ import annotations

from pathlib import Path

import openpyxl

from tests.flows.desk import Desk, stored
from tests.flows.sheets import correct, visit, visits, write
from tests.foreign.server import ForeignServer


def test_each_row_is_there_once_by_whichever_route(desk: Desk, server: ForeignServer) -> None:
    """Three wrong rows of twelve, each corrected somewhere else: all are there once, and `etl status` adds up."""
    original = desk.folder / "visits.xlsx"
    wrong = {number: visit(number, Remarks="") for number in (3, 5, 7)}
    write(original, [wrong.get(number, row) for number, row in enumerate(visits(12), start=1)])
    desk.has_run(original)

    correct(original, {"V-00003": {"Remarks": "met"}})
    desk.has_run(original)
    type_into_to_correct(desk.folder / "visits.results.xlsx", "V-00005", "met")
    by_results = desk.run("visits.results.xlsx")
    correct(desk.folder / "visits.failed.xlsx", {"V-00007": {"Remarks": "met"}})
    by_failed = desk.run("visits.failed.xlsx")
    status = desk.etl("status", "visits.xlsx")

    assert by_results.counts() == {"created": 1, "already imported": 10, "invalid": 1}, by_results.said
    assert by_failed.counts() == {"created": 1}, by_failed.said
    assert stored(server) == {f"V-{number:05}": 1 for number in range(1, 13)}
    assert status.code == 0, status.said
    assert "12 = " in status.out, status.said


def test_results_in_which_a_row_was_corrected_elsewhere(desk: Desk, server: ForeignServer) -> None:
    """First the failed file, then the results: what the failed file has brought in is no longer called invalid there."""
    original = desk.folder / "visits.xlsx"
    wrong = {number: visit(number, Remarks="") for number in (3, 5, 7)}
    write(original, [wrong.get(number, row) for number, row in enumerate(visits(12), start=1)])
    desk.has_run(original)

    correct(original, {"V-00003": {"Remarks": "met"}})
    desk.has_run(original)
    correct(desk.folder / "visits.failed.xlsx", {"V-00005": {"Remarks": "met"}})
    by_failed = desk.run("visits.failed.xlsx")
    type_into_to_correct(desk.folder / "visits.results.xlsx", "V-00007", "met")
    by_results = desk.run("visits.results.xlsx")
    status = desk.etl("status", "visits.xlsx")

    assert by_failed.counts() == {"created": 1, "invalid": 1}, by_failed.said
    assert (by_results.code, by_results.counts()) == (0, {"created": 1, "already imported": 11}), by_results.said
    assert stored(server) == {f"V-{number:05}": 1 for number in range(1, 13)}
    assert (status.code, "12 = " in status.out) == (0, True), status.said

    again = desk.run("visits.results.xlsx", "--duplicate", "12")

    assert (again.code, again.counts()) == (0, {"created": 11, "already imported": 1}), again.said
    assert stored(server) == {f"V-{number:05}": 1 if number == 5 else 2 for number in range(1, 13)}


def type_into_to_correct(path: Path, visit_id: str, remarks: str) -> None:
    """Correct the remarks of one line in the sheet that holds nothing but what is to be corrected."""
    book = openpyxl.load_workbook(path)
    header, _, *lines = book["To correct"].iter_rows()
    places = {cell.value: place for place, cell in enumerate(header)}
    (line,) = (line for line in lines if line[places["Visit"]].value == visit_id)
    line[places["Remarks"]].value = remarks
    book.save(path)
