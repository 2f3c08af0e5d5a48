"""Finding leads: by e-mail address, phone, id, ids, or any one field.

Sources: the vendor's pages "Get a Lead by Email Id", "Get Lead by Phone", "Get Lead by Id" and "Search by Lead
Criteria". Leads/Retrieve/ByIds is on no page and known from clients alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .behaviour import PhoneMatch
from .exchange import ApiError, Request, bad_request, invalid_input, mandatory
from .paging import json_object, page_of
from .store import USER_ID, Arrival, Lead, Store, stamp

_PHONES = ("Phone", "Mobile")


def lead_by_email(request: Request, store: Store, at: Arrival) -> Any:
    """Leads.GetByEmailaddress: a bare array of one flat lead, or of none. Without the parameter, of none."""
    found = store.find_lead("EmailAddress", request.parameter("emailaddress"), at)
    return _flat_leads(store, [found], at)


def lead_by_phone(request: Request, store: Store, at: Arrival) -> Any:
    """RetrieveLeadByPhoneNumber: the same; of several leads that one whose last activity is the newest."""
    phone = request.parameter("phone")
    if not phone:
        raise mandatory("phone")
    found = [lead for lead in store.leads.values() if _has_phone(lead, phone, store.behaviour.phone_match)]
    if not found and _is_spelt(phone, store.behaviour.phone_match):
        found = [lead for lead in [store.find_lead("Phone", phone, at)] if lead]
    shown = _flat_leads(store, sorted(found, key=lambda lead: _last_activity(store, lead), reverse=True)[:1], at)
    if not shown and store.behaviour.unknown_phone_is_404:
        raise ApiError(404, "MXNotFoundException", "Lead not found.")
    return shown


def _is_spelt(phone: str, match: PhoneMatch) -> bool:
    """Whether a phone is written in the one way that finds it."""
    return " " not in phone and ("-" in phone) == (match == PhoneMatch.STORED)


def _has_phone(lead: Lead, phone: str, match: PhoneMatch) -> bool:
    stored = [lead.values.get(name, "") for name in _PHONES]
    if match == PhoneMatch.STORED:
        return phone in stored
    # +91-9800000001 is found by +919800000001, 919800000001 and 9800000001, the country code being before the dash.
    spellings = {number.replace("-", "").replace(" ", "").lstrip("+") for number in stored if number}
    spellings |= {number.partition("-")[2] for number in stored if "-" in number}
    return phone.removeprefix("+") in spellings


def _last_activity(store: Store, lead: Lead) -> str:
    times = (stamp(activity.created_on) for activity in store.activities if activity.lead_id == lead.lead_id)
    return max(times, default="")


def lead_by_id(request: Request, store: Store, at: Arrival) -> Any:
    """Leads.GetById: a bare array of one lead, or of none."""
    lead_id = request.parameter("id")
    if not lead_id:
        raise mandatory("id")
    found = _flat_leads(store, [store.lead(lead_id)], at)
    if store.behaviour.leads_by_id_nested:
        return [{"LeadPropertyList": [{"Attribute": key, "Value": value} for key, value in f.items()]} for f in found]
    return found


def leads_by_criterion(request: Request, store: Store, at: Arrival) -> Any:
    """Leads.Get: a bare array of the leads with one value in one field. A body without `Parameter` narrows nothing."""
    body = json_object(request.json())
    found = _flat_leads(store, _matching(body, store, at), at)
    sorting = json_object(body.get("Sorting", {}))
    if sorting:
        column = str(sorting.get("ColumnName", "CreatedOn"))
        found.sort(key=lambda lead: lead.get(column) or "", reverse=str(sorting.get("Direction", 1)) == "1")
    return _columns(page_of(found, body, store.behaviour), body)


def _matching(body: Mapping[str, Any], store: Store, at: Arrival) -> list[Lead | None]:
    if "Parameter" not in body:
        return list(store.leads.values())
    parameter = json_object(body["Parameter"])
    for name in ("LookupName", "LookupValue"):
        if not parameter.get(name):
            raise mandatory(name)
    if parameter.get("SqlOperator", "=") != "=":
        raise invalid_input(f"Parameter Name: SqlOperator. '{parameter['SqlOperator']}' is not served here.")
    name, value = str(parameter["LookupName"]), str(parameter["LookupValue"])
    if name in store.behaviour.unique_lead_fields:
        return [store.find_lead(name, value, at)]
    # A name in the wrong case is no error: it finds nothing.
    wanted = value.strip().casefold()
    return [lead for lead in store.leads.values() if (_flat_lead(lead).get(name) or "").casefold() == wanted]


def leads_by_ids(request: Request, store: Store, at: Arrival) -> Any:
    """Leads/Retrieve/ByIds: those of the ids that there are."""
    body = json_object(request.json())
    ids = json_object(body.get("SearchParameters", {})).get("LeadIds")
    if not isinstance(ids, list):
        raise bad_request("SearchParameters needs LeadIds, an array.")
    found = _flat_leads(store, [store.lead(str(lead_id)) for lead_id in dict.fromkeys(ids)], at)
    return {"RecordCount": len(found), "Leads": _columns(page_of(found, body, store.behaviour), body)}


def _columns(leads: list[dict[str, str | None]], body: Mapping[str, Any]) -> list[dict[str, str | None]]:
    included = json_object(body.get("Columns", {})).get("Include_CSV")
    if not included:
        return leads
    names = [name.strip() for name in str(included).split(",")]
    return [{name: lead[name] for name in names if name in lead} for lead in leads]


def _flat_leads(store: Store, leads: Sequence[Lead | None], at: Arrival) -> list[dict[str, str | None]]:
    """Those of these leads that a read arriving now shows."""
    shown = (store.seen(lead, at) for lead in leads if lead is not None)
    return [_flat_lead(lead) for lead in shown if lead is not None]


def _flat_lead(lead: Lead) -> dict[str, str | None]:
    flat: dict[str, str | None] = {
        "ProspectID": lead.lead_id,
        "ProspectAutoId": str(lead.number),
        "FirstName": None,
        "LastName": None,
        "EmailAddress": None,
        "Phone": None,
        "Mobile": None,
        "OwnerId": USER_ID,
        "ProspectStage": "Prospect",
        "StatusCode": "0",
        "CreatedOn": f"{stamp(lead.created_on)}.000",
        "ModifiedOn": f"{stamp(lead.modified_on)}.000",
    }
    return flat | {name: value or None for name, value in lead.values.items()}
