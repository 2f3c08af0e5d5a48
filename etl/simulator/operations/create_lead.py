"""A new lead (LeadSquared API: Create a Lead)."""

from __future__ import annotations

import uuid

from etl.simulator.account import Account, Arrival, Operation
from etl.simulator.bodies import json_body
from etl.simulator.lead_writes import attributes_of, write_lead
from etl.simulator.leads import is_unique_field
from etl.simulator.messages import Reply
from etl.simulator.one_activity import id_reply

_NO_LEAD = str(uuid.UUID(int=0))


def answer(account: Account, arrival: Arrival) -> Reply:
    """Create it; a unique attribute that a known lead has refuses it. Raises Refused."""
    attributes = attributes_of(account, json_body(arrival.request))
    named = [(name, value) for name, value in attributes.items() if isinstance(value, str) and is_unique_field(name)]
    texts = {name: value for name, value in named if value.strip()}
    name, value = next(iter(texts.items()), ("Number", str(arrival.number)))
    taken = account.leads.taken_by_another(_NO_LEAD, texts) is not None
    lead_id = _NO_LEAD if taken else account.leads.id_of(name, value)
    write_lead(account, arrival, lead_id, attributes)
    return id_reply(lead_id)


OPERATION = Operation(
    method="POST",
    path="/v2/LeadManagement.svc/Lead.Create",
    bulk=False,
    writes=True,
    answer=answer,
)
