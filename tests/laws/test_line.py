"""The learned bound in virtual time: safe while it is true, and soon given up when it is not."""

from __future__ import annotations

from etl.delivery.line import FLOOR_SECONDS
from tests.foreign.window import busiest_window
from tests.laws.line_world import LineWorld, that_lies, that_resets, that_stands_still, true_to_its_handshakes

WORLDS = 100
"""Of each kind, at about a hundred arrivals; `python -m tests.laws.line_world 20000` runs more."""


def test_within_the_bound_no_window_is_ever_above_the_limit() -> None:
    """However late and early requests arrive, none is refused as long as none is slower than a remembered handshake."""
    believed = 0
    for seed in range(WORLDS):
        world = true_to_its_handshakes(seed)
        world.run(90)
        assert world.refused == [], seed
        assert busiest_window(world.arrivals, world.limit.seconds) <= world.limit.count, seed
        believed += world.believed > 0

    assert believed > WORLDS / 3  # else it is the answer-held rule that was tried


def test_a_request_whose_connection_is_reset_holds_its_slot_until_it_was() -> None:
    """Nothing is known of its way but that it had arrived by then, if ever: however many are reset, none is refused."""
    believed = 0
    for seed in range(WORLDS // 2):
        world = that_resets(seed)
        world.run(90)
        assert world.refused == [], seed
        believed += world.believed > 0

    assert believed > WORLDS / 6


def test_where_answers_take_the_same_time_none_is_refused_though_all_stands_still_now_and_then() -> None:
    """A request that arrives later than a handshake would is found out by its answer, and its slot held for as much longer."""
    kept_back = 0
    for seed in range(WORLDS):
        world = that_stands_still(seed)
        world.run(120)
        assert world.refused == [], seed
        assert world.believed > 0, seed
        kept_back += world.slowest_way > FLOOR_SECONDS

    assert kept_back > WORLDS / 3  # else nothing has stood still for longer than is believed of any line


def test_a_line_that_turns_slower_than_it_has_shown_is_given_up_after_five_refused_bursts() -> None:
    """Handshakes that lie cost a bounded number of requests; then only answers count, and none is refused any more."""
    caught = 0
    for seed in range(WORLDS):
        world = that_lies(seed)
        world.run(150)
        assert world.line.doublings <= 5, seed
        assert len(world.refused) <= 5 * (world.capacity + world.limit.count), seed
        assert _is_calm_after_giving_up(world), seed
        caught += bool(world.refused)

    assert caught > WORLDS / 4


def _is_calm_after_giving_up(world: LineWorld) -> bool:
    """Whether no request was refused that was sent after the last retreat."""
    given_up = world.line.refused
    if given_up is None:
        return not world.refused
    if world.line.bound(world.limit.seconds, world.now, 1_800_000_000.0 + world.now) is not None:
        return True  # it was enough to retreat a little
    return all(moment <= given_up + 5.0 for moment in world.refused)
