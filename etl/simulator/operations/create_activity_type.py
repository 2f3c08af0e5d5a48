"""A new activity type (LeadSquared API: Create New Activity Type)."""

from __future__ import annotations

from etl.simulator.account import Account, Arrival, Operation, Refused
from etl.simulator.bodies import json_object
from etl.simulator.messages import Reply
from etl.simulator.one_activity import id_reply

_FIRST_CODE = 200


def answer(account: Account, arrival: Arrival) -> Reply:
    """The type is there from now on, until the simulator ends; its code comes as a text. Raises Refused."""
    name = json_object(arrival.request).get("ActivityEventName")
    if not isinstance(name, str) or not name.strip():
        raise Refused(500, "MXMandatoryAttributeMissingException", "'ActivityEventName' is mandatory.")
    used = {*(account.activity_types or {}), *account.created_types, *account.store.index.events()}
    code = max((_FIRST_CODE, *used)) + 1
    account.created_types[code] = name.strip()
    return id_reply(str(code))


OPERATION = Operation(
    method="POST",
    path="/v2/ProspectActivity.svc/CreateType",
    bulk=False,
    writes=True,
    answer=answer,
)
