"""Inputs and mappings kept by content hash, so that a run can go on and results be written when the original is gone."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

from sqlalchemy import select

from etl.errors import LedgerError, SourceError
from etl.ledger.copy_pieces import CopyPieces
from etl.ledger.schema import COPIES
from etl.places import local_copy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.ledger.database import Database

_PIECE_BYTES = 1 << 20
_HASH = re.compile("[0-9a-f]{64}")
_DRAFT = ".copy-"

_KEPT_AT = "SELECT kept_at FROM copies WHERE hash = :hash"
_SIZE = "SELECT bytes FROM copies WHERE hash = :hash"


class Copies:
    """The kept files: `folder/ab/abcdef…`, named by the SHA-256 of their content.

    Where machines share the ledger they are kept in it, and the folder only spares this machine to fetch them again.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self.folder = folder
        self._pieces = CopyPieces(database) if database.is_shared else None

    def keep(self, original: Path, kind: str, shown: Path | None = None) -> str:
        """Copy a file into the store, if its content is not there yet. shown: its name, where that is not the original's.

        Returns: the SHA-256 of the content, in hex.
        Raises: SourceError — the original cannot be read, or is written to while it is read.
                LedgerError — the copy cannot be written.
        """
        shown = shown or original
        try:
            original = local_copy(original)
            stream = original.open("rb")
        except OSError as error:
            raise SourceError(f"{shown} cannot be read: {error.strerror}. Check the path and your rights.") from error
        try:
            with stream:
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # the sheets as they are
                unchanged = _Unchanged(original, stream)
                content_hash, size = self._take_in(stream, unchanged)
        except OSError as error:
            where = f"The copy of {shown} cannot be kept in {self.folder}"
            raise LedgerError(f"{where}: {error.strerror}. Free some space or set another ledger.") from error
        self._note(content_hash, kind, shown.name, size)
        return content_hash

    def take(self, content: Path, content_hash: str) -> None:
        """Keep the content of a copy that is noted already, from another ledger. Raises: LedgerError — it is damaged."""
        if self._pieces is not None:
            self._pieces.put(content, content_hash)
            return
        try:
            with content.open("rb") as stream:
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                found, _ = self._take_in(stream, _Unchanged(content, stream))
        except OSError as error:
            raise LedgerError(f"The copy {content} cannot be kept in {self.folder}: {error.strerror}.") from error
        if found != content_hash:
            raise LedgerError(f"The kept copy {content} is damaged: its content is not what it was. Nothing was moved.")

    def path(self, content_hash: str) -> Path:
        """Where the copy lies, fetched from the ledger where it has to be. Raises: LedgerError — it is damaged."""
        place = self.place(content_hash)
        if self._pieces is not None and not place.is_file():
            self._pieces.fetch(content_hash, place)
        return place

    def place(self, content_hash: str) -> Path:
        """Where the copy lies on this machine, if it does."""
        return self.folder / content_hash[:2] / content_hash

    def has(self, content_hash: str) -> bool:
        """Whether the copy is there."""
        return self.path(content_hash).is_file()

    @property
    def lies_in(self) -> str:
        """Where copies are kept, in words."""
        return f"the ledger {self._database.shown}" if self._pieces is not None else str(self.folder)

    def kept_at(self, content_hash: str) -> float:
        """When it was kept last, in seconds since 1970: whoever needs it again keeps it anew."""
        if self._pieces is not None:
            found = self._database.ask(_KEPT_AT, {"hash": content_hash})
            return float(found[0][0]) if found else 0.0
        return written_at(self.place(content_hash))

    def size(self, content_hash: str) -> int:
        """How many bytes it has; 0 where it is not there."""
        if self._pieces is not None:
            found = self._database.ask(_SIZE, {"hash": content_hash})
            return int(found[0][0]) if found else 0
        place = self.place(content_hash)
        return place.stat().st_size if place.is_file() else 0

    def bytes_on_disk(self) -> int:
        """How much room the copies take, on this machine or in the ledger."""
        if self._pieces is not None:
            return self._pieces.bytes_kept()
        return sum(file.stat().st_size for file in self.files())

    def files(self) -> Iterator[Path]:
        """All files that lie where copies lie, and drafts that a dead process has left; in no order."""
        for file in self.folder.glob("[0-9a-f][0-9a-f]/*"):
            if file.name.startswith(file.parent.name) and _HASH.fullmatch(file.name):
                yield file
        yield from self.folder.glob(f"{_DRAFT}*")

    def _take_in(self, stream: object, unchanged: _Unchanged) -> tuple[str, int]:
        handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=_DRAFT)
        digest, size = hashlib.sha256(), 0
        try:
            with os.fdopen(handle, "wb") as target:
                while piece := stream.read(_PIECE_BYTES):  # type: ignore[attr-defined]  # any open binary file
                    digest.update(piece)
                    size += len(piece)
                    target.write(piece)
                target.flush()
                os.fsync(target.fileno())
            unchanged.check(size)
            place = self.place(digest.hexdigest())
            place.parent.mkdir(exist_ok=True)
            Path(temporary).replace(place)
        finally:
            with contextlib.suppress(FileNotFoundError):
                Path(temporary).unlink()
        return digest.hexdigest(), size

    def _note(self, content_hash: str, kind: str, name: str, size: int) -> None:
        if self._pieces is not None:
            self._pieces.keep(self.place(content_hash), content_hash, kind, name, size)
            return
        known = select(COPIES.c.hash).where(COPIES.c.hash == content_hash)
        if self._database.connection.execute(known).first() is not None:
            return
        with self._database.writing() as connection:
            if connection.execute(known).first() is None:
                kept = {"hash": content_hash, "kind": kind, "name": name, "bytes": size}
                connection.execute(COPIES.insert().values(kept_at=self._database.clock.now().timestamp(), **kept))


def written_at(file: Path) -> float:
    """When a file was written. One that is gone is as old as can be."""
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


class _Unchanged:
    """Tells whether a file is written to or replaced while it is read: then half of what was read may be old, half new."""

    def __init__(self, original: Path, stream: IO[bytes]) -> None:
        self._original = original
        self._before = _state_of(os.fstat(stream.fileno()))

    def check(self, size: int) -> None:
        """Raise SourceError where that happened, or where another number of bytes than the file has was read."""
        if self._before is None:
            return
        try:
            after = _state_of(self._original.stat())
        except FileNotFoundError:
            after = None
        if after != self._before or size != self._before[1]:
            raise SourceError(
                f"{self._original} was changed while it was read: it is still being copied, downloaded or saved. Nothing was "
                "sent. Wait until that has ended, and run the same command again."
            )


def _state_of(found: os.stat_result) -> tuple[int, int, int] | None:
    """Which file it is, its size and the time of its last change; None for what is no file, such as a pipe."""
    return (found.st_ino, found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None
