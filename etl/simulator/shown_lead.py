"""A lead as look-ups show it (LeadSquared API: lead look-up)."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

from etl.simulator.account import Account
from etl.simulator.bodies import member
from etl.simulator.leads import KnownLead
from etl.simulator.switches import LeadShape

_BEFORE_ANY_ACTIVITY = "2020-01-01 00:00:00.000"


def flat_lead(account: Account, lead: KnownLead, columns: Iterable[str] = ()) -> dict[str, str | None]:
    """All values are texts or null. Only the field by which the lead is known has one of its own; columns: only these."""
    last = account.store.index.last_written(lead.lead_id)
    moved = _BEFORE_ANY_ACTIVITY if last is None else f"{last[:19]}.000"
    whole = {
        "ProspectID": lead.lead_id,
        "ProspectAutoId": str(zlib.crc32(lead.lead_id.encode())),
        "FirstName": None,
        "LastName": None,
        "EmailAddress": None,
        "Phone": None,
        "Mobile": None,
        "OwnerId": account.user_id,
        "OwnerIdName": account.options.user_name,
        "ProspectStage": "Prospect",
        "StatusCode": "0",
        "CreatedOn": _BEFORE_ANY_ACTIVITY,
        "ModifiedOn": moved,
        "LeadLastModifiedOn": moved,
        **lead.values,
    }
    wanted = list(columns)
    return {name: whole.get(name) for name in wanted} if wanted else whole


def lead_by_id(account: Account, lead: KnownLead, columns: Iterable[str] = ()) -> Any:
    """The same, in the shape that the switch gives to leads asked for by id."""
    flat = flat_lead(account, lead, columns)
    if account.switches.lead_shape is LeadShape.FLAT:
        return flat
    return {"LeadPropertyList": [{"Attribute": name, "Value": value} for name, value in flat.items()]}


def columns_of(body: dict[str, Any]) -> list[str]:
    """`{"Columns":{"Include_CSV":"ProspectID,EmailAddress"}}`; none is all. Raises Refused."""
    listed = member(body, "Columns").get("Include_CSV") or ""
    return [name.strip() for name in str(listed).split(",") if name.strip()]
