"""A sheet of what a run has in LeadSquared, made to be corrected and run through an `update` mapping.

Each line names its activity, holds the input's own cells, and ends with the fingerprint by which lines that nobody changed
are left out, as in what `etl fetch` writes.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.errors import UsageError
from etl.mapping.fetched_lines import FINGERPRINT_COLUMN, as_fetched, fingerprint_column, fingerprint_of
from etl.mapping.headers import same_form
from etl.reconciler.columns import input_cells, input_positions
from etl.reconciler.exact_workbook import (
    SHEET_COLUMNS,
    SHEET_ROWS,
    ExactWorksheet,
    fitting,
    open_workbook,
    storable,
    write_cell,
)
from etl.reconciler.names import WORKBOOK
from etl.reconciler.put_in_place import put_in_place
from etl.reconciler.results_delimited import as_text
from etl.reconciler.workbook_styles import Styles, Widths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from xlsxwriter import Workbook

    from etl.reconciler.names import FileKind
    from etl.records import Cell, ResultLine, Table

ID_COLUMN = "ProspectActivityId"

_SHEET = "Activities"
_FINGERPRINT_WIDTH = 12


@dataclass(frozen=True, slots=True)
class CorrectionColumns:
    """The columns of one such sheet. headers: all of them. positions: of the input's own, in `Table.columns`.

    names_activity: whether the first column is the id; not so where a column of the input's own holds it.
    is_fetched: the input came from `etl fetch`, whose texts stand behind an apostrophe already.
    """

    headers: tuple[str, ...]
    positions: tuple[int, ...]
    names_activity: bool
    is_fetched: bool

    @classmethod
    def of(cls, table: Table, id_position: int | None = None) -> CorrectionColumns:
        """id_position: the column by which the run itself, an update, knew its activities.

        One id and one fingerprint are enough: where the input has such columns too, they give way to ours.
        """
        own = input_positions(table)
        names_activity = id_position not in own
        ours = {FINGERPRINT_COLUMN, ID_COLUMN} if names_activity else {FINGERPRINT_COLUMN}
        kept = tuple(place for place in own if same_form(table.columns[place].header) not in ours)
        first = (ID_COLUMN,) if names_activity else ()
        headers = (*first, *(table.columns[place].header for place in kept), FINGERPRINT_COLUMN)
        return cls(headers, kept, names_activity, fingerprint_column(table) is not None)

    def cells(self, line: ResultLine) -> list[Cell]:
        """The cells of a line without the fingerprint, as reading the sheet gives them back."""
        cells = input_cells(line, self.positions)
        kept = cells if self.is_fetched else [_guarded(cell) for cell in cells]
        return [line.activity_id, *kept] if self.names_activity else kept

    def sealed(self, cells: list[Cell]) -> list[Cell]:
        """The same with the fingerprint of what they say, as they were written."""
        return [*cells, fingerprint_of(zip(self.headers, map(as_fetched, cells), strict=False))]


def write_for_update(
    target: Path,
    table: Table,
    columns: CorrectionColumns,
    lines: Iterable[ResultLine],
    kind: FileKind,
    may_replace: Callable[[Path], bool],
) -> Path:
    """Write a line for each of these rows, one in memory at a time; the file is there whole or not at all.

    Returns: where it is: `target`, or a neighbour with a number.
    Raises:  UsageError — the folder cannot be written to, or a sheet has not enough columns.
    """

    def write(draft: Path) -> None:
        if kind.suffix == WORKBOOK.suffix:
            _write_workbook(draft, table, columns, lines)
        else:
            _write_delimited(draft, columns, lines, kind.delimiter)

    return put_in_place(target, write, may_replace)


def _guarded(cell: Cell) -> Cell:
    """One apostrophe more where reading a sheet with fingerprints takes one away: `'+91` would come back as `+91`."""
    return cell if as_fetched(cell) == cell else f"'{cell}"


def _write_delimited(path: Path, columns: CorrectionColumns, lines: Iterable[ResultLine], delimiter: str) -> None:
    """UTF-8 with a byte order mark, by which Excel knows that it is UTF-8."""
    with path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter, lineterminator="\r\n")
        writer.writerow(columns.headers)
        writer.writerows(columns.sealed([as_text(cell) for cell in columns.cells(line)]) for line in lines)


def _write_workbook(
    path: Path,
    table: Table,
    columns: CorrectionColumns,
    lines: Iterable[ResultLine],
    sheet_rows: int = SHEET_ROWS,
) -> None:
    """Rows beyond the last row of a sheet go on in a further sheet with the same header."""
    if len(columns.headers) > SHEET_COLUMNS:
        raise UsageError(
            f"{table.file} has so many columns that this sheet would have {len(columns.headers):,}, and one holds "
            f"{SHEET_COLUMNS:,}. Name a .csv with -o."
        )
    with open_workbook(path) as workbook:
        sheet = _Sheet(workbook, columns, 1)
        for line in lines:
            if sheet.row == sheet_rows:
                sheet.finish()
                sheet = _Sheet(workbook, columns, sheet.number + 1)
            written = [storable(fitting(cell) if isinstance(cell, str) else cell) for cell in columns.cells(line)]
            sheet.add(columns.sealed(written))
        sheet.finish()


class _Sheet:
    """One sheet that is being filled."""

    def __init__(self, workbook: Workbook, columns: CorrectionColumns, number: int) -> None:
        self.number = number
        self.row = 1
        self._last = len(columns.headers) - 1
        own = 1 if columns.names_activity else 0
        self._styles = Styles.of(workbook)
        self._widths = Widths(columns.headers, own)
        self._sheet = workbook.add_worksheet(_SHEET if number == 1 else f"{_SHEET} ({number})", ExactWorksheet)
        self._sheet.freeze_panes(1, own)
        for place, header in enumerate(columns.headers):
            is_ours = place < own or place == self._last
            style = self._styles.own_header if is_ours else self._styles.input_header
            self._sheet.write_string(0, place, storable(fitting(header)), style)

    def add(self, cells: list[Cell]) -> None:
        self._widths.see(cells)
        for place, cell in enumerate(cells):
            if cell is not None:
                write_cell(self._sheet, self.row, place, cell, self._styles)
        self.row += 1

    def finish(self) -> None:
        """Filter, widths, and the text format for columns of texts: what is typed into an empty cell stays so."""
        for place in range(self._last):
            style = self._styles.text if self._widths.is_text(place) else None
            self._sheet.set_column(place, place, self._widths.of(place), style)
        self._sheet.set_column(self._last, self._last, _FINGERPRINT_WIDTH, self._styles.text)
        self._sheet.autofilter(0, 0, max(self.row - 1, 0), self._last)
        self._sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{SHEET_ROWS}"})
