"""Whose turn it is: none of several runs on one account starves, whoever of them is quicker at the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from etl.delivery.throttle import Hold, free_at
from etl.delivery.turns import turn_at, yields_for
from etl.records import Limit, Window

LIMIT = Limit(25, 5.0)
LIMITS = {Window.GENERAL: LIMIT, Window.BULK: LIMIT}
TICK = 0.01


def taken(
    runs: Sequence[int], seconds: float, *, with_turns: bool = True, until: dict[int, float] | None = None
) -> Counter[int]:
    """How many slots each run gets, where at each moment the first ones of them ask first and for all they can get."""
    holds: list[Hold] = []
    got: Counter[int] = Counter()
    for tick in range(int(seconds / TICK)):
        now = tick * TICK
        holds = [hold for hold in holds if hold.sent > now - LIMIT.seconds - 1]
        for run in runs:
            while now <= (until or {}).get(run, seconds):
                free = free_at(holds, LIMITS, Window.BULK, now)
                beside = [
                    other for other in runs if other != run and now <= (until or {}).get(other, seconds) + LIMIT.seconds
                ]
                if free > now or (with_turns and turn_at(holds, LIMITS, Window.BULK, now, run, beside) > now):
                    break
                holds.append(Hold(Window.BULK, now, now, run=run))
                got[run] += 1
    return got


def test_none_of_four_runs_starves_though_one_is_always_first() -> None:
    """Even then, and with the first window its own, it has no more than two fifths; together they miss next to no slot."""
    got = taken([1, 2, 3, 4], 60.0)

    assert max(got.values()) < 0.4 * sum(got.values()), got
    assert min(got[run] for run in (1, 2, 3, 4)) > 0.15 * sum(got.values()), got
    assert sum(got.values()) >= 0.96 * 12 * LIMIT.count


def test_left_alone_the_first_one_gets_all() -> None:
    """What the turns are for: without them the quickest leaves nothing."""
    assert taken([1, 2, 3, 4], 30.0, with_turns=False).keys() == {1}


def test_who_has_gone_costs_a_moment_and_no_slot() -> None:
    """A run that waits for something else, and asks no more, is yielded to for a breath at a time in its last window alone."""
    got = taken([1, 2], 60.0, until={2: 20.0})

    assert got[2] < 0.55 * 4 * LIMIT.count
    assert sum(got.values()) >= 0.97 * 12 * LIMIT.count


FOUR_OF_EIGHT = [Hold(Window.BULK, 0.0, 0.0, run=run) for run in (1, 1, 1, 1, 2, 2)] + [
    Hold(Window.GENERAL, 0.0, 0.0)
] * 2

TURNS = {
    "nobody else is at work": (1, (), 5.5, 5.5),
    "its part is held already: the others go first": (1, (2,), 4.9, 5.01 + 0.15),
    "less than its part is held": (2, (1,), 4.9, 4.9),
    "the others have had their time": (1, (2,), 5.2, 5.2),
}


@pytest.mark.parametrize(("run", "others", "now", "expected"), TURNS.values(), ids=TURNS)
def test_a_turn(run: int, others: tuple[int, ...], now: float, expected: float) -> None:
    """Who holds its part of a window lets the others go first for a moment after a slot has become free."""
    limits = {Window.GENERAL: Limit(8, 5.0), Window.BULK: Limit(6, 5.0)}

    assert turn_at(FOUR_OF_EIGHT, limits, Window.BULK, now, run, others) == pytest.approx(expected)


@pytest.mark.parametrize(("seconds", "expected"), [(1.0, 0.03), (5.0, 0.15), (60.0, 0.15)])
def test_a_breath_is_a_small_part_of_the_window(seconds: float, expected: float) -> None:
    """Three hundredths of the window, and a sixth of a second at most."""
    assert yields_for(Limit(25, seconds)) == pytest.approx(expected)
