"""Which columns a fetched file has, in an order that does not depend on what came first, and the cells of a line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from etl.mapping.fetched_lines import FINGERPRINT_COLUMN, defused_text, fingerprint_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from zoneinfo import ZoneInfo

    from etl.api.fetching import Line

ASKED_FOR = "AskedFor"
"""The value by which the line's lead was asked for, as it stood on the command line or in the sheet."""

_MOMENTS = ("CreatedOn", "ModifiedOn")
_FIRST = ("ProspectActivityId", "RelatedProspectId", "ActivityEvent", "ActivityEventName", "ActivityNote")
_WHO = ("CreatedBy", "CreatedByName", "CreatedByEmailAddress", "ModifiedBy", "ModifiedByName")
_LAST = ("Status", "Owner")
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class FetchedColumns:
    """The columns of one file. headers: all of them, the fingerprint last. zone: of the local times, None without any."""

    headers: tuple[str, ...]
    zone: ZoneInfo | None = None

    @classmethod
    def of(cls, fields: Collection[str], zone: ZoneInfo | None, *, has_asked: bool) -> FetchedColumns:
        """The columns for activities that have these fields between them. has_asked: single leads were asked for."""
        fixed = (*_FIRST, *_MOMENTS, *_WHO, *_LAST)
        times = [header for name in _MOMENTS for header in _of_moment(name, zone)]
        asked = (ASKED_FOR,) if has_asked else ()
        others = sorted(set(fields) - set(fixed), key=_as_a_person_sorts)
        headers = (*_FIRST[:2], *asked, *_FIRST[2:], *times, *_WHO, *_LAST, *others, FINGERPRINT_COLUMN)
        return cls(headers, zone)

    def cells(self, line: Line, asked_for: str | None) -> list[str | None]:
        """The cells of an activity, in the order of the headers; None where it has nothing. Without the fingerprint."""
        told: dict[str, str | None] = dict(line)
        told[ASKED_FOR] = asked_for
        for name in _MOMENTS:
            told |= dict(zip(_of_moment(name, self.zone), _times(line.get(name), self.zone), strict=True))
        return [told.get(header) or None for header in self.headers[:-1]]

    def sealed(self, cells: list[str | None]) -> list[str | None]:
        """The cells as they are written: no formula among them, and the fingerprint of what they say at the end."""
        mark = fingerprint_of(zip(self.headers, cells, strict=False))
        return [*(None if cell is None else defused_text(cell) for cell in cells), mark]


def _of_moment(name: str, zone: ZoneInfo | None) -> tuple[str, ...]:
    return (f"{name} (UTC)",) if zone is None else (f"{name} (UTC)", f"{name} ({zone.key})")


def _times(utc: str | None, zone: ZoneInfo | None) -> tuple[str | None, ...]:
    if zone is None:
        return (utc,)
    try:
        moment = datetime.fromisoformat(utc or "").replace(tzinfo=UTC)
    except ValueError:  # none, or told in a form that is not known
        return (utc, None)
    return (utc, f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}")


def _as_a_person_sorts(name: str) -> tuple[bool, list[tuple[bool, int, str]]]:
    """mx_Custom_2 before mx_Custom_10, LeadSquared's own names before the account's."""
    parts = [part for part in _DIGITS.split(name) if part]
    return name.startswith("mx_"), [
        (part.isdigit(), int(part) if part.isdigit() else 0, part.casefold()) for part in parts
    ]
