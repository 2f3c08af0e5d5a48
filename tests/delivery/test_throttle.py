"""The arithmetic of slots."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.delivery.throttle import LONGEST_IN_AIR_SECONDS, MARGIN_SECONDS, Hold, free_at, shared, smallest
from etl.records import Limit, Window

SHARES = [
    pytest.param(Limit(25, 5.0), 1.0, Limit(25, 5.0), id="all of it"),
    pytest.param(Limit(25, 5.0), 0.5, Limit(12, 5.0), id="half, rounded down"),
    pytest.param(Limit(1, 5.0), 0.1, Limit(1, 5.0), id="never less than one"),
]


@pytest.mark.parametrize(("limit", "share", "ours"), SHARES)
def test_our_share_of_a_limit(limit: Limit, share: float, ours: Limit) -> None:
    """A share is rounded down, and one request in a window always remains."""
    assert shared(limit, share) == ours


SMALLEST = [
    pytest.param(Limit(25, 5.0), None, Limit(25, 5.0), id="nothing learnt"),
    pytest.param(Limit(25, 5.0), Limit(10, 5.0), Limit(10, 5.0), id="less learnt"),
    pytest.param(Limit(10, 5.0), Limit(25, 5.0), Limit(10, 5.0), id="more learnt"),
    pytest.param(Limit(25, 5.0), Limit(50, 20.0), Limit(12, 5.0), id="less by the second, without longer bursts"),
    pytest.param(Limit(25, 5.0), Limit(5, 1.0), Limit(5, 1.0), id="the same by the second, shorter bursts"),
    pytest.param(Limit(25, 5.0), Limit(1000, 3600.0), Limit(1, 5.0), id="an hour's limit"),
]


@pytest.mark.parametrize(("configured", "learnt", "used"), SMALLEST)
def test_the_limit_that_allows_less_is_used(configured: Limit, learnt: Limit | None, used: Limit) -> None:
    """Neither the settings nor a refusal can raise what the other allows."""
    assert smallest(configured, learnt) == used


BULK, GENERAL = Window.BULK, Window.GENERAL
NOW = 100.0
HELD = 5.0 + MARGIN_SECONDS


def ended(window: Window, *moments: float) -> list[Hold]:
    return [Hold(window, moment - 1.0, moment) for moment in moments]


IN_THE_AIR = Hold(BULK, 98.0, None)

FREE = [
    pytest.param([], BULK, NOW, id="nothing held"),
    pytest.param(ended(BULK, 97.0), BULK, NOW, id="one of two held"),
    pytest.param(ended(BULK, 97.0, 98.0), BULK, 97.0 + HELD, id="both held: the first to end"),
    pytest.param(ended(BULK, 98.0, 97.0, 99.0), BULK, 98.0 + HELD, id="three held: two must go"),
    pytest.param(ended(BULK, 90.0, 94.0), BULK, NOW, id="long over"),
    pytest.param(ended(BULK, 97.0, 95.0 - MARGIN_SECONDS), BULK, NOW, id="over at this very moment"),
    pytest.param(ended(GENERAL, 97.0, 98.0), BULK, NOW, id="others leave the bulk window alone"),
    pytest.param(ended(BULK, 97.0, 98.0), GENERAL, NOW, id="two of three general slots"),
    pytest.param(ended(BULK, 97.0, 98.0) + ended(GENERAL, 99.0), GENERAL, 97.0 + HELD, id="bulk counts as general too"),
    pytest.param(ended(GENERAL, 97.0, 98.0, 99.0), BULK, 97.0 + HELD, id="bulk needs a general slot too"),
    pytest.param([IN_THE_AIR, *ended(BULK, 97.0)], BULK, 97.0 + HELD, id="one in the air, one ended"),
    pytest.param([IN_THE_AIR, IN_THE_AIR], BULK, 98.0 + LONGEST_IN_AIR_SECONDS + HELD, id="both in the air"),
]


@pytest.mark.parametrize(("holds", "window", "moment"), FREE)
def test_when_a_slot_is_free(holds: list[Hold], window: Window, moment: float) -> None:
    """Two bulk requests and three altogether in five seconds, counted from the latest moment of arrival."""
    limits = {BULK: Limit(2, 5.0), GENERAL: Limit(3, 5.0)}

    assert free_at(holds, limits, window, NOW) == pytest.approx(moment)


BELIEVED = [
    pytest.param(Hold(BULK, 97.0, 99.0, 97.5), 0.2, 97.7 + HELD, id="written and bound"),
    pytest.param(Hold(BULK, 97.0, 97.6, 97.5), 0.2, 97.6 + HELD, id="the answer came before that"),
    pytest.param(Hold(BULK, 97.0, 99.0, None), 0.2, 99.0 + HELD, id="too large: the answer"),
    pytest.param(Hold(BULK, 97.0, 99.0, 97.5), None, 99.0 + HELD, id="nothing believed: the answer"),
    pytest.param(Hold(BULK, 97.0, None, 97.5), 0.2, 97.0 + LONGEST_IN_AIR_SECONDS + HELD, id="in the air: no bound"),
]


@pytest.mark.parametrize(("hold", "bound", "moment"), BELIEVED)
def test_a_bound_frees_a_slot_before_the_answer_would(hold: Hold, bound: float | None, moment: float) -> None:
    """A slot is held from the earlier of the answer and what is believed of the way there."""
    limits = {BULK: Limit(1, 5.0), GENERAL: Limit(9, 5.0)}

    assert free_at([hold], limits, BULK, NOW, {BULK: bound}) == pytest.approx(moment)


@given(
    moments=st.lists(st.floats(80, 100), max_size=12),
    count=st.integers(1, 5),
    seconds=st.floats(0.5, 10),
)
def test_at_that_moment_there_is_room_and_before_it_there_is_none(
    moments: list[float], count: int, seconds: float
) -> None:
    """The moment told is the earliest at which fewer than N requests are held."""
    limit = Limit(count, seconds)
    holds = ended(GENERAL, *moments)

    moment = free_at(holds, {BULK: limit, GENERAL: limit}, GENERAL, NOW)

    assert sum(hold.free_at(seconds) > moment for hold in holds) < count
    if moment > NOW:
        assert sum(hold.free_at(seconds) >= moment for hold in holds) >= count
