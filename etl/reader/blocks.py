"""Numbered rows of cells into blocks of the header's width."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeAlias, cast

from etl.reader.bounds import MOST_BLOCK_CELLS
from etl.reader.sheet_layout import SheetLayout
from etl.records import Block

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import pandas as pd

    from etl.errors import SourceError
    from etl.records import Cell, Column, MergedRange

NumberedRow: TypeAlias = "tuple[int, Sequence[Cell]]"
"""Row number as Excel shows it, and the cells from column A on; None or "" where there is no value."""


def blocks_of(
    rows: Iterable[NumberedRow],
    columns: Sequence[Column],
    block_rows: int,
    surplus: Callable[[int, int, Cell], SourceError],
    layout: SheetLayout | None = None,
) -> Iterator[Block]:
    """The rows in blocks of at most `block_rows`, each filled up to the header's width; merged cells in a last one without rows.

    Args:    rows: without empty ones. surplus: makes the error for a value beyond the last header, from row number,
             0-based position and value; the cause differs by format. layout: of the sheet, filled while its rows are read.
    """
    block_rows = _bounded(block_rows, columns)
    fitted = _fitted_rows(rows, len(columns), surplus)
    layout = layout or SheetLayout()
    while batch := list(islice(fitted, block_rows)):
        hidden = layout.hidden_rows.intersection([row_number for row_number, _ in batch])
        layout.hidden_rows -= hidden
        yield _read_block(batch, columns, frozenset(hidden), ())
    if layout.merged_below:
        yield ReadBlock([], {column.letter: () for column in columns}, frozenset(), layout.merged_below)


def blocks_of_texts(
    many: Callable[[int], tuple[int, list[list[str]]]],
    columns: Sequence[Column],
    block_rows: int,
    surplus: Callable[[int, int, Cell], SourceError],
) -> Iterator[Block]:
    """The same for rows of texts, which follow each other without gaps; those whose cells are all empty are left out.

    many: gives the number of the next row, and the cells of at most so many from it on, none at the end. What is odd about
    some rows is asked of them together, and of each one only where the answer is yes.
    """
    block_rows = _bounded(block_rows, columns)
    while True:
        numbers: list[int] = []
        cells: tuple[list[str | None], ...] = tuple([] for _ in columns)
        while len(numbers) < block_rows:
            first, batch = many(min(block_rows - len(numbers), _CLOSE_AT_HAND))
            if not batch:
                break
            if all(map(any, batch)) and {*map(len, batch)} == {len(columns)}:
                numbers += range(first, first + len(batch))
                lines: Sequence[Sequence[Cell]] = batch
            else:
                filled = ((row_number, line) for row_number, line in enumerate(batch, first) if any(line))
                fitted = list(_fitted_rows(filled, len(columns), surplus))
                numbers += [row_number for row_number, _ in fitted]
                lines = [line for _, line in fitted]
            for position, texts in enumerate(zip(*lines, strict=True)):
                cells[position].extend(cast("tuple[str | None, ...]", texts))
        if not numbers:
            return
        by_letter = {
            column.letter: texts if all(texts) else [text or None for text in texts]
            for column, texts in zip(columns, cells, strict=True)
        }
        yield ReadBlock(numbers, by_letter, frozenset(), ())


_CLOSE_AT_HAND = 500  # rows whose cells are still near to the processor when they are put into columns


def _bounded(block_rows: int, columns: Sequence[Column]) -> int:
    if block_rows < 1:
        raise ValueError(f"block_rows is {block_rows}; at least 1 was expected")
    return max(1, min(block_rows, MOST_BLOCK_CELLS // max(1, len(columns))))


def _fitted_rows(
    rows: Iterable[NumberedRow], width: int, surplus: Callable[[int, int, Cell], SourceError]
) -> Iterator[NumberedRow]:
    for row_number, cells in rows:
        if len(cells) == width:
            yield row_number, cells
        elif len(cells) < width:
            yield row_number, [*cells, *[None] * (width - len(cells))]
        else:
            for position in range(width, len(cells)):
                if not _is_blank(cells[position]):
                    raise surplus(row_number, position, cells[position])
            if not all(map(_is_blank, cells[:width])):
                yield row_number, cells[:width]


def _is_blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


class ReadBlock(Block):
    """A block as it was read, by columns; its frame is made when somebody asks for it."""

    __slots__ = ("_columns", "_numbers")

    _numbers: Sequence[int]
    _columns: Mapping[str, Sequence[Cell]]

    def __init__(
        self,
        numbers: Sequence[int],
        columns: Mapping[str, Sequence[Cell]],
        hidden: frozenset[int],
        merged: tuple[MergedRange, ...],
    ) -> None:
        for name, value in (("_numbers", numbers), ("_columns", columns), ("hidden", hidden), ("merged", merged)):
            object.__setattr__(self, name, value)

    @property
    def numbers(self) -> Sequence[int]:
        return self._numbers

    @property
    def columns(self) -> Mapping[str, Sequence[Cell]]:
        return self._columns

    @property
    def frame(self) -> pd.DataFrame:
        """Object-typed throughout, because pandas would turn None into NaN and ints into floats."""
        import numpy as np  # noqa: PLC0415 — as below
        import pandas as pd  # noqa: PLC0415 — takes longer to load than a small sheet to read, and mapping goes without

        cells = np.empty((len(self._columns), len(self._numbers)), dtype=object)
        for position, column in enumerate(self._columns.values()):
            cells[position, :] = column
        index = pd.Index(list(self._numbers), dtype="int64", name="row_number")
        letters = pd.Index(list(self._columns), dtype=object)
        return pd.DataFrame(cells.T, index=index, columns=letters, dtype=object, copy=False)


def _read_block(
    batch: Sequence[NumberedRow], columns: Sequence[Column], hidden: frozenset[int], merged: tuple[MergedRange, ...]
) -> ReadBlock:
    by_letter = {
        column.letter: [None if cell == "" else cell for cell in cells] if "" in cells else cells
        for column, cells in zip(columns, zip(*[cells for _, cells in batch], strict=True), strict=True)
    }
    return ReadBlock([row_number for row_number, _ in batch], by_letter, hidden, merged)
