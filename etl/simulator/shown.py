"""An activity as each of the two reads shows it; their names for the same things differ (LeadSquared API: both reads)."""

from __future__ import annotations

import json
from typing import Any

from etl.simulator.account import Account, user_id_of
from etl.simulator.metadata import NOTE_FIELD
from etl.simulator.store import StoredActivity
from etl.simulator.switches import OpportunityShows, Switches
from etl.simulator.values import american, custom_values, plain_field, shown_note

_CUSTOM_TYPE = 2
_JSON = json.JSONEncoder(ensure_ascii=False).encode  # made once: thousands of rows are written with it
_SECONDS = 19  # the length of a time whose milliseconds are hidden


def by_event_text(account: Account, activity: StoredActivity) -> str:
    """A row of the read by type as JSON, without empty custom fields."""
    known = account.shown.get(activity.activity_id)
    if known is not None and known[0] is activity:
        return known[1]
    row = by_event_row(account, activity)
    text = _JSON({name: value for name, value in row.items() if value or not name.startswith("mx_")})
    account.shown[activity.activity_id] = (activity, text)
    return text


def by_event_row(account: Account, activity: StoredActivity) -> dict[str, Any]:
    """A row of the read by type: flat, with the type as text. Custom fields that this activity lacks are null."""
    return {
        "ProspectActivityId": activity.activity_id,
        "RelatedProspectId": related_id(activity, account.switches),
        "ActivityType": str(_CUSTOM_TYPE),
        "ActivityEvent": str(activity.event),
        "ActivityEvent_Note": shown_note(activity.note, account.switches),
        "Status": _status(activity),
        "Owner": _owner_id(activity),
        **{name: None for name in account.store.index.fields(activity.event) if name.startswith("mx_")},
        **custom_values(activity, account.switches),
        "CreatedOn": activity.created_on[:_SECONDS],
        "CreatedBy": activity.created_by,
        "CreatedByEmailAddress": activity.created_by_email,
        "CreatedByName": activity.created_by_name,
        "ModifiedOn": activity.modified_on[:_SECONDS],
    }


def by_lead_row(account: Account, activity: StoredActivity) -> dict[str, Any]:
    """A row of the read by lead: the type as a number, the rest in a list of pairs and in an object of fields."""
    note = shown_note(activity.note, account.switches)
    name = account.type_name(activity.event)
    data = {
        "CreatedByName": activity.created_by_name,
        "EventName": name,
        "NotableEventDescription": note or "",
        "HasAttachments": "False",
    }
    return {
        "Id": activity.activity_id,
        "EventCode": activity.event,
        "EventName": name,
        "ActivityScore": 0,
        "CreatedOn": activity.created_on[:_SECONDS],
        "ModifiedOn": activity.modified_on[:_SECONDS],
        "ActivityType": _CUSTOM_TYPE,
        "IsEmailType": False,
        "Type": "Custom",
        "SessionId": "",
        "TrackLocation": 0,
        "Latitude": "",
        "Longitude": "",
        "RelatedProspectId": related_id(activity, account.switches),
        "Data": [{"Key": key, "Value": value} for key, value in data.items()],
        "ActivityFields": _activity_fields(account, activity, note),
    }


def related_id(activity: StoredActivity, switches: Switches) -> str:
    """The lead of an activity, or what the switch shows for an opportunity's."""
    if activity.opportunity_id is None or switches.opportunity_shows is OpportunityShows.LEAD_ID:
        return activity.lead_id
    return activity.opportunity_id if switches.opportunity_shows is OpportunityShows.OPPORTUNITY_ID else ""


def details_of(account: Account, activity: StoredActivity) -> dict[str, str]:
    """Every value of an activity by the name of its field, as a read shows it; empty ones included."""
    return {
        NOTE_FIELD: shown_note(activity.note, account.switches) or "",
        "Status": _status(activity),
        "Owner": _owner_id(activity),
        **custom_values(activity, account.switches),
    }


def _activity_fields(account: Account, activity: StoredActivity, note: str | None) -> dict[str, str]:
    """Without empty ones; CreatedOn has a form of its own here."""
    fields = {
        "Status": _status(activity),
        "Owner": _owner_id(activity),
        "CreatedOn": american(activity.created_on[:_SECONDS]),
        "ActivityEvent_Note": note,
        **custom_values(activity, account.switches),
    }
    return {name: value for name, value in fields.items() if value}


def _status(activity: StoredActivity) -> str:
    return plain_field(activity, "Status") or "Active"


def _owner_id(activity: StoredActivity) -> str:
    """The owner named by id, else by e-mail address, else whoever wrote the activity."""
    named = plain_field(activity, "Owner")
    return named or (user_id_of(activity.owner_email) if activity.owner_email else activity.created_by)
