"""The day's quota: what of it is kept for reading back, and when the next day begins.

LeadSquared names a number of calls a day, and not when a day begins (rate-limits page). We count from 00:00 UTC. Where its
day begins at another hour, as much may have been sent in two of our days as falls into one of its own: a budget that leaves
others room is safe all the same.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import tzinfo

RESERVE_SHARE = 0.02
LEAST_RESERVE = 20
"""Requests in doubt at the end of a day are at most those that were in the air: a few looks of a few requests settle them."""


def reserve(daily_requests: int) -> int:
    """How many of a day's requests are for reading back alone: 2 %, at least 20, but never more than a quarter."""
    return min(max(LEAST_RESERVE, ceil(daily_requests * RESERVE_SHARE)), daily_requests // 4)


def next_day(now: datetime, zone: tzinfo | None, zone_name: str | None) -> str:
    """`00:00 UTC (05:30 in Asia/Kolkata)`: when the next day begins, there and here. zone: None for that of this machine."""
    midnight = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
    local = midnight.astimezone(zone)
    if local.utcoffset() == timedelta(0):
        return "00:00 UTC"
    place = f"in {zone_name}" if zone_name else "on this machine"
    return f"00:00 UTC ({local:%H:%M} {place})"
