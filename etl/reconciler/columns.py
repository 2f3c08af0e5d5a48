"""What stands in the columns of a results file: our outcome columns first, then the input's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from etl.records import ETL_COLUMNS, MESSAGE_COLUMN, OWN_COLUMNS, VERIFIED_COLUMN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.records import Cell, ResultLine, Table

OwnCell: TypeAlias = str | int | None

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def own_headers(more: tuple[str, ...]) -> tuple[str, ...]:
    """The outcome columns. more: those of ours that only some results have."""
    return (*ETL_COLUMNS, *more)


def input_positions(table: Table) -> tuple[int, ...]:
    """Which cells of a row are the input's own, by their index in `table.columns`.

    In one of our own files the first column of each outcome name is ours; a second `ProspectActivityId` is the input's.
    """
    ours = set(OWN_COLUMNS) if table.is_ours else set()
    positions = []
    for position, column in enumerate(table.columns):
        if column.header in ours:
            ours.remove(column.header)
        else:
            positions.append(position)
    return tuple(positions)


def result_headers(table: Table, more: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The header of a results file for this input."""
    own = own_headers(more)
    return (*own, *(table.columns[position].header for position in input_positions(table)))


def input_cells(line: ResultLine, positions: Sequence[int]) -> list[Cell]:
    """The input's own cells of a line; a row shorter than its header ends in empty cells."""
    cells = line.cells
    if positions and len(cells) == len(positions) == positions[-1] + 1:  # all of them, as nearly always
        return list(cells)
    return [cells[position] if position < len(cells) else None for position in positions]


def own_cells(line: ResultLine, more: tuple[str, ...] = ()) -> tuple[OwnCell, ...]:
    """The outcome cells of a line, in the order of `own_headers`."""
    cells = (
        line.row_number,
        line.status.value,
        defused(line.activity_id),
        defused(line.error),
        defused(line.hint),
        defused(line.code),
        line.run,
    )
    if not more:
        return cells
    further = {VERIFIED_COLUMN: line.verified, MESSAGE_COLUMN: line.message_id}
    return (*cells, *(defused(further[name]) for name in more))


def defused(text: str | None) -> str | None:
    """A text that no spreadsheet program takes for a formula, by an apostrophe at its start (OWASP: CSV injection).

    Only for what we or LeadSquared wrote. Cells of the input stay as they are: `+919876543210` is a telephone number.
    """
    return f"'{text}" if text is not None and text.startswith(_FORMULA_STARTS) else text
