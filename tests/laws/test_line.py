"""The learned bound in virtual time: safe while it is true, and soon given up when it is not."""

from __future__ import annotations

from tests.foreign.window import busiest_window
from tests.laws.line_world import LineWorld, that_lies, true_to_its_handshakes

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
