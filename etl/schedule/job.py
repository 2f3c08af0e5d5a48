"""What is to be started, when, and in which surroundings, as frozen types."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.errors import UsageError
from etl.quoting import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

_AT = re.compile(r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)", re.ASCII)
_EVERY = re.compile(r"(?P<number>\d{1,4}) ?(?P<unit>m|min|h)", re.ASCII)
_HOUR, _DAY = 60, 24 * 60


@dataclass(frozen=True, slots=True)
class Daily:
    """Once a day, by the clock of the machine."""

    hour: int
    minute: int


@dataclass(frozen=True, slots=True)
class Every:
    """Again and again, at times that are the same on every day: the minutes divide an hour, or a day in whole hours."""

    minutes: int


@dataclass(frozen=True, slots=True)
class Job:
    """A command with its surroundings.

    name: of the job, for files and lists. words: the command, its program first, by an absolute path. folder: in which it
    starts, an absolute path. environ: no secrets. remarks: what a person should know, one sentence each. user: whose job
    it is, "" for who sets it up.
    """

    name: str
    words: tuple[str, ...]
    folder: str
    environ: Mapping[str, str]
    when: Daily | Every
    remarks: tuple[str, ...] = ()
    user: str = ""

    def __post_init__(self) -> None:
        """Refuse what no crontab, unit or task can hold: a line ends where a line breaks."""
        for text in (*self.words, self.folder, *self.environ.values()):
            if any(ord(sign) < 32 or ord(sign) == 127 for sign in text):
                raise UsageError(
                    f"{shown(text)}: a line break or another control character cannot be in a scheduled command."
                )


def parse_at(text: str) -> Daily:
    """`21:30` as a time of day.

    Raises: UsageError — it is none.
    """
    found = _AT.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"--at {text}: this is no time of day. Write hours and minutes of 24 hours, like 21:30.")
    return Daily(int(found["hour"]), int(found["minute"]))


def parse_every(text: str) -> Every:
    """`15m` or `2h` as a length of time that divides an hour or a day.

    Raises: UsageError — it is none, or does not divide either (with the lengths near it that do).
    """
    found = _EVERY.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"--every {text}: this is no length of time. Write minutes or hours, like 15m or 2h.")
    minutes = int(found["number"]) * (_HOUR if found["unit"] == "h" else 1)
    possible = [one for one in range(1, _DAY) if _HOUR % one == 0 or (one % _HOUR == 0 and _DAY % one == 0)]
    if minutes == _DAY:
        raise UsageError(f"--every {text}: once a day is said with its time, like --at 21:30.")
    if minutes not in possible:
        smaller = max((one for one in possible if one < minutes), default=1)
        larger = min((one for one in possible if one > minutes), default=_DAY // 2)
        near = " or ".join(dict.fromkeys([in_short(smaller), in_short(larger)]))
        raise UsageError(f"--every {text}: that divides neither an hour nor a day evenly. Write {near}.")
    return Every(minutes)


def in_short(minutes: int) -> str:
    """`15m`, `2h`."""
    return f"{minutes // _HOUR}h" if minutes % _HOUR == 0 else f"{minutes}m"


def in_words(when: Daily | Every) -> str:
    """`every day at 21:30`, `every 15 minutes`."""
    if isinstance(when, Daily):
        return f"every day at {when.hour:02}:{when.minute:02} by the clock of this machine"
    count, unit = (when.minutes // _HOUR, "hour") if when.minutes % _HOUR == 0 else (when.minutes, "minute")
    return f"every {unit}" if count == 1 else f"every {count} {unit}s"
