"""Options of an activity's dropdown (LeadSquared API: Get Values of a Custom Activity Drop-down Field)."""

from __future__ import annotations

from etl.simulator.account import Account, Arrival, Operation, Refused
from etl.simulator.answers import json_reply
from etl.simulator.bodies import json_object, member
from etl.simulator.field_checks import known_fields
from etl.simulator.messages import Reply
from etl.simulator.paging import invalid_input, numbered_page, whole_number
from etl.simulator.rights import not_offered
from etl.simulator.switches import Read

_DEFAULT_PAGE = 100
_FIRST_OPPORTUNITY_CODE = 12000


def answer(account: Account, arrival: Arrival) -> Reply:
    """Options as texts, a page of them; anything but a dropdown of an activity is refused. Raises Refused."""
    if not account.options.activity_fields:
        raise not_offered(OPERATION.path, account.switches)
    body = json_object(arrival.request)
    parameter = member(body, "Parameter")
    name, part = parameter.get("SchemaName"), parameter.get("CustomObjectSchemaName")
    if not isinstance(name, str) or not name:
        raise invalid_input("You have not passed any SchemaName.")
    event = whole_number(parameter.get("ActivityEventCode"), "ActivityEventCode")
    field = (known_fields(account, event) or {}).get(f"{name}~{part}" if part else name)
    if field is None or not field.options or event >= _FIRST_OPPORTUNITY_CODE:
        raise Refused(500, "MXInvalidInputException", "Activity field should be of type independent dropdown")
    page = numbered_page(member(body, "Paging"), account.switches, _DEFAULT_PAGE)
    return json_reply({"Options": list(field.options[page.start : page.stop])})


OPERATION = Operation(
    method="POST",
    path="/v2/ProspectActivity.svc/ActivityField/Dropdown/Options/Get",
    bulk=False,
    writes=False,
    answer=answer,
    read=Read.DROPDOWN_OPTIONS,
)
