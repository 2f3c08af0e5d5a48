"""Each sheet of a workbook is an input of its own; their results stand in one workbook, and go in again as one file."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tests.flows.desk import Desk, stored
from tests.flows.sheets import MAPPING, Row, visit, visits
from tests.foreign.server import ForeignServer

ALL = MAPPING.replace("input: {", "input: {sheet: all, ")


def write_sheets(path: Path, sheets: dict[str, list[Row]]) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for line in (list(rows[0]), *(list(row.values()) for row in rows)):
            sheet.append(line)
    book.save(path)


def statuses(path: Path) -> dict[str, list[str]]:
    """What became of the rows of each sheet of rows of a results or failed file."""
    return {
        sheet.title: [str(line[1]) for line in sheet.iter_rows(min_row=2, values_only=True)]
        for sheet in openpyxl.load_workbook(path)
        if sheet.title != "Summary" and not sheet.title.startswith("To correct")
    }


def correct_all(path: Path) -> None:
    """Type a remark into each row, as a person does."""
    book = openpyxl.load_workbook(path)
    for sheet in book:
        place = [cell.value for cell in next(sheet.iter_rows())].index("Remarks")
        for line in sheet.iter_rows(min_row=2):
            line[place].value = "met"
    book.save(path)


@pytest.fixture
def workbook(desk: Desk) -> Path:
    desk.mapping(ALL)
    path = desk.folder / "visits.xlsx"
    wrong = {"North": visit(3, Remarks=""), "South": visit(13, Remarks="")}
    write_sheets(path, {"North": [*visits(2), wrong["North"]], "South": [*visits(12, first=11), wrong["South"]]})
    return path


def test_one_results_workbook_holds_a_sheet_for_each(desk: Desk, server: ForeignServer, workbook: Path) -> None:
    """Results and failed rows of both sheets lie in one workbook each, and each run keeps its own under its number."""
    ended = desk.run("visits.xlsx")

    assert ended.code == 4, ended.said
    done = ["created", "created", "invalid"]
    assert statuses(desk.folder / "visits.results.xlsx") == {"North": done, "South": done}
    assert statuses(desk.folder / "visits.failed.xlsx") == {"North": ["invalid"], "South": ["invalid"]}
    assert statuses(desk.folder / "visits.run1.results.xlsx") == {"North": done}
    assert statuses(desk.folder / "visits.run2.results.xlsx") == {"South": done}


def test_the_failed_workbook_goes_in_as_a_whole(desk: Desk, server: ForeignServer, workbook: Path) -> None:
    """Corrected and given to the same command, all its sheets go out, and the first results are brought up to date."""
    desk.has_run(workbook)
    correct_all(desk.folder / "visits.failed.xlsx")

    ended = desk.run("visits.failed.xlsx")

    assert ended.code == 0, ended.said
    assert stored(server) == dict.fromkeys(("V-00001", "V-00002", "V-00003", "V-00011", "V-00012", "V-00013"), 1)
    done = ["created", "created", "created"]
    assert statuses(desk.folder / "visits.results.xlsx") == {"North": done, "South": done}


def test_results_written_again_lose_no_sheet(desk: Desk, server: ForeignServer, workbook: Path) -> None:
    """`etl results` of one sheet's run writes the others with it; the results are input again and send nothing."""
    desk.has_run(workbook)
    results = desk.folder / "visits.results.xlsx"
    before = statuses(results)
    results.unlink()

    ended = desk.etl("results", "1")
    again = desk.run("visits.results.xlsx")

    assert ended.code == 0, ended.said
    assert statuses(results) == before
    assert (again.code, len(server.activities)) == (4, 4), again.said


def test_a_check_writes_one_failed_workbook(desk: Desk, server: ForeignServer, workbook: Path) -> None:
    """Nothing is sent, and the rows that need a person lie in one file, whichever sheet they come from."""
    ended = desk.etl("check", "visits.xlsx", "-m", "visits.yaml")

    assert ended.code == 4, ended.said
    assert statuses(desk.folder / "visits.failed.xlsx") == {"North": ["invalid"], "South": ["invalid"]}
    assert server.activities == []


def test_one_csv_has_no_room_for_several_sheets(desk: Desk, server: ForeignServer, workbook: Path) -> None:
    """`--results x.csv` is refused before anything is sent; an .xlsx holds them all."""
    refused = desk.run("visits.xlsx", "--results", "june.csv")
    held = len(server.activities)
    ended = desk.run("visits.xlsx", "--results", "june.xlsx")

    assert (refused.code, held) == (2, 0)
    assert "several sheets" in refused.err and ".xlsx" in refused.err
    assert ended.code == 4, ended.said
    assert set(statuses(desk.folder / "june.xlsx")) == {"North", "South"}


def test_an_empty_sheet_among_several_is_left_out(desk: Desk, server: ForeignServer) -> None:
    """`sheet: all` passes over the empty sheets that a new workbook brings with it, and says so."""
    desk.mapping(ALL)
    path = desk.folder / "visits.xlsx"
    write_sheets(path, {"North": [*visits(2)]})
    book = openpyxl.load_workbook(path)
    book.create_sheet("Sheet2")
    book.save(path)

    ended = desk.run("visits.xlsx")

    assert ended.code == 0, ended.said
    assert "visits.xlsx [Sheet2] is empty: left out." in ended.err
    assert len(server.activities) == 2
