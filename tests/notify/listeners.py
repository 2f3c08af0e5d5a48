"""Who is told in the tests: a listener for HTTP and one for SMTP, on real sockets of this machine."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Posted:
    """One request. path: with its query."""

    path: str
    body: str
    headers: dict[str, str]


@dataclass
class HttpListener:
    """Notes what is posted, and answers as it is told. answers: path → status, body and Location."""

    port: int = 0
    posted: list[Posted] = field(default_factory=list)
    answers: dict[str, tuple[int, str, str]] = field(default_factory=dict)

    def at(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.posted]

    def body_of(self, path: str) -> str:
        (found,) = [one.body for one in self.posted if one.path == path]
        return found


@contextmanager
def http_listener() -> Iterator[HttpListener]:
    """Listen while the block lasts."""
    listener = HttpListener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            listener.posted.append(Posted(self.path, body, dict(self.headers)))
            status, said, location = listener.answers.get(self.path, (200, "ok", ""))
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        listener.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def deaf_listener() -> Iterator[int]:
    """A port where connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@dataclass(frozen=True, slots=True)
class Letter:
    """What was handed in. login: user and password, None where nobody logged in. raw: as it came."""

    sender: str
    to: tuple[str, ...]
    message: EmailMessage
    login: tuple[str, str] | None
    is_encrypted: bool
    raw: bytes

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        return str(self.message.get_content()).replace("\r\n", "\n")


@dataclass
class MailListener:
    """Takes letters. tls: offers STARTTLS with it. login: who may log in; AUTH is offered where there is one.

    refused: addresses that it takes no letter for. greeting: what it says first.
    """

    port: int = 0
    tls: ssl.SSLContext | None = None
    login: tuple[str, str] | None = None
    refused: frozenset[str] = frozenset()
    greeting: str = "220 mail.test ready"
    letters: list[Letter] = field(default_factory=list)

    @property
    def server(self) -> str:
        return f"127.0.0.1:{self.port}"


@contextmanager
def mail_listener(**chosen: object) -> Iterator[MailListener]:
    """Listen while the block lasts."""
    listener = MailListener(**chosen)  # type: ignore[arg-type]
    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        listener.port = server.getsockname()[1]

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                talk = threading.Thread(target=_Talk(listener, connection).go)
                threads.append(talk)
                talk.start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield listener
        finally:
            server.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for thread in threads:
                thread.join(5)


class _Talk:
    """One connection, by RFC 5321 as far as a client of ours needs it."""

    def __init__(self, listener: MailListener, connection: socket.socket) -> None:
        self._listener = listener
        self._connection = connection
        self._stream = connection.makefile("rb")
        self._sender = ""
        self._to: list[str] = []
        self._login: tuple[str, str] | None = None
        self._is_encrypted = False

    def go(self) -> None:
        with suppress(OSError):
            self._say(self._listener.greeting)
            while line := self._stream.readline().decode().rstrip("\r\n"):
                if not self._take(line):
                    break
        self._connection.close()

    def _say(self, line: str) -> None:
        self._connection.sendall(f"{line}\r\n".encode())

    def _take(self, line: str) -> bool:
        verb, _, rest = line.partition(" ")
        match verb.upper():
            case "EHLO":
                offers = ["mail.test", "8BITMIME"]
                offers += ["STARTTLS"] if self._listener.tls and not self._is_encrypted else []
                offers += ["AUTH PLAIN"] if self._listener.login else []
                for offer in offers[:-1]:
                    self._say(f"250-{offer}")
                self._say(f"250 {offers[-1]}")
            case "STARTTLS":
                self._say("220 go on")
                assert self._listener.tls is not None
                self._connection = self._listener.tls.wrap_socket(self._connection, server_side=True)
                self._stream = self._connection.makefile("rb")
                self._is_encrypted = True
            case "AUTH":
                _, user, password = base64.b64decode(rest.split()[1]).decode().split("\0")
                is_right = (user, password) == self._listener.login
                self._login = (user, password) if is_right else None
                self._say("235 welcome" if is_right else f"535 wrong password {password}")
            case "MAIL":
                self._sender = rest.partition("<")[2].partition(">")[0]
                self._say("250 ok")
            case "RCPT":
                address = rest.partition("<")[2].partition(">")[0]
                if address in self._listener.refused:
                    self._say("550 no such person")
                else:
                    self._to.append(address)
                    self._say("250 ok")
            case "DATA":
                self._say("354 go on")
                self._keep()
                self._say("250 taken")
            case "QUIT":
                self._say("221 bye")
                return False
            case _:
                self._say("250 ok")
        return True

    def _keep(self) -> None:
        lines = []
        while (line := self._stream.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        raw = b"".join(lines)
        message = message_from_bytes(raw, policy=policy.default)
        assert isinstance(message, EmailMessage)
        to = tuple(self._to)
        self._listener.letters.append(Letter(self._sender, to, message, self._login, self._is_encrypted, raw))
