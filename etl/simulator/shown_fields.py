"""A field of an activity type as settings and details show it (LeadSquared API: Get Details of Activity Type)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from etl.simulator.account import Account
from etl.simulator.metadata import ALL_CUSTOM_FIELDS, NOTE_FIELD, ActivityField

_SYSTEM = (
    ActivityField(NOTE_FIELD, "Notes"),
    ActivityField("Status", "Status", "SearchableDropdown", ("Active", "Inactive")),
    ActivityField("Owner", "Owner", "ActiveUsers"),
)


def fields_of(account: Account, event: int) -> list[ActivityField]:
    """The fields of a type: those laid down, or all custom ones; the system's own first."""
    own = account.options.activity_fields.get(event, ALL_CUSTOM_FIELDS)
    names = {field.schema_name for field in own}
    shown = [*(field for field in _SYSTEM if field.schema_name not in names), *own]
    return [field for field in shown if "~" not in field.schema_name]


def shown_fields(fields: Iterable[ActivityField]) -> list[dict[str, Any]]:
    """Each as an object. OptionSet is a JSON text, empty for a field that is no dropdown; Value is empty."""
    return [
        {
            "SchemaName": field.schema_name,
            "DisplayName": field.display_name or field.schema_name,
            "Value": "",
            "DataType": field.data_type,
            "IsMandatory": field.is_mandatory,
            "ShowInForm": True,
            "Sequence": place,
            "OptionSet": _option_set(field.options),
            "IsMultiSelectDropdown": field.is_multi_select,
            "MaxFieldLength": field.max_length,
            "ParentField": None,
            "DependentOptionSet": "",
        }
        for place, field in enumerate(fields, start=1)
    ]


def _option_set(options: tuple[str, ...]) -> str:
    rows = [
        {
            "IsDefault": place == 0,
            "Text": "",
            "Value": option,
            "Order": place,
            "CanEdit": 1,
            "CanDelete": 1,
            "IsLastOption": int(place == len(options) - 1),
        }
        for place, option in enumerate(options)
    ]
    return json.dumps(rows, ensure_ascii=False) if rows else ""
