"""Other attributes for a lead (LeadSquared API: Update a Lead)."""

from __future__ import annotations

from etl.simulator.account import Account, Arrival, Operation, Refused
from etl.simulator.answers import json_reply
from etl.simulator.bodies import json_body
from etl.simulator.lead_writes import attributes_of, write_lead
from etl.simulator.messages import Reply


def answer(account: Account, arrival: Arrival) -> Reply:
    """Change the lead of `leadId`. Raises Refused."""
    lead_id = arrival.request.parameter("leadId")
    if not lead_id:
        raise Refused(500, "MXMandatoryAttributeMissingException", "'leadId' is mandatory for updating lead")
    attributes = attributes_of(account, json_body(arrival.request))
    lead = account.leads.by_id(lead_id)
    if lead is None:
        raise Refused(500, "MXInvalidEntityException", "Lead does not exist in the system")
    write_lead(account, arrival, lead.lead_id, attributes)
    return json_reply({"Status": "Success", "Message": {"AffectedRows": 1}})


OPERATION = Operation(
    method="POST",
    path="/v2/LeadManagement.svc/Lead.Update",
    bulk=False,
    writes=True,
    answer=answer,
)
