"""Local date-times of one zone as the UTC texts that LeadSquared takes, or why a clock change forbids it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from etl.findings import Problem, TimeSkipped, TimeTwice, YearOutOfRange

if TYPE_CHECKING:
    from datetime import tzinfo


_ENDS_OF_HOURS = tuple(
    time(hour, *end, fold=fold) for hour in range(24) for end in ((0, 0), (59, 59)) for fold in (0, 1)
)


class LocalClock:
    """The clock on the wall that date-times of a file were read from."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        # asking the zone twice for every row would take longer than all else: most hours have no clock change
        self._of_hour: dict[int, timedelta | None] = {}
        self._of_day: dict[int, timedelta | None] = {}

    def to_utc(self, moment: datetime, shown: str) -> str | Problem:
        """The UTC text of a local date-time, or of one with its own offset. shown: the moment as the cell has it."""
        own = moment.utcoffset()
        if own is not None:
            return _sent(moment.replace(tzinfo=None), own, shown)
        hour = moment.toordinal() * 24 + moment.hour
        if hour not in self._of_hour:
            self._of_hour[hour] = self._offset_of_hour(moment)
        offset = self._of_hour[hour]
        return _sent(moment, offset, shown) if offset is not None else self._near_a_change(moment, shown)

    def offset_of_day(self, moment: datetime) -> timedelta | None:
        """The offset that the whole local day around a moment has; None if it has more than one, or a clock change."""
        day = moment.toordinal()
        if day not in self._of_day:
            date, offset_at = moment.date(), self._zone.utcoffset
            offsets = {offset_at(datetime.combine(date, end)) for end in _ENDS_OF_HOURS}
            self._of_day[day] = offsets.pop() if len(offsets) == 1 else None
        return self._of_day[day]

    def _offset_of_hour(self, moment: datetime) -> timedelta | None:
        """The offset that the whole hour around a moment has; None if it has more than one."""
        start = moment.replace(minute=0, second=0, microsecond=0)
        ends = (start, start.replace(minute=59, second=59))
        offsets = {self._zone.utcoffset(end.replace(fold=fold)) for end in ends for fold in (0, 1)}
        return offsets.pop() if len(offsets) == 1 else None

    def _near_a_change(self, moment: datetime, shown: str) -> str | Problem:
        """PEP 495: a clock change touches a local time for which the offsets of fold 0 and 1 differ.

        The first is the larger one when the hour comes twice, and the smaller one when it is jumped over.
        """
        offset = self._zone.utcoffset(moment) or timedelta()
        other = self._zone.utcoffset(moment.replace(fold=1)) or timedelta()
        if offset == other:
            return _sent(moment, offset, shown)
        return (TimeTwice if offset > other else TimeSkipped)(shown.strip(), str(self._zone))


def _sent(local: datetime, offset: timedelta, shown: str) -> str | Problem:
    """LeadSquared: `YYYY-MM-DD HH:MM:SS` in UTC."""
    try:
        return (local - offset).isoformat(" ", "seconds")
    except OverflowError:
        return YearOutOfRange(shown.strip())
