"""What the bulk operations that add activities have in common: an array of elements as compact JSON.

LeadSquared API, bulk activity pages: `ActivityEvent` is a JSON number, every value a text; what is no fixed name of
the element stands in `Fields`. The vendor asks for UTF-8 bytes, a mis-encoded letter is answered with 400.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.operations.contract import RequestOptions
    from etl.records import Activity

Element: TypeAlias = dict[str, object]

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


def element(activity: Activity, addressed_by: str, options: RequestOptions) -> Element:
    """One activity as an element of the array. addressed_by: the target that names the lead of the row."""
    if addressed_by not in activity.values:
        raise ValueError(f"row {activity.row_number} has no {addressed_by}")
    built: Element = {addressed_by: activity.values[addressed_by], "ActivityEvent": activity.event}
    built |= {name: activity.values[name] for name in OPTIONAL_NAMES if name in activity.values}
    fixed = {addressed_by, *OPTIONAL_NAMES}
    fields = [{"SchemaName": name, "Value": value} for name, value in activity.values.items() if name not in fixed]
    if fields:
        built["Fields"] = fields
    if options.skip_dropdown_validation:
        built["ValidateDropDownOptions"] = True  # in each element: the vendor shows no place for it in an array
    return built


def body(elements: Sequence[Element], at_most: int) -> bytes:
    """The array as bytes, the same for equal elements.

    Raises:  ValueError — no element or too many; or a text that is not valid Unicode (half of a surrogate pair).
    """
    if not 1 <= len(elements) <= at_most:
        raise ValueError(f"{len(elements)} activities in one request; it takes 1 to {at_most}")
    return json.dumps(elements, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
