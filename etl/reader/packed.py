"""Compressed inputs: a `.gz`, or a `.zip` with one file in it, unpacked beside the road for as long as it is read."""

from __future__ import annotations

import gzip
import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from etl.errors import SourceError
from etl.places import local_copy
from etl.reader.recognise import GZIP_MAGIC, ZIP_MAGIC, content_of, is_workbook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.reader.rules import Content

_PIECE_BYTES = 1 << 20
_HARMLESS_BYTES = 256 << 20
_MOST_TIMES = 100  # a table packs 5 to 50 times smaller; gzip itself manages 1,032 times, with nothing but equal bytes
_SHOWN_NAMES = 3
_NOT_THE_FILE = ("__macosx/", ".ds_store", "thumbs.db", "desktop.ini")  # what systems put beside it
_ENCRYPTED = 0x1  # bit of a zip entry's flags (APPNOTE 4.4.4)
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, gzip.BadGzipFile, NotImplementedError, ValueError, RuntimeError)


def is_packed(content: Content) -> bool:
    """Whether a file is a `.gz`, or a `.zip` that is no workbook."""
    if content.head.startswith(GZIP_MAGIC):
        return True
    return content.head.startswith(ZIP_MAGIC) and not is_workbook(content.members)


@contextmanager
def unpacked(path: Path, shown: Path) -> Iterator[Path]:
    """The file that is packed in another one, in a temporary place; a file that is not packed, as it is.

    Of a file at a URL it is the local copy, so readers need not know of URLs.

    Raises: SourceError: there is not exactly one file in it, or it is damaged, locked, packed twice or a bomb.
    """
    try:
        path = local_copy(path)
    except OSError as error:
        raise SourceError(f"{shown} cannot be read: {error.strerror}. Check the URL and your rights.") from error
    content = content_of(path, shown)
    if not is_packed(content):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="etl-") as folder:
        target = Path(folder) / "unpacked"
        try:
            if content.head.startswith(GZIP_MAGIC):
                with gzip.open(path, "rb") as source:
                    _copy(source, target, path.stat().st_size, shown)
            else:
                _unzip(path, target, shown)
        except _DAMAGE as error:
            raise SourceError(
                f"{shown}: the compressed file is damaged or was cut off while it was copied. Copy or export it again."
            ) from error
        except OSError as error:
            raise SourceError(
                f"{shown}: it cannot be unpacked ({error.strerror or error}). Unpack it first."
            ) from error
        if is_packed(content_of(target, shown)):
            raise SourceError(f"{shown}: it is compressed twice. Unpack it once, and give the file that is in it.")
        yield target


def _unzip(path: Path, target: Path, shown: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if not _is_beside_the_point(entry)]
        if len(entries) != 1:
            raise SourceError(f"{shown}: {_how_many(entries)} Unpack it, and give the file that holds the rows.")
        if entries[0].flag_bits & _ENCRYPTED:
            raise SourceError(
                f"{shown}: the zip archive is protected with a password. Unpack it, and give the file in it."
            )
        with archive.open(entries[0]) as source:
            _copy(source, target, path.stat().st_size, shown)


def _is_beside_the_point(entry: zipfile.ZipInfo) -> bool:
    name = entry.filename.lower()
    return entry.is_dir() or name.startswith(_NOT_THE_FILE) or name.endswith(tuple(f"/{one}" for one in _NOT_THE_FILE))


def _how_many(entries: list[zipfile.ZipInfo]) -> str:
    if not entries:
        return "there is no file in this zip archive."
    names = ", ".join(entry.filename for entry in entries[:_SHOWN_NAMES])
    more = f" and {len(entries) - _SHOWN_NAMES} more" if len(entries) > _SHOWN_NAMES else ""
    return f"this zip archive has {len(entries)} files in it ({names}{more}), and one was expected."


def _copy(source: IO[bytes] | gzip.GzipFile, target: Path, packed_bytes: int, shown: Path) -> None:
    size = 0
    with target.open("wb") as copy:
        while piece := source.read(_PIECE_BYTES):
            size += len(piece)
            if size > _HARMLESS_BYTES and size > _MOST_TIMES * packed_bytes:
                raise SourceError(
                    f"{shown}: unpacked it is more than {_MOST_TIMES} times as large ({size >> 20} MB and more), which no "
                    "table is. If it is one all the same, unpack it first."
                )
            copy.write(piece)
    if not size:
        raise SourceError(
            f"{shown}: the file in it is empty. Export it again, with a header row and the rows below it."
        )
