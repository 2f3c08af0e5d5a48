"""The client on real sockets: what it sends, and what it makes of every way in which an exchange can break."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import trustme
import urllib3.util.connection

from etl import __version__
from etl.api import transport
from etl.api.client import Client, Timeouts
from etl.api.transport import open_session, progress
from etl.errors import UsageError
from etl.records import ApiAnswer, ApiRequest, LineEnd, TransportFailure, Window

from .conftest import ACCESS_KEY, SECRET_KEY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Line, RawServer, Script, TestClock

    Serve = Callable[..., RawServer]
    Connect = Callable[..., Client]

GET = ApiRequest("GET", "/v2/Who", (), b"", Window.GENERAL)
AUTHORITY = trustme.CA()  # made anew each time: no key lies in the repository


def answering(body: bytes = b"{}", status: str = "200 OK", *headers: str) -> Script:
    """A script that answers every request of a connection alike."""

    def script(line: Line) -> None:
        while line.read_request():
            line.answer(body, status, *headers)

    return script


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_request_arrives_as_it_was_made(serve: Serve, connect: Connect, post: ApiRequest) -> None:
    """Method, path, query, body and headers are those of the request and the keys, and nothing else of note."""
    server = serve(answering())

    connect(server.url).send(post)

    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    first, *headers = head.decode("latin-1").split("\r\n")
    assert (first, body) == ("POST /v2/Bulk?searchBy=EmailAddress HTTP/1.1", post.body)
    assert sorted(headers) == sorted(
        [
            f"Host: 127.0.0.1:{server.port}",
            f"User-Agent: etl/{__version__}",
            "Accept-Encoding: gzip, deflate",
            "Accept: application/json",
            "Connection: keep-alive",
            f"x-LSQ-AccessKey: {ACCESS_KEY}",
            f"x-LSQ-SecretKey: {SECRET_KEY}",
            "Content-Type: application/json",
            f"Content-Length: {len(post.body)}",
        ]
    )


def test_request_without_body_says_nothing_of_one(serve: Serve, connect: Connect) -> None:
    """A GET carries no body and no content type."""
    server = serve(answering())

    connect(server.url).send(GET)

    assert server.requests[0].startswith(b"GET /v2/Who HTTP/1.1\r\n")
    assert b"content-" not in server.requests[0].lower()


def test_answer_comes_back_whole(serve: Serve, connect: Connect, post: ApiRequest) -> None:
    """Status, headers with lower-case names and the body's bytes are handed over; cookies are not."""
    server = serve(answering(b'{"a":1}', "500 Oh", "Retry-After: 7", "X-Odd: \xe9", "Set-Cookie: session=1"))

    answer = connect(server.url).send(post)

    headers = {"content-length": "7", "retry-after": "7", "x-odd": "\xe9"}
    assert answer == ApiAnswer(500, headers, b'{"a":1}')


def test_packed_answer_is_unpacked(serve: Serve, connect: Connect) -> None:
    """A gzip body comes back as what was packed."""
    server = serve(answering(gzip.compress(b'{"a":1}' * 50_000), "200 OK", "Content-Encoding: gzip"))

    answer = connect(server.url).send(GET)

    assert isinstance(answer, ApiAnswer)
    assert answer.body == b'{"a":1}' * 50_000


def test_cookie_is_not_sent_back(serve: Serve, connect: Connect) -> None:
    """The client keeps no cookie: each request stands for itself."""
    server = serve(answering(b"{}", "200 OK", "Set-Cookie: session=1; Path=/"))
    client = connect(server.url)

    client.send(GET)
    client.send(GET)

    assert [b"cookie" in request.lower() for request in server.requests] == [False, False]


def test_redirect_is_handed_back_and_not_followed(serve: Serve, connect: Connect, post: ApiRequest) -> None:
    """A redirect is an answer like any other: the host it names never hears of the request or the keys."""
    elsewhere = serve(answering())
    server = serve(answering(b"moved", "307 Temporary Redirect", f"Location: {elsewhere.url}/v2/Bulk"))

    answer = connect(server.url).send(post)

    assert isinstance(answer, ApiAnswer)
    assert (answer.status, answer.headers["location"]) == (307, f"{elsewhere.url}/v2/Bulk")
    assert (len(server.requests), elsewhere.connections) == (1, 0)


@pytest.mark.parametrize("status", ["429 Slow", "503 Busy", "413 Much"])
def test_nothing_is_repeated_below(serve: Serve, connect: Connect, post: ApiRequest, status: str) -> None:
    """The libraries below do not send again, not even when the answer says when to."""
    server = serve(answering(b"{}", status, "Retry-After: 0"))

    connect(server.url).send(post)

    assert len(server.requests) == 1


