"""A fetched file, as .csv or .xlsx: every cell a text, so that nothing of an id, a number or a time is lost in a sheet."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, TypeAlias

from etl.errors import EtlError, UsageError
from etl.mapping.fetched_lines import FINGERPRINT_COLUMN, as_fetched, defused_text, fingerprint_of
from etl.reader import InputRules, open_input
from etl.reconciler.exact_workbook import SHEET_COLUMNS, SHEET_ROWS, ExactWorksheet, fitting, open_workbook, storable
from etl.reconciler.names import DELIMITED, WORKBOOK
from etl.reconciler.put_in_place import put_in_place
from etl.reconciler.workbook_styles import Styles, Widths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from etl.api.fetching import Line
    from etl.reconciler.fetched_columns import FetchedColumns

Fetched: TypeAlias = "tuple[Line, str | None]"
"""An activity, and the value by which its lead was asked for."""

_SHEET = "Activities"
_FINGERPRINT_WIDTH = 12


def check_suffix(target: Path) -> None:
    """Raise UsageError where the name promises neither of the two kinds of files."""
    if target.suffix.lower() not in {DELIMITED.suffix, WORKBOOK.suffix}:
        raise UsageError(
            f'-o {target}: the file can be .csv or .xlsx, not "{target.suffix}". Give a name with one of these endings.'
        )


def write_fetched(
    target: Path,
    columns: FetchedColumns,
    lines: Iterable[Fetched],
    may_replace: Callable[[Path], bool],
) -> tuple[Path, int]:
    """Write the lines as they come, one in memory at a time; the file is there whole or not at all.

    Returns: where it is, maybe under the next free number; and how many texts were longer than a workbook's cell and cut.
    Raises:  UsageError — the folder cannot be written to, or a sheet has not enough columns.
    """
    cut = 0

    def write(draft: Path) -> None:
        nonlocal cut
        if target.suffix.lower() == WORKBOOK.suffix:
            cut = _write_workbook(draft, columns, lines)
        else:
            _write_delimited(draft, columns, lines)

    return put_in_place(target, write, may_replace), cut


def is_untouched(path: Path) -> bool:
    """Whether a file is a fetched one in which nobody has changed, added or sorted out anything but whole lines."""
    try:
        with open_input(path, InputRules()) as opened:
            headers = [column.header for column in opened.table.columns]
            if not headers or headers[-1] != FINGERPRINT_COLUMN:
                return False
            for block in opened.blocks():
                for *cells, mark in block.frame.itertuples(index=False, name=None):
                    if fingerprint_of(zip(headers, map(as_fetched, cells), strict=False)) != mark:
                        return False
    except (EtlError, OSError):
        return False
    return True


def _write_delimited(draft: Path, columns: FetchedColumns, lines: Iterable[Fetched]) -> None:
    """UTF-8 with a byte order mark, by which Excel knows that it is UTF-8."""
    with draft.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow(columns.headers)
        writer.writerows(columns.sealed(columns.cells(line, asked_for)) for line, asked_for in lines)


def _write_workbook(
    draft: Path, columns: FetchedColumns, lines: Iterable[Fetched], sheet_rows: int = SHEET_ROWS
) -> int:
    """Rows beyond the last row of a sheet go on in a further sheet with the same header. Returns: texts that were cut."""
    if len(columns.headers) > SHEET_COLUMNS:
        raise UsageError(
            f"The activities have {len(columns.headers):,} columns between them, and a sheet holds {SHEET_COLUMNS:,}. "
            "Name a .csv with -o; what was fetched is kept."
        )
    cut = 0
    with open_workbook(draft) as workbook:
        sheet = _Sheet(workbook, columns, 1)
        for line, asked_for in lines:
            if sheet.row == sheet_rows:
                sheet.finish()
                sheet = _Sheet(workbook, columns, sheet.number + 1)
            cells = columns.cells(line, asked_for)
            fitted = [None if cell is None else _fitting(cell) for cell in cells]
            cut += sum(one != other for one, other in zip(cells, fitted, strict=True))
            sheet.add(columns.sealed(fitted))
        sheet.finish()
    return cut


def _fitting(text: str) -> str:
    """As much of a text as a cell can hold, the apostrophe before a formula included."""
    return str(as_fetched(fitting(defused_text(text))))


class _Sheet:
    """One sheet that is being filled."""

    def __init__(self, workbook: object, columns: FetchedColumns, number: int) -> None:
        self.number = number
        self.row = 1
        self._headers = columns.headers
        self._styles = Styles.of(workbook)
        self._widths = Widths(columns.headers, 0)
        name = _SHEET if number == 1 else f"{_SHEET} ({number})"
        self._sheet = workbook.add_worksheet(name, ExactWorksheet)  # type: ignore[attr-defined]  # no types there
        self._sheet.freeze_panes(1, 1)
        for place, header in enumerate(columns.headers):
            style = self._styles.own_header if header == FINGERPRINT_COLUMN else self._styles.input_header
            self._sheet.write_string(0, place, storable(fitting(header)), style)

    def add(self, cells: list[str | None]) -> None:
        self._widths.see(cells)
        for place, cell in enumerate(cells):
            if cell is not None:
                self._sheet.write_string(self.row, place, storable(cell), self._styles.text)
        self.row += 1

    def finish(self) -> None:
        """Filter and widths; every column keeps texts, so that what is typed stays as it is typed."""
        last = len(self._headers) - 1
        for place in range(last):
            self._sheet.set_column(place, place, self._widths.of(place), self._styles.text)
        self._sheet.set_column(last, last, _FINGERPRINT_WIDTH, self._styles.text)
        self._sheet.autofilter(0, 0, max(self.row - 1, 0), last)
        self._sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{SHEET_ROWS}"})
