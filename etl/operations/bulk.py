"""What the bulk operations that add activities have in common: an array of elements as compact JSON.

LeadSquared API, bulk activity pages: `ActivityEvent` is a JSON number, every value a text; what is no fixed name of
the element stands in `Fields`. The vendor asks for UTF-8 bytes, a mis-encoded letter is answered with 400.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from etl.operations.contract import RequestOptions

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from etl.operations.contract import Element
    from etl.records import Activity

VALIDATED = RequestOptions()
"""For operations that offer no way around the validation of dropdowns."""

OPTIONAL_NAMES = ("ActivityNote", "ActivityOwnerEmail", "ActivityDateTime")
"""Fixed names of an element beside `ActivityEvent` and the one that names the lead."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

_ELSEWHERE = frozenset(
    {"SearchByValue", "RelatedProspectId", "OpportunityId", "ProspectActivityId", "ActivityEvent", "Fields"}
)
"""Names with a meaning of their own to LeadSquared, which must never slip into `Fields` as if they were custom ones."""


def carries(target: str, addressed_by: str) -> bool:
    """Whether an element has a place for this target.

    A dot stands for a lead attribute or a custom field set; the bulk operations are not known to take either.
    """
    return target == addressed_by or ("." not in target and target not in _ELSEWHERE)


def element(activity: Activity, addressed_by: str, options: RequestOptions) -> Element:
    """One new activity as an element of the array. addressed_by: the target that names the lead of the row.

    Raises:  ValueError — the row has no such target.
    """
    head: Element = {addressed_by: address(activity, addressed_by), "ActivityEvent": activity.event}
    return filled(head, of_new(activity), OPTIONAL_NAMES, options)


def address(activity: Activity, addressed_by: str) -> str:
    """The value that says where a row belongs.  Raises:  ValueError — it has none."""
    if not activity.values.get(addressed_by):
        raise ValueError(f"row {activity.row_number} has no {addressed_by}")
    return activity.values[addressed_by]


def of_new(activity: Activity) -> dict[str, str]:
    """The values of an activity that is not there yet. Empty ones, which clear a field of one that is, mean nothing to it."""
    return {name: value for name, value in activity.values.items() if value}


def filled(head: Element, values: Mapping[str, str], names: Collection[str], options: RequestOptions) -> Element:
    """The element with a row's values: fixed names beside the head, everything else in `Fields`. An address stays out."""
    built = head | {name: values[name] for name in names if name in values}
    fixed = {*names, *_ELSEWHERE}
    fields = [{"SchemaName": name, "Value": value} for name, value in values.items() if name not in fixed]
    if fields:
        built["Fields"] = fields
    if options.skip_dropdown_validation:
        built["ValidateDropDownOptions"] = True  # in each element: the vendor shows no place for it in an array
    return built


def elements(body: bytes) -> list[Element]:
    """The array of such a body."""
    told: list[Element] = json.loads(body)
    return told


def body(elements: Sequence[Element], at_most: int) -> bytes:
    """The array as bytes, the same for equal elements.

    Raises:  ValueError — no element or too many; or a text that is not valid Unicode (half of a surrogate pair).
    """
    if not 1 <= len(elements) <= at_most:
        raise ValueError(f"{len(elements)} activities in one request; it takes 1 to {at_most}")
    return _ENCODER.encode(elements).encode("utf-8")
