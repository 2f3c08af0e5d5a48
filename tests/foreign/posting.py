"""Bulk/CustomActivity/Add/…: rows of a body become activities, of leads or of one opportunity.

Sources: the vendor's pages "Post Activities on Leads in Bulk (Using Unique Lead Fields)", "Post Activities on Leads in
Bulk" and "Post Bulk Activities on Opportunities". What they leave open is decided here on the strict side: the most of
25 rows holds for all three, and no operation takes a member that its own page does not show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .behaviour import UnknownOwner
from .bodies import parse_utc, read_rows
from .exchange import ApiError, Request, invalid_input, mandatory
from .field_values import values_for_type
from .store import USER_EMAIL, Arrival, Opportunity, Store, StoredActivity
from .users import active_user

ACTIVITY_MEMBERS: dict[str, type] = {"ActivityEvent": int, "ActivityNote": str, "Fields": list}
_DATE = {"ActivityDateTime": str}
_OWNER = {"ActivityOwnerEmail": str}
_SKIP = {"ValidateDropDownOptions": bool}
_BY_FIELD = {"SearchByValue": str} | ACTIVITY_MEMBERS | _OWNER | _DATE | _SKIP
_BY_ID = {"RelatedProspectId": str} | ACTIVITY_MEMBERS | _OWNER | _DATE
_BY_OPPORTUNITY = ACTIVITY_MEMBERS | _OWNER | _SKIP


@dataclass(frozen=True)
class Place:
    """Where an activity belongs, and how its request said so."""

    lead_id: str
    search_by: str
    search_value: str  # as it was sent
    opportunity_id: str | None = None


def add_by_lead_field(request: Request, store: Store, at: Arrival) -> Any:
    """Store every row that can be stored and answer each one; nothing is stored when the request itself is wrong."""
    search_by = request.parameter("searchBy")
    if not search_by:
        raise mandatory("SearchBy")
    if search_by not in store.behaviour.unique_lead_fields:
        raise invalid_input(f"Parameter Name: SearchBy. {search_by} is not a unique lead field.")

    def place(row: dict[str, Any]) -> Place:
        value = _needed(row, "SearchByValue")
        lead = store.find_lead(search_by, value, at)
        if lead is None:
            raise _no_lead(f"{search_by} = {value}")
        return Place(lead.lead_id, search_by, value)

    return _add(read_rows(request.json(), _BY_FIELD), place, store, at)


def add_by_lead_id(request: Request, store: Store, at: Arrival) -> Any:
    """The same for rows that name their lead by its id."""

    def place(row: dict[str, Any]) -> Place:
        value = _needed(row, "RelatedProspectId")
        lead = store.lead(value)
        if lead is None:
            raise _no_lead(f"ProspectID = {value}")
        return Place(lead.lead_id, "RelatedProspectId", value)

    return _add(read_rows(request.json(), _BY_ID), place, store, at)


def add_by_opportunity(request: Request, store: Store, at: Arrival) -> Any:
    """The same for rows of one opportunity, whose address is the query's; each names its owner."""
    opportunity_id = request.parameter("opportunityId")
    if not opportunity_id:
        raise mandatory("opportunityId")
    rows = read_rows(request.json(), _BY_OPPORTUNITY)
    opportunity: Opportunity | None = store.opportunity(opportunity_id, at)
    if opportunity is None:
        raise invalid_input(f"Parameter Name: opportunityId. There is no opportunity {opportunity_id}.")
    found = Place(opportunity.lead_id, "OpportunityId", opportunity_id, opportunity.opportunity_id)

    def place(row: dict[str, Any]) -> Place:
        _needed(row, "ActivityOwnerEmail")
        return found

    return _add(rows, place, store, at)


def _add(rows: list[dict[str, Any]], place: Callable[[dict[str, Any]], Place], store: Store, at: Arrival) -> Any:
    for row in rows:
        check_event(row, store)

    def answer(row: dict[str, Any], row_number: int) -> dict[str, Any]:
        try:
            skips = row.get("ValidateDropDownOptions", False)
            activity = make_activity(store, place(row), row, at, row_number, skips_dropdowns=skips)
        except ApiError as error:
            return {"RowNumber": row_number, "ActivityCreated": False, "ExceptionMessage": error.message}
        store.activities.append(activity)
        return {"ProspectActivityId": activity.activity_id, "RowNumber": row_number, "ActivityCreated": True}

    return {"Response": [answer(row, number) for number, row in enumerate(rows, start=1)]}


def check_event(row: dict[str, Any], store: Store) -> None:
    """ApiError when the account has activity types and this is of none of them."""
    types = store.behaviour.activity_types
    if types is not None and row.get("ActivityEvent", 0) not in types:
        raise ApiError(500, "MXInvalidActivityException", "ActivityEvent is not the code of an activity type.")


def make_activity(
    store: Store, place: Place, row: dict[str, Any], at: Arrival, row_number: int, *, skips_dropdowns: bool
) -> StoredActivity:
    """The activity that one row describes, not stored yet; ApiError when the row alone is at fault."""
    if "ActivityEvent" not in row:
        raise mandatory("ActivityEvent")
    event = row["ActivityEvent"]
    fields = row.get("Fields", [])
    values = values_for_type(fields, store.behaviour, event, skips_dropdowns=skips_dropdowns, is_new=True)
    owner = _owner(store, row.get("ActivityOwnerEmail", ""))
    return StoredActivity(
        activity_id=store.new_id(),
        lead_id=place.lead_id,
        search_by=place.search_by,
        search_value=place.search_value,
        opportunity_id=place.opportunity_id,
        event=event,
        note=row.get("ActivityNote", ""),
        owner_email=owner,
        fields=values,
        created_on=_activity_time(row, at),
        modified_on=at.wall,
        stored_at=at.moment,
        request_number=at.request_number,
        row_number=row_number,
        as_sent=row,
    )


def _needed(row: dict[str, Any], name: str) -> str:
    value: str = row.get(name, "")
    if not value.strip():
        raise mandatory(name)
    return value


def _no_lead(wanted: str) -> ApiError:
    return ApiError(500, "MXLeadNotFoundException", f"No lead found with {wanted}")


def _owner(store: Store, address: str) -> str:
    """The address of the activity's owner. The pages do not say what becomes of one that is none of a user."""
    if not address or store.behaviour.users is None or active_user(store.behaviour, address):
        return address
    if store.behaviour.unknown_owner == UnknownOwner.KEY_OWNER:
        return USER_EMAIL
    raise invalid_input(f"Parameter Name: ActivityOwnerEmail. {address} is not an active user.")


def _activity_time(row: dict[str, Any], at: Arrival) -> datetime:
    """When the activity happened. The pages take one form only: UTC, YYYY-MM-DD HH:MM:SS."""
    text = row.get("ActivityDateTime")
    if text is None:
        return at.wall
    try:
        return parse_utc(text)
    except ValueError as error:
        raise invalid_input(f"Parameter Name: ActivityDateTime. {error}") from error
