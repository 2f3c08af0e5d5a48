"""The laws on a ledger that machines share, as much of them as one likes: `python -m tests.laws.soak_shared --seeds 200`.

First a run is disturbed at each of its steps and commits, in each of three cases; then seeded histories are played, in which
processes go on elsewhere, are halted and overtaken, and lose commits. Prints each violation with what replays it, and what really
happened. Exits with 1 if a law did not hold, or something that is expected never happened.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator

from tests.laws.history import ViolationError, play
from tests.laws.lost import Disturbance, all_of, overtaken, survive, undisturbed
from tests.laws.shared import in_databases
from tests.laws.soak import never_happened, say
from tests.laws.test_crash_at_every_step import CASES, PLAIN
from tests.postgresql import own_server

EXPECTED = (
    "dies",
    "lost there",
    "lost back",
    "lost for good",
    "overtaken",
    "went on by itself",
    "had to wait for a lease",
    "lease renewed",
    "verified found",
    "elsewhere",
    "halted",
    "taken over",
    "commit lost",
    "answer of a commit lost",
)
"""What must happen, and be survived, in a soak of many histories."""

MANY, FEW = 50, 10
VIOLATIONS, HALTED = "violations", "halted"


def _disturbed(first: int, stride: int) -> Iterator[Counter[str]]:
    """Every `stride`-th thing that can happen to a run, from one on."""
    for name, case in CASES.items():
        steps = undisturbed(case)
        halts = [Disturbance(HALTED, nth) for nth in range(1, steps.counted["committed"] + 1)] if case is PLAIN else []
        for disturbance in [*all_of(steps), *halts][first % stride :: stride]:
            try:
                is_halted = disturbance.what == HALTED
                yield overtaken(case, disturbance.nth) if is_halted else survive(case, disturbance)
            except Exception as error:  # noqa: BLE001 — told, and the next one has its turn
                say(f"{name}: {disturbance}: {type(error).__name__}: {error}")
                yield Counter({VIOLATIONS: 1})


def _played(first: int, count: int) -> Iterator[Counter[str]]:
    for seed in range(first, first + count):
        try:
            yield play(seed, is_short=True)
        except ViolationError as violation:
            say(f"in PostgreSQL (python -m tests.laws.soak_shared --stride 0 --seeds 1 --from {seed}): {violation}")
            yield Counter({VIOLATIONS: 1})


def soak(first: int, count: int, stride: int) -> int:
    """Returns: the exit code."""
    tally: Counter[str] = Counter()
    began = time.monotonic()
    with own_server() as server, in_databases(server):
        for happened in _disturbed(first, stride) if stride else ():
            tally += happened
        runs = sum(tally[what] for what in EXPECTED[:5])
        say(f"{runs} runs disturbed at one step each: {time.monotonic() - began:.0f} s")
        for happened in _played(first, count):
            tally += happened
    for name, times in sorted(tally.items()):
        say(f"{times:9,}  {name}")
    say(f"{count} histories in PostgreSQL, {time.monotonic() - began:.0f} s in all: {tally[VIOLATIONS]} violations")
    missing = never_happened(tally, EXPECTED) if 0 < stride <= FEW and count >= MANY else []
    if missing:
        say(f"never happened: {', '.join(missing)}")
    return 1 if tally[VIOLATIONS] or missing else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.laws.soak_shared")
    parser.add_argument("--seeds", type=int, default=100, help="how many histories")
    parser.add_argument("--from", dest="first", type=int, default=0, help="the first seed")
    parser.add_argument(
        "--stride", type=int, default=3, help="0: none, else only every n-th of the steps that runs are disturbed at"
    )
    asked = parser.parse_args()
    return soak(asked.first, asked.seeds, asked.stride)


if __name__ == "__main__":
    sys.exit(main())
