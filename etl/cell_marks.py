"""How it is known, long after, which cells of a line a person has changed since it was written.

A mark is 6 bytes of BLAKE2b over a cell's header and value: that a changed cell looks unchanged has a chance of one in a
million million. What a spreadsheet program does to a cell by storing it again is no change: see `as_kept`.
"""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime, time, timedelta
from hashlib import blake2b
from math import isfinite
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from etl.records import Cell

ColumnName: TypeAlias = tuple[str, int]
"""A header, and of how many equal ones before it: the second "Remarks" is ("Remarks", 1)."""

MOST_MARKED = 4_000
"""Cells of a line whose marks find room in one cell of a workbook (Excel: 32,767 characters)."""

_MARK_BYTES = 6
_FORM = "1."  # which way of marking this is; a later one may be another
_HALF_A_SECOND = timedelta(microseconds=500_000)


def column_names(headers: Iterable[str]) -> Iterator[ColumnName]:
    """The names of columns in order, each different."""
    seen: Counter[str] = Counter()
    for header in headers:
        yield header, seen[header]
        seen[header] += 1


def as_kept(cell: Cell) -> str:
    """A cell as a text that stays the same when Excel or LibreOffice stores it again.

    Numbers with the 15 digits that Excel keeps, a number and its text alike, moments to the second and midnights as days,
    any line break as one sign; "" for an empty cell.
    """
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell.replace("\r\n", "\n").replace("\r", "\n") if "\r" in cell else str(cell)
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        return _digits(cell)
    if isinstance(cell, datetime):
        whole = (cell + _HALF_A_SECOND).replace(microsecond=0) if cell.year < MAXYEAR else cell
        return whole.isoformat() if whole.time() != time() else whole.date().isoformat()
    if isinstance(cell, time):
        return cell.replace(microsecond=0).isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _digits(number: float) -> str:
    """A large whole number as a workbook holds it: a double."""
    if isinstance(number, int) and abs(number) < 10**15:
        return str(number)
    as_double = float(number)
    return f"{as_double:.15g}" if isfinite(as_double) else str(as_double)


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of the cells of one line, as they were when it was written."""

    of_cells: frozenset[bytes]

    def has(self, name: ColumnName, cell: Cell) -> bool:
        """Whether this is what stood there when the line was written."""
        return mark_of(name, cell) in self.of_cells


def mark_of(name: ColumnName, cell: Cell) -> bytes:
    """The mark of one cell; an empty one has a mark, too."""
    text = f"{name[0]}\x1f{name[1]}\x1f{as_kept(cell)}"
    return blake2b(text.encode("utf-8", "backslashreplace"), digest_size=_MARK_BYTES).digest()


def marks_text(names: Iterable[ColumnName], cells: Iterable[Cell]) -> str:
    """The marks of a line as the text of one cell; of at most MOST_MARKED cells."""
    return _FORM + base64.b64encode(b"".join(map(mark_of, names, cells))).decode("ascii")


def marks_in(text: str) -> Marks | None:
    """The marks in such a text; None where it is none, or was damaged."""
    if not text.startswith(_FORM):
        return None
    try:
        joined = base64.b64decode(text[len(_FORM) :], validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(joined) % _MARK_BYTES:
        return None
    return Marks(frozenset(joined[at : at + _MARK_BYTES] for at in range(0, len(joined), _MARK_BYTES)))
