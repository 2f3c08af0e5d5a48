"""One account at the moment a request arrives: keys, limits, the operation, the answer. Knows nothing of sockets."""

from __future__ import annotations

import hmac
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from .account_reads import activity_setting, lead_by_email, lead_by_id, user_by_access_key
from .activity_reads import activities_by_event, activities_of_lead
from .behaviour import Behaviour
from .exchange import Answer, ApiError, Ending, Request
from .faults import Fault, draw_fault, spoil
from .posting import add_by_lead_field
from .store import Arrival, Store
from .window import SlidingWindow

Operation = Callable[[Request, Store, Arrival], Any]

_BULK: dict[tuple[str, str], Operation] = {
    ("POST", "/v2/ProspectActivity.svc/Bulk/CustomActivity/Add/ByLeadField"): add_by_lead_field,
}
_USER = ("GET", "/v2/Authentication.svc/UserByAccessKey.Get")
_OTHER: dict[tuple[str, str], Operation] = {
    ("POST", "/v2/ProspectActivity.svc/Retrieve"): activities_of_lead,
    ("POST", "/v2/ProspectActivity.svc/CustomActivity/RetrieveByActivityEvent"): activities_by_event,
    ("GET", "/v2/ProspectActivity.svc/CustomActivity/GetActivitySetting"): activity_setting,
    ("GET", "/v2/LeadManagement.svc/Leads.GetByEmailaddress"): lead_by_email,
    ("GET", "/v2/LeadManagement.svc/Leads.GetById"): lead_by_id,
    _USER: user_by_access_key,
}


@dataclass
class RequestRecord:
    """One request that arrived, and what became of it."""

    arrival: float  # seconds of the server's monotonic clock, after the way there
    method: str
    path: str
    query: str  # as it stood in the request line
    headers: dict[str, str]  # names in lower case
    body: bytes
    status: int | None = None  # what was answered; None when the connection was dropped instead
    refused_for_rate: bool = False
    fault: Fault | None = None


class Account:
    """Carries requests out one after the other, in the order of their arrival."""

    def __init__(self, behaviour: Behaviour, clock: Callable[[], float]) -> None:
        self.behaviour = behaviour
        self.store = Store(behaviour)
        self.requests: list[RequestRecord] = []
        self.lock = threading.Lock()
        self._clock = clock
        self._started = (clock(), datetime.now(UTC))
        self._all_requests = SlidingWindow()
        self._bulk_requests = SlidingWindow()

    def wall(self, moment: float) -> datetime:
        """The server's wall clock at a moment of its monotonic clock, in whole seconds."""
        monotonic, wall = self._started
        passed = moment - monotonic + self.behaviour.clock_skew_seconds
        return (wall + timedelta(seconds=passed)).replace(microsecond=0)

    def now(self) -> datetime:
        """The server's wall clock."""
        return self.wall(self._clock())

    def receive(self, request: Request, dice: random.Random) -> Answer:
        """Note the arrival, carry the request out, and say what goes back."""
        with self.lock:
            record = RequestRecord(
                self._clock(), request.method, request.path, request.query, request.headers, request.body
            )
            self.requests.append(record)
            answer = self._answer(request, record, dice)
            record.status = None if answer.ending is Ending.RESET else answer.status
            return answer

    def _answer(self, request: Request, record: RequestRecord, dice: random.Random) -> Answer:
        try:
            answer = self._carry_out(request, record)
        except ApiError as error:
            record.refused_for_rate = error.status == 429
            return error.answer()
        if (request.method, request.path) in _BULK:
            record.fault = draw_fault(self.behaviour, dice)
        return spoil(answer, record.fault, dice) if record.fault else answer

    def _carry_out(self, request: Request, record: RequestRecord) -> Answer:
        self._check_keys(request)
        self._check_limits(request, record.arrival)
        at = Arrival(record.arrival, self.wall(record.arrival), len(self.requests) - 1)
        return Answer.of_json(self._operation(request)(request, self.store, at))

    def _check_keys(self, request: Request) -> None:
        """Both documented forms count: headers and query. Where both are sent, both must be right."""
        sent = {
            (request.headers.get("x-lsq-accesskey", ""), request.headers.get("x-lsq-secretkey", "")),
            (request.parameter("accessKey"), request.parameter("secretKey")),
        } - {("", "")}
        own = f"{self.behaviour.access_key}\n{self.behaviour.secret_key}".encode()
        if not sent or not all(hmac.compare_digest("\n".join(pair).encode(), own) for pair in sent):
            raise ApiError(401, "MXInvalidAccessDetailsException", "Invalid access credentials.")

    def _check_limits(self, request: Request, moment: float) -> None:
        """Which operation is wanted does not matter to the general limit: a wrong path is a call as well."""
        self._all_requests.admit(moment, self.behaviour.limit)
        if self.behaviour.bulk_limit and (request.method, request.path) in _BULK:
            self._bulk_requests.admit(moment, self.behaviour.bulk_limit)

    def _operation(self, request: Request) -> Operation:
        wanted = (request.method, request.path)
        operation = _BULK.get(wanted) or _OTHER.get(wanted)
        if operation is None or (wanted == _USER and not self.behaviour.serves_user_by_access_key):
            raise ApiError(404, "MXNotFoundException", "The API could not be found.")
        return operation
