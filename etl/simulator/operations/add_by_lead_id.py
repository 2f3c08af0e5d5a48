"""Bulk add by lead id (LeadSquared API: Post Bulk Activities on Leads)."""

from __future__ import annotations

from functools import partial

from etl.simulator.account import Account, Arrival, Operation
from etl.simulator.bodies import bulk_rows
from etl.simulator.bulk import CREATED, Examined, RowProblem, carry_out
from etl.simulator.messages import Reply
from etl.simulator.new_activity import AddedRow, Lead, store_activity
from etl.simulator.row_checks import activity_problem, event_code


def answer(account: Account, arrival: Arrival) -> Reply:
    """Store an activity for each row whose lead is known. Its page knows no way around the options of dropdowns."""
    rows = []
    for number, sent in enumerate(bulk_rows(account, arrival.request), start=1):
        members = {name: value for name, value in sent.items() if name != "ValidateDropDownOptions"}
        rows.append(AddedRow(arrival, number, event_code(account, members), members))
    return carry_out(account, [_examine(account, row) for row in rows], CREATED)


def _examine(account: Account, row: AddedRow) -> Examined:
    lead_id = row.members.get("RelatedProspectId")
    if not isinstance(lead_id, str) or not lead_id.strip():
        return RowProblem("MXMandatoryAttributeMissingException", "'RelatedProspectId' is mandatory.")
    lead = account.leads.by_id(lead_id)
    if lead is None:
        account.stats.unknown_leads += 1
        message = f"Lead with ProspectID '{lead_id}' does not exist or you do not have permission."
        return RowProblem("MXInvalidLeadException", message)
    problem = activity_problem(account, row.members, row.event)
    return problem or partial(store_activity, account, row, Lead(lead.lead_id, "ProspectID", lead.lead_id))


OPERATION = Operation(
    method="POST",
    path="/v2/ProspectActivity.svc/Bulk/CustomActivity/Add/ByLeadId",
    bulk=True,
    writes=True,
    answer=answer,
)
