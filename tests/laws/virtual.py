"""Virtual time: the real pipeline, ledger and driver against the simulator's core, in one process, with no waiting.

`Steps` can end a process's life at any step: before or after a commit, a send, a receive, a read, the renaming of a file.
What was on its way then still arrives at the simulator, as it would in a real network.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from etl.api.reads import who_am_i
from etl.delivery.wire import Arrival
from etl.events import Event, InputSummary, RunOptions, StopSignal, ignore
from etl.ledger.store import Ledger
from etl.reconciler import put_in_place
from etl.records import ApiRequest, Exchange, Limit
from etl.settings import Account, Secret
from etl.simulator.account import user_id_of
from etl.stages.connect import Connection, allowance_of
from etl.stages.kept_rows import keep_rows
from etl.stages.prepare import inputs, load, stage
from etl.stages.send import send_all
from etl.stages.session import Pilot, Session
from etl.stages.slots import ReadSlots
from tests.laws.quick import open_ledger, quickly
from tests.laws.world import World, Written

__all__ = ["Crash", "Steps", "World", "account", "import_files", "process"]

READ = -1


class Crash(BaseException):
    """The process is gone. Nothing of the program may catch it."""


@dataclass
class Steps:
    """Counts the steps of a process's life, and ends it before step `last`; None: it lives on.

    at: what is to happen before the nth step of a kind, counted from 1.
    """

    last: int | None = None
    taken: list[str] = field(default_factory=list)
    at: Mapping[tuple[str, int], Callable[[], None]] = field(default_factory=dict)
    counted: Counter[str] = field(default_factory=Counter)

    def step(self, name: str) -> None:
        self.taken.append(name)
        self.counted[name] += 1
        if self.last is not None and len(self.taken) > self.last:
            raise Crash(name)
        happens = self.at.get((name, self.counted[name]))
        if happens is not None:
            happens()


class VirtualWire:
    """The way to the simulator, in virtual time."""

    def __init__(self, world: World, steps: Steps, keys: tuple[str, str]) -> None:
        self._world = world
        self._steps = steps
        self._keys = keys

    def send(self, number: int, request: ApiRequest) -> None:
        self._steps.step("send")
        life = self._world.living
        self._world.written.append(Written(life.number, self._world.seconds, life.is_stopping))
        self._world.leaves(number, request)
        self._world.send(number, request, self._keys)
        self._steps.step("sent")

    def wait(self, until: float | None) -> Arrival | None:
        life = self._world.living
        self._world.wait(until, wants_mail=True)
        if life.inbox:
            number, exchange = life.inbox.popleft()
            life.in_air.pop(number, None)
            self._steps.step("receive")
            return Arrival(number, exchange, self._world.clock.monotonic())
        life.nudges = max(0, life.nudges - 1)
        return None

    def more(self) -> Arrival | None:
        life = self._world.living
        if not life.inbox:
            return None
        number, exchange = life.inbox.popleft()
        life.in_air.pop(number, None)
        self._steps.step("receive")
        return Arrival(number, exchange, self._world.clock.monotonic())

    def nudge(self) -> None:
        self._world.living.nudges += 1

    def close(self) -> None:
        pass


class VirtualClient:
    """Reads, one at a time, in virtual time."""

    base_url = "http://127.0.0.1:1"

    def __init__(self, world: World, steps: Steps, keys: tuple[str, str]) -> None:
        self._world = world
        self._steps = steps
        self._keys = keys
        self.clock = world.clock

    def send(self, request: ApiRequest, may_write: object = None) -> Exchange:
        self._steps.step("read")
        life = self._world.living
        assert not life.inbox, "a read while something else was in the air"
        self._world.send(READ, request, self._keys)
        while not life.inbox:
            life.nudges = 0
            self._world.wait(None, wants_mail=True)
        number, exchange = life.inbox.popleft()
        assert number == READ, "a read while something else was in the air"
        self._steps.step("told")
        return exchange


@contextmanager
def process(world: World, home: Path, steps: Steps) -> Iterator[Ledger]:
    """One life of the program: its ledger, whose every commit is a step, and before it whatever is written in it."""
    ledger = open_ledger(home, world.clock)
    database = ledger._database
    plain, plain_together = database.writing, database.together

    @contextmanager
    def writing(account_id: int | None = None, **of: int) -> Iterator[object]:
        with plain(account_id, **of) as connection:
            yield connection
            steps.step("commit")
        if not database._is_together:
            steps.step("committed")

    @contextmanager
    def together() -> Iterator[None]:
        with plain_together():
            yield
            has_written = database._has_begun
        if has_written:
            steps.step("committed")

    database.writing = writing  # type: ignore[method-assign, assignment]  # the places where a crash can be put in
    database.together = together  # type: ignore[method-assign, assignment]
    try:
        yield ledger
    finally:
        ledger.close()


LIMIT = Limit(25, 5)
NO_OPTIONS = RunOptions()


def account(world: World, limit: Limit = LIMIT, daily: int | None = None) -> Account:
    options = world.simulator.options
    return Account(
        name="virtual",
        base_url="http://127.0.0.1:1",
        access_key=Secret(options.access_key),
        secret_key=Secret(options.secret_key),
        bulk_limit=limit,
        limit=limit,
        daily_requests=daily,
    )


@dataclass(frozen=True)
class Program:
    """How a process was called. knocks: it asks whose keys these are first, as the command does.

    on_ledger: is handed the ledger as soon as it is open.
    """

    home: Path
    files: list[Path]
    mapping: Path
    account: Account
    steps: Steps = field(default_factory=Steps)
    options: RunOptions = NO_OPTIONS
    stop: StopSignal = field(default_factory=StopSignal)
    events: Callable[[Event], None] = ignore
    knocks: bool = True
    chance: int = 0
    on_ledger: Callable[[Ledger], None] = lambda _ledger: None


def live(world: World, program: Program) -> list[InputSummary]:
    """What `etl run` does from the ledger on, in the life that is on. Raises Crash where a step says so."""
    world.living.step = program.steps.step
    with process(world, program.home, program.steps) as ledger:
        program.on_ledger(ledger)
        plan = ledger.plan()
        prepared = inputs(program.files, load(program.mapping, ledger, world.clock.now()), ledger)
        keep_rows(prepared)
        for one in prepared:
            stage(one, plan, ignore, StopSignal())
        keys = (program.account.access_key.reveal(), program.account.secret_key.reveal())
        session = Session(
            _connection(world, program, ledger, VirtualClient(world, program.steps, keys)),
            ledger,
            plan,
            world.clock,
            program.options,
            program.events,
            program.stop,
            lambda _capacity: VirtualWire(world, program.steps, keys),
            Pilot(program.options.pilot) if program.options.pilot else None,
        )
        return list(send_all(prepared, session))


def _connection(world: World, program: Program, ledger: Ledger, client: VirtualClient) -> Connection:
    """The account as `stages/connect.py` would hand it over, but for the real client."""
    known = program.account
    record = ledger.accounts.meet(str(known.base_url), known.name, "90001")
    slots = ReadSlots(ledger, record, lambda: allowance_of(known, ledger, record), world.clock, program.stop)
    user_id, is_proven = user_id_of(world.simulator.options.user_email), True
    if program.knocks:
        identity = who_am_i(client, slots.take)
        user_id, is_proven = identity.user_id if identity else None, identity is not None  # type: ignore[assignment]
    allowance = allowance_of(known, ledger, record)
    return Connection(known, record, client, allowance, "virtual", slots, user_id, is_proven)


@contextmanager
def everything_virtual(world: World, seed: int = 0) -> Iterator[None]:
    """The renaming of files is a step, and chance comes from a seed."""
    plain = put_in_place._rename
    dice = random.Random(seed)

    def rename(draft: Path, target: Path, may_replace: Callable[[Path], bool]) -> Path:
        world.living.step("rename")
        place = plain(draft, target, may_replace)
        world.living.step("renamed")
        return place

    seeded = SimpleNamespace(Random=lambda: random.Random(dice.random()))
    with (
        quickly(),
        patch("etl.reconciler.put_in_place._rename", rename),
        patch("etl.stages.deliver.random", seeded),
    ):
        yield


def import_files(
    world: World,
    home: Path,
    files: list[Path],
    mapping: Path,
    steps: Steps | None = None,
    options: RunOptions = NO_OPTIONS,
    *,
    stop: StopSignal | None = None,
    account_: Account | None = None,
    events: Callable[[Event], None] = ignore,
) -> list[InputSummary]:
    """A process that lives alone, from start to end. Returns the summaries; raises Crash where a step says so."""
    counted = steps or Steps()
    known = account_ or account(world)
    program = Program(home, files, mapping, known, counted, options, stop or StopSignal(), events, knocks=False)
    with everything_virtual(world), world.life():
        try:
            return live(world, program)
        except Crash:
            world.let_arrive()
            raise
