"""Request bodies as the ledger keeps them: turned around and deflated, from a run's first ones on with one as the dictionary.

Bodies of one run are alike: the same names around values of the same columns. Turned around (ledger/turned.py) those names
are there once; and what a body has in common with the first one that has ended costs it next to nothing. Both together leave
less than half of what deflating alone does. The first one is named by its number:

    78 …             a zlib stream of a body that cannot be turned, or was kept before bodies were; it needs nothing else
    01 nnnnnnnn …    the number n in 8 bytes, and a zlib stream for which that body of request n is the dictionary
    02 …             a zlib stream of a body turned around; it needs nothing else
    03 nnnnnnnn …    the same for which the body of request n, turned around, is the dictionary

A request that has ended was committed, and is never deleted; its body is forgotten only with all others of its run
(`prune`). Who writes a request of that run at this very moment may still keep its body by the one that is gone: then it
counts as forgotten, too. The stream itself says by a checksum which dictionary it takes, and by another whether the body
is whole.
"""

from __future__ import annotations

import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from etl.errors import LedgerError
from etl.ledger.turned import Turner, turned_back

if TYPE_CHECKING:
    from etl.ledger.database import Database

_LEVEL = 5
_WINDOW_BITS = 14  # bodies are some thousand bytes long, and to have a window ready for each takes time
_BY_BODY, _TURNED, _BY_TURNED = b"\x01", b"\x02", b"\x03"
_NUMBER_BYTES = 8  # signed: requests that came with a package have numbers below zero
_MOST_REMEMBERED = 64

_FIRST_ENDED = """
SELECT request_id, body FROM requests
WHERE run_id = :run_id AND ended_mono IS NOT NULL AND body IS NOT NULL ORDER BY request_id LIMIT 1"""

_BODY = "SELECT body FROM requests WHERE request_id = :request_id"


class _Pattern(NamedTuple):
    """What bodies of a run are compared with. head: what stands before what is new in one; it begins with the mark of how.

    prepared: to be copied for each body, as it has read the dictionary.
    """

    head: bytes
    prepared: zlib._Compress  # the type has no other name


class Bodies:
    """Packs bodies, and brings them back to the byte."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._run_id: int | None = None
        self._turner = Turner()
        self._pattern: _Pattern | None = None
        self._words: tuple[bytes, bytes] = (b"", b"")  # the head of what is kept by them, and they
        self._deflated: dict[bytes, bytes] = {}

    def packed(self, run_id: int | None, body: bytes) -> bytes:
        """A body as it is to be kept with a request of this run."""
        if run_id != self._run_id:
            self._run_id, self._turner, self._pattern = run_id, Turner(), None
        if self._pattern is None and run_id is not None:
            self._pattern = self._pattern_of(run_id)
        head = b"" if self._pattern is None else self._pattern.head
        turned = None if head.startswith(_BY_BODY) else self._turner.turned(body)
        if self._pattern is None or (turned is None and not head.startswith(_BY_BODY)):
            return zlib.compress(body, _LEVEL) if turned is None else _TURNED + zlib.compress(turned, _LEVEL)
        packing = self._pattern.prepared.copy()
        return b"".join((head, packing.compress(body if turned is None else turned), packing.flush()))

    def deflated(self, kept: bytes | None) -> bytes | None:
        """A kept body as a zlib stream that needs nothing else; None where it was pruned, or that by which it is kept.

        Raises: LedgerError — the body that it takes as its dictionary is not there as it was, or it is not whole itself.
        """
        if kept is None or not kept.startswith((_BY_BODY, _TURNED, _BY_TURNED)):
            return kept
        kept = bytes(kept)
        if kept not in self._deflated:
            whole = self._unpacked(kept)
            if whole is None:
                return None
            if len(self._deflated) >= _MOST_REMEMBERED:
                self._deflated.clear()
            self._deflated[kept] = zlib.compress(whole, 1)
        return self._deflated[kept]

    def _unpacked(self, kept: bytes) -> bytes | None:
        if kept.startswith(_TURNED):
            try:
                return turned_back(zlib.decompress(_stream(kept)))
            except zlib.error as error:
                raise self._damaged("of a request") from error
        head = kept[: len(_BY_BODY) + _NUMBER_BYTES]
        if self._words[0] != head:
            words = self._words_of(head)
            if words is None:
                return None
            self._words = (head, words)
        unpacking = zlib.decompressobj(zdict=self._words[1])
        try:
            whole = unpacking.decompress(kept[len(head) :]) + unpacking.flush()
        except zlib.error as error:
            raise self._damaged(_by_which(head)) from error
        if not unpacking.eof:
            raise self._damaged("of a request")
        return turned_back(whole) if head.startswith(_BY_TURNED) else whole

    def _words_of(self, head: bytes) -> bytes | None:
        """The dictionary of bodies that begin so: a body that stands alone; None where it was pruned."""
        found = self._database.ask(_BODY, {"request_id": _number(head)})
        if found and found[0][0] is None:
            return None
        body = bytes(found[0][0]) if found else b""
        if body.startswith(_TURNED) is not head.startswith(
            _BY_TURNED
        ):  # who kept one by the other wrote one mark for both
            raise self._damaged(_by_which(head))
        try:
            return zlib.decompress(_stream(body)) if found else b""
        except zlib.error as error:
            raise self._damaged(_by_which(head)) from error

    def _damaged(self, which: str) -> LedgerError:
        return LedgerError(
            f"The ledger {self._database.shown} is damaged: the body {which} is not as it was. Keep the ledger, and put back a "
            "backup."
        )

    def _pattern_of(self, run_id: int) -> _Pattern | None:
        """None until a first request of the run has ended."""
        found = self._database.ask(_FIRST_ENDED, {"run_id": run_id})
        if not found or found[0][1][:1] in {_BY_BODY, _BY_TURNED}:
            return None
        number, body = found[0]
        body = bytes(body)
        dictionary = b""
        with suppress(zlib.error):  # whoever reads that one is told
            dictionary = zlib.decompress(_stream(body))
        if not dictionary:
            return None
        mark = _BY_TURNED if body.startswith(_TURNED) else _BY_BODY
        head = mark + int(number).to_bytes(_NUMBER_BYTES, "big", signed=True)
        return _Pattern(head, zlib.compressobj(_LEVEL, wbits=_WINDOW_BITS, zdict=dictionary))


def _stream(kept: bytes) -> bytes:
    """The zlib stream of a body that stands alone, turned around or not."""
    return kept.removeprefix(_TURNED)


def _number(head: bytes) -> int:
    return int.from_bytes(head[1:], "big", signed=True)


def _by_which(head: bytes) -> str:
    return f"of request {_number(head)}, by which other bodies of its run are kept,"
