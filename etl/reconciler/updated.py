"""What an update sent for an activity, and whether the activity shows it. Pure.

Nothing but the very text that was sent is taken for it: an update may be repeated, so that what was only reformatted
costs a request, while what was taken for stored by mistake would never arrive.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from etl.operations.contract import Element
    from etl.records import SeenActivity

NOTE = "ActivityNote"

SHORTEST_CUT = 50
"""A shorter beginning of what was sent is no cut of it: LeadSquared's own limits are 200 and more (API notes, 6.2)."""


@dataclass(frozen=True, slots=True)
class SentUpdate:
    """The values of one row of an update, by target; "" where a field was cleared."""

    activity_id: str
    values: Mapping[str, str]


class Showing(Enum):
    """How far an activity shows what was sent."""

    ALL = "all"  # every value, and nothing in what was cleared
    NEARLY = "nearly"  # what differs may be the same in another form
    OTHER = "other"  # something else stands there, or it is not told


def sent_update(element: Element, addressed_by: str) -> SentUpdate:
    """An element of an update's body (operations/update.py) as a row. addressed_by: the member with the activity's id."""
    fields = element.get("Fields", ())
    values = {str(field["SchemaName"]): str(field["Value"]) for field in fields} if isinstance(fields, list) else {}
    note = element.get(NOTE)
    return SentUpdate(str(element[addressed_by]), ({} if note is None else {NOTE: str(note)}) | values)


def showing(sent: SentUpdate, seen: SeenActivity) -> Showing:
    """How far the activity shows the values that were sent for it."""
    different = [(value, shown_of(seen, name)) for name, value in sent.values.items() if differs(seen, name, value)]
    if not different:
        return Showing.ALL
    is_near = all(shown is not None and _may_be_one(value, shown) for value, shown in different)
    return Showing.NEARLY if is_near else Showing.OTHER


def differs(seen: SeenActivity, target: str, value: str) -> bool:
    """Whether an activity shows something else under a target, or does not tell what; nothing told is as good as empty."""
    return (shown_of(seen, target) or "") != value


def shown_of(seen: SeenActivity, target: str) -> str | None:
    """What an activity shows under a target; None: this read does not tell."""
    return seen.note if target == NOTE else seen.values.get(target, "")


def differences(sent: SentUpdate, seen: SeenActivity, leave_out: Collection[str]) -> Iterator[str]:
    """In words, target by target."""
    for name, value in sent.values.items():
        if name in leave_out or not differs(seen, name, value):
            continue
        shown = shown_of(seen, name)
        yield f'{name}: "{value}" is not told' if shown is None else f'{name}: "{value}" became "{shown}"'


def _may_be_one(sent: str, shown: str) -> bool:
    """Whether one text may be the other: in another case, with other blanks, cut, or as another spelling of one number."""
    ours, theirs = _loose(sent), _loose(shown)
    is_cut = len(theirs) >= SHORTEST_CUT and ours.startswith(theirs)
    return ours == theirs or is_cut or _is_one_number(ours, theirs)


def _is_one_number(ours: str, theirs: str) -> bool:
    try:
        return Decimal(ours) == Decimal(theirs)
    except InvalidOperation:
        return False


def _loose(text: str) -> str:
    return " ".join(text.split()).casefold()
