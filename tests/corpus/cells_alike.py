"""Whether a cell of ours and a cell as LibreOffice sees it are the same to a person."""

from __future__ import annotations

import math
import re
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from etl.records import BrokenCell, ShownNumber

if TYPE_CHECKING:
    from office_view import Seen

    from etl.records import Cell

_DURATION = re.compile(r"(-?)PT(\d+)H(\d+)M(\d+)(?:[.,](\d+))?S")


def difference(ours: Cell, seen: Seen | None) -> str | None:
    """What differs, in words; None for cells that are alike. An error of the sheet is named by a finding, so it is no loss."""
    if isinstance(ours, BrokenCell):
        return None
    if seen is None or (seen.value == "" and seen.shown == ""):
        return None if ours is None or ours == "" else f"ours {ours!r}, theirs nothing"
    if ours is None:
        return f"ours nothing, theirs {seen.kind} {seen.value!r} shown {seen.shown!r}"
    if _is_alike(ours, seen):
        return None
    return f"ours {ours!r}, theirs {seen.kind} {seen.value!r} shown {seen.shown!r}"


def _is_alike(ours: Cell, seen: Seen) -> bool:
    if isinstance(ours, bool):
        # LibreOffice shows the truth values of old workbooks as 1 and 0.
        return seen.value in (str(ours).lower(), str(int(ours))) or seen.shown == str(ours).upper()
    if isinstance(ours, (int, float)):
        is_number = seen.kind in ("float", "percentage", "currency") and _is_close(ours, seen.value)
        return is_number and (not isinstance(ours, ShownNumber) or _plain(ours.shown) == _plain(seen.shown))
    if isinstance(ours, str):
        return _lines(ours) in (_lines(seen.value), _lines(seen.shown)) or ours == _duration(seen)
    if isinstance(ours, time):
        return _duration(seen) == _clock(timedelta(hours=ours.hour, minutes=ours.minute, seconds=ours.second)) or (
            seen.kind == "date" and datetime.fromisoformat(seen.value).time() == ours
        )
    if seen.kind != "date":
        return False
    theirs = datetime.fromisoformat(seen.value[:26]).replace(tzinfo=None)
    at = ours if isinstance(ours, datetime) else datetime(ours.year, ours.month, ours.day)  # noqa: DTZ001 - no zone here
    return abs(at - theirs) < timedelta(milliseconds=10)  # LibreOffice writes hundredths


def _plain(shown: str) -> str:
    """Without what differs with the language of the program that shows it, and without the room that formats leave."""
    return shown.replace(",", ".").strip()


def _is_close(ours: float, theirs: str) -> bool:
    return math.isclose(ours, float(theirs), rel_tol=1e-14, abs_tol=1e-300)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip(" ")


def _duration(seen: Seen) -> str:
    """A time as `HH:MM:SS`, hours beyond a day included; the fraction is left to the reader's own tests."""
    found = _DURATION.fullmatch(seen.value) if seen.kind == "time" else None
    if not found:
        return ""
    fraction = float(f"0.{found[5] or 0}")
    return _clock(timedelta(hours=int(found[2]), minutes=int(found[3]), seconds=int(found[4]) + fraction))


def _clock(length: timedelta) -> str:
    whole = int(length.total_seconds() + 0.0005)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
