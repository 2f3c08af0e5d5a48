"""The operations that the simulator serves. A new one is a file beside this one and a line in the list."""

from __future__ import annotations

from etl.simulator.account import Operation, Refused
from etl.simulator.messages import SimRequest
from etl.simulator.operations import activity_types, add_by_lead_field, user_by_access_key

OPERATIONS: tuple[Operation, ...] = (
    add_by_lead_field.OPERATION,
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
