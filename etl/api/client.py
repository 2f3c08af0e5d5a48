"""The HTTP client: one request in, what came back out. The only place that holds the keys' headers."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import quote, urlsplit

from etl import __version__
from etl.api.transport import Line, default_headers, progress
from etl.api.trouble import NETWORK_TROUBLE, AnswerTooLongError, failure
from etl.errors import UsageError
from etl.records import ApiAnswer, Trip

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from etl.clock import Clock
    from etl.records import ApiRequest, Exchange, MayWrite

_MASK = b"***"
_SHORTEST_MASKED = 8  # a shorter key may be a word of an ordinary answer
_PIECE_BYTES = 64 * 1024

RENEWAL_SECONDS = 30.0
"""So often one of the connections in use is opened anew, so that a line that has turned slow is noticed."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait for a connection, and for the next part of an answer; the body as a whole may take read once more.

    The read timeout is long: a request that was given up too early is in doubt, and doubt costs a round of reading back.
    """

    connect_seconds: float = 10
    read_seconds: float = 120


@dataclass(slots=True)
class _LineInUse:
    """A line, used by one thread at a time, and when that was last."""

    line: Line
    used_at: float


class Client:
    """Sends requests to one host with one key pair; any number of threads may use it.

    base_url: scheme, host and port, as the settings checked it.
    idle_seconds: an unused connection is dropped after so long, before the other side drops it under a request.
    most_body_bytes: longer answers are given up; a page of 1,000 activities with all their fields stays below.
    Raises:  UsageError — a key holds characters that no header can carry.
    """

    def __init__(
        self,
        base_url: str,
        access_key: str,
        secret_key: str,
        clock: Clock,
        *,
        timeouts: Timeouts = Timeouts(),
        idle_seconds: float = 4,
        most_body_bytes: int = 32 * 1024 * 1024,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.clock = clock
        self._timeouts = timeouts
        self._idle_seconds = idle_seconds
        self._most_body_bytes = most_body_bytes
        keys = (_as_header("access key", access_key), _as_header("secret key", secret_key))
        self._headers = default_headers() | {"x-LSQ-AccessKey": keys[0], "x-LSQ-SecretKey": keys[1]}
        self._headers |= {"User-Agent": f"etl/{__version__}", "Accept": "application/json"}
        self._headers_with_body = self._headers | {"Content-Type": "application/json"}
        self._masked = tuple(spelling for key in keys for spelling in _spellings(key))
        self._masked_texts = tuple(spelling.decode("ascii") for spelling in self._masked)
        self._lines: list[_LineInUse] = []
        self._free: list[_LineInUse] = []  # the one that was used last at the end
        self._guard = threading.Lock()
        self._measured_at = clock.monotonic()

    def __repr__(self) -> str:
        return f"Client({self.base_url!r}, access_key=***, secret_key=***)"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop all connections. A later `send` opens new ones."""
        with self._guard:
            for line in self._lines:
                line.line.close()

    def send(self, request: ApiRequest, may_write: MayWrite | None = None) -> Exchange:
        """Send one request, once, and say how it ended. Trouble of the network is an answer here, not an exception.

        may_write: asked right before the first byte is written, whatever connecting has taken; if not, it is not sent.
        """
        line = self._take_line()
        progress.begin(self.clock.monotonic, may_write)
        limits, headers = self._timeouts, self._headers_with_body if request.body else self._headers
        try:
            response = line.line.send(request, headers, limits.connect_seconds, limits.read_seconds)
            try:
                body = self._read(response)
                return ApiAnswer(
                    response.status,
                    self._headers_of(response),
                    body,
                    _trip(request, is_plain=not self.base_url.startswith("https:")),
                )
            finally:
                response.close()  # does nothing to a connection whose answer was read to its end
                response.release_conn()
        except NETWORK_TROUBLE as trouble:
            host = urlsplit(self.base_url).netloc
            return failure(trouble, progress.has_written, host, limits.connect_seconds, limits.read_seconds)
        finally:
            progress.may_write = None
            line.used_at = self.clock.monotonic()
            with self._guard:
                self._free.append(line)

    def _take_line(self) -> _LineInUse:
        """A line for one request, its connection dropped if it was idle for long.

        The one that was used last: were they used in turn, each would be idle for a window of the limit and have to connect
        anew, where a few that stay open can carry all that is in the air at once.
        """
        with self._guard:
            line = self._free.pop() if self._free else None
            if line is None:
                line = _LineInUse(Line(self.base_url), self.clock.monotonic())
                self._lines.append(line)
                return line
        if self.clock.monotonic() - line.used_at > self._idle_seconds or self._is_to_be_measured():
            line.line.close()
        return line

    def _is_to_be_measured(self) -> bool:
        """Whether nobody has opened a connection for a while: only that shows what the line is like (delivery/line)."""
        with self._guard:
            now = self.clock.monotonic()
            if now - self._measured_at < RENEWAL_SECONDS:
                return False
            self._measured_at = now
            return True

    def _read(self, response: BaseHTTPResponse) -> bytes:
        """The whole body, the keys masked should the server repeat them.

        Raises:  AnswerTooLongError; TimeoutError — it drips longer than the read timeout; what urllib3 raises when
                 it is shorter than announced.
        """
        deadline = self.clock.monotonic() + self._timeouts.read_seconds
        body = bytearray()
        while piece := response.read1(_PIECE_BYTES, decode_content=True):
            body += piece
            if len(body) > self._most_body_bytes:
                raise AnswerTooLongError
            if self.clock.monotonic() > deadline:
                raise TimeoutError
            if _is_read_out(response):
                break
        return self._masking(bytes(body))

    def _masking(self, text: bytes) -> bytes:
        for spelling in self._masked:
            text = text.replace(spelling, _MASK)
        return text

    def _headers_of(self, response: BaseHTTPResponse) -> dict[str, str]:
        """The headers of the answer, without cookies: they are credentials too."""
        kept = {name.lower(): value for name, value in response.headers.itermerged()}
        kept.pop("set-cookie", None)
        whole = "\n".join(kept.values())
        if not any(spelling in whole for spelling in self._masked_texts):
            return kept
        return {
            name: self._masking(value.encode("latin-1", errors="replace")).decode("latin-1")
            for name, value in kept.items()
        }


def _is_read_out(response: BaseHTTPResponse) -> bool:
    """Whether all of an answer has come that told its length, without asking once more; packed, it may hold more still."""
    return response.length_remaining == 0 and response.closed and "content-encoding" not in response.headers


def _trip(request: ApiRequest, *, is_plain: bool) -> Trip | None:
    """How this thread's request went out."""
    if progress.written is None:
        return None
    return Trip(progress.written, progress.handshake, len(request.body), is_plain)


def _as_header(name: str, key: str) -> bytes:
    """A key as header bytes. Refused here, because the libraries below would quote it in their message."""
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError(
            f"The {name} is empty or holds a space or a character that no LeadSquared key has. "
            "Copy it again from LeadSquared: My Account > Settings > API and Webhooks."
        )
    return key.encode("ascii")


def _spellings(key: bytes) -> tuple[bytes, ...]:
    """How a server may repeat a key: as it is, or as in an address."""
    return (key, quote(key, safe="").encode("ascii")) if len(key) >= _SHORTEST_MASKED else ()
