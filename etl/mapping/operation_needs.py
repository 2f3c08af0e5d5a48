"""What each LeadSquared operation asks of a mapping: the targets it sends, those it needs, and its own settings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from etl.mapping.targets import NOTE, is_field


class OperationName(StrEnum):
    """The LeadSquared operations that a mapping can name."""

    ADD_BY_LEAD_FIELD = "add-by-lead-field"
    ADD_BY_LEAD_ID = "add-by-lead-id"
    ADD_BY_OPPORTUNITY = "add-by-opportunity"
    UPDATE = "update"
    CREATE_LEAD_AND_ACTIVITY = "create-lead-and-activity"


@dataclass(frozen=True, slots=True)
class OperationNeeds:
    """What one operation asks of a mapping.

    required: targets that every row must have. optional: further named targets it can send; fields (`mx_…`, `Status`,
    `Owner`) always go. search_by: it finds leads by a field. event: it needs the activity's type.
    leads: it sends `Lead.…` targets, and custom field sets. changes: its rows change activities that are there, each known
    by its id: an empty value clears a field, and neither unique_by nor a row key has a meaning.
    skips_dropdowns: LeadSquared offers it to skip the validation of dropdowns.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...]
    search_by: bool = False
    event: bool = True
    leads: bool = False
    changes: bool = False
    skips_dropdowns: bool = True

    @property
    def named(self) -> tuple[str, ...]:
        """The named targets that it can send, as a message lists them."""
        return (*self.required, *self.optional, *(("Lead.FirstName …",) if self.leads else ()))

    def sends(self, target: str) -> bool:
        """Whether the operation has a place for this target."""
        if target in self.required or target in self.optional or is_field(target):
            return True
        return self.leads and "." in target


NEEDS = {
    OperationName.ADD_BY_LEAD_FIELD: OperationNeeds(
        required=("SearchByValue",), optional=(NOTE, "ActivityOwnerEmail", "ActivityDateTime"), search_by=True
    ),
    OperationName.ADD_BY_LEAD_ID: OperationNeeds(
        required=("RelatedProspectId",),
        optional=(NOTE, "ActivityOwnerEmail", "ActivityDateTime"),
        skips_dropdowns=False,  # LeadSquared: the page of this operation alone does not name ValidateDropDownOptions
    ),
    # LeadSquared: bulk activities on opportunities name no ActivityDateTime, and unknown members are dropped silently
    OperationName.ADD_BY_OPPORTUNITY: OperationNeeds(
        required=("OpportunityId", "ActivityOwnerEmail"), optional=(NOTE,)
    ),
    OperationName.UPDATE: OperationNeeds(required=("ProspectActivityId",), optional=(NOTE,), event=False, changes=True),
    OperationName.CREATE_LEAD_AND_ACTIVITY: OperationNeeds(
        required=(), optional=(NOTE, "ActivityDateTime"), search_by=True, leads=True
    ),
}


FOUND_LEAD = "RelatedProspectId"
"""The target that looking leads up fills, in the operation that sends it."""


def required_targets(operation: OperationName, search_by: str | None, *, finds_leads: bool = False) -> tuple[str, ...]:
    """The targets that each row must fill; creating a lead needs the field by which the lead is found.

    finds_leads: the ids of leads are looked up, so that no row has to fill them.
    """
    needs = NEEDS[operation]
    if finds_leads:
        return tuple(target for target in needs.required if target != FOUND_LEAD)
    if needs.leads and search_by:
        return (*needs.required, f"Lead.{search_by}")
    return needs.required
