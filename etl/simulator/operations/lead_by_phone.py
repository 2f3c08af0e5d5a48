"""The lead with a phone number, in Phone or Mobile (LeadSquared API: Get Lead by Phone)."""

from __future__ import annotations

from etl.simulator.account import Account, Arrival, Operation
from etl.simulator.answers import json_reply
from etl.simulator.messages import Reply
from etl.simulator.shown_lead import flat_lead
from etl.simulator.switches import Read


def answer(account: Account, arrival: Arrival) -> Reply:
    """A bare array of one flat lead or none; of several, the one with the latest activity.

    A `+` that is not percent-encoded arrives as a blank, as everywhere.
    """
    leads = account.leads.all_with("Phone", arrival.request.parameter("phone") or "")
    latest = max(leads, key=lambda lead: account.store.index.last_written(lead.lead_id) or "", default=None)
    return json_reply([] if latest is None else [flat_lead(account, latest)])


OPERATION = Operation(
    method="GET",
    path="/v2/LeadManagement.svc/RetrieveLeadByPhoneNumber",
    bulk=False,
    writes=False,
    answer=answer,
    read=Read.LEADS,
)
