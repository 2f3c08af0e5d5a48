"""CreateCustom: a lead is created or updated, and an activity posted on it.

Source: the vendor's page "Create a Lead and Activity". Where `SearchBy` is left out, it only says that a lead is
created; two leads with one value in a unique field are refused, in the words of its error pages.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from .behaviour import MessageId
from .bodies import check_activity, check_attributes, check_members
from .exchange import ApiError, Request, bad_request, invalid_input, mandatory
from .field_values import SetText, updated_values
from .lead_metadata import has_lead_field
from .posting import ACTIVITY_MEMBERS, Place, check_event, make_activity
from .store import Arrival, Lead, Store, changed

_MEMBERS: dict[str, type] = {"LeadDetails": list, "Activity": dict, "ValidateDropDownOptions": bool}
_ACTIVITY_MEMBERS = ACTIVITY_MEMBERS | {"ActivityDateTime": str}
_SEARCH_BY = "SearchBy"


def create_lead_and_activity(request: Request, store: Store, at: Arrival) -> Any:
    """Both or nothing: a wrong attribute or activity leaves the lead as it was, or not there."""
    body = request.json()
    check_members(body, _MEMBERS, "body")
    for name in ("LeadDetails", "Activity"):
        if not body.get(name):
            raise mandatory(name)
    check_attributes(body["LeadDetails"])
    check_activity(body["Activity"], _ACTIVITY_MEMBERS)
    check_event(body["Activity"], store)

    details = {attribute["Attribute"]: attribute["Value"] for attribute in body["LeadDetails"]}
    search_by = details.get(_SEARCH_BY, "")
    lead = _lead(store, _attributes(store, body["LeadDetails"]), search_by, at)
    place = Place(lead.lead_id, search_by, details.get(search_by, ""))
    skips = body.get("ValidateDropDownOptions", False)
    activity = make_activity(store, place, body["Activity"], at, 1, skips_dropdowns=skips)

    ids = {MessageId.ACTIVITY: activity.activity_id, MessageId.LEAD: lead.lead_id, MessageId.NEITHER: store.new_id()}
    message_id = ids[store.behaviour.message_id]
    store.put_lead(lead)
    store.activities.append(replace(activity, message_id=message_id, as_sent=body))
    return {"Status": "Success", "Message": {"Id": message_id}}


def _lead(store: Store, values: dict[str, str], search_by: str, at: Arrival) -> Lead:
    """The lead as it will be, not stored yet: the one that was found, updated, or a new one."""
    found = _find(store, values, search_by, at) if search_by else None
    _check_unique(store, values, found)
    if found is not None:
        return changed(found, at, values=updated_values(found.values, values, empty_clears=True))
    return Lead(
        lead_id=store.new_id(),
        values=values,
        number=len(store.leads) + 1,
        created_on=at.wall,
        modified_on=at.wall,
        stored_at=at.moment,
        created_by=at.request_number,
    )


def _find(store: Store, values: dict[str, str], search_by: str, at: Arrival) -> Lead | None:
    if search_by not in store.behaviour.unique_lead_fields:
        raise invalid_input(f"Invalid SearchBy value provided: {search_by}")
    if not values.get(search_by, "").strip():
        raise mandatory(search_by)
    return store.find_lead(search_by, values[search_by], at)


def _check_unique(store: Store, values: dict[str, str], own: Lead | None) -> None:
    for name, value in values.items():
        if name not in store.behaviour.unique_lead_fields:
            continue
        other = store.held_by_value(name, value)
        if other is not None and (own is None or other.lead_id != own.lead_id):
            text = f"Duplicate entry '{value}' for key 'UQ_Prospect_Base_{name}'"
            raise ApiError(500, "MXDuplicateEntryException", text)


def _attributes(store: Store, details: list[dict[str, Any]]) -> dict[str, str]:
    """Schema name → value of the lead; ApiError when the account has no such field, or one is there twice."""
    values: dict[str, str] = {}
    for attribute in details:
        name = attribute["Attribute"]
        if name in values:
            raise bad_request(f"LeadDetails has {name} twice.")
        values[name] = _set_text(attribute["Fields"]) if "Fields" in attribute else attribute["Value"]
    values.pop(_SEARCH_BY, None)
    unknown = [name for name in values if not has_lead_field(store.behaviour, name)]
    if unknown:
        raise ApiError(500, "MXUnknownAttributeException", f"Attribute(s) does not exist - {', '.join(unknown)}")
    return values


def _set_text(parts: list[dict[str, Any]]) -> SetText:
    return SetText(json.dumps({part["Attribute"]: part["Value"] for part in parts}))
