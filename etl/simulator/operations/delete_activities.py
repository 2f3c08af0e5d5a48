"""Deletion of a lead's activities by their types (LeadSquared API: Delete Activities)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from etl.simulator.account import Account, Arrival, Moment, Operation, Refused
from etl.simulator.answers import json_reply
from etl.simulator.bodies import json_object
from etl.simulator.messages import Reply
from etl.simulator.paging import invalid_input, whole_number
from etl.simulator.visible import ALL

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")


def answer(account: Account, arrival: Arrival) -> Reply:
    """Queue the deletion; it takes effect after the seconds of the switch, and nobody is told. Raises Refused."""
    body = json_object(arrival.request)
    lead_id = body.get("ProspectId")
    if not isinstance(lead_id, str) or not lead_id.strip():
        raise Refused(500, "MXMandatoryAttributeMissingException", "'ProspectId' is mandatory.")
    events = body.get("ActivityEventList")
    if not isinstance(events, list) or not events:
        raise Refused(500, "MXMandatoryAttributeMissingException", "'ActivityEventList' is mandatory.")
    codes = frozenset(whole_number(event, "ActivityEventList") for event in events)
    earliest, latest = _bound(body.get("FromDate"), "FromDate", ""), _bound(body.get("ToDate"), "ToDate", ALL)

    def carry_out(_moment: Moment) -> None:
        _delete(account, lead_id.strip().lower(), codes, (earliest, latest))

    delay = account.switches.delete_delay_seconds
    if delay > 0:
        account.late.add(arrival.moment.seconds + delay, carry_out)
    else:
        carry_out(arrival.moment)
    return json_reply({"Status": "Success", "Message": {"Message": "The deletion was queued."}})


def _delete(account: Account, lead_id: str, codes: frozenset[int], window: tuple[str, str]) -> None:
    """Forget those that are there when it comes to it. Which time the window is about is not documented: the event time."""
    trail = account.store.index.of_lead(lead_id, ALL)
    struck = [one for one in trail if one.event in codes and window[0] <= one.created_on <= window[1]]
    account.store.delete(struck)
    account.store.commit()
    account.stats.activities_deleted += len(struck)


def _bound(sent: Any, name: str, otherwise: str) -> str:
    if sent is None or sent == "":
        return otherwise
    try:
        if isinstance(sent, str) and _TIME.fullmatch(sent) and datetime.fromisoformat(sent):
            return sent
    except ValueError:  # a day that does not exist
        pass
    raise invalid_input(f"{name} value is not correct.")


OPERATION = Operation(
    method="POST",
    path="/v2/ProspectActivity.svc/DeleteActivities",
    bulk=False,
    writes=True,
    answer=answer,
)
