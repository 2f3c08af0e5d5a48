"""The world of one history in virtual time: the server, the network before it, the machine's clock, and who lives now.

There is one true time, which passes only while everybody waits. A machine's clock is read off it and may be wrong: set by
hand, stopped while the machine sleeps, begun anew by a boot. Several processes may live at once; each runs until it waits,
so that a seed gives the same history every time.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from etl.records import ApiAnswer, ApiRequest, Exchange, LineEnd, TransportFailure, Trip
from etl.simulator.core import Simulator
from etl.simulator.fault_plan import Fault, FaultPlan
from etl.simulator.messages import Reply, SimRequest
from tests.laws.cable import Cable

READ_TIMEOUT_SECONDS = 120.0
CONNECT_TIMEOUT_SECONDS = 10.0
A_TICK = 1e-6
"""No timer fires early: who waits until a moment wakes so much behind it."""

BEGAN = datetime(2026, 6, 1, 4, 30, tzinfo=UTC)


@dataclass
class Life:
    """One process. inbox: what came back for it. until: it waits no longer than that, by the machine's `monotonic`.

    step: what counts its steps. in_air: whose rows its requests carry that have not come back. is_halted: it does nothing now,
    whatever it waits for.
    """

    number: int
    inbox: deque[tuple[int, Exchange]] = field(default_factory=deque)
    until: float | None = None
    wants_mail: bool = False
    nudges: int = 0
    is_over: bool = False
    is_stopping: bool = False
    is_halted: bool = False
    step: Callable[[str], None] = lambda _name: None
    in_air: dict[int, frozenset[str]] = field(default_factory=dict)
    turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def is_ready(self, mono: float) -> bool:
        has_mail = self.wants_mail and (self.inbox or self.nudges)
        return bool(has_mail) or (self.until is not None and self.until <= mono)


@dataclass(frozen=True, slots=True)
class Outage:
    """No network from here to there, in true seconds. answers_too: what is on its way back is lost as well."""

    since: float
    until: float
    words: str
    answers_too: bool = False

    def holds(self, seconds: float) -> bool:
        return self.since <= seconds < self.until


@dataclass(frozen=True, slots=True)
class Written:
    """A request with rows that a process sent. life: its number. is_stopping: it had been asked to stop by then."""

    life: int
    seconds: float
    is_stopping: bool


class World:
    """A simulator, the way to it, and time."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.seconds = 1_000.0
        self.clock = VirtualClock(self)
        self.outages: list[Outage] = []
        self.tells_date = True
        """Whether answers tell the server's clock; some proxies take that out."""
        self.keys = (simulator.options.access_key, simulator.options.secret_key)
        """The key pair that LeadSquared accepts now."""
        self.happened: Counter[str] = Counter()
        self.written: list[Written] = []
        self.addresses: Callable[[ApiRequest], frozenset[str]] = lambda _request: frozenset()
        """Whose rows a request carries, where no other request may carry some of theirs at the same time."""
        self.is_elsewhere = False
        """Whether who lives now is on another machine than those before: it cannot tell which of them are dead."""
        self.cable: Cable | None = None
        """What requests show of the line; None: they show nothing."""
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._tickets = itertools.count()
        self._lives: list[Life] = []
        self._now_living: Life | None = None
        self._born = itertools.count(1)

    def wall(self) -> datetime:
        return BEGAN + timedelta(seconds=self.seconds)

    def at(self, seconds: float, happens: Callable[[], None]) -> None:
        """Let something happen at a true moment."""
        heapq.heappush(self._events, (seconds, next(self._tickets), happens))

    def pass_time(self, seconds: float) -> None:
        """Let time pass while nobody lives, or while everybody's machine is asleep."""
        end = self.seconds + seconds
        while self._events and self._events[0][0] <= end:
            self._happen()
        self.seconds = max(self.seconds, end)
        self.simulator.catch_up(self.seconds, self.wall())

    def let_arrive(self) -> None:
        """Everything that had left a process that is gone arrives; nobody hears the answers."""
        self.pass_time(READ_TIMEOUT_SECONDS)

    def heal(self) -> None:
        """From now on nothing goes wrong any more."""
        self.set_faults(())
        self.outages.clear()

    def set_faults(self, faults: tuple[Fault, ...]) -> None:
        """Other faults from now on."""
        self.simulator._faults = FaultPlan(
            faults, self.simulator.seed
        )  # it has no door for that: an account has one fate

    # Processes

    @contextmanager
    def life(self) -> Iterator[Life]:
        """A process that lives alone."""
        born = Life(next(self._born))
        self._lives, self._now_living = [born], born
        try:
            yield born
        finally:
            born.is_over = True
            self._lives, self._now_living = [], None

    def together(self, *jobs: Callable[[], object]) -> list[object]:
        """Several processes at once, each a thread that runs only while the others wait. Returns: results or exceptions."""
        lives = [Life(next(self._born)) for _ in jobs]
        results: list[object] = [None] * len(jobs)

        def run(place: int) -> None:
            lives[place].turn.acquire()
            try:
                results[place] = jobs[place]()
            except BaseException as error:  # noqa: BLE001 — a crash of one life is not the other's
                results[place] = error
            lives[place].is_over = True
            self._lives.remove(lives[place])
            try:
                following = self._next() if self._lives else None
            except BaseException as error:  # noqa: BLE001
                results[place] = error
                following = self._lives[0] if self._lives else None
            if following is not None:
                self._hand_over(following)

        threads = [threading.Thread(target=run, args=(place,), daemon=True) for place in range(len(jobs))]
        self._lives = list(lives)
        for thread in threads:
            thread.start()
        self._hand_over(lives[0])
        for thread in threads:
            thread.join()
        self._now_living = None
        return results

    @property
    def living(self) -> Life:
        assert self._now_living is not None, "nobody lives"
        return self._now_living

    @property
    def living_numbers(self) -> set[int]:
        return {life.number for life in self._lives}

    def halt(self, seconds: float) -> None:
        """The living process is halted, as by SIGSTOP, while the others go on."""
        life = self.living
        life.is_halted = True
        self.clock.sleep(seconds)
        life.is_halted = False
        self.happened["halted"] += 1

    def wait(self, until: float | None, *, wants_mail: bool) -> None:
        """Let time pass until the living process has mail, or until a moment of its `monotonic`."""
        me = self._now_living
        if me is None:
            assert until is not None
            self.pass_time(until - self.clock.monotonic())
            return
        me.until, me.wants_mail = until, wants_mail
        following = self._next()
        if following is not me:
            self._hand_over(following)
            me.turn.acquire()
        me.until = None

    def _next(self) -> Life:
        """Whose turn it is; time passes until it is somebody's."""
        while True:
            mono = self.clock.monotonic()
            for life in self._lives:
                if life.until is None and not life.wants_mail:
                    return life  # has not begun
                if life.is_ready(mono):
                    return life
            moments = [life.until for life in self._lives if life.until is not None]
            due = min(moments, default=None)
            due_seconds = None if due is None else self.clock.true_seconds(due)
            if self._events and (due_seconds is None or self._events[0][0] <= due_seconds):
                self._happen()
                continue
            assert due_seconds is not None, "everybody waits for nothing"
            self.seconds = max(self.seconds, due_seconds + A_TICK)

    def _hand_over(self, life: Life) -> None:
        self._now_living = life
        life.turn.release()

    def _happen(self) -> None:
        at, _, happens = heapq.heappop(self._events)
        self.seconds = max(self.seconds, at)
        happens()

    # The network

    def leaves(self, number: int, request: ApiRequest) -> None:
        """A request with rows leaves the living process."""
        life, addresses = self.living, self.addresses(request)
        for other in self._lives:
            for carried in other.in_air.values():
                assert not carried & addresses, f"rows of {carried & addresses} are in the air already"
        if addresses:
            life.in_air[number] = addresses

    def send(self, number: int, request: ApiRequest, keys: tuple[str, str]) -> None:
        """Send a living process's request; its end comes into the inbox."""
        life, sent = self.living, self.seconds
        travel = self.simulator.set_off()
        outage = self._outage(sent)
        if outage is not None:
            self.happened[outage.words] += 1
            failure = TransportFailure(LineEnd.NOT_SENT, outage.words)
            self.at(sent + 0.05, lambda: self._bring(life, number, failure))
            return

        def arrive(back_seconds: float = travel.back_seconds, trip: Trip | None = None) -> None:
            reply = self._answer(request, keys)
            back = min(self.seconds + reply.delay_seconds + back_seconds, sent + READ_TIMEOUT_SECONDS)
            self.at(back, lambda: self._come_back(life, number, reply, sent, trip))

        if self.cable is None:
            self.at(sent + travel.there_seconds, arrive)
        else:
            self._send_over(self.cable, life, len(request.body), arrive)

    def _send_over(self, cable: Cable, life: Life, size: int, arrive: Callable[[float, Trip], None]) -> None:
        """Over a line that is watched: the request sets out once its connection is open."""
        handshake = cable.handshake(life.number, self.seconds)

        def set_out() -> None:
            trip = Trip(self.clock.monotonic(), handshake, size, cable.is_plain)
            self.at(self.seconds + cable.there(self.seconds), lambda: arrive(cable.takes(), trip))

        if handshake is None:
            set_out()
        else:
            self.at(self.seconds + handshake, set_out)

    def _answer(self, request: ApiRequest, keys: tuple[str, str]) -> Reply:
        options = self.simulator.options
        shown = (options.access_key, options.secret_key) if keys == self.keys else ("revoked", "revoked")
        headers = {"x-lsq-accesskey": shown[0], "x-lsq-secretkey": shown[1], "content-type": "application/json"}
        arriving = SimRequest(request.method, request.path, request.query, headers, request.body)
        self.happened[f"asked {request.path.rsplit('.svc/')[-1]}"] += 1
        reply = self.simulator.handle(arriving, self.seconds, self.wall())
        return reply if self.tells_date else _without_date(reply)

    def _come_back(self, life: Life, number: int, reply: Reply, sent: float, trip: Trip | None) -> None:
        if self.cable is not None:
            self.cable.answered(life.number, self.seconds)
        outage = self._outage(self.seconds)
        if outage is not None and outage.answers_too:
            self.happened["answer lost with the network"] += 1
            lost = TransportFailure(LineEnd.TIMED_OUT, "no answer within 120 s")
            self.at(max(self.seconds, sent + READ_TIMEOUT_SECONDS), lambda: self._bring(life, number, lost))
            return
        self._bring(life, number, exchange_of(reply, self.seconds - sent, trip))

    def _bring(self, life: Life, number: int, exchange: Exchange) -> None:
        if not life.is_over:
            life.inbox.append((number, exchange))

    def _outage(self, seconds: float) -> Outage | None:
        return next((outage for outage in self.outages if outage.holds(seconds)), None)


