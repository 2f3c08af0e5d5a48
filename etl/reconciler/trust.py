"""What reads of this account are worth, learned from rows of which it is certain which activity they became.

The vendor does not say that values come back as they were sent, that `CreatedOn` is the activity's own time or that
`CreatedBy` is the user whose keys sent it (API notes, sections 6 and 10). So none of this is believed before it is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from etl.reconciler.sent import key_shown, same_text, shows_note, shows_values, whole_second

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from etl.reconciler.sent import SentRow
    from etl.records import SeenActivity


class Kept(StrEnum):
    """Whether something comes back as it was sent."""

    UNKNOWN = "unknown"  # no confirmed row has told yet
    KEPT = "kept"  # each confirmed row came back so
    CHANGED = "changed"  # one did not, once: changed, cut or lost


@dataclass(frozen=True, slots=True)
class Trust:
    """What may be concluded from a read.

    keys: row keys in the field at hand. values: notes and fields. times: `created_on` against the `ActivityDateTime` sent.
    creators: users that confirmed activities name, as compared. creator: the user of our keys, if they name nobody else;
    None: whose an activity is cannot be told by its creator. user: the user of our keys, None if that is not certain.
    """

    keys: Kept = Kept.UNKNOWN
    values: Kept = Kept.UNKNOWN
    times: Kept = Kept.UNKNOWN
    creators: frozenset[str] = frozenset()
    creator: str | None = None
    user: str | None = None

    def is_by_a_stranger(self, activity: SeenActivity) -> bool:
        """Whether an activity names a creator who is neither our user nor one whom our own activities name."""
        named = same_text(activity.created_by) if activity.created_by else None
        return None not in {named, self.user} and named != self.user and named not in self.creators


def trust_of(
    pairs: Iterable[tuple[SentRow, SeenActivity]], key_field: str | None, user_id: str | None, remembered: Trust
) -> Trust:
    """What these confirmed rows teach, on top of what is remembered. user_id: the user who sent the rows in doubt.

    What went wrong once is remembered for good. That keys are kept is believed of the rows at hand only: it was learned
    of one field of one activity type, and with another one it would make rows look absent that are there.
    """
    confirmed = list(pairs)
    creators = remembered.creators | {same_text(seen.created_by) for _, seen in confirmed if seen.created_by}
    user = same_text(user_id) if user_id else None
    keys = Kept.UNKNOWN if remembered.keys is Kept.KEPT else remembered.keys
    return Trust(
        keys=_kept([told for row, seen in confirmed for told in _keys(row, seen, key_field)], keys),
        values=_kept([told for row, seen in confirmed for told in _values(row, seen)], remembered.values),
        times=_kept([told for row, seen in confirmed for told in _times(row, seen)], remembered.times),
        creators=creators,
        creator=user if creators == {user} else None,
        user=user,
    )


def _kept(told: Sequence[bool], remembered: Kept) -> Kept:
    if remembered is Kept.CHANGED or not all(told):
        return Kept.CHANGED
    return Kept.KEPT if told else remembered


def _keys(row: SentRow, seen: SeenActivity, key_field: str | None) -> list[bool]:
    return [key_shown(seen, key_field) == same_text(row.key)] if row.key else []


def _values(row: SentRow, seen: SeenActivity) -> list[bool]:
    """What one confirmed row tells of notes and values: nothing where none was sent or none is shown."""
    note = shows_note(row, seen) if row.note else None
    return [] if note is None and not row.values else [note is not False and shows_values(row, seen)]


def _times(row: SentRow, seen: SeenActivity) -> list[bool]:
    if row.time is None or seen.created_on is None:
        return []
    return [whole_second(seen.created_on) == whole_second(row.time)]
