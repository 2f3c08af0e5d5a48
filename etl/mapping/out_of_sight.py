"""What a sheet does not show, or shows once for several cells: hidden rows, hidden columns, merged cells.

Whether they count is the mapping's to say. Where it is silent and there are some, a question ends the reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.findings import HiddenRows, MergedCells, RowHidden
from etl.mapping.model import OnHidden

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from etl.findings import Problem
    from etl.mapping.model import Mapping
    from etl.mapping.sources import Rows
    from etl.records import Column, MergedRange, Table

SKIPPED = "the sheet does not show this row, and the mapping says hidden: skip"
_NAMED = 6  # of the rows or ranges that a finding counts


class HiddenRowsSeen:
    """Hidden rows by the mapping's rule; in our own files they are rows like others, unless it says more."""

    def __init__(self, mapping: Mapping, table: Table) -> None:
        self._rule = mapping.input.hidden or (OnHidden.INCLUDE if table.is_ours else None)
        self._count = 0
        self._first: list[int] = []

    def sift(self, rows: Rows, reasons: list[str | None]) -> dict[int, Problem]:
        """Leave out rows that are to be skipped; give the problem of each that must not be there, by its index."""
        if not rows.hidden or self._rule is OnHidden.INCLUDE:
            return {}
        hidden = [
            index
            for index, number in enumerate(rows.numbers)
            if number in rows.hidden and reasons[index] is None  # rows that are left out anyway need no rule
        ]
        if self._rule is OnHidden.ERROR:
            return dict.fromkeys(hidden, RowHidden())
        if self._rule is OnHidden.SKIP:
            for index in hidden:
                reasons[index] = SKIPPED
            return {}
        self._count += len(hidden)
        self._first += [rows.numbers[index] for index in hidden[: _NAMED - len(self._first)]]
        return {}

    def question(self) -> HiddenRows | None:
        """What a person must say before anything is sent."""
        return HiddenRows(self._count, _as_rows(self._first)) if self._count else None


def hidden_among(columns: Iterable[Column], table: Table) -> tuple[Column, ...]:
    """The columns that the sheet does not show."""
    return tuple(column for column in columns if column.letter in table.hidden_columns)


def merged_questions(
    merged: Sequence[MergedRange], columns: Iterable[Column], table: Table, last_row: int
) -> Iterator[tuple[Column, MergedCells]]:
    """For each column in which cells of data rows are covered by merging, what a person must say."""
    for column in columns:
        touching = [one for one in merged if _covers(one, column.position, table.header_row, last_row)]
        if touching:
            first = tuple(one.reference for one in touching[:_NAMED])
            yield column, MergedCells(column.header or column.letter, len(touching), first)


def _covers(merged: MergedRange, position: int, header_row: int, last_row: int) -> bool:
    """Whether a data row's cell in this column is one of those that merging has emptied."""
    if not merged.first <= position <= merged.last:
        return False
    first_covered = merged.first_row + (position == merged.first)  # the first cell of all keeps its value
    return max(first_covered, header_row + 1) <= min(merged.last_row, last_row)


def _as_rows(numbers: Sequence[int]) -> tuple[str, ...]:
    return tuple(f"row {number}" for number in numbers)
