"""The clock of a ledger that machines share: the database's, as each transaction has read it.

Clocks of machines may differ by hours, and those of laptops stop when the lid is shut. So all that is kept of moments is the
database's time, in seconds since 1970, and what is to be waited for here is told by this process's `monotonic`. How the two
differ is known from each reading to within its way there and back:

    asked ───── the database reads its clock ───── heard        told - heard  <=  difference  <=  told - asked

While this machine sleeps, `monotonic` stands still and the difference grows by as much, within a reading and after it. That is
told by the clock that goes on meanwhile, and belongs to the upper end as soon as it has happened.

What must not be too early (when a request can have arrived at the latest, until when to wait) takes the end that is later.

The database's clock may be set: its machine resumed, an administrator corrected it. Then it has gone on by more, or less, than
this machine's clock has that counts sleep, too; whoever reads that first notes it, and from there on the shared clock is
another one (`ledger/clock_set.py`), as a machine's is after a boot: what was before counts as having ended at that moment at the
latest, and each account waits for one window. A virtual machine that was paused takes the rest of the world for one that was
set: that costs those waits, once, and nothing is sent twice by it. A clock that is slewed goes on being the same: waits are
shorter or longer by as much, and that is a twelfth at the most (chrony).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from etl.clock import Clock, SystemClock

BOOT = "database"
"""What all moments of a shared ledger belong to, where those of a file belong to a boot of its machine; until it is set."""

_DRIFT = 0.001  # two clocks part no faster where nobody slews them; the kernel by itself does by half of that
_CALENDAR_SECONDS = 0.5  # so far off this machine's calendar may be before it is corrected for this process
_SET_SECONDS = 1.0  # what is set by less matters to no wait
_ASLEEP_SECONDS = 3.0  # how long a machine slept is told by a clock of whole seconds


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment here: by `monotonic`, and by the clock that goes on while the machine sleeps."""

    awake: float
    through_sleep: float

    @classmethod
    def of(cls, clock: Clock) -> Self:
        """This moment."""
        return cls(clock.monotonic(), clock.through_sleep())

    def slept(self, since: Instant) -> float:
        """For how long at most the machine has slept since another one, in seconds of whichever clock goes faster."""
        slept = (self.through_sleep - since.through_sleep) - (self.awake - since.awake)
        return max(0.0, slept) * (1 + _DRIFT)


@dataclass(frozen=True, slots=True)
class _Difference:
    """Between which bounds the database's clock was ahead of one here, and when that was known."""

    low: float
    high: float
    at: float

    def parted(self, at: float) -> float:
        """How far the two can have parted since."""
        return _DRIFT * max(0.0, at - self.at)

    def off(self, new: _Difference) -> float:
        """By how much a new reading contradicts this one; 0 where it does not."""
        parted = self.parted(new.at)
        return max(0.0, new.low - self.high - parted, self.low - parted - new.high)

    def grown(self, seconds: float) -> _Difference:
        """The same where the database's clock may have gained so much."""
        return _Difference(self.low, self.high + seconds, self.at)

    def narrowed(self, new: _Difference) -> _Difference:
        """What both know; the new one alone where it contradicts."""
        if self.off(new):
            return new
        parted = self.parted(new.at)
        return _Difference(max(new.low, self.low - parted), min(new.high, self.high + parted), new.at)


class SharedClock:
    """The database's clock, read off this machine's. own: that one; its calendar is put right as long as this process lives."""

    def __init__(self, own: SystemClock) -> None:
        self._own = own
        self._boot = BOOT
        self._heard = Instant.of(own)  # of the last reading
        self._awake = _Difference(0.0, 0.0, own.monotonic())  # to what `monotonic` says
        self._through: _Difference | None = None  # to the clock that counts sleep; None before the first reading

    def observe(self, asked: Instant, told: float, heard: Instant, boot: str | None) -> bool:
        """The database has told its time. asked, heard: before and after. boot: by what name others know its clock now.

        Returns: False where it was set and nobody has noted that yet. Then nothing of this reading is believed. Without a name
        there is no ledger yet, and nothing that could be too early.
        """
        awake = _Difference(told - heard.awake, told - asked.awake, heard.awake).grown(heard.slept(asked))
        through = _Difference(told - heard.through_sleep, told - asked.through_sleep, heard.through_sleep)
        known = self._through
        if known is None or (boot or self._boot) != self._boot:  # of another clock nothing is known yet
            self._awake, self._through = awake, through
        elif boot == self._boot and known.off(through) > self._uncertainty(known, heard):
            return False
        else:
            grown = self._awake.grown(heard.slept(self._heard))
            self._awake, self._through = grown.narrowed(awake), known.narrowed(through)
        self._heard = heard
        self._boot = boot or self._boot
        off = self.now() - self._own.now()
        if abs(off.total_seconds()) > _CALENDAR_SECONDS:
            self._own.wall_ahead += off
        return True

    def now(self) -> datetime:
        """The database's calendar."""
        return datetime.fromtimestamp(self.monotonic(), UTC)

    def monotonic(self) -> float:
        """Seconds since 1970 by the database; rather too few than too many."""
        here = self._own.monotonic()
        return here + self._awake.low - self._awake.parted(here)

    def boot_id(self) -> str:
        """The same for all; another one from when it was set."""
        return self._boot

    def through_sleep(self) -> float:
        """This machine's: of nobody else's concern."""
        return self._own.through_sleep()

    def sleep(self, seconds: float) -> None:
        """As this machine does it."""
        self._own.sleep(seconds)

    def to_ledger(self, moment: float) -> float:
        """A moment of this process by the database; rather too late than too early."""
        now = Instant.of(self._own)
        return moment + self._awake.high + self._awake.parted(now.awake) + now.slept(self._heard)

    def to_here(self, moment: float) -> float:
        """A moment of the database by this process; rather too late than too early."""
        return moment - self._awake.low + self._awake.parted(self._own.monotonic())

    def boot_here(self) -> str:
        """Where those moments belong."""
        return self._own.boot_id()

    def _uncertainty(self, known: _Difference, heard: Instant) -> float:
        """By how much two readings may contradict each other before the database's clock counts as set."""
        slept = (heard.through_sleep - known.at) - (heard.awake - self._awake.at)
        return _SET_SECONDS + (_ASLEEP_SECONDS if slept > _SET_SECONDS else 0.0)
