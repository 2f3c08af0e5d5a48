"""Bulk add by unique lead field (LeadSquared API: Post Activities on Leads in Bulk, Using Unique Lead Fields)."""

from __future__ import annotations

from functools import partial

from etl.simulator.account import Account, Arrival, Operation, Refused
from etl.simulator.bodies import bulk_rows
from etl.simulator.bulk import CREATED, Examined, RowProblem, carry_out
from etl.simulator.lead_writes import unique_field
from etl.simulator.messages import Reply
from etl.simulator.new_activity import AddedRow, Lead, store_activity
from etl.simulator.row_checks import activity_problem, event_code


def answer(account: Account, arrival: Arrival) -> Reply:
    """Store an activity for each row whose lead is known."""
    search_by = _search_by(arrival)
    rows = [
        AddedRow(arrival, number, event_code(account, members), members)
        for number, members in enumerate(bulk_rows(account, arrival.request), start=1)
    ]
    return carry_out(account, [_examine(account, row, search_by) for row in rows], CREATED)


def _search_by(arrival: Arrival) -> str:
    """The lead field of the whole request."""
    name = arrival.request.parameter("searchBy")
    if not name:
        raise Refused(500, "MXMandatoryAttributeMissingException", "'searchBy' is mandatory.")
    return unique_field(name, "searchBy")


def _examine(account: Account, row: AddedRow, search_by: str) -> Examined:
    value = row.members.get("SearchByValue")
    if not isinstance(value, str) or not value.strip():
        return RowProblem("MXMandatoryAttributeMissingException", "'SearchByValue' is mandatory.")
    lead_id = account.leads.written_to(search_by, value)
    if lead_id is None:
        account.stats.unknown_leads += 1
        message = f"Lead with {search_by} '{value}' does not exist or you do not have permission."
        return RowProblem("MXInvalidLeadException", message)
    problem = activity_problem(account, row.members, row.event)
    return problem or partial(store_activity, account, row, Lead(lead_id, search_by, value))


OPERATION = Operation(
    method="POST",
    path="/v2/ProspectActivity.svc/Bulk/CustomActivity/Add/ByLeadField",
    bulk=True,
    writes=True,
    answer=answer,
)
