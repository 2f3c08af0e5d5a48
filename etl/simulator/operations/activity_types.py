"""The account's activity types (LeadSquared API: Get List of Activity Types)."""

from __future__ import annotations

from collections.abc import Mapping

from etl.simulator.account import Account, Arrival, Operation
from etl.simulator.answers import json_reply
from etl.simulator.messages import Reply

_CUSTOM_TYPE = 2


def answer(account: Account, _arrival: Arrival) -> Reply:
    """A bare array. An account that accepts every code lists those it has seen."""
    types = account.options.activity_types
    if types is None:
        types = _seen_types(account)
    return json_reply(
        [
            {"ActivityEvent": code, "ActivityEventName": name, "DisplayName": name, "EventType": _CUSTOM_TYPE}
            for code, name in sorted(types.items())
        ]
    )


def _seen_types(account: Account) -> Mapping[int, str]:
    return {event: f"Activity {event}" for event in account.store.index.events()}


OPERATION = Operation(
    method="GET",
    path="/v2/ProspectActivity.svc/ActivityTypes.Get",
    bulk=False,
    writes=False,
    answer=answer,
)
