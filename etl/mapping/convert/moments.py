"""Date, time and datetime: true ones as they are, texts by their declared format, date-times through their zone to UTC.

LeadSquared: requests carry `YYYY-MM-DD HH:MM:SS` in UTC. A date or a time of day never passes through a zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from etl.findings import (
    DateAmbiguous,
    DateFormat,
    DateMissing,
    EarlyDate,
    NotADate,
    Problem,
    TimeMissing,
    TooPrecise,
)
from etl.mapping.convert.cells import cell_as_seen
from etl.mapping.convert.local_clock import LocalClock
from etl.mapping.convert.quick_moments import QuickDateTimes, QuickMoments
from etl.mapping.convert.typed_format import TypedFormat
from etl.records import ShownNumber

if TYPE_CHECKING:
    from datetime import tzinfo

    from etl.mapping.convert.cells import ColumnRules, Read, Reads
    from etl.mapping.convert.day_and_month import DaysSeen

_ISO = {  # what a text is read by when the mapping declares no format: ISO 8601 in its extended form
    "date": ("%Y-%m-%d",),
    "time": ("%H:%M", "%H:%M:%S"),
    "date and time": (
        *(
            f"%Y-%m-%d{between}{clock}{offset}"
            for between in (" ", "T")
            for clock in ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f")
            for offset in ("", "%z")
        ),
        "%Y-%m-%d",
    ),
}

_FIRST_SURE_DAY = date(1900, 3, 1)  # before it, Excel's days are one off: it has a 29 February 1900
_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 (ECMA-376 18.17.4.1: serial 61 is 1 March 1900)
_FIRST_SERIAL, _LAST_SERIAL = 61, 2_958_465  # 1900-03-01 and 9999-12-31


@dataclass(frozen=True, slots=True)
class _Texts:
    """How the texts of one column are read. kind: what they are, in words. may_swap: whether day and month are both digits."""

    kind: str
    formats: tuple[TypedFormat, ...]
    days: DaysSeen | None
    may_swap: bool

    @classmethod
    def of(cls, kind: str, rules: ColumnRules) -> _Texts:
        formats = tuple(TypedFormat.of(text) for text in rules.rule.format or _ISO[kind])
        may_swap = any(one.day_and_month_may_swap for one in formats)
        return cls(kind, formats, rules.days, may_swap)

    def read(self, text: str) -> datetime | Problem:
        typed = text.strip()
        found: list[datetime] = []
        impossible = False
        for one in self.formats:
            try:
                moment = one.read(typed)
            except ValueError:
                impossible = True
                continue
            if moment is not None and moment not in found:
                found.append(moment)
        if len(found) == 1:
            return self._noted(found[0], typed)
        if found:
            return DateAmbiguous(typed, (self._seen(found[0]), self._seen(found[1])))
        if self.days is not None:
            self.days.note_unread(typed)
        return DateFormat(typed, self.kind, self.typed_as, impossible)

    @property
    def typed_as(self) -> str:
        """The formats as a person types them."""
        shown = self.formats if len(self.formats) <= 4 else self.formats[:1]
        return " or ".join(one.typed_as for one in shown)

    @property
    def has_time(self) -> bool:
        return all(one.has_time for one in self.formats)

    def _noted(self, moment: datetime, typed: str) -> datetime:
        if self.days is not None and not self.days.in_order:
            self.days.note_text(moment, typed, may_swap=self.may_swap)
        return moment

    def _seen(self, moment: datetime) -> str:
        if self.kind == "date":
            return cell_as_seen(moment.date())
        return cell_as_seen(moment.time() if self.kind == "time" else moment)


def _whole_second(moment: datetime) -> datetime:
    """A spreadsheet's date is a binary fraction: 10:30:00 may arrive as 10:29:59.999995."""
    if not moment.microsecond:
        return moment
    return moment.replace(microsecond=0) + timedelta(seconds=moment.microsecond >= 500_000)


