"""What else an account shows: its users, its activity types and their fields.

Sources: the vendor's pages "Get Details of Activity Type" and the one on finding the API host; the members of users and
of the list of activity types are those that clients read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .exchange import ApiError, Request, mandatory, whole_number
from .field_values import LONGEST_VALUE, NOTE, STANDARD_FIELDS, fields_of_type
from .store import USER_EMAIL, USER_ID, Arrival, Store, StoredActivity, implied_id
from .updating import unknown_activity
from .users import active_user, users_of


def user_by_access_key(request: Request, store: Store, at: Arrival) -> Any:
    """Authentication.svc/UserByAccessKey.Get: whose keys these are, and at which host the account lives."""
    host = request.headers.get("host", "")
    return {
        "Id": USER_ID,
        "EmailAddress": USER_EMAIL,
        "Role": "Administrator",
        "OrgId": store.behaviour.org_id,
        "OrgShortCode": "FOREIGN",
        "TimeZone": "Asia/Kolkata",
        "DefaultCountryCode": "91",
        "LSQCommonServiceURLs": {"api": host, "app": host},
    }


def users(request: Request, store: Store, at: Arrival) -> Any:
    """UserManagement.svc/Users.Get: a bare array, where the test named users."""
    if store.behaviour.users is None:
        raise ApiError(404, "MXNotFoundException", "This account's users cannot be read.")
    return users_of(store.behaviour)


def activity_types(request: Request, store: Store, at: Arrival) -> Any:
    """ActivityTypes.Get: a bare array, the code as a text, where the test named the types."""
    return [
        {"ActivityEvent": str(code), "ActivityEventName": name, "DisplayName": name, "EventType": 2}
        for code, name in _types(store).items()
    ]


def activity_setting(request: Request, store: Store, at: Arrival) -> Any:
    """CustomActivity/GetActivitySetting?code=: name and fields of an activity type, where the test named the types."""
    types = _types(store)
    code = whole_number(request.parameter("code"), "code")
    if code not in types:
        raise ApiError(500, "MXInvalidActivityException", f"{code} is not the code of an activity type.")
    known = fields_of_type(store.behaviour, code) or {}
    fields = [_described(name, members, order) for order, (name, members) in enumerate(known.items(), start=1)]
    return _named(code, types[code], fields)


def activity_details(request: Request, store: Store, at: Arrival) -> Any:
    """GetActivityDetails?activityId=: the fields of its type with its values. No lead, no times, no id of its own."""
    activity_id = request.parameter("activityId")
    if not activity_id:
        raise mandatory("activityId")
    place = store.index_of(activity_id)
    held = store.activities[place] if place is not None else None
    activity = held if held is None or store.behaviour.details_at_once else store.seen(held, at)
    if activity is None:
        raise unknown_activity()
    values = shown_values(store, activity) | {NOTE: activity.note}
    known = fields_of_type(store.behaviour, activity.event) or STANDARD_FIELDS
    names = list(dict.fromkeys([*known, *values]))
    fields = [
        _described(name, known.get(name, {}), order) | {"Value": values.get(name, "")}
        for order, name in enumerate(names, start=1)
    ]
    return _named(activity.event, type_name(store, activity.event), fields)


def shown_values(store: Store, activity: StoredActivity) -> dict[str, str]:
    """The values of an activity that reads show: those that are not empty, its status, its owner where users are known."""
    owner = active_user(store.behaviour, activity.owner_email) if store.behaviour.users is not None else None
    values = {"Status": "Active"} | ({"Owner": str(owner["ID"])} if owner else {})
    return values | {name: value for name, value in activity.fields.items() if value}


def type_name(store: Store, event: int) -> str:
    """The name of an activity type; one made of its code where the test named none."""
    return (store.behaviour.activity_types or {}).get(event, f"Activity {event}")


def _types(store: Store) -> Mapping[int, str]:
    if store.behaviour.activity_types is None:
        raise ApiError(404, "MXNotFoundException", "This account's activity types cannot be read.")
    return store.behaviour.activity_types


def _named(code: int, name: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {"ID": implied_id("ActivityType", str(code)), "Name": name, "DisplayName": name, "Fields": fields}


def _described(name: str, members: Mapping[str, Any], order: int) -> dict[str, Any]:
    """One field as the page prints it; its options as the JSON text that `OptionSet` is."""
    usual = {
        "SchemaName": name,
        "DisplayName": name,
        "Value": "",
        "DataType": "String",
        "IsMandatory": False,
        "ShowInForm": True,
        "Sequence": order,
        "OptionSet": _option_set(members.get("Options", ())),
        "IsMultiSelectDropdown": False,
        "MaxFieldLength": LONGEST_VALUE,
    }
    return usual | {member: value for member, value in members.items() if member != "Options"}


def _option_set(options: Any) -> str:
    if not options:
        return ""
    described = [
        {
            "IsDefault": False,
            "Text": "",
            "Value": value,
            "Order": order,
            "CanEdit": 1,
            "CanDelete": 1,
            "IsLastOption": 0,
        }
        for order, value in enumerate(options)
    ]
    return json.dumps(described)
