"""Who comes next, and who gives a place back: accounts share workers so that a million rows of one starve no hundred of another.

    a free place    goes to an account that has the fewest places of this worker, of its submissions to the one that has waited
                    longest since it was submitted or last had a turn
    no free place   and a submission waits that could go: the run whose turn is over gives its place back and waits in its turn,
                    first of the accounts with several places, then the one that has had its place longest

A turn lasts `TURN_SECONDS` from the first row on, and at least `TURN_BY_READING` times as long as it took until then: what goes
on reads its sheet again first, and so that is at most a twentieth of the work, be the sheet as large as it will. 100,000 rows of
csv are read in 3 s, a million in 30 s (docs/performance.md): turns of 5 and of 10 minutes. Pure.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TURN_SECONDS = 300.0
TURN_BY_READING = 20.0


@dataclass(frozen=True, slots=True)
class Place:
    """A place of this worker that is taken. Moments are monotonic. sends_since: None until the first row may go out."""

    submission: int
    account: str
    taken_at: float
    sends_since: float | None = None

    def ends_at(self, turn_seconds: float) -> float | None:
        """When its turn is over; None while it reads."""
        if self.sends_since is None:
            return None
        reading = self.sends_since - self.taken_at
        return self.sends_since + max(turn_seconds, reading * TURN_BY_READING)


def rows_of_accounts(accounts: Sequence[str], taken: Iterable[Place]) -> list[list[str]]:
    """The accounts in the order in which they are asked for a submission: those with the fewest places first, together."""
    held = Counter(place.account for place in taken)
    return [
        [account for account in accounts if held[account] == count]
        for count in sorted({held[account] for account in accounts})
    ]


def who_gives_way(
    taken: Sequence[Place], places: int, waiting: Sequence[str], now: float, turn_seconds: float = TURN_SECONDS
) -> Place | None:
    """The place that is to be given back now, if one is. waiting: accounts of submissions that could go at once."""
    if not waiting or len(taken) < places:
        return None
    over = [place for place in taken if (end := place.ends_at(turn_seconds)) is not None and end <= now]
    held = Counter(place.account for place in taken)
    return min(over, key=lambda place: (-held[place.account], place.taken_at), default=None)


def turn(moment_seconds: float) -> int:
    """What the engine sorts by, the greatest first: who was submitted or had its turn earlier comes earlier.

    moment_seconds: since 1970, by the clock of the database. The engine has 32 bits for it: they last from 2026 until 2094.
    """
    return int(_FROM - moment_seconds)


_FROM = 1_767_225_600  # the first second of 2026
