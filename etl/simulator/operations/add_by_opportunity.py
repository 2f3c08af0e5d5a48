"""Bulk add on one opportunity (LeadSquared API: Post Bulk Activities on Opportunities)."""

from __future__ import annotations

import uuid
from functools import partial

from etl.simulator.account import Account, Arrival, Operation, Refused
from etl.simulator.bodies import bulk_rows
from etl.simulator.bulk import CREATED, Examined, RowProblem, carry_out
from etl.simulator.leads import is_guid
from etl.simulator.messages import Reply
from etl.simulator.new_activity import AddedRow, Lead, store_activity
from etl.simulator.row_checks import activity_problem, event_code

_LEADS = uuid.UUID("0d7b4b5c-4f55-4d8e-9c0b-6f0a3a1e7c42")


def answer(account: Account, arrival: Arrival) -> Reply:
    """Store an activity for each row that names its owner. `ActivityDateTime` is no member here and is ignored."""
    lead = _lead_of(account, _opportunity(account, arrival))
    rows = []
    for number, sent in enumerate(bulk_rows(account, arrival.request), start=1):
        members = {name: value for name, value in sent.items() if name != "ActivityDateTime"}
        rows.append(AddedRow(arrival, number, event_code(account, members), members))
    return carry_out(account, [_examine(account, row, lead) for row in rows], CREATED)


def _opportunity(account: Account, arrival: Arrival) -> str:
    """The opportunity of the whole request: every id of the right form, but for those the options rule out."""
    sent = (arrival.request.parameter("opportunityId") or "").strip().lower()
    if not sent:
        raise Refused(500, "MXMandatoryAttributeMissingException", "'opportunityId' is mandatory.")
    ruled_out = {unknown.strip().lower() for unknown in account.options.unknown_opportunities}
    if not is_guid(sent) or sent.startswith("00000000-") or sent in ruled_out:
        message = f"Invalid Input! Parameter Name: opportunityId '{sent}' does not exist or you do not have permission."
        raise Refused(500, "MXInvalidInputException", message)
    return sent


def _lead_of(account: Account, opportunity_id: str) -> Lead:
    """Every opportunity has a lead of its own."""
    lead_id = account.leads.remember(str(uuid.uuid5(_LEADS, opportunity_id)), "mx_Opportunity", opportunity_id)
    return Lead(lead_id, "mx_Opportunity", opportunity_id, opportunity_id)


def _examine(account: Account, row: AddedRow, lead: Lead) -> Examined:
    if not row.members.get("ActivityOwnerEmail"):
        return RowProblem("MXMandatoryAttributeMissingException", "'ActivityOwnerEmail' is mandatory.")
    problem = activity_problem(account, row.members, row.event)
    return problem or partial(store_activity, account, row, lead)


OPERATION = Operation(
    method="POST",
    path="/v2/ProspectActivity.svc/Bulk/CustomActivity/Add/ByOpportunityId",
    bulk=True,
    writes=True,
    answer=answer,
)
