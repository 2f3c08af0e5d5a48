"""The name of this machine's time zone, where the system tells it; pure look-ups in environment and files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NO_PLACE = frozenset({"UTC", "Etc/UTC", "Etc/GMT", "GMT", "Universal", "Zulu", "UCT", "Etc/UCT"})
"""What servers are set to: it says nothing about where a sheet was typed."""


def local_zone(environ: Mapping[str, str]) -> str | None:
    """`Asia/Kolkata`; None where nothing tells a place: a server that runs on UTC, or Windows without the variable TZ."""
    for name in _told(environ):
        if name not in _NO_PLACE and "/" in name and _is_zone(name):
            return name
    return None


def _told(environ: Mapping[str, str]) -> Iterator[str]:
    if environ.get("TZ"):
        yield environ["TZ"].removeprefix(":")
        return
    place = os.path.realpath("/etc/localtime")
    if "zoneinfo/" in place:
        yield place.partition("zoneinfo/")[2]
    try:
        yield Path("/etc/timezone").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