def _without_date(reply: Reply) -> Reply:
    return replace(reply, headers={name: value for name, value in reply.headers.items() if name.lower() != "date"})


def exchange_of(reply: Reply, took_seconds: float, trip: Trip | None = None) -> Exchange:
    """What a client makes of a reply."""
    if took_seconds >= READ_TIMEOUT_SECONDS - A_TICK:
        return TransportFailure(LineEnd.TIMED_OUT, "no answer within 120 s")
    if reply.dropped:
        return TransportFailure(LineEnd.LOST, "the connection was reset")
    if reply.cut_after is not None:
        return TransportFailure(LineEnd.LOST, "the answer was cut short")
    return ApiAnswer(reply.status, {name.lower(): value for name, value in reply.headers.items()}, reply.body, trip)


@dataclass
class VirtualClock:
    """The machine's clock: true time, as far as nobody has touched it."""

    world: World
    boot: str = "boot-1"
    ahead_seconds: float = 0.0
    mono_ahead_seconds: float = 0.0
    is_asleep: bool = False
    wall_ahead: timedelta = timedelta()
    """As `SystemClock` has it."""

    @property
    def seconds(self) -> float:
        return self.monotonic()

    def now(self) -> datetime:
        return self.world.wall() + timedelta(seconds=self.ahead_seconds) + self.wall_ahead

    def monotonic(self) -> float:
        return self.world.seconds + self.mono_ahead_seconds

    def true_seconds(self, mono: float) -> float:
        return mono - self.mono_ahead_seconds

    def boot_id(self) -> str:
        return self.boot

    def through_sleep(self) -> float:
        return self.world.wall().timestamp()

    def sleep(self, seconds: float) -> None:
        self.world.wait(self.monotonic() + max(seconds, 0.0), wants_mail=False)

    def set_wall(self, by_seconds: float) -> None:
        """An administrator or a time server sets the calendar."""
        self.ahead_seconds += by_seconds
        self.world.happened["clock set"] += 1

    def doze(self, seconds: float) -> None:
        """The lid is shut: the calendar goes on, `monotonic` does not (Linux, CLOCK_MONOTONIC)."""
        self.mono_ahead_seconds -= seconds
        self.is_asleep = True
        self.world.pass_time(seconds)
        self.is_asleep = False
        self.world.happened["machine asleep"] += 1

    def reboot(self) -> None:
        """Another boot; its `monotonic` begins near zero."""
        self.boot = f"boot-{int(self.boot.split('-')[1]) + 1}"
        self.mono_ahead_seconds = 20.0 - self.world.seconds
        self.world.happened["reboot"] += 1
