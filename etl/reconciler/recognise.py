"""Which activity that LeadSquared shows is which row of ours whose answer was lost.

By its row key, if it has one: exactly. Else by value: lead, note, fields and time, among activities that no row has
claimed. What fits more than one way stays open, and so does a row while anything unclaimed may be it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

from etl.reconciler.full_matches import FullMatches
from etl.reconciler.sent import key_shown, same_text
from etl.reconciler.trust import Kept
from etl.reconciler.unclaimed import Unclaimed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from etl.reconciler.full_matches import Matched
    from etl.reconciler.sent import SentRow
    from etl.reconciler.trust import Trust
    from etl.records import SeenActivity


@dataclass(frozen=True, slots=True)
class Found:
    """This activity is the row, or one of several equal rows."""

    row_id: int
    activity_id: str


@dataclass(frozen=True, slots=True)
class Missing:
    """This read does not show the row, nor anything that may be it. Whether that proves absence is decided elsewhere."""

    row_id: int


@dataclass(frozen=True, slots=True)
class Open:
    """This read does not tell. reason: for a person. candidates: ids of what may be the row, at most `LISTED`."""

    row_id: int
    reason: str
    candidates: tuple[str, ...]


Recognised: TypeAlias = Found | Missing | Open

LISTED = 100
"""Most candidates listed for one row; their ids fit into one cell of a spreadsheet."""

_NAMED = 5


def recognise(
    rows: Sequence[SentRow],
    candidates: Iterable[SeenActivity],
    trust: Trust,
    key_field: str | None,
    lead_of: Callable[[SeenActivity], str | None],
    normal: Callable[[str], str] = same_text,
) -> tuple[Recognised, ...]:
    """What one read says about each row in doubt, in the order of the rows; no activity is given to two.

    candidates: the activities of the rows' type that no row has claimed; of two with one id the first counts.
    lead_of: an activity's lead as the rows address theirs (its e-mail address, its id), None where that cannot be told;
    asked at most once for each, and only while a row is not settled by its key. normal: the form in which leads are compared.
    """
    shown = sorted(_distinct(candidates), key=lambda activity: activity.activity_id)
    by_key, spoken_for = _by_key(rows, shown, trust.keys, key_field)
    left = sorted((row for row in rows if row.row_id not in by_key), key=lambda row: row.row_id)
    if not left:
        return tuple(by_key[row.row_id] for row in rows)
    free = [seen for seen in shown if seen.activity_id not in spoken_for and not _is_by_another_user(seen, trust)]
    leads = [(seen, None if (lead := lead_of(seen)) is None else normal(lead)) for seen in free]
    by_value = _ByValue(Unclaimed(leads, key_field), trust, key_field, normal)
    settled = by_key | by_value.settle(left)
    return tuple(settled[row.row_id] for row in rows)


def _distinct(candidates: Iterable[SeenActivity]) -> Iterable[SeenActivity]:
    """Each activity once: pages of a read overlap, and LeadSquared shows shadows of one activity under its id."""
    first: dict[str, SeenActivity] = {}
    for activity in candidates:
        first.setdefault(same_text(activity.activity_id), activity)
    return first.values()


def _is_by_another_user(activity: SeenActivity, trust: Trust) -> bool:
    return bool(trust.creator and activity.created_by) and same_text(activity.created_by or "") != trust.creator


def _by_key(
    rows: Iterable[SentRow], activities: Iterable[SeenActivity], keys: Kept, key_field: str | None
) -> tuple[dict[int, Recognised], set[str]]:
    """The rows that their keys settle, and the ids of the activities that show their keys."""
    showing: dict[str, list[str]] = defaultdict(list)
    for activity in activities:
        if key := key_shown(activity, key_field):
            showing[key].append(activity.activity_id)
    sent: dict[str, list[SentRow]] = defaultdict(list)
    for row in rows:
        if row.key:
            sent[same_text(row.key)].append(row)
    settled: dict[int, Recognised] = {}
    for key, owners in sent.items():
        settled |= {row.row_id: told for row in owners if (told := _told_by_key(row, owners, showing.get(key), keys))}
    return settled, {activity_id for key in sent for activity_id in showing.get(key, ())}


def _told_by_key(
    row: SentRow, owners: Sequence[SentRow], showing: Sequence[str] | None, keys: Kept
) -> Recognised | None:
    """What is known of a row whose key these activities show; None: its key settles nothing."""
    if not showing:
        return Missing(row.row_id) if keys is Kept.KEPT else None
    if len(owners) > 1:
        reason = f"Another row was sent with the row key of this one: which of them {_ids(showing)} is, is not told."
    elif len(showing) > 1:
        reason = (
            f"This row is in LeadSquared {len(showing)} times: {_ids(showing)} all show its row key. "
            "Delete all but one of them there, then verify again."
        )
    else:
        return Found(row.row_id, showing[0])
    return Open(row.row_id, reason, tuple(showing[:LISTED]))


@dataclass(frozen=True, slots=True)
class _ByValue:
    """Recognises rows by what was sent for them."""

    unclaimed: Unclaimed
    trust: Trust
    key_field: str | None
    normal: Callable[[str], str]

    def settle(self, rows: Sequence[SentRow]) -> dict[int, Recognised]:
        """Each row by its id. rows: in the order in which equal ones take their activities."""
        matches = FullMatches(self.unclaimed, self.trust, self.key_field, self.normal).of(rows)
        settled = dict(chain.from_iterable(self._of_equal_rows(matched).items() for matched in matches))
        found = {told.activity_id for told in settled.values() if isinstance(told, Found)}
        rest = self.unclaimed.without(found)
        return settled | {row.row_id: self._unmatched(row, rest) for row in rows if row.row_id not in settled}

    def _of_equal_rows(self, matched: Matched) -> dict[int, Recognised]:
        """Each of equal rows takes one match, unless there are more than rows, or they may be other rows'."""
        like, rows = matched.full + matched.unplaced, matched.rows
        if matched.is_shared:
            what = f"{_ids(like)} would fit this row and another one of this file that was sent otherwise."
        elif len(like) > len(rows):
            doubtful = "this row alone is" if len(rows) == 1 else f"only {len(rows)} such rows are"
            what = f"LeadSquared holds {len(like)} activities like this row ({_ids(like)}), and {doubtful} in doubt."
        else:
            return {row.row_id: Found(row.row_id, match) for row, match in zip(rows, matched.full, strict=False)}
        listed = like[:LISTED]
        return {row.row_id: Open(row.row_id, self._advised(what, row), listed) for row in rows}

    def _unmatched(self, row: SentRow, rest: Unclaimed) -> Recognised:
        """A row without a full match: missing only where nothing that is left may be it."""
        with_time = row.time is not None and self.trust.times is Kept.KEPT
        near = rest.ids_on(self.normal(row.lead))
        alike = _first(rest.alike_anywhere(row, with_time=with_time))
        unplaced = rest.ids_on(None)
        listed = _first(chain(near, alike, unplaced))
        if not listed:
            return Missing(row.row_id)
        if near and self.trust.values is Kept.CHANGED:
            what = f"No row has claimed {_ids(near)} on its lead, and this account shows values otherwise than they were sent."
        elif near:
            what = f"No row has claimed {_ids(near)} on its lead, but what is shown there is not exactly what was sent."
        elif alike:
            what = (
                f"Its values are shown by {_ids(alike)}, but not on a lead known to be its own: that may have changed."
            )
        else:
            what = f"No row has claimed {_ids(unplaced)}, and on which lead they are cannot be told."
        return Open(row.row_id, self._advised(what, row), listed)

    def _advised(self, what: str, row: SentRow) -> str:
        """What is open, and what would settle it."""
        if row.key is None:
            return f"{what} A row_key_field in the mapping would settle it."
        if self.trust.keys is Kept.CHANGED:
            return f"{what} The row_key_field does not come back as it was sent: another text field would settle it."
        return what


def _first(ids: Iterable[str]) -> tuple[str, ...]:
    """The first different ones, as many as are listed."""
    listed: dict[str, None] = {}
    for activity_id in ids:
        listed[activity_id] = None
        if len(listed) == LISTED:
            break
    return tuple(listed)


def _ids(ids: Sequence[str]) -> str:
    return ", ".join(ids[:_NAMED]) + (" and others" if len(ids) > _NAMED else "")
