"""Reading activities back: those of a lead, and those of a type that changed in a window.

Sources: the vendor's pages "Get Activities of a Lead" and "Bulk Retrieve Activities by Activity Event".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import Any

from .account_reads import shown_values, type_name
from .bodies import parse_utc
from .exchange import Request, invalid_input, mandatory, whole_number
from .paging import json_object, page_of, page_of_retrieve, shake
from .store import USER_EMAIL, USER_ID, USER_NAME, Arrival, Store, StoredActivity, stamp

# The columns that lists are sorted by, without making a row of each activity.
_QUICK_KEYS: dict[str, Callable[[StoredActivity], Any]] = {
    "ModifiedOn": attrgetter("modified_on"),
    "CreatedOn": attrgetter("created_on"),
    "ProspectActivityId": attrgetter("activity_id"),
}
_EMPTY_CUSTOM_FIELDS = {f"mx_Custom_{number}": "" for number in range(1, 51)}


def activities_of_lead(request: Request, store: Store, at: Arrival) -> Any:
    """Retrieve?leadId=: one page of a lead's activities, the newest first."""
    lead_id = request.parameter("leadId")
    if not lead_id:
        raise mandatory("leadId")
    body = json_object(request.json()) if request.body else {}
    event = json_object(body.get("Parameter", {})).get("ActivityEvent")
    wanted = None if event is None else whole_number(event, "ActivityEvent")
    found = [activity for activity in store.listed_under(lead_id, at) if wanted in (None, activity.event)]
    shake(found, store.behaviour, at.request_number)
    found.sort(key=lambda activity: activity.created_on, reverse=True)
    listed = page_of_retrieve(found, body, store.behaviour)
    counted = listed if store.behaviour.retrieve_counts_page else found
    return {"RecordCount": len(counted), "ProspectActivities": [_row_of_lead(store, activity) for activity in listed]}


def _row_of_lead(store: Store, activity: StoredActivity) -> dict[str, Any]:
    name = type_name(store, activity.event)
    described = {
        "CreatedByName": USER_NAME,
        "EventName": name,
        "NotableEventDescription": activity.note,
        "HasAttachments": "False",
    }
    return {
        "Id": activity.activity_id,
        "EventCode": activity.event,
        "EventName": name,
        "ActivityScore": 0,
        "CreatedOn": stamp(activity.created_on),
        "ActivityType": 2,
        "IsEmailType": False,
        "Type": "Inbound",
        "SessionId": activity.activity_id,
        "TrackLocation": 0,
        "Latitude": 0,
        "Longitude": 0,
        "RelatedProspectId": store.related_id(activity),
        "Data": [{"Key": key, "Value": value} for key, value in described.items()],
        "ActivityFields": shown_values(store, activity),
        "ModifiedOn": stamp(activity.modified_on),
    }


def activities_by_event(request: Request, store: Store, at: Arrival) -> Any:
    """CustomActivity/RetrieveByActivityEvent: one page of a type's activities modified in a window, ends included."""
    body = json_object(request.json())
    if "Parameter" not in body:
        raise mandatory("Parameter")
    parameter = json_object(body["Parameter"])
    event = whole_number(_needed(parameter, "ActivityEvent"), "ActivityEvent")
    start, end = _moment(parameter, "FromDate"), _moment(parameter, "ToDate")
    if start > end:
        raise invalid_input("Parameter Name: FromDate. It is later than ToDate.")
    found = [
        activity for activity in store.visible(at) if activity.event == event and start <= activity.modified_on <= end
    ]
    shake(found, store.behaviour, at.request_number)
    _sort(found, store, json_object(body.get("Sorting", {})))
    listed = [_row_of_event(store, activity) for activity in page_of(found, body, store.behaviour)]
    if parameter.get("RemoveEmptyValue") is not True:
        listed = [_EMPTY_CUSTOM_FIELDS | row for row in listed]
    shown = {} if not listed and store.behaviour.omits_empty_list else {"List": listed}
    return {"RecordCount": len(found)} | shown


def _row_of_event(store: Store, activity: StoredActivity) -> dict[str, str]:
    return {
        "ProspectActivityId": activity.activity_id,
        "RelatedProspectId": store.related_id(activity),
        "ActivityType": "2",
        "ActivityEvent": str(activity.event),
        "ActivityEvent_Note": activity.note,
        "CreatedOn": stamp(activity.created_on),
        "CreatedBy": USER_ID,
        "CreatedByName": USER_NAME,
        "CreatedByEmailAddress": USER_EMAIL,
        "ModifiedOn": stamp(activity.modified_on),
        **shown_values(store, activity),
    }


def _sort(found: list[StoredActivity], store: Store, sorting: dict[str, Any]) -> None:
    """Direction 1 is newest first, 0 oldest first; the default is the order of changes, newest first."""
    column = str(sorting.get("ColumnName", "ModifiedOn"))
    direction = whole_number(sorting.get("Direction", 1), "Direction", most=1)
    if found and column not in _EMPTY_CUSTOM_FIELDS | _row_of_event(store, found[0]):
        raise invalid_input(f"Parameter Name: ColumnName. {column} is not a column of this list.")
    usual = _QUICK_KEYS.get(column, lambda activity: _row_of_event(store, activity).get(column, ""))
    found.sort(key=usual, reverse=direction == 1)


def _needed(parameter: dict[str, Any], name: str) -> Any:
    if parameter.get(name) in (None, ""):
        raise mandatory(name)
    return parameter[name]


def _moment(parameter: dict[str, Any], name: str) -> datetime:
    try:
        return parse_utc(str(_needed(parameter, name)))
    except ValueError as error:
        raise invalid_input(f"Parameter Name: {name}. {error}") from error
