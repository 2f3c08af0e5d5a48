"""When a submission may be worked on: a span of each day, by the wall clock of the zone in which it was submitted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from etl.deadlines import TimeUp

if TYPE_CHECKING:
    from etl.clock import Clock
    from etl.fleet.order import Window


def opens_at(window: Window | None, now: datetime) -> datetime | None:
    """The moment from which on it may be worked on, None for at once. Of a window that never opens again: at once, too."""
    if window is None or window.opens is None:
        return None
    if window.closes is None:
        later = _next(window.opens, window.zone, now)
        return (
            None
            if _last(window.opens, window.zone, now).date() == now.astimezone(ZoneInfo(window.zone)).date()
            else later
        )
    if closes_at(window, now) is not None and _last(window.opens, window.zone, now) > _last(
        window.closes, window.zone, now
    ):
        return None
    return _next(window.opens, window.zone, now)


def closes_at(window: Window | None, now: datetime) -> datetime | None:
    """The next moment after which nothing may be sent; None where there is none."""
    return None if window is None or window.closes is None else _next(window.closes, window.zone, now)


@dataclass(frozen=True, slots=True)
class Closing:
    """The end of a window as a deadline of a run (`etl.deadlines.Deadline`)."""

    moment: datetime
    clock: Clock

    def passed(self) -> TimeUp | None:
        """Whether it has come."""
        if self.clock.now() < self.moment:
            return None
        return TimeUp(
            f"it is {self.moment:%H:%M} UTC (--not-after)", "It goes on by itself when requests may be sent again."
        )


def _next(at: str, zone: str, now: datetime) -> datetime:
    """The next time that clocks of the zone show it, later than now. Where they skip it or show it twice: the earlier moment."""
    return _around(at, zone, now, days=(0, 1, 2), is_later=True)


def _last(at: str, zone: str, now: datetime) -> datetime:
    """The last time that they did, now or before."""
    return _around(at, zone, now, days=(0, -1, -2), is_later=False)


def _around(at: str, zone: str, now: datetime, days: tuple[int, ...], *, is_later: bool) -> datetime:
    place = ZoneInfo(zone)
    today = now.astimezone(place).date()
    for day in days:
        local = datetime.combine(today + timedelta(days=day), time.fromisoformat(at), place)
        moment = min(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        if (moment > now) is is_later:
            return moment
    raise AssertionError("no day is that long")  # three days in a row have the time once before now and once after
