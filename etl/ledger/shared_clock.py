"""The clock of a ledger that machines share: the database's, as each transaction has read it.

Clocks of machines may differ by hours, and those of laptops stop when the lid is shut. So all that is kept of moments is the
database's time, in seconds since 1970, and what is to be waited for here is told by this process's `monotonic`. How the two
differ is known from each reading to within its way there and back:

    asked ───── the database reads its clock ───── heard        told - heard  <=  difference  <=  told - asked

What must not be too early (when a request can have arrived at the latest, until when to wait) takes the end that is later. A
database whose clock is set forward shortens windows by as much, once; backward it prolongs them. Nothing is sent twice by that.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etl.clock import SystemClock

BOOT = "database"
"""What all moments of a shared ledger belong to, where those of a file belong to a boot of its machine."""

_DRIFT = 0.001  # two clocks part no faster; time servers slew by half of that at the most
_CALENDAR_SECONDS = 0.5  # so far off this machine's calendar may be before it is corrected for this process


class SharedClock:
    """The database's clock, read off this machine's. own: that one; its calendar is put right as long as this process lives."""

    def __init__(self, own: SystemClock) -> None:
        self._own = own
        self._low = self._high = 0.0
        self._read_at: float | None = None

    def observe(self, asked: float, told: float, heard: float) -> None:
        """The database has told its time. asked, heard: by this process's `monotonic`, before and after."""
        low, high = told - heard, told - asked
        if self._read_at is not None:
            widened = _DRIFT * (heard - self._read_at)
            known_low, known_high = self._low - widened, self._high + widened
            if known_low <= high and low <= known_high:  # else one of the two clocks was set, or this machine slept
                low, high = max(low, known_low), min(high, known_high)
        self._low, self._high, self._read_at = low, high, heard
        off = self.now() - self._own.now()
        if abs(off.total_seconds()) > _CALENDAR_SECONDS:
            self._own.wall_ahead += off

    def now(self) -> datetime:
        """The database's calendar."""
        return datetime.fromtimestamp(self.monotonic(), UTC)

    def monotonic(self) -> float:
        """Seconds since 1970 by the database; rather too few than too many."""
        here = self._own.monotonic()
        return here + self._low - self._since(here)

    def boot_id(self) -> str:
        """The same for all."""
        return BOOT

    def through_sleep(self) -> float:
        """This machine's: of nobody else's concern."""
        return self._own.through_sleep()

    def sleep(self, seconds: float) -> None:
        """As this machine does it."""
        self._own.sleep(seconds)

    def to_ledger(self, moment: float) -> float:
        """A moment of this process by the database; rather too late than too early."""
        return moment + self._high + self._since(self._own.monotonic())

    def to_here(self, moment: float) -> float:
        """A moment of the database by this process; rather too late than too early."""
        return moment - self._low + self._since(self._own.monotonic())

    def boot_here(self) -> str:
        """Where those moments belong."""
        return self._own.boot_id()

    def _since(self, here: float) -> float:
        """How far the two clocks can have parted since the last reading."""
        return _DRIFT * max(0.0, here - (here if self._read_at is None else self._read_at))
