"""How fast a run goes: rows now and on the average, and how much of the account's limit it uses."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etl.records import Limit

LEAST_SPAN_SECONDS = 10.0
WINDOWS = 3
""""Now" is the last three windows, or the last ten seconds if those are longer: in a shorter span bursts would show."""


class Pace:
    """Counts what goes out and what comes back. limit: the one that allows the least. now: `monotonic`, when it began."""

    def __init__(self, limit: Limit, now: float) -> None:
        self.limit = limit
        self.refusals = 0
        self.rows = 0
        self._began = now
        self._sent: deque[float] = deque()
        self._ended: deque[tuple[float, int]] = deque()
        self._rows_of_late = 0

    @property
    def span(self) -> float:
        """How many seconds are "now"."""
        return max(LEAST_SPAN_SECONDS, WINDOWS * self.limit.seconds)

    def sent(self, now: float) -> None:
        """A request left."""
        self._sent.append(now)
        self._forget(now)

    def ended(self, now: float, rows: int) -> None:
        """So many rows have come to their end."""
        self.rows += rows
        self._ended.append((now, rows))
        self._rows_of_late += rows
        self._forget(now)

    def rows_per_second(self, now: float) -> float:
        """On the average since the beginning."""
        seconds = now - self._began
        return self.rows / seconds if seconds > 0 else 0.0

    def rows_per_second_now(self, now: float) -> float:
        """Of late."""
        self._forget(now)
        seconds = min(self.span, now - self._began)
        return self._rows_of_late / seconds if seconds > 0 else 0.0

    def limit_used(self, now: float) -> float:
        """How much of what the limit allows went out of late, 1 for all of it: a window's worth may go at once."""
        self._forget(now)
        windows = max(1.0, min(self.span, now - self._began) / self.limit.seconds)
        return min(1.0, len(self._sent) / (self.limit.count * windows))

    def _forget(self, now: float) -> None:
        since = now - self.span
        while self._sent and self._sent[0] <= since:
            self._sent.popleft()
        while self._ended and self._ended[0][0] <= since:
            self._rows_of_late -= self._ended.popleft()[1]
