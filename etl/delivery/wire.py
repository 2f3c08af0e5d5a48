"""How requests travel: the driver hands them over and later takes what came back. With threads and real time here."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Protocol

from etl.clock import at_a_stretch
from etl.records import LineEnd, TransportFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from etl.clock import Clock
    from etl.records import ApiRequest, Exchange, MayWrite


_NOBODY_SENDS = TransportFailure(LineEnd.NOT_SENT, "the system has no thread to give to etl")


def _needs_none() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of a request. ended: monotonic, the latest moment at which it can have arrived at LeadSquared."""

    number: int
    exchange: Exchange
    ended: float


class Wire(Protocol):
    """What the driver asks of the way to LeadSquared."""

    def send(self, number: int, request: ApiRequest) -> None:
        """Start the request; do not wait for its answer."""
        ...

    def wait(self, until: float | None) -> Arrival | None:
        """The next arrival; None when `until` (monotonic) has come first, or when `nudge` was called."""
        ...

    def more(self) -> Arrival | None:
        """A further arrival that is there already; never waits, and takes no nudge."""
        ...

    def nudge(self) -> None:
        """Let a `wait` return at once. May be called from a signal handler or another thread."""
        ...

    def close(self) -> None:
        """Let go of threads and connections; nothing is in flight any more."""
        ...


class ThreadedWire:
    """Requests in threads of their own, so that latency does not cost throughput.

    permit: asked when a request is handed over. What it gives is asked by the request's own thread right before the first byte is
    written, after names, proxies and TLS, which may take their time: whether it may be written still. None: nobody need ask.
    """

    def __init__(
        self,
        send: Callable[[ApiRequest, MayWrite | None], Exchange],
        capacity: int,
        clock: Clock,
        permit: Callable[[], MayWrite | None] = _needs_none,
    ) -> None:
        self._send = send
        self._permit = permit
        self._clock = clock
        self._capacity = capacity
        self._threads: list[Thread] = []
        self._under_way = 0
        self._requests: SimpleQueue[tuple[int, ApiRequest, MayWrite | None] | None] = SimpleQueue()
        self._arrivals: SimpleQueue[Arrival | None] = SimpleQueue()  # its put is safe inside a signal handler

    def send(self, number: int, request: ApiRequest) -> None:
        self._under_way += 1
        if len(self._threads) < min(self._under_way, self._capacity):
            self._start_thread()
        if self._threads:
            self._requests.put((number, request, self._permit()))
        else:
            self._arrivals.put(Arrival(number, _NOBODY_SENDS, self._clock.monotonic()))

    def wait(self, until: float | None) -> Arrival | None:
        timeout = None if until is None else max(0.0, until - self._clock.monotonic())
        try:
            arrival = self._arrivals.get(timeout=at_a_stretch(timeout))
        except Empty:
            return None
        self._under_way -= arrival is not None
        return arrival

    def more(self) -> Arrival | None:
        try:
            arrival = self._arrivals.get_nowait()
        except Empty:
            return None
        if arrival is None:
            self.nudge()
        self._under_way -= arrival is not None
        return arrival

    def nudge(self) -> None:
        self._arrivals.put(None)

    def close(self) -> None:
        for _ in self._threads:
            self._requests.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _start_thread(self) -> None:
        """One more, if the system has one to give: with fewer each request has to wait a little longer."""
        thread = Thread(target=self._carry, name=f"request_{len(self._threads)}")
        with suppress(RuntimeError):  # can't start new thread: the most that this user or container may have
            thread.start()
            self._threads.append(thread)

    def _carry(self) -> None:
        """One thread's work. Python's own pool tells each caller what became of a task, which arrivals do here for less."""
        while (going := self._requests.get()) is not None:
            self._exchange(*going)

    def _exchange(self, number: int, request: ApiRequest, may_write: MayWrite | None) -> None:
        try:
            exchange = self._send(request, may_write)
        except Exception as error:  # noqa: BLE001 — whatever went wrong, the request may have left: its end is told
            exchange = TransportFailure(LineEnd.LOST, f"a defect of etl while sending ({type(error).__name__})")
        self._arrivals.put(Arrival(number, exchange, self._clock.monotonic()))
