"""Rows that are still to be sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

WAITING_COLUMNS = "row_id, row_number, memory_key, ordinal, together, address"


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A row that is still to be sent. together: with how many others at most, apart from all else; None: with any.

    address: the mark of where it belongs, where order or company depends on that.
    """

    row_id: int
    row_number: int
    memory_key: bytes
    ordinal: int
    together: int | None = None
    address: bytes | None = None


def waiting_row(row: Sequence[Any]) -> WaitingRow:
    """The row that a database has told as WAITING_COLUMNS."""
    row_id, row_number, memory_key, ordinal, together, address = row
    return WaitingRow(
        row_id, row_number, bytes(memory_key), ordinal, together, None if address is None else bytes(address)
    )
