"""A line, a strict server and senders in virtual time, for the arithmetic of slots alone: thousands of hours in seconds.

The server counts by arrival in a sliding window, refused ones too. Somebody who wishes us ill chooses when each request is
written, how long its way takes and how long its answer. `python -m tests.laws.line_world 20000` runs so many worlds of
each kind.
"""

from __future__ import annotations

import heapq
import random
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from etl.api.client import RENEWAL_SECONDS
from etl.delivery.backoff import after_throttling
from etl.delivery.line import FLOOR_SECONDS, LEAST_ANSWERS, Line
from etl.delivery.throttle import Hold, free_at, shared
from etl.records import Limit, Trip, Window

WALL = 1_800_000_000.0


@dataclass
class LineWorld:
    """One account. way: seconds on the way there, drawn for each request; its answer never comes before it has arrived.

    handshake: what a new connection shows. answer: seconds from writing to answer. capacity: most in the air.
    resets: the share of requests whose connection is reset instead, which says nothing of how they went out.
    """

    limit: Limit
    capacity: int
    dice: random.Random
    way: Callable[[LineWorld], float]
    handshake: Callable[[LineWorld], float]
    answer: Callable[[LineWorld], float]
    resets: float = 0.0
    now: float = 0.0
    line: Line = field(default_factory=Line)
    holds: list[Hold] = field(default_factory=list)
    in_air: list[tuple[float, int, float, float, float, float | None]] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    believed: int = 0
    slowest_way: float = 0.0
    paused_until: float = 0.0
    measured: float = -RENEWAL_SECONDS
    refusals: int = 0
    _arriving: list[tuple[float, int]] = field(default_factory=list)
    _counted: deque[float] = field(default_factory=deque)
    _refused_numbers: set[int] = field(default_factory=set)

    @property
    def bound(self) -> float | None:
        """What is believed now."""
        return self.line.bound(self.limit.seconds, self.now, WALL + self.now)

    def run(self, requests: int) -> None:
        """Send so many requests as soon as each may go."""
        for number in range(requests):
            while True:
                self._settle()
                moment = max(self.paused_until, self._free_at())
                if len(self.in_air) < self.capacity and moment <= self.now:
                    break
                answered = self.in_air[0][0] if self.in_air else moment
                self.now = answered if len(self.in_air) >= self.capacity else min(moment, answered)
                assert self.now < 1e6, "it hangs"
            self._send(number)
        while self.in_air:
            self.now = self.in_air[0][0]
            self._settle()

    def _free_at(self) -> float:
        flying = [Hold(Window.GENERAL, sent, None) for _, _, sent, _, _, _ in self.in_air]
        self.holds = [hold for hold in self.holds if (hold.ended or 0.0) > self.now - self.limit.seconds - 1]
        limits = {Window.GENERAL: shared(self.limit, self.line.share_at(WALL + self.now))}
        bound = self.bound
        self.believed += bound is not None
        return free_at(self.holds + flying, limits, Window.GENERAL, self.now, {Window.GENERAL: bound})

    def _send(self, number: int) -> None:
        is_cold = self.now - self.measured >= RENEWAL_SECONDS or self.line.handshakes < 3
        shown = self.handshake(self) if is_cold else None
        if is_cold:
            self.measured = self.now
        written = self.now + (shown or 0.0) + self.dice.choice((0.0, 0.0, 0.02))
        way = self.way(self)
        self.slowest_way = max(self.slowest_way, way)
        answered = written + max(way, self.answer(self))
        heapq.heappush(self._arriving, (written + way, number))
        heapq.heappush(self.in_air, (answered, number, self.now, written, written + way, shown))

    def _settle(self) -> None:
        """Let arrive and be answered what has been by now."""
        while self.in_air and self.in_air[0][0] <= self.now:
            answered, number, sent, written, _, shown = heapq.heappop(self.in_air)
            self._let_arrive(answered)
            if number not in self._refused_numbers and self.resets and self.dice.random() < self.resets:
                self.holds.append(Hold(Window.GENERAL, sent, answered))
                continue
            believed = self.line.believed_written(Trip(written, shown, 2_000), answered - written)
            self.holds.append(Hold(Window.GENERAL, sent, answered, believed))
            self.line = self.line.after_answer(answered - written)
            if shown is not None:
                self.line = self.line.after_handshake(shown, answered)
            if number in self._refused_numbers:
                self._take_refusal(sent, answered)
            else:
                self.refusals = 0
        self._let_arrive(self.now)

    def _take_refusal(self, sent: float, now: float) -> None:
        if now >= self.paused_until:
            self.refusals += 1
        self.paused_until = max(self.paused_until, now + after_throttling(None, self.limit.seconds, self.refusals, 0.0))
        self.line = self.line.after_refusal(sent, self.limit.seconds, now, WALL + now)

    def _let_arrive(self, until: float) -> None:
        while self._arriving and self._arriving[0][0] <= until:
            moment, number = heapq.heappop(self._arriving)
            self.arrivals.append(moment)
            self._counted.append(moment)
            while self._counted[0] <= moment - self.limit.seconds:
                self._counted.popleft()
            if len(self._counted) > self.limit.count:
                self.refused.append(moment)
                self._refused_numbers.add(number)


