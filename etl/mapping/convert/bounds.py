"""`between`: the least and the most that is let through, as numbers, days, times of day or moments.

A bound that names a day includes that whole day. `now`, `-60d`, `+2w` and `-12h` count from the moment that the caller
hands in; days and weeks are those of the input's zone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from etl.findings import OutOfBounds, Problem
from etl.mapping.convert.cells import cell_as_seen
from etl.mapping.targets import FieldType

if TYPE_CHECKING:
    from datetime import tzinfo

    from etl.mapping.convert.cells import Read

MOMENTS = (FieldType.DATE, FieldType.TIME, FieldType.DATETIME)
NUMBERS = (FieldType.INTEGER, FieldType.NUMBER)

_RELATIVE = re.compile(r"now|(?P<steps>[+-][0-9]{1,5})(?P<unit>[hdw])")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}

_Key: TypeAlias = "Decimal | str"
"""What values and bounds are compared by: numbers, and moments as the texts that are sent, whose order is that of time."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Both bounds as values of one kind. words: as messages name them."""

    least: _Key
    most: _Key
    words: tuple[str, str]

    def check(self, cell: Any, sent: str) -> str | Problem:
        """What is sent, or the finding that it lies outside."""
        key = sent if isinstance(self.least, str) else Decimal(sent.rstrip("%"))
        return sent if self.least <= key <= self.most else OutOfBounds(cell_as_seen(cell), *self.words)  # type: ignore[operator]


def is_relative(bound: str) -> bool:
    """Whether a bound moves with the clock."""
    return _RELATIVE.fullmatch(bound) is not None


def limits_of(bounds: tuple[str, str], kind: FieldType, now: datetime | None, zone: tzinfo | None) -> Limits | None:
    """The bounds of a column. None where one moves with the clock and there is no moment to count from.

    Raises: ValueError — with words for a person, what a bound of this type has to be, or that the first is the larger one.
    """
    if now is None and any(map(is_relative, bounds)):
        for bound in bounds:
            _checked(bound, kind)
        return None
    keys = [_key(bound, kind, now, zone, is_most=place == 1) for place, bound in enumerate(bounds)]
    least, most = keys
    if least > most:  # type: ignore[operator] # both are of one kind
        raise ValueError(f"the least first: {bounds[0]} lies above {bounds[1]}")
    words = [_words(bound, kind, now, zone) for bound in bounds]
    return Limits(least, most, (words[0], words[1]))


def within(read: Read, limits: Limits) -> Read:
    """The read, letting through only what lies within."""

    def checked(cell: Any) -> str | Problem:
        sent = read(cell)
        return sent if isinstance(sent, Problem) else limits.check(cell, sent)

    return checked


def _checked(bound: str, kind: FieldType) -> None:
    if is_relative(bound):
        if kind in NUMBERS or kind is FieldType.TIME:
            raise ValueError(_expected(kind))
        if kind is FieldType.DATE and bound.endswith("h"):
            raise ValueError("days or weeks for a date, like -60d")
    else:
        _key(bound, kind, None, None, is_most=False)


def _key(bound: str, kind: FieldType, now: datetime | None, zone: tzinfo | None, *, is_most: bool) -> _Key:
    if kind in NUMBERS:
        if not _NUMBER.fullmatch(bound):
            raise ValueError(_expected(kind))
        return Decimal(bound)
    if is_relative(bound):
        _checked(bound, kind)
    moment = _moment(bound, kind, now, zone)
    if kind is FieldType.TIME:
        return moment.time().isoformat("seconds")
    if kind is FieldType.DATE:
        return moment.date().isoformat()
    if _names_a_day(bound):
        moment = datetime.combine(moment.date(), time(23, 59, 59) if is_most else time())
    elif is_relative(bound):
        return _in_utc(_moment(bound, kind, now, UTC), UTC)  # the hour that comes twice is one of them here
    return _in_utc(moment, zone)


def _moment(bound: str, kind: FieldType, now: datetime | None, zone: tzinfo | None) -> datetime:
    """A bound as a local date and time of the input's zone."""
    relative = _RELATIVE.fullmatch(bound)
    if relative is not None:
        here = (now or datetime.min.replace(tzinfo=UTC)).astimezone(zone or UTC)
        shift = int(relative["steps"]) * _UNITS[relative["unit"]] if relative["unit"] else timedelta()
        if relative["unit"] == "h":  # hours are hours, also when a clock is changed between
            return (here.astimezone(UTC) + shift).astimezone(here.tzinfo).replace(tzinfo=None)
        return here.replace(tzinfo=None) + shift
    try:
        if kind is FieldType.TIME:
            return datetime.combine(date(1900, 1, 1), time.fromisoformat(bound))
        return datetime.combine(date.fromisoformat(bound), time()) if len(bound) == 10 else _written(bound, kind)
    except ValueError as error:
        raise ValueError(_expected(kind)) from error


def _written(bound: str, kind: FieldType) -> datetime:
    moment = datetime.fromisoformat(bound)
    if kind is not FieldType.DATETIME or moment.tzinfo is not None:
        raise ValueError(bound)
    return moment


def _names_a_day(bound: str) -> bool:
    return bound.endswith(("d", "w")) if is_relative(bound) and bound != "now" else len(bound) == len("2026-01-31")


def _in_utc(moment: datetime, zone: tzinfo | None) -> str:
    """As date-times are sent. At the ends of the calendar the zone is left out."""
    try:
        return moment.replace(tzinfo=zone or UTC).astimezone(UTC).replace(tzinfo=None).isoformat(" ", "seconds")
    except OverflowError:
        return moment.isoformat(" ", "seconds")


def _words(bound: str, kind: FieldType, now: datetime | None, zone: tzinfo | None) -> str:
    if not is_relative(bound):
        return bound
    moment = _moment(bound, kind, now, zone)
    is_day = kind is FieldType.DATE or _names_a_day(bound)
    return f"{cell_as_seen(moment.date() if is_day else moment.replace(second=0, microsecond=0))} ({bound})"


def _expected(kind: FieldType) -> str:
    return {
        FieldType.TIME: "times like 09:00",
        FieldType.DATE: "days like 2026-01-31, now, -60d or +2w",
        FieldType.DATETIME: "moments like 2026-01-31, 2026-01-31 18:00, now, -60d, +2w or -12h",
    }.get(kind, "numbers like 0 and 500000, in plain digits")
