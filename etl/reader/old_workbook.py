"""Old Excel workbooks (.xls, up to Excel 2003), through xlrd.

Not through python-calamine, which is quicker: it gives error cells as nothing, and tells neither number formats nor hidden
rows. These files end at 65,536 rows, so that there is time for it.
"""

from __future__ import annotations

import io
import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import xlrd
from xlrd.biffh import XLRDError
from xlrd.compdoc import CompDocError

from etl.errors import SourceError
from etl.reader.number_cells import number_cell, range_of, style_of
from etl.reader.number_formats import currency_in
from etl.reader.old_formulas import uncalculated
from etl.reader.recognise import PROTECTED
from etl.reader.sheet_layout import SheetLayout
from etl.reader.workbook import WorkbookReader
from etl.reader.workbook_parts import Sheet
from etl.records import BrokenCell

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from etl.reader.rules import Book, InputRules, OpenInput
    from etl.reader.workbook_parts import Style
    from etl.records import Cell, MergedRange

# What xlrd raises where a file is damaged: it reads by offsets that the file itself gives.
_DAMAGE = (
    XLRDError, CompDocError, AssertionError, TypeError, AttributeError, OverflowError, MemoryError, ArithmeticError, struct.error
)  # fmt: skip
_OWN_FORMATS = 164  # [MS-XLS] 2.4.126: from this number on
_NOT_CALCULATED = "=…"  # which formula it is this format tells in a way of its own


class _RefusedError(Exception):
    """A file that is whole, and no workbook that can be read; why, as a sentence."""


class OldWorkbookReader(WorkbookReader):
    """Records of [MS-XLS] in an OLE file, or before Excel 5 by themselves."""

    def sheets(self, path: Path, shown: Path) -> tuple[str, ...]:
        with _refusal_named(shown):
            return super().sheets(path, shown)

    def open(self, path: Path, rules: InputRules, shown: Path) -> OpenInput:
        with _refusal_named(shown):
            return super().open(path, rules, shown)

    def open_book(self, path: Path) -> Book:
        return OldBook(path)


class OldBook:
    """An open .xls. Raises ValueError where it is damaged."""

    def __init__(self, path: Path) -> None:
        with _damage_as_value_error():
            self._book: Any = xlrd.open_workbook(
                str(path), logfile=io.StringIO(), on_demand=True, formatting_info=True, ragged_rows=True
            )
            # The public way to these would read all sheets.
            visible = self._book._sheet_visibility  # type: ignore[attr-defined]
        names = self._book.sheet_names()
        self.sheets = tuple(Sheet(name, not visible[place], str(place)) for place, name in enumerate(names))
        self.layout = SheetLayout()
        self._styles: dict[int, Style] = {}
        self._currencies: dict[int, str | None] = {}

    def rows(self, sheet: Sheet) -> Generator[tuple[int, list[Cell]], None, None]:
        place = int(sheet.part)
        with _damage_as_value_error():
            opened: Any = self._book.sheet_by_index(place)
            self.layout = SheetLayout(
                {number + 1 for number, info in opened.rowinfo_map.items() if info.hidden},
                {number for number, info in opened.colinfo_map.items() if info.hidden},
                _merged(opened),
            )
            broken = uncalculated(self._book, place)
            for number in range(opened.nrows):
                cells = [self._cell(cell) for cell in opened.row(number)]
                for column, cell in enumerate(opened.row(number)):
                    if cell.ctype == xlrd.XL_CELL_NUMBER and (sign := self._currency(cell.xf_index)):
                        self.layout.currencies.setdefault((column, sign), number + 1)
                for column in broken.get(number, ()):
                    cells[column] = BrokenCell(_NOT_CALCULATED)
                if cells.count(None) < len(cells):
                    yield number + 1, cells

    def merged_in_advance(self, sheet: Sheet) -> list[MergedRange]:
        with _damage_as_value_error():
            return _merged(self._book.sheet_by_index(int(sheet.part)))

    def close(self) -> None:
        self._book.release_resources()

    def _cell(self, cell: Any) -> Cell:
        match cell.ctype:
            case xlrd.XL_CELL_TEXT:
                text: str = cell.value
                return text.replace("\r\n", "\n").replace("\r", "\n") or None
            case xlrd.XL_CELL_NUMBER | xlrd.XL_CELL_DATE:
                return number_cell(cell.value, self._style(cell.xf_index), from_1904=self._book.datemode == 1)
            case xlrd.XL_CELL_BOOLEAN:
                return bool(cell.value)
            case xlrd.XL_CELL_ERROR:
                return BrokenCell(xlrd.error_text_from_code.get(cell.value, "#ERROR"))
            case _:
                return None

    def _style(self, xf_index: int) -> Style:
        if xf_index not in self._styles:
            number = self._book.xf_list[xf_index].format_key
            found = self._book.format_map.get(number)
            self._styles[xf_index] = style_of(number, found.format_str if found else None)
            is_own = found is not None and number >= _OWN_FORMATS
            self._currencies[xf_index] = currency_in(found.format_str) if is_own else None
        return self._styles[xf_index]

    def _currency(self, xf_index: int) -> str | None:
        """Only of formats of its own: those that every workbook has show the currency of whoever looks."""
        self._style(xf_index)
        return self._currencies[xf_index]


def _merged(sheet: Any) -> list[MergedRange]:
    return sorted(
        range_of(first_row, behind_rows - 1, first, behind - 1)
        for first_row, behind_rows, first, behind in sheet.merged_cells
    )


@contextmanager
def _damage_as_value_error() -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        words = str(error).lower()
        if "encrypted" in words:
            raise _RefusedError(PROTECTED) from error
        if "can't find workbook" in words:
            raise _RefusedError("this is an old Office document, but no workbook. Save the table as .xlsx.") from error
        raise ValueError(f"a record that cannot be: {error}") from error


@contextmanager
def _refusal_named(shown: Path) -> Iterator[None]:
    try:
        yield
    except _RefusedError as error:
        raise SourceError(f"{shown}: {error}") from error
