"""Consignments in virtual time: parcels of a few rows, a wire that answers as a test says, an observer that notes."""

from __future__ import annotations

import heapq
import itertools
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from etl.delivery.decide import StopCause
from etl.delivery.driver import Consignment, Delivered, Driver
from etl.delivery.outcomes import RowEnd
from etl.delivery.parcels import Parcel
from etl.delivery.verdict import Verdict
from etl.delivery.wire import Arrival
from etl.events import StopSignal
from etl.ledger.requests import Allowance
from etl.ledger.runs import WaitingRow
from etl.operations import OPERATIONS
from etl.records import Activity, ApiAnswer, ApiRequest, Exchange, Limit, LineEnd, TransportFailure, Window
from tests.clocks import ManualClock
from tests.ledger.books import Book, a_row, mark

LATENCY = 0.25
LIMIT = Limit(100, 5.0)


class a_packer:  # noqa: N801  # reads as the other factories do
    """Packs row numbers as a JSON list."""

    def pack(self, number: int, rows: tuple[WaitingRow, ...], activities: tuple[Activity, ...]) -> Parcel:
        body = json.dumps([activity.row_number for activity in activities]).encode()
        return Parcel(number, rows, activities, ApiRequest("POST", "/v2/x", (), body, Window.BULK))


def a_parcel(number: int, row_ids: Sequence[int]) -> Parcel:
    rows = tuple(WaitingRow(row_id, row_id + 1, mark("payload", str(row_id)), 1) for row_id in row_ids)
    return packed(number, rows)


def packed(number: int, rows: tuple[WaitingRow, ...]) -> Parcel:
    return a_packer().pack(number, rows, tuple(Activity(row.row_number, {}, 320) for row in rows))


Reply = Callable[[ApiRequest], Exchange]

_ids = itertools.count(1)


def stored(request: ApiRequest) -> Exchange:
    """Every row is stored, each under an id of its own."""
    rows = [
        {"RowNumber": number, "ActivityCreated": True, "ProspectActivityId": f"answered-{next(_ids)}"}
        for number, _ in enumerate(json.loads(request.body), start=1)
    ]
    return ApiAnswer(200, {}, json.dumps({"Response": rows}).encode())


def throttled(limit: str = "", **headers: str) -> Reply:
    """Refused for the rate. limit: such as "10 in 5"; headers: such as retry_after="30"."""
    text = f"API calls exceeded the limit of {limit} second(s)" if limit else "Too many requests"
    body = {"Status": "Error", "ExceptionType": "MXAPIRateLimitExceededException", "ExceptionMessage": text}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _request: ApiAnswer(429, named, json.dumps(body).encode())


def lost(_request: ApiRequest) -> Exchange:
    return TransportFailure(LineEnd.LOST, "connection reset")


def not_sent(_request: ApiRequest) -> Exchange:
    return TransportFailure(LineEnd.NOT_SENT, "connection refused")


def keys_refused(_request: ApiRequest) -> Exchange:
    return ApiAnswer(401, {}, b'{"Status":"Error","ExceptionType":"MXUnAuthorizedAccessException"}')


