from __future__ import annotations

import http.client
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from .conftest import ADD, Caller, Serve, assert_refused, row
from .process import foreign_process
from .server import ForeignServer

KEYS = {"access_key": "AK$ 1+", "secret_key": "SK/2&"}


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        pytest.param({"x-LSQ-AccessKey": "AK$ 1+", "x-LSQ-SecretKey": "SK/2&"}, {}, 200, id="headers"),
        pytest.param({"X-LSQ-ACCESSKEY": "AK$ 1+", "X-LSQ-SECRETKEY": "SK/2&"}, {}, 200, id="headers in capitals"),
        pytest.param({}, {"accessKey": "AK$ 1+", "secretKey": "SK/2&"}, 200, id="query"),
        pytest.param({}, {}, 401, id="no keys"),
        pytest.param({"x-LSQ-AccessKey": "AK$ 1+"}, {}, 401, id="secret missing"),
        pytest.param({"x-LSQ-AccessKey": "AK$ 1+"}, {"secretKey": "SK/2&"}, 401, id="half and half"),
        pytest.param({"x-LSQ-AccessKey": "AK$ 1+", "x-LSQ-SecretKey": "sk/2&"}, {}, 401, id="wrong secret"),
        pytest.param({}, {"accessKey": "AK$ 1+", "secretKey": "other"}, 401, id="wrong secret in the query"),
        pytest.param(
            {"x-LSQ-AccessKey": "AK$ 1+", "x-LSQ-SecretKey": "SK/2&"},
            {"accessKey": "AK$ 1+", "secretKey": "other"},
            401,
            id="right in headers, wrong in query",
        ),
    ],
)
def test_401_for_wrong_keys(serve: Serve, headers: dict[str, str], query: dict[str, str], status: int) -> None:
    """Keys count in headers or query; wrong or missing ones are answered 401 and store nothing."""
    server, caller = serve(**KEYS)

    path = f"{ADD}?{urlencode({'searchBy': 'EmailAddress'} | query)}"
    reply = caller.call("POST", path, [row()], headers | {"Content-Type": "application/json"})

    assert reply.status == status
    assert len(server.activities) == (1 if status == 200 else 0)
    if status == 401:
        assert_refused(reply, 401, "MXInvalidAccessDetailsException", "Invalid access credentials")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("POST", "/v2/ProspectActivity.svc/Bulk/CustomActivity/Add/ByLeadfield", id="case of the path"),
        pytest.param("POST", "/ProspectActivity.svc/Bulk/CustomActivity/Add/ByLeadField", id="no version"),
        pytest.param("GET", ADD, id="wrong method"),
        pytest.param("PUT", ADD, id="method that no page names"),
    ],
)
def test_404_for_what_no_page_describes(serve: Serve, method: str, path: str) -> None:
    """An address or method that no page describes is answered 404."""
    _, caller = serve()

    assert_refused(caller.call(method, path, [row()]), 404, "MXNotFoundException", "could not be found")


def test_requests_are_recorded_as_they_came(serve: Serve) -> None:
    """The record holds method, path, raw query, headers, raw body and the status answered."""
    server, caller = serve()
    body = '[{"SearchByValue": "आशा@example.com",  "ActivityEvent": 320}]'.encode()

    caller.call("POST", f"{ADD}?searchBy=EmailAddress&x=%20y", body)

    (record,) = server.requests
    assert (record.method, record.path, record.query) == ("POST", ADD, "searchBy=EmailAddress&x=%20y")
    assert record.headers["x-lsq-accesskey"] == server.behaviour.access_key
    assert (record.body, record.status) == (body, 200)


def test_one_connection_serves_many_requests(serve: Serve) -> None:
    """HTTP/1.1 connections stay open from one request to the next, refusals in between included."""
    _, caller = serve()
    caller.add(row())
    used = caller.connection.sock

    caller.add()
    caller.add(row())

    assert used is not None
    assert caller.connection.sock is used


def test_a_caller_that_goes_away_early_posts_nothing(serve: Serve) -> None:
    """A body that never becomes complete is no request."""
    server, caller = serve()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(f"POST {ADD} HTTP/1.1\r\nContent-Length: 100\r\n\r\n[{{".encode())
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""

    assert caller.add(row()).status == 200
    assert len(server.requests) == 1


def test_a_request_on_its_way_is_stored_though_its_caller_died() -> None:
    """A request that was sent arrives, whatever became of its caller; after the block nothing more can arrive."""
    was_read = threading.Event()

    def way(seconds: float) -> None:
        was_read.set()
        while listens(server.port):
            continue

    with ForeignServer(sleep=way) as server:
        caller = Caller(server)
        usual = caller.keys | {"Content-Type": "application/json"}
        caller.connection.request("POST", f"{ADD}?searchBy=EmailAddress", json.dumps([row()]), usual)
        assert was_read.wait(10)
        caller.connection.close()
        assert server.activities == []

    assert [activity.search_value for activity in server.activities] == ["asha@example.com"]


def listens(port: int) -> bool:
    """Whether connections to this port are taken."""
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def test_connections_are_served_side_by_side(serve: Serve) -> None:
    """Many callers at once are all answered, each row is stored once, and requests stand in order of arrival."""
    server, _ = serve(limit=(1000, 1.0))

    def post_ten(name: int) -> None:
        caller = Caller(server)
        for number in range(10):
            assert caller.add(row(f"lead{name}-{number}@example.com")).status == 200
        caller.connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(post_ten, range(8)))

    assert len({activity.search_value for activity in server.activities}) == len(server.activities) == 80
    assert [activity.request_number for activity in server.activities] == list(range(80))


def test_an_error_of_the_server_fails_the_test() -> None:
    """What goes wrong inside a handler is raised at the end of the block, not swallowed."""

    def broken(seconds: float) -> None:
        raise ZeroDivisionError("in the handler")

    with pytest.raises(ZeroDivisionError, match="in the handler"), ForeignServer(sleep=broken) as server:
        caller = Caller(server)
        with pytest.raises(http.client.RemoteDisconnected, match="without response"):
            caller.add(row())
        caller.connection.close()


def test_as_a_process_it_shows_its_state() -> None:
    """Run as a process it prints its address, serves, and shows what it holds without keys or latency."""
    options = ("--latency", "0-0", "--access-key", "AK", "--secret-key", "SK", "--unknown-lead", "nobody@example.com")
    with foreign_process(*options, "--limit", "2/60") as server:
        address = server.host.removeprefix("http://")
        connection = http.client.HTTPConnection(address, timeout=10)
        headers = {"x-LSQ-AccessKey": "AK", "x-LSQ-SecretKey": "SK", "Content-Type": "application/json"}
        statuses = []
        for _ in range(3):
            body = json.dumps([row(), row("nobody@example.com")])
            connection.request("POST", f"{ADD}?searchBy=EmailAddress", body, headers)
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        connection.close()
        state = server.state()

    assert statuses == [200, 200, 429]
    assert [activity["search_value"] for activity in state["activities"]] == ["asha@example.com"] * 2
    assert [request["status"] for request in state["requests"]] == [200, 200, 429]
    assert state["requests"][0]["body"] == body
    assert state["refused_for_rate"] == 1