def _limit(dice: random.Random) -> tuple[Limit, int]:
    limit = Limit(dice.choice((1, 2, 3, 5, 10)), dice.choice((1.0, 5.0)))
    return limit, dice.choice((1, 2, 4, 8))


def true_to_its_handshakes(seed: int) -> LineWorld:
    """A line on which nothing is slower than the slowest handshake that is remembered: late and early as it hurts most."""
    dice = random.Random(seed)
    limit, capacity = _limit(dice)
    slowest = dice.choice((0.001, 0.05, 0.12, 0.5, 2.0))
    turns = dice.choice((1, 3, 7))

    def way(world: LineWorld) -> float:
        most = max(FLOOR_SECONDS, world.line.slowest, world.line.slowest_before)
        if dice.random() < 0.2:
            return dice.uniform(0.0, most)
        return most if len(world.arrivals) // turns % 2 else 0.0

    slow = dice.choice((0.01, 0.3, 1.0, 3.0))
    return LineWorld(
        limit, capacity, dice, way, lambda _: dice.uniform(0.0, slowest), lambda _: dice.uniform(slow / 3, slow)
    )


def that_lies(seed: int) -> LineWorld:
    """A line whose handshakes are quick and whose requests, from some moment on, may take any time up to their answer."""
    dice = random.Random(seed)
    limit, capacity = _limit(dice)
    turns_at = dice.choice((0.0, 20.0, 60.0))
    slow = dice.choice((0.5, 1.0, 3.0))
    turns = dice.choice((1, 3, limit.count))

    def way(world: LineWorld) -> float:
        if world.now < turns_at:
            return dice.uniform(0.0, 0.03)
        if dice.random() < 0.2:
            return dice.uniform(0.0, slow)
        return slow if len(world.arrivals) // turns % 2 else 0.0

    return LineWorld(
        limit, capacity, dice, way, lambda _: dice.uniform(0.001, 0.03), lambda _: dice.uniform(slow / 3, slow)
    )


def that_resets(seed: int) -> LineWorld:
    """An honest line on which connections are reset, some time after their requests were counted."""
    world = true_to_its_handshakes(seed)
    world.resets = world.dice.choice((0.05, 0.3, 0.6))
    return world


def that_stands_still(seed: int) -> LineWorld:
    """A quick line to a server that takes about the same time for each answer; now and then all stands still for a while.

    What was written meanwhile arrives when it goes on: a host that was busy, packets that were lost and are sent again. The
    first answers show what is usual.
    """
    dice = random.Random(seed)
    limit, capacity = _limit(dice)
    work = dice.choice((0.3, 0.5, 0.9))
    longest, seldom = dice.choice((0.1, 0.2, 0.5)), dice.choice((20, 60))
    goes_on_at, took = [0.0], [0.0]

    def way(world: LineWorld) -> float:
        is_usual_known = world.line.answers >= LEAST_ANSWERS
        if is_usual_known and goes_on_at[0] <= world.now and dice.random() < 1 / seldom:
            goes_on_at[0] = world.now + dice.uniform(0.0, longest)
        took[0] = max(dice.uniform(0.0, 0.01), goes_on_at[0] - world.now)
        return took[0]

    return LineWorld(
        limit,
        capacity,
        dice,
        way,
        lambda _: dice.uniform(0.001, 0.01),
        lambda _: took[0] + work + dice.uniform(0.0, 0.01),
    )


def main() -> None:
    """Run worlds of each kind and say what the worst of them came to."""
    worlds = int(sys.argv[1])
    believed = worst = bursts = unseen = 0
    for seed in range(worlds):
        honest = true_to_its_handshakes(seed)
        honest.run(120)
        assert not honest.refused, seed
        believed += honest.believed > 0
        resetting = that_resets(seed)
        resetting.run(120)
        assert not resetting.refused, seed
        standing = that_stands_still(seed)
        standing.run(120)
        unseen += len(standing.refused)
        lying = that_lies(seed)
        lying.run(200)
        worst = max(worst, len(lying.refused))
        bursts = max(bursts, lying.line.doublings)
    sys.stdout.write(
        f"{worlds} honest lines, {believed} of them believed, and as many that reset: none refused. {worlds} that stand "
        f"still: {unseen} refused. {worlds} lying ones: at most {worst} refused, {bursts} retreats\n"
    )


if __name__ == "__main__":
    main()
