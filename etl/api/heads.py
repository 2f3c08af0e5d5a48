"""The heads of answers: whole, and read without the machinery of e-mails where they are as plain as nearly all are.

http.client has each head taken apart by Python's e-mail parser, a sixth of all that Python does for a request. So a plain
head is read here; any other one, down to the least oddity, is given to http.client, line by line as it came.
"""

from __future__ import annotations

import http.client
import re
from typing import Any

_MOST_LINES = 100  # http.client's own measures: who has more is left to it to complain of
_LONGEST_LINE = 65536
_HEAD_ENDS = frozenset({b"\r\n", b"\n", b""})

_STATUS = re.compile(rb"HTTP/1\.1 (2\d\d|[45]\d\d) ([ -~]*)\r\n")
"""Neither 1xx, behind which another head comes, nor 3xx, of which some have no body."""

_HEADER = re.compile(rb"([A-Za-z0-9-]+): ([!-~](?:[ -~]*[!-~])?)\r\n")
_PLAIN = re.compile(rb"%s((?:%s)+)\r\n" % (_STATUS.pattern, _HEADER.pattern))
"""Printable ASCII, with no folded line, no empty value and no blanks around one."""

_LENGTH = re.compile(r"0|[1-9][0-9]{0,14}")
_WITHOUT_BODY = 204


class WholeHeadResponse(http.client.HTTPResponse):
    """An answer whose head ends with an empty line.

    http.client takes a line that breaks off there for the end of the head, and so half an answer for a whole one.
    """

    def begin(self) -> None:
        """Read the head.  Raises: what http.client does."""
        if self.headers is not None:
            return
        lines = _lines_of_a_head(self.fp)
        if not self._begins_plainly(b"".join(lines)):
            self._begin_as_ever(lines)

    def _begin_as_ever(self, lines: list[bytes]) -> None:
        reader = _HeadReader(self.fp, lines)
        self.fp = reader  # type: ignore[assignment] # begin only reads lines of it, or closes it
        try:
            super().begin()
        finally:
            if self.fp is reader:  # type: ignore[comparison-overlap] # as assigned above; None once it was closed
                self.fp = reader.source
        if reader.last == b"":
            raise http.client.IncompleteRead(b"")

    def _begins_plainly(self, head: bytes) -> bool:
        """Read a plain head, into what `begin` of http.client makes of it. Returns: whether it is one."""
        found = _PLAIN.fullmatch(head)
        if found is None or self._method == "HEAD" or self.debuglevel > 0:  # type: ignore[attr-defined] # http.client's own
            return False
        told = [(name.decode(), value.decode()) for name, value in _HEADER.findall(found[3])]
        headers = {name.lower(): value for name, value in told}
        status, length = int(found[1]), headers.get("content-length")
        coding = headers.get("transfer-encoding")
        is_chunked = coding == "chunked"
        is_open = headers.get("connection", "keep-alive").lower() == "keep-alive"
        has_end = length is None if is_chunked else length is not None and _LENGTH.fullmatch(length) is not None
        is_spelt_otherwise = coding is not None and not is_chunked  # `Chunked`: a length beside it counts for nothing
        if len(headers) < len(told) or status == _WITHOUT_BODY or is_spelt_otherwise or not is_open or not has_end:
            return False
        self.code = self.status = status
        self.reason = found[2].decode().strip()
        self.version = 11
        self.headers = self.msg = _message(told)
        self.chunked = is_chunked
        if is_chunked:
            self.chunk_left = None
        self.length = None if length is None else int(length)
        self.will_close = False
        return True


class _HeadReader:
    """Gives the lines of a head that were read already, then those behind it; and keeps the last one."""

    def __init__(self, source: Any, lines: list[bytes]) -> None:
        self.source = source
        self.last = b""
        self._lines = iter(lines)

    def readline(self, most: int) -> bytes:
        known = next(self._lines, None)
        self.last = self.source.readline(most) if known is None else known
        return self.last

    def close(self) -> None:
        self.source.close()


def _lines_of_a_head(source: Any) -> list[bytes]:
    """The lines up to an empty one, or to one with which http.client may read no further: behind it none may come."""
    line: bytes = source.readline(_LONGEST_LINE + 1)
    lines = [line]
    if _STATUS.fullmatch(line) is None:
        return lines
    while line not in _HEAD_ENDS and len(line) <= _LONGEST_LINE and len(lines) <= _MOST_LINES:
        line = source.readline(_LONGEST_LINE + 1)
        lines.append(line)
    return lines


def _message(headers: list[tuple[str, str]]) -> http.client.HTTPMessage:
    message = http.client.HTTPMessage()
    for name, value in headers:
        message[name] = value
    message.set_payload("")
    return message
