"""A server made of a raw socket, so that a test decides about every byte and every broken line."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

import pytest

from etl.api.client import Client, Timeouts
from etl.records import ApiRequest, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ACCESS_KEY = "u$r-access-0123456789"
SECRET_KEY = "s3cret/0123456789+abc"


@dataclass
class Line:
    """One accepted connection, as the server's script sees it."""

    connection: socket.socket
    requests: list[bytes]

    def read_request(self) -> bytes:
        """One whole request, head and body; b"" when the other side hung up first."""
        received = b""
        while b"\r\n\r\n" not in received:
            piece = self.connection.recv(65536)
            if not piece:
                return b""
            received += piece
        head, _, body = received.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        while len(body) < length:
            body += self.connection.recv(65536)
        self.requests.append(head + b"\r\n\r\n" + body)
        return self.requests[-1]

    def answer(self, body: bytes = b"{}", status: str = "200 OK", *headers: str) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
        self.connection.sendall("\r\n".join(lines).encode("latin-1") + body)

    def reset(self) -> None:
        """Hang up the hard way: the other side sees a reset instead of an end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


Script: TypeAlias = "Callable[[Line], None]"


@dataclass
class RawServer:
    """Runs one script per connection. requests: what arrived, in order; connections: how many were accepted."""

    script: Script
    tls: ssl.SSLContext | None = None
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    troubles: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._stopping.is_set():
                connection.close()
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(20)
            try:
                secured = self.tls.wrap_socket(connection, server_side=True) if self.tls else connection
                with secured:
                    self.script(Line(secured, self.requests))
            except OSError:
                return  # the other side hung up, as many tests want it to
            except BaseException as trouble:  # noqa: BLE001 — an error in a script must fail its test
                self.troubles.append(trouble)

    def stop(self) -> None:
        self._stopping.set()
        socket.create_connection(("127.0.0.1", self.port)).close()  # wakes the acceptor
        self._acceptor.join()
        self._listener.close()
        for thread in self._threads:
            thread.join()


@dataclass
class TestClock:
    """Time that moves only by sleeping, or when a test moves it. slept: each wait in seconds."""

    __test__ = False
    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime(2026, 3, 31, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds

    def boot_id(self) -> str:
        return "test"

    def through_sleep(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def serve() -> Iterator[Callable[..., RawServer]]:
    """Starts a raw server for a script; all are stopped at the end, and an error in a script fails the test."""
    servers: list[RawServer] = []

    def start(script: Script, tls: ssl.SSLContext | None = None) -> RawServer:
        servers.append(RawServer(script, tls))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()
    assert [trouble for server in servers for trouble in server.troubles] == []


@pytest.fixture
def connect(clock: TestClock) -> Iterator[Callable[..., Client]]:
    """Makes clients with the test's keys and a patience that tests can afford; all are closed before the servers stop."""
    clients: list[Client] = []

    def make(url: str, read_seconds: float = 10, **options: int) -> Client:
        timeouts = Timeouts(connect_seconds=5, read_seconds=read_seconds)
        clients.append(Client(url, ACCESS_KEY, SECRET_KEY, clock, timeouts=timeouts, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def post() -> ApiRequest:
    """A request as the bulk operation makes it."""
    return ApiRequest("POST", "/v2/Bulk", (("searchBy", "EmailAddress"),), '[{"Note":"मिले"}]'.encode(), Window.BULK)
