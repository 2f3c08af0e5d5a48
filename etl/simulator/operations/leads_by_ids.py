"""Many leads by their ids (LeadSquared API: lead look-up)."""

from __future__ import annotations

from etl.simulator.account import Account, Arrival, Operation
from etl.simulator.answers import json_reply
from etl.simulator.bodies import json_object, member
from etl.simulator.messages import Reply
from etl.simulator.paging import LARGEST_PAGE, invalid_input, numbered_page
from etl.simulator.shown_lead import columns_of, lead_by_id
from etl.simulator.switches import Read


def answer(account: Account, arrival: Arrival) -> Reply:
    """Those of the ids that are known, each once, in the order asked for. Raises Refused."""
    body = json_object(arrival.request)
    ids = member(body, "SearchParameters").get("LeadIds")
    if not isinstance(ids, list) or not ids or not all(isinstance(lead_id, str) for lead_id in ids):
        raise invalid_input("You have not passed any LeadIds.")
    if len(ids) > LARGEST_PAGE:
        raise invalid_input(f"LeadIds can not be more than {LARGEST_PAGE}.")
    page = numbered_page(member(body, "Paging"), account.switches, LARGEST_PAGE)
    known = {lead.lead_id: lead for lead in map(account.leads.by_id, ids) if lead is not None}
    columns = columns_of(body)
    shown = [lead_by_id(account, lead, columns) for lead in list(known.values())[page.start : page.stop]]
    return json_reply({"RecordCount": len(known), "Leads": shown})


OPERATION = Operation(
    method="POST",
    path="/v2/LeadManagement.svc/Leads/Retrieve/ByIds",
    bulk=False,
    writes=False,
    answer=answer,
    read=Read.LEADS_BY_IDS,
)
