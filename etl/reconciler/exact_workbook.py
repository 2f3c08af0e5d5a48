"""Workbooks that hold each cell exactly: nothing in a text is interpreted, no digit of a number is dropped."""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager
from datetime import date, datetime, time
from functools import cache
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell_fast
from xlsxwriter.worksheet import Worksheet

from etl.records import ShownNumber

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from etl.reconciler.workbook_styles import Styles
    from etl.records import Cell

CELL_TEXT_UNITS = 32_767
"""Most UTF-16 units in a cell (Excel: specifications and limits)."""

SHEET_ROWS = 1_048_576
"""Most rows of a sheet, the header included (Excel: specifications and limits)."""

SHEET_COLUMNS = 16_384
"""Most columns of a sheet (Excel: specifications and limits)."""

MOST_LINKS = 65_530
"""Most links of a sheet (Excel: specifications and limits)."""

FIRST_YEAR = 1900
"""Excel counts days from there."""

_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 — a cell has no zone; right from March 1900 on, as Excel has a leap day then
_SURE_FROM = datetime(1900, 3, 1)  # noqa: DTZ001 — as above
_SURE_FROM_DAY, _DAY_BEFORE_ALL = _SURE_FROM.date(), _DAY_ZERO.date()
_DAY_SECONDS = 86_400

# What XML or Excel would take for something else: markup, what looks like an escape, what XML cannot hold.
is_odd = re.compile("[&<>\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]|_x[0-9a-fA-F]{4}_").search


class ExactWorksheet(Worksheet):  # type: ignore[misc] # xlsxwriter ships no types
    """A worksheet without two shortcuts of the library: 16 digits per number, and `<r>…</r>` taken for markup.

    Texts and numbers need a format. `write_line` writes a whole row at once, three times as fast as cell by cell.
    """

    def write_line(self, row: int, pieces: Sequence[str], height: float | None = None) -> None:
        """Write a row from its cells as `text_cell` and its sisters make them, in the order of the columns.

        row: from 0, below all that was written before. height: in points. Nothing of a row stays in memory.
        """
        if row > self.previous_row:
            self._write_single_row(row)
        self._check_dimensions(row, 0)
        tall = "" if height is None else f' ht="{height:g}" customHeight="1"'
        self.fh.write(f'<row r="{row + 1}"{tall}>{"".join(pieces)}</row>')

    def note_width(self, columns: int) -> None:
        """Say how many columns there are, where rows are written whole: the sheet's dimensions tell it."""
        self._check_dimensions(0, columns - 1, ignore_row=True)

    def text_cell(self, row: int, column: int, text: str, style: int) -> str:
        """A text as it stands in the file, whatever it looks like. style: a format's number."""
        if is_odd(text):
            text = self._escape_data(self._escape_control_characters(storable(text)))
        return f'<c r="{letters_of(column)}{row + 1}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'

    def moment_number(self, moment: date | time) -> float:
        """A date or time as the number that Excel has for it."""
        if type(moment) is datetime and moment >= _SURE_FROM:
            passed = moment - _DAY_ZERO
            return passed.days + (passed.seconds + passed.microseconds / 1e6) / _DAY_SECONDS
        if type(moment) is date and moment >= _SURE_FROM_DAY:
            return float((moment - _DAY_BEFORE_ALL).days)
        return float(self._convert_date_time(moment))

    def link(self, row: int, column: int, address: str) -> bool:
        """Make a cell that is written elsewhere a link; False where the sheet can hold no more of them."""
        if self.hlink_count >= MOST_LINKS:
            return False
        self.ignore_write_string = True  # the library would write the address as the cell's text
        self._write_url(row, column, address)
        self.ignore_write_string = False
        return True

    def _write_optimized_sheet_data(self) -> None:
        """As the library does it, but as bytes: a million rows are a gigabyte that need not become text in between."""
        if self.dim_rowmin is None:
            self._xml_empty_tag("sheetData")
            return
        self._xml_start_tag("sheetData")
        self.row_data_fh.flush()
        self.fh.flush()
        self.row_data_fh.buffer.seek(0)
        shutil.copyfileobj(self.row_data_fh.buffer, self.fh.buffer, 1 << 20)
        self.row_data_fh.close()
        Path(self.row_data_filename).unlink()
        self._xml_end_tag("sheetData")

    def _write_cell(self, row: int, col: int, cell: Any) -> None:
        kind = type(cell).__name__
        if kind == "String":
            text = self._escape_data(self._escape_control_characters(cell.string))
            content = f' t="inlineStr"><is><t xml:space="preserve">{text}</t></is>'
        elif kind in {"Number", "Datetime"}:
            content = f"><v>{cell.number!r}</v>"
        else:
            super()._write_cell(row, col, cell)
            return
        self.fh.write(f'<c r="{xl_rowcol_to_cell_fast(row, col)}" s="{cell.format._get_xf_index()}"{content}</c>')


