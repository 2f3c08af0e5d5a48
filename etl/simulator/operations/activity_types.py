"""The account's activity types (LeadSquared API: Get List of Activity Types)."""

from __future__ import annotations

from etl.simulator.account import Account, Arrival, Operation
from etl.simulator.answers import json_reply
from etl.simulator.messages import Reply
from etl.simulator.rights import not_offered
from etl.simulator.switches import Read

_CUSTOM_TYPE = 2


def answer(account: Account, _arrival: Arrival) -> Reply:
    """A bare array. An account that accepts every code has no list to show. Raises Refused."""
    types = account.activity_types
    if types is None:
        raise not_offered(OPERATION.path, account.switches)
    return json_reply(
        [
            {"ActivityEvent": code, "ActivityEventName": name, "DisplayName": name, "EventType": _CUSTOM_TYPE}
            for code, name in sorted(types.items())
        ]
    )


OPERATION = Operation(
    method="GET",
    path="/v2/ProspectActivity.svc/ActivityTypes.Get",
    bulk=False,
    writes=False,
    answer=answer,
    read=Read.ACTIVITY_TYPES,
)
