"""Leads by the value of one field (LeadSquared API: Search by Lead Criteria)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from etl.simulator.account import Account, Arrival, Operation
from etl.simulator.answers import json_reply
from etl.simulator.bodies import json_object, member
from etl.simulator.leads import KnownLead, is_unique_field
from etl.simulator.messages import Reply
from etl.simulator.paging import invalid_input, numbered_page
from etl.simulator.shown_lead import columns_of, flat_lead
from etl.simulator.switches import Read

_DEFAULT_PAGE = 25


def answer(account: Account, arrival: Arrival) -> Reply:
    """A bare array. Without `Parameter` nothing is filtered: a body wrapped in `Query` finds every lead. Raises Refused."""
    body = json_object(arrival.request)
    page = numbered_page(member(body, "Paging"), account.switches, _DEFAULT_PAGE)
    parameter = member(body, "Parameter")
    found = _found(account, parameter) if parameter else account.leads.all()
    columns = columns_of(body)
    return json_reply([flat_lead(account, lead, columns) for lead in found[page.start : page.stop]])


def _found(account: Account, parameter: Mapping[str, Any]) -> list[KnownLead]:
    """A name in the wrong case finds nothing, without a word."""
    if parameter.get("SqlOperator", "=") != "=":
        raise invalid_input("SqlOperator value is not correct.")
    name, value = str(parameter.get("LookupName")), str(parameter.get("LookupValue") or "")
    if name == "ProspectID":
        lead = account.leads.by_id(value)
        return [] if lead is None else [lead]
    return account.leads.all_with(name, value) if is_unique_field(name) else []


OPERATION = Operation(
    method="POST",
    path="/v2/LeadManagement.svc/Leads.Get",
    bulk=False,
    writes=False,
    answer=answer,
    read=Read.LEADS,
)
