"""What the simulated account holds: every stored activity, in memory and, if asked for, in a file that survives a restart."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from etl.simulator.index import ActivityIndex
from etl.simulator.store_file import StoreFile

_ACTIVITY_IDS = uuid.UUID("6f0b9f0e-5d0c-4c39-9a52-3e1c1b6f7d10")


@dataclass(frozen=True, slots=True)
class StoredActivity:
    """One activity. created_on is its event time and modified_on the moment of writing, with the milliseconds that reads hide.

    opportunity_id: of an opportunity's activity; lead_id is then that of the opportunity's lead. updates: how often it was
    updated; what tells of its arrival stays that of its creation.
    """

    activity_id: str
    lead_id: str
    search_by: str
    search_value: str
    event: int
    note: str | None
    owner_email: str | None
    activity_datetime: str | None  # as sent
    fields: list[dict[str, Any]]  # as sent
    created_on: str
    created_by: str
    created_by_email: str
    created_by_name: str
    modified_on: str
    request_number: int
    row_number: int  # within its request, from 1
    arrived_seconds: float
    arrived_at: str
    opportunity_id: str | None = None
    updates: int = 0

    def as_json(self) -> dict[str, Any]:
        """For `/_simulator/activities`: LeadSquared's names for what LeadSquared holds, ours for how it came in."""
        shown = {
            "ProspectActivityId": self.activity_id,
            "RelatedProspectId": self.lead_id,
            "SearchBy": self.search_by,
            "SearchByValue": self.search_value,
            "ActivityEvent": self.event,
            "ActivityNote": self.note,
            "ActivityOwnerEmail": self.owner_email,
            "ActivityDateTime": self.activity_datetime,
            "Fields": self.fields,
            "CreatedOn": self.created_on,
            "CreatedBy": self.created_by,
            "CreatedByEmailAddress": self.created_by_email,
            "CreatedByName": self.created_by_name,
            "ModifiedOn": self.modified_on,
            "request_number": self.request_number,
            "row_number": self.row_number,
            "arrived_seconds": self.arrived_seconds,
            "arrived_at": self.arrived_at,
        }
        if self.opportunity_id is not None:
            shown["OpportunityId"] = self.opportunity_id
        return {**shown, "updates": self.updates} if self.updates else shown


def timestamp(moment: datetime) -> str:
    """A moment in UTC as LeadSquared keeps it: whole seconds are shown by reads, milliseconds decide about windows."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.") + f"{moment.microsecond // 1000:03d}"


class ActivityStore:
    """Activities in the order in which they were stored. There is no duplicate check: LeadSquared has none.

    index: the same activities by type and by lead, for reads.
    Writes reach the file with `commit`, which the core calls before a reply goes out.
    """

    def __init__(self, seed: int, path: Path | None = None) -> None:
        self._seed = seed
        self._file = None if path is None else StoreFile(path)
        self._activities = [] if self._file is None else [StoredActivity(**body) for body in self._file.activities()]
        self._last_serial = 0 if self._file is None else self._file.last_serial()
        self._places = _places(self._activities)
        self.index = ActivityIndex(self._activities)

    def add(self, activity_with: Callable[[str], StoredActivity]) -> StoredActivity:
        """Store the activity made with a new ProspectActivityId."""
        return self.take_in(activity_with(str(uuid.uuid5(_ACTIVITY_IDS, f"{self._seed}/{self._last_serial + 1}"))))

    def take_in(self, activity: StoredActivity) -> StoredActivity:
        """Store an activity that has its id already."""
        self._last_serial += 1
        self._places[activity.activity_id] = len(self._activities)
        self._activities.append(activity)
        self.index.add(activity)
        if self._file is not None:
            self._file.insert(self._last_serial, activity.activity_id, asdict(activity))
        return activity

    def by_id(self, activity_id: str) -> StoredActivity | None:
        """The activity of that id, however its letters are written."""
        place = self._places.get(activity_id.strip().lower())
        return None if place is None else self._activities[place]

    def replace(self, changed: StoredActivity) -> None:
        """Put the changed activity in the place of the one with its id."""
        place = self._places[changed.activity_id]
        self.index.remove(self._activities[place])
        self._activities[place] = changed
        self.index.add(changed)
        if self._file is not None:
            self._file.update(changed.activity_id, asdict(changed))

    def delete(self, activities: Collection[StoredActivity]) -> None:
        """Forget these; their ids are never handed out again."""
        ids = {activity.activity_id for activity in activities}
        self._activities[:] = [activity for activity in self._activities if activity.activity_id not in ids]
        self._places = _places(self._activities)
        for activity in activities:
            self.index.remove(activity)
            if self._file is not None:
                self._file.delete(activity.activity_id, self._last_serial)

    def saved_leads(self) -> dict[str, dict[str, str]]:
        """Attributes of the leads that were written by id, from the file."""
        return {} if self._file is None else self._file.leads()

    def save_lead(self, lead_id: str, values: dict[str, str]) -> None:
        """Keep a lead's attributes beside the activities, if there is a file."""
        if self._file is not None:
            self._file.save_lead(lead_id, values)

    def commit(self) -> None:
        """Make everything stored so far durable."""
        if self._file is not None:
            self._file.commit()

    def activities(self) -> list[StoredActivity]:
        """All of them, oldest first; a copy."""
        return list(self._activities)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _places(activities: Sequence[StoredActivity]) -> dict[str, int]:
    return {activity.activity_id: place for place, activity in enumerate(activities)}
