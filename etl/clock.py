"""The one door for time: nothing else in the package asks what time it is or sleeps."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

_LINUX_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


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

    def sleep(self, seconds: float) -> None:
        """Return after at least `seconds`."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def boot_id(self) -> str:
        """Linux names each boot. Elsewhere the minute of the boot serves: a wrong guess only costs one more wait."""
        if _LINUX_BOOT_ID.exists():
            return _LINUX_BOOT_ID.read_text(encoding="ascii").strip()
        return f"booted-{round((time.time() - time.monotonic()) / 60)}"

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))
