"""The operations that the simulator serves. A new one is a file beside this one and a line in the list."""

from __future__ import annotations

from etl.simulator.account import Operation, Refused
from etl.simulator.messages import SimRequest
from etl.simulator.operations import (
    activities_by_event,
    activities_of_lead,
    activity_details,
    activity_setting,
    activity_types,
    add_by_lead_field,
    add_by_lead_id,
    add_by_opportunity,
    create_activity,
    create_activity_type,
    create_lead,
    create_lead_and_activity,
    delete_activities,
    dropdown_options,
    lead_by_email,
    lead_by_id,
    lead_by_phone,
    lead_fields,
    leads_by_criteria,
    leads_by_ids,
    leads_by_quick_search,
    update_activity,
    update_in_bulk,
    update_lead,
    user_by_access_key,
    users,
)

OPERATIONS: tuple[Operation, ...] = (
    add_by_lead_field.OPERATION,
    add_by_lead_id.OPERATION,
    add_by_opportunity.OPERATION,
    update_in_bulk.OPERATION,
    create_lead_and_activity.OPERATION,
    create_activity.OPERATION,
    update_activity.OPERATION,
    delete_activities.OPERATION,
    activities_by_event.OPERATION,
    activities_of_lead.OPERATION,
    activity_details.OPERATION,
    lead_by_email.OPERATION,
    lead_by_email.OTHER_SPELLING,
    lead_by_id.OPERATION,
    lead_by_phone.OPERATION,
    leads_by_criteria.OPERATION,
    leads_by_ids.OPERATION,
    leads_by_quick_search.OPERATION,
    create_lead.OPERATION,
    update_lead.OPERATION,
    lead_fields.OPERATION,
    activity_types.OPERATION,
    create_activity_type.OPERATION,
    activity_setting.OPERATION,
    dropdown_options.OPERATION,
    users.OPERATION,
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
