"""The lead with an e-mail address (LeadSquared API: Get a Lead by Email Id)."""

from __future__ import annotations

from dataclasses import replace

from etl.simulator.account import Account, Arrival, Operation
from etl.simulator.answers import json_reply
from etl.simulator.messages import Reply
from etl.simulator.shown_lead import flat_lead
from etl.simulator.switches import Read


def answer(account: Account, arrival: Arrival) -> Reply:
    """A bare array of one flat lead or none; so too for a parameter of another name."""
    lead = account.leads.looked_up("EmailAddress", arrival.request.parameter("emailaddress") or "")
    return json_reply([] if lead is None else [flat_lead(account, lead)])


OPERATION = Operation(
    method="GET",
    path="/v2/LeadManagement.svc/Leads.GetByEmailaddress",
    bulk=False,
    writes=False,
    answer=answer,
    read=Read.LEADS,
)
OTHER_SPELLING = replace(OPERATION, path="/v2/LeadManagement.svc/Leads.GetByEmailAddress")
