"""As many seeded histories as one likes: `make soak SEEDS=2000`, or one of them told: `--seed 4711 --verbose`.

Prints each violation with its seed and the command that replays it, and at the end how often each fault and each path
really happened. Exits with 1 if an invariant did not hold or something that is expected never happened.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from etl.simulator import FaultKind, ThrottleForm
from tests.laws.history import ViolationError, play
from tests.laws.troubles import KINDS_OF_CRASH
from tests.laws.ways import WAYS

PATHS = (
    "verified found",
    "verified absent",
    "refused after reading back",
    "probe",
    "sent again as it was",
    "sent again by fives",
    "sent again alone",
    "sick pause",
    "already imported",
    "changed",
    "second ledger noticed",
    "matching by value off",
    "id given back by its row key",
    "reads not allowed",
    "read by lead",
    "read by time",
    "overtaken run compared anew",
    "taken by another run",
    "failed file run",
    "two processes at once",
    "etl stop taken in",
    "interrupted",
    "keys revoked",
    "keys refused",
    "keys rotated",
    "day's budget spent",
    "day's quota of LeadSquared used up",
    "limit learned from refusals",
    "slot given by the learned bound",
    "learned bound doubled",
    "DNS failure",
    "connection refused",
    "network gone for an hour",
    "answer lost with the network",
    "clock set",
    "machine asleep",
    "reboot",
)
STORED_AS = {way.operation: "created" if way.makes_new else "updated" for way in WAYS.values()}
EXPECTED = (
    *PATHS,
    "revised",
    *WAYS,
    *(f"{operation}: {outcome}" for operation, outcome in STORED_AS.items()),
    *(f"{operation}: verified found" for operation in WAYS),
    *(f"fault {kind.value}" for kind in FaultKind),
    *(f"throttled as {form.value}" for form in ThrottleForm),
    *(f"crash at {kind}" for kind in KINDS_OF_CRASH),
    *(f"continued after a crash at {kind}" for kind in KINDS_OF_CRASH),
)
"""What must happen, and be survived, in any soak of some size."""

A_BATCH = 25


def say(line: str) -> None:
    """Tell it at once, also into a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _say_nothing(_line: str) -> None:
    """Not asked for."""


def never_happened(tally: Counter[str], expected: Iterable[str] = EXPECTED) -> list[str]:
    """What is expected and did not happen."""
    return [name for name in expected if not tally[name]]


def play_some(
    seeds: Iterable[int], operation: str | None = None, *, is_short: bool = False
) -> tuple[Counter[str], list[str]]:
    """Play histories. Returns: what happened, and the violations as text."""
    tally: Counter[str] = Counter()
    violations: list[str] = []
    for seed in seeds:
        try:
            tally += play(seed, is_short=is_short, operation=operation)
        except ViolationError as violation:
            violations.append(str(violation))
        tally["histories"] += 1
    return tally, violations


def _begin_worker() -> None:
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def _batches(first: int, count: int) -> Iterator[range]:
    for start in range(first, first + count, A_BATCH):
        yield range(start, min(start + A_BATCH, first + count))


def soak(first: int, count: int, processes: int, operation: str | None = None) -> int:
    """Play `count` histories from seed `first` on, tell how it went, and return the exit code.

    operation: all of them use this one; nothing is expected to have happened then.
    """
    tally: Counter[str] = Counter()
    violations: list[str] = []
    began, shown = time.monotonic(), 0.0
    with ProcessPoolExecutor(processes, initializer=_begin_worker) as pool:
        for happened, found in pool.map(partial(play_some, operation=operation), _batches(first, count)):
            tally += happened
            violations += found
            for violation in found:
                say(str(violation))
            seconds = time.monotonic() - began
            if seconds - shown >= 15.0:
                shown = seconds
                say(f"{tally['histories']} of {count} histories, {len(violations)} violations, {seconds:.0f} s")
    for name, times in sorted(tally.items()):
        say(f"{times:9,}  {name}")
    missing = never_happened(tally) if operation is None else []
    say(f"{count} histories in {time.monotonic() - began:.0f} s: {len(violations)} violations")
    if missing:
        say(f"never happened: {', '.join(missing)}")
    return 1 if violations or missing else 0


def replay(seed: int, operation: str | None, *, verbose: bool, is_short: bool) -> int:
    """Play one history, told as it goes."""
    try:
        tally = play(seed, say if verbose else _say_nothing, is_short=is_short, operation=operation)
    except ViolationError as violation:
        say(str(violation))
        say("".join(traceback.format_exception(violation.__cause__)))
        return 1
    for name, times in sorted(tally.items()):
        say(f"{times:9,}  {name}")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.laws.soak")
    parser.add_argument("--seeds", type=int, default=500, help="how many histories")
    parser.add_argument("--from", dest="first", type=int, default=0, help="the first seed")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, help="play this one history only")
    parser.add_argument("--operation", choices=list(WAYS), help="in place of the one that each seed draws")
    parser.add_argument("--short", action="store_true", help="as the suite plays it")
    parser.add_argument("--verbose", action="store_true", help="tell what happens")
    asked = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":  # sets of texts come in the same order each time
        os.execve(
            sys.executable,
            [sys.executable, "-m", "tests.laws.soak", *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    if asked.seed is not None:
        return replay(asked.seed, asked.operation, verbose=asked.verbose, is_short=asked.short)
    return soak(asked.first, asked.seeds, asked.processes, asked.operation)


if __name__ == "__main__":
    sys.exit(main())
