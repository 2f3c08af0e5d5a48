"""Files at URLs that are at hand as they were at another moment: a worker imports the bytes that were submitted.

For the length of a block, and for the thread that is in it, such a URL is the local file that was named for it: nothing of it is
asked of a store. A mapping that names the URL stays as it is, and so does what it is known by.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_NONE: Mapping[str, Path] = {}
_pinned: ContextVar[Mapping[str, Path]] = ContextVar("pinned", default=_NONE)


@contextmanager
def pinned(files: Mapping[str, Path]) -> Iterator[None]:
    """Have each of these URLs be a local file. files: by URL, as `checked_url` writes them; they are only read."""
    token = _pinned.set({**_pinned.get(), **files})
    try:
        yield
    finally:
        _pinned.reset(token)


def at_hand(url: str) -> Path | None:
    """The local file that a URL is for now; None where it is looked up at its store."""
    return _pinned.get().get(url)
