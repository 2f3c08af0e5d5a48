"""Activities that were there before the simulator was started, for whoever changes what another system has stored."""

from __future__ import annotations

import uuid

from etl.simulator.account import Account
from etl.simulator.leads import is_guid
from etl.simulator.store import StoredActivity

EARLIER_TYPE = 200
"""The activity type of all of them."""

_LEADS = uuid.UUID("8f3b7d52-0a0e-4a53-9f0c-5f5f3a1d9b17")
_WRITTEN = "2020-01-01 00:00:00"


def known_activity(account: Account, activity_id: str) -> StoredActivity | None:
    """The activity of an id: a stored one or, where the options say that others exist, one without note and fields."""
    stored = account.store.by_id(activity_id)
    told = activity_id.strip().lower()
    if stored is not None or not account.options.other_activities_exist or not is_guid(told):
        return stored
    return None if told.startswith("00000000-") else account.store.take_in(_earlier(account, told))


def _earlier(account: Account, activity_id: str) -> StoredActivity:
    """It belongs to a lead of its own and came in before the first request."""
    lead_id = account.leads.remember(str(uuid.uuid5(_LEADS, activity_id)), "mx_Activity", activity_id)
    return StoredActivity(
        activity_id=activity_id,
        lead_id=lead_id,
        search_by="mx_Activity",
        search_value=activity_id,
        event=EARLIER_TYPE,
        note=None,
        owner_email=None,
        activity_datetime=None,
        fields=[],
        created_on=_WRITTEN,
        created_by=account.user_id,
        created_by_email=account.options.user_email,
        created_by_name=account.options.user_name,
        modified_on=f"{_WRITTEN}.000",
        request_number=0,
        row_number=0,
        arrived_seconds=0.0,
        arrived_at="",
    )
