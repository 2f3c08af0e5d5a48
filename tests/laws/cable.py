"""The line of a history whose requests show how they went out, as a client sees it: connections, handshakes, last bytes.

An honest one takes no longer for any request than its handshakes show, or than the least that is believed of any line. One
that lies does so from some moment on. What makes its answers slow is the server's work, so that a bound is worth believing.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from etl.api.client import RENEWAL_SECONDS
from etl.delivery.line import FLOOR_SECONDS
from etl.delivery.throttle import capacity_for
from etl.records import Limit

IDLE_SECONDS = 4.0
"""So long a connection is kept without being used (`api/client`)."""

MOST_RETREATS = 5
SPARE = 0.9
"""An honest line keeps a little below what it shows: moments are rounded on their way into the ledger and back."""


@dataclass
class Cable:
    """One line. quick: most seconds there. work: least and most that the server takes for an answer. lies_from: true seconds."""

    dice: random.Random
    quick: float
    work: tuple[float, float]
    is_plain: bool
    lies_from: float = float("inf")
    _free: dict[int, list[float]] = field(default_factory=dict)
    _measured_at: dict[int, float] = field(default_factory=dict)

    def handshake(self, life: int, now: float) -> float | None:
        """Seconds until a connection of that process is open; None where it has one that is still good."""
        free = self._free.setdefault(life, [])
        is_to_be_measured = now - self._measured_at.get(life, -RENEWAL_SECONDS) >= RENEWAL_SECONDS
        used = free.pop() if free else None
        if used is not None and now - used <= IDLE_SECONDS and not is_to_be_measured:
            return None
        self._measured_at[life] = now
        return self.quick * self.dice.uniform(1.0, 1.5)

    def answered(self, life: int, now: float) -> None:
        """A connection of that process is free again."""
        self._free.setdefault(life, []).append(now)

    def there(self, now: float) -> float:
        """Seconds from the last byte to the arrival."""
        if now >= self.lies_from:
            return self.dice.choice((0.0, 1.5, self.dice.uniform(0.0, 1.5)))
        most = SPARE * max(self.quick, FLOOR_SECONDS)
        return self.dice.choice((0.0, most, self.dice.uniform(0.0, most)))

    def takes(self) -> float:
        """Seconds that the server takes for an answer."""
        return self.dice.uniform(*self.work)

    def most_refused(self, limit: Limit) -> int:
        """So many requests at most it may cost that the line has lied: a few bursts, and then only answers count."""
        return MOST_RETREATS * (capacity_for(limit) + limit.count)


def drawn(dice: random.Random) -> Cable | None:
    """The line of a history; None for one that shows nothing of it, so that only answers count."""
    if dice.random() < 0.5:
        return None
    quick = dice.choice((0.005, 0.05, 0.05, 0.3))
    work = dice.choice(((0.3, 0.6), (0.5, 2.0), (1.0, 1.0)))
    lies_from = dice.choice((float("inf"),) * 3 + (1_000.0 + dice.uniform(20.0, 200.0),))
    return Cable(dice, quick, work, dice.random() < 0.5, lies_from)
