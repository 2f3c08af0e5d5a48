"""What happens only where machines share a ledger: a process goes on elsewhere, is halted and overtaken, or loses a commit."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from etl.ledger.store import Ledger
from tests.laws.shared import losing
from tests.laws.virtual import Program
from tests.laws.world import World

LONG_SECONDS = (20.0, 60.0, 500.0)
"""Less than a lease counts, and more."""


@dataclass
class SharedTroubles:
    """Draws them from dice of their own, so that all else in a history is what it is on a file."""

    dice: random.Random
    world: World
    tally: Counter[str]
    log: Callable[[str], None]

    def between_lives(self) -> None:
        """Who goes on may be another machine, which has to wait for the end of a lease."""
        self.world.is_elsewhere = self.dice.random() < 0.4
        if self.world.is_elsewhere:
            self.tally["elsewhere"] += 1
            self.log("  another machine goes on")

    def of_the_ledger(self, program: Program) -> Program:
        """A connection is lost at one of its commits."""
        place = ("commit", self.dice.choice([self.dice.randrange(1, 30), self.dice.randrange(9, 18)]))
        if self.dice.random() < 0.5 or place in program.steps.at:
            return program
        arrives = self.dice.random() < 0.5
        own: list[Ledger] = []
        cut = losing(lambda: own[-1], arrives=arrives)
        what = "answer of a commit lost" if arrives else "commit lost"

        def happens() -> None:
            self.tally[what] += 1
            cut()

        def opened(ledger: Ledger) -> None:
            own.append(ledger)
            program.on_ledger(ledger)

        program.steps.at = {**program.steps.at, place: happens}
        self.log(f"    {what}: {place[1]}")
        return replace(program, on_ledger=opened)

    def halts(self, program: Program) -> None:
        """It is halted after a commit, before it looks whether it may send: for shorter than a lease, or for longer."""
        seconds, nth = self.dice.choice(LONG_SECONDS), self.dice.randrange(9, 16)
        program.steps.at = {**program.steps.at, ("committed", nth): lambda: self.world.halt(seconds)}
        self.log(f"    halted for {seconds:g} s at commit {nth}")
