"""How long to wait, as exact lists of seconds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.delivery.backoff import after_failure, after_throttling

WAITS_AFTER_FAILURES = [
    pytest.param(0.0, [1, 2, 4, 8, 16, 32, 60, 60], id="no chance"),
    pytest.param(0.5, [1.125, 2.25, 4.5, 9, 18, 36, 67.5, 67.5], id="half a chance"),
]


@pytest.mark.parametrize(("chance", "waits"), WAITS_AFTER_FAILURES)
def test_waits_after_failures_double_up_to_a_minute(chance: float, waits: list[float]) -> None:
    """Each failure in a row doubles the wait; chance adds up to a quarter of it."""
    assert [after_failure(failures, chance) for failures in range(1, 9)] == waits


WAITS_AFTER_REFUSALS = [
    pytest.param(None, None, 0.0, [5, 10, 20, 40, 60, 60], id="nothing named: the documented window"),
    pytest.param(None, 2.0, 0.0, [2, 4, 8, 16, 32, 60], id="the window that was named"),
    pytest.param(None, 5.0, 0.5, [5.5, 10.5, 20.5, 40.5, 60.5, 60.5], id="spread by chance"),
    pytest.param(7.0, 5.0, 0.0, [7, 7, 7, 7, 7, 7], id="what LeadSquared asked for"),
    pytest.param(300.0, None, 0.25, [300.25] * 6, id="longer than our own longest"),
    pytest.param(0.0, 5.0, 0.5, [0.5] * 6, id="at once"),
]


@pytest.mark.parametrize(("asked", "window", "chance", "waits"), WAITS_AFTER_REFUSALS)
def test_waits_after_refusals_for_the_rate(
    asked: float | None, window: float | None, chance: float, waits: list[float]
) -> None:
    """What LeadSquared asks for goes before everything; else the window's length, doubled with each refusal in a row."""
    assert [after_throttling(asked, window, refusals, chance) for refusals in range(1, 7)] == waits


@given(asked=st.floats(0, 10_000), chance=st.floats(0, 1, exclude_max=True), refusals=st.integers(1, 1_000))
def test_it_is_never_tried_sooner_than_asked(asked: float, chance: float, refusals: int) -> None:
    """A wish of LeadSquared's is a lower bound."""
    assert after_throttling(asked, None, refusals, chance) >= asked


@given(failures=st.integers(1, 10**6), chance=st.floats(0, 1, exclude_max=True))
def test_a_wait_is_never_longer_than_a_minute_and_a_quarter(failures: int, chance: float) -> None:
    """However long the trouble lasts, it is tried again."""
    assert 1.0 <= after_failure(failures, chance) <= 75.0
