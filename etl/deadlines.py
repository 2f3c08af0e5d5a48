"""When a run has to be over by the clock: `--max-runtime` and `--not-after`.

A length of time is over as soon as either clock says so: `monotonic` stands still on some systems while the machine sleeps,
and the wall clock may be set. A moment of the day is what the wall clock says it is. So a laptop that sleeps for an hour
gets no hour on top.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from etl.clock import Clock


@dataclass(frozen=True, slots=True)
class TimeUp:
    """Why no request may be sent any more, and what to do then."""

    reason: str
    remedy: str


class Deadline(Protocol):
    """A moment after which no request is sent."""

    def passed(self) -> TimeUp | None:
        """Whether it has come; None while it has not."""
        ...


class MaxRuntime:
    """So many seconds from now. shown: as it was typed."""

    def __init__(self, seconds: float, shown: str, clock: Clock) -> None:
        self._seconds = seconds
        self._shown = shown
        self._clock = clock
        self._began = clock.through_sleep()

    def passed(self) -> TimeUp | None:
        if self._clock.through_sleep() - self._began < self._seconds:
            return None
        return TimeUp(f"its time is up (--max-runtime {self._shown})", "Run the same command: it continues.")


class NotAfter:
    """A moment of the wall clock. shown: as a person of this machine says it."""

    def __init__(self, moment: datetime, shown: str, clock: Clock) -> None:
        self._moment = moment
        self._shown = shown
        self._clock = clock

    def passed(self) -> TimeUp | None:
        if self._clock.now() < self._moment:
            return None
        remedy = "Run the same command when requests may be sent again: it continues."
        return TimeUp(f"it is {self._shown} (--not-after)", remedy)
