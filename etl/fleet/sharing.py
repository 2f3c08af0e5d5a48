"""Who comes next, and who gives a place back: accounts share workers so that a million rows of one starve no hundred of another.

    a free place    goes to an account that has none in the whole fleet, then to the one that has the fewest of this worker; of
                    its submissions to the one that has waited longest since it was submitted or last had a turn
    no free place   and an account waits that has none in the whole fleet: of an account that has several one is given back at
                    once, whatever its turn, the one that was taken last. Several do not speed an account up: all of them
                    together send at its limit, which one alone reaches. Not for one that would do nothing with a place by all
                    that is known: another process had its input a moment ago, or only its results are to be put away
    no free place   and any other submission waits that could go: the run whose turn is over gives its place back and waits in its
                    turn, first of the accounts with several places, then the one that has had its place longest

A turn lasts `TURN_SECONDS` from the first row on, and at least `TURN_BY_READING` times as long as it took until then: what goes
on reads its sheet again first, and so that is at most a twentieth of the work, be the sheet as large as it will. 100,000 rows of
csv are read in 3 s, a million in 30 s (docs/performance.md): turns of 5 and of 10 minutes. Pure.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_NONE: Mapping[str, int] = {}

TURN_SECONDS = 300.0
TURN_BY_READING = 20.0


@dataclass(frozen=True, slots=True)
class Place:
    """A place of this worker that is taken. Moments are monotonic. sends_since: None until the first row may go out.

    is_leaving: its run was asked to stop, so it is about to be free.
    """

    submission: int
    account: str
    taken_at: float
    sends_since: float | None = None
    is_leaving: bool = False

    def ends_at(self, turn_seconds: float) -> float | None:
        """When its turn is over; None while it reads."""
        if self.sends_since is None:
            return None
        reading = self.sends_since - self.taken_at
        return self.sends_since + max(turn_seconds, reading * TURN_BY_READING)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A submission that could go at once if a place were free. sends: it has something to send by all that is known of it."""

    submission: int
    account: str
    sends: bool = True


@dataclass(frozen=True, slots=True)
class Way:
    """Which submission gives its place back, and for the first of which it does so that nobody else gives way to."""

    gives: int
    to: tuple[int, ...]


def rows_of_accounts(accounts: Sequence[str], taken: Iterable[Place], running: Mapping[str, int]) -> list[list[str]]:
    """The accounts in the order in which they are asked for a submission, those that are equal together.

    running: places of the whole fleet that accounts have.
    """
    here = Counter(place.account for place in taken)
    rank = {account: (_places_of(account, here, running) > 0, here[account]) for account in accounts}
    return [[one for one in accounts if rank[one] == wanted] for wanted in sorted(set(rank.values()))]


def who_gives_way(
    taken: Sequence[Place],
    places: int,
    waiting: Sequence[Waiting],
    running: Mapping[str, int],
    now: float,
    turn_seconds: float = TURN_SECONDS,
) -> Way | None:
    """Which place is to be given back now, if one is. waiting: in the order in which they would be taken."""
    if not waiting or len(taken) < places:
        return None
    stay = [place for place in taken if not place.is_leaving]
    here = Counter(place.account for place in stay)
    leaving = Counter(place.account for place in taken if place.is_leaving)
    fleet = {account: _places_of(account, here, running, leaving) for account in {*here, *running}}
    without = _first_of_each(one for one in waiting if one.sends and not fleet.get(one.account))
    more = [place for place in stay if fleet[place.account] > 1]
    if without and more:
        last = max(more, key=lambda place: (fleet[place.account], place.taken_at))
        return Way(last.submission, without)
    over = [place for place in stay if (end := place.ends_at(turn_seconds)) is not None and end <= now]
    if not over:
        return None
    first = min(over, key=lambda place: (-here[place.account], place.taken_at))
    return Way(first.submission, tuple(one.submission for one in waiting))


def _places_of(
    account: str, here: Mapping[str, int], running: Mapping[str, int], leaving: Mapping[str, int] = _NONE
) -> int:
    """Of the whole fleet, as far as it is known. leaving: of those that run, such as are about to be free."""
    return max(here.get(account, 0), running.get(account, 0) - leaving.get(account, 0))


def _first_of_each(waiting: Iterable[Waiting]) -> tuple[int, ...]:
    """Of each account one: a place for it is enough, and all workers see the same one."""
    found: dict[str, int] = {}
    for one in waiting:
        found.setdefault(one.account, one.submission)
    return tuple(found.values())


def turn(moment_seconds: float) -> int:
    """What the engine sorts by, the greatest first: who was submitted or had its turn earlier comes earlier.

    moment_seconds: since 1970, by the clock of the database. The engine has 32 bits for it: they last from 2026 until 2094.
    """
    return int(_FROM - moment_seconds)


_FROM = 1_767_225_600  # the first second of 2026
