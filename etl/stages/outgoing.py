"""Rows that go out as activities and requests: the same bytes for a dry run, a run and its continuation."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING

from etl.delivery.parcels import Parcel
from etl.identity import row_key
from etl.records import Activity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from etl.ledger.waiting import WaitingRow
    from etl.mapping.apply import AppliedRow
    from etl.stages.arrange import Going
    from etl.stages.kept_rows import MappedBlock
    from etl.stages.prepare import LoadedMapping


class Packing:
    """Rows of one mapping into activities, and these into requests."""

    def __init__(self, mapping: LoadedMapping) -> None:
        self._mapping = mapping
        self._event = mapping.event
        self.key_field = mapping.mapping.row_key_field

    def activity(self, row: AppliedRow, memory_key: bytes, ordinal: int) -> Activity:
        """The row's payload, with its row key where the mapping has a field for it."""
        values = dict(row.values or {})
        if self.key_field:
            values[self.key_field] = self._row_key(memory_key, ordinal)
        return Activity(row.row_number, values, self._event)

    def waiting(self, waiting: Mapping[int, WaitingRow], block: MappedBlock) -> list[Going]:
        """The rows of a block that wait, as they go out: written all at once, where the operation can and columns are at hand.

        waiting: those of the ledger by their numbers.
        """
        found = [waiting.get(number) for number in block.numbers]
        rows = [row for row in found if row is not None]
        if not rows:
            return []
        if len(rows) < len(found):
            block = block.those([row is not None for row in found])
        if self.key_field:
            block = block.filled(self.key_field, [self._row_key(row.memory_key, row.ordinal) for row in rows])
        activities = self._written(block) or map(Activity, block.numbers, block.values(), repeat(self._event))
        return list(zip(rows, activities, strict=True))

    def _written(self, block: MappedBlock) -> Iterator[Activity] | None:
        """The rows with what a request says of each; None where that is put together row by row, as the request is."""
        if block.columns is None:
            return None
        written = self._mapping.operation.written(block.columns, self._event, self._mapping.request_options)
        if written is None:
            return None
        return map(Activity, block.numbers, block.values_if_asked(), repeat(self._event), written)

    def _row_key(self, memory_key: bytes, ordinal: int) -> str:
        return row_key(self._mapping.mapping.name, self._event, memory_key, ordinal)

    def body(self, activities: Sequence[Activity]) -> bytes:
        """The exact bytes of a request."""
        return self._mapping.operation.request(activities, self._mapping.request_options).body

    def pack(self, number: int, rows: tuple[WaitingRow, ...], activities: tuple[Activity, ...]) -> Parcel:
        request = self._mapping.operation.request(activities, self._mapping.request_options)
        return Parcel(number, rows, activities, request)
