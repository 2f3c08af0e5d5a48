"""Reads that the account does not offer to the user of the keys."""

from __future__ import annotations

from etl.simulator.account import Operation, Refused
from etl.simulator.switches import ForbiddenForm, Switches


def check_right(operation: Operation, switches: Switches) -> None:
    """Raise 403, or the 404 of an operation that does not exist, where the switch forbids the read."""
    if operation.read not in switches.reads_forbidden:
        return
    if switches.forbidden_form is ForbiddenForm.NOT_FOUND:
        raise Refused(404, "EndpointNotFoundException", f"There is no operation at {operation.path}.")
    raise Refused(403, "MXUnauthorizedRequestException", "You are not authorized to perform this action.")
