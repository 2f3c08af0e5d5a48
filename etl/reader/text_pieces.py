"""Pieces of a text file cut into columns at once, where nothing in them needs the csv module.

To make a list of each row and then columns of the rows takes four times as long as to cut a whole piece at its delimiters
and take each n-th cell. What the csv module is there for (a quote inside a cell, rows of different widths, blank ones, a
cell that goes on behind the piece, quotes that are wrong) is left to it: then there is no cut, and the caller asks it.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from etl.cell_texts import BETWEEN, FullTexts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.reader.dialect import Dialect

_FOR_DELIMITER, _FOR_LINE_END = "\x1d", "\x1e"
"""What stands for those inside quotes meanwhile: control characters that next to no cell holds."""

_BETWEEN = "\x1c"  # cells of a column while they are one text


class Cutter:
    """Cuts whole pieces, each from the beginning of a record to the end of one."""

    def __init__(self, dialect: Dialect) -> None:
        self._delimiter = dialect.delimiter
        self._sign = dialect.quoting.sign
        self._is_able = not dialect.quoting.is_escaped and dialect.delimiter not in (_FOR_DELIMITER, _FOR_LINE_END)
        self._borders = frozenset({dialect.delimiter, "\n"})
        self._row_end = f"{dialect.delimiter}\n{dialect.delimiter}"  # makes of each line end a cell of its own
        self._had: dict[str, list[int]] = {}
        self._stand_ins = ((dialect.delimiter, _FOR_DELIMITER), ("\n", _FOR_LINE_END))

    def columns(self, piece: str, width: int) -> list[list[str]] | None:
        """The cells of a piece by columns, as many as the header has, as the csv module would read them.

        As FullTexts where that is sure.

        None where that has to; where a row may be blank, is shorter than others, or holds a value beyond the header, too.
        """
        if not self._is_able or len(piece) > csv.field_size_limit():
            return None
        bare = piece if piece.endswith("\n") else f"{piece}\n"
        hidden: tuple[tuple[str, str], ...] = ()
        if self._sign is not None and self._sign in bare:
            hidden = tuple((sign, stand_in) for sign, stand_in in self._stand_ins if stand_in not in bare)
            parts = self._parts(bare, self._sign, hidden)
            if parts is None:
                return None
            bare = "".join(parts)
        columns = self._cut(bare)
        if columns is None:
            return None
        for sign, stand_in in hidden:
            self._restore(columns, stand_in, sign, bare.count(stand_in))
        if not self._fits(columns, width, bare):
            return None
        return columns[:width] if BETWEEN in piece else [_full(column) for column in columns[:width]]

    def _restore(self, columns: list[list[str]], stand_in: str, sign: str, times: int) -> None:
        """Put a sign back where its stand-in is; first in the columns that had it before, mostly one or two of many."""
        before = [place for place in self._had.get(stand_in, ()) if place < len(columns)]  # pieces differ in width
        self._had[stand_in] = had = []
        for place in (*before, *range(len(columns))):
            if not times:
                return
            together = _BETWEEN.join(columns[place])
            found = together.count(stand_in)
            if found:
                had.append(place)
                times -= found
                if together.count(_BETWEEN) >= len(columns[place]):
                    columns[place] = [cell.replace(stand_in, sign) for cell in columns[place]]
                else:
                    columns[place] = together.replace(stand_in, sign).split(_BETWEEN)

    def _parts(self, piece: str, quote: str, hidden: Sequence[tuple[str, str]]) -> list[str] | None:
        """What stands outside and inside quotes in turn, stand-ins put inside; None where the quotes are not that simple."""
        parts = piece.split(quote)
        outside, inside = parts[::2], parts[1::2]
        if len(outside) == len(inside):  # the last cell goes on behind the piece
            return None
        before = {part[-1:] for part in outside[1:-1]}
        before.add(outside[0][-1:] or "\n")
        after = {part[:1] for part in outside[1:]}
        if not (self._borders.issuperset(before) and self._borders.issuperset(after)):
            return None
        within = quote.join(inside)
        for sign, stand_in in self._stand_ins:
            if sign in within:
                if (sign, stand_in) not in hidden:
                    return None
                within = within.replace(sign, stand_in)
                parts[1::2] = within.split(quote)
        return parts

    def _cut(self, bare: str) -> list[list[str]] | None:
        """The columns of a text without quotes; None if its rows are not of one width."""
        cells = bare.replace("\n", self._row_end).split(self._delimiter)
        cells.pop()  # behind the last line end
        step = cells.index("\n") + 1
        ends = cells[step - 1 :: step]
        if len(ends) * step != len(cells) or ends.count("\n") != len(ends) or bare.count("\n") != len(ends):
            return None
        return [cells[place::step] for place in range(step - 1)]

    def _fits(self, columns: Sequence[Sequence[str]], width: int, bare: str) -> bool:
        """Whether there is a value in each row, and none beyond the header."""
        if len(columns) == width:
            blank = f"{self._delimiter * (width - 1)}\n"
            return not bare.startswith(blank) and f"\n{blank}" not in bare
        if len(columns) < width or any(any(map(str.strip, column)) for column in columns[width:]):
            return False
        return any(all(map(str.strip, column)) for column in columns[:width])


def _full(column: list[str]) -> list[str]:
    """A column in which nothing stands for `BETWEEN`."""
    return FullTexts(column) if all(column) else column
