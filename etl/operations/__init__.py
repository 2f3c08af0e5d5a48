"""The LeadSquared operations that a mapping may name, by that name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.operations.add_by_lead_field import AddByLeadField

if TYPE_CHECKING:
    from etl.operations.contract import Operation

OPERATIONS: dict[str, Operation] = {
    "add-by-lead-field": AddByLeadField(),
}