def date_(rules: ColumnRules) -> Reads:
    """`YYYY-MM-DD`."""
    texts = _Texts.of("date", rules)

    def of_text(text: str) -> str | Problem:
        moment = texts.read(text)
        return moment.date().isoformat() if isinstance(moment, datetime) else moment

    def of_date(day: date) -> str | Problem:
        if day < _FIRST_SURE_DAY:
            return EarlyDate(cell_as_seen(day))
        if texts.days is not None:
            texts.days.note_true(day)
        return day.isoformat()

    def of_datetime(moment: datetime) -> str | Problem:
        if _whole_second(moment).time() != time():
            return TooPrecise(cell_as_seen(moment), "date")
        return of_date(_whole_second(moment).date())

    return {
        str: of_text,
        date: of_date,
        datetime: of_datetime,
        time: lambda clock: DateMissing(cell_as_seen(clock)),
        **_no_moment("date", of_text, rules),
    }


def time_(rules: ColumnRules) -> Reads:
    """`HH:MM:SS`."""
    texts = _Texts.of("time", rules)

    def of_text(text: str) -> str | Problem:
        moment = texts.read(text)
        return moment.time().isoformat("seconds") if isinstance(moment, datetime) else moment

    return {
        str: of_text,
        time: lambda clock: clock.isoformat("seconds"),
        date: lambda day: TimeMissing(cell_as_seen(day)),
        datetime: lambda moment: TooPrecise(cell_as_seen(moment), "time"),
        **_no_moment("time", of_text, rules),
    }


def datetime_(rules: ColumnRules) -> Reads:
    """`YYYY-MM-DD HH:MM:SS` in UTC. A day alone is its midnight, unless the format promises a time of day."""
    texts = _Texts.of("date and time", rules)
    clock = _clock_of(rules.zone or UTC)  # keys of rows are read without a zone
    day_is_enough = not rules.rule.format or not texts.has_time

    def of_text(text: str) -> str | Problem:
        moment = texts.read(text)
        return clock.to_utc(moment, text) if isinstance(moment, datetime) else moment

    def of_datetime(moment: datetime) -> str | Problem:
        if moment.date() < _FIRST_SURE_DAY:
            return EarlyDate(cell_as_seen(moment))
        if texts.days is not None:
            texts.days.note_true(moment)
        return clock.to_utc(_whole_second(moment), cell_as_seen(moment))

    def of_date(day: date) -> str | Problem:
        if not day_is_enough:
            return TimeMissing(cell_as_seen(day))
        return of_datetime(datetime.combine(day, time()))

    return {
        str: QuickMoments(of_text, texts.formats, clock),
        datetime: QuickDateTimes(of_datetime, clock),
        date: of_date,
        time: lambda clock: DateMissing(cell_as_seen(clock)),
        **_no_moment("date and time", of_text, rules),
    }


@lru_cache(maxsize=8)
def _clock_of(zone: tzinfo) -> LocalClock:
    """One clock for all columns: what it has asked the zone about a day it need not ask for another column."""
    return LocalClock(zone)


def _no_moment(kind: str, of_text: Read, rules: ColumnRules) -> Reads:
    """A bare number may be a date that lost its format, or no date at all: a person must look.

    Only digits that no spreadsheet takes for a date, like 20260203, are read by a format that is all digits (`%Y%m%d`).
    """

    def of_number(number: int | float) -> str | Problem:
        seen = cell_as_seen(number)
        if rules.rule.format and number > _LAST_SERIAL and seen.isascii() and seen.isdigit():
            return of_text(seen)
        return NotADate(seen, kind, _would_be(float(number), kind))

    numbers = dict.fromkeys((int, float, ShownNumber), of_number)
    return {**numbers, bool: lambda truth: NotADate(cell_as_seen(truth), kind)}


def _would_be(serial: float, kind: str) -> str | None:
    """What a spreadsheet shows a number as, where days are counted from 1900; None where that says nothing."""
    if kind == "time" and 0 <= serial < 1:
        return cell_as_seen(_whole_second(_DAY_ZERO + timedelta(days=serial)).time())
    if not _FIRST_SERIAL <= serial < _LAST_SERIAL + 1:
        return None
    moment = _whole_second(_DAY_ZERO + timedelta(days=serial))
    return cell_as_seen(moment.date() if moment.time() == time() else moment)
