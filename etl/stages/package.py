"""A package on the disk: a zip of named parts, each with its SHA-256, refused where one is damaged, missing or too much.

`SHA256SUMS` lists every other part, in the form that `sha256sum -c` reads. The hashes tell damage, not ill will: who can
change a part can change its hash, so a package is worth as much as the way by which it came.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from etl.errors import UsageError
from etl.reader.bounds import BeyondBoundsError, opened_part, opened_zip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

SUMS = "SHA256SUMS"
MOST_PARTS = 2_000
_MOST_SUMS_BYTES = 1 << 20
_PIECE_BYTES = 1 << 20
_LINE = re.compile(r"([0-9a-f]{64})  ([^\n]+)")
_SAFE = re.compile(r"[^/\\\x00-\x1f:]+(/[^/\\\x00-\x1f:]+)*")
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, KeyError)


class PackageWriter:
    """Writes parts one after the other; the sums come last."""

    def __init__(self, place: Path) -> None:
        self._zip = zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._sums: dict[str, str] = {}

    def add(self, name: str, pieces: Iterator[bytes]) -> None:
        """One part. pieces: its content."""
        digest = hashlib.sha256()
        with self._zip.open(name, "w", force_zip64=True) as part:
            for piece in pieces:
                digest.update(piece)
                part.write(piece)
        self._sums[name] = digest.hexdigest()

    def add_file(self, name: str, path: Path) -> None:
        """A file as one part."""
        with path.open("rb") as stream:
            self.add(name, iter(lambda: stream.read(_PIECE_BYTES), b""))

    def close(self) -> None:
        """Write the sums and end the file."""
        lines = "".join(f"{digest}  {name}\n" for name, digest in self._sums.items())
        self._zip.writestr(SUMS, lines)
        self._zip.close()

    def __enter__(self) -> PackageWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Package:
    """A package that was checked whole: every part is there, and is what its sum says."""

    def __init__(self, path: Path) -> None:
        """Raises: UsageError — no file, no package, damaged, or such as only somebody makes who means harm."""
        self._path = path
        try:
            self._zip = opened_zip(path)
        except FileNotFoundError as error:
            raise UsageError(f"{path}: there is no such file.") from error
        except (*_DAMAGE, OSError) as error:
            raise self._no_package(str(error)) from error
        try:
            self.names = self._checked()
        except BaseException:
            self.close()
            raise

    def open(self, name: str) -> IO[bytes]:
        """A part, for reading."""
        return opened_part(self._zip, name)

    def lines(self, name: str) -> Iterator[str]:
        """The lines of a part of text."""
        with self.open(name) as part:
            for line in part:
                yield line.decode("utf-8")

    def take_out(self, name: str, place: Path, may_stay: Callable[[Path], bool]) -> None:
        """A part as a file. may_stay: whether what lies there already is the same, and need not be written.

        Raises: UsageError — something else lies there, or it cannot be written.
        """
        if place.exists():
            if may_stay(place):
                return
            raise UsageError(f"{place} is there already and is another file. Name another folder with --into.")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with self.open(name) as part, place.open("xb") as target:
                while piece := part.read(_PIECE_BYTES):
                    target.write(piece)
        except OSError as error:
            raise UsageError(
                f"{place} cannot be written: {error.strerror}. Name another folder with --into."
            ) from error

    def close(self) -> None:
        self._zip.close()

    def __enter__(self) -> Package:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _checked(self) -> frozenset[str]:
        """The names of the parts, all of which are as their sums say."""
        entries = self._zip.infolist()
        names = [entry.filename for entry in entries]
        try:
            if SUMS not in names:
                raise self._no_package(f"it has no part {SUMS}")
            if len(entries) > MOST_PARTS or len(set(names)) != len(names) or not all(map(is_safe, names)):
                raise self._no_package("it has parts that no package of ours has")
            with opened_part(self._zip, SUMS, _MOST_SUMS_BYTES) as stream:
                sums = dict(_sum(line) for line in stream.read().decode("utf-8").splitlines())
            if set(sums) != set(names) - {SUMS}:
                raise self._damaged("a part is missing, or too much")
            for name, expected in sums.items():
                with self.open(name) as part:
                    if hashlib.file_digest(_Readable(part), "sha256").hexdigest() != expected:
                        raise self._damaged(f"the part {name} is not as it was written")
        except BeyondBoundsError as error:
            raise UsageError(f"{self._path}: {error}") from error
        except _DAMAGE as error:
            raise self._damaged(str(error)) from error
        return frozenset(sums)

    def _no_package(self, reason: str) -> UsageError:
        return UsageError(
            f"{self._path} is no package of etl handoff: {reason}. Nothing was taken. Name the file that `etl handoff RUN` wrote."
        )

    def _damaged(self, reason: str) -> UsageError:
        return UsageError(
            f"{self._path} is damaged: {reason}. Nothing was taken. Copy it again from where it was written, or have it written "
            "once more: the same `etl handoff RUN` writes the same package."
        )


class _Readable:
    """What `hashlib.file_digest` reads: it wants a file that says that it can be read."""

    def __init__(self, part: IO[bytes]) -> None:
        self._part = part

    def readinto(self, buffer: Any) -> int:
        piece = self._part.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def readable(self) -> bool:
        return True


def is_safe(name: str) -> bool:
    """Whether a name, as a path, stays within the folder that it is put into, on every system."""
    return _SAFE.fullmatch(name) is not None and all(part.strip(". ") for part in name.split("/"))


def _sum(line: str) -> tuple[str, str]:
    found = _LINE.fullmatch(line)
    if found is None:
        raise ValueError(f"{SUMS} is not as it was written")
    return found[2], found[1]
