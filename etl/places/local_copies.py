"""Private copies of far files, so that everything that is read of one version are the bytes of that version.

A copy is made when a file is first read, and again only when it has changed since. The copies lie in a folder that only
their owner may read, and go with the process.
"""

from __future__ import annotations

import atexit
import errno
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from etl.errors import SourceError, UsageError
from etl.places.far import Found, fetch, look, put


@dataclass(slots=True)
class _Kept:
    """The copies of this process, by URL, each with the version that it is of. numbers: of folders that were handed out."""

    folder: Path
    copies: dict[str, tuple[str, Path]] = field(default_factory=dict)
    numbers: int = 0


_of_process: dict[int, _Kept] = {}
_lock = Lock()


def copy_of(url: str) -> Path:
    """A copy of what is at a URL now; see `local_copy` for what is raised."""
    found = look(url)
    if found is None:
        raise FileNotFoundError(errno.ENOENT, "there is no such file", url)
    if found.is_folder:
        raise IsADirectoryError(errno.EISDIR, "this is a folder", url)
    kept = _kept()
    version, copy = kept.copies.get(url, ("", None))
    if copy is None or version != found.version or not copy.is_file():
        copy = _fetched(url, found)
        _remember(url, found.version, copy)
    return copy


def new_place(name: str) -> Path:
    """A path in a private folder of its own, where a file of that name can be written."""
    with _lock:
        kept = _kept_unlocked()
        kept.numbers += 1
        folder = kept.folder / str(kept.numbers)
    folder.mkdir(mode=0o700)
    return folder / (name or "file")


def put_kept(copy: Path, url: str) -> None:
    """Put a local file of `new_place` at a URL, and remember it as what lies there."""
    _remember(url, put(copy, url).version, copy)


def _fetched(url: str, found: Found) -> Path:
    copy = new_place(url.rpartition("/")[2])
    free = shutil.disk_usage(copy.parent).free
    if found.size > free:
        raise SourceError(
            f"{url}: it has {found.size >> 20:,} MB, and there is room for {free >> 20:,} MB in {copy.parent.parent}, where it "
            "is read from. Make room, or set TMPDIR to a folder with more."
        )
    try:
        fetch(url, copy, found.size)
        is_as_it_was = look(url) == found and copy.stat().st_size == found.size
    except UsageError:  # a piece of it may be asked for that is there no more
        is_as_it_was = look(url) == found
        if is_as_it_was:
            raise
    if not is_as_it_was:
        raise SourceError(
            f"{url} was changed while it was read: it is still being copied, uploaded or saved. Nothing was sent. Wait until "
            "that has ended, and run the same command again."
        )
    return copy


def _remember(url: str, version: str, copy: Path) -> None:
    kept = _kept()
    with _lock:
        kept.copies[url] = (version, copy)  # an older one may be in use still; it goes with the process


def _kept() -> _Kept:
    with _lock:
        return _kept_unlocked()


def _kept_unlocked() -> _Kept:
    """A process that was forked begins with none: the other one removes its own."""
    own = os.getpid()
    if own not in _of_process:
        folder = Path(tempfile.mkdtemp(prefix=f"etl-{own}-"))
        _of_process[own] = _Kept(folder)
        atexit.register(_remove, own, folder)
    return _of_process[own]


def _remove(process: int, folder: Path) -> None:
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
