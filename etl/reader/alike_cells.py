"""The cells of rows that are written alike, column by column: what one means is looked up once for all that say the same.

Each way here gives what `SheetCells` gives cell by cell, or leaves it to that.
"""

from __future__ import annotations

from functools import cache
from operator import lt
from typing import TYPE_CHECKING, cast

from etl.reader.alike_rows import said_by
from etl.reader.bounds import MOST_ROWS
from etl.reader.number_formats import NumberShape
from etl.reader.serial_dates import moments
from etl.reader.shared_texts import texts_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from etl.reader.alike_rows import AlikeColumn, AlikeRows, Said
    from etl.reader.shared_texts import Texts
    from etl.reader.workbook_parts import Style
    from etl.records import Cell

MOST_DIGITS = 300  # more are no number that any program reckons with; so many are below the largest
_DAMAGE = (ValueError, IndexError, OverflowError)

_said_by = cache(said_by)


class AlikeCells:
    """strings: by number. style_of: a cell's style by its number. one: any cell that has a value, by type, value and style."""

    def __init__(
        self,
        strings: Texts,
        style_of: Callable[[str], Style],
        one: Callable[[str, str, str], Cell],
        *,
        from_1904: bool,
    ) -> None:
        self._strings = strings
        self._style_of = style_of
        self._one = one
        self._from_1904 = from_1904

    def of(self, alike: AlikeRows, before: int) -> tuple[list[int], list[list[Cell]]] | None:
        """Number and cells of each row, from column A on; None where one is damaged, or does not stand behind row `before`.

        What is wrong, and where, is then to be told by looking at them one by one.
        """
        parts = list(zip(*alike.rows, strict=True))
        numbers = list(map(int, cast("Sequence[str]", parts[0])))
        if numbers[-1] > MOST_ROWS or not all(map(lt, [before, *numbers], numbers)):
            return None
        width = alike.columns[-1].place + 1
        columns: list[Sequence[Cell]] = [[None] * len(numbers)] * width
        try:
            for column in alike.columns:
                columns[column.place] = self._column(column, parts)
        except _DAMAGE:
            return None
        return numbers, list(map(list, zip(*columns, strict=True)))

    def note_currencies(
        self, alike: AlikeRows, numbers: Sequence[int], by_style: Mapping[str, str], found: dict[tuple[int, str], int]
    ) -> None:
        """Put into `found` which currencies the styles of filled cells show, by column, and the first row of each."""
        for column in alike.columns:
            if column.said is not None and (column.said.kind != "n" or column.said.style not in by_style):
                continue
            for row, parts in zip(numbers, alike.rows, strict=True):
                said = column.said or _said_by(parts[column.value - 1] or "")
                if parts[column.value] and said.kind == "n" and said.style in by_style:
                    found.setdefault((column.place, by_style[said.style]), row)
                    if column.said is not None:
                        break

    def _column(self, column: AlikeColumn, parts: Sequence[Sequence[str | None]]) -> Sequence[Cell]:
        values = parts[column.value]
        if column.said is not None:
            return self._cells(column.said, values)
        told = parts[column.value - 1]
        by_said = {said: _said_by(said) for said in set(told) if said is not None}
        cells: list[Cell] = [None] * len(values)
        for attributes, said in by_said.items():
            mine = [place for place, one in enumerate(told) if one == attributes]
            for place, cell in zip(mine, self._cells(said, [values[place] for place in mine]), strict=True):
                cells[place] = cell
        return cells

    def _cells(self, said: Said, values: Sequence[str | None]) -> Sequence[Cell]:
        if all(values):
            return self._filled(said, cast("Sequence[str]", values))
        filled = [value for value in values if value]
        if not filled:
            return [None] * len(values)
        cells = iter(self._filled(said, filled))
        return [next(cells) if value else None for value in values]

    def _filled(self, said: Said, values: Sequence[str]) -> Sequence[Cell]:
        """Cells that all have a value."""
        if said.kind == "s" and "".join(values).isdecimal():
            texts = texts_at(self._strings, map(int, values))
            return [text or None for text in texts] if "" in texts else texts
        if said.kind == "n":
            return self._numbers(said.style, values)
        if said.kind == "b":
            return [value in ("1", "true") for value in values]
        return [self._one(said.kind, value, said.style) for value in values]

    def _numbers(self, style: str, values: Sequence[str]) -> Sequence[Cell]:
        numbers = _plain_numbers(values)
        if numbers is None:
            return [self._one("n", value, style) for value in values]
        shows = self._style_of(style)
        if shows is None:
            return numbers
        if isinstance(shows, NumberShape):
            return list(map(shows.cell, numbers))
        return moments(numbers, shows, from_1904=self._from_1904)


def _plain_numbers(values: Sequence[str]) -> Sequence[int | float] | None:
    """Numbers written as digits, with a point among them or without; None where one is written in another way."""
    if max(map(len, values)) > MOST_DIGITS:
        return None
    digits = "".join(values)
    if digits.isdecimal():
        return list(map(int, values))
    if not digits.replace(".", "").isdecimal():
        return None
    return [float(value) if "." in value else int(value) for value in values]
