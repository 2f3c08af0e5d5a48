"""One activity by its id (LeadSquared API: Get Activity Details)."""

from __future__ import annotations

from etl.simulator.account import Account, Arrival, Operation, Refused
from etl.simulator.answers import json_reply
from etl.simulator.earlier_activities import known_activity
from etl.simulator.messages import Reply
from etl.simulator.shown import details_of
from etl.simulator.shown_fields import fields_of, shown_fields
from etl.simulator.switches import Read


def answer(account: Account, arrival: Arrival) -> Reply:
    """Its fields with their values, at once after the writing; no lead and no dates. Raises Refused."""
    activity_id = arrival.request.parameter("activityId")
    if not activity_id:
        raise Refused(500, "MXMandatoryAttributeMissingException", "'activityId' is mandatory.")
    activity = known_activity(account, activity_id)
    if activity is None:
        raise Refused(500, "MXUnknownProspectActivityException", "Activity does not exist.")
    values = details_of(account, activity)
    name = account.type_name(activity.event)
    fields = [
        {**field, "Value": values.get(field["SchemaName"], "")}
        for field in shown_fields(fields_of(account, activity.event))
    ]
    return json_reply({"ID": activity.activity_id, "Name": name, "DisplayName": name, "Fields": fields})


OPERATION = Operation(
    method="GET",
    path="/v2/ProspectActivity.svc/GetActivityDetails",
    bulk=False,
    writes=False,
    answer=answer,
    read=Read.ACTIVITY_DETAILS,
)
