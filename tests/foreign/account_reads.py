"""What else an account shows: leads, its user, the names of its activity types.

Sources: the vendor's pages "Get a Lead by Email Id", "Get Lead by Id", "Get Details of Activity Type" and the one on
finding the API host.
"""

from __future__ import annotations

from typing import Any

from .exchange import ApiError, Request, mandatory, whole_number
from .store import ORG_ID, USER_EMAIL, USER_ID, Arrival, Lead, Store, stamp


def lead_by_email(request: Request, store: Store, at: Arrival) -> Any:
    """Leads.GetByEmailaddress: a bare array of one flat lead, or of none."""
    address = request.parameter("emailaddress")
    if not address:
        raise mandatory("emailaddress")
    return [_flat_lead(lead) for lead in [store.find_lead("EmailAddress", address, at)] if lead]


def lead_by_id(request: Request, store: Store, at: Arrival) -> Any:
    """Leads.GetById: a bare array of one flat lead, or of none."""
    lead_id = request.parameter("id")
    if not lead_id:
        raise mandatory("id")
    return [_flat_lead(lead) for lead in [store.lead(lead_id)] if lead]


def _flat_lead(lead: Lead) -> dict[str, str | None]:
    created = f"{stamp(lead.created_on)}.000"
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
        "CreatedOn": created,
        "ModifiedOn": created,
    }
    return flat | {lead.field: lead.value}


def user_by_access_key(request: Request, store: Store, at: Arrival) -> Any:
    """Authentication.svc/UserByAccessKey.Get: whose keys these are, and at which host the account lives."""
    host = request.headers.get("host", "")
    return {
        "Id": USER_ID,
        "EmailAddress": USER_EMAIL,
        "Role": "Administrator",
        "OrgId": ORG_ID,
        "OrgShortCode": "FOREIGN",
        "TimeZone": "Asia/Kolkata",
        "DefaultCountryCode": "91",
        "LSQCommonServiceURLs": {"api": host, "app": host},
    }


def activity_setting(request: Request, store: Store, at: Arrival) -> Any:
    """CustomActivity/GetActivitySetting?code=: name and fields of an activity type, where the test named the types."""
    types = store.behaviour.activity_types
    if types is None:
        raise ApiError(404, "MXNotFoundException", "This account's activity types cannot be read.")
    code = whole_number(request.parameter("code"), "code")
    if code not in types:
        raise ApiError(500, "MXInvalidActivityException", f"{code} is not the code of an activity type.")
    return {"ID": str(code), "Name": types[code], "DisplayName": types[code], "Fields": []}
