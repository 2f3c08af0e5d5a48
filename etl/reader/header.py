"""The header row as columns: positions, letters and cleaned texts."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from etl.errors import SourceError
from etl.records import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.records import Cell


def columns_of(header: Sequence[Cell]) -> tuple[Column, ...]:
    """One column per cell up to the last that holds a text; one without a text is kept, with the header ""."""
    texts = [header_text(cell) for cell in header]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(Column(position, letter_of(position), text) for position, text in enumerate(texts))


def header_text(cell: Cell) -> str:
    """A header as it is matched: Unicode NFC, trimmed, inner white space (line breaks too) collapsed to one space."""
    if cell is None:
        return ""
    shown = int(cell) if isinstance(cell, float) and cell.is_integer() else cell  # a year as a header: 2026, not 2026.0
    return " ".join(unicodedata.normalize("NFC", str(shown)).split())


def letter_of(position: int) -> str:
    """The column's letters in Excel: 0 is A, 25 is Z, 26 is AA."""
    letters = ""
    remaining = position + 1
    while remaining:
        remaining, place = divmod(remaining - 1, 26)
        letters = chr(ord("A") + place) + letters
    return letters


def position_of(letters: str) -> int:
    """The 0-based position of a column by its letters, the inverse of `letter_of`. Raises ValueError for other signs."""
    position = 0
    for letter in letters:
        if not "A" <= letter <= "Z":
            raise ValueError(f"no column letter: {letter!r}")
        position = position * 26 + ord(letter) - ord("A") + 1
    return position - 1


def no_header(spot: str, header_row: int, *, has_values: bool) -> SourceError:
    """The error for an input whose header row holds nothing. spot: file, and sheet where there is one."""
    if not has_values:
        return SourceError(f"{spot}: it is empty. Export it again, with a header row and the rows below it.")
    return SourceError(
        f"{spot}, row {header_row}: the column headers were expected here, but the row is empty or not there. "
        f"Set header_row under input in the mapping to the row that holds them."
    )
