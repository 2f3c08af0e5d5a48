"""Virtual time: the real pipeline, ledger and driver against the simulator's core, in one process, with no waiting.

A `Steps` counter can end the process's life at any step: before or after a commit, a send, a receive. What was on its way
then still arrives at the simulator, as it would in a real network.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from etl.delivery.throttle import shared
from etl.delivery.wire import Arrival
from etl.events import Event, RunOptions, StopSignal, ignore
from etl.ledger.requests import Allowance
from etl.ledger.store import Ledger
from etl.records import ApiAnswer, ApiRequest, Exchange, Limit, LineEnd, TransportFailure, Window
from etl.settings import Account, Secret
from etl.simulator.account import user_id_of
from etl.simulator.core import Simulator
from etl.simulator.messages import Reply, SimRequest
from etl.stages.connect import Connection
from etl.stages.prepare import inputs, load, stage
from etl.stages.send import send_all
from etl.stages.session import Session
from etl.stages.slots import ReadSlots

READ_TIMEOUT_SECONDS = 120.0


class Crash(BaseException):
    """The process is gone. Nothing of the program may catch it."""


@dataclass
class Steps:
    """Counts the steps of a process's life, and ends it before step `last`; None: it lives on."""

    last: int | None = None
    taken: list[str] = field(default_factory=list)

    def step(self, name: str) -> None:
        self.taken.append(name)
        if self.last is not None and len(self.taken) > self.last:
            raise Crash(name)


@dataclass
class VirtualClock:
    """Time that moves only when somebody waits."""

    seconds: float = 1_000.0
    boot: str = "boot-1"
    began: datetime = datetime(2026, 6, 1, 4, 30, tzinfo=UTC)

    def now(self) -> datetime:
        return self.began + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def boot_id(self) -> str:
        return self.boot

    def sleep(self, seconds: float) -> None:
        self.seconds += max(0.0, seconds)


@dataclass
class World:
    """A simulator, a clock and the requests on their way between it and whoever lives now."""

    simulator: Simulator
    clock: VirtualClock = field(default_factory=VirtualClock)
    on_the_way: list[tuple[float, int, str, int, object]] = field(default_factory=list)
    tickets: Iterator[int] = field(default_factory=itertools.count)

    def schedule(self, at: float, kind: str, number: int, what: object) -> None:
        heapq.heappush(self.on_the_way, (at, next(self.tickets), kind, number, what))

    def let_arrive(self) -> None:
        """Everything that had left a process that is gone now arrives; nobody hears the answers."""
        while self.on_the_way:
            at, _, kind, number, what = heapq.heappop(self.on_the_way)
            self.clock.seconds = max(self.clock.seconds, at)
            if kind == "arrives":
                self.arrive(number, what)
        self.on_the_way.clear()

    def arrive(self, number: int, what: object) -> None:
        assert isinstance(what, tuple)
        request, back_seconds = what
        reply = self.simulator.handle(request, self.clock.seconds, self.clock.now())
        self.schedule(self.clock.seconds + reply.delay_seconds + back_seconds, "returns", number, reply)


class VirtualWire:
    """The way to the simulator, in virtual time."""

    def __init__(self, world: World, steps: Steps, keys: tuple[str, str]) -> None:
        self._world = world
        self._steps = steps
        self._keys = keys
        self._nudges = 0

    def send(self, number: int, request: ApiRequest) -> None:
        self._steps.step("send")
        travel = self._world.simulator.set_off()
        headers = {
            "x-lsq-accesskey": self._keys[0],
            "x-lsq-secretkey": self._keys[1],
            "content-type": "application/json",
        }
        arriving = SimRequest(request.method, request.path, request.query, headers, request.body)
        at = self._world.clock.seconds + travel.there_seconds
        self._world.schedule(at, "arrives", number, (arriving, travel.back_seconds))
        self._steps.step("sent")

    def wait(self, until: float | None) -> Arrival | None:
        world = self._world
        while not self._nudges and world.on_the_way and (until is None or world.on_the_way[0][0] <= until):
            at, _, kind, number, what = heapq.heappop(world.on_the_way)
            world.clock.seconds = max(world.clock.seconds, at)
            if kind == "arrives":
                world.arrive(number, what)
                continue
            self._steps.step("receive")
            assert isinstance(what, Reply)
            return Arrival(number, exchange_of(what), world.clock.seconds)
        if self._nudges:
            self._nudges -= 1
            return None
        assert until is not None, "the machine waits for nothing"
        world.clock.seconds = max(world.clock.seconds, until)
        return None

    def nudge(self) -> None:
        self._nudges += 1

    def close(self) -> None:
        pass


