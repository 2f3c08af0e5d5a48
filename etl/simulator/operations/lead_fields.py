"""Attributes of leads (LeadSquared API: Get Lead Metadata)."""

from __future__ import annotations

from typing import Any

from etl.simulator.account import Account, Arrival, Operation
from etl.simulator.answers import json_reply
from etl.simulator.messages import Reply
from etl.simulator.metadata import STANDARD_LEAD_FIELDS, LeadField
from etl.simulator.rights import not_offered
from etl.simulator.switches import Read

_STAMP = "/Date(1577836800000+0000)/"


def answer(account: Account, arrival: Arrival) -> Reply:
    """A bare array; an account that accepts every name has no list to show. Raises Refused."""
    own = account.options.lead_fields
    if own is None:
        raise not_offered(OPERATION.path, account.switches)
    with_options = arrival.request.parameter("excludeOptionSets") != "1"
    asked = arrival.request.parameter("schemaName")
    every = {field.schema_name: field for field in (*STANDARD_LEAD_FIELDS, *own)}
    return json_reply([_shown(field, with_options) for name, field in every.items() if asked in {None, "", name}])


def _shown(field: LeadField, with_options: bool) -> dict[str, Any]:
    return {
        "Entity": "Lead",
        "SchemaName": field.schema_name,
        "DisplayName": field.display_name or field.schema_name,
        "DataType": field.data_type,
        "IsMandatory": field.is_mandatory,
        "Options": [{"Value": option} for option in field.options] if with_options else [],
        "MaxLength": str(field.max_length),
        "RangeMin": None,
        "RenderType": 0,
        "RenderTypeTextValue": field.data_type,
        "IsSearchable": field.is_unique,
        "IsLeadIdentifier": field.is_unique,
        "LockAfterCreate": False,
        "AllowMultiple": False,
        "DefaultValue": None,
        "IsSortable": True,
        "CreatedOn": _STAMP,
        "ModifiedOn": _STAMP,
    }


OPERATION = Operation(
    method="GET",
    path="/v2/LeadManagement.svc/LeadsMetaData.Get",
    bulk=False,
    writes=False,
    answer=answer,
    read=Read.LEAD_FIELDS,
)
