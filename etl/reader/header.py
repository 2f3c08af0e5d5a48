"""The header of a table as columns: positions, letters and cleaned texts; one row, two rows, or the row that is found."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Generic, Literal, TypeAlias, TypeVar

from etl.errors import SourceError
from etl.findings import listed, shown
from etl.reader.bounds import MOST_COLUMNS
from etl.reader.rules import EmptySheetError
from etl.records import Column

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from etl.records import Cell

AUTO: Literal["auto"] = "auto"
HeaderRow: TypeAlias = "int | tuple[int, int] | Literal['auto']"
"""The row of the headers, an upper and a lower one, or "auto": the one that holds the columns that the mapping names."""

LOOKED_AT = 50
"""Among how many rows with a value the header is looked for."""


Cells = TypeVar("Cells", bound="Sequence[Cell]")


@dataclass(frozen=True, slots=True)
class Header(Generic[Cells]):
    """The header that was read. row: its number, of the lower one of two. rows: what stands below it, still to be read."""

    columns: tuple[Column, ...]
    row: int
    notes: tuple[str, ...]
    rows: Iterator[tuple[int, Cells]]


def read_header(
    rows: Iterator[tuple[int, Cells]], wanted: HeaderRow, known: frozenset[str], spot: str
) -> Header[Cells]:
    """The header among the rows of a table.

    Args:    rows: numbered, with or without blank ones. known: the headers that the mapping names, by which "auto" tells the
             row. spot: file, and sheet where there is one.
    Raises:  SourceError — there is none; or there are two rows that "auto" could mean, which are named.
    """
    if isinstance(wanted, str):
        return _found(rows, known, spot)
    upper_row, lower_row = (None, wanted) if isinstance(wanted, int) else wanted
    upper: Sequence[Cell] = ()
    has_values = False
    for row_number, cells in rows:
        has_values = has_values or any(map(header_text, cells))
        if row_number == upper_row:
            upper = cells
        if row_number >= lower_row:
            _refuse_wide(cells, row_number, spot)
            columns = columns_of(joined(upper, cells)) if row_number == lower_row else ()
            if columns and any(map(header_text, cells)):
                return Header(columns, lower_row, (), rows)
            break
    has_values = has_values or any(any(map(header_text, cells)) for _, cells in rows)
    raise no_header(spot, lower_row, has_values=has_values)


def _found(rows: Iterator[tuple[int, Cells]], known: frozenset[str], spot: str) -> Header[Cells]:
    """The one row of the first ones that holds more of the mapping's columns than any other."""
    sample = list(islice(((number, cells) for number, cells in rows if any(map(header_text, cells))), LOOKED_AT))
    if not sample:
        raise no_header(spot, 1, has_values=False)
    counts = {number: len(known.intersection(map(header_text, cells))) for number, cells in sample}
    most = max(counts.values())
    best = [number for number, count in counts.items() if count == most]
    if not most:
        raise SourceError(
            f"{spot}: header_row is auto, and none of the first {len(sample)} rows holds a column that the mapping names "
            f"({listed(sorted(map(shown, known)), 4) or 'it names none'}). Set header_row under input in the mapping to the "
            "row of the headers."
        )
    if len(best) > 1:
        rows_named = f"{', '.join(map(str, best[:-1]))} and {best[-1]}"
        raise SourceError(
            f"{spot}: header_row is auto, and the rows {rows_named} could be the header equally well. Set header_row under "
            "input in the mapping to the right one."
        )
    [row] = best
    below = [(number, cells) for number, cells in sample if number > row]
    header = next(cells for number, cells in sample if number == row)
    _refuse_wide(header, row, spot)
    columns = columns_of(header)
    note = f"the headers were found in row {row} (header_row: auto)"
    return Header(columns, row, (note,), chain(below, rows))


def _refuse_wide(cells: Sequence[Cell], row: int, spot: str) -> None:
    if len(cells) <= MOST_COLUMNS:
        return
    width = next((position for position in range(len(cells), 0, -1) if header_text(cells[position - 1])), 0)
    if width > MOST_COLUMNS:
        raise SourceError(
            f"{spot}, row {row}: it has {width:,} columns, and a sheet has {MOST_COLUMNS:,} at most. Export only the columns "
            "that the mapping names, or set delimiter under input in the mapping if it was found out wrongly."
        )


def joined(upper: Sequence[Cell], lower: Sequence[Cell]) -> Sequence[Cell]:
    """Two header rows as one: `Upper / lower`. Where only one row has a text, that is the header.

    A merged upper cell holds its text in its first column only, so the text counts for the columns to the right of it as
    well, until one has an upper text of its own or no lower one. A column of an upper text alone starts nothing.
    """
    if not upper:
        return lower
    headers: list[str] = []
    over = ""
    for position in range(max(len(upper), len(lower))):
        above, below = (header_text(row[position]) if position < len(row) else "" for row in (upper, lower))
        over = (above or over) if below else ""
        headers.append(f"{over} / {below}" if over and below else above or below)
    return headers


def columns_of(header: Sequence[Cell]) -> tuple[Column, ...]:
    """One column per cell up to the last that holds a text; one without a text is kept, with the header ""."""
    texts = [header_text(cell) for cell in header]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(Column(position, letter_of(position), text) for position, text in enumerate(texts))


def header_text(cell: Cell) -> str:
    """A header as it is matched: Unicode NFC, trimmed, inner white space (line breaks too) collapsed to one space.

    Byte order marks are none of its letters: programs that put such files together leave one before the first header.
    """
    if cell is None:
        return ""
    shown = int(cell) if isinstance(cell, float) and cell.is_integer() else cell  # a year as a header: 2026, not 2026.0
    return " ".join(unicodedata.normalize("NFC", str(shown).replace("\ufeff", "")).split())


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
        return EmptySheetError(f"{spot}: it is empty. Export it again, with a header row and the rows below it.")
    return SourceError(
        f"{spot}, row {header_row}: the column headers were expected here, but the row is empty or not there. "
        f"Set header_row under input in the mapping to the row that holds them."
    )
