"""A server without latency on a clock that moves by itself, and a caller that knows only HTTP."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from .server import ForeignServer

ADD = "/v2/ProspectActivity.svc/Bulk/CustomActivity/Add/ByLeadField"
ADD_BY_ID = "/v2/ProspectActivity.svc/Bulk/CustomActivity/Add/ByLeadId"
ADD_BY_OPPORTUNITY = "/v2/ProspectActivity.svc/Bulk/CustomActivity/Add/ByOpportunityId"
UPDATE = "/v2/ProspectActivity.svc/Bulk/CustomActivity/Update"
CREATE = "/v2/ProspectActivity.svc/CreateCustom"
RETRIEVE = "/v2/ProspectActivity.svc/Retrieve"

ASHA = "3a6d5ea2-400e-4a2f-a728-fbfa0b0c1ddf"
RAVI = "4b7e6fb3-511f-4b30-b839-0cab1c1d2ee0"
DEAL = "5c8f70c4-6220-4c41-894a-1dbc2d2e3ff1"
CALL = "c310391d-6784-418b-b61c-bca2d0a7a645"
LEADS = [
    {"ProspectID": ASHA, "EmailAddress": "Asha@example.com", "Phone": "+91-9800000001", "mx_City": "Pune"},
    {"ProspectID": RAVI, "EmailAddress": "ravi@example.com", "Mobile": "+91-9800000002", "mx_City": "Kochi"},
]
OPPORTUNITIES = [{"OpportunityId": DEAL, "ProspectID": RAVI}]
ACTIVITIES = [
    {
        "ProspectActivityId": CALL,
        "RelatedProspectId": ASHA,
        "ActivityEvent": 320,
        "ActivityNote": "called",
        "ActivityDateTime": "2024-01-31 10:00:00",
        "ModifiedOn": "2024-01-31 11:30:00",
        "Fields": [{"SchemaName": "mx_Custom_1", "Value": "First"}, {"SchemaName": "mx_Custom_2", "Value": "0419"}],
    }
]
LOADED: dict[str, Any] = {"leads": LEADS, "opportunities": OPPORTUNITIES, "activities": ACTIVITIES}


class ManualClock:
    """Seconds that pass only when somebody sleeps; notes each sleep."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.sleeps: list[float] = []

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.seconds += seconds


@dataclass(frozen=True)
class Reply:
    """One answer as http.client saw it."""

    status: int
    content: Any  # parsed JSON; the bare text where it is none
    headers: dict[str, str]


class Caller:
    """One kept-alive connection to a server."""

    def __init__(self, server: ForeignServer) -> None:
        self.keys = {
            "x-LSQ-AccessKey": server.behaviour.access_key,
            "x-LSQ-SecretKey": server.behaviour.secret_key,
        }
        address = urlsplit(server.host)
        assert address.hostname
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
        """Send one request; `body` as JSON unless it is bytes already. `headers` replace the usual ones."""
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        usual = self.keys | {"Content-Type": "application/json"}
        self.connection.request(method, path, sent, usual if headers is None else headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        is_json = answer.headers.get_content_type() == "application/json"
        return Reply(answer.status, json.loads(text) if is_json else text, dict(answer.headers))

    def add(self, *rows: dict[str, Any], search_by: str = "EmailAddress") -> Reply:
        """Post rows in bulk."""
        return self.call("POST", f"{ADD}?searchBy={search_by}", list(rows))

    def get(self, operation: str, **parameters: str) -> Reply:
        """Call a GET operation under /v2/."""
        return self.call("GET", f"/v2/{operation}?{urlencode(parameters)}")


def row(value: str = "asha@example.com", **members: Any) -> dict[str, Any]:
    """A row that the server stores."""
    return {"SearchByValue": value, "ActivityEvent": 320} | members


def creation(*details: tuple[str, Any], search_by: str = "EmailAddress", **activity: Any) -> dict[str, Any]:
    """A body of CreateCustom; a detail's value is a text, or the parts of a custom field set."""
    sent: list[dict[str, Any]] = [
        {"Attribute": name, "Value": value}
        if isinstance(value, str)
        else {"Attribute": name, "Value": "", "Fields": [{"Attribute": part, "Value": value[part]} for part in value]}
        for name, value in details
    ]
    searched = [{"Attribute": "SearchBy", "Value": search_by}] if search_by else []
    return {"LeadDetails": sent + searched, "Activity": {"ActivityEvent": 320} | activity}


def change(activity_id: str = CALL, note: str | None = None, **fields: str) -> dict[str, Any]:
    """A row of Update."""
    sent = [{"SchemaName": name, "Value": value} for name, value in fields.items()]
    return {"ProspectActivityId": activity_id, "Fields": sent} | ({} if note is None else {"ActivityNote": note})


def assert_refused(reply: Reply, status: int, exception_type: str, says: str) -> None:
    """The answer has the documented status and body."""
    assert reply.status == status
    assert reply.content["Status"] == "Error"
    assert reply.content["ExceptionType"] == exception_type
    assert says in reply.content["ExceptionMessage"]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


Serve = Callable[..., tuple[ForeignServer, Caller]]


@pytest.fixture
def serve(clock: ManualClock) -> Iterator[Serve]:
    """Start a server with the behaviour that a test names, on the manual clock; hand over it and a caller."""
    with ExitStack() as stack:

        def start(**behaviour: Any) -> tuple[ForeignServer, Caller]:
            chosen = {"latency_seconds": (0.0, 0.0)} | behaviour
            server = stack.enter_context(ForeignServer(clock=clock, sleep=clock.sleep, **chosen))
            caller = Caller(server)
            stack.callback(caller.connection.close)
            return server, caller

        yield start
