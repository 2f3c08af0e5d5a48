"""What a stop for the day's quota says of an input: how many of its rows wait, and when they may go."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from etl.delivery.quota import next_day

if TYPE_CHECKING:
    from datetime import datetime

    from etl.delivery.decide import StopCause
    from etl.stages.prepare import PreparedInput


def say_how_many_wait(cause: StopCause, rows: int, prepared: PreparedInput, now: datetime) -> StopCause:
    """The cause in the words of one input: `38,211 rows wait; run the same command after 00:00 UTC (05:30 in Asia/Kolkata).`

    The hour is also told in the zone of the sheet, where the mapping has one, else in that of this machine.
    """
    if not cause.is_for_today or not rows:
        return cause
    name = prepared.mapping.mapping.input.time_zone
    moment = next_day(now, ZoneInfo(name) if name else None, name)
    wait = "1 row waits" if rows == 1 else f"{rows:,} rows wait"
    return replace(cause, remedy=f"{wait}; run the same command after {moment}.")
