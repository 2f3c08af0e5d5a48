"""`--not-before` and `--not-after` of what is submitted: times of each day, in a zone that is named or this machine's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from etl.cli.local_zone import local_zone
from etl.errors import UsageError

if TYPE_CHECKING:
    from etl.cli.world import World
    from etl.fleet.order import Window

_TIME = re.compile(r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)", re.ASCII)


def window(not_before: str | None, not_after: str | None, zone: str | None, world: World) -> Window | None:
    """The window that was asked for, None where none was.

    Raises: UsageError — a text is no time or no zone, or no zone is named and this machine tells none.
    """
    from etl.fleet.order import Window  # noqa: PLC0415 — only where there is a fleet

    opens, closes = _time("--not-before", not_before), _time("--not-after", not_after)
    if opens is None and closes is None:
        if zone is not None:
            raise UsageError(
                "--time-zone says what --not-before and --not-after mean, and neither is there. Leave it out."
            )
        return None
    if opens == closes:
        raise UsageError(f"--not-before {opens} and --not-after {closes}: there is no time between them.")
    return Window(opens, closes, _zone(zone, world))


def _time(option: str, typed: str | None) -> str | None:
    if typed is None:
        return None
    found = _TIME.fullmatch(typed.strip())
    if found is None:
        raise UsageError(f"{option} {typed}: this is no time of day. Write hours and minutes of 24 hours, like 20:00.")
    return f"{int(found['hour']):02}:{found['minute']}"


def _zone(typed: str | None, world: World) -> str:
    name = typed or local_zone(world.environ)
    if name is None:
        raise UsageError(
            "--not-before, --not-after: workers may be in other zones, and this machine does not tell in which it is. Say it "
            "with --time-zone, like --time-zone Asia/Kolkata, or --time-zone UTC."
        )
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(f"--time-zone {name}: there is no zone of that name. Write it like Asia/Kolkata.") from error
    return name
