"""The small web server of a worker: /metrics for Prometheus, /healthz for who restarts what is ill. It tells no secret."""

from __future__ import annotations

import json
import re
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

from etl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import CollectorRegistry

    from etl.fleet.health import Doctor

_ADDRESS = re.compile(r"(?:(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]*):)?(?P<port>\d{1,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. host: "" for every IPv4 address of this machine. port: 0 for any that is free."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """As it is typed into a browser on this machine."""
        host = self.host or "127.0.0.1"
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def address_of(typed: str) -> Address:
    """`:9000`, `9000`, `127.0.0.1:9000` or `[::1]:9000`.

    Raises: UsageError — none of these, or no such port.
    """
    found = _ADDRESS.fullmatch(typed.strip())
    port = int(found["port"]) if found else 0
    if found is None or port > 65_535:
        raise UsageError(
            f"--metrics {typed}: this is no address. Write a port, like :9000, for every network of this machine, or a host "
            "before it, like 127.0.0.1:9000, for one."
        )
    return Address((found["host"] or "").strip("[]"), port)


@contextmanager
def served(at: Address, registry: CollectorRegistry, doctor: Doctor) -> Iterator[Address]:
    """Serve for as long as the block lasts; gives the address with the port that it is.

    Raises: UsageError — the port is taken, or the host is none of this machine.
    """

    class Handler(_Handler):
        pages = registry
        asked = doctor

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in at.host else socket.AF_INET
        daemon_threads = True

    try:
        server = Server((at.host, at.port), Handler)
    except OSError as error:
        raise UsageError(
            f"--metrics {at.host}:{at.port}: {error.strerror}. Choose another port, or stop what listens there."
        ) from error
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="metrics", daemon=True)
    thread.start()
    try:
        yield Address(at.host, server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    pages: CollectorRegistry
    asked: Doctor
    timeout = 30  # a client that says nothing does not keep a thread
    server_version = "etl"
    sys_version = ""

    def do_GET(self) -> None:
        match self.path.partition("?")[0]:
            case "/metrics":
                self._metrics()
            case "/healthz":
                health = self.asked.look()
                body = json.dumps(health.as_data(), ensure_ascii=False).encode() + b"\n"
                status = HTTPStatus.OK if health.is_well else HTTPStatus.SERVICE_UNAVAILABLE
                self._answer(status, "application/json; charset=utf-8", body)
            case _:
                self._answer(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"/metrics\n/healthz\n")

    do_HEAD = do_GET  # noqa: N815 — as above

    def _metrics(self) -> None:
        from prometheus_client.exposition import choose_encoder  # noqa: PLC0415 — loaded where numbers are kept

        encode, kind = choose_encoder(self.headers.get("Accept", ""))
        self._answer(HTTPStatus.OK, kind, encode(self.pages))

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """A probe every few seconds is no news."""
