"""What the account holds: its leads and the activities posted on them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .behaviour import Behaviour

# The one user to whom the keys belong; whatever is posted was posted by them.
USER_ID = "5d3c1f0a-9a57-4c11-8f6e-2b1d5a7e9c01"
USER_NAME = "Field Administrator"
USER_EMAIL = "administrator@example.com"
ORG_ID = "70071"

_LEADS = uuid.UUID("0c8e7f52-63d1-4b0b-9a34-5e1f27c4d8aa")


def stamp(moment: datetime) -> str:
    """A date and time as the pages print it: UTC, whole seconds."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")


@dataclass(frozen=True)
class Arrival:
    """When a request arrived, and which one it was."""

    moment: float  # seconds of the server's monotonic clock
    wall: datetime  # the server's wall clock, UTC, whole seconds
    request_number: int  # index in `ForeignServer.requests`


@dataclass(frozen=True)
class Lead:
    """A lead, known to us by one unique field."""

    lead_id: str
    field: str
    value: str
    number: int
    created_on: datetime


@dataclass(frozen=True)
class StoredActivity:
    """One activity as it is held."""

    activity_id: str
    lead_id: str
    search_by: str
    search_value: str  # as it was sent
    event: int
    note: str
    owner_email: str
    fields: Mapping[str, str]  # schema name → value; a custom field set is a JSON text, as the reads print it
    created_on: datetime  # the activity's own time: ActivityDateTime, else the time of storing
    modified_on: datetime  # when it was stored
    stored_at: float  # the same on the server's monotonic clock
    request_number: int  # index in `ForeignServer.requests`
    row_number: int  # 1-based place in that request
    as_sent: Mapping[str, Any]  # the row of the body


class Store:
    """Leads and activities. Not safe for threads by itself: the account lets in one request at a time."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.activities: list[StoredActivity] = []
        self._leads: dict[str, Lead] = {}

    def find_lead(self, field: str, value: str, at: Arrival) -> Lead | None:
        """The lead with this value in this unique field; None when the account is told not to know it.

        Leads have always been there: one that is asked for the first time gets the id it will have in every run.
        """
        known_as = value.strip().casefold()
        if not known_as or known_as in {unknown.strip().casefold() for unknown in self.behaviour.unknown_leads}:
            return None
        lead_id = str(uuid.uuid5(_LEADS, f"{field}={known_as}"))
        return self._leads.setdefault(lead_id, Lead(lead_id, field, value, len(self._leads) + 1, at.wall))

    def lead(self, lead_id: str) -> Lead | None:
        """The lead with this id, if it was ever found or posted to."""
        return self._leads.get(lead_id.lower())

    def visible(self, at: Arrival) -> Iterator[StoredActivity]:
        """The activities that a read arriving now shows, in the order of storing."""
        newest = at.moment - self.behaviour.visible_after_seconds
        return (activity for activity in self.activities if activity.stored_at <= newest)
