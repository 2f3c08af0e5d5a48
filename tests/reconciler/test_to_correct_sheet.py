"""The sheet "To correct": by cause, the most frequent first, and never more of it than there is room for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from etl.cell_marks import MOST_MARKED
from etl.reconciler.exact_workbook import open_workbook
from etl.reconciler.report.causes import meaning_of
from etl.reconciler.rows_sheet import RowsSheet
from etl.reconciler.to_correct_sheet import ToCorrect
from etl.reconciler.workbook_styles import Styles
from etl.records import Outcome, ResultLine, Table

from .conftest import MakeLine, MakeTable


def written(path: Path, table: Table, lines: Iterable[ResultLine], most_lines: int = 100) -> Worksheet | None:
    """The sheet, as a person opens it; None where there is none."""
    with open_workbook(path) as workbook:
        styles = Styles.of(workbook)
        rows = RowsSheet(workbook, styles, table, "Rows", ())
        to_correct = ToCorrect(table, (), meaning_of, most_lines)
        for line in lines:
            to_correct.see(line, rows.add(line))
        rows.finish_sheet()
        if not to_correct.is_empty:
            to_correct.write(workbook, styles, None, "visits.failed.xlsx")
    book = openpyxl.load_workbook(path)
    return book["To correct"] if "To correct" in book.sheetnames else None


def first_column(sheet: Worksheet) -> list[object]:
    return [cell.value for cell in sheet["A"]][1:]


def test_causes_come_by_how_often_they_are(tmp_path: Path, make_table: MakeTable, make_line: MakeLine) -> None:
    """Lines of one outcome and one first code stand together below their title; rows that need nobody are not there."""
    lines = [
        make_line(row=2),
        make_line(row=3, status=Outcome.REFUSED, code="refused", error="No such lead.", hint="Create it."),
        make_line(row=4, status=Outcome.INVALID, code="empty_cell, date_format", hint="B4: The cell is empty."),
        make_line(row=5, status=Outcome.UNCONFIRMED),
        make_line(row=6, status=Outcome.INVALID, code="empty_cell", hint="B6: The cell is empty."),
    ]
    sheet = written(tmp_path / "r.xlsx", make_table(), lines)

    assert sheet is not None
    assert first_column(sheet) == [
        "2 rows invalid (empty_cell): A cell is empty that the mapping or LeadSquared needs. "
        "For example row 4: B4: The cell is empty.",
        4,
        6,
        "1 row refused: For example row 3: No such lead. Create it.",
        3,
    ]
    assert sheet["A2"].font.bold and sheet["A2"].fill.fill_type == sheet["I2"].fill.fill_type == "solid"
    assert sheet["B2"].value is None
    assert sheet.freeze_panes == "H2"
    assert sheet.column_dimensions["J"].hidden


def test_where_there_is_no_room_the_title_says_how_many_are_elsewhere(
    tmp_path: Path, make_table: MakeTable, make_line: MakeLine
) -> None:
    """A cause that comes last has its lines as well; of the largest one the rest is named, and where it stands."""
    many = [make_line(row=row, status=Outcome.INVALID, code="empty_cell") for row in range(2, 32)]
    last = make_line(row=40, status=Outcome.INVALID, code="date_format")
    sheet = written(tmp_path / "r.xlsx", make_table(), [*many, last], most_lines=10)

    assert sheet is not None
    title, *others = first_column(sheet)
    assert str(title).startswith("30 rows invalid (empty_cell): ")
    assert str(title).endswith(" 21 more of them are in the sheet Rows and in visits.failed.xlsx.")
    assert others[:9] == list(range(2, 11))
    assert others[10:] == [40]


def test_where_nobody_is_needed_there_is_no_such_sheet(
    tmp_path: Path, make_table: MakeTable, make_line: MakeLine
) -> None:
    """Nor is there one for a table so wide that a line's marks do not fit into a cell."""
    wide = make_table([f"c{place}" for place in range(MOST_MARKED + 1)])

    assert written(tmp_path / "r.xlsx", make_table(), [make_line()]) is None
    assert written(tmp_path / "w.xlsx", wide, [make_line([], status=Outcome.INVALID)]) is None
