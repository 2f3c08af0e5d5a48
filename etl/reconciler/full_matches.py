"""Which unclaimed activities show exactly what was sent for which rows, and where that does not tell the rows apart."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from etl.reconciler.sent import key_shown, shows_values
from etl.reconciler.trust import Kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from etl.reconciler.sent import SentRow
    from etl.reconciler.trust import Trust
    from etl.reconciler.unclaimed import Unclaimed


@dataclass(frozen=True, slots=True)
class Matched:
    """Rows that are equal as far as this account's reads tell, and ids of activities that show exactly what they sent.

    full: those on the rows' lead. unplaced: those on a lead that cannot be told. is_shared: whether one of `full` may as
    well be another row that was sent otherwise.
    """

    rows: tuple[SentRow, ...]
    full: tuple[str, ...]
    unplaced: tuple[str, ...]
    is_shared: bool


class _Payload(NamedTuple):
    """What was sent for some rows. time: None where none was sent, and where this account shows other times."""

    lead: str
    note: str | None
    time: datetime | None
    values: frozenset[tuple[str, str]]


_Equal: TypeAlias = "Mapping[_Payload, Sequence[SentRow]]"


@dataclass(frozen=True, slots=True)
class _Rivals:
    """Ids of activities that may be other rows. wanted: how many kinds of rows each is a full match of.

    noted, timed: what may be a row with a note, or with a time, where reads do not show that.
    """

    wanted: Mapping[str, int]
    noted: set[str]
    timed: set[str]

    def claim_any(self, sent: _Payload, full: Sequence[str]) -> bool:
        """Whether one of these full matches may be a row that was sent otherwise."""
        if any(self.wanted[found] > 1 for found in full):
            return True
        noted = sent.note is None and not self.noted.isdisjoint(full)
        return noted or (sent.time is None and not self.timed.isdisjoint(full))


@dataclass(frozen=True, slots=True)
class FullMatches:
    """Pairs rows with activities by what was sent. normal: the form in which leads are compared."""

    unclaimed: Unclaimed
    trust: Trust
    key_field: str | None
    normal: Callable[[str], str]

    def of(self, rows: Iterable[SentRow]) -> list[Matched]:
        """All rows that have a full match, each with its equals, in the order given."""
        if self.trust.values is Kept.CHANGED:
            return []
        equal: dict[_Payload, list[SentRow]] = defaultdict(list)
        for row in rows:
            time = row.time if self._compares_time(row) else None
            equal[_Payload(self.normal(row.lead), row.note, time, frozenset(row.values.items()))].append(row)
        full = {sent: self._full(same[0], sent.lead, with_time=sent.time is not None) for sent, same in equal.items()}
        wanted = Counter(chain.from_iterable(full.values()))
        rivals = _Rivals(wanted, self._may_have_a_note(equal), self._may_have_a_time(equal))
        return [self._matched(same, sent, full[sent], rivals) for sent, same in equal.items() if full[sent]]

    def _matched(self, rows: Sequence[SentRow], sent: _Payload, full: tuple[str, ...], rivals: _Rivals) -> Matched:
        unplaced = self._full(rows[0], None, with_time=sent.time is not None)
        differ_in_time = len({row.time for row in rows}) > 1
        return Matched(tuple(rows), full, unplaced, differ_in_time or rivals.claim_any(sent, full))

    def _may_have_a_note(self, equal: _Equal) -> set[str]:
        """Activities read without a note that may be rows with one."""
        with_time = self.trust.times is Kept.KEPT
        noted = ((sent, same[0]) for sent, same in equal.items() if sent.note)
        looks = {sent._replace(note=None, time=sent.time if with_time else None): row for sent, row in noted}
        return {
            found
            for sent, row in looks.items()
            for found in self._exact(row, sent.lead, None, with_time=sent.time is not None)
        }

    def _may_have_a_time(self, equal: _Equal) -> set[str]:
        """Activities that may be rows with a time, as long as this account may show other times than were sent."""
        if self.trust.times is Kept.KEPT:
            return set()
        looks = {sent._replace(time=None): same[0] for sent, same in equal.items() if sent.time}
        return {found for sent, row in looks.items() for found in self._full(row, sent.lead, with_time=False)}

    def _compares_time(self, row: SentRow) -> bool:
        """Before anything is known of times they are compared: too few matches do less harm than false ones."""
        return row.time is not None and self.trust.times is not Kept.CHANGED

    def _full(self, row: SentRow, lead: str | None, *, with_time: bool) -> tuple[str, ...]:
        """Ids, in order, of those on this lead that show the row; without a note sent, also where none is told."""
        shown = self._exact(row, lead, row.note or "", with_time=with_time)
        untold = [] if row.note else self._exact(row, lead, None, with_time=with_time)
        return tuple(sorted((*shown, *untold)))

    def _exact(self, row: SentRow, lead: str | None, note: str | None, *, with_time: bool) -> list[str]:
        """Those on this lead with exactly the row's values, no custom field beside them and this note; None: not told."""
        alike = self.unclaimed.alike_on(lead, row, note, with_time=with_time)
        exact = [
            seen
            for seen in alike
            if seen.note == note and shows_values(row, seen) and not self.trust.is_by_a_stranger(seen)
        ]
        # a key that is shown here is not the row's own: rows whose keys are shown are settled by them
        return [seen.activity_id for seen in exact if key_shown(seen, self.key_field) is None]
