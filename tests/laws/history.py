"""One seeded history: an account, a sheet, and the lives of some processes that import it, disturbed; then one that is not.

The same seed gives the same history. Every life that comes to its end has its results held against the invariants.
"""

from __future__ import annotations

import csv
import random
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from etl.errors import EtlError
from etl.events import InputSummary, StopSignal
from etl.ledger.store import Ledger
from etl.records import Outcome
from etl.settings import Account, Secret
from etl.simulator import BulkFailureMode, BulkSuccessShape, Fault, FaultKind
from etl.simulator.core import Simulator
from tests.laws import draws, invariants
from tests.laws.draws import HEADERS, Row, Scene
from tests.laws.virtual import Crash, Program, Steps, account, everything_virtual, live
from tests.laws.watched import listener, watch
from tests.laws.world import Outage, World

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")

KINDS_OF_CRASH = ("commit", "committed", "send", "sent", "receive", "read", "told", "rename", "renamed")
BETWEEN_LIVES = (4.0, 4.0, 30.0, 130.0, 1_000.0, 30_000.0)
MOST_LIVES = 5


class Violation(AssertionError):
    """An invariant that did not hold, with the seed that shows it."""

    def __init__(self, seed: int, reason: str, log: list[str]) -> None:
        super().__init__(f"seed {seed}: {reason}\nreplay: .venv/bin/python -m tests.laws.soak --seed {seed} --verbose")
        self.seed = seed
        self.log = log


