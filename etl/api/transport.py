"""The lines that requests travel on: they know whether a byte was written, and do nothing of their own accord.

No redirect is followed (it would post again and hand the keys to another host), nothing is repeated, no cookie is kept
and no netrc file is read. Proxies and certificate bundles of the environment count, except for servers on this machine.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from etl.api.heads import WholeHeadResponse
from etl.api.trouble import TooLateError
from etl.settings.host import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from urllib3 import BaseHTTPResponse, PoolManager

    from etl.records import ApiRequest, MayWrite

_NEVER_AGAIN = Retry(0, read=False)
_MOST_ADDRESSES = 64
"""So many addresses are remembered as they are written; those of single leads are different each time."""


def _no_time() -> float:
    return 0.0


class _Progress(threading.local):
    """How far the request of this thread got; a request stays in one thread from its start to its end.

    monotonic: the clock to read. written: when its last byte was handed over. handshake: the seconds that its connection
    took to open, None where one was open: of TLS the handshake alone, which goes all the way to the host and has neither
    the looking up of its name in it nor a proxy's own connection.
    """

    has_written = False
    written: float | None = None
    handshake: float | None = None
    monotonic: Callable[[], float] = staticmethod(_no_time)
    may_write: MayWrite | None = None

    def begin(self, monotonic: Callable[[], float], may_write: MayWrite | None) -> None:
        """A request begins. may_write: asked right before its first byte is written; None: it may in any case."""
        self.has_written, self.written, self.handshake, self.monotonic = False, None, None, monotonic
        self.may_write = may_write

    def begin_to_write(self) -> None:
        """The first byte is about to be written. Raises: TooLateError — it may not be any more."""
        if self.may_write is not None and not self.may_write():
            raise TooLateError
        self.has_written = True


progress = _Progress()


class _WatchedConnection(HTTPConnection):
    """A connection that notes the first byte of a request, before it is written; and writes head and body as one.

    What connecting writes itself is no part of the request: a proxy's CONNECT, a TLS handshake. To write costs as much as
    to put the whole head together, for other threads have their turn meanwhile.
    """

    response_class = WholeHeadResponse
    _is_connecting = False
    _parts: list[bytes] | None = None  # of the request that is being put together
    _reached = 0.0  # when the host, or the proxy before it, had been reached

    def connect(self) -> None:
        self._is_connecting = True
        self._reached = progress.monotonic()
        try:
            super().connect()
        finally:
            self._is_connecting = False
        progress.handshake = progress.monotonic() - self._reached

    def request(self, *args: Any, **kwargs: Any) -> None:
        parts = self._parts = []
        try:
            super().request(*args, **kwargs)
        finally:
            self._parts = None
        self.send(b"".join(parts))

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()  # http.client would do so below, after the mark
        if not self._is_connecting:
            if self._parts is not None:
                self._parts.append(data)
                return
            progress.begin_to_write()
        super().send(data)
        progress.written = progress.monotonic()


class _WatchedTlsConnection(_WatchedConnection, HTTPSConnection):
    """The same over TLS. Whatever comes before its handshake tells nothing about the line to the host."""

    def _new_conn(self) -> socket.socket:
        reached = super()._new_conn()
        self._reached = progress.monotonic()
        return reached

    def _tunnel(self) -> None:
        super()._tunnel()
        self._reached = progress.monotonic()


class _WatchedPool(HTTPConnectionPool):
    ConnectionCls = _WatchedConnection


class _WatchedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTlsConnection


class _WatchedAdapter(HTTPAdapter):
    """requests' adapter over watched connections; it never repeats a request."""

    def __init__(self) -> None:
        super().__init__(max_retries=0, pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _watch(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> PoolManager:
        manager: PoolManager = super().proxy_manager_for(*args, **kwargs)
        _watch(manager)
        return manager


def _watch(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _WatchedPool, "https": _WatchedTlsPool}


class _Session(requests.Session):
    """A session that does not even look where a redirect points to."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 — the name is requests' own
        return None


class Line:
    """One thread's way to one host. What the environment says of it is read when it is opened, and again after `close`.

    requests finds out where to and through which proxy, and trusts whom; urllib3 does the rest: what requests does to each
    request and answer costs twice of what they themselves do, and nothing of it is wanted here.
    """

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._session = open_session(base_url)
        self._settings: Any = None  # what requests makes of the environment; None: to be asked
        self._pool: Any = None  # urllib3's, which knows the proxy and whom to trust
        self._addresses: dict[tuple[str, str, tuple[tuple[str, str], ...]], str] = {}
        self._timeout = Timeout()

    def send(
        self, request: ApiRequest, headers: Mapping[str, str | bytes], connect_seconds: float, read_seconds: float
    ) -> BaseHTTPResponse:
        """Send the request and read the head of the answer.

        Raises: what requests and urllib3 do; nothing of it tells whether a byte was written, `progress` does.
        """
        pool, address = self._way(request)
        if (self._timeout.connect_timeout, self._timeout.read_timeout) != (connect_seconds, read_seconds):
            self._timeout = Timeout(connect=connect_seconds, read=read_seconds)
        response: BaseHTTPResponse = pool.urlopen(
            request.method,
            address,
            body=request.body or None,
            headers=headers,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
            retries=_NEVER_AGAIN,
            timeout=self._timeout,
        )
        return response

    def close(self) -> None:
        """Drop the connection; the next request opens one. Another thread may say so in the midst of one that sends."""
        pool, self._pool, self._settings = self._pool, None, None
        if pool is not None:
            pool.close()  # clearing a session leaves that to the garbage collector, where an error names the pool
        self._session.close()
        self._addresses.clear()

    def _way(self, request: ApiRequest) -> tuple[Any, str]:
        """What carries the request, and its address as it is written on this line: all of them go to one host."""
        place = (request.method, request.path, request.query)
        pool, known = self._pool, self._addresses.get(place)
        if pool is None or known is None:
            if len(self._addresses) >= _MOST_ADDRESSES:
                self._addresses.clear()
            prepared = requests.PreparedRequest()
            prepared.prepare_method(request.method)
            prepared.prepare_url(self._base_url + request.path, request.query)
            pool, known = self._open(prepared)
            self._addresses[place] = known
        return pool, known

    def _open(self, prepared: requests.PreparedRequest) -> tuple[Any, str]:
        """Find out the way, if that is not known. The address is as a proxy, or the host itself, wants to read it."""
        pool, settings = self._pool, self._settings
        if settings is None:
            settings = self._session.merge_environment_settings(prepared.url, {}, True, None, None)
        proxies, verify, cert = (settings[name] for name in ("proxies", "verify", "cert"))
        adapter: HTTPAdapter = self._session.get_adapter(prepared.url or self._base_url)  # type: ignore[assignment] # as mounted below
        if pool is None:
            pool = adapter.get_connection_with_tls_context(prepared, verify, proxies=proxies, cert=cert)
            # by itself it would trust the system's certificates, and not those that requests brings
            adapter.cert_verify(pool, prepared.url, verify, cert)  # type: ignore[no-untyped-call] # requests ships no types
        self._pool, self._settings = pool, settings
        return pool, adapter.request_url(prepared, proxies)


def default_headers() -> dict[str, str | bytes]:
    """What goes with every request, of whatever kind: how answers may be packed, and that the line stays open."""
    told = requests.utils.default_headers()
    return {name: told[name] for name in ("Accept-Encoding", "Connection")}


def open_session(base_url: str) -> requests.Session:
    """A session for one thread and one host."""
    session = _Session()
    session.trust_env = not is_loopback(urlsplit(base_url).hostname or "")
    session.auth = _no_login
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.mount("http://", _WatchedAdapter())
    session.mount("https://", _WatchedAdapter())
    return session


def _no_login(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Takes the place of a login, so that requests does not look for one in a netrc file."""
    return request
