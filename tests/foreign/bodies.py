"""Bodies of writing operations: each has the members that its page shows, of the types that it shows, and no others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .exchange import bad_request, invalid_input

MOST_ROWS = 25
_UTC_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
# A custom field set nests Fields, and names its parts by Attribute.
_FIELD_MEMBERS: dict[str, type] = {"SchemaName": str, "Attribute": str, "Value": str, "Fields": list}
_ATTRIBUTE_MEMBERS: dict[str, type] = {"Attribute": str, "Value": str, "Fields": list}


def read_rows(body: Any, members: Mapping[str, type]) -> list[dict[str, Any]]:
    """The rows of a bulk operation; ApiError when the body is not what its page shows or has too many of them."""
    if not isinstance(body, list) or not body:
        raise bad_request("The body must be a JSON array of activities.")
    for row in body:
        check_activity(row, members)
    if len(body) > MOST_ROWS:
        raise invalid_input(f"{len(body)} activities were passed; the maximum limit is {MOST_ROWS}.")
    return body


def check_activity(activity: Any, members: Mapping[str, type]) -> None:
    """ApiError 400 when this is no activity with these members."""
    check_members(activity, members, "activity")
    _check_fields(activity.get("Fields", []))


def check_attributes(attributes: list[Any]) -> None:
    """ApiError 400 when these are no lead attributes as LeadDetails lists them."""
    for attribute in attributes:
        check_members(attribute, _ATTRIBUTE_MEMBERS, "attribute")
        if "Attribute" not in attribute or "Value" not in attribute:
            raise bad_request("An attribute needs Attribute and Value.")
        check_attributes(attribute.get("Fields", []))


def check_members(element: Any, members: Mapping[str, type], what: str) -> None:
    """ApiError 400 when this is no object, has a member of another name, or one of another type."""
    if not isinstance(element, dict):
        raise bad_request(f"Each {what} must be a JSON object.")
    for name, value in element.items():
        expected = members.get(name)
        if expected is None:
            raise bad_request(f"{what} has no attribute named {name}.")
        if type(value) is not expected:  # isinstance would take true for a number
            raise bad_request(f"{name} of an {what} must be of JSON type {expected.__name__}.")


def _check_fields(fields: list[Any]) -> None:
    for field in fields:
        check_members(field, _FIELD_MEMBERS, "field")
        if ("SchemaName" in field) == ("Attribute" in field) or "Value" not in field:
            raise bad_request("A field needs SchemaName and Value.")
        _check_fields(field.get("Fields", []))


def parse_utc(text: str) -> datetime:
    """The moment that a text in the pages' one form names; ValueError for any other form and for impossible dates."""
    if not _UTC_TIME.fullmatch(text):
        raise ValueError(f"'{text}' is not of the form YYYY-MM-DD HH:MM:SS")
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
