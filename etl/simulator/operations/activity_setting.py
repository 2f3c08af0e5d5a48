"""Name and fields of an activity type (LeadSquared API: Get Details of Activity Type)."""

from __future__ import annotations

import uuid

from etl.simulator.account import Account, Arrival, Operation, Refused
from etl.simulator.answers import json_reply
from etl.simulator.messages import Reply
from etl.simulator.rights import not_offered
from etl.simulator.shown_fields import fields_of, shown_fields
from etl.simulator.switches import Read

_IDS = uuid.UUID("d7c8f8de-3d86-4b8f-9a2f-2f0b7f4cbb11")


def answer(account: Account, arrival: Arrival) -> Reply:
    """Of a type that the account lays down; one that accepts every code has no settings to show. Raises Refused."""
    types = account.activity_types
    if types is None and not account.options.activity_fields:
        raise not_offered(OPERATION.path, account.switches)
    code = arrival.request.parameter("code") or ""
    event = int(code) if code.isascii() and code.isdecimal() else 0
    if event not in {**(types or {}), **account.options.activity_fields}:
        raise Refused(500, "MXInvalidActivityException", "Event Code is invalid or empty")
    name = account.type_name(event)
    fields = shown_fields(fields_of(account, event))
    type_id = str(uuid.uuid5(_IDS, str(event)))
    return json_reply({"ID": type_id, "Name": name, "DisplayName": name, "Score": 0, "Fields": fields})


OPERATION = Operation(
    method="GET",
    path="/v2/ProspectActivity.svc/CustomActivity/GetActivitySetting",
    bulk=False,
    writes=False,
    answer=answer,
    read=Read.ACTIVITY_SETTING,
)
