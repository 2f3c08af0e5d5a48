"""How a request went out: what its connection cost to open, and when its last byte left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from etl.api.client import RENEWAL_SECONDS, Client
from etl.records import ApiAnswer, ApiRequest, Trip
from tests.api.conftest import Line, RawServer, TestClock

Serve = Callable[..., RawServer]
Connect = Callable[..., Client]


def answering(line: Line) -> None:
    while line.read_request():
        line.answer(b"{}", "200 OK")


def trip_of(client: Client, request: ApiRequest) -> Trip:
    answer = client.send(request)
    assert isinstance(answer, ApiAnswer)
    assert answer.trip is not None
    return answer.trip


@pytest.fixture
def ticking(clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClock]:
    """A clock on which a thousandth of a second passes with each look."""
    plain = clock.monotonic

    def look() -> float:
        clock.seconds += 0.001
        return plain()

    monkeypatch.setattr(clock, "monotonic", look)
    yield clock


def test_the_first_request_opens_the_connection(
    serve: Serve, connect: Connect, post: ApiRequest, ticking: TestClock
) -> None:
    """Only a request that opened its connection tells of a handshake; each tells when it was written, and how long it was."""
    client = connect(serve(answering).url)
    began = ticking.seconds

    first, second = trip_of(client, post), trip_of(client, post)

    assert first.handshake is not None
    assert 0 < first.handshake < 0.01
    assert second.handshake is None
    assert began < first.written < second.written < ticking.seconds
    assert first.size == second.size == len(post.body)


def test_one_connection_in_use_is_opened_anew_now_and_then(
    serve: Serve, connect: Connect, post: ApiRequest, clock: TestClock
) -> None:
    """Every half minute one request shows what the line is like, however busy all connections are; one for all threads."""
    server = serve(answering)
    client = connect(server.url)
    handshakes = 0
    for _ in range(30):
        handshakes += trip_of(client, post).handshake is not None
        beside: list[Trip] = []
        thread = threading.Thread(target=lambda seen=beside: seen.append(trip_of(client, post)))
        thread.start()
        thread.join()
        clock.seconds += RENEWAL_SECONDS / 10
    # The threads beside are new ones each time, and take the connection that was used last: what is open serves everybody.
    assert handshakes == 1 + 2
    assert server.connections == handshakes
