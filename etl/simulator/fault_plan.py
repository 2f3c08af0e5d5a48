"""Which fault strikes which request: by share, drawn from a seed, or by an exact script."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

LONGER_THAN_MOST_CLIENTS_WAIT_SECONDS = 150.0
LATE_SECONDS = 20.0


class FaultKind(StrEnum):
    """What goes wrong. "Stored" means: the request was carried out as if nothing were wrong."""

    REFUSE = "refuse"  # the connection is reset, the request never arrives: it counts in no limit
    DROP_BEFORE = "drop-before"  # the request arrives, is not carried out, and the connection is reset
    DROP_AFTER = "drop-after"  # stored, and the connection is reset
    BAD_GATEWAY_BEFORE = "502-before"  # not carried out, answered 502 with an HTML page
    BAD_GATEWAY_AFTER = "502-after"  # stored, answered 502 with an HTML page
    SERVER_ERROR_BEFORE = "500-before"  # the same two with status 500
    SERVER_ERROR_AFTER = "500-after"
    UNAVAILABLE_BEFORE = "503-before"  # and with 503
    UNAVAILABLE_AFTER = "503-after"
    STORE_LATE = "store-late"  # the connection is reset at once, and the request is carried out `seconds` later
    GATEWAY_TIMEOUT_LATE = "504-late"  # answered 504 with an HTML page at once, and carried out `seconds` later
    CUT_ANSWER = "cut-answer"  # stored, and the connection ends in the middle of the answer
    HTML_ANSWER = "html-answer"  # stored, answered 200 with an HTML page
    EMPTY_OBJECT = "empty-object"  # stored, answered 200 with {}
    STORE_PARTLY = "store-partly"  # only the first rows are stored, answered 500 without a type of LeadSquared's own
    OMIT_ROWS = "omit-rows"  # stored, some rows are missing from the answer
    DUPLICATE_ID = "duplicate-id"  # stored, but one row of the answer carries the id of another activity
    DUPLICATE_ROWS = "duplicate-rows"  # stored, some rows stand twice in the answer, alike or saying something else
    SHUFFLE_ROWS = "shuffle-rows"  # stored, the rows of the answer in another order, each with its right RowNumber
    TWIN = "twin"  # stored and answered; within a second another user writes the same, but for the row keys
    THROTTLE = "throttle"  # not carried out, answered as if the limit were used up
    REDIRECT = "redirect"  # not carried out, answered 307 with another address
    SLOW = "slow"  # stored at once, answered after `seconds`


SECONDS_OF = {
    FaultKind.SLOW: LONGER_THAN_MOST_CLIENTS_WAIT_SECONDS,
    FaultKind.STORE_LATE: LATE_SECONDS,
    FaultKind.GATEWAY_TIMEOUT_LATE: LATE_SECONDS,
}
"""The kinds of fault that take seconds, and how many unless told otherwise."""


class Aim(StrEnum):
    """Which requests a fault is about."""

    WRITES = "writes"
    READS = "reads"


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault, and when it strikes.

    share: part of the requests that it strikes, drawn at random. requests: those that it strikes for certain, counted
    from 1 among the requests of its aim that were not refused for their rate. seconds: for the kinds in `SECONDS_OF`
    only; None is what stands there.
    """

    kind: FaultKind
    share: float = 0.0
    requests: frozenset[int] = frozenset()
    aim: Aim = Aim.WRITES
    seconds: float | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.share <= 1.0:
            raise ValueError(f"{self.kind}: the share is {self.share:g}; expected a number from 0 to 1, as in 0.1")

    @classmethod
    def at(cls, kind: FaultKind | str, *requests: int, aim: Aim = Aim.WRITES, seconds: float | None = None) -> Fault:
        """A fault by script: strikes the nth requests of its aim."""
        return cls(FaultKind(kind), requests=frozenset(requests), aim=aim, seconds=seconds)

    @property
    def lasts_seconds(self) -> float:
        """How slow or late."""
        return SECONDS_OF.get(self.kind, 0.0) if self.seconds is None else self.seconds


class FaultPlan:
    """Draws the faults of each request. Every fault has dice of its own, so adding one does not move the others."""

    def __init__(self, faults: Iterable[Fault], seed: int) -> None:
        self._faults = [
            (fault, random.Random(f"{seed}/{place}/{fault.kind}"))  # noqa: S311 - a replay, not a secret
            for place, fault in enumerate(faults)
        ]
        self._seen: Counter[Aim] = Counter()

    def strike(self, aim: Aim) -> list[Fault]:
        """The faults of the next request of that aim, in the order in which they were given."""
        self._seen[aim] += 1
        struck = []
        for fault, dice in self._faults:
            if fault.aim is aim:
                drawn = dice.random() < fault.share
                if drawn or self._seen[aim] in fault.requests:
                    struck.append(fault)
        return struck
