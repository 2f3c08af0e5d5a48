"""The operations that the simulator serves. A new one is a file beside this one and a line in the list."""

from __future__ import annotations

from etl.simulator.account import Operation, Refused
from etl.simulator.messages import SimRequest
from etl.simulator.operations import (
    activities_by_event,
    activities_of_lead,
    activity_types,
    add_by_lead_field,
    lead_by_email,
    lead_by_id,
    lead_by_phone,
    leads_by_criteria,
    leads_by_ids,
    user_by_access_key,
)

OPERATIONS: tuple[Operation, ...] = (
    add_by_lead_field.OPERATION,
    activities_by_event.OPERATION,
    activities_of_lead.OPERATION,
    lead_by_email.OPERATION,
    lead_by_email.OTHER_SPELLING,
    lead_by_id.OPERATION,
    lead_by_phone.OPERATION,
    leads_by_criteria.OPERATION,
    leads_by_ids.OPERATION,
    activity_types.OPERATION,
    user_by_access_key.OPERATION,
)


def operation_for(request: SimRequest) -> Operation:
    """The operation at the request's path. Raises Refused: 404 unknown path, 405 wrong method."""
    operation = next((known for known in OPERATIONS if known.path == request.path), None)
    if operation is None:
        raise Refused(404, "EndpointNotFoundException", f"There is no operation at {request.path}.")
    if operation.method != request.method:
        raise Refused(405, "MethodNotAllowedException", f"{request.path} is called with {operation.method}.")
    return operation
