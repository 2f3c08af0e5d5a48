"""The usual texts of a column of moments, composed from what the slow way has given for their day and their time of day.

`26/08/2025 14:48` is read by regular expression, calendar and zone once for the day and once for 14:48, not once for each
row. Only what is sure is composed: a text of a format whose numbers all have their full width, which no other format of the
column reads, on a day through which one offset holds. All else, and all that is wrong, is left to the slow way.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from operator import add, itemgetter
from typing import TYPE_CHECKING, Any

from etl.findings import Problem
from etl.mapping.convert.typed_format import TypedFormat

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from etl.mapping.convert.local_clock import LocalClock

_MOST_KNOWN = 20_000  # days, and times of day: seconds have more, and must not fill the memory
_ISO = TypedFormat.of("%Y-%m-%d %H:%M:%S")
_ANY_DAY = datetime(2000, 1, 10)  # noqa: DTZ001 (its local time)

_Clocks = dict[str, tuple[int, str]]
"""The end of a text → by how many days its UTC date is later, and the time of day in UTC, with a space before it."""


class QuickMoments:
    """Reads the texts of one column as `slow` does, in a tenth of the time.

    Each day is read by it once at least, so that whatever days tell of a column is noted.
    """

    def __init__(
        self,
        slow: Callable[[str], str | Problem],
        formats: Sequence[TypedFormat],
        clock: LocalClock,
    ) -> None:
        self._slow = slow
        self._formats = formats
        self._clock = clock
        self._form: TypedFormat | None = (
            None  # that of the first text that was composed: a column has hardly another one
        )
        self._split = 0
        # the beginning of a text → UTC dates of the same day, the next and the one before; and the ends of its texts
        self._days: dict[str, tuple[tuple[str, str, str], _Clocks]] = {}
        self._clocks: dict[timedelta, _Clocks] = {}
        # the same in the shape of most columns, with one offset and the date of UTC: its day and its time from their texts
        self._offset: timedelta | None = None
        self._dates: dict[str, str] = {}
        self._times: dict[str, str] = {}
        self._beginning, self._end = _split_at(0)

    def __call__(self, text: str) -> str | Problem:
        """The UTC text, or what is wrong."""
        known = self._days.get(text[: self._split])
        if known is not None:
            dates, clocks = known
            end = clocks.get(text[self._split :])
            if end is not None:
                return dates[end[0]] + end[1]
        sent = self._slow(text)
        if not isinstance(sent, Problem):
            self._learn(text)
        return sent

    def many(self, texts: Sequence[str], one: Callable[[str], Any]) -> list[Any]:
        """The same for many. one: how those are read that cannot be composed, or mean no value."""
        try:
            days = map(self._dates.__getitem__, map(self._beginning, texts))
            return list(map(add, days, map(self._times.__getitem__, map(self._end, texts))))
        except KeyError:  # half the time of asking for each whether its parts are known is worth a try in vain
            return self._one_after_another(texts, one)

    def _one_after_another(self, texts: Sequence[str], one: Callable[[str], Any]) -> list[Any]:
        days, split, found = self._days, self._split, []
        for text in texts:
            known = days.get(text[:split])
            end = known[1].get(text[split:]) if known is not None else None
            if known is None or end is None:
                found.append(one(text))
                split = self._split
            else:
                found.append(known[0][end[0]] + end[1])
        return found

    def _learn(self, text: str) -> None:
        """Keep the parts of a text that was read, if they mean in each text what they mean in this one."""
        form = self._form or next((one for one in self._formats if one.is_full_width(text)), None)
        if form is None or not form.is_full_width(text) or [one for one in self._formats if one.fits(text)] != [form]:
            return
        moment = form.read(text)
        offset = self._clock.offset_of_day(moment) if moment is not None else None
        if moment is None or offset is None:
            return
        if form is not self._form:
            self._form, self._split = form, form.day_width
            self._beginning, self._end = _split_at(self._split)
        for known in (self._days, self._clocks.setdefault(offset, {}), self._dates, self._times):
            if len(known) >= _MOST_KNOWN:
                known.clear()
        if self._knows_day(text[: self._split], moment, offset):
            self._learn_time(text[self._split :], moment, offset)

    def _knows_day(self, day: str, moment: datetime, offset: timedelta) -> bool:
        """Learn a day that is new. Returns: whether it is known, which days at the ends of the calendar cannot be."""
        if day not in self._days:
            try:
                dates = [(moment + timedelta(days=days)).date().isoformat() for days in (0, 1, -1)]
            except OverflowError:
                return False
            self._days[day] = ((dates[0], dates[1], dates[2]), self._clocks[offset])
            self._offset = offset if self._offset is None else self._offset
            if offset == self._offset:
                self._dates[day] = dates[0]
        return True

    def _learn_time(self, clock: str, moment: datetime, offset: timedelta) -> None:
        there = datetime.combine(_ANY_DAY, moment.time()) - offset
        later, time = (there.date() - _ANY_DAY.date()).days, there.isoformat(" ", "seconds")[10:]
        self._clocks[offset][clock] = (later, time)
        if offset == self._offset and not later:
            self._times[clock] = time


class QuickDateTimes:
    """The same for true date-times, by the texts that ISO 8601 has for them."""

    def __init__(self, slow: Callable[[datetime], str | Problem], clock: LocalClock) -> None:
        self._slow = slow
        self._quick = QuickMoments(lambda text: slow(datetime.fromisoformat(text)), (_ISO,), clock)

    def __call__(self, moment: datetime) -> str | Problem:
        """The UTC text, or what is wrong."""
        return self._slow(moment)

    def many(self, texts: Sequence[datetime], one: Callable[[datetime], Any]) -> list[Any]:  # noqa: ARG002 (read as texts)
        """The same for many."""
        return self._quick.many(list(map(str, texts)), self._quick)


def _split_at(place: int) -> tuple[Callable[[str], str], Callable[[str], str]]:
    """What gives the beginning of a text, and what gives its end."""
    return itemgetter(slice(place)), itemgetter(slice(place, None))
