"""What is asked of a store: whether a file is there and as it was, its bytes, its neighbours; and to take a file whole.

Everything takes URLs as texts that were checked (address.py). Errors are FileNotFoundError and FileExistsError as of files,
or of etl/errors.py in words (trouble.py).
"""

from __future__ import annotations

import os
import zlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.clock import SystemClock
from etl.errors import NetworkError, UsageError
from etl.places.address import backend_of
from etl.places.pieces import download, upload
from etl.places.stores import asked, inner
from etl.places.trouble import given_up, is_not_there, is_of_bucket, is_of_upload, no_bucket

if TYPE_CHECKING:
    from collections.abc import Callable

_VERSIONS = ("VersionId", "version_id", "ETag", "etag", "generation")
_TIMES = ("LastModified", "last_modified", "updated", "mtime", "modified", "created")
_FIRST_WAIT_SECONDS, _LOOKS_AT_A_COPY = 1.0, 6


@dataclass(frozen=True, slots=True)
class Found:
    """A file or folder as it was when it was looked at. size: in bytes. modified: in seconds since 1970, 0 if not told.

    version: differs as soon as the content does, as far as the store tells; where it has no such mark, by size and time.
    """

    is_folder: bool
    size: int
    modified: float
    version: str

    @property
    def number(self) -> int:
        """A number that changes with the version."""
        return zlib.crc32(self.version.encode())


def look(url: str) -> Found | None:
    """What is there now, whatever the library may have kept of its last look; None if nothing is."""

    def ask(store: Any) -> Found | None:
        store.invalidate_cache()
        try:
            return _found(store.info(inner(store, url)))
        except FileNotFoundError:
            return None

    return asked(url, "looked at", ask)


def fetch(url: str, target: Path, size: int) -> None:
    """The bytes of a file into a local one. size: of the file, when it was looked at."""

    def ask(store: Any) -> None:
        if backend_of(url).is_flat:
            download(store, inner(store, url), target, size)
        else:
            store.get_file(inner(store, url), str(target))

    asked(url, "read", ask)


def put(source: Path, url: str) -> Found:
    """A local file as the one at a URL, which is as before or as this afterwards, and never between.

    Object stores take a file by one upload and show it when it is complete. By SFTP it is written beside its place and renamed.
    """
    backend = backend_of(url)
    if backend.is_flat:
        _put(url, lambda store, place: upload(store, backend.library, source, place))
    else:
        _put(url, lambda store, place: store.put_file(str(source), place))
    found = look(url)
    size = source.stat().st_size
    if found is None or found.size != size:
        raise UsageError(
            f"{url}: {size:,} bytes were written, and {found.size if found else 0:,} are there now. Another program "
            "writes to the same place, or the store has lost them. Make sure that nothing else writes there, and run the same "
            "command again."
        )
    return found


def put_bytes(url: str, content: bytes) -> None:
    """A small file of ours, whole or not at all."""
    _put(url, lambda store, place: store.pipe_file(place, content))


def _put(url: str, write: Callable[[Any, str], object]) -> None:
    draft = url if backend_of(url).is_flat else _beside(url)

    def ask(store: Any) -> None:
        try:
            write(store, inner(store, draft))
            if draft != url:
                store.mv(inner(store, draft), inner(store, url))
        except Exception as error:
            if draft == url and is_not_there(error):
                raise _what_is_missing(store, url, error) from error
            if draft != url:
                with suppress(Exception):  # the connection may be gone; what is told is why it was not put there
                    store.rm_file(inner(store, draft))
            raise

    asked(url, "written", ask)


def _what_is_missing(store: Any, url: str, error: Exception) -> UsageError:
    """What is written needs a bucket, and of a large file the upload that was begun. Who may not ask for the bucket has none."""
    if is_of_upload(error):
        return given_up(url)
    if not is_of_bucket(error):
        with suppress(Exception):
            store.invalidate_cache()
            if store.exists(inner(store, "/".join(url.split("/", 3)[:3]))):
                return given_up(url)
    return no_bucket(url)


