"""A run on a ledger that machines share, disturbed at one step: its process dies, or its connection is lost at a commit.

Whoever goes on is another process of the same machine, which knows that the former is dead, or one of another machine, which
takes the lease over when its time is over and can only know that nobody was heard of.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from etl.errors import BusyError, LedgerError
from etl.events import InputSummary
from etl.ledger.store import Ledger
from etl.records import Outcome
from tests.laws import invariants
from tests.laws.shared import losing
from tests.laws.test_crash_at_every_step import NAMING, Case
from tests.laws.virtual import Crash, Program, Steps, account, everything_virtual, live
from tests.laws.world import World

ENDED_SECONDS = 46.0
"""A lease that nobody renews is over by then."""

MOST_LIVES = 4
HALTED_SECONDS = 2_000.0


class Disturbance(NamedTuple):
    """What happens: `dies` before its nth step, or at its nth commit `lost there` or `lost back`, or `lost for good`: with its
    answer, and nobody can be asked about it. is_elsewhere: who goes on."""

    what: str
    nth: int
    is_elsewhere: bool = False

    def steps(self, ledgers: list[Ledger]) -> Steps:
        if self.what == "dies":
            return Steps(self.nth)
        how = {"arrives": self.what != "lost there", "is_mute": self.what == "lost for good"}
        return Steps(at={("commit", self.nth): losing(lambda: ledgers[-1], **how)})


@dataclass
class Desk:
    """A case laid out in a folder, and the world that it is sent to."""

    case: Case
    folder: Path
    world: World

    def live(self, steps: Steps, ledgers: list[Ledger] | None = None) -> InputSummary:
        """One life of a process. Raises: Crash, LedgerError, BusyError — it came to no end."""
        with everything_virtual(self.world), self.world.life():
            (summary,) = live(self.world, self.program(steps, [] if ledgers is None else ledgers))
        return summary

    def program(self, steps: Steps, ledgers: list[Ledger]) -> Program:
        sheet, mapping = self.case.write(self.folder)
        told = (self.folder, [sheet], mapping, account(self.world), steps)
        return Program(*told, knocks=False, on_ledger=ledgers.append)

    def check(self, summary: InputSummary) -> None:
        activities = self.world.simulator.activities()
        sheet = self.folder / "visits.csv"
        stored = invariants.held(activities, NAMING)
        invariants.at_most_once(stored, [invariants.result_rows(sheet)], NAMING)
        invariants.check(activities, summary, sheet, NAMING)
        assert +Counter(summary.equation.outcomes) == Counter(self.case.expected), summary.equation
        invariants.check_server(self.world.simulator.stats(), limit=25)


def undisturbed(case: Case) -> Steps:
    """The steps of a run to which nothing happens."""
    steps = Steps()
    with _desk(case) as desk:
        desk.check(desk.live(steps))
    return steps


def survive(case: Case, disturbance: Disturbance) -> Counter[str]:
    """Let it happen, and go on until the run has come to its end; the laws hold then. Returns: what happened."""
    tally: Counter[str] = Counter({disturbance.what: 1})
    ledgers: list[Ledger] = []
    with _desk(case) as desk:
        world, summary = desk.world, None
        try:
            summary = desk.live(disturbance.steps(ledgers), ledgers)
            tally["went on by itself"] += 1
        except (Crash, LedgerError) as error:
            tally[f"ended by {type(error).__name__}"] += 1
        world.is_elsewhere = disturbance.is_elsewhere
        while summary is None or +Counter(summary.equation.outcomes) != Counter(desk.case.expected):
            tally["lives"] += 1
            assert tally["lives"] < MOST_LIVES, f"it comes to no end: {summary}"
            try:
                summary = desk.live(Steps())
            except BusyError:
                tally["had to wait for a lease"] += 1
                world.pass_time(ENDED_SECONDS)
        world.let_arrive()
        desk.check(summary)
        return tally + world.happened


def overtaken(case: Case, nth: int) -> Counter[str]:
    """One process is halted after its nth commit, for far longer than its lease counts; another machine goes on meanwhile.

    It wakes up when that one has read back, and sent, what it had written that it would send. Returns: what happened.
    """
    with _desk(case) as desk:
        world = desk.world
        world.is_elsewhere = True
        halted = desk.program(Steps(at={("committed", nth): lambda: world.halt(HALTED_SECONDS)}), [])
        ended: list[InputSummary] = []

        def goes_on() -> None:
            world.clock.sleep(2 * ENDED_SECONDS)
            ended.extend(live(world, desk.program(Steps(), [])))

        with everything_virtual(world):
            results = world.together(lambda: live(world, halted), goes_on)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        world.let_arrive()
        stored = invariants.held(world.simulator.activities(), NAMING)
        invariants.at_most_once(stored, [invariants.result_rows(desk.folder / "visits.csv")], NAMING)
        assert sum(stored.values()) == desk.case.expected[Outcome.CREATED]
        return Counter({"overtaken": 1}) + world.happened


class _desk:  # noqa: N801 — read as a function
    def __init__(self, case: Case) -> None:
        self._case = case

    def __enter__(self) -> Desk:
        self._folder = Path(tempfile.mkdtemp(prefix="lost-"))
        return Desk(self._case, self._folder, self._case.world())

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def all_of(taken: Steps) -> Iterator[Disturbance]:
    """Everything that can happen to a run of those steps."""
    for nth in range(len(taken.taken)):
        yield Disturbance("dies", nth, is_elsewhere=nth % 2 == 1)
    for nth in range(1, taken.counted["commit"] + 1):
        yield Disturbance("lost there", nth)
        yield Disturbance("lost back", nth)
        yield Disturbance("lost for good", nth)
