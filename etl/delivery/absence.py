"""When a row that a read does not show may be called absent. Pure: moments and numbers in, an answer out.

A read proves nothing by being empty. A row is absent when all of this holds:

    it is missing      the read that is asked shows no activity that is, or may be, this row
    it had its time    the visibility wait has passed since its connection ended; after a time-out or gateway error the late
                       wait before it, in which LeadSquared may still have carried the request out
    the read is fresh  it shows an activity of ours that was sent after all that, and later than the row
    the read reaches   it shows an activity of ours from before the row was sent, where there is one nearby
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NEARBY_SECONDS = 3600.0
"""How far back a confirmed activity is looked for that shows that a read reaches back behind a row in doubt."""

MARGIN_SECONDS = 900.0
"""By how much a read reaches beyond the moments that our clock and the server's, as it was seen, say."""

KEYED_MARGIN_SECONDS = 3600.0
"""The same where rows are told by their keys: wide, because foreign activities cost nothing then."""

WIDEST_MARGIN_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Waits:
    """The account's settings, in seconds."""

    visibility: float
    late: float


@dataclass(frozen=True, slots=True)
class Moment:
    """A reading of `monotonic` and the boot of the machine that it belongs to."""

    mono: float
    boot: str


@dataclass(frozen=True, slots=True)
class End:
    """The end of a doubtful request. after: the newest request there was by then. late: it may go on without us."""

    at: Moment
    after: int
    late: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """A confirmed activity of ours: the number of its request, and when that was sent."""

    request: int
    sent: Moment


class Absence(StrEnum):
    """What may be said of a missing row now."""

    PROVED = "proved"
    TOO_EARLY = "too_early"  # its time is not over
    UNSEEN = "unseen"  # a later activity of ours is confirmed, and the read does not show it yet
    NO_WITNESS = "no_witness"  # there is no later activity of ours: one has to be sent
    OUT_OF_REACH = "out_of_reach"  # the read may not reach back to it


@dataclass(frozen=True, slots=True)
class Reach:
    """What one read shows of our confirmed activities.

    freshest: the latest that it shows. confirmed: the latest there is. back: whether it shows one from before each doubt.
    """

    freshest: Seen | None
    confirmed: Seen | None
    reaches_back: bool


def over_at(end: End, waits: Waits, boot: str, boot_seen: float) -> float:
    """The moment (`monotonic` of this boot) from which a row of that request can be absent.

    Of another boot's moments only this is certain: they lie before the first one that we saw of this boot.
    """
    return _ended(end, boot, boot_seen) + waits.visibility + (waits.late if end.late else 0.0)


def absence(end: End, reach: Reach, waits: Waits, now: Moment, boot_seen: float) -> Absence:
    """Whether a missing row of that request is proved to be absent, and if not, what is wanting."""
    if now.mono < over_at(end, waits, now.boot, boot_seen):
        return Absence.TOO_EARLY
    if not _is_later(reach.confirmed, end, waits, now.boot, boot_seen):
        return Absence.NO_WITNESS
    if not _is_later(reach.freshest, end, waits, now.boot, boot_seen):
        return Absence.UNSEEN
    return Absence.PROVED if reach.reaches_back else Absence.OUT_OF_REACH


def _ended(end: End, boot: str, boot_seen: float) -> float:
    return end.at.mono if end.at.boot == boot else boot_seen


def _is_later(seen: Seen | None, end: End, waits: Waits, boot: str, boot_seen: float) -> bool:
    """Whether that activity was sent after the request can have been carried out."""
    if seen is None or seen.request <= end.after:
        return False
    if not end.late:
        return True
    if seen.sent.boot == end.at.boot:
        return seen.sent.mono >= end.at.mono + waits.late
    return seen.sent.boot == boot and seen.sent.mono >= boot_seen + waits.late


@dataclass(frozen=True, slots=True)
class Stretch:
    """Moments of the wall clock, in seconds since 1970, both included."""

    since: float
    until: float


def merged(stretches: Iterable[Stretch]) -> Sequence[Stretch]:
    """The same moments in as few stretches as possible, in order of time."""
    apart: list[Stretch] = []
    for stretch in sorted(stretches, key=lambda one: one.since):
        if apart and stretch.since <= apart[-1].until:
            apart[-1] = Stretch(apart[-1].since, max(apart[-1].until, stretch.until))
        else:
            apart.append(stretch)
    return apart
