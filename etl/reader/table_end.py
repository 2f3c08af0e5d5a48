"""Where a table ends before its sheet does: what stands below and beside it is no value beyond the last header.

Totals and signatures below a table are often wider than the table. The rows themselves go on: the mapping leaves them out,
and says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from etl.reader.text_lines import Piece
    from etl.records import Cell

_Cell = TypeVar("_Cell", bound="Cell")

Ends: TypeAlias = "Callable[[Cell], bool]"
"""Whether the first cell of a row says that the table ends there."""


def cut_below(
    rows: Iterable[tuple[int, list[_Cell]]], width: int, ends: Ends | None
) -> Iterator[tuple[int, list[_Cell]]]:
    """The rows, from the end of the table on without what stands to the right of its `width`, and without a row of that alone."""
    if ends is None:
        yield from rows
        return
    has_ended = False
    for row_number, cells in rows:
        has_ended = has_ended or (len(cells) > 0 and ends(cells[0]))
        cut = cells[:width] if has_ended else cells
        if not has_ended or any(cell is not None and cell != "" for cell in cut):
            yield row_number, cut


def pieces_cut_below(pieces: Iterable[Piece], width: int, ends: Ends | None) -> Iterator[Piece]:
    """The same for pieces of a delimited file; those that come by columns have no cell beyond the last header."""
    has_ended = False
    for piece in pieces:
        if ends is None:
            yield piece
            continue
        _, by_columns, rows, _ = piece
        if by_columns is not None:
            has_ended = has_ended or any(map(ends, by_columns[0] if by_columns else ()))
            yield piece
            continue
        cut = []
        for row in rows:
            has_ended = has_ended or (len(row) > 0 and ends(row[0]))
            cut.append(row[:width] if has_ended else row)
        yield piece._replace(rows=cut)
