"""Which process this is, so that another one of the same machine can tell whether it still lives.

Process numbers say something only among processes that see each other: of one boot of one machine, and of one container. And
they are given out again; so a process is known by when it began as well:

    Linux      in ticks since the boot, as the kernel counts them. Not by the calendar: whoever sets that (a time server, a
               resume) moves the calendar's beginning of each process that is told from it, and the living would count as dead
    Windows    by the calendar as it was when the process began: the kernel keeps it, and setting the calendar moves nothing
    elsewhere  not to be known for certain: there a process is dead where none has its number any more

Only who is dead for certain counts as dead. The dead who counts as living costs the rest of a lease and a longer wait; the
living who counts as dead loses an input that it is about to send of.
"""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etl.clock import Clock

_PROCESSES = Path("/proc")
_SPACES = ("pid", "time")  # whose numbers count here, and since when
_STATE, _BEGAN = 0, 19  # among what follows the name in /proc/PID/stat: fields 3 and 22 of proc(5)
_DEAD = frozenset({"Z", "X", "x"})
_UNKNOWN = "unknown"


def this_process(clock: Clock) -> str:
    """Where this process runs, its number, and when it began."""
    return f"{_place(clock.boot_id())} {os.getpid()} {_began(os.getpid()) or _UNKNOWN}"


def is_surely_dead(process: str, clock: Clock) -> bool:
    """Whether that process ran here and is gone; False wherever that cannot be known for certain."""
    place, _, number = process.rpartition(" ")[0].rpartition(" ")
    then = process.rpartition(" ")[2]
    if place != _place(clock.boot_id()) or not number.isdecimal():
        return False
    if _is_gone(int(number)):
        return True
    now = _began(int(number))
    if now is None or then == _UNKNOWN or _way(now) != _way(then):
        return False  # it may be hidden from this user, or was noted by another version of etl
    return now != then


def _way(began: str) -> str:
    """How a beginning was told: those of two ways say nothing about each other."""
    return began.partition(":")[0] if ":" in began else ""


def _is_gone(number: int) -> bool:
    """Whether no process has this number, or only what is left of a dead one."""
    if sys.platform != "linux":
        import psutil  # noqa: PLC0415 — takes a tenth of a second to load

        try:
            return not psutil.pid_exists(number) or psutil.Process(number).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True
        except psutil.Error:
            return False
    try:
        os.sched_getaffinity(number)  # whatever it says: /proc may hide the processes of other users, and this does not
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    told = _told(number)
    return told is not None and told[_STATE] in _DEAD


def _began(number: int) -> str | None:
    """When a living process began, and how that is told; None where it cannot be told for certain."""
    if sys.platform == "linux":
        told = _told(number)
        return None if told is None else f"ticks:{told[_BEGAN]}"
    if sys.platform != "win32":
        return None
    import psutil  # noqa: PLC0415 — as above

    try:
        return f"windows:{psutil.Process(number).create_time():.3f}"
    except psutil.Error:
        return None


def _told(number: int) -> list[str] | None:
    """What Linux tells of a process, behind its name, which may hold spaces and brackets; None where it does not tell."""
    try:
        text = (_PROCESSES / str(number) / "stat").read_text("ascii", "replace")
    except OSError:
        return None
    told = text.rpartition(")")[2].split()
    return told if len(told) > _BEGAN else None


@cache
def _place(boot: str) -> str:
    """The machine, its boot, and within which walls process numbers count."""
    return " ".join((platform.node(), boot, *(_space(name) for name in _SPACES)))


def _space(name: str) -> str:
    try:
        return os.readlink(f"/proc/self/ns/{name}")  # noqa: PTH115 — it leads to no file: its text is what tells
    except OSError:
        return "-"
