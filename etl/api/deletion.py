"""Asking LeadSquared to delete activities. It deletes by lead, type and span of time, never by id, and only later.

So nobody may ask for it who has not just read what else lies there: `trail_of_type`.

Source:  LeadSquared API, "Delete Activities": `DeleteActivities` takes ProspectId, ActivityEventList and, as an option,
         FromDate and ToDate; every custom activity of these types on that lead in that window is deleted, system activities
         never. The answer says that the request was queued, and what became of it only a webhook is told. Undocumented: which
         of an activity's times the window is about, how sharp its ends are, who may ask, and any limit of its own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.api.activities import seen_on_lead, tells_type
from etl.api.asking import NotOfferedError
from etl.api.whole_trail import whole_trail
from etl.delivery import answer as answers
from etl.delivery.verdict import NotSent, Unknown, complaint
from etl.records import ApiRequest, LineEnd, TransportFailure, Window

if TYPE_CHECKING:
    from datetime import datetime
    from typing import TypeAlias

    from etl.api.asking import Read
    from etl.api.whole_trail import AccountPages
    from etl.delivery.verdict import Complaint
    from etl.records import Exchange, SeenActivity

    Heard: TypeAlias = "Queued | NotSent | Complaint"

_PATH = "/v2/ProspectActivity.svc/DeleteActivities"
_MOMENT = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Queued:
    """LeadSquared has taken the request and will carry it out at some time. words: its own."""

    words: str


@dataclass(frozen=True, slots=True)
class TypeOnLead:
    """The activities of one type on a lead, in whatever order. missing: how many more LeadSquared counts than it shows."""

    activities: tuple[SeenActivity, ...]
    missing: int


def deletion(lead_id: str, event: int, since: datetime, until: datetime) -> ApiRequest:
    """The request to delete what a lead has of a type between two whole seconds, both in UTC."""
    body = {
        "ProspectId": lead_id,
        "ActivityEventList": [str(event)],
        "FromDate": since.strftime(_MOMENT),
        "ToDate": until.strftime(_MOMENT),
    }
    return ApiRequest("POST", _PATH, (), json.dumps(body).encode(), Window.GENERAL)


def heard(exchange: Exchange) -> Heard:
    """What the answer to a deletion means. Only one that calls itself a success has queued it for certain."""
    if isinstance(exchange, TransportFailure):
        if exchange.end is LineEnd.NOT_SENT:
            return NotSent(exchange.reason)
        return Unknown(exchange.reason, late=exchange.end is LineEnd.TIMED_OUT)
    found = complaint(exchange)
    if found is not None:
        return found
    reading = answers.read(exchange.body)
    status = reading.members.get("Status")
    if isinstance(status, str) and status.strip().lower() == "success":
        return Queued(reading.text)
    return Unknown(
        f"LeadSquared sent “{reading.text}” (HTTP {exchange.status}), which does not say Success", late=False
    )


def trail_of_type(read: Read, lead_id: str, event: int, pages: AccountPages) -> TypeOnLead | None:
    """Every activity of a type on a lead, each once; rows that tell no type are among them.

    None:    LeadSquared does not offer this read, or not to this user.
    Raises:  NetworkError — an answer cannot be used; what `read` raises.
    """
    try:
        trail = whole_trail(read, lead_id, event, pages)
    except NotOfferedError:
        return None
    rows = {
        (activity_id, code): row
        for (activity_id, code), row in trail.rows.items()
        if tells_type(code, event) is not False
    }
    return TypeOnLead(tuple(seen_on_lead(row, lead_id) for row in rows.values()), trail.missing)
