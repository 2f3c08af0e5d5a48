"""What differs in the rows that are known by name and come with other values: noted once, before the results are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.mapping.model import OnChange
from etl.records import Outcome
from etl.stages.comparison import Comparison
from etl.stages.revisable import carried, why_not

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.ledger.revisions import ChangedLine
    from etl.ledger.store import Ledger
    from etl.mapping.apply import AppliedRow
    from etl.reconciler.differences import Difference
    from etl.stages.prepare import PreparedInput


def explain_changes(prepared: PreparedInput, run_id: int, ledger: Ledger) -> None:
    """Compare each changed row of the run with what was sent for it. Reads the input again only if there are any.

    One that is to be brought to an activity of which it is not known whether it is there may still be brought to it later.
    """
    if not ledger.runs.has_unexplained(run_id):
        return
    comparison = Comparison(prepared.mapping, ledger)
    is_to_update = prepared.mapping.mapping.on_change is OnChange.UPDATE
    for rows in prepared.applied():
        changed = ledger.revisions.changed_in_run(run_id, rows[0].row_number, rows[-1].row_number)
        texts: dict[int, tuple[str, str, str]] = {}
        for row in rows:
            line = changed.get(row.row_number)
            if line is not None and not (is_to_update and line.holder_outcome == Outcome.UNCONFIRMED):
                found = comparison.differences(row, line)
                texts[line.row_id] = _texts(row, line, found, run_id, is_to_update=is_to_update)
        ledger.runs.explain(texts)


def _texts(
    row: AppliedRow, line: ChangedLine, found: Sequence[Difference] | None, run_id: int, *, is_to_update: bool
) -> tuple[str, str, str]:
    """Code, error and hint of one changed row."""
    holder = f"row {line.holder_row}" + ("" if line.holder_run == run_id else f" of run {line.holder_run}")
    what = "; ".join(map(str, found or ()))
    error = f"Known as {holder}, with other values" + (f": {what}." if what else ".")
    reason = why_not(carried(row), line, found) if is_to_update else None
    hint = "Nothing was sent for it. " + (f"{reason} " if reason else "")
    return "changed", error, f"{hint}If LeadSquared is to be corrected, do it there ({holder})."
