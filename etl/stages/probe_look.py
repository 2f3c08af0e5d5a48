"""Looking for the test activities of a trial, by type and time and by lead, until they are seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from etl.api.activities import activities_in_window, activities_of_lead

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from etl.api.asking import Read
    from etl.clock import Clock
    from etl.records import SeenActivity

LONGEST_SECONDS = 180.0
"""After so long without a sight the trial goes on: design and vendor's clients speak of 60 to 90 seconds."""

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 15.0
_AROUND = timedelta(minutes=30)  # for clocks that differ; the window holds the trial's type on its account only


@dataclass(frozen=True, slots=True)
class Look:
    """How one read showed the activities. seconds: until all were seen, at most; None if that did not happen in `waited`."""

    name: str
    words: str
    is_offered: bool
    seconds: float | None
    waited: float


class Watch:
    """Both reads, for one lead and the activities of one trial."""

    def __init__(self, read: Read, clock: Clock, lead_id: str, event: int, token: str, began: datetime) -> None:
        self._read = read
        self._clock = clock
        self._lead_id = lead_id
        self._event = event
        self._mark = f"etl probe {token} "
        self._began = began

    def until_seen(self, names: Sequence[str]) -> tuple[Look, Look]:
        """Look again and again until both reads show all of these, or for as long as it is worth.

        Raises: NetworkError, RefusedError — LeadSquared cannot be asked.
        """
        start, pause = self._clock.monotonic(), _FIRST_PAUSE
        seconds: list[float | None] = [None, None]
        offered = [True, True]
        while True:
            for number, seen in enumerate((self._by_event, self._by_lead)):
                if offered[number] and seconds[number] is None:
                    shown = seen()
                    offered[number] = shown is not None
                    if shown is not None and {self._mark + name for name in names} <= self._notes(shown):
                        seconds[number] = self._clock.monotonic() - start
            waited = self._clock.monotonic() - start
            if not any(offered[at] and seconds[at] is None for at in (0, 1)) or waited >= LONGEST_SECONDS:
                break
            self._clock.sleep(min(pause, LONGEST_SECONDS - waited))
            pause = min(pause * 2, _LONGEST_PAUSE)
        return (
            Look("seen_by_event", "activities by type and time", offered[0], seconds[0], waited),
            Look("seen_by_lead", "the activities of a lead", offered[1], seconds[1], waited),
        )

    def is_stored(self, name: str) -> bool:
        """Whether either read shows it now."""
        return self._found(name) is not None

    def value_of(self, name: str, field: str) -> str | None:
        """What a field of it holds; None where it is empty or the activity is not seen."""
        found = self._found(name)
        return found.values.get(field) if found is not None else None

    def count(self) -> int:
        """How many activities of the trial there are now."""
        return max(len({note for note in self._notes(shown) if note.startswith(self._mark)}) for shown in self._both())

    def _found(self, name: str) -> SeenActivity | None:
        note = self._mark + name
        return next((one for shown in self._both() for one in shown if (one.note or "").strip() == note), None)

    def _both(self) -> tuple[Sequence[SeenActivity], Sequence[SeenActivity]]:
        return self._by_lead() or (), self._by_event() or ()

    @staticmethod
    def _notes(shown: Iterable[SeenActivity]) -> set[str]:
        return {(one.note or "").strip() for one in shown}

    def _by_event(self) -> Sequence[SeenActivity] | None:
        since, until = self._began - _AROUND, self._clock.now() + _AROUND
        return activities_in_window(self._read, self._event, since, until)

    def _by_lead(self) -> Sequence[SeenActivity] | None:
        return activities_of_lead(self._read, self._lead_id, self._event)
