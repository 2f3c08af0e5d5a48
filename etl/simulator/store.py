"""What the simulated account holds: every stored activity, in memory and, if asked for, in a file that survives a restart."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from etl.simulator.index import ActivityIndex

_ACTIVITY_IDS = uuid.UUID("6f0b9f0e-5d0c-4c39-9a52-3e1c1b6f7d10")


@dataclass(frozen=True, slots=True)
class StoredActivity:
    """One activity. created_on is its event time and modified_on the moment of writing, with the milliseconds that reads hide."""

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

    def as_json(self) -> dict[str, Any]:
        """For `/_simulator/activities`: LeadSquared's names for what LeadSquared holds, ours for how it came in."""
        return {
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
        self._file = None if path is None else _ActivityFile(path)
        self._activities = [] if self._file is None else self._file.load()
        self.index = ActivityIndex(self._activities)

    def add(self, activity_with: Callable[[str], StoredActivity]) -> StoredActivity:
        """Store the activity made with a new ProspectActivityId."""
        serial = len(self._activities) + 1
        activity = activity_with(str(uuid.uuid5(_ACTIVITY_IDS, f"{self._seed}/{serial}")))
        self._activities.append(activity)
        self.index.add(activity)
        if self._file is not None:
            self._file.insert(serial, activity)
        return activity

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


class _ActivityFile:
    """The store's SQLite file. One thread at a time: the server serialises, but may not be the thread that opened it."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False)
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS activity (serial INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL)"
        )

    def load(self) -> list[StoredActivity]:
        rows = self._connection.execute("SELECT body FROM activity ORDER BY serial")
        return [StoredActivity(**json.loads(body)) for (body,) in rows]

    def insert(self, serial: int, activity: StoredActivity) -> None:
        body = json.dumps(asdict(activity), ensure_ascii=False)
        self._connection.execute("INSERT INTO activity VALUES (?, ?, ?)", (serial, activity.activity_id, body))

    def commit(self) -> None:
        self._connection.commit()

    def close(self) -> None:
        self._connection.close()
