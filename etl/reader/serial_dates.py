"""Dates and times as workbooks keep them: a number of days, and a number format that says it is one.

Source: ECMA-376 Part 1, 18.8.30 (built-in number formats), 18.8.31 (format codes), 18.17.4 (dates and times).
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple, cast

from etl.records import BrokenCell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.records import Cell

_DAY_MS = 86_400_000
_LAST_DAY = {False: 2_958_465, True: 2_957_003}  # 9999-12-31, by "counts from 1904"
_DAY_ZERO = date(1899, 12, 30).toordinal()
_MOST_NOTED = 20_000  # days, and times of day
_NO_SUCH_DAY = 60  # 1900-02-29, which Lotus 1-2-3 had, and Excel keeps
_HASHES = BrokenCell("########")  # what Excel shows where a number is no date

# Text in quotes, escaped and padding characters, and brackets (colour, locale, condition) except elapsed time ([h]).
_NO_CODES = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_SET_APART = re.compile(r"(?:\[[^\]]*\])*\[[<>=]")
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]")


class Shows(NamedTuple):
    """What a date format shows of a number: a day, a time of day, or elapsed time (which may exceed a day)."""

    day: bool = False
    time: bool = False
    elapsed: bool = False


_DAY, _TIME, _BOTH = Shows(day=True), Shows(time=True), Shows(day=True, time=True)
# 27-36 and 50-58 are day or time of day by the language of Excel (East Asian dates); the number itself tells which.
BUILT_IN: dict[int, Shows] = {
    **dict.fromkeys((14, 15, 16, 17, *range(27, 32), 36, *range(50, 55), 57, 58), _DAY),
    **dict.fromkeys((18, 19, 20, 21, *range(32, 36), 45, 47, 55, 56), _TIME),
    22: _BOTH,
    46: Shows(time=True, elapsed=True),
}


def shown_by(format_code: str) -> Shows | None:
    """What a custom number format shows, by the section for positive numbers; None when it is no date format.

    A condition sets some numbers apart (`[=0]"";dd/mm/yyyy`), so the section of the others counts as well.
    """
    sections = _NO_CODES.sub("", format_code).split(";")
    counting = sections[: 2 if _SET_APART.match(format_code) else 1]
    return next(filter(None, map(_shown_by_section, counting)), None)


def _shown_by_section(section: str) -> Shows | None:
    code = section.lower()
    shows_time = any(letter in code for letter in "hs")
    shows_day = any(letter in code for letter in "dy") or ("m" in code and not shows_time and "[m" not in code)
    elapsed = _ELAPSED.search(code) is not None
    return Shows(shows_day, shows_time or elapsed, elapsed) if shows_day or shows_time or elapsed else None


def moment(serial: float, shows: Shows, *, from_1904: bool) -> Cell:
    """The date, time of day or both that a number stands for, to the millisecond.

    A `date` only where neither the format nor the number has a time of day, so that nothing stored is lost.
    Elapsed time of a day or more is a text ("26:30:00"); what Excel itself cannot show as a date is a BrokenCell.
    """
    if not 0 <= serial < _LAST_DAY[from_1904] + 1:
        return _HASHES
    days, milliseconds = divmod(round(serial * _DAY_MS), _DAY_MS)
    if days > _NO_SUCH_DAY and not from_1904 and (shows.day or not shows.elapsed):  # nearly all dates: the quick way
        if milliseconds:
            return datetime.fromordinal(_DAY_ZERO + days) + timedelta(0, 0, 0, milliseconds)
        return (datetime if shows.time else date).fromordinal(_DAY_ZERO + days)
    of_day = timedelta(milliseconds=milliseconds)
    if shows.elapsed and not shows.day:
        return _elapsed(days, of_day)
    if days == 0 and not (from_1904 and shows.day):
        # A reference to an empty cell, formatted as a date, shows this day that never was.
        return BrokenCell("00/01/1900") if shows.day and not milliseconds else _time_of(of_day)
    if days == _NO_SUCH_DAY and not from_1904:
        return BrokenCell("29/02/1900")
    return narrowed(_day_zero(days, from_1904=from_1904) + timedelta(days=days) + of_day, shows)


class _Midnights(dict[int, datetime]):
    """By the number of a day. Raises LookupError for a day that `moment` has to look at."""

    def __missing__(self, days: int) -> datetime:
        if not _NO_SUCH_DAY < days <= _LAST_DAY[False]:
            raise LookupError(days)
        if len(self) >= _MOST_NOTED:
            self.clear()
        made = self[days] = datetime.fromordinal(_DAY_ZERO + days)
        return made


class _TimesOfDay(dict[int, timedelta]):
    """By milliseconds."""

    def __missing__(self, milliseconds: int) -> timedelta:
        if len(self) >= _MOST_NOTED:
            self.clear()
        made = self[milliseconds] = timedelta(milliseconds=milliseconds)
        return made


_midnights, _times_of_day = _Midnights(), _TimesOfDay()  # facts of the calendar, the same for every workbook


def moments(serials: Sequence[float], shows: Shows, *, from_1904: bool) -> Sequence[Cell]:
    """`moment` of each number, quicker where there are many: a table has few different days and times of day."""
    if from_1904 or not shows.day:
        return [moment(serial, shows, from_1904=from_1904) for serial in serials]
    try:
        return _ordinary_moments(serials, shows)
    except LookupError:
        return [moment(serial, shows, from_1904=False) for serial in serials]


def _ordinary_moments(serials: Sequence[float], shows: Shows) -> Sequence[Cell]:
    """Raises LookupError for days that `moment` has to look at."""
    if {*map(type, serials)} == {
        int
    }:  # a whole day is written as one: to reckon with large numbers takes longer than all else
        midnights = list(map(_midnights.__getitem__, cast("Sequence[int]", serials)))
        return midnights if shows.time else list(map(datetime.date, midnights))
    parts = [divmod(round(serial * _DAY_MS), _DAY_MS) for serial in serials]
    if shows.time:
        return [_midnights[days] + _times_of_day[milliseconds] for days, milliseconds in parts]
    return [
        _midnights[days] + _times_of_day[milliseconds] if milliseconds else _midnights[days].date()
        for days, milliseconds in parts
    ]


def narrowed(value: datetime, shows: Shows | None) -> datetime | date:
    """The date alone, where the format shows no time of day and the value has none."""
    has_time = value.time() != time(0)
    return value if has_time or shows is None or shows.time else value.date()


def _day_zero(days: int, *, from_1904: bool) -> datetime:
    if from_1904:
        return datetime(1904, 1, 1)  # noqa: DTZ001 - a cell's date has no zone until the mapping says which
    # The day that never was is behind day 60, so that earlier days count from one day later.
    return datetime(1899, 12, 31 if days < _NO_SUCH_DAY else 30)  # noqa: DTZ001 - as above


def _elapsed(days: int, of_day: timedelta) -> time | str:
    if days == 0:
        return _time_of(of_day)
    minutes, seconds = divmod(of_day.seconds, 60)
    return f"{days * 24 + minutes // 60}:{minutes % 60:02}:{seconds:02}"


def _time_of(of_day: timedelta) -> time:
    return (_day_zero(0, from_1904=True) + of_day).time()
