"""Reads that the account does not offer to the user of the keys."""

from __future__ import annotations

from etl.simulator.account import Operation, Refused
from etl.simulator.switches import ForbiddenForm, Switches


def check_right(operation: Operation, switches: Switches) -> None:
    """Raise 403, or the 404 of an operation that does not exist, where the switch forbids the read."""
    if operation.read in switches.reads_forbidden:
        raise not_offered(operation.path, switches)


def not_offered(path: str, switches: Switches) -> Refused:
    """The refusal of an operation that this account does not offer to the user of the keys."""
    if switches.forbidden_form is ForbiddenForm.NOT_FOUND:
        return Refused(404, "EndpointNotFoundException", f"There is no operation at {path}.")
    return Refused(403, "MXUnauthorizedRequestException", "You are not authorized to perform this action.")
