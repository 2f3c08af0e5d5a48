"""The LeadSquared operations that a mapping may name, by that name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.operations.add_by_lead_field import AddByLeadField
from etl.operations.add_by_lead_id import AddByLeadId
from etl.operations.add_by_opportunity import AddByOpportunity
from etl.operations.create_lead_and_activity import CreateLeadAndActivity
from etl.operations.update import Update

if TYPE_CHECKING:
    from etl.operations.contract import Operation

OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for operation in (AddByLeadField(), AddByLeadId(), AddByOpportunity(), Update(), CreateLeadAndActivity())
}
