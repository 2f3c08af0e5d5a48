"""Requests to a simulator's core with sensible defaults: a test names only what it is about."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from etl.simulator import Reply, SimRequest, Simulator, SimulatorOptions

PATH = "/v2/ProspectActivity.svc/Bulk/CustomActivity/Add/ByLeadField"
TYPES_PATH = "/v2/ProspectActivity.svc/ActivityTypes.Get"
USER_PATH = "/v2/Authentication.svc/UserByAccessKey.Get"
KEYS = {"x-lsq-accesskey": "simulator-access-key", "x-lsq-secretkey": "simulator-secret-key"}
QUERY_KEYS = (("accessKey", "simulator-access-key"), ("secretKey", "simulator-secret-key"))
JSON = {"content-type": "application/json"}
START = datetime(2026, 3, 1, 9, 30, 0, 123000, tzinfo=UTC)


def row(lead: str = "a@example.com", **members: Any) -> dict[str, Any]:
    """One activity that LeadSquared takes."""
    return {"SearchByValue": lead, "ActivityEvent": 320, **members}


def rows(count: int) -> list[dict[str, Any]]:
    """So many good activities of so many leads."""
    return [row(f"lead{number}@example.com", ActivityNote=f"note {number}") for number in range(1, count + 1)]


def add(body: Any, **changes: Any) -> SimRequest:
    """A request to add activities by e-mail address; `body` is made JSON unless it is bytes."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    parts = {"query": (("searchBy", "EmailAddress"),), "headers": {**KEYS, **JSON}, **changes}
    return SimRequest("POST", PATH, body=sent, **parts)


def read(path: str, **headers: str) -> SimRequest:
    """A GET with right keys."""
    return SimRequest("GET", path, headers={**KEYS, **headers})


class Bench:
    """A simulator with a clock that the test moves; requests are a second apart unless it says otherwise."""

    def __init__(self, **options: Any) -> None:
        self.simulator = Simulator(SimulatorOptions(**{"seed": 7, **options}))
        self.now = 100.0

    def send(self, request: SimRequest, later: float = 1.0) -> Reply:
        """Let the request arrive `later` seconds after the one before."""
        self.now += later
        return self.simulator.handle(request, self.now, START + timedelta(seconds=self.now - 101.0))

    def stored(self, member: str = "SearchByValue") -> list[Any]:
        """One member of every stored activity, in order."""
        return [activity[member] for activity in self.simulator.activities()]

    def stat(self, name: str) -> Any:
        """One counter."""
        return self.simulator.stats()[name]


def answer(reply: Reply) -> Any:
    """The reply's JSON."""
    return json.loads(reply.body)


def refusal(reply: Reply) -> tuple[int, str, str]:
    """Status, type and message of an error, after checking its envelope."""
    body = answer(reply)
    assert set(body) == {"Status", "ExceptionType", "ExceptionMessage"}
    assert body["Status"] == "Error"
    return reply.status, body["ExceptionType"], body["ExceptionMessage"]
