"""Numbered rows of cells into blocks of the header's width."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from etl.records import Block

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from etl.errors import SourceError
    from etl.records import Cell, Column

NumberedRow: TypeAlias = "tuple[int, Sequence[Cell]]"
"""Row number as Excel shows it, and the cells from column A on; None or "" where there is no value."""


def blocks_of(
    rows: Iterable[NumberedRow],
    columns: Sequence[Column],
    block_rows: int,
    surplus: Callable[[int, int, Cell], SourceError],
) -> Iterator[Block]:
    """The rows in blocks of at most `block_rows`, each filled up to the header's width.

    Args:    rows: without empty ones. surplus: makes the error for a value beyond the last header, from row number,
             0-based position and value; the cause differs by format.
    """
    if block_rows < 1:
        raise ValueError(f"block_rows is {block_rows}; at least 1 was expected")
    fitted = _fitted_rows(rows, len(columns), surplus)
    while batch := list(islice(fitted, block_rows)):
        yield Block(_frame_of(batch, columns))


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


def _frame_of(batch: Sequence[NumberedRow], columns: Sequence[Column]) -> pd.DataFrame:
    """Built by columns; object-typed throughout, because pandas would turn None into NaN and ints into floats."""
    cells = np.empty((len(columns), len(batch)), dtype=object)
    for position, column in enumerate(zip(*(row for _, row in batch), strict=True)):
        cells[position, :] = [None if cell == "" else cell for cell in column]
    index = pd.Index([row_number for row_number, _ in batch], dtype="int64", name="row_number")
    letters = pd.Index([column.letter for column in columns], dtype=object)
    return pd.DataFrame(cells.T, index=index, columns=letters, dtype=object, copy=False)
