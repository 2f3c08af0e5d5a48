"""Stored activities as reads ask for them: those of a type by the time of their writing, and those of a lead."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etl.simulator.store import StoredActivity

_WRITTEN = attrgetter("modified_on")


class ActivityIndex:
    """Kept sorted while activities come in, so that a window costs no walk through all of them.

    Times are texts like `2026-03-01 09:30:00.123`, whose order is that of time.
    """

    def __init__(self, activities: Iterable[StoredActivity]) -> None:
        self._by_event: dict[int, list[StoredActivity]] = {}
        self._by_lead: dict[str, list[StoredActivity]] = {}
        self._fields: dict[int, dict[str, None]] = {}
        for activity in activities:
            self.add(activity)

    def add(self, activity: StoredActivity) -> None:
        """Take in one more; mostly, but not always, it is the latest."""
        insort(self._by_event.setdefault(activity.event, []), activity, key=_WRITTEN)
        for trail in _trails(activity):
            insort(self._by_lead.setdefault(trail, []), activity, key=_WRITTEN)
        self._fields.setdefault(activity.event, {}).update(
            dict.fromkeys(entry["SchemaName"] for entry in activity.fields)
        )

    def remove(self, activity: StoredActivity) -> None:
        """Let go of one that was added."""
        _take_out(self._by_event[activity.event], activity)
        for trail in _trails(activity):
            _take_out(self._by_lead[trail], activity)

    def events(self) -> list[int]:
        """The types of which there are any."""
        return list(self._by_event)

    def fields(self, event: int) -> Iterable[str]:
        """Names of the fields that activities of that type ever had."""
        return self._fields.get(event, ())

    def window(self, event: int, earliest: str, latest: str) -> list[StoredActivity]:
        """Those of a type that were written from `earliest` to `latest`, both included, oldest writing first."""
        ordered = self._by_event.get(event, [])
        first = bisect_left(ordered, earliest, key=_WRITTEN)
        return ordered[first : bisect_right(ordered, latest, key=_WRITTEN)]

    def of_lead(self, lead_id: str, latest: str) -> list[StoredActivity]:
        """Those of a lead, or of an opportunity, that were written until `latest`, oldest writing first."""
        ordered = self._by_lead.get(lead_id, [])
        return ordered[: bisect_right(ordered, latest, key=_WRITTEN)]

    def last_written(self, lead_id: str) -> str | None:
        """When the lead's latest activity was written."""
        ordered = self._by_lead.get(lead_id)
        return ordered[-1].modified_on if ordered else None


def _trails(activity: StoredActivity) -> tuple[str, ...]:
    """The lead to which an activity belongs, and its opportunity."""
    return (activity.lead_id,) if activity.opportunity_id is None else (activity.lead_id, activity.opportunity_id)


def _take_out(ordered: list[StoredActivity], activity: StoredActivity) -> None:
    place = bisect_left(ordered, activity.modified_on, key=_WRITTEN)
    while ordered[place].activity_id != activity.activity_id:
        place += 1
    del ordered[place]
