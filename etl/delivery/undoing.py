"""Which activities of a run LeadSquared may be asked to delete, and with which windows. Pure.

LeadSquared deletes by lead, type and window of time, and says neither which of an activity's two times the window is about -
its own (`CreatedOn`) or that of its last writing (`ModifiedOn`) - nor how sharp its ends are. So a window is clean only if no
foreign activity has either of its times in it, nor within MARGIN of its ends: days that are cut off and zones that are mixed
up move a bound by less. And an activity of ours is taken only if both of its times lie in clean windows: whichever is meant,
one of the requests takes it, and none takes anything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

MARGIN = timedelta(days=2)
"""A day that is cut off at midnight, and the widest zone (14 hours)."""

SECOND = timedelta(seconds=1)


class Bucket(StrEnum):
    """How an activity of a run stands."""

    ONLY_OURS = "only ours"  # a deletion takes it and nothing else
    TAKES_OTHERS = "would take others along"  # other activities of its lead and type lie too near
    CHANGED = "changed since"  # somebody has given it other values, or has written it again
    QUEUED = "being deleted"  # LeadSquared was asked, and has not done it yet
    UNTOLD = "cannot be told"  # what lies beside it, or whether it is there, LeadSquared does not show
    GONE = "gone already"  # LeadSquared does not have it any more


@dataclass(frozen=True, slots=True)
class Held:
    """An activity as its lead shows it; times aware, in UTC, None where they are not told. Its id as ids are compared."""

    activity_id: str
    created_on: datetime | None
    modified_on: datetime | None

    @property
    def times(self) -> tuple[datetime, ...]:
        """The times that it shows."""
        return tuple(time for time in (self.created_on, self.modified_on) if time is not None)

    @property
    def is_dated(self) -> bool:
        """Whether both of its times are told."""
        return self.created_on is not None and self.modified_on is not None


@dataclass(frozen=True, slots=True)
class Span:
    """A window between two whole seconds, both included. UTC."""

    since: datetime
    until: datetime

    def has(self, time: datetime) -> bool:
        """Whether an activity that shows this time lies in it: times have milliseconds that are not shown."""
        return self.since <= time and time + SECOND <= self.until


@dataclass(frozen=True, slots=True)
class OnLead:
    """What can be deleted on one lead: the windows, and the activities that they take; those that must stay, and why."""

    spans: tuple[Span, ...]
    taken: frozenset[str]
    blocked: frozenset[str]


def windows(held: Iterable[Held], ours: Collection[str], spared: Collection[str] = ()) -> OnLead:
    """The windows that take as many of `ours` as can be taken alone.

    held: all activities of the type on the lead. ours: ids of those that are to go. spared: ids of those that are going anyway:
    they are in nobody's way. Everything else is foreign, and so is what stays of ours: nobody has agreed to its going. One
    without its times could lie anywhere: such a one blocks all.
    """
    every = list(held)
    own = [one for one in every if one.activity_id in ours]
    foreign = [one for one in every if one.activity_id not in ours and one.activity_id not in spared]
    if any(not one.is_dated for one in [*foreign, *own]):
        return OnLead((), frozenset(), frozenset(one.activity_id for one in own))
    going, staying = own, [*foreign]
    while True:
        walls = sorted(time for one in staying for time in one.times)
        spans = _spans(sorted(time for one in going for time in one.times), walls)
        out = [one for one in going if not all(_covered(time, spans) for time in one.times)]
        if not out:
            break
        staying += out
        going = [one for one in going if one not in out]
    taken = frozenset(one.activity_id for one in going)
    return OnLead(tuple(spans), taken, frozenset(one.activity_id for one in own) - taken)


def _spans(times: Sequence[datetime], walls: Sequence[datetime]) -> list[Span]:
    """The fewest clean windows that hold these times, as far as each can be held by one. Both in order."""
    found: list[Span] = []
    for time in times:
        alone = Span(time.replace(microsecond=0), time.replace(microsecond=0) + SECOND)
        together = Span(found[-1].since, alone.until) if found else alone
        if found and _is_clean(together, walls):
            found[-1] = together
        elif _is_clean(alone, walls):
            found.append(alone)
    return found


def _is_clean(span: Span, walls: Sequence[datetime]) -> bool:
    return not any(span.since - MARGIN <= wall <= span.until + MARGIN for wall in walls)


def _covered(time: datetime, spans: Iterable[Span]) -> bool:
    return any(span.has(time) for span in spans)
