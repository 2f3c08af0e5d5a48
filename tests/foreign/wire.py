"""HTTP/1.1 over loopback sockets: requests read, delayed, handed to the account, answers written or spoiled."""

from __future__ import annotations

import random
import socket
import struct
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from .account import Account
from .exchange import Answer, Ending, Request

STATE_PATH = "/_foreign/state"
LET_GO_PATH = "/_foreign/let-go"
_BETWEEN_LOOKS_SECONDS = 0.01
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER for no time: the kernel sends RST instead of FIN


class Wire(ThreadingHTTPServer):
    """The listening socket and one thread per connection, connections being kept alive."""

    daemon_threads = False  # server_close waits for them: no thread outlives the server
    request_queue_size = 128

    def __init__(
        self, port: int, account: Account, sleep: Callable[[float], None], state: Callable[[], dict[str, Any]]
    ) -> None:
        self.account = account
        self.sleep = sleep
        self.state = state
        self.numbers = count()
        self.handler_errors: list[BaseException] = []
        self.is_over = threading.Event()
        self._connections: set[socket.socket] = set()
        self._to_reset: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._connections_lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection. The usual way sends FIN first, which a reset must not."""
        with self._connections_lock:
            self._connections.discard(request)
            resets = request in self._to_reset
            self._to_reset.discard(request)
        if resets:
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def reset_when_closed(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        with self._connections_lock:
            self._to_reset.add(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep what went wrong in a handler for the test to see. A caller that went away is not our fault."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, ConnectionError):
            self.handler_errors.append(error)

    def hang_up(self) -> None:
        """End every connection, so that the threads waiting for its next request end too; no answer is kept back any more."""
        self.is_over.set()
        with self._connections_lock:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:  # already gone
                    continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are written apart: together with delayed ACKs that costs 40 ms
    server: Wire

    def respond(self) -> None:
        request = self._read()
        if request is None:
            self.close_connection = True
        elif request.path == STATE_PATH:
            self._write(Answer.of_json(self.server.state()))
        elif request.path == LET_GO_PATH:
            self.server.account.behaviour.answers_before_hold = None
            self._write(Answer.of_json({}))
        else:
            self._write(self._delayed_answer(request))

    do_GET = respond  # noqa: N815 - http.server looks methods up by these names
    do_POST = do_PUT = do_DELETE = do_PATCH = respond  # noqa: N815 - the same

    def _read(self) -> Request | None:
        """The whole request; None when the caller went away before the body was complete."""
        announced = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(announced)
        if len(body) < announced:
            return None
        target = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, target.path, target.query, headers, body)

    def _delayed_answer(self, request: Request) -> Answer:
        """A random part of the latency passes on the way there, before arrival; the rest on the way back."""
        account = self.server.account
        # A generator of its own for each request: what it meets does not depend on how threads take turns later on.
        dice = random.Random(f"{account.behaviour.seed}/{next(self.server.numbers)}")
        latency = dice.uniform(*account.behaviour.latency_seconds)
        way_there = latency * dice.random()
        read_at = account.clock()
        self.server.sleep(way_there)
        answer, record = account.receive(request, dice, read_at)
        while account.keeps_back(record) and not self.server.is_over.wait(_BETWEEN_LOOKS_SECONDS):
            pass
        self.server.sleep(latency - way_there)
        record.answered_at = account.clock()
        return answer

    def _write(self, answer: Answer) -> None:
        if answer.ending is Ending.RESET:
            self.server.reset_when_closed(self.connection)
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if answer.ending is Ending.CUT:
            self.close_connection = True
            self.wfile.write(answer.body[: len(answer.body) // 2])
        else:
            self.wfile.write(answer.body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date header follows the server's own clock, skewed as it may be."""
        return super().date_time_string(self.server.account.now().timestamp() if timestamp is None else timestamp)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing: `ForeignServer.requests` is the log."""
