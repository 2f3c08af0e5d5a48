"""`expected: daily by 20:00`: on which days a file has to come, and on which of them none did. Pure.

A file counts for the day of the zone on which it came to lie in the inbox. Where files are not due every day, those of the
days since the one before count as well: who sends Monday's list on Saturday has sent it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from zoneinfo import ZoneInfo

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAILY, _WEEKDAYS = frozenset(range(7)), frozenset(range(5))
_WORDS = re.compile(r"(?P<days>.+?) by (?P<hour>[01]?[0-9]|2[0-3]):(?P<minute>[0-5][0-9])")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)

LOOK_BACK_DAYS = 14
"""A machine that was off for longer has more to tell than which files did not come."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A file on each of these days of the week (0: Monday), there by that time. written: as it stands in the file."""

    weekdays: frozenset[int]
    by: time
    written: str

    def __str__(self) -> str:
        return self.written


def read_expected(text: str) -> Expected | None:
    """What the words mean; None where they mean nothing.

    `daily by 20:00`, `weekdays by 9:30` (Monday to Friday), `monday, thursday by 20:00`, also `mon, thu by 20:00`.
    """
    found = _WORDS.fullmatch(" ".join(text.lower().split()))
    if found is None:
        return None
    days = _days(found["days"])
    return Expected(days, time(int(found["hour"]), int(found["minute"])), text.strip()) if days else None


def _days(words: str) -> frozenset[int] | None:
    if words == "daily":
        return _DAILY
    if words == "weekdays":
        return _WEEKDAYS
    found: set[int] = set()
    for word in re.split(r",\s*| and |\s+", words):
        fits = [number for number, day in enumerate(DAYS) if len(word) >= 3 and day.startswith(word.removesuffix("s"))]
        if len(fits) != 1:
            return None
        found.update(fits)
    return frozenset(found)


def missed(
    expected: Expected, zone: ZoneInfo, now: datetime, since: date, arrived: Collection[date], told: Collection[date]
) -> list[date]:
    """The days for which no file has come although its hour has passed, and of which nobody was told yet; oldest first.

    since: the day from which on files of this route were looked for. arrived, told: days of the zone.
    """
    local = now.astimezone(zone)
    first = max(since, local.date() - timedelta(days=LOOK_BACK_DAYS))
    return [
        day
        for day in _due(expected, first, local)
        if day not in told and not any(one in arrived for one in _days_that_count(expected, day))
    ]


def _due(expected: Expected, first: date, local: datetime) -> Iterator[date]:
    day = first
    while day <= local.date():
        is_past = day < local.date() or local.time() >= expected.by
        if day.weekday() in expected.weekdays and is_past:
            yield day
        day += timedelta(days=1)


def _days_that_count(expected: Expected, day: date) -> Iterator[date]:
    """The day itself, and those before it up to the due day before."""
    yield day
    before = day - timedelta(days=1)
    while before.weekday() not in expected.weekdays:
        yield before
        before -= timedelta(days=1)


def in_words(day: date) -> str:
    """`3 June`."""
    return f"{day.day} {_MONTHS[day.month - 1]}"
