"""Rows that are still to be sent."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

WAITING_COLUMNS = "row_id, row_number, memory_key, ordinal, together, address, lineage_run, replaces"


class WaitingRow(NamedTuple):
    """A row that is still to be sent. A tuple, because each row of each run becomes one.

    together: with how many others at most, apart from all else; None: with any. address: the mark of where it belongs, where
    order or company depends on that. lineage_run: the run whose line it corrects. replaces: the row whose activity it gives
    other values.
    """

    row_id: int
    row_number: int
    memory_key: bytes
    ordinal: int
    together: int | None = None
    address: bytes | None = None
    lineage_run: int | None = None
    replaces: int | None = None


def waiting_rows(told: Sequence[Any]) -> dict[int, WaitingRow]:
    """Rows that a database has told as WAITING_COLUMNS, by row number."""
    has_bytes = all(row[2].__class__ is bytes for row in told[:1])  # it gives all of them in the same way
    return {row[1]: row for row in map(_as_told if has_bytes else waiting_row, told)}


_as_told = partial(tuple.__new__, WaitingRow)
"""A row of columns that are as it has them already: half of what its own `_make` costs, for each row of each run."""


def waiting_row(row: Sequence[Any]) -> WaitingRow:
    """The row that a database has told as WAITING_COLUMNS."""
    row_id, row_number, memory_key, ordinal, together, address, lineage_run, replaces = row
    place = None if address is None else bytes(address)
    return WaitingRow(row_id, row_number, bytes(memory_key), ordinal, together, place, lineage_run, replaces)
