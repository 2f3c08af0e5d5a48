"""Records of a delimited file as the text that the csv module would write for them, for files that go on as they came.

Where a piece of the file is simple enough - all rows as wide as the header, each on a line of its own - its lines are taken
as they are but for quotes that are not needed. That costs a fifth of cutting them into cells and writing those again, which
is what happens elsewhere.
"""

from __future__ import annotations

import csv
from itertools import repeat
from types import SimpleNamespace
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

from etl.reader.blocks import columns_of_piece

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from etl.errors import SourceError
    from etl.reader.dialect import Dialect
    from etl.reader.text_lines import Piece
    from etl.records import Cell, Column

_QUOTE = '"'
_FOR_TWO_QUOTES = "\x1d"
"""What stands for a quote inside quotes meanwhile: a control character that next to no cell holds."""


class WrittenRows(NamedTuple):
    """Rows that follow each other: their numbers as Excel shows them, and each as text, without the line's end."""

    numbers: Sequence[int]
    texts: Sequence[str]


@runtime_checkable
class OffersTexts(Protocol):
    """An open input that may have its rows as text."""

    def rows_as_written(self, delimiter: str) -> Iterator[WrittenRows] | None:
        """The data rows as a csv writer with this delimiter would write them; None where that takes its cells.

        In the place of `blocks`, and like them to be asked for once. Rows without a value are left out.
        """
        ...


class PlainLines:
    """Takes whole pieces of a file, each from the beginning of a record to the end of one, as lines.

    width: how many columns the header has. written: the delimiter of what is written.
    """

    def __init__(self, dialect: Dialect, width: int, written: str) -> None:
        sign = dialect.quoting.sign
        self._is_able = dialect.delimiter == written and not dialect.quoting.is_escaped
        self._delimiter = dialect.delimiter
        self._other_sign = sign if sign != _QUOTE else None  # what stands in such quotes is written in others
        self._is_quoted = sign == _QUOTE
        self._between = width - 1
        self._borders = frozenset({dialect.delimiter, "\n"})

    def of(self, piece: str) -> list[str] | None:
        """The records of a piece, as they are to be written; None where that takes their cells."""
        if not self._is_able or len(piece) > csv.field_size_limit():
            return None
        body = piece.removesuffix("\n")
        if self._other_sign is not None and self._other_sign in body:
            return None
        bare = body
        if _QUOTE in body:
            parts = self._parts(body) if self._is_quoted else None
            if parts is None:
                return None
            bare = "".join(parts[::2]).removesuffix("\n")
            body = self._with_fewest_quotes(parts)
        texts = body.split("\n")
        lines = texts if bare is body else bare.split("\n")
        if set(map(str.count, lines, repeat(self._delimiter))) != {self._between}:
            return None
        return None if self._delimiter * self._between in texts else texts

    def _parts(self, body: str) -> list[str] | None:
        """What stands outside and inside quotes in turn; None where the quotes are not that simple, or a line ends within."""
        if _FOR_TWO_QUOTES in body:
            return None
        parts = f"{body}\n".split(_QUOTE)
        if "" in parts[2:-1:2]:  # nothing between two quotes: they stand for one, inside others
            parts = f"{body}\n".replace(_QUOTE * 2, _FOR_TWO_QUOTES).split(_QUOTE)
        outside, inside = parts[::2], parts[1::2]
        if len(outside) == len(inside):  # the last cell goes on behind the piece
            return None
        before = {part[-1:] for part in outside[1:-1]}
        before.add(outside[0][-1:] or "\n")
        after = {part[:1] for part in outside[1:]}
        if not (self._borders.issuperset(before) and self._borders.issuperset(after)):
            return None
        return None if _FOR_TWO_QUOTES in "".join(outside) or "\n" in "".join(inside) else parts

    def _with_fewest_quotes(self, parts: list[str]) -> str:
        """The parts put together, in quotes what needs them: quotes around what does not are not written."""
        delimiter = self._delimiter
        parts[1::2] = [f'"{part}"' if delimiter in part or _FOR_TWO_QUOTES in part else part for part in parts[1::2]]
        return "".join(parts).removesuffix("\n").replace(_FOR_TWO_QUOTES, _QUOTE * 2)


def written_rows(
    pieces: Iterable[Piece],
    columns: Sequence[Column],
    surplus: Callable[[int, int, Cell], SourceError],
    delimiter: str,
) -> Iterator[WrittenRows]:
    """The rows of pieces as text, those that came as lines and the others. surplus: as `blocks_of` has it."""
    for piece in pieces:
        if piece.texts is not None:
            yield WrittenRows(range(piece.first, piece.first + len(piece.texts)), piece.texts)
            continue
        numbers, by_columns = columns_of_piece(piece, columns, surplus)
        if numbers:
            yield WrittenRows(numbers, _written(zip(repeat("", len(numbers)), *by_columns, strict=True), delimiter))


def _written(rows: Iterable[Sequence[str | None]], delimiter: str) -> list[str]:
    r"""Rows as the csv module writes them behind other cells, without the \r\n at their ends. Their first cell, which is
    empty and stands for those others, leaves a delimiter that goes with them."""
    texts: list[str] = []
    writer = csv.writer(SimpleNamespace(write=texts.append), delimiter=delimiter, lineterminator="\r\n")
    writer.writerows(rows)
    return [text[1:-2] for text in texts]
