"""Leads in which a text occurs (LeadSquared API: Quick Search)."""

from __future__ import annotations

from etl.simulator.account import Account, Arrival, Operation
from etl.simulator.answers import json_reply
from etl.simulator.messages import Reply
from etl.simulator.shown_lead import flat_lead
from etl.simulator.switches import Read

_MOST = 25


def answer(account: Account, arrival: Arrival) -> Reply:
    """A bare array of those known leads that hold the text in any attribute, in whatever case."""
    key = (arrival.request.parameter("key") or "").strip().casefold()
    found = [
        lead for lead in account.leads.all() if key and any(key in text.casefold() for text in lead.values.values())
    ]
    return json_reply([flat_lead(account, lead) for lead in found[:_MOST]])


OPERATION = Operation(
    method="GET",
    path="/v2/LeadManagement.svc/Leads.GetByQuickSearch",
    bulk=False,
    writes=False,
    answer=answer,
    read=Read.LEADS,
)
