"""Reading a list that changes while it is read, without losing a row: in parts of time, each small enough for one page.

Within one answer nothing can move, so a part is believed as soon as one page holds all that LeadSquared counts in it.
Whatever does not fit is cut into shorter parts. Only a single second that holds more than a page is read page by page,
and is believed when a complete reading shows the same rows as the one before: equal counts alone would not do, because
between two pages one row may leave and another one enter, and the row that slips over the border is never seen. What
left does not come back, so a second reading differs from the first whenever rows slipped in either.

Parts are read oldest first. An edit moves a row forward in time, so it can leave a part only into one not yet read.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from etl.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from etl.api.asking import Row

PAGE_ROWS = 1000
"""Rows to a page. LeadSquared API, seen live: more is refused on some accounts and cut in silence on others."""

_MOST_PIECES = 16
_FILL = 0.6  # how full a page is meant to become: rows are never spread evenly, and a page too full is read in vain
_READINGS = 4


@dataclass(frozen=True, slots=True)
class Part:
    """A span of time between two whole seconds, both ends included. Aware, in UTC."""

    since: datetime
    until: datetime

    @classmethod
    def around(cls, since: datetime, until: datetime) -> Part:
        """The shortest part that holds a span.  Raises:  ValueError — no zone, or the end comes before the start."""
        if since.tzinfo is None or until.tzinfo is None or since > until:
            raise ValueError(f"no span of time: {since} to {until}")
        end = until.astimezone(UTC)
        ceiled = end.replace(microsecond=0) + timedelta(seconds=1 if end.microsecond else 0)
        return cls(since.astimezone(UTC).replace(microsecond=0), ceiled)

    @property
    def seconds(self) -> int:
        return int((self.until - self.since).total_seconds())

    def pieces(self, count: int) -> list[Part]:
        """The part cut into `count` pieces, or one per second. Neighbours share their border.

        Stored times have milliseconds that bounds cannot name: between …:04 and …:05 lie rows that neither end shows.
        """
        count = min(count, self.seconds)
        borders = [self.since + timedelta(seconds=self.seconds * piece // count) for piece in range(count + 1)]
        return [Part(*pair) for pair in itertools.pairwise(borders)]

    def __str__(self) -> str:
        return f"{self.since:%Y-%m-%d %H:%M:%S} to {self.until:%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True, slots=True)
class Page:
    """One answer. count: how many rows the whole part holds. rows: those of this page, by casefolded id."""

    count: int
    rows: Mapping[str, Row]

    @property
    def is_everything(self) -> bool:
        """Whether this page is the whole part. A full one may hide that its count means the page and not the part."""
        return self.count == len(self.rows) < PAGE_ROWS


AskPage: TypeAlias = "Callable[[Part, int], Page]"
"""Reads one page of a part; pages count from 1 and are sorted by id."""


def read_part(ask: AskPage, part: Part) -> dict[str, Row]:
    """Every row of a part by casefolded id, in the state last seen.

    Holds for each row that is there when the reading starts and is not edited or deleted out of the part meanwhile.
    Takes one request per some 600 rows, and a few more where they crowd.
    Raises:  NetworkError — one second keeps changing while it is read; what `ask` raises.
    """
    found: dict[str, Row] = {}
    for _, rows in parts_of(ask, part):
        found.update(rows)
    return found


def parts_of(ask: AskPage, part: Part) -> Iterator[tuple[Part, dict[str, Row]]]:
    """The same piece by piece, oldest first: each piece with its rows, so that no more than a page or two are in memory.

    A row on the border of two pieces, or one edited meanwhile, comes more than once; its last state comes last.
    """
    page = ask(part, 1)
    if page.is_everything:
        yield part, dict(page.rows)
    elif part.seconds <= 1:
        yield part, _read_second(ask, part)
    else:
        # what a page held tells where the server cuts it
        wanted = math.ceil(page.count / max(1.0, _FILL * len(page.rows)))
        for piece in part.pieces(min(max(2, wanted), _MOST_PIECES)):
            yield from parts_of(ask, piece)


@dataclass(frozen=True, slots=True)
class _Reading:
    """All pages of a part, once. counts: what the pages said the part holds."""

    rows: dict[str, Row]
    counts: frozenset[int]
    pages: int

    @property
    def is_complete(self) -> bool:
        return self.counts == {len(self.rows)}


def _read_second(ask: AskPage, part: Part) -> dict[str, Row]:
    """The rows of a part that cannot be cut any further."""
    earlier: _Reading | None = None
    for _ in range(_READINGS):
        reading = _read_pages(ask, part)
        is_confirmed = earlier is not None and earlier.rows.keys() == reading.rows.keys()
        if reading.is_complete and (reading.pages == 1 or is_confirmed):
            return reading.rows
        earlier = reading
    counted = " or ".join(f"{count:,}" for count in sorted(reading.counts))
    raise NetworkError(
        f"The list of activities of {part} keeps changing while it is read: LeadSquared counts {counted} and shows "
        f"{len(reading.rows):,}. Wait until other imports and automations are done, then run the same command again."
    )


def _read_pages(ask: AskPage, part: Part) -> _Reading:
    """One page after the other, until all are there or a page brings nothing new."""
    rows: dict[str, Row] = {}
    counts: set[int] = set()
    for number in itertools.count(1):
        page = ask(part, number)
        is_fruitless = page.rows.keys() <= rows.keys()
        rows.update(page.rows)
        counts.add(page.count)
        if is_fruitless or (len(rows) >= page.count and len(page.rows) < PAGE_ROWS):
            break
    return _Reading(rows, frozenset(counts), number)
