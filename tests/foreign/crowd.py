"""Many leads with many activities, the same in every run: `ForeignServer(**crowd(400, 10_000))`, or a file of it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from .store import implied_id, stamp

_FIRST = datetime(2024, 1, 1, tzinfo=UTC)
_CITIES = ("Pune", "Kochi", "Jaipur", "Mysuru")


def crowd(leads: int, activities: int, *, event: int = 320, seed: int = 0) -> dict[str, Any]:
    """Leads and activities of one type, as arguments of `ForeignServer` or content of the file of `--load`.

    Every tenth lead has no activity, every twentieth has ten times as many as the rest: lists of all lengths. Some
    activities of a lead happened in the same second. mx_Custom_1 numbers them, mx_Custom_2 is a custom field set.
    """
    dice = random.Random(f"crowd/{seed}")
    lead_ids = [implied_id("crowd lead", str(number)) for number in range(leads)]
    weights = [0 if number % 10 == 3 else 10 if number % 20 == 7 else 1 for number in range(leads)]
    owners = dice.choices(lead_ids, weights, k=activities)
    return {
        "leads": [_lead(lead_id, number) for number, lead_id in enumerate(lead_ids)],
        "activities": [_activity(lead_id, number, event, dice) for number, lead_id in enumerate(owners)],
    }


def _lead(lead_id: str, number: int) -> dict[str, str]:
    return {
        "ProspectID": lead_id,
        "EmailAddress": f"crowd{number}@example.com",
        "Phone": f"+91-98{number:08}",
        "FirstName": f"Crowd {number}",
        "mx_City": _CITIES[number % len(_CITIES)],
    }


def _activity(lead_id: str, number: int, event: int, dice: random.Random) -> dict[str, Any]:
    happened = _FIRST + timedelta(minutes=dice.randrange(60 * 24 * 30))
    parts = [
        {"Attribute": "Status", "Value": "Pending"},
        {"Attribute": "mx_CustomObject_1", "Value": f"file{number}.png"},
    ]
    return {
        "ProspectActivityId": implied_id("crowd activity", str(number)),
        "RelatedProspectId": lead_id,
        "ActivityEvent": event,
        "ActivityNote": f"note {number}",
        "ActivityDateTime": stamp(happened),
        "ModifiedOn": stamp(happened + timedelta(seconds=dice.randrange(3600))),
        "Fields": [
            {"SchemaName": "mx_Custom_1", "Value": f"C{number:05}"},
            {"SchemaName": "mx_Custom_2", "Value": "", "Fields": parts},
        ],
    }
