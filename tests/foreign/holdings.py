"""What an account holds before the first request, as a test says it or a JSON file.

Names are those of the pages:

    leads          ProspectID, and any field of a lead: EmailAddress, Phone, mx_City, …
    opportunities  OpportunityId, ProspectID of its lead
    activities     as rows of Add/ByLeadId, and ProspectActivityId, ModifiedOn, OpportunityId

What an entry leaves out is filled in: ids are the same in every run, times are those of the start.
A file may name `users`, `activity_types`, `activity_fields` and `lead_fields` too; these are of `Behaviour`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from .behaviour import Behaviour
from .bodies import parse_utc
from .field_values import field_values
from .store import ALWAYS_THERE, Lead, Opportunity, Store, StoredActivity, implied_id

_Entry = Mapping[str, Any]
_HELD = ("leads", "opportunities", "activities")
_DESCRIBED = ("users", "activity_types", "activity_fields", "lead_fields")


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """Entries as the module says. None: leads, or opportunities, have always been there, whichever is asked for."""

    leads: Sequence[_Entry] | None = None
    opportunities: Sequence[_Entry] | None = None
    activities: Sequence[_Entry] = ()

    def store(self, behaviour: Behaviour, now: datetime) -> Store:
        """A store that holds all this; ValueError for an entry that belongs nowhere."""
        store = Store(behaviour, implies_leads=self.leads is None, implies_opportunities=self.opportunities is None)
        for number, entry in enumerate(self.leads or (), start=1):
            store.put_lead(_lead(entry, number, now))
        for entry in self.opportunities or ():
            opportunity = Opportunity(str(entry["OpportunityId"]), _of_lead(store, entry["ProspectID"]))
            store.opportunities[opportunity.opportunity_id.lower()] = opportunity
        store.activities = [_activity(store, entry, place, now) for place, entry in enumerate(self.activities)]
        if len({activity.activity_id.lower() for activity in store.activities}) < len(store.activities):
            raise ValueError("two of the activities to load have one ProspectActivityId")
        return store


def read_file(path: Path) -> dict[str, Any]:
    """What a file holds, as arguments of `ForeignServer`; ValueError for a part of another name."""
    content = json.loads(path.read_text("utf-8"))
    strangers = sorted(set(content) - {*_HELD, *_DESCRIBED})
    if strangers:
        raise ValueError(f"{path} holds {', '.join(strangers)}; it may hold {', '.join((*_HELD, *_DESCRIBED))}")
    for by_code in {"activity_types", "activity_fields"} & set(content):  # JSON has no keys that are numbers
        content[by_code] = {int(code): value for code, value in content[by_code].items()}
    return dict(content)


def _lead(entry: _Entry, number: int, now: datetime) -> Lead:
    values = {name: str(value) for name, value in entry.items() if name != "ProspectID"}
    lead_id = str(entry.get("ProspectID", implied_id("loaded lead", str(number))))
    return Lead(lead_id, values, number, now, now)


def _activity(store: Store, entry: _Entry, place: int, now: datetime) -> StoredActivity:
    opportunity = store.opportunities.get(str(entry.get("OpportunityId", "")).lower())
    if "OpportunityId" in entry and opportunity is None:
        raise ValueError(f"no opportunity {entry['OpportunityId']} is loaded")
    lead_id = opportunity.lead_id if opportunity else _of_lead(store, entry["RelatedProspectId"])
    happened = parse_utc(entry["ActivityDateTime"]) if "ActivityDateTime" in entry else now
    return StoredActivity(
        activity_id=str(entry.get("ProspectActivityId", implied_id("loaded activity", str(place)))),
        lead_id=lead_id,
        search_by="",
        search_value="",
        event=int(entry["ActivityEvent"]),
        note=str(entry.get("ActivityNote", "")),
        owner_email=str(entry.get("ActivityOwnerEmail", "")),
        fields=field_values(entry.get("Fields", [])),
        created_on=happened,
        modified_on=parse_utc(entry["ModifiedOn"]) if "ModifiedOn" in entry else now,
        stored_at=ALWAYS_THERE,
        request_number=None,
        row_number=place + 1,
        as_sent=entry,
        opportunity_id=opportunity.opportunity_id if opportunity else None,
    )


def _of_lead(store: Store, lead_id: str) -> str:
    lead = store.lead(str(lead_id))
    if lead is None:
        raise ValueError(f"no lead {lead_id} is loaded")
    return lead.lead_id
