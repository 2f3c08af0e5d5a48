"""What an activity's `Fields` say, held against the fields of its type where the test named them.

Sources: the vendor's pages "Get Details of Activity Type" (the members of a field), "Capture Opportunities" (the words
of a mandatory field) and the note on `ValidateDropDownOptions` that all posting operations carry.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from .behaviour import Behaviour
from .exchange import ApiError

LONGEST_VALUE = 200  # MaxFieldLength in every sample of the activity metadata
NOTE = "ActivityEvent_Note"
STANDARD_FIELDS: dict[str, dict[str, Any]] = {
    NOTE: {"DisplayName": "Notes"},
    "Status": {"DisplayName": "Status", "DataType": "SearchableDropdown", "Options": ["Active", "Inactive"]},
    "Owner": {"DisplayName": "Owner", "DataType": "ActiveUsers"},
}
# An activity type has up to 50 custom fields; Status and Owner are ordinary fields of it.
_SCHEMA_NAME = re.compile(r"mx_Custom_([1-9]|[1-4][0-9]|50)|mx_(?!Custom_)\w+|Status|Owner")


class SetText(str):
    """A custom field set as the reads print it, which a plain value of the same text is not."""

    __slots__ = ()


def fields_of_type(behaviour: Behaviour, event: int) -> dict[str, Mapping[str, Any]] | None:
    """Schema name → members of a type's fields, the standard ones first; None where the test did not name them."""
    named = (behaviour.activity_fields or {}).get(event)
    return None if named is None else STANDARD_FIELDS | dict(named)


def field_values(fields: list[dict[str, Any]], known: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, str]:
    """Schema name → value, a custom field set as a JSON text; ApiError when a name or value cannot be."""
    values: dict[str, str] = {}
    for field in fields:
        name = field.get("SchemaName") or field.get("Attribute") or ""
        if not _SCHEMA_NAME.fullmatch(name) or (known is not None and name not in known):
            raise _wrong(f"Field name : '{name}' does not exist.")
        longest = (known or {}).get(name, {}).get("MaxFieldLength", LONGEST_VALUE)
        if len(field["Value"]) > longest:
            raise _wrong(f"Field name : '{name}' holds {len(field['Value'])} characters, more than {longest}.")
        values[name] = SetText(json.dumps(field_values(field["Fields"]))) if "Fields" in field else field["Value"]
    return values


def values_for_type(
    fields: list[dict[str, Any]], behaviour: Behaviour, event: int, *, skips_dropdowns: bool, is_new: bool
) -> dict[str, str]:
    """The same, held against the fields of the type. is_new: what is mandatory there must be there."""
    known = fields_of_type(behaviour, event)
    values = field_values(fields, known)
    for name, members in (known or {}).items():
        value = values.get(name, "")
        if is_new and members.get("IsMandatory") and not value:
            datatype = members.get("DataType", "String")
            raise _wrong(f"Field name : '{name}' of datatype : '{datatype}' is mandatory.")
        if value and not skips_dropdowns and not _is_option(value, members):
            raise _wrong(f"Field name : '{name}' has no option '{value}'.")
    return values


def _is_option(value: str, members: Mapping[str, Any]) -> bool:
    """Whether a dropdown takes this value; how several of them are written together is said nowhere, so any is taken."""
    return "Options" not in members or bool(members.get("IsMultiSelectDropdown")) or value in members["Options"]


def updated_values(held: Mapping[str, str], sent: Mapping[str, str], *, empty_clears: bool) -> dict[str, str]:
    """The values after an update: what was not sent stays, and so do the parts of a custom field set not sent."""
    values = dict(held)
    for name, value in sent.items():
        if value or empty_clears:
            values[name] = _merged(values.get(name, ""), value, empty_clears=empty_clears)
    return values


def _merged(held: str, sent: str, *, empty_clears: bool) -> str:
    """A set's text after an update, or simply what was sent where one of the two is no set."""
    if not (isinstance(held, SetText) and isinstance(sent, SetText)):
        return sent
    return SetText(json.dumps(updated_values(json.loads(held), json.loads(sent), empty_clears=empty_clears)))


def _wrong(message: str) -> ApiError:
    return ApiError(500, "MXInvalidActivityFieldsException", message)
