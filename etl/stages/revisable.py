"""Whether the values of a row that is known can be brought to its activity by an update, and which of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.findings import listed
from etl.operations import OPERATIONS
from etl.operations.contract import RequestOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etl.ledger.revisions import ChangedLine
    from etl.mapping.apply import AppliedRow
    from etl.reconciler.differences import Difference

UPDATE = OPERATIONS["update"]
ADDRESS = UPDATE.addressed_by(RequestOptions())


def carried(row: AppliedRow) -> dict[str, str]:
    """What an update of the row's activity would send: its values, but for those that no update has a place for."""
    return {target: text for target, text in (row.values or {}).items() if _is_carried(target)}


def why_not(values: Mapping[str, str], line: ChangedLine, found: Sequence[Difference] | None) -> str | None:
    """Why a changed row cannot be brought to its activity, in a sentence for the person; None if it can.

    values: what an update would carry of it. found: what differs; None where that is not known.
    """
    if not line.has_its_key:
        return "The values by which it is known (unique_by) were changed, too."
    if line.activity_id is None:
        return "The ProspectActivityId of its activity is not known."
    if found is None:
        return (
            "What was sent for it is not kept any more, so that nobody can tell whether an update could carry it all."
        )
    stuck = [one.target for one in found if not _is_carried(one.target)]
    if stuck:
        return f"An update cannot carry {listed(stuck)}."
    if found and not any(one.target in values for one in found):
        return "All that differs are cells that are empty now: with `when_empty: clear` an update would clear their fields."
    return None


def _is_carried(target: str) -> bool:
    return UPDATE.carries(target) and target != ADDRESS
