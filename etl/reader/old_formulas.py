"""Formulas of an old workbook that may never have been calculated: the format has no way to say so.

A program that writes .xls without calculating leaves 0 as the result, also of a formula that makes a text, or promises a
text that does not follow, or an empty one. Excel notes in the file by which of its versions all was calculated (RECALCID).
Where that note is missing, such a result may mean either; so may a 0 where LibreOffice has copied the note: it signs as
"Calc", and writes 0 for texts that it has not calculated itself.
Source: [MS-XLS] 2.4.127 (Formula), 2.4.268 (String), 2.4.242 (RecalcId), 2.1.4 (records).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORMULA = frozenset({0x0006, 0x0406})
_RECALCULATED = 0x01C1
_BEGIN, _END = frozenset({0x0009, 0x0209, 0x0409, 0x0809}), 0x000A
_HEAD = struct.Struct("<HH")
_ZERO = bytes(8)
_EMPTY_TEXT = b"\3\0\0\0\0\0\xff\xff"
_TEXT_FOLLOWS = b"\0\0\0\0\0\0\xff\xff"
_TEXT, _BEFORE_A_TEXT = 0x0207, frozenset({0x0221, 0x04BC, 0x0236})  # String; Array, ShrFmla, Table
_LIBRE_OFFICE = "Calc"
_WITHOUT_NOTE = 80  # the BIFF version from which on Excel writes the note


def uncalculated(book: Any, place: int) -> dict[int, list[int]]:
    """Columns by row, both from 0, of the formulas of a sheet whose result may mean that there is none.

    book: as xlrd has opened it. place: of the sheet.
    """
    found: dict[int, list[int]] = {}
    if book.biff_version < _WITHOUT_NOTE:
        return found
    nothing = _nothing(book)
    promised: tuple[int, int] | None = None
    for kind, start, size in _records(book, book._sh_abs_posn[place]):
        if promised is not None and kind not in _BEFORE_A_TEXT:
            if kind != _TEXT:
                found.setdefault(promised[0], []).append(promised[1])
            promised = None
        if kind in _FORMULA and size >= 14:
            row, column = _HEAD.unpack_from(book.mem, start)
            result = book.mem[start + 6 : start + 14]
            if result == _TEXT_FOLLOWS:
                promised = (row, column)
            elif result in nothing:
                found.setdefault(row, []).append(column)
    return found


def _nothing(book: Any) -> frozenset[bytes]:
    """The results that a program may have written without calculating."""
    if not any(kind == _RECALCULATED for kind, _, _ in _records(book, book.base)):
        return frozenset({_ZERO, _EMPTY_TEXT})
    return frozenset({_ZERO} if book.user_name.strip() == _LIBRE_OFFICE else ())


def _records(book: Any, position: int) -> Iterator[tuple[int, int, int]]:
    """Kind, place and size of each record of one stretch; charts inside a sheet begin and end one of their own."""
    depth = 0
    while position + 4 <= len(book.mem):
        kind, size = _HEAD.unpack_from(book.mem, position)
        depth += (kind in _BEGIN) - (kind == _END)
        if depth <= 0:
            return
        if depth == 1:
            yield kind, position + 4, size
        position += 4 + size
