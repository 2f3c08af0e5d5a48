"""One seeded history: an account, a sheet, and the lives of some processes that import it, disturbed; then one that is not.

The same seed gives the same history. Every life that comes to its end has its results held against the invariants.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from etl.delivery.driver import TAKEN_OVER
from etl.errors import BusyError, EtlError, LedgerError, NetworkError, RefusedError
from etl.events import InputSummary
from etl.ledger.store import Ledger
from etl.settings import Account, Secret
from etl.simulator.core import Simulator
from tests.laws import cable as cables
from tests.laws import draws
from tests.laws.papers import Papers
from tests.laws.shared import is_shared
from tests.laws.shared_troubles import SharedTroubles
from tests.laws.troubles import Troubles
from tests.laws.updates import Journal
from tests.laws.verdicts import LATE_FAULTS, Verdicts
from tests.laws.virtual import Crash, Program, Steps, account, everything_virtual, live
from tests.laws.watched import listener, watch, watch_line
from tests.laws.ways import WAYS, Way, drawn
from tests.laws.world import World

MOST_LIVES = 5
MOST_DAYS = 5


class ViolationError(AssertionError):
    """An invariant that did not hold, with the seed that shows it."""

    def __init__(self, seed: int, reason: str, operation: str | None = None, *, is_short: bool) -> None:
        how = f"{' --short' if is_short else ''}{f' --operation {operation}' if operation else ''}"
        replay = f".venv/bin/python -m tests.laws.soak --seed {seed}{how} --verbose"
        super().__init__(f"seed {seed}: {reason}\nreplay: {replay}")
        self.seed = seed


def play(
    seed: int,
    log: Callable[[str], None] = lambda _line: None,
    *,
    is_short: bool = False,
    operation: str | None = None,
    has_cable: bool = True,
) -> Counter[str]:
    """Play a history; a short one has few rows and lives, for the suite. operation: None, and the seed draws one.

    has_cable: its requests may show how they went out. Without that it is what it was before lines were watched.

    Returns: what happened, how often. Raises: ViolationError.
    """
    folder = Path(tempfile.mkdtemp(prefix="history-"))
    random.seed(seed)
    try:
        history = History(seed, folder, log, WAYS[operation] if operation else drawn(seed), is_short, has_cable)
        with everything_virtual(history.world, seed), history.journal.kept():
            history.play()
    except (AssertionError, EtlError, LookupError, TypeError, ValueError, OSError) as error:
        raise ViolationError(seed, f"{type(error).__name__}: {error}", operation, is_short=is_short) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return +history.tally


@dataclass
class History:
    """What is there while a history is played. keys: the key pair that the person has."""

    seed: int
    folder: Path
    log: Callable[[str], None]
    way: Way
    is_short: bool = False
    has_cable: bool = True
    tally: Counter[str] = field(default_factory=Counter)
    died_at: str = ""

    def __post_init__(self) -> None:
        self.dice = random.Random(f"{self.seed}/lives")
        self.scene = draws.scene(random.Random(f"{self.seed}/scene"), self.way)
        cable_dice = random.Random(f"{self.seed}/cable")
        cable = cables.drawn(cable_dice) if self.has_cable else None
        if cable is not None:
            self.scene = draws.watched(self.scene, cable_dice)
        self.world = World(Simulator(replace(self.scene.options, faults=())))
        self.world.set_faults(self.scene.faults)
        self.world.cable = cable
        self.world.addresses = self.way.addresses
        self.world.tells_date = self.scene.tells_date
        rows = draws.sheet(random.Random(f"{self.seed}/sheet"), is_short=self.is_short)
        self.papers = Papers(self.folder, self.dice, rows, self.way)
        self.journal = Journal(self.scene.options.user_email)
        self.troubles = Troubles(self.dice, self.world, self.tally, self.log, may_set_clock=self.scene.tells_date)
        self.verdicts = Verdicts(self.scene, self.world, self.papers, self.journal, self.tally, self.log)
        self.mapping = self.folder / "visits.yaml"
        self.mapping.write_text(self.scene.mapping, encoding="utf-8")
        self.keys = self.world.keys
        self.ledger: Ledger | None = None
        machines = random.Random(f"{self.seed}/machines")
        self.shared = SharedTroubles(machines, self.world, self.tally, self.log) if is_shared() else None

    def play(self) -> None:
        self.log(f"seed {self.seed}: {len(self.papers.rows)} rows; {self.scene}; {self.world.cable}")
        self.tally[self.way.operation] += 1
        lives = self.dice.choice([1, 1, 1, 2, 2, 3, MOST_LIVES])
        for number in range(min(lives, 2) if self.is_short else lives):
            if number:
                self._between()
            self._disturbed()
        self._last()
        self.verdicts.count_what_struck()

    def _disturbed(self) -> None:
        """One command, and what happens to it."""
        chance = self.dice.random()
        if chance < 0.12 and self.scene.options.limit.count > 1:
            self._two_at_once()
        elif self.shared is not None and self.shared.dice.random() < 0.3:
            self._overtaken(self.shared)
        elif chance < 0.2 and self._may_have_second_ledger():
            self._run(self.papers.sheet(), home=1)
            self.verdicts.has_second_ledger = True
        elif chance < 0.35 and (failed := self.papers.corrected()) is not None:
            self.tally["failed file run"] += 1
            self._run(failed)
        else:
            self._run(self.papers.sheet())

    def _between(self) -> None:
        """What happens while nobody lives."""
        self.troubles.between_lives()
        if self.shared is not None:
            self.shared.between_lives()
        if self.keys != self.world.keys:
            self.keys = self.world.keys
            self.tally["keys rotated"] += 1
        if self.dice.random() < 0.35:
            self.papers.edit()
            self.tally["sheet edited"] += 1
            self.log(f"  sheet edited: {len(self.papers.rows)} rows")

    # Lives

    def _run(self, file: Path, home: int = 0) -> None:
        given = self.papers.remember(file)
        self.log(f"  {self.world.seconds:9.1f} s  {file.name}{f' with ledger {home}' if home else ''}")
        program = self._program(file, home)
        with self.world.life() as life:
            self.troubles.of_people(program, life, self._open_ledger)
            self._live(program, given, is_alone=True)
        self.verdicts.on_stop(life.number)

    def _two_at_once(self) -> None:
        """Two processes on one ledger: the sheet, and another one with some of the same rows."""
        files = (self.papers.sheet(), self.papers.other_sheet())
        given = [self.papers.remember(file) for file in files]
        self.log(f"  {self.world.seconds:9.1f} s  two at once")
        programs = [self._program(file, 0) for file in files]

        def job(place: int) -> Callable[[], object]:
            def run() -> None:
                self.world.clock.sleep(place * self.dice.choice([0.1, 1.0, 10.0]))
                self._live(programs[place], given[place], is_alone=False)

            return run

        for result in self.world.together(job(0), job(1)):
            if isinstance(result, BaseException):
                raise result
        self.tally["two processes at once"] += 1

    def _overtaken(self, shared: SharedTroubles) -> None:
        """One is halted, and another machine goes on with the same sheet as soon as it may."""
        file = self.papers.sheet()
        given = self.papers.remember(file)
        self.log(f"  {self.world.seconds:9.1f} s  one halted, and another machine")
        programs = [self._calm(file, 0), self._calm(file, 0)]
        shared.halts(programs[0])
        self.world.is_elsewhere = True

        def job(place: int) -> Callable[[], object]:
            def run() -> None:
                self.world.clock.sleep(place * 50.0)
                self._live(programs[place], given, is_alone=False)

            return run

        for result in self.world.together(job(0), job(1)):
            if isinstance(result, BaseException):
                raise result
        self.tally["one halted, and another machine"] += 1

    def _last(self) -> None:
        """Nothing goes wrong any more: what was begun comes to its end, on another day where the quota asks for it."""
        world, has_quota = self.world, self.scene.options.daily is not None
        world.heal()
        world.is_elsewhere = False
        self.keys = world.keys
        world.pass_time(self.dice.choice([5.0, 400.0, 100_000.0]))
        for _ in range(MOST_DAYS if has_quota else 1):
            file = self.papers.sheet()
            self.log(f"  {world.seconds:9.1f} s  undisturbed: {file.name}")
            given = self.papers.remember(file)
            with world.life():
                summary = self._live(self._calm(file, 0), given, is_alone=True)
            if summary is not None and not (has_quota and summary.stop_reason):
                break
            assert has_quota, "an undisturbed run ended with an error"
            world.pass_time(86_400.0)
        else:
            self.tally["a quota too small for this history"] += 1
            return
        world.pass_time(1_000.0)
        self.verdicts.on_history(summary)

    def _live(self, program: Program, given: list[dict[str, str]], *, is_alone: bool) -> InputSummary | None:
        """One life, to its end. None: it died, or could not even begin."""
        try:
            (summary,) = live(self.world, program)
        except Crash as crash:
            self.tally[f"crash at {crash}"] += 1
            self.died_at = str(crash)
            self.log(f"    died at {crash}")
            return None
        except (NetworkError, RefusedError, BusyError, *self._of_databases) as error:
            self.tally[f"ended by {type(error).__name__}"] += 1
            self.log(f"    {type(error).__name__}: {error.message[:150]}")
            return None
        if self.died_at and is_alone:
            self.tally[f"continued after a crash at {self.died_at}"] += 1
            self.died_at = ""
        self.tally["taken over"] += summary.stop_reason == TAKEN_OVER.reason
        self.papers.failed = summary.failed or self.papers.failed
        self.verdicts.on_life(summary, given, is_alone=is_alone)
        return summary

    @property
    def _of_databases(self) -> tuple[type[EtlError], ...]:
        """What also ends a command where a connection is lost: the same command goes on."""
        return (LedgerError,) if self.shared is not None else ()

    # Programs

    def _program(self, file: Path, home: int) -> Program:
        """A command, and the troubles it will meet."""
        program = self._calm(file, home)
        if self.shared is not None:
            program = self.shared.of_the_ledger(program)
        if self.scene.crashes and self.dice.random() < 0.6:
            program.steps.at = {**program.steps.at, **self.troubles.death()}
        if self.dice.random() < 0.07:
            budget = self.dice.randrange(1, 9)
            program = replace(program, account=replace(program.account, daily_requests=budget))
            self.log(f"    {budget} requests for the day")
        self.troubles.of_the_machine()
        return program

    def _calm(self, file: Path, home: int) -> Program:
        def opened(ledger: Ledger) -> None:
            self.ledger = ledger
            sets_out = {} if self.way.makes_new else {"sets_out": self.journal.sets_out}
            if self.world.cable is not None:
                watch_line(ledger, self.tally, self.scene.options.limit)
            watch(ledger, self.tally, lambda: self.troubles.is_stop_asked, **sets_out)

        self.troubles.is_stop_asked = False
        return Program(
            self.folder / f"home{home}",
            [file],
            self.mapping,
            self._account(),
            Steps(),
            events=listener(self.tally, self.log),
            on_ledger=opened,
        )

    def _open_ledger(self) -> Ledger:
        assert self.ledger is not None, "no process has its ledger open"
        return self.ledger

    def _account(self) -> Account:
        known = account(self.world, self.scene.limit)
        return replace(known, access_key=Secret(self.keys[0]), secret_key=Secret(self.keys[1]))

    def _may_have_second_ledger(self) -> bool:
        """It is noticed by its row keys: they must be kept, be readable, and show at once."""
        switches = self.scene.options.switches
        is_read = not switches.reads_forbidden and not switches.fields_lost and switches.by_event_delay_seconds == 0
        return self.scene.has_key and is_read and not any(fault.kind in LATE_FAULTS for fault in self.scene.faults)
