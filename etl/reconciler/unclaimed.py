"""The activities that no row has claimed, by lead and by what they look like, without comparing each row with each."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import chain, product
from typing import TYPE_CHECKING, TypeAlias

from etl.reconciler.sent import whole_second

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from etl.reconciler.sent import SentRow
    from etl.records import SeenActivity

_CUSTOM = re.compile(r"mx_custom_\d+", re.IGNORECASE)
"""A custom field of the activity itself. Other members (`Status`, `Owner`, derived ones) LeadSquared fills by itself."""

_Index: TypeAlias = "Mapping[Hashable, Sequence[SeenActivity]]"


class Unclaimed:
    """Activities, each with its lead as text; None where its lead cannot be told.

    An activity looks like a row if it has the same custom fields and no others, the same note and, of further members,
    those that were sent: in any case and with any blanks. The row key's field is left out of it.
    """

    def __init__(self, activities: Sequence[tuple[SeenActivity, str | None]], key_field: str | None) -> None:
        self._activities = activities
        self._key_field = key_field
        self._indexes: dict[Hashable, _Index] = {}
        self._ids_on: dict[str | None, list[str]] = defaultdict(list)
        for activity, lead in activities:
            self._ids_on[lead].append(activity.activity_id)

    def without(self, taken: Collection[str]) -> Unclaimed:
        """What is left when these ids have been claimed."""
        left = [(activity, lead) for activity, lead in self._activities if activity.activity_id not in taken]
        return Unclaimed(left, self._key_field)

    def ids_on(self, lead: str | None) -> Sequence[str]:
        """All on this lead, whatever they look like. None: all whose lead cannot be told."""
        return self._ids_on.get(lead, ())

    def alike_on(self, lead: str | None, row: SentRow, note: str | None, *, with_time: bool) -> Sequence[SeenActivity]:
        """Those on this lead that look like the row but for their note, which looks like this one."""
        index = self._index(_further(row), with_time=with_time, per_lead=True)
        look, time = self._look(row.values, _further(row)), _second(row.time, with_time)
        return index.get((look, None if note is None else _loose(note), time, lead), ())

    def alike_anywhere(self, row: SentRow, *, with_time: bool) -> Iterator[str]:
        """Ids of those on any lead that may look like the row: what a read does not tell speaks against nothing."""
        index = self._index(_further(row), with_time=with_time, per_lead=False)
        look = self._look(row.values, _further(row))
        notes, times = (_loose(row.note or ""), None), dict.fromkeys([_second(row.time, with_time), None])
        alike = (index.get((look, note, time), ()) for note, time in product(notes, times))
        return (activity.activity_id for activity in chain.from_iterable(alike))

    def _index(self, further: tuple[str, ...], *, with_time: bool, per_lead: bool) -> _Index:
        """All activities by their look to rows that were sent with these further members; made once for all such rows."""
        asked = (further, with_time, per_lead)
        if asked not in self._indexes:
            index: dict[Hashable, list[SeenActivity]] = defaultdict(list)
            for activity, lead in self._activities:
                note = None if activity.note is None else _loose(activity.note)
                at = (self._look(activity.values, further), note, _second(activity.created_on, with_time))
                index[(*at, lead) if per_lead else at].append(activity)
            self._indexes[asked] = index
        return self._indexes[asked]

    def _look(self, values: Mapping[str, str], further: Iterable[str]) -> Hashable:
        customs = {(name, _loose(value)) for name, value in values.items() if value and _is_custom(name)}
        own = frozenset(pair for pair in customs if pair[0] != self._key_field)
        return own, tuple(_loose(values.get(name, "")) for name in further)


def _is_custom(name: str) -> bool:
    return _CUSTOM.fullmatch(name) is not None


def _further(row: SentRow) -> tuple[str, ...]:
    """The members beside custom fields that a row was sent with; few mappings have any, and all their rows the same."""
    return tuple(sorted(name for name in row.values if not _is_custom(name)))


def _loose(text: str) -> str:
    return " ".join(text.split()).casefold()


def _second(moment: datetime | None, with_time: bool) -> datetime | None:
    return whole_second(moment) if moment is not None and with_time else None
