"""Heads of answers: what is read here is to the letter what http.client would have made of it."""

from __future__ import annotations

import http.client
import io
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from etl.api.heads import WholeHeadResponse

if TYPE_CHECKING:
    from collections.abc import Callable

BODY = b'{"Response":[]}'
BODY_IN_PIECES = b"5\r\n" + BODY[:5] + b"\r\na\r\n" + BODY[5:] + b"\r\n0\r\n\r\n"
PLAIN = (
    b"HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 06:00:00 GMT\r\nContent-Type: application/json; charset=utf-8\r\n"
    b"Connection: keep-alive\r\nContent-Length: 15\r\n\r\n"
)


IN_PIECES = PLAIN.replace(b"Content-Length: 15", b"Transfer-Encoding: chunked")


class Socket:
    """One that has received all of it."""

    def __init__(self, received: bytes) -> None:
        self.received = received

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(io.BytesIO(self.received))  # type: ignore[arg-type] # raw enough to be read


class AsEver(WholeHeadResponse):
    """Has each head read by http.client."""

    def _begins_plainly(self, _head: bytes) -> bool:
        return False


def answer(kind: type[http.client.HTTPResponse], received: bytes, method: str = "POST") -> Any:
    """All that anybody asks of an answer; or what reading it raises."""
    response = kind(Socket(received), method=method)  # type: ignore[arg-type] # as much of a socket as it needs
    try:
        response.begin()
        told = (response.status, response.code, response.reason, response.version, response.headers.items())
        of_body = (
            response.length,
            response.chunked,
            response.chunk_left,
            response.will_close,
            response.headers is response.msg,
        )
        return told, of_body, response.read(), response.isclosed(), response.getheader("content-length")
    except (http.client.HTTPException, ValueError, OSError) as trouble:
        return type(trouble), str(trouble)


PIECES = [
    *(
        b"\r\n",
        b"\n",
        b"\r",
        b" ",
        b"\t",
        b":",
        b": ",
        b"",
        b"\x00",
        b"\x80",
        b"\x0b",
        b"-1",
        b"+5",
        b"007",
        b"0",
        b"99",
    ),
    *(b"HTTP/1.0", b"HTTP/1.1 204 No Content", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 304 ", b"HTTP/1.1 999 x"),
    *(b"Connection: close\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 3\r\n", b"Set-Cookie: a=b\r\n"),
    *(b"X-Empty:\r\n", b"X-Blank: \r\n", b" folded\r\n", b"no colon\r\n", b"Keep-Alive: 5\r\n", b"x" * 70_000),
    *(
        b"A: b\r\n" * 101,
        b"content-length: 15\r\n",
        b"Connection: Keep-Alive, close\r\n",
        b"From nobody\r\n",
        b"\r\n\r\n",
    ),
]


@st.composite
def heads(draw: st.DrawFn) -> bytes:
    """A plain head with up to three changes: something put in, taken out or cut off anywhere."""
    head = draw(st.sampled_from([PLAIN, IN_PIECES]))
    for _ in range(draw(st.integers(0, 3))):
        starts = [0, *(place + 2 for place in range(len(head)) if head.startswith(b"\r\n", place))]
        start = draw(st.one_of(st.sampled_from(starts), st.integers(0, len(head))))
        end = draw(st.one_of(st.just(start), st.sampled_from(starts), st.integers(0, len(head))))
        head = head[:start] + draw(st.sampled_from(PIECES)) + head[max(start, end) :]
    return head


@given(head=heads(), method=st.sampled_from(["POST", "GET", "HEAD"]))
@example(head=PLAIN, method="POST")
@example(head=IN_PIECES, method="POST")
def test_a_head_is_read_as_http_client_reads_it(head: bytes, method: str) -> None:
    """Status, headers, length, what follows, and what is wrong with it; whatever stands in the head."""
    received = head + BODY_IN_PIECES if b"chunked" in head else head + BODY

    assert answer(WholeHeadResponse, received, method) == answer(AsEver, received, method)


@pytest.mark.parametrize(
    ("head", "is_plain"),
    [
        pytest.param(PLAIN, True, id="nearly all"),
        pytest.param(PLAIN.replace(b"200 OK", b"429 Too Many Requests"), True, id="a refusal"),
        pytest.param(PLAIN.replace(b"Connection: keep-alive\r\n", b""), True, id="says nothing of its line"),
        pytest.param(PLAIN.replace(b"200 OK", b"200  All is well "), True, id="blanks around its words"),
        pytest.param(
            PLAIN.replace(b"15\r\n", b"15\r\nTransfer-Encoding: chunked\r\n"), False, id="in pieces of a length"
        ),
        pytest.param(
            PLAIN.replace(b"15\r\n", b"15\r\nTransfer-Encoding: Chunked\r\n"), False, id="in pieces, spelt otherwise"
        ),
        pytest.param(PLAIN.replace(b"keep-alive", b"close"), False, id="closes its line"),
        pytest.param(IN_PIECES, True, id="in pieces"),
        pytest.param(IN_PIECES.replace(b"chunked", b"gzip, chunked"), False, id="in packed pieces"),
        pytest.param(PLAIN.replace(b"Content-Length: 15\r\n", b""), False, id="no length"),
        pytest.param(PLAIN.replace(b"15\r\n", b"15\r\nContent-Length: 16\r\n"), False, id="two lengths"),
        pytest.param(PLAIN.replace(b"200 OK", b"204 Nothing"), False, id="no body"),
        pytest.param(PLAIN.replace(b"/1.1", b"/1.0"), False, id="an old server"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN, False, id="another head before it"),
        pytest.param(PLAIN.replace(b"; charset", b";\r\n charset"), False, id="folded"),
        pytest.param(PLAIN.replace(b"OK", b"\xc3\xa9"), False, id="beyond ASCII"),
        pytest.param(PLAIN.replace(b"\r\n", b"\n"), False, id="line feeds alone"),
    ],
)
def test_only_a_plain_head_is_read_here(head: bytes, is_plain: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """All others are http.client's, and come out as it has them."""
    received = head + (BODY_IN_PIECES if b"chunked" in head.lower() else BODY)
    expected = answer(AsEver, received)
    asked: list[bool] = []
    begin: Callable[..., None] = http.client.HTTPResponse.begin
    monkeypatch.setattr(http.client.HTTPResponse, "begin", lambda self: (asked.append(True), begin(self)))

    assert answer(WholeHeadResponse, received) == expected
    assert bool(asked) is not is_plain


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"garbage\r\n", id="no status"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n", id="another head follows"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"x" * 70_000, id="a line too long"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 101, id="too many lines"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 99, id="a head that is not over"),
    ],
)
def test_nothing_is_waited_for_behind_a_line_that_decides(head: bytes) -> None:
    """A server that says such a thing, and then nothing for minutes, is known for what it is at once."""
    assert what_ends(WholeHeadResponse, head) is what_ends(http.client.HTTPResponse, head)


def what_ends(kind: type[http.client.HTTPResponse], head: bytes) -> type[Exception]:
    """What reading an answer raises that says no more than that."""
    with pytest.raises((http.client.HTTPException, TimeoutError)) as caught:
        kind(Silent(head), method="POST").begin()  # type: ignore[arg-type] # as above
    return caught.type


class Silent:
    """A socket on which nothing more comes."""

    def __init__(self, received: bytes) -> None:
        self._lines = io.BytesIO(received)

    def makefile(self, _mode: str) -> Silent:
        return self

    def readline(self, most: int) -> bytes:
        line = self._lines.readline(most)
        if not line:
            raise TimeoutError
        return line

    def close(self) -> None:
        pass
