"""A clock for tests: it moves only when told to, and notes each wait."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

BEGAN = datetime(2026, 6, 3, 9, 30, tzinfo=UTC)


@dataclass
class ManualClock:
    """Time that stands still between `move`, `jump` and `sleep`.

    seconds: what `monotonic` says. wall: what `now` says. boot: which boot `seconds` belongs to.
    slept: every wait that was asked for, in order. dozed: seconds for which the machine slept, its lid shut.
    """

    seconds: float = 1_000.0
    wall: datetime = BEGAN
    boot: str = "boot-1"
    slept: list[float] = field(default_factory=list)
    dozed: float = 0.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.seconds

    def boot_id(self) -> str:
        return self.boot

    def through_sleep(self) -> float:
        return self.seconds + self.dozed

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.move(max(0.0, seconds))

    def move(self, seconds: float) -> None:
        """Let time pass, on both clocks."""
        self.seconds += seconds
        self.wall += timedelta(seconds=seconds)

    def move_to(self, moment: float) -> None:
        """Let time pass until a moment of `monotonic`; a moment that has passed changes nothing."""
        self.move(max(0.0, moment - self.seconds))

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or back, as an administrator or a time server does; `monotonic` stays."""
        self.wall += timedelta(seconds=seconds)

    def doze(self, seconds: float) -> None:
        """The machine sleeps: the calendar goes on, `monotonic` does not."""
        self.dozed += seconds
        self.wall += timedelta(seconds=seconds)

    def reboot(self, boot: str, seconds: float = 5.0) -> None:
        """Another boot of the machine, so many seconds after its start."""
        self.boot = boot
        self.seconds = seconds
