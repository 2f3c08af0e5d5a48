"""One activity on a lead, named by id or by e-mail address (LeadSquared API: Post an Activity to a Lead)."""

from __future__ import annotations

from typing import Any

from etl.simulator.account import Account, Arrival, Operation, Refused
from etl.simulator.bodies import json_object
from etl.simulator.lead_writes import attributes_of, write_lead
from etl.simulator.messages import Reply
from etl.simulator.new_activity import Lead
from etl.simulator.one_activity import checked_activity, id_reply, store_one, unknown_lead

_OF_LEAD = ("EmailAddress", "FirstName", "LastName", "Phone")


def answer(account: Account, arrival: Arrival) -> Reply:
    """Store the activity; an e-mail address that belongs to no lead creates one. The owner is no member here. Raises Refused."""
    body = {name: value for name, value in json_object(arrival.request).items() if name != "ActivityOwnerEmail"}
    row = checked_activity(account, arrival, body)
    return id_reply(store_one(account, row, _lead(account, arrival, body)))


def _lead(account: Account, arrival: Arrival, body: dict[str, Any]) -> Lead:
    lead_id = body.get("RelatedProspectId")
    if lead_id:
        known = account.leads.by_id(str(lead_id))
        if known is None:
            raise unknown_lead(account, "ProspectID", lead_id)
        return Lead(known.lead_id, "ProspectID", known.lead_id)
    address = body.get("EmailAddress")
    if not isinstance(address, str) or not address.strip():
        message = "'RelatedProspectId' or 'EmailAddress' is mandatory."
        raise Refused(500, "MXMandatoryAttributeMissingException", message)
    details = [{"Attribute": name, "Value": body[name]} for name in _OF_LEAD if body.get(name) is not None]
    new_id = account.leads.id_of("EmailAddress", address)
    write_lead(account, arrival, new_id, attributes_of(account, details))
    return Lead(new_id, "EmailAddress", address)


OPERATION = Operation(
    method="POST",
    path="/v2/ProspectActivity.svc/Create",
    bulk=False,
    writes=True,
    answer=answer,
)
