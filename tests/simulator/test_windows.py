"""The laws of counting by arrival."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.simulator import RateLimit
from etl.simulator.windows import BusiestWindow, DayQuota, SlidingWindow

GAPS = st.one_of(
    st.floats(0.0, 3.0, allow_nan=False),
    st.sampled_from([0.0, 0.1, 0.5, 1.0, 5.0]),  # values that meet the window's edge
)


@given(
    count=st.integers(1, 6),
    seconds=st.sampled_from([0.3, 1.0, 5.0]),
    start=st.floats(0.0, 1e6, allow_nan=False),
    gaps=st.lists(GAPS, max_size=60),
)
def test_no_window_holds_more_than_its_limit_and_no_refusal_is_for_nothing(
    count: int, seconds: float, start: float, gaps: list[float]
) -> None:
    """Admitted arrivals never exceed N in any S seconds, and each refused one would have."""
    window = SlidingWindow(RateLimit(count, seconds))
    admitted: list[float] = []
    now = start
    for gap in gaps:
        now += gap
        would_count = [arrival for arrival in admitted if arrival + seconds > now]
        is_admitted = window.wait_seconds(now) == 0
        if is_admitted:
            window.enter(now)
            admitted.append(now)

        assert is_admitted == (len(would_count) < count)
    for first in admitted:
        assert sum(first <= arrival < first + seconds for arrival in admitted) <= count


@given(arrivals=st.lists(st.integers(0, 60), max_size=40).map(sorted))
def test_the_busiest_window_is_the_most_by_brute_force(arrivals: list[int]) -> None:
    """The count equals the most arrivals in any half-open window of five seconds."""
    busiest = BusiestWindow(RateLimit(2, 5.0))
    for arrival in arrivals:
        busiest.enter(float(arrival))

    assert busiest.most == max((sum(a <= b < a + 5 for b in arrivals) for a in arrivals), default=0)


@pytest.mark.parametrize(("now", "wait"), [(14.0, 1.0), (14.75, 0.25), (15.0, 0.0)], ids=["early", "later", "free"])
def test_the_wait_ends_exactly_when_the_oldest_arrival_leaves(now: float, wait: float) -> None:
    """A place is free again S seconds after the arrival that held it, not before and not after."""
    window = SlidingWindow(RateLimit(2, 5.0))
    window.enter(10.0)
    window.enter(12.0)

    assert window.wait_seconds(now) == wait


def test_a_client_that_adds_the_seconds_to_its_own_clock_meets_no_rounding() -> None:
    """A request at the float sum of arrival and seconds is admitted, however that rounds, and none just before it."""
    for tenth in range(1, 2000):
        window = SlidingWindow(RateLimit(1, 0.3))
        window.enter(tenth / 10)

        assert window.wait_seconds(math.nextafter(tenth / 10 + 0.3, 0.0)) > 0
        assert window.wait_seconds(tenth / 10 + 0.3) == 0


def test_a_quota_ends_at_midnight_utc_wherever_the_clock_stands() -> None:
    """The day is LeadSquared's, UTC: at 05:29 in Kolkata it is still yesterday."""
    kolkata = timezone(timedelta(hours=5, minutes=30))
    quota = DayQuota(1)
    quota.enter(datetime(2026, 3, 2, 5, 0, tzinfo=kolkata))

    assert quota.wait_seconds(datetime(2026, 3, 2, 5, 29, tzinfo=kolkata)) == 60.0
    assert quota.wait_seconds(datetime(2026, 3, 2, 5, 30, tzinfo=kolkata)) == 0.0


def test_no_quota_never_ends() -> None:
    """Without a number any count of requests is admitted."""
    quota = DayQuota(None)
    for _ in range(1000):
        quota.enter(datetime(2026, 3, 2, tzinfo=UTC))

    assert quota.wait_seconds(datetime(2026, 3, 2, tzinfo=UTC)) == 0.0
