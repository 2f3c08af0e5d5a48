"""Numbered rows of cells into blocks of the header's width."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeAlias, cast

from etl.cell_texts import FullTexts
from etl.reader.bounds import MOST_BLOCK_CELLS
from etl.records import Block

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import pandas as pd

    from etl.errors import SourceError
    from etl.reader.sheet_layout import SheetLayout
    from etl.reader.text_lines import Piece
    from etl.records import Cell, Column, FormatCurrency, MergedRange

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
    while batch := list(islice(fitted, block_rows)):
        hidden = layout.hidden_rows.intersection([row_number for row_number, _ in batch]) if layout else set()
        if layout:
            layout.hidden_rows -= hidden
        yield _read_block(batch, columns, frozenset(hidden), ())
    if layout is None:
        return
    merged, currencies = layout.merged_below, layout.currencies_below(columns)
    if merged or currencies:
        yield ReadBlock([], {column.letter: () for column in columns}, frozenset(), merged, currencies)


def blocks_of_texts(
    pieces: Iterable[Piece],
    columns: Sequence[Column],
    block_rows: int,
    surplus: Callable[[int, int, Cell], SourceError],
) -> Iterator[Block]:
    """The same for rows of texts, which come by columns where they could be taken so; rows without a value are left out."""
    block_rows = _bounded(block_rows, columns)
    numbers: list[int] = []
    cells: list[list[str | None]] = [[] for _ in columns]
    for piece in pieces:
        further, by_columns = columns_of_piece(piece, columns, surplus)
        if block_rows // 4 <= len(further) <= block_rows:  # as it is, because to put it together with others costs
            if numbers:
                yield _block_of_texts(numbers, cells, columns)
                numbers, cells = [], [[] for _ in columns]
            yield _block_of_texts(further, by_columns, columns)
            continue
        numbers += further
        for column, texts in zip(cells, by_columns, strict=True):
            column.extend(texts)
        while len(numbers) >= block_rows:
            yield _block_of_texts(numbers[:block_rows], [column[:block_rows] for column in cells], columns)
            numbers, cells = numbers[block_rows:], [column[block_rows:] for column in cells]
    if numbers:
        yield _block_of_texts(numbers, cells, columns)


def columns_of_piece(
    piece: Piece, columns: Sequence[Column], surplus: Callable[[int, int, Cell], SourceError]
) -> tuple[Sequence[int], Sequence[Sequence[str | None]]]:
    """Row numbers and cells by columns. What is odd about some rows is asked of each only where one of them is odd."""
    first, by_columns, rows, _ = piece
    if by_columns is not None:
        return range(first, first + len(by_columns[0])), list(map(_empty_as_none, by_columns))
    if all(map(any, rows)) and {*map(len, rows)} == {len(columns)}:
        return range(first, first + len(rows)), list(map(_empty_as_none, zip(*rows, strict=True)))
    filled = ((row_number, line) for row_number, line in enumerate(rows, first) if any(line))
    fitted = list(_fitted_rows(filled, len(columns), surplus))
    lines = [cast("Sequence[str | None]", line) for _, line in fitted]
    by_columns_too = list(map(_empty_as_none, zip(*lines, strict=True))) if lines else [()] * len(columns)
    return [row_number for row_number, _ in fitted], by_columns_too


def _empty_as_none(texts: Sequence[str | None]) -> Sequence[str | None]:
    return texts if type(texts) is FullTexts or all(texts) else [text or None for text in texts]


def _block_of_texts(
    numbers: Sequence[int], cells: Sequence[Sequence[str | None]], columns: Sequence[Column]
) -> ReadBlock:
    by_letter = {column.letter: texts for column, texts in zip(columns, cells, strict=True)}
    return ReadBlock(numbers, by_letter, frozenset(), ())


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
        currencies: tuple[FormatCurrency, ...] = (),
    ) -> None:
        for name, value in (("_numbers", numbers), ("_columns", columns), ("hidden", hidden), ("merged", merged)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "currencies", currencies)

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
