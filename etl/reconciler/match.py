"""Which row each part of an answer is about, and what it says about that row.

Answers are matched by `RowNumber` and counted. The vendor documents neither that numbers start at 1, nor that the
order is kept, nor that refused rows are present; so a row is done only when nothing speaks against it, and whatever
is doubtful stays unknown and is read back instead of sent again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etl.delivery.verdict import AnswerItem


class Numbering(StrEnum):
    """What is known about how an account numbers the rows of its answers."""

    UNKNOWN = "unknown"  # no full answer seen yet, or two that disagree: a partial answer proves nothing
    FROM_ONE = "from_one"  # a full answer had the numbers 1 to n
    FROM_ZERO = "from_zero"  # a full answer had the numbers 0 to n-1


@dataclass(frozen=True, slots=True)
class RowDone:
    """LeadSquared stored the row under this id."""

    activity_id: str


@dataclass(frozen=True, slots=True)
class RowStored:
    """LeadSquared stored the row and does not say under which id. message_id: what it did name, of whatever that is."""

    message_id: str


@dataclass(frozen=True, slots=True)
class RowRefused:
    """LeadSquared says that it did not store the row."""

    reason: str


@dataclass(frozen=True, slots=True)
class RowUnknown:
    """The answer does not prove what became of the row."""

    reason: str


RowVerdict: TypeAlias = RowDone | RowStored | RowRefused | RowUnknown


@dataclass(frozen=True, slots=True)
class Matched:
    """One verdict per sent row, in sent order, and what is now known about the account's numbering."""

    rows: tuple[RowVerdict, ...]
    numbering: Numbering


_FIRST_NUMBER = {Numbering.FROM_ONE: 1, Numbering.FROM_ZERO: 0}
_NO_REASON = "LeadSquared refused this row without saying why"
_NOT_NAMED = RowUnknown("LeadSquared's answer does not name this row")
_NAMED_TWICE = RowUnknown("LeadSquared's answer names this row twice")
_SAME_ID = RowUnknown("LeadSquared's answer gives this row and another one the same ProspectActivityId")
_NOT_NUMBERED = RowUnknown("LeadSquared's answer has no row numbers and not every row in it succeeded")
_PARTIAL = RowUnknown("LeadSquared's answer names only some rows, and how it numbers them is not certain")


def match(items: Sequence[AnswerItem], rows: int, numbering: Numbering, named: Sequence[str] | None = None) -> Matched:
    """What an answer says about each of the `rows` that were sent. numbering: what is known so far of the account.

    named: the rows' ids in the order sent, where the request names them and the answer does not.
    """
    if rows == 1 and len(items) == 1 and items[0].message_id:
        return Matched((RowStored(items[0].message_id),), numbering)  # one row a request: there is nothing to number
    ids = (None,) * rows if named is None else named
    numbers = [item.row_number for item in items if item.row_number is not None]
    if not numbers:
        return Matched(_by_position(items, ids), numbering)
    shown = _numbering_of(numbers, len(items), rows)
    if shown is not Numbering.UNKNOWN:
        return Matched(_by_number(items, ids, _FIRST_NUMBER[shown]), after_full(numbering, shown))
    if numbering is Numbering.UNKNOWN or _fits_the_other(numbers, rows, numbering):
        return Matched((_PARTIAL,) * rows, numbering)
    return Matched(_by_number(items, ids, _FIRST_NUMBER[numbering]), numbering)


def after_full(known: Numbering, shown: Numbering) -> Numbering:
    """What is known of an account's numbering once a full answer has shown it: nothing any more where two disagree."""
    return shown if known in {Numbering.UNKNOWN, shown} else Numbering.UNKNOWN


def _numbering_of(numbers: Sequence[int], answered: int, rows: int) -> Numbering:
    """What an answer shows by itself: only a full one, each number once, tells where the numbers start."""
    if not len(numbers) == answered == rows:
        return Numbering.UNKNOWN
    for numbering, first in _FIRST_NUMBER.items():
        if set(numbers) == set(range(first, first + rows)):
            return numbering
    return Numbering.UNKNOWN


def _fits_the_other(numbers: Sequence[int], rows: int, numbering: Numbering) -> bool:
    """Whether a partial answer has a number that only the other way of numbering has: then all may be off by one."""
    only_in_other = 0 if numbering is Numbering.FROM_ONE else rows
    return only_in_other in numbers


def _by_position(items: Sequence[AnswerItem], ids: Sequence[str | None]) -> tuple[RowVerdict, ...]:
    """Without numbers, position is believed only when there is nothing to tell apart: all rows there, all stored."""
    if len(items) != len(ids) or not all(
        item.done and (item.activity_id or own) for item, own in zip(items, ids, strict=False)
    ):
        return (_NOT_NUMBERED,) * len(ids)
    shared = _shared_ids(items)
    return tuple(_verdict([item], shared, own_id) for item, own_id in zip(items, ids, strict=True))


def _by_number(items: Sequence[AnswerItem], ids: Sequence[str | None], first: int) -> tuple[RowVerdict, ...]:
    """Numbers outside the range, and rows without one, are nobody's; their ids still count against a second owner."""
    by_number: dict[int | None, list[AnswerItem]] = {}
    for item in items:
        by_number.setdefault(item.row_number, []).append(item)
    shared = _shared_ids(items)
    return tuple(_verdict(by_number.get(number, []), shared, own_id) for number, own_id in enumerate(ids, start=first))


def _shared_ids(items: Sequence[AnswerItem]) -> frozenset[str]:
    """The ids that stand at more than one row; letter case does not tell GUIDs apart."""
    named = [item.activity_id.casefold() for item in items if item.activity_id]
    if len(set(named)) == len(named):
        return frozenset()
    seen: Mapping[str, int] = Counter(named)
    return frozenset(activity_id for activity_id, times in seen.items() if times > 1)


def _verdict(named: Sequence[AnswerItem], shared_ids: frozenset[str], own_id: str | None) -> RowVerdict:
    """What the parts of the answer that carry one row's number prove about it. own_id: the id that its request named."""
    if len(named) != 1:
        return _NAMED_TWICE if named else _NOT_NAMED
    item = named[0]
    is_shared = item.activity_id is not None and item.activity_id.casefold() in shared_ids
    return _SAME_ID if is_shared else _said_of(item, own_id)


def _said_of(item: AnswerItem, own_id: str | None) -> RowVerdict:
    """What the answer says of one row. A flag and an id that contradict each other prove nothing."""
    match item.done, item.activity_id or (own_id if item.done else None):
        case True, str() as activity_id:
            return RowDone(activity_id)
        case True, None:
            return RowUnknown("LeadSquared says that this row was stored, but names no ProspectActivityId")
        case False, None:
            return RowRefused(item.reason or _NO_REASON)
        case False, str():
            return RowUnknown("LeadSquared says that this row was not stored, yet names a ProspectActivityId for it")
    return RowUnknown(item.reason or "LeadSquared's answer says neither that this row was stored nor that it was not")
