"""What differs in the rows that are known by name and come with other values: noted once, before the results are written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from etl.reconciler.differences import differences, element_of
from etl.stages.deliver import Packing

if TYPE_CHECKING:
    from etl.ledger.runs import ChangedRow
    from etl.ledger.store import Ledger
    from etl.mapping.apply import AppliedRow
    from etl.stages.prepare import PreparedInput


def explain_changes(prepared: PreparedInput, run_id: int, ledger: Ledger) -> None:
    """Compare each changed row of the run with what was sent for it. Reads the input again only if there are any."""
    if not ledger.runs.has_unexplained(run_id):
        return
    packing = Packing(prepared.mapping)
    for rows in prepared.applied():
        changed = ledger.runs.changed(run_id, rows[0].row_number, rows[-1].row_number)
        here = [row for row in rows if row.row_number in changed]
        ledger.runs.explain(
            {changed[row.row_number].row_id: _texts(row, changed[row.row_number], run_id, packing) for row in here}
        )


def _texts(row: AppliedRow, changed: ChangedRow, run_id: int, packing: Packing) -> tuple[str, str, str]:
    """Code, error and hint of one changed row."""
    holder = f"row {changed.holder_row}" + ("" if changed.holder_run == run_id else f" of run {changed.holder_run}")
    what = _what_differs(row, changed, packing)
    error = f"Known as {holder}, with other values" + (f": {what}." if what else ".")
    return "changed", error, f"Nothing was sent for it. If LeadSquared is to be corrected, do it there ({holder})."


def _what_differs(row: AppliedRow, changed: ChangedRow, packing: Packing) -> str:
    if changed.body is None or changed.position is None:
        return ""  # the row it is known as was not sent yet
    now: dict[str, Any] = json.loads(packing.body([packing.activity(row, b"", 1)]))[0]
    return differences(element_of(changed.body, changed.position), now, packing.key_field)
