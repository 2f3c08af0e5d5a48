"""The records of one part of an .xlsb, and a sheet's records as rows of typed cells.

Source: [MS-XLSB] 2.1.4 (records), 2.3.2 (numbers of records), 2.4 (their fields), 2.5.98.2 (error values).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import IO, TYPE_CHECKING

from etl.reader.number_cells import number_cell, range_of
from etl.reader.sheet_layout import SheetLayout
from etl.records import BrokenCell, MergedRange

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from etl.reader.workbook_parts import Style
    from etl.records import Cell

_MOST_COLUMNS = 16_384
_MOST_ROWS = 1_048_576
_LONGEST_RECORD = 16 << 20  # a text has 32,767 characters at most; what claims to be longer is damage or an attack
_ERRORS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}  # fmt: skip
_DOUBLE = struct.Struct("<d")
_U32 = struct.Struct("<I")
_U32_U32 = struct.Struct("<II")
_FOUR_U32 = struct.Struct("<IIII")


class Kind(IntEnum):
    """Numbers of the records that are read; all others are passed over."""

    ROW = 0
    RK = 2
    ERROR = 3
    BOOLEAN = 4
    REAL = 5
    TEXT = 6
    SHARED_TEXT = 7
    FORMULA_TEXT = 8
    FORMULA_NUMBER = 9
    FORMULA_BOOLEAN = 10
    FORMULA_ERROR = 11
    SHARED_STRING = 19
    FORMAT = 44
    STYLE = 47
    COLUMNS = 60
    RICH_TEXT = 62
    WORKBOOK_PROPERTIES = 153
    SHEET = 156
    MERGED = 176
    BEGIN_CELL_STYLES = 617
    END_CELL_STYLES = 618


_NUMBERS = frozenset({Kind.RK, Kind.REAL, Kind.FORMULA_NUMBER})
_CELLS = frozenset({*range(Kind.RK, Kind.FORMULA_ERROR + 1), int(Kind.RICH_TEXT)})


def records_of(source: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Number and fields of each record. Raises ValueError where one is cut off, or longer than any can be."""
    while head := source.read(1):
        kind = head[0]
        if kind & 0x80:
            kind = kind & 0x7F | _byte(source) << 7
        size = shift = 0
        while True:
            part = _byte(source)
            size |= (part & 0x7F) << shift
            shift += 7
            if not part & 0x80 or shift == 28:
                break
        if size > _LONGEST_RECORD:
            raise ValueError(f"a record of {size} bytes")
        body = source.read(size) if size else b""
        if len(body) < size:
            raise ValueError("a record that is cut off")
        yield kind, body


def wide_text(body: bytes, offset: int) -> tuple[str, int]:
    """A text of UTF-16 behind its length, and where it ends; 0xFFFFFFFF as length means no text."""
    length = _U32.unpack_from(body, offset)[0]
    start = offset + 4
    if length == 0xFFFFFFFF:
        return "", start
    end = start + 2 * length
    if end > len(body):
        raise ValueError("a text that is cut off")
    return body[start:end].decode("utf-16-le", "surrogatepass"), end


@dataclass(slots=True)
class Cells:
    """What the cells of a sheet mean in their workbook. strings, styles, currencies: by the numbers that cells refer to."""

    strings: list[str]
    styles: list[Style]
    from_1904: bool
    layout: SheetLayout = field(default_factory=SheetLayout)
    currencies: Mapping[int, str] = field(default_factory=dict)

    def rows(self, source: IO[bytes]) -> Iterator[tuple[int, list[Cell]]]:
        """Row number and cells from column A to the row's last one; rows without a value are left out."""
        row_number = 0
        cells: list[Cell] = []
        for kind, body in records_of(source):
            if kind == Kind.ROW:
                if cells:
                    yield row_number, cells
                    cells = []
                row_number = self._row(body)
            elif kind in _CELLS:
                column = _U32.unpack_from(body)[0]
                if column >= _MOST_COLUMNS:
                    raise ValueError(f"no column of a sheet: {column}")
                cell = self._cell(kind, body)
                if cell is not None:
                    cells.extend([None] * (column - len(cells)))
                    cells[column:] = [cell]
                    sign = self.currencies.get(_style_of(body)) if kind in _NUMBERS else None
                    if sign is not None:
                        self.layout.currencies.setdefault((column, sign), row_number)
            elif kind == Kind.COLUMNS and body[16] & 1:
                first, last = _U32_U32.unpack_from(body)
                self.layout.hidden_columns.update(range(first, min(last + 1, _MOST_COLUMNS)))
            elif kind == Kind.MERGED:
                self.layout.merged.append(_merged(body))
        if cells:
            yield row_number, cells
        self.layout.merged.sort()

    def _row(self, body: bytes) -> int:
        row_number = int(_U32.unpack_from(body)[0]) + 1
        if row_number > _MOST_ROWS:
            raise ValueError(f"no row of a sheet: {row_number}")
        if body[11] & 0x10:  # fDyZero: hidden by hand, by a filter or by having no height
            self.layout.hidden_rows.add(row_number)
        return row_number

    def _cell(self, kind: int, body: bytes) -> Cell:
        match kind:
            case Kind.SHARED_TEXT:
                return self.strings[_U32.unpack_from(body, 8)[0]] or None
            case Kind.TEXT | Kind.FORMULA_TEXT:
                return wide_text(body, 8)[0] or None
            case Kind.RICH_TEXT:
                return wide_text(body, 9)[0] or None
            case Kind.RK:
                return self._number(_rk(_U32.unpack_from(body, 8)[0]), body)
            case Kind.REAL | Kind.FORMULA_NUMBER:
                return self._number(_DOUBLE.unpack_from(body, 8)[0], body)
            case Kind.BOOLEAN | Kind.FORMULA_BOOLEAN:
                return body[8] != 0
            case Kind.ERROR | Kind.FORMULA_ERROR:
                return BrokenCell(_ERRORS.get(body[8], "#ERROR"))
            case _:
                return None

    def _number(self, number: float, body: bytes) -> Cell:
        style = _style_of(body)
        return number_cell(number, self.styles[style] if style < len(self.styles) else None, from_1904=self.from_1904)


def _style_of(body: bytes) -> int:
    return int.from_bytes(body[4:7], "little")


def merged_of(source: IO[bytes]) -> list[MergedRange]:
    """The merged ranges of a sheet before its rows are read."""
    return sorted(_merged(body) for kind, body in records_of(source) if kind == Kind.MERGED)


def _merged(body: bytes) -> MergedRange:
    first_row, last_row, first, last = _FOUR_U32.unpack_from(body)
    return range_of(first_row, last_row, first, last)


def _rk(packed: int) -> float:
    """A number in 30 bits: whole, or the upper bits of a fraction; hundredths where the lowest bit says so."""
    if packed & 2:
        number = float(packed >> 2 if packed < 1 << 31 else (packed >> 2) - (1 << 30))
    else:
        number = float(_DOUBLE.unpack(_U32_U32.pack(0, packed & 0xFFFFFFFC))[0])
    return number / 100 if packed & 1 else number


def _byte(source: IO[bytes]) -> int:
    found = source.read(1)
    if not found:
        raise ValueError("a record that is cut off")
    return found[0]