class VirtualClient:
    """Reads, one at a time, in virtual time."""

    base_url = "http://127.0.0.1:1"

    def __init__(self, world: World, steps: Steps, keys: tuple[str, str]) -> None:
        self._wire = VirtualWire(world, steps, keys)
        self.clock = world.clock

    def send(self, request: ApiRequest) -> Exchange:
        self._wire.send(READ, request)
        arrival = self._wire.wait(None)
        assert arrival is not None
        assert arrival.number == READ, "a read while something else was in the air"
        return arrival.exchange


READ = -1


def exchange_of(reply: Reply) -> Exchange:
    """What a client makes of a reply."""
    if reply.delay_seconds >= READ_TIMEOUT_SECONDS:
        return TransportFailure(LineEnd.TIMED_OUT, "no answer within 120 s")
    if reply.dropped:
        return TransportFailure(LineEnd.LOST, "the connection was reset")
    if reply.cut_after is not None:
        return TransportFailure(LineEnd.LOST, "the answer was cut short")
    return ApiAnswer(reply.status, {name.lower(): value for name, value in reply.headers.items()}, reply.body)


@contextmanager
def process(world: World, home: Path, steps: Steps) -> Iterator[Ledger]:
    """One life of the program: its ledger, whose every commit is a step. What it had sent arrives after its death."""
    ledger = Ledger(f"sqlite:///{home / 'ledger.db'}", home / "ledger_files", world.clock)
    database = ledger._database
    plain = database.writing

    @contextmanager
    def writing() -> Iterator[object]:
        with plain() as connection:
            yield connection
            steps.step("commit")
        steps.step("committed")

    database.writing = writing  # type: ignore[method-assign, assignment]  # the one place where a crash can be put in
    try:
        yield ledger
    except Crash:
        world.let_arrive()
        raise
    finally:
        ledger.close()


LIMIT = Limit(25, 5)
NO_OPTIONS = RunOptions()


def account(world: World, limit: Limit = LIMIT) -> Account:
    options = world.simulator.options
    return Account(
        name="virtual",
        base_url="http://127.0.0.1:1",
        access_key=Secret(options.access_key),
        secret_key=Secret(options.secret_key),
        bulk_limit=limit,
        limit=limit,
    )


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
) -> list[object]:
    """What `etl run` does from the ledger on, in virtual time. Returns the summaries; raises Crash where a step says so."""
    counted = steps or Steps()
    known = account_ or account(world)
    with process(world, home, counted) as ledger:
        plan = ledger.plan()
        prepared = inputs(files, load(mapping, ledger), ledger)
        for one in prepared:
            stage(one, plan, ignore, StopSignal())
        record = ledger.accounts.meet(str(known.base_url), known.name, "90001")
        limits = {
            Window.BULK: shared(known.bulk_limit, known.share),
            Window.GENERAL: shared(known.limit, known.share),
        }
        allowance = Allowance(limits, known.daily_requests)
        keys = (known.access_key.reveal(), known.secret_key.reveal())
        slots = ReadSlots(ledger, record, lambda: allowance, world.clock)
        client = VirtualClient(world, counted, keys)
        options_ = world.simulator.options
        connection = Connection(known, record, client, allowance, "virtual", slots, user_id_of(options_.user_email))
        session = Session(
            connection,
            ledger,
            plan,
            world.clock,
            options,
            events,
            stop or StopSignal(),
            lambda _capacity: VirtualWire(world, counted, keys),
        )
        return list(send_all(prepared, session))
