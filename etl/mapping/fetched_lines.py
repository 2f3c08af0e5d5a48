"""Lines of a file that `etl fetch` wrote: which of them nobody has changed, and their texts as LeadSquared has them.

Each line carries in `etl_fingerprint` a mark of every cell it was written with, so that columns may be moved, left out or
added. A text that a spreadsheet program would take for a formula stands there behind an apostrophe, which is taken away
again when the line is read.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

from etl.mapping.convert.cells import cell_as_seen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from etl.records import Cell, Column, Table

FINGERPRINT_COLUMN = "etl_fingerprint"
"""The last column of a fetched file. It is ours: no mapping names it, and nobody is told that it is not used."""

UNCHANGED = (
    "nobody changed what this line would send since etl wrote it; to send it all the same, empty its etl_fingerprint"
)

_FORM = "1."  # what a mark is made of; another form would begin otherwise
_HEADER_BYTES, _CELL_BYTES = 2, 4
_DEFUSED = re.compile(r"'+[=+\-@\t\r]")
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def fingerprint_column(table: Table) -> Column | None:
    """The column of fingerprints; None in a file that is no fetched one, nor results of one."""
    return next((column for column in table.columns if column.header == FINGERPRINT_COLUMN), None)


def fingerprint_of(cells: Iterable[tuple[str, Cell]]) -> str:
    """The fingerprint of a line, from the header and content of each cell; empty cells leave no mark.

    Six bytes a cell: two tell the column, four its content with the column's whole name.
    """
    marks = b"".join(_of_header(header) + _of_cell(header, seen) for header, cell in cells if (seen := _seen(cell)))
    return _FORM + base64.urlsafe_b64encode(marks).decode("ascii")


def is_unchanged(fingerprint: Cell, cells: Iterable[tuple[str, Cell]]) -> bool:
    """Whether these cells of a line are as they were fetched; False too where the fingerprint is gone or damaged."""
    marks = _marks(fingerprint)
    if marks is None:
        return False
    for header, cell in cells:
        held = {content for column, content in marks if column == _of_header(header)}
        seen = _seen(cell)
        if (_of_cell(header, seen) not in held) if seen else held:
            return False
    return True


def defused_text(text: str) -> str:
    """A text that no spreadsheet program takes for a formula, in a way that can be undone (OWASP: CSV injection)."""
    return f"'{text}" if _FORMULA.match(text) else text


def as_fetched(cell: Cell) -> Cell:
    """A cell of a fetched file as LeadSquared has it: without the apostrophe of `defused_text`."""
    return cell[1:] if isinstance(cell, str) and _DEFUSED.match(cell) else cell


def _marks(fingerprint: Cell) -> list[tuple[bytes, bytes]] | None:
    if not isinstance(fingerprint, str) or not fingerprint.strip().startswith(_FORM):
        return None
    try:
        marks = base64.b64decode(fingerprint.strip().removeprefix(_FORM), altchars=b"-_", validate=True)
    except ValueError:
        return None
    size = _HEADER_BYTES + _CELL_BYTES
    if not marks or len(marks) % size:
        return None
    places = range(0, len(marks), size)
    return [(marks[at : at + _HEADER_BYTES], marks[at + _HEADER_BYTES : at + size]) for at in places]


def _seen(cell: Cell) -> str:
    """A cell as a person sees it. Line ends count once: programs that save a sheet write them in their own way."""
    return cell_as_seen(cell).replace("\r\n", "\n").replace("\r", "\n")


def _of_header(header: str) -> bytes:
    return _digest(header, _HEADER_BYTES)


def _of_cell(header: str, seen: str) -> bytes:
    return _digest(f"{header}\x1f{seen}", _CELL_BYTES)


def _digest(text: str, size: int) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()
