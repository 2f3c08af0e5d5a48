"""A chunk ready to travel: its rows in the ledger, its activities, its request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from etl.ledger.runs import WaitingRow
    from etl.records import Activity, ApiRequest


@dataclass(frozen=True, slots=True)
class Parcel:
    """One chunk. rows and activities belong together by position; request holds the exact bytes."""

    number: int
    rows: tuple[WaitingRow, ...]
    activities: tuple[Activity, ...]
    request: ApiRequest

    @property
    def addresses(self) -> frozenset[bytes]:
        """Where its rows belong, as far as the ledger keeps that."""
        return frozenset(row.address for row in self.rows if row.address is not None)


class Packer(Protocol):
    """What makes parcels."""

    def pack(self, number: int, rows: tuple[WaitingRow, ...], activities: tuple[Activity, ...]) -> Parcel:
        """The rows as one request."""
        ...


def without(parcel: Parcel, row_ids: frozenset[int], packer: Packer) -> Parcel | None:
    """The parcel without some of its rows, under the same number; None when nothing is left."""
    pairs = zip(parcel.rows, parcel.activities, strict=True)
    kept = [(row, activity) for row, activity in pairs if row.row_id not in row_ids]
    if not kept:
        return None
    rows, activities = zip(*kept, strict=True)
    return packer.pack(parcel.number, rows, activities)
