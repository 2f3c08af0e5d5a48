"""`--not-after` and `--max-runtime` as they are typed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from etl.deadlines import MaxRuntime, NotAfter
from etl.errors import UsageError

if TYPE_CHECKING:
    from etl.clock import Clock
    from etl.deadlines import Deadline

_SECONDS = {"h": 3600, "m": 60, "s": 1}
_RUNTIME = re.compile(r"(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?(?:(?P<s>\d+)s)?", re.ASCII | re.IGNORECASE)
_MOMENT = re.compile(r"(?:(?P<date>\d{4}-\d{2}-\d{2})[ T])?(?P<time>\d{1,2}:\d{2})", re.ASCII)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_AT_MOST_AHEAD = timedelta(hours=12)
"""A time of day that has passed today means tomorrow's only if that is nearer: started at 22:00, 06:00 is clear."""


def deadlines(not_after: str | None, max_runtime: str | None, clock: Clock) -> tuple[tuple[Deadline, ...], list[str]]:
    """The deadlines of a command, and a sentence for each that has to be said: which moment is meant.

    Raises: UsageError — a text that is neither a time nor a length of time, or that could be read in two ways.
    """
    found: list[Deadline] = []
    said: list[str] = []
    if max_runtime is not None:
        found.append(MaxRuntime(seconds_of(max_runtime, "--max-runtime"), max_runtime, clock))
    if not_after is not None:
        moment = _moment(not_after, clock.now())
        local = moment.astimezone()
        shown = f"{_DAYS[local.weekday()]} {local:%Y-%m-%d %H:%M} ({_offset(local)})"
        found.append(NotAfter(moment, f"{local:%H:%M}", clock))
        said.append(f"No request is sent after {shown}.")
    return tuple(found), said


def seconds_of(typed: str, option: str) -> float:
    """`2h30m` as seconds.

    Raises: UsageError — it is no length of time.
    """
    text = typed.strip()
    matched = _RUNTIME.fullmatch(text)
    seconds = sum(int(number) * _SECONDS[unit] for unit, number in matched.groupdict("0").items()) if matched else 0
    if not seconds:
        meant = f' For {text} minutes write "{text}m".' if text.isdecimal() else ""
        raise UsageError(f'{option} "{typed}" is no length of time. Write it like 2h, 90m or 2h30m.{meant}')
    return float(seconds)


def _moment(typed: str, now: datetime) -> datetime:
    """The moment, in UTC. A local time that exists twice, or not at all, means the earlier moment: nothing goes out later."""
    try:
        day, at = _typed(typed)
    except ValueError:
        raise UsageError(
            f'--not-after "{typed}" is no time. Write it like 18:00, or with a day like "2026-06-30 18:00"; it is the local '
            "time of this machine."
        ) from None
    today = now.astimezone().date()
    moment = _earlier(datetime.combine(day or today, at))
    if moment > now:
        return moment
    if day is not None:
        raise UsageError(f"--not-after {typed}: that has passed already. Nothing was sent.")
    tomorrow = _earlier(datetime.combine(today + timedelta(days=1), at))
    if tomorrow - now > _AT_MOST_AHEAD:
        raise UsageError(
            f"--not-after {typed}: {at:%H:%M} has passed today, so nothing was sent. If tomorrow's is meant, write "
            f'--not-after "{today + timedelta(days=1)} {at:%H:%M}".'
        )
    return tomorrow


def _typed(text: str) -> tuple[date | None, time]:
    """Raises: ValueError — no time, or a day or an hour that does not exist."""
    matched = _MOMENT.fullmatch(text.strip())
    if matched is None:
        raise ValueError(text)
    day = date.fromisoformat(matched["date"]) if matched["date"] else None
    return day, time.fromisoformat(matched["time"].zfill(5))


def _earlier(local: datetime) -> datetime:
    return min(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))


def _offset(local: datetime) -> str:
    text = f"{local:%z}"
    return f"UTC{text[:3]}:{text[3:5]}"
