"""The server over real sockets: what a client's library really meets."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from etl.simulator import Fault, FaultKind, Latency, RateLimit, SimulatorOptions
from etl.simulator.server import EmbeddedSimulator

from .calls import KEYS, PATH, USER_PATH, row, rows


class Client:
    """A plain client of one embedded simulator."""

    def __init__(self, embedded: EmbeddedSimulator) -> None:
        self.embedded = embedded
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.update(KEYS)

    def add(self, body: Any, **how: Any) -> requests.Response:
        url = f"{self.embedded.url}{PATH}?searchBy=EmailAddress"
        return self.session.post(url, json=body, timeout=20, allow_redirects=False, **how)

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.embedded.url + path, timeout=20)


@pytest.fixture
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client of a fresh simulator; the parameter holds its options."""
    options = SimulatorOptions(seed=7, **getattr(request, "param", {}))
    with EmbeddedSimulator(options) as embedded:
        client = Client(embedded)
        yield client
        client.session.close()


def with_fault(*faults: Fault, **options: Any) -> Any:
    """The client's simulator has these faults."""
    return pytest.mark.parametrize("client", [{"faults": faults, **options}], indirect=True)


def test_a_row_travels_there_and_its_id_back(client: Client) -> None:
    """What is posted over HTTP is stored, and listed over HTTP under the id that was answered."""
    answered = client.add([row(ActivityNote="नोट ✓")]).json()["Response"]

    listed = client.get("/_simulator/activities").json()
    assert [(found["ProspectActivityId"], found["ActivityNote"]) for found in listed] == [
        (answered[0]["ProspectActivityId"], "नोट ✓")
    ]
    assert listed == client.embedded.activities()


def test_stats_over_http_are_the_simulators_own(client: Client) -> None:
    """Looking at the simulator does not count as a request."""
    client.add(rows(3))
    client.get("/v2/Nowhere.svc/X")

    stats = client.get("/_simulator/stats").json()
    assert stats == client.embedded.stats()
    assert (stats["requests"], stats["rows_stored"], stats["refused_otherwise"]) == (2, 3, 1)


def test_the_user_is_told_the_real_port(client: Client) -> None:
    """The host that UserByAccessKey.Get names is where the simulator can be reached."""
    assert "http://" + client.get(USER_PATH).json()["LSQCommonServiceURLs"]["api"] == client.embedded.url


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", PATH, 405), ("DELETE", USER_PATH, 405), ("GET", "/", 404), ("POST", "/_simulator/stats", 404)],
)
def test_wrong_paths_and_methods(client: Client, method: str, path: str, status: int) -> None:
    """aiohttp's own error pages never show: every error is the core's."""
    response = client.session.request(method, client.embedded.url + path, timeout=20)

    assert (response.status_code, response.json()["Status"]) == (status, "Error")


@with_fault(Fault.at(FaultKind.DROP_AFTER, 1))
def test_a_drop_resets_the_connection(client: Client) -> None:
    """The client gets a reset without a byte of an answer; the row is stored; the next request is served."""
    address = ("127.0.0.1", int(client.embedded.url.rpartition(":")[2]))
    body = b'[{"SearchByValue":"a@example.com","ActivityEvent":320}]'
    head = f"POST {PATH}?searchBy=EmailAddress HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    keys = "".join(f"{name}: {value}\r\n" for name, value in KEYS.items())
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(f"{head}{keys}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        with pytest.raises(ConnectionResetError):
            connection.recv(1)

    assert len(client.embedded.activities()) == 1
    assert client.add([row()]).status_code == 200


@with_fault(Fault.at(FaultKind.REFUSE, 1), Fault.at(FaultKind.DROP_BEFORE, 2))
def test_a_drop_before_storing_leaves_nothing(client: Client) -> None:
    """A refused and a lost request both look like a broken connection and store nothing."""
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            client.add([row()])

    assert client.embedded.activities() == []


@with_fault(Fault.at(FaultKind.CUT_ANSWER, 1))
def test_a_cut_answer_is_shorter_than_announced(client: Client) -> None:
    """Content-Length announces more than comes: status and headers arrive, the body does not end."""
    with client.add(rows(5), stream=True) as response:
        announced = int(response.headers["Content-Length"])
        with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead") as caught:
            response.content  # noqa: B018 — reading it is what fails

    assert response.status_code == 200
    assert 0 < caught.value.args[0].args[1].partial < announced
    assert len(client.embedded.activities()) == 5


@with_fault(Fault.at(FaultKind.REDIRECT, 1))
def test_a_redirect_that_is_not_followed(client: Client) -> None:
    """307 with another address; nobody came there."""
    response = client.add([row()])

    assert (response.status_code, response.headers["Location"]) == (307, "/_simulator/redirected")
    assert client.embedded.stats()["redirects_followed"] == 0


@with_fault(Fault.at(FaultKind.REDIRECT, 1))
def test_a_redirect_that_is_followed(client: Client) -> None:
    """A client that follows posts again, and is caught."""
    client.session.post(f"{client.embedded.url}{PATH}?searchBy=Phone", json=[row()], timeout=20)

    assert client.embedded.stats()["redirects_followed"] == 1


@with_fault(Fault(FaultKind.SLOW, requests=frozenset({1}), seconds=60.0))
def test_a_client_that_does_not_wait_has_stored_all_the_same(client: Client) -> None:
    """A slow answer's rows are stored at once, and neither the other requests nor the end of the block wait for it."""
    with pytest.raises(requests.ReadTimeout):
        client.session.post(f"{client.embedded.url}{PATH}?searchBy=Phone", json=[row()], timeout=(5, 0.2))

    assert len(client.embedded.activities()) == 1
    assert client.add([row()]).status_code == 200


@pytest.mark.parametrize(
    "client", [{"limit": RateLimit(5, 60.0), "latency": Latency(0.0, 0.02)}], indirect=True, ids=["latency"]
)
def test_many_at_once_meet_one_window(client: Client) -> None:
    """Of twelve simultaneous requests exactly five are let in, whatever order they arrive in."""
    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(lambda _: client.add([row()]).status_code, range(12)))

    assert statuses == [200] * 5 + [429] * 7
    assert client.embedded.stats()["most_bulk_requests_in_window"] == 12
    assert client.embedded.stats()["refused_for_rate"] == 7


