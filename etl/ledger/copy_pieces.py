"""Kept copies within the ledger itself, where machines share it: whoever goes on with a run needs its input and its mapping.

In pieces, each deflated, so that no copy has to fit into memory or into one value of a row. What is read is believed once the
whole has the hash that names it.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from etl.errors import LedgerError
from etl.ledger.database import NO_ACCOUNT
from etl.ledger.schema import COPY_PIECES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.ledger.database import Database

PIECE_BYTES = 1 << 20

_IS_THERE = "SELECT 1 FROM copy_pieces WHERE hash = :hash LIMIT 1"

_PIECE = "SELECT content FROM copy_pieces WHERE hash = :hash AND piece = :piece"

_BYTES = "SELECT COALESCE(SUM(LENGTH(content)), 0) FROM copy_pieces"

_NOTE = """
INSERT INTO copies (hash, kind, name, bytes, kept_at) VALUES (:hash, :kind, :name, :bytes, :kept_at)
ON CONFLICT (hash) DO UPDATE SET kept_at = excluded.kept_at"""


class CopyPieces:
    """The copies in the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def has(self, content_hash: str) -> bool:
        """Whether the copy is there; asks only."""
        return bool(self._database.ask(_IS_THERE, {"hash": content_hash}))

    def bytes_kept(self) -> int:
        """How much room they take."""
        return int(self._database.ask(_BYTES, {})[0][0])

    def keep(self, content: Path, content_hash: str, kind: str, name: str, size: int) -> None:
        """Keep a file, in one transaction, if it is not there yet; note that it was needed now."""
        self._database.until_done(lambda: self._keep(content, content_hash, kind, name, size))

    def _keep(self, content: Path, content_hash: str, kind: str, name: str, size: int) -> None:
        now = self._database.clock.now().timestamp()
        noted = {"hash": content_hash, "kind": kind, "name": name, "bytes": size, "kept_at": now}
        with self._database.writing(NO_ACCOUNT):
            self._database.do(_NOTE, noted)
            if not self.has(content_hash):
                self.put(content, content_hash)

    def put(self, content: Path, content_hash: str) -> None:
        """Write the pieces, within a transaction. Raises: LedgerError — the content is another one than it is said to be."""
        digest = hashlib.sha256()
        for number, piece in enumerate(_pieces(content), start=1):
            digest.update(piece)
            values = {"hash": content_hash, "piece": number, "content": zlib.compress(piece, 6)}
            self._database.insert_many(COPY_PIECES.name, tuple(values), [tuple(values.values())])
        if digest.hexdigest() != content_hash:
            raise LedgerError(
                f"The kept copy {content} is damaged: its content is not what it was. Put it back from a backup."
            )

    def fetch(self, content_hash: str, place: Path) -> bool:
        """Write a copy to a place of this machine, whole or not at all. Returns: whether it is there.

        Raises: LedgerError — it is damaged, or cannot be written.
        """
        if not self.has(content_hash):
            return False
        try:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, draft = tempfile.mkstemp(dir=place.parent, prefix=".copy-")
            try:
                self._write(content_hash, handle)
                Path(draft).replace(place)
            finally:
                with suppress(FileNotFoundError):
                    Path(draft).unlink()
        except OSError as error:
            raise LedgerError(
                f"A kept copy cannot be written to {place.parent}: {error.strerror}. Make room there."
            ) from error
        return True

    def _write(self, content_hash: str, handle: int) -> None:
        digest = hashlib.sha256()
        with os.fdopen(handle, "wb") as target:
            for piece in self._contents(content_hash):
                digest.update(piece)
                target.write(piece)
        if digest.hexdigest() != content_hash:
            raise LedgerError(
                f"The kept copy {content_hash[:12]}… in the ledger {self._database.shown} is damaged: it is not what it was. "
                "Nothing was sent. Put the database back from a backup, or import the original file again."
            )

    def _contents(self, content_hash: str) -> Iterator[bytes]:
        number = 1
        while found := self._database.ask(_PIECE, {"hash": content_hash, "piece": number}):
            try:
                yield zlib.decompress(found[0][0])
            except zlib.error:
                return  # the hash will say so
            number += 1


def _pieces(content: Path) -> Iterator[bytes]:
    """At least one, so that an empty file is there, too."""
    with content.open("rb") as stream:
        yield stream.read(PIECE_BYTES)
        while piece := stream.read(PIECE_BYTES):
            yield piece
