"""Bulk/CustomActivity/Add/ByLeadField: rows of a body become activities.

Source: the vendor's page "Post Activities on Leads in Bulk (Using Unique Lead Fields)". What it leaves open is decided
here on the strict side; the most of 25 rows is taken from its sister pages.
"""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime
from typing import Any

from .exchange import ApiError, Request, bad_request, invalid_input, mandatory
from .store import Arrival, Lead, Store, StoredActivity

MOST_ROWS = 25
LONGEST_VALUE = 200  # MaxFieldLength in every sample of the activity metadata

_ROW_MEMBERS: dict[str, type] = {
    "SearchByValue": str,
    "ActivityEvent": int,
    "ActivityNote": str,
    "ActivityOwnerEmail": str,
    "ActivityDateTime": str,
    "Fields": list,
    "ValidateDropDownOptions": bool,
}
# A custom field set nests Fields, and names its parts by Attribute.
_FIELD_MEMBERS: dict[str, type] = {"SchemaName": str, "Attribute": str, "Value": str, "Fields": list}
_UTC_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
# An activity type has up to 50 custom fields; Status and Owner are ordinary fields of it.
_SCHEMA_NAME = re.compile(r"mx_Custom_([1-9]|[1-4][0-9]|50)|mx_(?!Custom_)\w+|Status|Owner")


def add_by_lead_field(request: Request, store: Store, at: Arrival) -> Any:
    """Store every row that can be stored and answer each one; nothing is stored when the request itself is wrong."""
    search_by = request.parameter("searchBy")
    if not search_by:
        raise mandatory("SearchBy")
    if search_by not in store.behaviour.unique_lead_fields:
        raise invalid_input(f"Parameter Name: SearchBy. {search_by} is not a unique lead field.")
    rows = _read_rows(request.json())
    _check_events(rows, store)
    return {"Response": [_answer_row(store, search_by, row, number, at) for number, row in enumerate(rows, start=1)]}


def _read_rows(body: Any) -> list[dict[str, Any]]:
    if not isinstance(body, list) or not body:
        raise bad_request("The body must be a JSON array of activities.")
    for row in body:
        _check_members(row, _ROW_MEMBERS, "activity")
        _check_fields(row.get("Fields", []))
    if len(body) > MOST_ROWS:
        raise invalid_input(f"{len(body)} activities were passed; the maximum limit is {MOST_ROWS}.")
    return body


def _check_fields(fields: list[Any]) -> None:
    for field in fields:
        _check_members(field, _FIELD_MEMBERS, "field")
        if ("SchemaName" in field) == ("Attribute" in field) or "Value" not in field:
            raise bad_request("A field needs SchemaName and Value.")
        _check_fields(field.get("Fields", []))


def _check_members(element: Any, members: dict[str, type], what: str) -> None:
    if not isinstance(element, dict):
        raise bad_request(f"Each {what} must be a JSON object.")
    for name, value in element.items():
        expected = members.get(name)
        if expected is None:
            raise bad_request(f"{what} has no attribute named {name}.")
        if type(value) is not expected:  # isinstance would take true for a number
            raise bad_request(f"{name} of an {what} must be of JSON type {expected.__name__}.")


def _check_events(rows: list[dict[str, Any]], store: Store) -> None:
    types = store.behaviour.activity_types
    for row in rows:
        if types is not None and row.get("ActivityEvent", 0) not in types:
            raise ApiError(500, "MXInvalidActivityException", "ActivityEvent is not the code of an activity type.")


def _answer_row(store: Store, search_by: str, row: dict[str, Any], row_number: int, at: Arrival) -> dict[str, Any]:
    try:
        activity = _make_activity(store, search_by, row, row_number, at)
    except ApiError as error:
        return {"RowNumber": row_number, "ActivityCreated": False, "ExceptionMessage": error.message}
    store.activities.append(activity)
    return {"ProspectActivityId": activity.activity_id, "RowNumber": row_number, "ActivityCreated": True}


def _make_activity(store: Store, search_by: str, row: dict[str, Any], row_number: int, at: Arrival) -> StoredActivity:
    """The activity that one row describes; ApiError when the row alone is at fault."""
    lead = _find_lead(store, search_by, row, at)
    if "ActivityEvent" not in row:
        raise mandatory("ActivityEvent")
    return StoredActivity(
        activity_id=str(uuid.uuid4()),
        lead_id=lead.lead_id,
        search_by=search_by,
        search_value=row["SearchByValue"],
        event=row["ActivityEvent"],
        note=row.get("ActivityNote", ""),
        owner_email=row.get("ActivityOwnerEmail", ""),
        fields=_field_values(row.get("Fields", [])),
        created_on=_activity_time(row, at),
        modified_on=at.wall,
        stored_at=at.moment,
        request_number=at.request_number,
        row_number=row_number,
        as_sent=row,
    )


def _find_lead(store: Store, search_by: str, row: dict[str, Any], at: Arrival) -> Lead:
    value = row.get("SearchByValue", "")
    if not value.strip():
        raise mandatory("SearchByValue")
    lead = store.find_lead(search_by, value, at)
    if lead is None:
        raise ApiError(500, "MXLeadNotFoundException", f"No lead found with {search_by} = {value}")
    return lead


def _activity_time(row: dict[str, Any], at: Arrival) -> datetime:
    """When the activity happened. The pages take one form only: UTC, YYYY-MM-DD HH:MM:SS."""
    text = row.get("ActivityDateTime")
    if text is None:
        return at.wall
    try:
        return parse_utc(text)
    except ValueError as error:
        raise invalid_input(f"Parameter Name: ActivityDateTime. {error}") from error


def parse_utc(text: str) -> datetime:
    """The moment that a text in the pages' one form names; ValueError for any other form and for impossible dates."""
    if not _UTC_TIME.fullmatch(text):
        raise ValueError(f"'{text}' is not of the form YYYY-MM-DD HH:MM:SS")
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def _field_values(fields: list[dict[str, Any]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for field in fields:
        name = field.get("SchemaName") or field.get("Attribute") or ""
        if not _SCHEMA_NAME.fullmatch(name):
            raise ApiError(500, "MXInvalidActivityFieldsException", f"Field name : '{name}' does not exist.")
        if len(field["Value"]) > LONGEST_VALUE:
            text = f"Field name : '{name}' holds {len(field['Value'])} characters, more than {LONGEST_VALUE}."
            raise ApiError(500, "MXInvalidActivityFieldsException", text)
        values[name] = json.dumps(_field_values(field["Fields"])) if "Fields" in field else field["Value"]
    return values