@with_fault(Fault.at(FaultKind.STORE_LATE, 1, seconds=0.0))
def test_what_is_late_is_there_for_whoever_looks(client: Client) -> None:
    """The connection is reset; a look at the simulator finds what was due by then, without another request."""
    with pytest.raises(requests.ConnectionError):
        client.add([row()])

    assert len(client.get("/_simulator/activities").json()) == 1
    assert client.get("/_simulator/stats").json()["rows_stored"] == 1


@pytest.mark.parametrize("client", [{"clock_skew_seconds": 7200.0}], indirect=True, ids=["skew"])
def test_the_date_is_the_simulated_servers(client: Client) -> None:
    """The Date of a reply is the core's, once, and not that of the web framework."""
    response = client.get(USER_PATH)

    ahead = parsedate_to_datetime(response.headers["Date"]) - datetime.now(UTC)
    assert timedelta(hours=1, minutes=55) < ahead <= timedelta(hours=2)


@pytest.mark.parametrize(
    ("path", "answered"), [("Leads.GetByEmailaddress?emailaddress=a%2Bb@example.com", "a+b@example.com")]
)
def test_a_look_up_over_http(client: Client, path: str, answered: str) -> None:
    """Percent-encoded parameters arrive decoded."""
    (lead,) = client.get(f"/v2/LeadManagement.svc/{path}").json()

    assert lead["EmailAddress"] == answered


def test_it_listens_on_loopback_only(client: Client) -> None:
    """The address is 127.0.0.1, with a port of the system's choice."""
    host, _, port = client.embedded.url.removeprefix("http://").partition(":")

    assert (host, int(port) > 0) == ("127.0.0.1", True)


def test_what_was_stored_can_be_looked_at_after_the_block() -> None:
    """Activities and counters outlive the server; its thread does not."""
    with EmbeddedSimulator(SimulatorOptions(seed=1)) as embedded:
        client = Client(embedded)
        client.add(rows(2))
        client.session.close()

    assert (len(embedded.activities()), embedded.stats()["rows_stored"]) == (2, 2)
    assert "etl-simulator" not in {thread.name for thread in threading.enumerate()}


def test_a_port_that_is_taken_is_an_error_at_the_start(client: Client) -> None:
    """The block is not entered."""
    taken = int(client.embedded.url.rpartition(":")[2])

    with pytest.raises(OSError, match="address already in use"), EmbeddedSimulator(port=taken):
        pytest.fail("two servers on one port")


def test_a_defect_of_the_simulator_fails_whoever_embeds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers of a simulator that failed inside prove nothing, so leaving the block raises with the traceback."""
    monkeypatch.setattr("etl.simulator.operations.add_by_lead_field.activity_problem", lambda *_: 1 / 0)

    embedding = EmbeddedSimulator(SimulatorOptions(seed=1))
    with (
        pytest.raises(RuntimeError, match=r"(?s)The simulator itself failed.*ZeroDivisionError"),
        embedding as embedded,
    ):
        client = Client(embedded)
        status = client.add([row()]).status_code
        client.session.close()
    assert status == 500


def test_importing_the_package_is_cheap() -> None:
    """The core needs no HTTP library and nothing else of etl; only the server module brings aiohttp."""
    probe = "import sys, etl.simulator as s; print(sorted(m for m in sys.modules if m.startswith(('aiohttp','etl','pandas'))))"
    found = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout

    modules = [name.strip(" '") for name in found.strip().strip("[]").split(",")]
    assert [name for name in modules if name != "etl" and not name.startswith("etl.simulator")] == []
