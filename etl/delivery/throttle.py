"""When a request may be sent: arithmetic of slots, with no clock in it.

A server may count requests in a sliding window and by their arrival, which we cannot see. What we know for certain is that
a request had arrived when its answer did. So a slot is held until the answer's arrival plus the window's length, and a
request in the air holds its slot for as long as it can be in the air at all. Under this rule no window of any placement
can hold more than the limit. The price is the latency: N requests per (window + latency) instead of N per window.

Where that price is high, less may be believed of an answered request: that it had arrived a bound after its last byte was
written (`line` says which bound, and when). As long as the bound is true the same holds: no window above the limit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.records import Limit, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NOTHING_BELIEVED: Mapping[Window, float | None] = {}
"""No bound: a request has arrived when its answer has."""

MARGIN_SECONDS = 0.01
"""Added to each hold, for a server that counts both ends of its window and for clocks that tick coarsely."""

LONGEST_IN_AIR_SECONDS = 140.0
"""After this a request nobody has an answer to is certainly over: connect timeout, read timeout and some spare."""


SECONDS_IN_FLIGHT = 2.0
"""So long an answer may take without costing throughput: as many requests are let into the air as start in that time."""

LEAST_CAPACITY, MOST_CAPACITY = 2, 32


def capacity_for(limit: Limit) -> int:
    """How many requests may be in the air at once: no more than latency asks for, because a kill leaves them in doubt."""
    return max(LEAST_CAPACITY, min(MOST_CAPACITY, round(limit.count / limit.seconds * SECONDS_IN_FLIGHT)))


@dataclass(frozen=True, slots=True)
class Hold:
    """One request's claim on the account's windows. Moments by `monotonic` of the present boot, ended None in the air.

    written: from when a bound on its way there counts; None where none is to be believed of it. run: whose rows it
    carries, None for a read.
    """

    window: Window
    sent: float
    ended: float | None
    written: float | None = None
    run: int | None = None

    def free_at(self, window_seconds: float, bound: float | None = None) -> float:
        """When this request can no longer share a window of that length with one sent then."""
        if self.ended is None:
            arrived = self.sent + LONGEST_IN_AIR_SECONDS
        elif bound is None or self.written is None:
            arrived = self.ended
        else:
            arrived = min(self.ended, self.written + bound)
        return arrived + window_seconds + MARGIN_SECONDS


def shared(limit: Limit, share: float) -> Limit:
    """The part of a limit that we may use: at least one request in a window."""
    return Limit(max(1, int(limit.count * share)), limit.seconds)


def smallest(configured: Limit, learned: Limit | None) -> Limit:
    """A limit that keeps both to what the settings say and to what a refusal taught.

    Of two windows of one length the smaller count. Of different lengths the lower rate over the shorter window, which
    allows neither the bursts of the longer one nor the rate of the other.
    """
    if learned is None:
        return configured
    window = min(configured.seconds, learned.seconds)
    rate = min(configured.count / configured.seconds, learned.count / learned.seconds)
    return Limit(max(1, math.floor(rate * window + 1e-9)), window)


def free_at(
    holds: Iterable[Hold],
    limits: Mapping[Window, Limit],
    window: Window,
    now: float,
    bounds: Mapping[Window, float | None] = NOTHING_BELIEVED,
) -> float:
    """The earliest moment at which one more request may be sent: `now` if at once.

    bounds: so long after its last byte an answered request had arrived, for each window's purposes.

    A bulk request counts in both windows, any other in the general one only. While a request is in the air the moment
    may be far off; it comes nearer when the answer does.
    """
    held = tuple(holds)
    asked = (Window.GENERAL, Window.BULK) if window is Window.BULK else (Window.GENERAL,)
    moments = [now]
    for one in asked:
        limit = limits[one]
        counted = (hold for hold in held if one is Window.GENERAL or hold.window is Window.BULK)
        bound = bounds.get(one)
        busy = sorted(
            (moment for hold in counted if (moment := hold.free_at(limit.seconds, bound)) > now), reverse=True
        )
        if len(busy) >= limit.count:
            moments.append(busy[limit.count - 1])
    return max(moments)
