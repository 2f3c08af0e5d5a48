"""DeleteActivities: what a lead has of some types, in a window, is deleted - later.

Source: the vendor's page "Delete Activities". ProspectId and ActivityEventList are needed, the types as texts in the sample;
FromDate, ToDate and StatusWebhookURL may be left out. The request is queued, and the answer says so. Which time of an activity
the window is about, and how sharp it is, the page does not say, so that a test may choose.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

from .behaviour import DeletionTime
from .bodies import parse_utc
from .exchange import Request, bad_request, invalid_input, mandatory, whole_number
from .paging import json_object
from .store import Arrival, Deletion, Store, StoredActivity

_MEMBERS = {"ProspectId", "ActivityEventList", "FromDate", "ToDate", "StatusWebhookURL"}
_ALWAYS = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def delete_activities(request: Request, store: Store, at: Arrival) -> Any:
    """Queue it. Who is not known as a lead has no activities, and nobody is told."""
    body = json_object(request.json())
    strangers = sorted(set(body) - _MEMBERS)
    if strangers:
        raise bad_request(f"Could not find member '{strangers[0]}' on the object.")
    lead_id = body.get("ProspectId")
    if not isinstance(lead_id, str) or not lead_id.strip():
        raise mandatory("ProspectId")
    listed = body.get("ActivityEventList")
    if not isinstance(listed, list) or not listed:
        raise mandatory("ActivityEventList")
    events = frozenset(whole_number(event, "ActivityEventList") for event in listed)
    since, until = (
        _bound(body, name, otherwise) for name, otherwise in zip(("FromDate", "ToDate"), _ALWAYS, strict=True)
    )
    if since > until:
        raise invalid_input("FromDate can't be greater than ToDate.")
    if store.behaviour.deletion_cuts_days:
        since = datetime.combine(since, time.min, UTC)
        until = datetime.combine(until, time.max, UTC)
    own_time = store.behaviour.deletion_time

    def is_meant(activity: StoredActivity) -> bool:
        moment = activity.created_on if own_time is DeletionTime.CREATED_ON else activity.modified_on
        return (
            activity.lead_id.lower() == lead_id.strip().lower()
            and activity.event in events
            and since <= moment <= until
        )

    if not store.behaviour.deletes_nothing:
        store.deletions.append(Deletion(at.moment + store.behaviour.deletes_after_seconds, is_meant))
    return {"Status": "Success", "Message": {"Message": "Delete request is queued and will be processed shortly."}}


def _bound(body: Mapping[str, Any], name: str, otherwise: datetime) -> datetime:
    sent = body.get(name)
    if sent in (None, ""):
        return otherwise
    try:
        return parse_utc(str(sent))
    except ValueError as error:
        raise invalid_input(f"Parameter Name: {name}. {error}") from error