@cache
def letters_of(column: int) -> str:
    """The letters of a column, which is counted from 0."""
    return str(xl_col_to_name(column))


@contextmanager
def open_workbook(path: Path) -> Iterator[Workbook]:
    """A workbook that keeps one row in memory and the rest in temporary files, which are gone at the end in any case.

    Raises: OSError — the disk is full, or the like.
    """
    with TemporaryDirectory(prefix="etl-workbook-") as folder:
        workbook = Workbook(str(path), {"constant_memory": True, "tmpdir": folder, "use_zip64": True})
        try:
            with workbook:
                yield workbook
        except FileCreateError as error:
            raise error.args[0] from error
        finally:
            for sheet in workbook.worksheets():  # a failed close leaves them open, and Windows would keep the folder
                sheet._opt_close()


def fitting(text: str) -> str:
    """As much of a text as a cell can hold, whole characters only."""
    if len(text) * 2 <= CELL_TEXT_UNITS or _units(text) <= CELL_TEXT_UNITS:
        return text
    return text.encode("utf-16-le", "surrogatepass")[: CELL_TEXT_UNITS * 2].decode("utf-16-le", "ignore")


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def storable(cell: Cell) -> Cell:
    """The cell, or its text where a workbook has no such value: dates before 1900, moments with a zone, infinity."""
    if isinstance(cell, str):
        return cell if cell.isascii() else cell.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(cell, float) and not isinstance(cell, ShownNumber):
        return cell if isfinite(cell) else str(cell)
    if isinstance(cell, datetime):
        return cell if cell.year >= FIRST_YEAR and cell.tzinfo is None else cell.isoformat(sep=" ")
    if isinstance(cell, date):
        return cell if cell.year >= FIRST_YEAR else cell.isoformat()
    if isinstance(cell, time):
        return cell if cell.tzinfo is None else cell.isoformat()
    return cell


def write_cell(sheet: ExactWorksheet, row: int, column: int, cell: Cell, styles: Styles) -> None:
    """Write a cell of an input as what it is. A text is written as a text whatever it looks like."""
    stored = storable(cell)
    if isinstance(stored, str):
        sheet.write_string(row, column, stored, styles.text)
    elif isinstance(stored, ShownNumber):
        _write_shown(sheet, row, column, stored, styles)
    elif isinstance(stored, bool):
        sheet.write_boolean(row, column, stored, styles.number)
    elif isinstance(stored, int | float):
        sheet.write_number(row, column, stored, styles.whole if isinstance(stored, int) else styles.number)
    elif isinstance(stored, date | time):
        sheet.write_datetime(row, column, stored, styles.of_moment(stored))
    else:
        sheet.write_string(row, column, str(stored), styles.text)


def _write_shown(sheet: ExactWorksheet, row: int, column: int, cell: ShownNumber, styles: Styles) -> None:
    """The stored number, shown as the input showed it; the text itself where that takes more than zeros or percent."""
    style = styles.of_shown(cell)
    if style is None:
        sheet.write_string(row, column, cell.exact, styles.text)
    else:
        sheet.write_number(row, column, int(cell) if cell.is_integer() else float(cell), style)
