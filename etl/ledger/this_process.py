"""Which process this is, so that another one of the same machine can tell whether it still lives.

Process numbers say something only among processes that see each other: of one boot of one machine, and of one container.
"""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etl.clock import Clock

_CONTAINER = Path("/proc/self/ns/pid")


def this_process(clock: Clock) -> str:
    """Where this process runs, its number, and when it began."""
    import psutil  # noqa: PLC0415 — takes a tenth of a second to load

    return f"{_place(clock.boot_id())} {os.getpid()} {psutil.Process().create_time():.2f}"


def is_surely_dead(process: str, clock: Clock) -> bool:
    """Whether that process ran here and is gone; False wherever that cannot be known for certain."""
    import psutil  # noqa: PLC0415 — as above

    place, _, rest = process.rpartition(" ")[0].rpartition(" ")
    began = process.rpartition(" ")[2]
    if place != _place(clock.boot_id()) or not rest.isdecimal():
        return False
    try:
        found = psutil.Process(int(rest))
        return f"{found.create_time():.2f}" != began or found.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False


@cache
def _place(boot: str) -> str:
    try:
        container = os.readlink(_CONTAINER)  # noqa: PTH115 — it leads to no file: its text is what tells
    except OSError:
        container = "-"
    return f"{platform.node()} {boot} {container}"