def play(seed: int, log: Callable[[str], None] | None = None) -> Counter[str]:
    """Play a history. Returns: what happened, how often. Raises: Violation."""
    lines: list[str] = []

    def note(line: str) -> None:
        lines.append(line)
        if log is not None:
            log(line)

    folder = Path(tempfile.mkdtemp(prefix="history-"))
    try:
        random.seed(seed)
        history = History(seed, folder, note)
        with everything_virtual(lambda: history.steps, seed):
            history.play()
        return history.tally
    except (AssertionError, EtlError, LookupError, TypeError, ValueError, OSError) as error:
        raise Violation(seed, f"{type(error).__name__}: {error}", lines) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class History:
    """What is there while a history is played."""

    seed: int
    folder: Path
    log: Callable[[str], None]
    tally: Counter[str] = field(default_factory=Counter)
    steps: Steps = field(default_factory=Steps)

    def __post_init__(self) -> None:
        self.dice = random.Random(f"{self.seed}/lives")
        self.scene: Scene = draws.scene(random.Random(f"{self.seed}/scene"))
        self.world = World(Simulator(replace(self.scene.options, faults=())))
        self.world.set_faults(self.scene.faults)
        self.naming = invariants.Naming(self.scene.is_unique, draws.CORRECTED)
        self.rows = draws.sheet(random.Random(f"{self.seed}/sheet"))
        self.contents: list[list[dict[str, str]]] = []
        self.mapping = self.folder / "visits.yaml"
        self.mapping.write_text(self.scene.mapping, encoding="utf-8")
        self.keys = self.world.keys
        self.fresh = 200
        self.failed: Path | None = None
        self.homes = 1
        self.was_cut = ""
        self.is_stop_asked = False

    def play(self) -> None:
        self._tell()
        for number in range(self.dice.choice([1, 1, 2, 2, 3, MOST_LIVES])):
            if number:
                self._between()
            self._disturbed()
        self._last()

    # Lives

    def _disturbed(self) -> None:
        """One command, and what happens to it."""
        others = self.dice.random()
        if others < 0.12 and self.scene.options.limit.count > 1:
            self._two_at_once()
        elif others < 0.2 and self._may_have_second_ledger():
            self._run(self.sheet(), home=1)
            self.homes = 2
        elif others < 0.35 and self.failed is not None and self.failed.exists():
            self._run(self._corrected(self.failed))
        else:
            self._run(self.sheet())

    def _run(self, file: Path, home: int = 0) -> None:
        self._remember(file)
        program, what = self._program(file, home)
        self.steps = program.steps
        self.log(f"  {self.world.seconds:9.1f} s  {file.name}{f' ledger {home}' if home else ''}: {what}")
        with self.world.life() as life:
            program = self._with_stops(program, life)
            try:
                summaries = live(self.world, program)
            except Crash as crash:
                self._crashed(str(crash))
                return
            except EtlError as error:
                self._note_error(error)
                return
            self._ended(summaries[0], self.contents[-1], is_alone=True)
        self._check_written(life.number)

    def _two_at_once(self) -> None:
        """Two processes on one ledger: another sheet with some of the same rows, or the very same one."""
        first = self.sheet()
        rows = draws.edited(self.rows, self.dice, self.fresh + 50)
        second = self._write(self.folder / "others.csv", rows)
        programs = []
        for file in (first, second):
            self._remember(file)
            programs.append(self._program(file, 0, may_crash=False)[0])
        self.log(f"  {self.world.seconds:9.1f} s  two at once")

        def job(place: int) -> Callable[[], object]:
            def run() -> object:
                self.world.clock.sleep(place * self.dice.choice([0.1, 1.0, 10.0]))
                try:
                    summaries = live(self.world, programs[place])
                except EtlError as error:
                    self._note_error(error)
                    return None
                self._ended(summaries[0], self.contents[place - 2], is_alone=False)
                return None

            return run

        for result in self.world.together(job(0), job(1)):
            if isinstance(result, BaseException):
                raise result
        self.tally["two processes at once"] += 1

    def _last(self) -> None:
        """Nothing goes wrong any more: what was begun comes to its end."""
        world = self.world
        world.heal()
        self.keys = world.keys
        world.pass_time(self.dice.choice([5.0, 400.0, 100_000.0]))
        summary = self._undisturbed()
        while summary is None or (self.scene.options.daily is not None and summary.stop_reason is not None):
            world.pass_time(86_400.0)
            summary = self._undisturbed()
        if self.was_cut:
            self.tally[f"continued after a crash at {self.was_cut}"] += 1
        world.pass_time(1_000.0)
        self._check_server()
        hindrance = self.scene.may_stay_open or self._untold_bad_rows()
        left = summary.equation.outcomes.get(Outcome.UNCONFIRMED, 0)
        if hindrance is None:
            invariants.check_settled(summary, self.naming, is_bad=_is_unknown_lead)
        elif left:
            self.tally[f"left open: {hindrance}"] += left
        self.tally.update({f"finally {outcome.value}": n for outcome, n in summary.equation.outcomes.items() if n})
        self.tally.update(self._faults_that_struck())

    def _undisturbed(self) -> InputSummary | None:
        """The command that continues, to its end. None: LeadSquared's quota of the day is used up."""
        world = self.world
        self.log(f"  {world.seconds:9.1f} s  undisturbed")
        program = self._told(Program(self.folder / "home0", [self.sheet()], self.mapping, self._account()))
        self.steps = program.steps
        self._remember(program.files[0])
        with world.life():
            try:
                (summary,) = live(world, program)
            except EtlError as error:
                if self.scene.options.daily is not None:
                    return None
                raise AssertionError(f"an undisturbed run ended with {error.message}") from error
        self._ended(summary, self.contents[-1], is_alone=True)
        return summary

    # What happens to a life

    def _program(self, file: Path, home: int, *, may_crash: bool = True) -> tuple[Program, str]:
        at: dict[tuple[str, int], Callable[[], None]] = {}
        told = []
        if may_crash and self.scene.crashes and self.dice.random() < 0.6:
            kind = self.dice.choice(KINDS_OF_CRASH)
            most = {"rename": 3, "renamed": 3, "commit": 25, "committed": 25, "told": 5, "read": 5}.get(kind, 6)
            nth = self.dice.randrange(1, most)
            at[kind, nth] = _dies(kind)
            told.append(f"dies at {kind} {nth}")
        program = Program(
            self.folder / f"home{home}",
            [file],
            self.mapping,
            self._account(),
            Steps(at=at),
            stop=StopSignal(),
        )
        if self.dice.random() < 0.07:
            program = replace(program, account=replace(program.account, daily_requests=self.dice.randrange(1, 9)))
            told.append("a budget for the day")
        told += self._trouble()
        return self._told(program), ", ".join(told) or "as usual"

    def _trouble(self) -> list[str]:
        """The network goes, the clock is set, the lid is shut."""
        now, told = self.world.seconds, []
        if self.dice.random() < 0.15:
            since, words = now + self.dice.uniform(0.0, 8.0), self.dice.choice(["DNS failure", "connection refused"])
            self.world.outages.append(Outage(since, since + self.dice.choice([3.0, 20.0, 45.0]), words))
            told.append(words)
        elif self.dice.random() < 0.08:
            since = now + self.dice.uniform(0.0, 8.0)
            self.world.outages.append(Outage(since, since + 3_600.0, "network gone for an hour", answers_too=True))
            told.append("network gone for an hour")
        if self.dice.random() < 0.12:
            by = self.dice.choice([-7200.0, 7200.0, -40.0])
            self.world.at(now + self.dice.uniform(0.0, 60.0), lambda: self.world.clock.set_wall(by))
            told.append(f"clock set by {by:g} s")
        if self.dice.random() < 0.08:
            seconds = self.dice.choice([30.0, 1_000.0, 40_000.0])
            self.world.at(now + self.dice.uniform(0.0, 60.0), lambda: self.world.clock.doze(seconds))
            told.append(f"asleep for {seconds:g} s")
        return told

    def _with_stops(self, program: Program, life: object) -> Program:
        """`etl stop`, Ctrl-C, or keys that are revoked, after some request has left."""
        dice, at = self.dice, dict(program.steps.at)
        chance = dice.random()
        place = ("sent", dice.randrange(1, 5))
        if place in at or chance > 0.2:
            return program
        if chance < 0.08:
            at[place] = lambda: self._etl_stop(program, life)
        elif chance < 0.14:
            at[place] = lambda: self._interrupt(program, life)
        else:
            at[place] = self._revoke
        program.steps.at = at
        return program

    def _etl_stop(self, program: Program, life: object) -> None:
        assert self.ledger is not None
        with self.ledger._database.writing() as connection:
            connection.exec_driver_sql(
                "UPDATE runs SET stop_asked_at = 1 WHERE run_id = (SELECT MAX(run_id) FROM runs)"
            )
        self.is_stop_asked = True
        life.is_stopping = True  # type: ignore[attr-defined]
        self.log("    etl stop")

    def _interrupt(self, program: Program, life: object) -> None:
        program.stop.request("interrupted", 2)
        life.is_stopping = True  # type: ignore[attr-defined]
        self.tally["interrupted"] += 1
        self.log("    Ctrl-C")

    def _revoke(self) -> None:
        self.world.keys = (f"key-{self.dice.random()}", "rotated")
        self.tally["keys revoked"] += 1
        self.log("    keys revoked")

    def _told(self, program: Program) -> Program:
        def opened(ledger: Ledger) -> None:
            self.ledger = ledger
            watch(ledger, self.tally, lambda: self.is_stop_asked)

        self.is_stop_asked = False
        return replace(program, events=listener(self.tally, self.log), on_ledger=opened)

    def _between(self) -> None:
        """What happens while nobody lives."""
        dice, world = self.dice, self.world
        world.pass_time(dice.choice(BETWEEN_LIVES))
        if dice.random() < 0.12:
            world.clock.reboot()
            self.log("  reboot")
        if dice.random() < 0.1:
            by = dice.choice([-7200.0, 7200.0])
            world.clock.set_wall(by)
            self.log(f"  clock set by {by:g} s")
        if self.keys != world.keys:
            self.keys = world.keys
            self.tally["keys rotated"] += 1
        if dice.random() < 0.35:
            self.rows = draws.edited(self.rows, dice, self.fresh)
            self.fresh += 10
            self.tally["sheet edited"] += 1
            self.log(f"  sheet edited: {len(self.rows)} rows")
        if dice.random() < 0.2:
            world.set_faults(())

    # Files

    def sheet(self) -> Path:
        """The sheet as it is now; sometimes under another name."""
        name = "visits.csv" if self.dice.random() < 0.85 else "visits (1).csv"
        return self._write(self.folder / name, self.rows)

    def _write(self, path: Path, rows: list[Row]) -> Path:
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([HEADERS, *(row.cells for row in rows)])
        return path

    def _corrected(self, failed: Path) -> Path:
        """The failed file as a person gives it back: leads corrected, or nothing done."""
        if self.dice.random() < 0.7:
            text = failed.read_text(encoding="utf-8-sig")
            failed.write_text(text.replace(*next(iter(draws.CORRECTED.items()))), encoding="utf-8-sig")
        self.tally["failed file run"] += 1
        return failed

    def _remember(self, file: Path) -> None:
        self.contents.append(invariants.result_rows(file))

    def _account(self) -> Account:
        known = account(self.world, self.scene.limit)
        return replace(known, access_key=Secret(self.keys[0]), secret_key=Secret(self.keys[1]))

    def _may_have_second_ledger(self) -> bool:
        switches = self.scene.options.switches
        is_read = not switches.reads_forbidden and not switches.fields_lost and switches.by_event_delay_seconds == 0
        late = {FaultKind.STORE_LATE, FaultKind.GATEWAY_TIMEOUT_LATE}
        return self.scene.has_key and is_read and not any(fault.kind in late for fault in self.scene.faults)

    # Ends

    def _crashed(self, kind: str) -> None:
        self.tally[f"crash at {kind}"] += 1
        self.was_cut = kind
        self.log(f"    died at {kind}")

    def _note_error(self, error: EtlError) -> None:
        self.tally[f"ended by {type(error).__name__}"] += 1
        self.log(f"    {type(error).__name__}: {error.message[:150]}")

    def _ended(self, summary: InputSummary, given: list[dict[str, str]], *, is_alone: bool) -> None:
        self.log(f"    {summary.equation} (exit {summary.exit_code}; {summary.stop_reason})")
        if self.was_cut and is_alone:
            self.tally[f"continued after a crash at {self.was_cut}"] += 1
            self.was_cut = ""
        outcomes = summary.equation.outcomes
        for outcome in (Outcome.ALREADY_IMPORTED, Outcome.CHANGED):
            self.tally[outcome.value.replace("_", " ")] += outcomes.get(outcome, 0)
        self.failed = summary.failed or self.failed
        if summary.results is None:
            return
        self._tell_open_rows(summary)
        options = self.scene.options
        invariants.check(
            self.world.simulator.activities(),
            summary,
            given,
            self.naming,
            user_email=options.user_email,
            is_alone=is_alone and self.homes == 1,
            has_twins=self.scene.has_twins,
        )
        self._check_multiset()

    def _tell_open_rows(self, summary: InputSummary) -> None:
        rows = [row for row in invariants.result_rows(summary.results) if row["etl_status"] == Outcome.UNCONFIRMED]
        for reason, times in Counter(_GUID.sub("…", row["etl_error"]) for row in rows).most_common(3):
            first = next(row["etl_row"] for row in rows if _GUID.sub("…", row["etl_error"]) == reason)
            self.log(f"    {times} open, row {first}: {reason[:220]}")

    def _check_multiset(self) -> None:
        stored = invariants.held(self.world.simulator.activities(), self.naming, self.scene.options.user_email)
        invariants.at_most_once(stored, self.contents, self.naming)

    def _check_written(self, life: int) -> None:
        late = [one for one in self.world.written if one.life == life and one.is_stopping]
        assert not late, "rows were sent after a stop was taken in"

    def _check_server(self) -> None:
        self._check_multiset()
        options, ours = self.scene.options, self.scene.limit
        keeps = ours.count <= options.limit.count and self.homes == 1 and options.daily is None
        invariants.check_server(self.world.simulator.stats(), limit=options.limit.count if keeps else None)

    def _untold_bad_rows(self) -> str | None:
        """Rows that LeadSquared does not take and says nothing of can only stay open, and are no good as probes."""
        has_bad = any(row.email in draws.CORRECTED for row in self.rows)
        return "bad rows of which nothing is told" if has_bad and not self._tells_refusals() else None

    def _tells_refusals(self) -> bool:
        switches = self.scene.options.switches
        is_row_left_out = switches.bulk_failure_mode is BulkFailureMode.INLINE_OMITTED
        return switches.bulk_success_shape is BulkSuccessShape.RESPONSE and not is_row_left_out

    def _faults_that_struck(self) -> Counter[str]:
        stats, happened = self.world.simulator.stats(), self.world.happened
        struck = Counter({f"fault {kind}": times for kind, times in stats["faults"].items()})
        form = self.scene.options.switches.throttle_form.value
        throttled = stats["faults"].get(FaultKind.THROTTLE.value, 0) + stats["refused_for_rate"]
        struck[f"throttled as {form}"] += throttled
        struck["limit learned from refusals"] += stats["refused_for_rate"]
        struck["day's quota of LeadSquared used up"] += stats["refused_for_quota"]
        struck["keys refused"] += stats["refused_for_keys"]
        struck["read by lead"] += happened["asked Retrieve"]
        struck["read by time"] += happened["asked CustomActivity/RetrieveByActivityEvent"]
        for name in ("DNS failure", "connection refused", "network gone for an hour", "answer lost with the network"):
            struck[name] += happened[name]
        for name in ("clock set", "machine asleep", "reboot"):
            struck[name] += happened[name]
        return struck

    def _tell(self) -> None:
        options = self.scene.options
        default = type(options.switches)()
        drawn = {
            name: str(getattr(options.switches, name))
            for name in type(options.switches).__slots__
            if getattr(options.switches, name) != getattr(default, name)
        }
        self.log(f"seed {self.seed}: {len(self.rows)} rows, limit {self.scene.limit} of {options.limit}")
        self.log(f"  key {self.scene.has_key}, unique {self.scene.is_unique}, skew {options.clock_skew_seconds:g} s")
        self.log(f"  switches {drawn}")
        self.log(f"  faults {[_told(fault) for fault in self.scene.faults]}; may stay open: {self.scene.may_stay_open}")


def _told(fault: Fault) -> str:
    seconds = "" if fault.seconds is None else f" {fault.seconds:.0f} s"
    return f"{fault.aim.value} {fault.kind.value} {fault.share:g}{seconds} {sorted(fault.requests)}"


def _dies(kind: str) -> Callable[[], None]:
    def die() -> None:
        raise Crash(kind)

    return die


def _is_unknown_lead(row: object) -> bool:
    return row["Email"].startswith("nobody@")  # type: ignore[index]


__all__ = ["Violation", "play"]
