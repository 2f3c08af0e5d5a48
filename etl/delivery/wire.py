"""How requests travel: the driver hands them over and later takes what came back. With threads and real time here."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Protocol

from etl.clock import at_a_stretch
from etl.records import LineEnd, TransportFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from etl.clock import Clock
    from etl.records import ApiRequest, Exchange


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
    """Requests in threads of their own, so that latency does not cost throughput."""

    def __init__(self, send: Callable[[ApiRequest], Exchange], capacity: int, clock: Clock) -> None:
        self._send = send
        self._clock = clock
        self._pool = ThreadPoolExecutor(max_workers=capacity, thread_name_prefix="request")
        self._arrivals: SimpleQueue[Arrival | None] = SimpleQueue()  # its put is safe inside a signal handler

    def send(self, number: int, request: ApiRequest) -> None:
        self._pool.submit(self._exchange, number, request)

    def wait(self, until: float | None) -> Arrival | None:
        timeout = None if until is None else max(0.0, until - self._clock.monotonic())
        try:
            return self._arrivals.get(timeout=at_a_stretch(timeout))
        except Empty:
            return None

    def more(self) -> Arrival | None:
        try:
            arrival = self._arrivals.get_nowait()
        except Empty:
            return None
        if arrival is None:
            self.nudge()
        return arrival

    def nudge(self) -> None:
        self._arrivals.put(None)

    def close(self) -> None:
        self._pool.shutdown(wait=True)

    def _exchange(self, number: int, request: ApiRequest) -> None:
        try:
            exchange = self._send(request)
        except Exception as error:  # noqa: BLE001 — whatever went wrong, the request may have left: its end is told
            exchange = TransportFailure(LineEnd.LOST, f"a defect of etl while sending ({type(error).__name__})")
        self._arrivals.put(Arrival(number, exchange, self._clock.monotonic()))
