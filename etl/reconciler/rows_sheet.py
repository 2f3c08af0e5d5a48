"""The sheet of a results workbook that has a line for each data row: outcome columns first, then the input's own.

What a sheet cannot hold is not lost: rows beyond the last row of a sheet go on in a further sheet with the same header.
A text beyond the limit of a cell is cut, and `etl_error` says so: the input has it whole, and so has a .csv.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, cast

from xlsxwriter.exceptions import DuplicateWorksheetName, XlsxWriterException

from etl.reconciler.cell_pieces import CellPieces
from etl.reconciler.columns import input_cells, input_positions, own_cells, own_headers, result_headers
from etl.reconciler.exact_workbook import CELL_TEXT_UNITS, SHEET_ROWS, ExactWorksheet, fitting, storable
from etl.reconciler.workbook_styles import Widths, row_height
from etl.records import ETL_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlsxwriter import Workbook

    from etl.reconciler.lead_links import LeadLinks
    from etl.reconciler.workbook_styles import Styles
    from etl.records import Cell, ResultLine, Table

_ERROR = ETL_COLUMNS.index("etl_error")
_LONGEST_SHEET_NAME = 31
_MAY_BE_TOO_LONG = CELL_TEXT_UNITS // 2  # a character takes two units at most


class RowsSheet:
    """The open workbook and the sheet that is being filled.

    name: what the sheet is to be called; one that Excel would refuse becomes `Results`. links: to leads, where they are
    known.
    """

    def __init__(
        self,
        workbook: Workbook,
        styles: Styles,
        table: Table,
        name: str | None,
        more: tuple[str, ...],
        sheet_rows: int = SHEET_ROWS,
        links: LeadLinks | None = None,
    ) -> None:
        self._workbook = workbook
        self._styles = styles
        self._name = name
        self._sheet_rows = sheet_rows
        self._positions = input_positions(table)
        self._more = more
        self._links = links
        self._headers = result_headers(table, more)
        self._own = own_headers(more)
        self._widths = Widths(self._headers, len(self._own))
        self._sheets = 0
        self._start_sheet()

    @property
    def first_name(self) -> str:
        """What the first sheet is called."""
        return self._first_name

    def add(self, line: ResultLine) -> list[Cell]:
        """Write a line; further sheets begin where one is full. Returns: its cells as they stand there, ours first."""
        if self._row == self._sheet_rows:
            self.finish_sheet()
            self._start_sheet()
        ours = len(self._own)
        cells: list[Cell] = [*own_cells(line, self._more), *input_cells(line, self._positions)]
        note_what_is_cut(cells, self._headers)
        self._widths.see(cells)
        theirs = cells[ours:]
        linked = None if self._links is None else self._links.add_to(self._sheet, self._row, theirs, ours)
        pieces = [
            *self._pieces.of_own(self._row, cells[:ours]),
            *self._pieces.of_input(self._row, ours, theirs, linked),
        ]
        self._sheet.write_line(self._row, pieces, row_height(self._own, cells[:ours]))
        self._row += 1
        return cells

    def finish_sheet(self) -> None:
        """Filter, widths, and the text format for columns of texts: what is typed into an empty cell stays so."""
        last = len(self._headers) - 1
        set_columns(self._sheet, self._widths, self._styles, len(self._headers))
        self._sheet.autofilter(0, 0, max(self._row - 1, 0), last)
        self._sheet.print_area(0, 0, max(self._row - 1, 0), last)  # a long text in the last column ends at its edge

    def _start_sheet(self) -> None:
        self._sheets += 1
        self._sheet = new_sheet(self._workbook, self._name, self._sheets)
        if self._sheets == 1:
            self._first_name = str(self._sheet.get_name())
        self._pieces = CellPieces(self._sheet, self._styles, self._own)
        write_header(self._sheet, self._headers, len(self._own), self._styles)
        self._row = 1


def new_sheet(workbook: Workbook, name: str | None, number: int = 1) -> Any:
    """A further sheet of that name, cut to what Excel allows, with the next free number from `number` on behind it."""
    for counted in itertools.count(number):
        ending = "" if counted == 1 else f" ({counted})"
        for wanted in (name, "Results"):
            if wanted is not None:
                cut = wanted[: _LONGEST_SHEET_NAME - len(ending)] + ending
                try:
                    return workbook.add_worksheet(cut, ExactWorksheet)
                except DuplicateWorksheetName:
                    break
                except XlsxWriterException:
                    continue
    raise AssertionError("itertools.count has no end")


def write_header(sheet: Any, headers: Sequence[str], own: int, styles: Styles) -> None:
    """The header in row 1, in view together with the outcome columns, on paper too. own: how many of the columns are ours."""
    sheet.freeze_panes(1, own)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    for column, header in enumerate(headers):
        style = styles.own_header if column < own else styles.input_header
        sheet.write_string(0, column, storable(fitting(header)), style)


def set_columns(sheet: Any, widths: Widths, styles: Styles, columns: int) -> None:
    """Widths, formats of texts, and no green triangles for numbers that are texts."""
    for column in range(columns):
        column_format = styles.text if widths.is_text(column) else None
        sheet.set_column(column, column, widths.of(column), column_format)
    sheet.note_width(columns)
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{SHEET_ROWS}"})


def note_what_is_cut(cells: list[Cell], headers: Sequence[str]) -> None:
    """Cut what a cell cannot hold, and say in the error column which texts these are."""
    if len("".join([cell for cell in cells if type(cell) is str])) <= _MAY_BE_TOO_LONG:
        return  # all of them together would fit, as nearly always
    cut = []
    for column, cell in enumerate(cells):
        if type(cell) is str and len(cell) > _MAY_BE_TOO_LONG:
            cells[column] = fitting(cell)
            if cells[column] != cell:
                cut.append(f'"{headers[column]}"')
    if cut:
        note = (
            f"A workbook cell holds {CELL_TEXT_UNITS:,} characters: the text of {' and '.join(cut)} "
            "is cut here; the input has it whole."
        )
        cells[_ERROR] = fitting(" ".join([note, cast("str", cells[_ERROR] or "")]).rstrip())