def delete(url: str) -> None:
    """Remove a file. One that is gone already is no error."""

    def ask(store: Any) -> None:
        with suppress(FileNotFoundError):
            store.rm_file(inner(store, url))

    asked(url, "deleted", ask)


def move(source: str, target: str) -> None:
    """Give a file another name in its store.

    In a store without folders it is copied, then deleted: killed in between, it is there twice, never not at all.
    """
    if backend_of(source).is_flat:
        copy_file(source, target)
        delete(source)
    else:
        asked(source, "moved", lambda store: store.mv(inner(store, source), inner(store, target)))


def copy_file(source: str, target: str) -> None:
    """A copy within one store, made by the store itself; whole or not at all. Only where `is_flat`.

    Raises:  NetworkError — it is not complete yet: Azure copies on its own time (Copy Blob is asynchronous), and what is copied
             may be deleted by our caller next.
    """
    original = look(source)
    asked(target, "written", lambda store: store.cp_file(inner(store, source), inner(store, target)))
    for attempt in range(_LOOKS_AT_A_COPY):
        if attempt:
            SystemClock().sleep(_FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
        copy = look(target)
        if original is not None and copy is not None and copy.size == original.size:
            return
    raise NetworkError(
        f"{source} was to be copied to {target}, and that has not ended yet. Run the same command again later."
    )


def listing(url: str) -> list[str]:
    """The URLs of what lies directly in a folder, in order; none where there is no such folder. A bucket has to be there."""

    def ask(store: Any) -> list[str]:
        store.invalidate_cache()
        own = inner(store, url).rstrip("/")
        try:
            names = {str(one["name"]).rstrip("/") for one in store.ls(own, detail=True)}
        except FileNotFoundError as error:
            if is_of_bucket(error):
                raise
            return []
        return sorted(f"{url}/{name.rpartition('/')[2]}" for name in names - {own})

    return asked(url, "listed", ask)


def matching(pattern: str) -> list[str]:
    """The URLs of the files that a pattern matches, in order.

    Raises:  UsageError — there is a sign of a pattern in the name of the bucket.
    """
    if has_magic("/".join(pattern.split("/", 3)[:3])):
        raise UsageError(f"{pattern}: a pattern is for the names in one bucket. Name the bucket itself.")

    def ask(store: Any) -> list[str]:
        store.invalidate_cache()
        try:
            found = store.glob(inner(store, pattern), detail=True)
        except FileNotFoundError as error:
            if backend_of(pattern).is_flat:
                raise no_bucket(pattern) from error
            raise
        host = "/".join(pattern.split("/", 3)[:3])
        known_as = inner(store, host)
        names = [str(name) for name, one in found.items() if one["type"] == "file"]
        return sorted(f"{host}/{name.removeprefix(known_as).lstrip('/')}" for name in names)

    return asked(pattern, "listed", ask)


def make_folder(url: str) -> None:
    """Make a folder where the store has such things."""
    if not backend_of(url).is_flat:
        asked(url, "made", lambda store: store.mkdir(inner(store, url), create_parents=False))


def remove_folder(url: str) -> None:
    """Remove an empty folder where the store has such things."""
    if not backend_of(url).is_flat:
        asked(url, "deleted", lambda store: store.rmdir(inner(store, url)))


def _beside(url: str) -> str:
    folder, _, name = url.rpartition("/")
    return f"{folder}/.{name}.{os.getpid()}-0.tmp"


def _found(info: dict[str, Any]) -> Found:
    size = int(info.get("size") or 0)
    told = next((info[name] for name in _TIMES if info.get(name)), 0)
    modified = told.timestamp() if isinstance(told, datetime) else _seconds(told)
    marks = [str(info[name]) for name in _VERSIONS if info.get(name) not in {None, "", "null"}]
    return Found(info.get("type") == "directory", size, modified, "|".join([*marks, str(size), str(modified)]))


def _seconds(told: object) -> float:
    """A time that a library has given as a number or as ISO 8601."""
    if isinstance(told, (int, float)):
        return float(told)
    try:
        return datetime.fromisoformat(str(told).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return 0.0
