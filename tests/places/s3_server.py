"""S3 over real HTTP in this process: moto's own application, and in front of it whatever a network and an administrator do.

with S3Server() as s3:
    s3.put("bucket/in/visits.csv", b"…")
    s3.refuse("PUT", "results")  # from the next request on
    …  # the commands with s3.environ
assert s3.names("bucket") == ["in/visits.csv"]
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote
from wsgiref.types import StartResponse, WSGIEnvironment

import requests

_DENIED = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
_BEGUN_AT, _MOMENT = b"2010-11-10T20:48:33.000Z", "%Y-%m-%dT%H:%M:%S.000Z"  # of the same length
_LONG_AGO = datetime(2010, 11, 10, tzinfo=UTC)
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAPLACES", "AWS_SECRET_ACCESS_KEY": "places/secret+key"}
_AUTHORIZATION = {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIAPLACES/20260101/us-east-1/s3/aws4_request"}


@dataclass
class S3Server:
    """The server of one test session. seen: method and path of each request, in order. hold: called with each before it is
    carried out, behind which it may stay for a while. begun_at: when all uploads have begun, in UTC."""

    seen: list[tuple[str, str]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    hold: Callable[[str, str], None] | None = None
    begun_at: datetime = _LONG_AGO

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def environ(self) -> dict[str, str]:
        """The variables by which botocore finds it; ours has none."""
        return KEYS | {"AWS_ENDPOINT_URL": self.address, "AWS_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1"}

    def refuse(self, method: str, part: str) -> None:
        """Deny requests of that method whose path holds `part`."""
        self.refused.append((method, part))

    def forget(self) -> None:
        """No buckets, no faults, nothing seen."""
        self.hold, self.begun_at = None, _LONG_AGO
        self.refused.clear()
        self._ask("POST", "moto-api/reset")
        self.seen.clear()

    def bucket(self, name: str) -> None:
        self._ask("PUT", name)

    def put(self, name: str, content: bytes | str) -> None:
        self._ask("PUT", name, content.encode() if isinstance(content, str) else content)

    def get(self, name: str) -> bytes:
        return self._ask("GET", name).content

    def delete(self, name: str) -> None:
        self._ask("DELETE", name)

    def names(self, bucket: str) -> list[str]:
        """All there is in a bucket, in order."""
        listed = self._ask("GET", f"{bucket}?list-type=2").text
        return sorted(unquote(one.partition("</Key>")[0]) for one in listed.split("<Key>")[1:])

    def _ask(self, method: str, name: str, content: bytes | None = None) -> requests.Response:
        """By the wire, as any other client."""
        answer = requests.request(
            method, f"{self.address}/{name}", data=content, headers=_AUTHORIZATION | {"X-From": "test"}, timeout=10
        )
        answer.raise_for_status()
        return answer

    def __enter__(self) -> Self:
        from moto.server import DomainDispatcherApplication, create_backend_app  # noqa: PLC0415 — half a second, for
        from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: PLC0415 — each worker that collects tests

        class Silent(WSGIRequestHandler):
            def log(self, *_: Any) -> None:
                """Nobody reads it."""

        app = DomainDispatcherApplication(create_backend_app)

        def guarded(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
            if "HTTP_X_FROM" not in environ:
                self.seen.append((method, path))
                if self.hold is not None:
                    self.hold(method, path)
                if any(method == one and part in path for one, part in self.refused):
                    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                    start("403 Forbidden", [("Content-Type", "application/xml"), ("Content-Length", str(len(_DENIED)))])
                    return [_DENIED] if method != "HEAD" else []
            answer = app(environ, start)
            if method == "GET" and "uploads" in environ["QUERY_STRING"]:
                return [part.replace(_BEGUN_AT, f"{self.begun_at:{_MOMENT}}".encode()) for part in answer]
            return answer  # type: ignore[no-any-return]

        self._server = make_server("127.0.0.1", 0, guarded, threaded=True, request_handler=Silent)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
