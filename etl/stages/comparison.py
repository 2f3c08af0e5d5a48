"""Rows as they would go out now, beside what was sent for the rows that they are known as."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.mapping.operation_needs import FOUND_LEAD
from etl.operations import OPERATIONS
from etl.reconciler.differences import by_target, differences, element_of
from etl.records import Outcome
from etl.stages.lead_memory import with_any_address
from etl.stages.outgoing import Packing
from etl.stages.revisable import ADDRESS

if TYPE_CHECKING:
    from etl.ledger.revisions import ChangedLine
    from etl.ledger.store import Ledger
    from etl.mapping.apply import AppliedRow
    from etl.operations.contract import Operation
    from etl.reconciler.differences import Difference
    from etl.stages.prepare import LoadedMapping


class Comparison:
    """Compares changed rows of one mapping. A holder may have gone out in another way: each run has its own operation."""

    def __init__(self, mapping: LoadedMapping, ledger: Ledger) -> None:
        self._mapping = mapping
        self._ledger = ledger
        self._packing = Packing(mapping)
        self._operations: dict[int, Operation] = {}

    def differences(self, row: AppliedRow, line: ChangedLine) -> list[Difference] | None:
        """What the row would send otherwise; None where what was sent for its holder is not kept, or was not sent yet."""
        sent = self._sent(line)
        if sent is None:
            return None
        # no lead is looked up for a row that is known
        compared = with_any_address(row, str(sent.get(FOUND_LEAD, "")))
        body = self._packing.body([self._packing.activity(compared, b"", 1)])
        (now,) = self._mapping.operation.elements(body, self._mapping.request_options)
        return differences(sent, by_target(now), self._packing.key_field)

    def _sent(self, line: ChangedLine) -> dict[str, object] | None:
        """Target by target: what the activity was made with, and over it what its holder brought, if that revised it."""
        last = self._element(line.body, line.position, line.holder_run)
        if last is None or not self._is_revision(line.holder_run):
            return last
        first = self._element(line.origin_body, line.origin_position, line.origin_run)
        if first is None:
            return None
        return first | {name: value for name, value in last.items() if name != ADDRESS}

    def _element(self, body: bytes | None, position: int | None, run: int | None) -> dict[str, object] | None:
        if body is None or position is None or run is None:
            return None
        return by_target(element_of(body, position, self._operation_of(run), self._mapping.request_options))

    def _is_revision(self, run_id: int) -> bool:
        return self._operation_of(run_id).stores_as is Outcome.UPDATED

    def _operation_of(self, run_id: int) -> Operation:
        if run_id not in self._operations:
            run = self._ledger.runs.get(run_id)
            self._operations[run_id] = OPERATIONS[run.operation] if run else self._mapping.operation
        return self._operations[run_id]
