"""What a sheet does with its rows and columns besides their cells: hidden ones, and cells merged into one.

Source: ECMA-376 Part 1, 18.3.1.13 (col), 18.3.1.73 (row), 18.3.1.55 (mergeCells).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from etl.reader.header import position_of
from etl.reader.xml_stream import namespace_of
from etl.records import FormatCurrency, MergedRange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from xml.etree.ElementTree import Element

    from etl.records import Cell, Column

MOST_COLUMNS = 16_384  # Excel's own limit; a damaged reference must not make a row of millions
_CHUNK_BYTES = 1 << 18
_LONGEST = 256  # bytes of one mergeCell element; what is longer is told at the end, when the two are compared
_MERGED = re.compile(
    rb"""<(?:\w+:)?mergeCell\s[^<>]{0,100}?\bref=["']([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})["']"""
)
_RANGE = re.compile(r"([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})")
_HIDDEN = ("1", "true", "on")


@dataclass(slots=True)
class SheetLayout:
    """As far as it is known: columns before the first row, rows as they are read, merged cells after the last row.

    hidden_rows: numbers of rows with a value. hidden_columns: positions from 0. filled: merged cells that were given the
    value of their first one. currencies: position of a column and the sign that a number's format shows there → first row.
    """

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merged: list[MergedRange] = field(default_factory=list)
    filled: frozenset[MergedRange] = frozenset()
    header_row: int = 0
    currencies: dict[tuple[int, str], int] = field(default_factory=dict)

    @property
    def merged_below(self) -> tuple[MergedRange, ...]:
        """Those that reach below the header and were not filled."""
        return tuple(one for one in self.merged if one.last_row > self.header_row and one not in self.filled)

    def currencies_below(self, columns: Sequence[Column]) -> tuple[FormatCurrency, ...]:
        """Those of amounts below the header."""
        return tuple(
            FormatCurrency(columns[position].letter, sign, row)
            for (position, sign), row in self.currencies.items()
            if row > self.header_row and position < len(columns)
        )

    def hidden_letters(self, columns: Iterable[Column]) -> frozenset[str]:
        """The letters of those columns that the sheet does not show."""
        return frozenset(column.letter for column in columns if column.position in self.hidden_columns)

    def read_head(self, worksheet: Element) -> None:
        """What stands before the rows."""
        namespace = namespace_of(worksheet)
        for column in worksheet.iterfind(f"{namespace}cols/{namespace}col"):
            if column.get("hidden") in _HIDDEN or _is_nothing(column.get("width")):
                first, last = int(column.get("min", "1")), int(column.get("max", "1"))
                self.hidden_columns.update(range(first - 1, min(last, MOST_COLUMNS)))

    def read_tail(self, worksheet: Element) -> None:
        """What stands behind the rows."""
        namespace = namespace_of(worksheet)
        found = worksheet.iterfind(f"{namespace}mergeCells/{namespace}mergeCell")
        self.merged = merged_ranges(element.get("ref", "") for element in found)


def is_hidden(row: Element) -> bool:
    """Whether a row is hidden by hand, by a filter, by a closed outline, or by having no height."""
    return row.get("hidden") in _HIDDEN or _is_nothing(row.get("ht"))


def _is_nothing(size: str | None) -> bool:
    return size is not None and size.strip("0.") == "" and "0" in size


def merged_ranges(references: Iterable[str]) -> list[MergedRange]:
    """Ranges from their names ("A2:B5"), by their first row; a name that is none is left out."""
    return sorted(
        MergedRange(int(found[2]), int(found[4]), position_of(found[1]), position_of(found[3]), reference)
        for reference in references
        if (found := _RANGE.fullmatch(reference))
    )


def merged_in_advance(source: IO[bytes]) -> list[MergedRange]:
    """The merged ranges of a sheet before its rows are read: they stand behind them, so the whole part is looked through.

    Takes a tenth of the time of reading the rows, and memory for the ranges alone.
    """
    found: dict[bytes, None] = {}
    kept = b""
    while chunk := source.read(_CHUNK_BYTES):
        window = kept + chunk
        if b"mergeCell" in window:
            found.update(dict.fromkeys(_MERGED.findall(window)))
        kept = window[-_LONGEST:]
    return merged_ranges(reference.decode() for reference in found)


def with_merged_filled(
    rows: Iterable[tuple[int, list[Cell]]], ranges: Sequence[MergedRange], width: int
) -> Iterator[tuple[int, list[Cell]]]:
    """Rows in which each cell of a range has the value of its first cell. Rows without a value of their own stay away."""
    waiting = list(reversed(ranges))
    open_ranges: list[tuple[MergedRange, Cell]] = []
    for row_number, cells in rows:
        open_ranges = [one for one in open_ranges if one[0].last_row >= row_number]
        while waiting and waiting[-1].first_row <= row_number:
            merged = waiting.pop()
            has_first = merged.first_row == row_number and merged.first < len(cells)
            if merged.last_row >= row_number and merged.first < width:
                open_ranges.append((merged, cells[merged.first] if has_first else None))
        for merged, value in open_ranges:
            last = min(merged.last, width - 1)
            if last >= len(cells):
                cells.extend([None] * (last + 1 - len(cells)))
            cells[merged.first : last + 1] = [value] * (last + 1 - merged.first)
        yield row_number, cells
