"""The fields of a lead, and LeadsMetaData.Get, which lists them.

Source: the vendor's page "Get Lead Metadata" (members, data types, stamps of its own form).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .behaviour import Behaviour
from .exchange import ApiError, Request
from .store import Arrival, Store

STANDARD_FIELDS: dict[str, dict[str, Any]] = {
    "ProspectID": {"DisplayName": "Lead Id"},
    "FirstName": {"DisplayName": "First Name"},
    "LastName": {"DisplayName": "Last Name"},
    "EmailAddress": {"DisplayName": "Email", "DataType": "Email"},
    "Phone": {"DisplayName": "Phone Number", "DataType": "Phone"},
    "Mobile": {"DisplayName": "Mobile Number", "DataType": "Phone"},
    "OwnerId": {"DisplayName": "Owner"},
    "ProspectStage": {"DisplayName": "Lead Stage", "DataType": "Select", "Options": ["Prospect", "Customer"]},
}
_STAMP = "/Date(1417453996000+0000)/"


def has_lead_field(behaviour: Behaviour, name: str) -> bool:
    """Whether a lead of this account has a field of this name; any, where the test did not name them."""
    return behaviour.lead_fields is None or name in _fields(behaviour)


def leads_metadata(request: Request, store: Store, at: Arrival) -> Any:
    """LeadsMetaData.Get: a bare array, of one field with `schemaName=`, without options with `excludeOptionSets=1`."""
    if store.behaviour.lead_fields is None:
        raise ApiError(404, "MXNotFoundException", "This account's lead fields cannot be read.")
    wanted = request.parameter("schemaName")
    unique = store.behaviour.unique_lead_fields
    with_options = request.parameter("excludeOptionSets") != "1"
    return [
        _described(name, members, is_unique=name in unique, with_options=with_options)
        for name, members in _fields(store.behaviour).items()
        if wanted in ("", name)
    ]


def _fields(behaviour: Behaviour) -> Mapping[str, Mapping[str, Any]]:
    return STANDARD_FIELDS | dict(behaviour.lead_fields or {})


def _described(name: str, members: Mapping[str, Any], *, is_unique: bool, with_options: bool) -> dict[str, Any]:
    usual = {
        "Entity": "Lead",
        "SchemaName": name,
        "DisplayName": name,
        "DataType": "Text",
        "IsMandatory": False,
        "MaxLength": "200",
        "RangeMin": None,
        "RenderTypeTextValue": "Textbox",
        "IsSearchable": True,
        "IsLeadIdentifier": is_unique,
        "LockAfterCreate": False,
        "AllowMultiple": False,
        "DefaultValue": None,
        "IsSortable": True,
        "CreatedOn": _STAMP,
        "ModifiedOn": _STAMP,
    }
    options = [{"Value": option} for option in members.get("Options", ())] if with_options else []
    return usual | dict(members) | {"Options": options}
