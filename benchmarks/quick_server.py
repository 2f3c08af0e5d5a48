"""A server that takes whatever it is sent and answers at once: `python benchmarks/quick_server.py`, until it is ended.

It says its address on the first line that it prints. It checks nothing and keeps nothing, so that what an import through
it costs is the importer's own cost. Ids are random, as LeadSquared's are. Rows are counted by the name that addresses them.
"""

from __future__ import annotations

import asyncio
import json
from email.utils import formatdate
from uuid import uuid4

_ROWS = b'"SearchByValue"'
_HEAD_END = b"\r\n\r\n"
_USER = json.dumps({"Id": "user-1", "EmailAddress": "bench@example.com", "OrgId": "1", "TimeZone": "UTC"}).encode()


class QuickServer(asyncio.Protocol):
    """One connection, kept open; requests come one behind the other."""

    def __init__(self) -> None:
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(_HEAD_END)) >= 0:
            head = bytes(self._received[:end])
            length = _length(head)
            whole = end + len(_HEAD_END) + length
            if len(self._received) < whole:
                return
            body = bytes(self._received[end + len(_HEAD_END) : whole])
            del self._received[:whole]
            self._transport.write(_answer(head, body))


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _answer(head: bytes, body: bytes) -> bytes:
    if head.startswith(b"GET ") and b"UserByAccessKey.Get" in head:
        return _reply(b"200 OK", _USER)
    if b"/Bulk/CustomActivity/" not in head:
        return _reply(b"404 Not Found", b"{}")
    rows = ",".join(
        f'{{"RowNumber":{row},"ActivityCreated":true,"ProspectActivityId":"{uuid4()}"}}'
        for row in range(1, body.count(_ROWS) + 1)
    )
    return _reply(b"200 OK", f'{{"Response":[{rows}]}}'.encode())


def _reply(status: bytes, body: bytes) -> bytes:
    date = formatdate(usegmt=True).encode()
    return (
        b"HTTP/1.1 %s\r\nDate: %s\r\nContent-Type: application/json; charset=utf-8\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (status, date, len(body), body)
    )


async def main() -> None:
    """Serve on a free port of the loopback address."""
    server = await asyncio.get_running_loop().create_server(QuickServer, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
