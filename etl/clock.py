"""The one door for time: nothing else in the package asks what time it is or sleeps."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Protocol

_LINUX_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@cache
def _boot_named_in(file: Path) -> str | None:
    """Read once: no process outlives its boot, and the ledger asks several times for each request."""
    return file.read_text(encoding="ascii").strip() if file.exists() else None


DEAF_SECONDS: float | None = 0.5 if os.name == "nt" else None
"""For how long a wait on a queue may last at a stretch. On Windows Ctrl-C is not heard while a lock is waited for."""


def at_a_stretch(seconds: float | None) -> float | None:
    """For how long to wait now, of these seconds (None: for ever); whoever waits looks up then and waits on."""
    if DEAF_SECONDS is None:
        return seconds
    return DEAF_SECONDS if seconds is None else min(seconds, DEAF_SECONDS)


class Clock(Protocol):
    """What the package may know about time."""

    def now(self) -> datetime:
        """The wall clock, timezone-aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary start, never going back within one boot of the machine."""
        ...

    def boot_id(self) -> str:
        """Which boot `monotonic` belongs to: readings of two boots may not be compared."""
        ...

    def through_sleep(self) -> float:
        """Seconds since an arbitrary start, never going back, those in which the machine slept included."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after at least `seconds`."""
        ...


class SystemClock:
    """The machine's own clock.

    wall_ahead: so many seconds are added to its calendar, where somebody knows better what time it is (a ledger that machines
    share: ledger/shared_clock.py).
    """

    wall_ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.wall_ahead

    def monotonic(self) -> float:
        return time.monotonic()

    def boot_id(self) -> str:
        """Linux names each boot. Elsewhere the minute of the boot serves: a wrong guess only costs one more wait."""
        return _boot_named_in(_LINUX_BOOT_ID) or f"booted-{round((time.time() - time.monotonic()) / 60)}"

    def through_sleep(self) -> float:
        """Linux stops `monotonic` while the machine sleeps, and macOS does; Windows counts on."""
        return _through_sleep()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


if sys.platform == "linux":

    def _through_sleep() -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

elif sys.platform == "darwin":

    def _through_sleep() -> float:
        return time.clock_gettime(time.CLOCK_MONOTONIC)  # there this one counts on, and `time.monotonic` does not

else:

    def _through_sleep() -> float:
        return time.monotonic()  # Windows: GetTickCount64 or QueryPerformanceCounter, and both count on
