"""Reading activities back: those of a lead, and those of a type that changed in a window.

Sources: the vendor's pages "Get Activities of a Lead" and "Bulk Retrieve Activities by Activity Event".
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .exchange import Request, bad_request, invalid_input, mandatory, whole_number
from .posting import parse_utc
from .store import USER_EMAIL, USER_ID, USER_NAME, Arrival, Store, StoredActivity, stamp

DEFAULT_ROWS = 25
MOST_ROWS = 1000  # documented for the change history, taken over here
_EMPTY_CUSTOM_FIELDS = {f"mx_Custom_{number}": "" for number in range(1, 51)}


def activities_of_lead(request: Request, store: Store, at: Arrival) -> Any:
    """Retrieve?leadId=: one page of a lead's activities, the newest first."""
    lead_id = request.parameter("leadId")
    if not lead_id:
        raise mandatory("leadId")
    body = _object(request.json()) if request.body else {}
    event = _object(body.get("Parameter", {})).get("ActivityEvent")
    found = [
        activity
        for activity in store.visible(at)
        if activity.lead_id == lead_id.lower()
        and (event is None or activity.event == whole_number(event, "ActivityEvent"))
    ]
    found.sort(key=lambda activity: activity.created_on, reverse=True)
    paging = _object(body.get("Paging", {}))
    page = whole_number(paging.get("Offset", 0), "Offset")  # the page says "page number", and its sample starts at 0
    rows = whole_number(paging.get("RowCount", DEFAULT_ROWS), "RowCount", least=1, most=MOST_ROWS)
    listed = [_row_of_lead(store, activity) for activity in found[page * rows : (page + 1) * rows]]
    return {"RecordCount": len(found), "ProspectActivities": listed}


def _row_of_lead(store: Store, activity: StoredActivity) -> dict[str, Any]:
    name = _type_name(store, activity.event)
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
        "RelatedProspectId": activity.lead_id,
        "Data": [{"Key": key, "Value": value} for key, value in described.items()],
        "ActivityFields": {"Status": "Active"} | {name: value for name, value in activity.fields.items() if value},
        "ModifiedOn": stamp(activity.modified_on),
    }


def activities_by_event(request: Request, store: Store, at: Arrival) -> Any:
    """CustomActivity/RetrieveByActivityEvent: one page of a type's activities modified in a window, ends included."""
    body = _object(request.json())
    if "Parameter" not in body:
        raise mandatory("Parameter")
    parameter = _object(body["Parameter"])
    event = whole_number(_needed(parameter, "ActivityEvent"), "ActivityEvent")
    start, end = _moment(parameter, "FromDate"), _moment(parameter, "ToDate")
    if start > end:
        raise invalid_input("Parameter Name: FromDate. It is later than ToDate.")
    keeps_empty = parameter.get("RemoveEmptyValue") is not True
    rows = [
        _row_of_event(activity, keeps_empty=keeps_empty)
        for activity in store.visible(at)
        if activity.event == event and start <= activity.modified_on <= end
    ]
    _sort(rows, _object(body.get("Sorting", {})))
    paging = _object(body.get("Paging", {}))
    page = whole_number(paging.get("PageIndex", 1), "PageIndex", least=1)
    size = whole_number(paging.get("PageSize", DEFAULT_ROWS), "PageSize", least=1, most=MOST_ROWS)
    return {"RecordCount": len(rows), "List": rows[(page - 1) * size : page * size]}


def _row_of_event(activity: StoredActivity, *, keeps_empty: bool) -> dict[str, str]:
    custom = {name: value for name, value in activity.fields.items() if value}
    return {
        "ProspectActivityId": activity.activity_id,
        "RelatedProspectId": activity.lead_id,
        "ActivityType": "2",
        "ActivityEvent": str(activity.event),
        "ActivityEvent_Note": activity.note,
        "Status": "Active",
        "CreatedOn": stamp(activity.created_on),
        "CreatedBy": USER_ID,
        "CreatedByName": USER_NAME,
        "CreatedByEmailAddress": USER_EMAIL,
        "ModifiedOn": stamp(activity.modified_on),
        **(_EMPTY_CUSTOM_FIELDS if keeps_empty else {}),
        **custom,
    }


def _sort(rows: list[dict[str, str]], sorting: dict[str, Any]) -> None:
    """Direction 1 is newest first, 0 oldest first; the default is the order of changes, newest first."""
    column = str(sorting.get("ColumnName", "ModifiedOn"))
    direction = whole_number(sorting.get("Direction", 1), "Direction", most=1)
    if any(column not in row for row in rows):
        raise invalid_input(f"Parameter Name: ColumnName. {column} is not a column of this list.")
    rows.sort(key=lambda row: row[column], reverse=direction == 1)


def _type_name(store: Store, event: int) -> str:
    return (store.behaviour.activity_types or {}).get(event, f"Activity {event}")


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise bad_request("A JSON object is expected where the page shows one.")
    return value


def _needed(parameter: dict[str, Any], name: str) -> Any:
    if parameter.get(name) in (None, ""):
        raise mandatory(name)
    return parameter[name]


def _moment(parameter: dict[str, Any], name: str) -> datetime:
    try:
        return parse_utc(str(_needed(parameter, name)))
    except ValueError as error:
        raise invalid_input(f"Parameter Name: {name}. {error}") from error
