"""One row of an add operation on its way into the store; shared by all operations that add activities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from etl.simulator.account import Account, Arrival
from etl.simulator.store import StoredActivity, timestamp
from etl.simulator.switches import CreatedOnShows, Switches


@dataclass(frozen=True, slots=True)
class AddedRow:
    """A row's members, its activity type, and where it stands: in which request, as which row (from 1)."""

    arrival: Arrival
    number: int
    event: int
    members: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Lead:
    """The lead a row belongs to, and how the row named it. opportunity_id: where the activity is an opportunity's."""

    lead_id: str
    search_by: str
    search_value: str
    opportunity_id: str | None = None


def store_activity(account: Account, row: AddedRow, lead: Lead) -> dict[str, Any]:
    """Store the activity and return what its answer row says besides number and flag.

    CreatedOn is the event time, ModifiedOn the moment of writing (LeadSquared API: date and time).
    """
    switches = account.switches
    written = written_at(row.arrival, switches)
    event_time = row.members.get("ActivityDateTime")
    created = event_time if switches.created_on_shows is CreatedOnShows.ACTIVITY_TIME else None

    fields = row.members.get("Fields") or []

    def activity_with(activity_id: str) -> StoredActivity:
        return StoredActivity(
            activity_id=activity_id,
            lead_id=lead.lead_id,
            search_by=lead.search_by,
            search_value=lead.search_value,
            event=row.event,
            note=row.members.get("ActivityNote"),
            owner_email=_owner(account, row.members.get("ActivityOwnerEmail")),
            activity_datetime=event_time,
            fields=[entry for entry in fields if entry["SchemaName"] not in switches.fields_lost],
            created_on=created or written[:19],
            created_by=account.user_id,
            created_by_email=account.options.user_email,
            created_by_name=account.options.user_name,
            modified_on=written,
            request_number=row.arrival.number,
            row_number=row.number,
            arrived_seconds=row.arrival.seconds,
            arrived_at=row.arrival.wall.isoformat(timespec="milliseconds"),
            opportunity_id=lead.opportunity_id,
        )

    return {"ProspectActivityId": account.store.add(activity_with).activity_id}


def written_at(arrival: Arrival, switches: Switches) -> str:
    """The ModifiedOn of what a request writes."""
    written = timestamp(arrival.moment.wall)
    return written if switches.subsecond else f"{written[:19]}.000"


def _owner(account: Account, email: str | None) -> str | None:
    """The owner as sent; one that is no user got here only where LeadSquared falls back to the user of the keys."""
    return email if not email or account.has_user(email) else account.options.user_email
