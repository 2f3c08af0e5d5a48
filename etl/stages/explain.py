"""What differs in the rows that are known by name and come with other values: noted once, before the results are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.mapping.operation_needs import FOUND_LEAD
from etl.operations import OPERATIONS
from etl.reconciler.differences import differences, element_of
from etl.stages.deliver import Packing
from etl.stages.lead_memory import with_any_address

if TYPE_CHECKING:
    from etl.ledger.runs import ChangedRow
    from etl.ledger.store import Ledger
    from etl.mapping.apply import AppliedRow
    from etl.operations.contract import Operation
    from etl.stages.prepare import LoadedMapping, PreparedInput


def explain_changes(prepared: PreparedInput, run_id: int, ledger: Ledger) -> None:
    """Compare each changed row of the run with what was sent for it. Reads the input again only if there are any."""
    if not ledger.runs.has_unexplained(run_id):
        return
    comparison = _Comparison(prepared.mapping, ledger)
    for rows in prepared.applied():
        changed = ledger.runs.changed(run_id, rows[0].row_number, rows[-1].row_number)
        here = [row for row in rows if row.row_number in changed]
        ledger.runs.explain(
            {changed[row.row_number].row_id: _texts(row, changed[row.row_number], run_id, comparison) for row in here}
        )


def _texts(row: AppliedRow, changed: ChangedRow, run_id: int, comparison: _Comparison) -> tuple[str, str, str]:
    """Code, error and hint of one changed row."""
    holder = f"row {changed.holder_row}" + ("" if changed.holder_run == run_id else f" of run {changed.holder_run}")
    what = comparison.what_differs(row, changed)
    error = f"Known as {holder}, with other values" + (f": {what}." if what else ".")
    return "changed", error, f"Nothing was sent for it. If LeadSquared is to be corrected, do it there ({holder})."


class _Comparison:
    """Rows as they would go out now, beside what was sent. A holder may have gone out in another way: each run has its own."""

    def __init__(self, mapping: LoadedMapping, ledger: Ledger) -> None:
        self._mapping = mapping
        self._ledger = ledger
        self._packing = Packing(mapping)
        self._operations: dict[int, Operation] = {}

    def what_differs(self, row: AppliedRow, changed: ChangedRow) -> str:
        if changed.body is None or changed.position is None:
            return ""  # the row it is known as was not sent yet
        options = self._mapping.request_options
        sent = element_of(changed.body, changed.position, self._operation_of(changed.holder_run), options)
        compared = with_any_address(
            row, str(sent.get(FOUND_LEAD, ""))
        )  # no lead is looked up for a row that is not sent
        body = self._packing.body([self._packing.activity(compared, b"", 1)])
        (now,) = self._mapping.operation.elements(body, options)
        return differences(sent, now, self._packing.key_field)

    def _operation_of(self, run_id: int) -> Operation:
        if run_id not in self._operations:
            run = self._ledger.runs.get(run_id)
            self._operations[run_id] = OPERATIONS[run.operation] if run else self._mapping.operation
        return self._operations[run_id]
