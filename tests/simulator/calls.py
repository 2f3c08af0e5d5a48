"""Requests to a simulator's core with sensible defaults: a test names only what it is about."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from etl.simulator import Reply, SimRequest, Simulator, SimulatorOptions

PATH = "/v2/ProspectActivity.svc/Bulk/CustomActivity/Add/ByLeadField"
TYPES_PATH = "/v2/ProspectActivity.svc/ActivityTypes.Get"
USER_PATH = "/v2/Authentication.svc/UserByAccessKey.Get"
BY_EVENT_PATH = "/v2/ProspectActivity.svc/CustomActivity/RetrieveByActivityEvent"
BY_LEAD_PATH = "/v2/ProspectActivity.svc/Retrieve"
LEADS_PATH = "/v2/LeadManagement.svc/"
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


def look_up(name: str, **query: str) -> SimRequest:
    """A GET of a lead operation."""
    return SimRequest("GET", LEADS_PATH + name, query=tuple(query.items()), headers=KEYS)


def ask(path: str, body: Any, **query: str) -> SimRequest:
    """A read by POST; no body where it is None."""
    sent = b"" if body is None else json.dumps(body).encode()
    return SimRequest("POST", path, query=tuple(query.items()), headers={**KEYS, **JSON}, body=sent)


def by_event(paging: Any = None, sorting: Any = None, without: tuple[str, ...] = (), **parameter: Any) -> SimRequest:
    """A read of all activities of type 320, oldest first, a thousand a page. without: members of Parameter left out."""
    whole = {
        "FromDate": "2026-03-01 00:00:00",
        "ToDate": "2026-03-02 00:00:00",
        "ActivityEvent": 320,
        "RemoveEmptyValue": True,
        **parameter,
    }
    body = {
        "Parameter": {name: value for name, value in whole.items() if name not in without},
        "Paging": paging or {"PageIndex": 1, "PageSize": 1000},
        "Sorting": sorting or {"ColumnName": "ModifiedOn", "Direction": 0},
    }
    return ask(BY_EVENT_PATH, body)


def by_lead(lead_id: str, body: Any = None) -> SimRequest:
    """A read of a lead's activities."""
    return ask(BY_LEAD_PATH, body, leadId=lead_id)


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

    def shown(self, request: SimRequest | None = None) -> list[dict[str, Any]]:
        """The rows that a read by type shows."""
        return list(answer(self.send(request or by_event())).get("List", []))

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
