"""Leads that are created or changed by a request that names their attributes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from etl.simulator.account import Account, Arrival, Refused
from etl.simulator.leads import is_unique_field
from etl.simulator.metadata import STANDARD_LEAD_FIELDS
from etl.simulator.store import timestamp
from etl.simulator.switches import EmptyValue

_STANDARD = frozenset(field.schema_name for field in STANDARD_LEAD_FIELDS)


def unique_field(name: str, parameter: str) -> str:
    """The same name. Raises Refused."""
    if not is_unique_field(name):
        message = f"Invalid Input! Parameter Name: {parameter} '{name}' is no unique lead field."
        raise Refused(500, "MXInvalidInputException", message)
    return name


def settle(account: Account) -> None:
    """Know the leads that are there from the start: those of the options, of the store, and of stored activities."""
    for attributes in account.options.leads:
        values = dict(attributes)
        given = values.pop("ProspectID", None)
        name, value = next((pair for pair in values.items() if is_unique_field(pair[0])), ("", ""))
        account.leads.write(given.lower() if given else account.leads.id_of(name, value), values)
    for lead_id, values in account.store.saved_leads().items():
        account.leads.write(lead_id, values)
    for activity in account.store.activities():
        account.leads.remember(activity.lead_id, activity.search_by, activity.search_value)


def attributes_of(account: Account, details: Any) -> dict[str, Any]:
    """`[{"Attribute":…,"Value":…}]` by name; a custom field set is a dictionary of its members. Raises Refused."""
    if not isinstance(details, list) or not details or not all(isinstance(entry, dict) for entry in details):
        raise Refused(500, "MXMandatoryAttributeMissingException", "Lead details are mandatory.")
    attributes: dict[str, Any] = {}
    for entry in details:
        name, value, members = entry.get("Attribute"), entry.get("Value"), entry.get("Fields")
        if not isinstance(name, str) or not name:
            raise Refused(500, "MXMandatoryAttributeMissingException", "'Attribute' is mandatory.")
        if not isinstance(value, str | None):
            message = f"Invalid Input! Parameter Name: {name} expects its Value as a string."
            raise Refused(500, "MXInvalidInputException", message)
        attributes[name] = _members(members) if isinstance(members, list) else value
    return _all_known(account, attributes)


def write_lead(account: Account, arrival: Arrival, lead_id: str, attributes: Mapping[str, Any]) -> bool:
    """Create the lead or change its attributes; returns whether it is new. None leaves an attribute alone. Raises Refused."""
    given = {name: value for name, value in attributes.items() if value is not None}
    texts = {name: value for name, value in given.items() if isinstance(value, str)}
    clash = account.leads.taken_by_another(lead_id, texts)
    if clash == "EmailAddress":
        message = f"Duplicate entry '{texts[clash]}' for key 'UQ_Prospect_Base_EmailAddress'"
        raise Refused(500, "MXDuplicateEntryException", message)
    if clash is not None:
        raise Refused(500, "MXDuplicateEntryException", "A Lead with same Phone Number already exists.")
    known = account.leads.known(lead_id)
    if account.switches.empty_value is EmptyValue.IGNORED:
        given = {name: value for name, value in given.items() if value != ""}
    held = {} if known is None else known.values
    values = {
        name: value if isinstance(value, str) else _merged(held.get(name), value) for name, value in given.items()
    }
    if known is None:
        values = {**values, "CreatedOn": f"{timestamp(arrival.moment.wall)[:19]}.000"}
        account.stats.leads_created += 1
    lead = account.leads.write(lead_id, values)
    account.store.save_lead(lead_id, lead.values)
    return known is None


def _all_known(account: Account, attributes: dict[str, Any]) -> dict[str, Any]:
    """The same, unless one is laid down nowhere: then the whole lead is refused."""
    if account.options.lead_fields is None:
        return attributes
    known = {*_STANDARD, "SearchBy", *(field.schema_name.partition("~")[0] for field in account.options.lead_fields)}
    unknown = [name for name in attributes if name not in known]
    if unknown:
        raise Refused(500, "MXUnknownAttributeException", f"Attribute(s) does not exist - {', '.join(unknown)}")
    return attributes


def _members(entries: list[Any]) -> dict[str, str]:
    return {
        str(entry.get("Attribute") or entry.get("SchemaName")): str(entry.get("Value") or "")
        for entry in entries
        if isinstance(entry, dict)
    }


def _merged(held: str | None, members: Mapping[str, str]) -> str:
    """A custom field set with these members changed, as the JSON text that reads show."""
    return json.dumps({**(json.loads(held) if held else {}), **members}, ensure_ascii=False)
