"""A lead created or updated, and an activity of it (LeadSquared API: Create Lead and Activity)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from etl.simulator.account import Account, Arrival, Operation, Refused
from etl.simulator.bodies import json_object, member
from etl.simulator.lead_writes import attributes_of, write_lead
from etl.simulator.leads import is_unique_field
from etl.simulator.messages import Reply
from etl.simulator.new_activity import AddedRow, Lead
from etl.simulator.one_activity import checked_activity, id_reply, store_one
from etl.simulator.switches import MessageId


@dataclass(frozen=True, slots=True)
class _Pair:
    """What one request asks for, found to be in order."""

    attributes: dict[str, Any]
    lead: Lead
    row: AddedRow


def answer(account: Account, arrival: Arrival) -> Reply:
    """Write the lead, then the activity; whose id the answer names is a switch. Raises Refused, with nothing stored."""
    pair = _examined(account, arrival)
    write_lead(account, arrival, pair.lead.lead_id, pair.attributes)
    activity_id = store_one(account, pair.row, pair.lead)
    return id_reply(activity_id if account.switches.message_id is MessageId.ACTIVITY else pair.lead.lead_id)


def lead_alone(account: Account, arrival: Arrival) -> None:
    """Write the lead and not the activity. Raises Refused."""
    pair = _examined(account, arrival)
    write_lead(account, arrival, pair.lead.lead_id, pair.attributes)


def _examined(account: Account, arrival: Arrival) -> _Pair:
    body = json_object(arrival.request)
    attributes = attributes_of(account, body.get("LeadDetails"))
    search_by = attributes.pop("SearchBy", None)
    if not isinstance(search_by, str) or not search_by:
        raise Refused(500, "MXMandatoryAttributeMissingException", "'SearchBy' is mandatory.")
    if not is_unique_field(search_by):
        message = "Invalid Input! Parameter Name: Invalid SearchBy value provided"
        raise Refused(500, "MXInvalidInputException", message)
    value = attributes.get(search_by)
    if not isinstance(value, str) or not value.strip():
        raise Refused(500, "MXMandatoryAttributeMissingException", f"'{search_by}' is mandatory.")
    activity = {name: found for name, found in member(body, "Activity").items() if name != "ActivityOwnerEmail"}
    skipped = {"ValidateDropDownOptions": body.get("ValidateDropDownOptions")}  # at the top, as for the single ones
    row = checked_activity(account, arrival, {**activity, **skipped})
    return _Pair(attributes, Lead(account.leads.id_of(search_by, value), search_by, value), row)


OPERATION = Operation(
    method="POST",
    path="/v2/ProspectActivity.svc/CreateCustom",
    bulk=False,
    writes=True,
    answer=answer,
    partly=lead_alone,
)
