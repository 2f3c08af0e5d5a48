"""A results file as .xlsx: made to be filtered and corrected by a person, and read back cell by cell as it was.

What a sheet cannot hold is not lost: rows beyond the last row of a sheet go on in a further sheet with the same header.
A text beyond the limit of a cell is cut, and `etl_error` says so: the input has it whole, and so has a .csv.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, cast

from xlsxwriter.exceptions import DuplicateWorksheetName, XlsxWriterException

from etl.errors import UsageError
from etl.reconciler.columns import input_cells, input_positions, own_cells, own_headers, result_headers
from etl.reconciler.exact_workbook import (
    CELL_TEXT_UNITS,
    SHEET_COLUMNS,
    SHEET_ROWS,
    ExactWorksheet,
    fitting,
    open_workbook,
    storable,
    write_cell,
)
from etl.reconciler.workbook_styles import Styles, Widths, row_height
from etl.records import ETL_COLUMNS, MESSAGE_COLUMN, VERIFIED_COLUMN, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from xlsxwriter import Workbook

    from etl.reconciler.results import Part
    from etl.records import Cell, ResultLine, Table

_STATUS = ETL_COLUMNS.index("etl_status")
_ERROR = ETL_COLUMNS.index("etl_error")
_LONGEST_SHEET_NAME = 31


def write_workbook(
    path: Path,
    table: Table,
    lines: Iterable[ResultLine],
    sheet_rows: int = SHEET_ROWS,
    *,
    more: tuple[str, ...] = (),
) -> None:
    """Write the lines as they come, one in memory at a time. sheet_rows: most rows of a sheet, header included.

    Raises: UsageError — a sheet has not enough columns; OSError — the disk is full, or the like.
    """
    check_columns(table)
    with open_workbook(path) as workbook:
        results = _Results(workbook, table, sheet_rows, more)
        for line in lines:
            results.add(line)
        results.finish_sheet()


def write_workbook_of(path: Path, parts: Sequence[Part]) -> None:
    """The same for several inputs, one after the other, each in a sheet of its own."""
    for part in parts:
        check_columns(part.table)
    with open_workbook(path) as workbook:
        for part in parts:
            results = _Results(workbook, part.table, SHEET_ROWS, part.more)
            for line in part.lines:
                results.add(line)
            results.finish_sheet()


def check_columns(table: Table) -> None:
    """Raise UsageError where the input's columns and ours are too many for a sheet; best asked before sending.

    Counted with the column that comes when the run is verified later: by then it would be too late to say so.
    """
    columns = len(result_headers(table, (MESSAGE_COLUMN, VERIFIED_COLUMN)))
    if columns > SHEET_COLUMNS:
        raise UsageError(
            f"{table.file} has so many columns that its results file would have {columns:,}, and a sheet holds "
            f"{SHEET_COLUMNS:,}. Name a .csv with --results, or delete the columns that hold nothing."
        )


class _Results:
    """The open results workbook and the sheet that is being filled."""

    def __init__(self, workbook: Workbook, table: Table, sheet_rows: int, more: tuple[str, ...]) -> None:
        self._workbook = workbook
        self._table = table
        self._sheet_rows = sheet_rows
        self._positions = input_positions(table)
        self._more = more
        self._headers = result_headers(table, more)
        self._own = own_headers(more)
        self._styles = Styles.of(workbook)
        self._own_formats = [self._styles.of_own_column(header) for header in self._own]
        self._widths = Widths(self._headers, len(self._own))
        self._sheets = 0
        self._start_sheet()

    def add(self, line: ResultLine) -> None:
        if self._row == self._sheet_rows:
            self.finish_sheet()
            self._start_sheet()
        own = own_cells(line, self._more)
        cells: list[Cell] = [*own, *input_cells(line, self._positions)]
        self._note_what_is_cut(cells)
        self._widths.see(cells)
        if (height := row_height(self._own, cells[: len(own)])) is not None:
            self._sheet.set_row(self._row, height)
        for column, cell in enumerate(cells):
            if cell is None:
                continue
            if column < len(own):
                self._write_own(column, cell)
            else:
                write_cell(self._sheet, self._row, column, cell, self._styles)
        self._row += 1

    def finish_sheet(self) -> None:
        """Filter, widths, and the text format for columns of texts: what is typed into an empty cell stays so."""
        last = len(self._headers) - 1
        for column in range(len(self._headers)):
            column_format = self._styles.text if self._widths.is_text(column) else None
            self._sheet.set_column(column, column, self._widths.of(column), column_format)
        self._sheet.autofilter(0, 0, max(self._row - 1, 0), last)
        self._sheet.print_area(0, 0, max(self._row - 1, 0), last)  # a long text in the last column ends at its edge
        self._sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{SHEET_ROWS}"})

    def _start_sheet(self) -> None:
        self._sheets += 1
        self._sheet = self._new_sheet()
        self._sheet.freeze_panes(1, len(self._own))
        self._sheet.set_landscape()
        self._sheet.fit_to_pages(1, 0)
        self._sheet.repeat_rows(0)
        for column, header in enumerate(self._headers):
            is_own = column < len(self._own)
            header_format = self._styles.own_header if is_own else self._styles.input_header
            self._sheet.write_string(0, column, storable(fitting(header)), header_format)
        self._row = 1

    def _new_sheet(self) -> Any:
        """Named as the input's sheet, for mappings that use its name; one that Excel would refuse becomes `Results`."""
        for number in itertools.count(self._sheets):
            ending = "" if number == 1 else f" ({number})"
            for name in (self._table.sheet, "Results"):
                if name is not None:
                    cut = name[: _LONGEST_SHEET_NAME - len(ending)] + ending
                    try:
                        return self._workbook.add_worksheet(cut, ExactWorksheet)
                    except DuplicateWorksheetName:
                        break
                    except XlsxWriterException:
                        continue
        raise AssertionError("itertools.count has no end")

    def _note_what_is_cut(self, cells: list[Cell]) -> None:
        """Cut what a cell cannot hold, and say in the error column which texts these are."""
        cut = []
        for column, cell in enumerate(cells):
            if isinstance(cell, str) and len(cell) * 2 > CELL_TEXT_UNITS:
                cells[column] = fitting(cell)
                if cells[column] != cell:
                    cut.append(f'"{self._headers[column]}"')
        if cut:
            note = (
                f"A workbook cell holds {CELL_TEXT_UNITS:,} characters: the text of {' and '.join(cut)} "
                "is cut here; the input has it whole."
            )
            cells[_ERROR] = fitting(" ".join([note, cast("str", cells[_ERROR] or "")]).rstrip())

    def _write_own(self, column: int, cell: Cell) -> None:
        if column == _STATUS:
            self._sheet.write_string(self._row, column, cell, self._styles.status[Outcome(cast("str", cell))])
        elif isinstance(cell, str):
            self._sheet.write_string(self._row, column, storable(cell), self._own_formats[column])
        else:
            self._sheet.write_number(self._row, column, cell, self._styles.own_number)
