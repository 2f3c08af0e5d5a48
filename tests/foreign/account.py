"""One account at the moment a request arrives: keys, limits, the operation, the answer. Knows nothing of sockets."""

from __future__ import annotations

import hmac
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

from .behaviour import Behaviour
from .exchange import Answer, ApiError, Ending, Request
from .faults import Fault, draw_fault, spoil
from .holdings import Holdings
from .operations import Operation, find_operation
from .store import Arrival
from .window import SlidingWindow


@dataclass
class RequestRecord:
    """One request that arrived, and what became of it."""

    read_at: float  # when its caller had sent it, on the server's monotonic clock; the way there follows
    arrival: float  # seconds of the server's monotonic clock, after the way there
    method: str
    path: str
    query: str  # as it stood in the request line
    headers: dict[str, str]  # names in lower case
    body: bytes
    status: int | None = None  # what was answered; None when the connection was dropped instead
    refused_for_rate: bool = False
    fault: Fault | None = None
    number_of_writing: int = 0  # counted from 1 among the writing operations that were carried out; 0 for all others
    answered_at: float | None = None  # when the way back was over; None while the request is under way


class Account:
    """Carries requests out one after the other, in the order of their arrival."""

    def __init__(self, behaviour: Behaviour, clock: Callable[[], float], holdings: Holdings) -> None:
        self.behaviour = behaviour
        self.requests: list[RequestRecord] = []
        self.lock = threading.Lock()
        self.clock = clock
        self._started = (clock(), datetime.now(UTC))
        self._all_requests = SlidingWindow()
        self._bulk_requests = SlidingWindow()
        self._writings = count(1)
        self.store = holdings.store(behaviour, self.now())

    def wall(self, moment: float) -> datetime:
        """The server's wall clock at a moment of its monotonic clock, in whole seconds."""
        monotonic, wall = self._started
        passed = moment - monotonic + self.behaviour.clock_skew_seconds
        return (wall + timedelta(seconds=passed)).replace(microsecond=0)

    def keeps_back(self, record: RequestRecord) -> bool:
        """Whether the answer to a request may not go out yet."""
        answered = self.behaviour.answers_before_hold
        return answered is not None and record.number_of_writing > answered

    def now(self) -> datetime:
        """The server's wall clock."""
        return self.wall(self.clock())

    def receive(self, request: Request, dice: random.Random, read_at: float) -> tuple[Answer, RequestRecord]:
        """Note the arrival, carry the request out, and say what goes back."""
        with self.lock:
            record = RequestRecord(
                read_at, self.clock(), request.method, request.path, request.query, request.headers, request.body
            )
            self.requests.append(record)
            answer = self._answer(request, record, dice)
            record.status = None if answer.ending is Ending.RESET else answer.status
            return answer, record

    def _answer(self, request: Request, record: RequestRecord, dice: random.Random) -> Answer:
        operation = find_operation(request, self.behaviour)
        try:
            answer = self._carry_out(request, operation, record)
        except ApiError as error:
            record.refused_for_rate = error.status == 429
            return error.answer()
        if operation and operation.writes:
            record.number_of_writing = next(self._writings)
            record.fault = draw_fault(self.behaviour, dice)
        return spoil(answer, record.fault, dice) if record.fault else answer

    def _carry_out(self, request: Request, operation: Operation | None, record: RequestRecord) -> Answer:
        self._check_keys(request)
        self._check_limits(operation, record.arrival)
        if operation is None:
            raise ApiError(404, "MXNotFoundException", "The API could not be found.")
        self.store.delete_due(record.arrival)
        at = Arrival(record.arrival, self.wall(record.arrival), len(self.requests) - 1)
        return Answer.of_json(operation.carry_out(request, self.store, at))

    def _check_keys(self, request: Request) -> None:
        """Both documented forms count: headers and query. Where both are sent, both must be right."""
        sent = {
            (request.headers.get("x-lsq-accesskey", ""), request.headers.get("x-lsq-secretkey", "")),
            (request.parameter("accessKey"), request.parameter("secretKey")),
        } - {("", "")}
        own = f"{self.behaviour.access_key}\n{self.behaviour.secret_key}".encode()
        if not sent or not all(hmac.compare_digest("\n".join(pair).encode(), own) for pair in sent):
            raise ApiError(401, "MXInvalidAccessDetailsException", "Invalid access credentials.")

    def _check_limits(self, operation: Operation | None, moment: float) -> None:
        """Which operation is wanted does not matter to the general limit: a wrong path is a call as well."""
        try:
            self._all_requests.admit(moment, self.behaviour.limit)
            if self.behaviour.bulk_limit and operation and operation.counts_as_bulk(self.behaviour):
                self._bulk_requests.admit(moment, self.behaviour.bulk_limit)
        except ApiError as error:
            if self.behaviour.refusals_name_limit:
                raise
            raise ApiError(error.status, error.exception_type, "Too many API calls.") from None
