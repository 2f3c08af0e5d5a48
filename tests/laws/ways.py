"""The five ways in which a history imports its rows: what the mapping says, and what stands in the cells that address a row.

A sheet knows people by e-mail addresses. Where the operation wants ids, each address stands for one.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from etl.records import ApiRequest
from etl.simulator.earlier_activities import EARLIER_TYPE
from etl.simulator.metadata import ActivityField

NOBODY, MEANT = "nobody@example.com", "person2@example.com"
"""A lead that does not exist, and the lead that was meant."""

PEOPLE = 60
VISITS = 320
LEAD_FIELD, LEAD_ID, OPPORTUNITY = "add-by-lead-field", "add-by-lead-id", "add-by-opportunity"
UPDATE, WITH_LEAD = "update", "create-lead-and-activity"

_IDS = uuid.UUID("3a3cf0c7-9c5b-4a5f-8f52-1c0f5d0e9a61")
_NO_SUCH_ID = "00000000-0000-4000-8000-000000000001"
_CHECKED = "mx_Custom_4"
_OF_VISITS = ("mx_Custom_1", "mx_Custom_2", "mx_Custom_5", "mx_Custom_20")


@dataclass(frozen=True, slots=True)
class Way:
    """One operation as a history uses it.

    target: what the column `Email` is. values: lines below `values:`. event: the activity type. keeps_order: rows of one
    address go one after the other. makes_new: it stores new activities, which know row keys and `unique_by`.
    note: what the column `Remarks` is. has_time: it takes the time of an activity.
    """

    operation: str
    target: str
    search_by: str = ""
    values: str = ""
    event: int = VISITS
    by_id: bool = True
    keeps_order: bool = False
    makes_new: bool = True
    note: str = "ActivityNote"
    has_time: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)

    def cell(self, email: str) -> str:
        """What stands in the sheet for a person."""
        if not self.by_id:
            return email
        return _NO_SUCH_ID if email == NOBODY else str(uuid.uuid5(_IDS, email))

    @property
    def corrected(self) -> dict[str, str]:
        """Addresses that a person corrects, and to what."""
        return {self.cell(NOBODY): self.cell(MEANT)}

    def addresses(self, request: ApiRequest) -> frozenset[str]:
        """Whose rows a request carries, where at most one request at a time may carry them."""
        if not self.keeps_order or request.method != "POST" or not request.body:
            return frozenset()
        document = json.loads(request.body)
        if self.operation == WITH_LEAD and "LeadDetails" in document:
            return frozenset(one["Value"] for one in document["LeadDetails"] if one["Attribute"] == "EmailAddress")
        if self.operation == UPDATE and isinstance(document, list):
            return frozenset(one["ProspectActivityId"] for one in document)
        return frozenset()


def _fields() -> tuple[ActivityField, ...]:
    """The type's fields where rows are refused for a value: of leads that are created on the way none is unknown."""
    people = tuple(f"person{number}@example.com" for number in range(PEOPLE))
    return (*map(ActivityField, _OF_VISITS), ActivityField(_CHECKED, data_type="Dropdown", options=people))


_EMAIL = "search_by: EmailAddress\n"
WAYS = {
    way.operation: way
    for way in (
        Way(LEAD_FIELD, "SearchByValue", _EMAIL, by_id=False),
        Way(LEAD_ID, "RelatedProspectId"),
        Way(
            OPPORTUNITY,
            "OpportunityId",
            values="  ActivityOwnerEmail: {constant: asha@example.com}\n",
            event=12000,
            has_time=False,
        ),
        Way(
            UPDATE,
            "ProspectActivityId",
            event=EARLIER_TYPE,
            keeps_order=True,
            makes_new=False,
            note="{to: ActivityNote, when_empty: clear}",
            has_time=False,
            options={"other_activities_exist": True},
        ),
        Way(
            WITH_LEAD,
            "Lead.EmailAddress",
            _EMAIL,
            f'  {_CHECKED}: {{text: "{{Email}}"}}\n',
            by_id=False,
            keeps_order=True,
            options={"activity_fields": {VISITS: _fields()}},
        ),
    )
}


def drawn(seed: int) -> Way:
    """The way of a seed: every third history keeps to the oldest one, the others share them all."""
    return WAYS[random.Random(f"{seed}/operation").choice([LEAD_FIELD] * 3 + list(WAYS)[1:] * 2)]
