"""Which files of the inbox are finished: those that nobody writes to any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from etl.clock import Clock

UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", ".download", ".opdownload")
"""Endings under which browsers and copying programs write before they rename."""

_NOBODYS = frozenset({"thumbs.db", "desktop.ini"})
_EMPTY_SECONDS = 3600.0
"""A file without a byte is one whose copying has just begun; after so long it is taken, and told to be empty."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was when it was looked at. arrived: when it came to lie there, in seconds since 1970.

    That is the time of its inode's last change: copying and renaming set it, though they may keep the one of the content.
    """

    inode: int
    size: int
    changed_ns: int
    arrived: float


@dataclass(frozen=True, slots=True)
class Looked:
    """What lies in the inbox, by name. growing: why each of them is not finished. folders: which nothing is taken from."""

    finished: dict[Path, Seen]
    growing: dict[Path, str]
    folders: tuple[Path, ...]


def look(inbox: Path, settle_seconds: float, clock: Clock) -> Looked:
    """Look twice, `settle_seconds` apart, where there is anything to look at."""
    names = sorted(place for place in inbox.iterdir() if not _is_hidden(place.name))
    growing = {place: "it is not finished yet, by its name" for place in names if _is_unfinished(place.name)}
    first = {place: seen for place in names if place not in growing and (seen := seen_of(place)) is not None}
    if first:
        clock.sleep(settle_seconds)
    finished = {}
    for place, before in first.items():
        now = seen_of(place)
        if now is None:
            continue  # taken away meanwhile, or renamed: it is met under its new name the next time
        if now != before:
            growing[place] = "it is still growing"
        elif now.size == 0 and clock.now().timestamp() - now.arrived < _EMPTY_SECONDS:
            growing[place] = "it is empty as yet"
        else:
            finished[place] = now
    return Looked(finished, growing, tuple(place for place in names if place.is_dir()))


def seen_of(file: Path) -> Seen | None:
    """How a file is now; None for what is none, or gone."""
    try:
        found = file.stat()
    except OSError:
        return None
    return Seen(found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime) if file.is_file() else None


def without_unfinished(name: str) -> str:
    """The name that a file will have once it is finished, as far as its name tells."""
    ending = next((ending for ending in UNFINISHED if name.lower().endswith(ending)), "")
    return name.removesuffix(name[len(name) - len(ending) :])


def _is_hidden(name: str) -> bool:
    """Also the lock files of office programs."""
    return name.startswith((".", "~$")) or name.lower() in _NOBODYS


def _is_unfinished(name: str) -> bool:
    return name.lower().endswith(UNFINISHED)
