"""Single update (LeadSquared API: Update Activity)."""

from __future__ import annotations

from etl.simulator.account import Account, Arrival, Operation
from etl.simulator.bodies import json_object
from etl.simulator.bulk import RowProblem
from etl.simulator.changed_activity import activity_to_change, change_activity
from etl.simulator.messages import Reply
from etl.simulator.one_activity import id_reply, refuse_for, with_schema_names
from etl.simulator.row_checks import change_problem, event_code


def answer(account: Account, arrival: Arrival) -> Reply:
    """Change note and fields; Status and Owner are fields like others. A type that is named must exist. Raises Refused."""
    account.stats.rows_received += 1
    body = with_schema_names(json_object(arrival.request))
    if "ActivityEvent" in body:
        event_code(account, body)
    found = activity_to_change(account, body)
    if isinstance(found, RowProblem):
        account.stats.rows_refused += 1
        raise found.as_refusal()
    refuse_for(account, change_problem(account, body, found.event))
    change_activity(account, arrival, found.activity_id, body)
    return id_reply(found.activity_id)


OPERATION = Operation(
    method="POST",
    path="/v2/ProspectActivity.svc/CustomActivity/Update",
    bulk=False,
    writes=True,
    answer=answer,
)