@pytest.mark.parametrize("head", [b"HTTP/1.0 429 Slow\r\n\r\n", b"HTTP/1.1 429 Slow\nConnection: close\n\n"])
def test_answer_that_ends_with_the_connection_is_whole(
    serve: Serve, connect: Connect, post: ApiRequest, head: bytes
) -> None:
    """A head that ends with an empty line and tells no length is followed by all that comes until the end."""

    def script(line: Line) -> None:
        line.read_request()
        line.connection.sendall(head + b"slow")

    server = serve(script)

    answer = connect(server.url).send(post)

    assert isinstance(answer, ApiAnswer)
    assert (answer.status, answer.body) == (429, b"slow")


# How an exchange ends without an answer.


def test_refused_port_is_not_sent(connect: Connect, post: ApiRequest) -> None:
    """Nobody listens: nothing was sent."""
    port = closed_port()

    ended = connect(f"http://127.0.0.1:{port}").send(post)

    assert ended == TransportFailure(LineEnd.NOT_SENT, f"127.0.0.1:{port} refused the connection")


@pytest.mark.parametrize("host", ["api.invalid", "a" * 64 + ".example.com"], ids=["no such name", "no name at all"])
def test_name_without_address_is_not_sent(
    connect: Connect, post: ApiRequest, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that cannot be resolved: nothing was sent."""

    def no_address(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_address)  # the suite does not depend on a network

    ended = connect(f"https://{host}").send(post)

    assert isinstance(ended, TransportFailure)
    assert (ended.end, host in ended.reason) == (LineEnd.NOT_SENT, True)


def test_connection_that_is_not_made_in_time_is_not_sent(
    connect: Connect, post: ApiRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that does not take the connection in time: nothing was sent."""

    def out_of_time(*_: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(socket.socket, "connect", out_of_time)  # no address is sure to be silent everywhere

    ended = connect("http://127.0.0.1:9").send(post)

    assert ended == TransportFailure(LineEnd.NOT_SENT, "no connection to 127.0.0.1:9 within 5 seconds")


def test_tls_to_a_plain_port_is_not_sent(serve: Serve, connect: Connect, post: ApiRequest) -> None:
    """A handshake that fails comes before the request: nothing was sent."""

    def script(line: Line) -> None:
        line.connection.recv(10)
        line.connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    server = serve(script)

    ended = connect(f"https://127.0.0.1:{server.port}").send(post)

    assert ended == TransportFailure(LineEnd.NOT_SENT, f"the secure connection (TLS) to 127.0.0.1:{server.port} failed")


def test_certificate_of_a_stranger_is_not_sent(serve: Serve, connect: Connect, post: ApiRequest) -> None:
    """A certificate that nobody vouches for ends the handshake: nothing was sent, the keys least of all."""
    server = serve(answering(), a_tls_server())

    ended = connect(f"https://localhost:{server.port}").send(post)

    assert ended == TransportFailure(LineEnd.NOT_SENT, f"the certificate of localhost:{server.port} is not trusted")
    assert server.requests == []


def test_the_certificates_that_requests_brings_are_trusted(
    serve: Serve, connect: Connect, post: ApiRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only those of the system, which some machines lack."""
    server = serve(answering(), a_tls_server())
    AUTHORITY.cert_pem.write_to_path(str(tmp_path / "bundle.pem"))
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(tmp_path / "bundle.pem"))

    assert isinstance(connect(f"https://localhost:{server.port}").send(post), ApiAnswer)


def test_handshake_that_hangs_is_not_sent(serve: Serve, post: ApiRequest, clock: TestClock) -> None:
    """A host that takes the connection and says nothing during the handshake: nothing was sent."""
    hang_up = threading.Event()
    server = serve(lambda _: _wait(hang_up))
    with Client(f"https://127.0.0.1:{server.port}", ACCESS_KEY, SECRET_KEY, clock, timeouts=_impatient()) as client:
        ended = client.send(post)
    hang_up.set()

    assert isinstance(ended, TransportFailure)
    assert ended.end is LineEnd.NOT_SENT


def test_reset_before_any_answer_is_lost(serve: Serve, connect: Connect, post: ApiRequest) -> None:
    """A line that breaks after the request was written: it may have been carried out."""

    def script(line: Line) -> None:
        line.read_request()
        line.reset()

    server = serve(script)

    ended = connect(server.url).send(post)

    assert ended == TransportFailure(
        LineEnd.LOST, f"127.0.0.1:{server.port} closed the connection before the answer was whole"
    )
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 200", id="in the first line"),
        pytest.param(b"HTTP/1.1 429 Slow\r\n", id="after the first line"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Len", id="in the headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", id="after the headers"),
        pytest.param(b'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"Response":[]}', id="in the body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n", id="before the body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", id="before the last chunk"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}", id="in a chunk"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}", id="chunk without length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Encoding: gzip\r\n\r\nabc", id="not packed"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 3, 4\r\n\r\nabc", id="two lengths"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n", id="no HTTP"),
    ],
)
def test_cut_or_senseless_answer_is_lost(serve: Serve, connect: Connect, post: ApiRequest, sent: bytes) -> None:
    """An answer that is not whole is no answer, wherever it breaks off."""

    def script(line: Line) -> None:
        line.read_request()
        line.connection.sendall(sent)

    server = serve(script)

    ended = connect(server.url).send(post)

    assert isinstance(ended, TransportFailure)
    assert ended.end is LineEnd.LOST


def test_silence_is_timed_out(serve: Serve, connect: Connect, post: ApiRequest) -> None:
    """No answer within the read timeout: LeadSquared may still be at work on the request."""
    hang_up = threading.Event()

    def script(line: Line) -> None:
        line.read_request()
        _wait(hang_up)

    server = serve(script)
    try:
        ended = connect(server.url, read_seconds=0.2).send(post)
    finally:
        hang_up.set()

    reason = f"no whole answer from 127.0.0.1:{server.port} within 0.2 seconds"
    assert ended == TransportFailure(LineEnd.TIMED_OUT, reason)


def test_silence_in_the_middle_of_a_body_is_timed_out(serve: Serve, connect: Connect, post: ApiRequest) -> None:
    """A body that stops coming ends like an answer that never came."""
    hang_up = threading.Event()

    def script(line: Line) -> None:
        line.read_request()
        line.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{")
        _wait(hang_up)

    server = serve(script)
    try:
        ended = connect(server.url, read_seconds=0.2).send(post)
    finally:
        hang_up.set()

    assert isinstance(ended, TransportFailure)
    assert ended.end is LineEnd.TIMED_OUT


def test_body_that_drips_without_end_is_timed_out(
    serve: Serve, connect: Connect, post: ApiRequest, clock: TestClock
) -> None:
    """A body may take the read timeout as a whole, not for each of its bytes."""

    def script(line: Line) -> None:
        line.read_request()
        line.connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:  # until the client hangs up
            clock.seconds += 4
            line.connection.sendall(b" ")

    server = serve(script)

    ended = connect(server.url, read_seconds=10).send(post)

    assert isinstance(ended, TransportFailure)
    assert ended.end is LineEnd.TIMED_OUT


def test_answer_beyond_measure_is_given_up(serve: Serve, connect: Connect, post: ApiRequest) -> None:
    """A body without end does not fill the memory: it is not read to its end, and its request is in doubt."""
    packed = gzip.compress(b" " * 3_000_000)
    server = serve(answering(packed, "200 OK", "Content-Encoding: gzip"))

    ended = connect(server.url, most_body_bytes=1_000_000).send(post)

    assert ended == TransportFailure(LineEnd.LOST, f"127.0.0.1:{server.port} sent an answer beyond all measure")


# Connections.


def test_connection_is_used_again(serve: Serve, connect: Connect, post: ApiRequest, clock: TestClock) -> None:
    """Requests that follow each other share a connection."""
    server = serve(answering())
    client = connect(server.url)

    for _ in range(3):
        client.send(post)
        clock.seconds += 4

    assert (server.connections, len(server.requests)) == (1, 3)


def test_idle_connection_is_dropped(serve: Serve, connect: Connect, post: ApiRequest, clock: TestClock) -> None:
    """A connection that was idle for more than four seconds is not trusted with a request."""
    server = serve(answering())
    client = connect(server.url)

    client.send(post)
    clock.seconds += 4.1
    client.send(post)

    assert (server.connections, len(server.requests)) == (2, 2)


@pytest.mark.parametrize("is_known", [False, True], ids=["new address", "known address"])
def test_closing_in_the_midst_of_a_request_is_no_defect(
    is_known: bool, serve: Serve, connect: Connect, post: ApiRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread drops all connections between the way and the first byte: it is not sent, and the next one is."""
    client = connect(serve(answering()).url)
    if is_known:
        client.send(post)
    found = transport.Line._way

    def closed_meanwhile(line: transport.Line, request: ApiRequest) -> tuple[Any, str]:
        way = found(line, request)
        client.close()
        return way

    with monkeypatch.context() as patched:
        patched.setattr(transport.Line, "_way", closed_meanwhile)
        cut = client.send(post)

    assert isinstance(cut, TransportFailure)
    assert cut.end is LineEnd.NOT_SENT
    assert isinstance(client.send(post), ApiAnswer)


def test_connection_that_the_server_closed_costs_no_request(serve: Serve, connect: Connect, post: ApiRequest) -> None:
    """A server that hangs up after each answer is noticed before the next request is written."""
    closed = threading.Event()

    def script(line: Line) -> None:
        line.read_request()
        line.answer()
        line.connection.shutdown(socket.SHUT_WR)
        closed.set()
        line.connection.recv(1)

    server = serve(script)
    client = connect(server.url)
    ends = []
    for _ in range(3):
        ends.append(client.send(post))
        closed.wait()
        closed.clear()

    assert [type(end) for end in ends] == [ApiAnswer] * 3
    assert (server.connections, len(server.requests)) == (3, 3)


def test_threads_do_not_share_a_connection(serve: Serve, connect: Connect, post: ApiRequest) -> None:
    """Requests of several threads are in the air at once, each on a line of its own, and none mixes up the answers."""
    all_here = threading.Barrier(4)

    def script(line: Line) -> None:
        request = line.read_request()
        all_here.wait(timeout=10)
        line.answer(request.rpartition(b"\r\n")[2])

    server = serve(script)
    client = connect(server.url)
    requests = [ApiRequest("POST", "/", (), b'"%d"' % number, Window.BULK) for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(client.send, requests))

    assert [answer.body for answer in answers if isinstance(answer, ApiAnswer)] == [b'"0"', b'"1"', b'"2"', b'"3"']
    assert server.connections == 4


def test_one_thread_in_trouble_says_nothing_about_another(serve: Serve, connect: Connect, post: ApiRequest) -> None:
    """Whether a byte was written is known per request: a refused connection after an answered request is not sent."""
    server = serve(answering())
    client = connect(server.url)
    client.send(post)

    ended = connect(f"http://127.0.0.1:{closed_port()}").send(post)

    assert isinstance(ended, TransportFailure)
    assert ended.end is LineEnd.NOT_SENT


def test_request_over_tls_is_known_to_be_written(serve: Serve, tmp_path: Path) -> None:
    """Over TLS, too, the first byte of the request is noted, and the handshake's bytes are not."""
    server = serve(answering(), a_tls_server())
    progress.has_written = False

    certificate = tmp_path / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(str(certificate))
    with open_session("https://localhost") as session:
        session.verify = str(certificate)
        with session.get(f"https://localhost:{server.port}/", timeout=10) as response:
            assert response.json() == {}

    assert progress.has_written


# Whether a request may be written still.


def test_what_connecting_made_too_late_is_not_sent(
    serve: Serve, connect: Connect, post: ApiRequest, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked behind the name and the connection, however long these took: not a byte of the request is written then."""
    plain = urllib3.util.connection.create_connection

    def slow(*args: Any, **named: Any) -> socket.socket:
        connection = plain(*args, **named)
        clock.seconds += frozen
        return connection

    monkeypatch.setattr("urllib3.util.connection.create_connection", slow)
    server = serve(answering())
    deadline = clock.seconds + 40.0

    frozen = 41.0
    late = connect(server.url).send(post, lambda: clock.seconds < deadline)
    assert isinstance(late, TransportFailure) and late.end is LineEnd.NOT_SENT
    assert "longer than this process was sure to hold its input" in late.reason
    assert server.requests == []

    frozen, deadline = 39.0, clock.seconds + 40.0
    assert isinstance(connect(server.url).send(post, lambda: clock.seconds < deadline), ApiAnswer)


def test_the_question_comes_behind_the_handshake(
    serve: Serve, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handshake may take as long as connecting; what has no deadline asks nobody, also behind one that had."""
    AUTHORITY.cert_pem.write_to_path(str(tmp_path / "bundle.pem"))
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(tmp_path / "bundle.pem"))
    seen: list[float | None] = []
    shaken = threading.Event()

    def script(line: Line) -> None:
        shaken.set()
        answering()(line)

    def refuse() -> bool:
        assert shaken.wait(10)
        seen.append(progress.handshake)
        return False

    server = serve(script, a_tls_server())
    client = connect(f"https://localhost:{server.port}")
    refused, answered = client.send(GET, refuse), client.send(GET)

    assert isinstance(refused, TransportFailure) and refused.end is LineEnd.NOT_SENT
    assert isinstance(answered, ApiAnswer) and len(server.requests) == 1
    assert len(seen) == 1 and seen[0] is not None


# Secrets and the environment.


def test_keys_appear_nowhere_but_in_their_headers(serve: Serve, connect: Connect, post: ApiRequest) -> None:
    """A server that repeats the keys in its answer, as they are or as in an address, gets them masked."""
    body = f"no {ACCESS_KEY} / {SECRET_KEY} / u%24r-access-0123456789 / s3cret%2F0123456789%2Babc".encode()
    server = serve(answering(body, "401 No", f"X-Echo: {ACCESS_KEY}"))
    client = connect(server.url)

    answer = client.send(post)

    assert isinstance(answer, ApiAnswer)
    assert (answer.body, answer.headers["x-echo"]) == (b"no *** / *** / *** / ***", "***")
    assert repr(client) == f"Client('{server.url}', access_key=***, secret_key=***)"


@pytest.mark.parametrize("bad", ["", " s3cret", "s3cret\n", "s3crét", "zero\u200bs3cret", "s3cret b"])
def test_key_that_no_header_can_carry_is_refused_without_being_quoted(clock: TestClock, bad: str) -> None:
    """A key with a stray character is refused before anything is sent, in words that do not hold it."""
    with pytest.raises(UsageError, match=r"^The secret key is empty or holds a space or a character that") as caught:
        Client("https://api.example.com", ACCESS_KEY, bad, clock)

    assert "s3cret" not in caught.value.message


@pytest.mark.parametrize("proxy", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_server_on_this_machine_is_spoken_to_directly(
    serve: Serve, connect: Connect, post: ApiRequest, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    """A proxy of the environment does not come between us and a server on this machine."""
    monkeypatch.setenv(proxy, f"http://127.0.0.1:{closed_port()}")
    server = serve(answering())

    assert isinstance(connect(server.url).send(post), ApiAnswer)


def test_proxy_that_makes_no_tunnel_is_not_sent(
    serve: Serve, connect: Connect, post: ApiRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asking a proxy for a tunnel is no part of the request: where it refuses, nothing was sent, and no key shown."""
    proxy = serve(answering(b"", "502 Bad Gateway"))
    _only_proxy(monkeypatch, "https_proxy", proxy.url)

    ended = connect("https://api.example.com").send(post)

    reason = "the proxy named in the environment made no connection to api.example.com"
    assert ended == TransportFailure(LineEnd.NOT_SENT, reason)
    assert proxy.requests[0].startswith(b"CONNECT api.example.com:443 HTTP/1.")
    assert b"lsq" not in proxy.requests[0].lower()


def test_request_that_a_proxy_passed_on_is_lost_with_it(
    serve: Serve, connect: Connect, post: ApiRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request written to a proxy may have reached LeadSquared, though the line broke after that."""

    def script(line: Line) -> None:
        line.read_request()
        line.reset()

    proxy = serve(script)
    _only_proxy(monkeypatch, "http_proxy", proxy.url)

    ended = connect("http://api.example.com").send(post)

    assert isinstance(ended, TransportFailure)
    assert (ended.end, len(proxy.requests)) == (LineEnd.LOST, 1)


def test_netrc_is_never_read(
    serve: Serve, connect: Connect, post: ApiRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A login that lies in a netrc file is not sent along with the keys."""
    (tmp_path / "netrc").write_text("default login somebody password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    proxy = serve(answering())
    _only_proxy(monkeypatch, "http_proxy", proxy.url)

    connect("http://api.example.com").send(post)

    assert b"authorization" not in proxy.requests[0].lower()


def test_reasons_hold_neither_query_nor_keys(serve: Serve, connect: Connect) -> None:
    """What is told about a lost request does not repeat the request."""

    def script(line: Line) -> None:
        line.read_request()

    server = serve(script)
    request = ApiRequest("POST", "/v2/Private", (("who", "asha@example.com"),), b"[]", Window.BULK)

    ended = connect(server.url).send(request)

    assert isinstance(ended, TransportFailure)
    told = repr(ended)
    assert [word for word in ("asha", "Private", ACCESS_KEY, SECRET_KEY) if word in told] == []


def a_tls_server() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


def _only_proxy(monkeypatch: pytest.MonkeyPatch, variable: str, url: str) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv(variable, url)


def _impatient() -> Timeouts:
    return Timeouts(connect_seconds=0.2, read_seconds=5)


def _wait(hang_up: threading.Event) -> None:
    hang_up.wait(timeout=20)
