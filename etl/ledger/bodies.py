"""Request bodies as the ledger keeps them: deflated, and from a run's first ones on with one of those as the dictionary.

Bodies of one run are alike: the same names around values of the same columns. What a body has in common with the first one
that has ended costs it next to nothing, which saves a third of what it takes alone. That one is named by its number:

    78 …             a zlib stream that needs nothing else
    01 nnnnnnnn …    the number n in 8 bytes, and a zlib stream for which the body of request n is the dictionary

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

if TYPE_CHECKING:
    from etl.ledger.database import Database

_LEVEL = 6
_MARK = b"\x01"
_NUMBER_BYTES = 8  # signed: requests that came with a package have numbers below zero
_MOST_REMEMBERED = 64

_FIRST_ENDED = """
SELECT request_id, body FROM requests
WHERE run_id = :run_id AND ended_mono IS NOT NULL AND body IS NOT NULL ORDER BY request_id LIMIT 1"""

_BODY = "SELECT body FROM requests WHERE request_id = :request_id"


class _Pattern(NamedTuple):
    """What bodies of a run are compared with. prepared: to be copied for each body, as it has read the dictionary."""

    run_id: int
    head: bytes
    prepared: zlib._Compress  # the type has no other name


class Bodies:
    """Packs bodies, and brings them back to the byte."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pattern: _Pattern | None = None
        self._words: tuple[int, bytes] = (0, b"")
        self._deflated: dict[bytes, bytes] = {}

    def packed(self, run_id: int | None, body: bytes) -> bytes:
        """A body as it is to be kept with a request of this run."""
        pattern = None if run_id is None else self._pattern_of(run_id)
        if pattern is None:
            return zlib.compress(body, _LEVEL)
        packing = pattern.prepared.copy()
        return b"".join((pattern.head, packing.compress(body), packing.flush()))

    def deflated(self, kept: bytes | None) -> bytes | None:
        """A kept body as a zlib stream that needs nothing else; None where it was pruned, or that by which it is kept.

        Raises: LedgerError — the body that it takes as its dictionary is not there as it was.
        """
        if kept is None or not kept.startswith(_MARK):
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
        start = len(_MARK) + _NUMBER_BYTES
        number = int.from_bytes(kept[len(_MARK) : start], "big", signed=True)
        if self._words[0] != number:
            words = self._whole(number)
            if words is None:
                return None
            self._words = (number, words)
        unpacking = zlib.decompressobj(zdict=self._words[1])
        try:
            return unpacking.decompress(kept[start:]) + unpacking.flush()
        except zlib.error as error:
            raise self._damaged(number) from error

    def _whole(self, number: int) -> bytes | None:
        """The body of that request, which stands alone; None where it was pruned."""
        found = self._database.ask(_BODY, {"request_id": number})
        if found and found[0][0] is None:
            return None
        body = bytes(found[0][0]) if found else _MARK
        if body.startswith(_MARK):
            raise self._damaged(number)
        return zlib.decompress(body)

    def _damaged(self, number: int) -> LedgerError:
        return LedgerError(
            f"The ledger {self._database.shown} is damaged: the body of request {number}, by which other bodies of its run are "
            "kept, is not as it was. Keep the ledger, and put back a backup."
        )

    def _pattern_of(self, run_id: int) -> _Pattern | None:
        """None until a first request of the run has ended."""
        if self._pattern is None or self._pattern.run_id != run_id:
            found = self._database.ask(_FIRST_ENDED, {"run_id": run_id})
            dictionary = b""
            if not found or found[0][1][:1] == _MARK:
                return None
            number, body = found[0]
            with suppress(zlib.error):  # whoever reads that one is told
                dictionary = zlib.decompress(body)
            if not dictionary:
                return None
            head = _MARK + int(number).to_bytes(_NUMBER_BYTES, "big", signed=True)
            self._pattern = _Pattern(run_id, head, zlib.compressobj(_LEVEL, zdict=dictionary))
        return self._pattern
