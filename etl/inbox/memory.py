"""What an inbox remembers from one night to the next: on which days files of each route came, and what was told."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from etl.inbox.folders import OWN, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_KEPT_DAYS = 60


@dataclass(slots=True)
class OfRoute:
    """since: the day from which on its files are looked for. arrived: days on which one came. told: days of which it was said
    that none did."""

    since: date
    arrived: set[date] = field(default_factory=set)
    told: set[date] = field(default_factory=set)


class Memory:
    """The memory of one inbox. What cannot be read is forgotten: then nothing is missed before today."""

    def __init__(self, root: Path) -> None:
        self._place = root / OWN / "memory.json"
        self._routes = _read(self._place)

    def of(self, route: str, today: date) -> OfRoute:
        """What is remembered of a route; a new one is looked for from today on."""
        return self._routes.setdefault(route, OfRoute(today))

    def note_arrival(self, route: str, day: date, today: date) -> None:
        """Remember that a file of the route came on that day, before it is taken."""
        known = self.of(route, today)
        if day not in known.arrived:
            known.arrived.add(day)
            self.keep(today)

    def keep(self, today: date) -> None:
        """Write it down, what is long past left out."""
        oldest = today - timedelta(days=_KEPT_DAYS)
        told = {
            name: {
                "since": one.since.isoformat(),
                "arrived": _texts(one.arrived, oldest),
                "told": _texts(one.told, oldest),
            }
            for name, one in self._routes.items()
        }
        write_whole(self._place, json.dumps({"version": 1, "routes": told}, ensure_ascii=False, indent=1) + "\n")


def _texts(days: Iterable[date], oldest: date) -> list[str]:
    return sorted(day.isoformat() for day in days if day >= oldest)


def _read(place: Path) -> dict[str, OfRoute]:
    try:
        routes = json.loads(place.read_text("utf-8"))["routes"]
        return {
            name: OfRoute(date.fromisoformat(one["since"]), _days(one["arrived"]), _days(one["told"]))
            for name, one in routes.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _days(texts: Iterable[str]) -> set[date]:
    return {date.fromisoformat(text) for text in texts}
