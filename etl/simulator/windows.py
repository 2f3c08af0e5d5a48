"""Counting requests by their arrival: the account's sliding windows, its day's quota, and the busiest window seen."""

from __future__ import annotations

from collections import deque
from datetime import UTC, date, datetime, time, timedelta

from etl.simulator.options import RateLimit


class SlidingWindow:
    """Admits a request unless `limit.count` admitted ones arrived within the `limit.seconds` before it.

    Arrivals are seconds of one clock and never go back. An arrival frees its place after exactly `limit.seconds`,
    added to the arrival rather than subtracted from now: both sides then round alike.
    """

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self._arrivals: deque[float] = deque()

    def wait_seconds(self, now: float) -> float:
        """0 when a request arriving now is within the limit, else the seconds until one would be."""
        self._forget_until(now)
        if len(self._arrivals) < self.limit.count:
            return 0.0
        return self._arrivals[0] + self.limit.seconds - now

    def enter(self, now: float) -> None:
        """Count a request that was admitted."""
        self._forget_until(now)
        self._arrivals.append(now)

    def __len__(self) -> int:
        return len(self._arrivals)

    def _forget_until(self, now: float) -> None:
        while self._arrivals and self._arrivals[0] + self.limit.seconds <= now:
            self._arrivals.popleft()


class FixedWindow:
    """Admits `limit.count` requests in each span of `limit.seconds`; the spans follow upon each other from 0."""

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self._span = 0
        self._used = 0

    def wait_seconds(self, now: float) -> float:
        """0 when a request arriving now is within the limit, else the seconds until the next span."""
        self._turn_page(now)
        if self._used < self.limit.count:
            return 0.0
        return (self._span + 1) * self.limit.seconds - now

    def enter(self, now: float) -> None:
        """Count a request that was admitted."""
        self._turn_page(now)
        self._used += 1

    def _turn_page(self, now: float) -> None:
        span = int(now // self.limit.seconds)
        if span != self._span:
            self._span, self._used = span, 0


class BusiestWindow:
    """The most requests that ever arrived within `limit.seconds`, refused ones included."""

    def __init__(self, limit: RateLimit) -> None:
        self._window = SlidingWindow(limit)
        self.most = 0

    def enter(self, now: float) -> None:
        self._window.enter(now)
        self.most = max(self.most, len(self._window))


class DayQuota:
    """At most `limit` requests in a UTC day; None is no quota."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self._day = date.min
        self._used = 0

    def wait_seconds(self, wall: datetime) -> float:
        """0 while the day's quota lasts, else the seconds until midnight UTC."""
        self._turn_page(wall)
        if self.limit is None or self._used < self.limit:
            return 0.0
        midnight = datetime.combine(self._day + timedelta(days=1), time.min, UTC)
        return (midnight - wall).total_seconds()

    def enter(self, wall: datetime) -> None:
        """Count a request that was admitted."""
        self._turn_page(wall)
        self._used += 1

    def _turn_page(self, wall: datetime) -> None:
        today = wall.astimezone(UTC).date()
        if today != self._day:
            self._day, self._used = today, 0
