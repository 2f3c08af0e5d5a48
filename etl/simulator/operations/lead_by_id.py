"""The lead with an id (LeadSquared API: Get Lead by Id)."""

from __future__ import annotations

from etl.simulator.account import Account, Arrival, Operation
from etl.simulator.answers import json_reply
from etl.simulator.messages import Reply
from etl.simulator.shown_lead import lead_by_id
from etl.simulator.switches import Read


def answer(account: Account, arrival: Arrival) -> Reply:
    """A bare array of one lead or none. Known is every lead that was ever written to or looked up."""
    lead = account.leads.by_id(arrival.request.parameter("id") or "")
    return json_reply([] if lead is None else [lead_by_id(account, lead)])


OPERATION = Operation(
    method="GET",
    path="/v2/LeadManagement.svc/Leads.GetById",
    bulk=False,
    writes=False,
    answer=answer,
    read=Read.LEADS,
)
