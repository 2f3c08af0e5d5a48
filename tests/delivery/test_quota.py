"""The day's quota: what is kept for reading back, and when the next day begins here."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from etl.delivery.quota import next_day, reserve
from tests.zones import machine_in

KEPT = {1: 0, 3: 0, 4: 1, 60: 15, 80: 20, 1_000: 20, 1_001: 21, 10_000: 200, 80_000: 1_600}
NOON = datetime(2026, 6, 3, 12, tzinfo=UTC)
MOMENTS = {
    "Asia/Kolkata": (NOON, "00:00 UTC (05:30 in Asia/Kolkata)"),
    "America/Los_Angeles": (NOON, "00:00 UTC (17:00 in America/Los_Angeles)"),
    "Europe/Berlin": (
        datetime(2026, 3, 28, 12, tzinfo=UTC),
        "00:00 UTC (01:00 in Europe/Berlin)",
    ),  # the clock goes on at 01:00
    "UTC": (NOON, "00:00 UTC"),
}


@pytest.mark.parametrize(("daily", "kept"), KEPT.items())
def test_a_fiftieth_is_kept(daily: int, kept: int) -> None:
    """At least 20 requests, but never more than a quarter of the day."""
    assert reserve(daily) == kept


@pytest.mark.parametrize(("zone", "expected"), MOMENTS.items(), ids=MOMENTS)
def test_the_next_day_is_told_there_and_here(zone: str, expected: tuple[datetime, str]) -> None:
    """By the clock that holds at that midnight."""
    now, words = expected

    assert next_day(now, ZoneInfo(zone), zone) == words


def test_without_a_zone_it_is_that_of_the_machine() -> None:
    """A person reads the clock on the wall."""
    with machine_in("Asia/Kolkata"):
        assert next_day(NOON, None, None) == "00:00 UTC (05:30 on this machine)"