@dataclass
class ScriptedWire:
    """Answers in virtual time, after LATENCY, with the replies of a script, and then with `afterwards`.

    sent: when each request left, and the row numbers it carried. most_in_flight: of all times.
    on_send is called with the number of requests so far, on_wait with the moment waited for.
    """

    clock: ManualClock
    script: list[Reply] = field(default_factory=list)
    afterwards: Reply = stored
    on_send: Callable[[int], None] = lambda _sends: None
    on_wait: Callable[[float | None], None] = lambda _until: None
    sent: list[tuple[float, list[int]]] = field(default_factory=list)
    most_in_flight: int = 0
    _under_way: list[tuple[float, int, int, Exchange]] = field(default_factory=list)
    _nudges: int = 0

    def send(self, number: int, request: ApiRequest) -> None:
        reply = self.script.pop(0) if self.script else self.afterwards
        self.sent.append((round(self.clock.seconds - 1_000.0, 3), json.loads(request.body)))
        heapq.heappush(self._under_way, (self.clock.seconds + LATENCY, len(self.sent), number, reply(request)))
        self.most_in_flight = max(self.most_in_flight, len(self._under_way))
        self.on_send(len(self.sent))

    def wait(self, until: float | None) -> Arrival | None:
        self.on_wait(until)
        if self._nudges:
            self._nudges -= 1
            return None
        if self._under_way and (until is None or self._under_way[0][0] <= until):
            at, _, number, exchange = heapq.heappop(self._under_way)
            self.clock.move_to(at)
            return Arrival(number, exchange, at)
        assert until is not None, "the machine waits for nothing"
        self.clock.move_to(until)
        return None

    def more(self) -> Arrival | None:
        if self._under_way and self._under_way[0][0] <= self.clock.seconds:
            _, _, number, exchange = heapq.heappop(self._under_way)
            return Arrival(number, exchange, self.clock.seconds)
        return None

    def nudge(self) -> None:
        self._nudges += 1

    def close(self) -> None:
        assert not self._under_way, "a request was left in the air"


@dataclass
class Notes:
    """Notes what an observer is told."""

    sent_requests: list[tuple[int, int]] = field(default_factory=list)
    verdicts: list[str] = field(default_factory=list)
    in_flight: list[int] = field(default_factory=list)

    def sent(self, request_id: int, rows: int) -> None:
        self.sent_requests.append((request_id, rows))

    def settled(self, request_id: int, verdict: Verdict, ends: Sequence[RowEnd], in_flight: int) -> None:
        self.verdicts.append(type(verdict).__name__)
        self.in_flight.append(in_flight)


class Still(random.Random):
    """No chance at all, so that waits are exact."""

    def random(self) -> float:
        return 0.0


@dataclass
class Lot:
    """A run of so many parcels of two rows each, and what delivers it."""

    book: Book
    wire: ScriptedWire
    run_id: int
    stop: StopSignal = field(default_factory=StopSignal)
    notes: Notes = field(default_factory=Notes)
    capacity: int = 4
    is_proven: bool = True
    limit: Limit = LIMIT
    daily: int | None = None
    is_careful: bool = False
    delivered: Delivered = field(default_factory=lambda: Delivered(None, is_sick=False))

    def deliver(self) -> StopCause | None:
        allowance = Allowance({Window.BULK: self.limit, Window.GENERAL: LIMIT}, self.daily)
        consignment = Consignment(
            self.book.account_id,
            self.book.scope_id,
            self.run_id,
            OPERATIONS["add-by-lead-field"],
            "SearchByValue",
            self._parcels(),
            a_packer(),
            allowance,
            self.capacity,
            is_proven=self.is_proven,
            is_careful=self.is_careful,
        )
        driver = Driver(consignment, self.book.ledger, self.wire, self.book.clock, Still(), self.notes, self.stop)
        self.delivered = driver.deliver()
        cause = self.delivered.cause
        self.wire.close()
        return cause

    def _parcels(self) -> Iterator[Parcel]:
        rows = self.book.waiting(self.run_id)
        for number, start in enumerate(range(0, len(rows), 2), start=1):
            yield packed(number, tuple(rows[start : start + 2]))

    @property
    def sent_at(self) -> list[float]:
        return [at for at, _ in self.wire.sent]

    @property
    def sent_rows(self) -> list[list[int]]:
        return [rows for _, rows in self.wire.sent]


def a_lot(book: Book, parcels: int, *script: Reply, afterwards: Reply = stored) -> Lot:
    """Rows 2, 3, … in parcels of two."""
    run_id = book.begin([a_row(number, f"row {number}") for number in range(2, 2 + 2 * parcels)])
    return Lot(book, ScriptedWire(book.clock, list(script), afterwards), run_id)
