"""What the bulk operations that add activities have in common: an array of elements as compact JSON.

LeadSquared API, bulk activity pages: `ActivityEvent` is a JSON number, every value a text; what is no fixed name of
the element stands in `Fields`. The vendor asks for UTF-8 bytes, a mis-encoded letter is answered with 400.
"""

from __future__ import annotations

import json
from functools import lru_cache
from json.encoder import encode_basestring as _text
from typing import TYPE_CHECKING

from etl.operations.contract import RequestOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etl.operations.contract import Element
    from etl.records import Activity

VALIDATED = RequestOptions()
"""For operations that offer no way around the validation of dropdowns."""

OPTIONAL_NAMES = ("ActivityNote", "ActivityOwnerEmail", "ActivityDateTime")
"""Fixed names of an element beside `ActivityEvent` and the one that names the lead."""

_ELSEWHERE = frozenset(
    {"SearchByValue", "RelatedProspectId", "OpportunityId", "ProspectActivityId", "ActivityEvent", "Fields"}
)
"""Names with a meaning of their own to LeadSquared, which must never slip into `Fields` as if they were custom ones."""


def carries(target: str, addressed_by: str) -> bool:
    """Whether an element has a place for this target.

    A dot stands for a lead attribute or a custom field set; the bulk operations are not known to take either.
    """
    return target == addressed_by or ("." not in target and target not in _ELSEWHERE)


def element(activity: Activity, addressed_by: str, options: RequestOptions) -> str:
    """One new activity as an element of the array. addressed_by: the target that names the lead of the row.

    Raises:  ValueError — the row has no such target.
    """
    if activity.written is not None:
        return activity.written
    head: dict[str, str | int] = {addressed_by: address(activity, addressed_by), "ActivityEvent": activity.event}
    return filled(head, of_new(activity), OPTIONAL_NAMES, options)


def address(activity: Activity, addressed_by: str) -> str:
    """The value that says where a row belongs.  Raises:  ValueError — it has none."""
    if not activity.values.get(addressed_by):
        raise ValueError(f"row {activity.row_number} has no {addressed_by}")
    return activity.values[addressed_by]


def of_new(activity: Activity) -> Mapping[str, str]:
    """The values of an activity that is not there yet. Empty ones, which clear a field of one that is, mean nothing to it."""
    values = activity.values
    return values if all(values.values()) else {name: value for name, value in values.items() if value}


def filled(
    head: Mapping[str, str | int], values: Mapping[str, str], names: tuple[str, ...], options: RequestOptions
) -> str:
    """The element with a row's values: fixed names beside the head, everything else in `Fields`. An address stays out.

    It is put together as text, into the form that all elements of the same names share: to build it of dicts first, and have
    these encoded, costs ten times as much.
    """
    form, places = _form(tuple(head), tuple(values), names, options.skip_dropdown_validation)
    told = [value if isinstance(value, int) else _text(value) for value in head.values()]
    return form % (*told, *[_text(values[name]) for name in places])


@lru_cache(maxsize=1024)
def _form(
    head: tuple[str, ...], present: tuple[str, ...], names: tuple[str, ...], skips_validation: bool
) -> tuple[str, tuple[str, ...]]:
    """An element with `%s` for each value that it takes, those of the head first; and which of `present` follow, in order."""
    fixed = [name for name in names if name in present]
    others = [name for name in present if is_custom(name, names)]
    members = [f"{_written(name)}:%s" for name in (*head, *fixed)]
    if others:
        fields = ",".join(f'{{"SchemaName":{_written(name)},"Value":%s}}' for name in others)
        members.append(f'"Fields":[{fields}]')
    if skips_validation:  # in each element: the vendor shows no place for it in an array
        members.append('"ValidateDropDownOptions":true')
    return f"{{{','.join(members)}}}", (*fixed, *others)


def is_custom(name: str, names: tuple[str, ...] = OPTIONAL_NAMES) -> bool:
    """Whether a target stands in `Fields`. names: the fixed names of the element beside those with a meaning elsewhere."""
    return name not in names and name not in _ELSEWHERE


def _written(name: str) -> str:
    """A name as it stands in a text that is filled with `%`."""
    return _text(name).replace("%", "%%")


def elements(body: bytes) -> list[Element]:
    """The array of such a body."""
    told: list[Element] = json.loads(body)
    return told


def body(elements: Sequence[str], at_most: int) -> bytes:
    """The array as bytes, the same for equal elements.

    Raises:  ValueError — no element or too many; or a text that is not valid Unicode (half of a surrogate pair).
    """
    if not 1 <= len(elements) <= at_most:
        raise ValueError(f"{len(elements)} activities in one request; it takes 1 to {at_most}")
    return f"[{','.join(elements)}]".encode()
