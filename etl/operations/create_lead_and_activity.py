"""`create-lead-and-activity`: a lead created or updated, and an activity of it, one row a request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from etl.operations import bulk
from etl.operations.contract import MessageAnswer, Proof
from etl.records import ApiRequest, Outcome, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from etl.operations.contract import Columns, Element, RequestOptions
    from etl.records import Activity

_PATH = "/v2/ProspectActivity.svc/CreateCustom"
_LEAD = "Lead."
_SEARCH_BY = "SearchBy"
_NAMES = ("ActivityNote", "ActivityDateTime")


class CreateLeadAndActivity:
    """LeadSquared API, "Create lead and activity": `SearchBy` finds the lead.

    Of a lead that is found the attributes are updated, one that is not found is created. `Message.Id` is the lead's or the
    activity's, which is not said. Custom field sets stand as `Attribute` with `Fields` of their own, as the vendor's sample has
    them, for the lead and within the activity. What skips the validation of dropdowns stands at the top.
    """

    name = "create-lead-and-activity"
    rows_per_request = 1
    window = Window.GENERAL
    repeatable = False
    stores_as = Outcome.CREATED
    proof = Proof.ACTIVITY
    required_targets: tuple[str, ...] = ()
    travels_by = None
    keeps_order = True
    answer = MessageAnswer()

    def addressed_by(self, options: RequestOptions) -> str:
        return f"{_LEAD}{options.search_by}"

    def lead_field(self, options: RequestOptions) -> str | None:
        return options.search_by

    def carries(self, target: str) -> bool:
        if target.startswith(_LEAD):
            return target.removeprefix(_LEAD) not in {"", _SEARCH_BY}
        return target != "ActivityOwnerEmail" and bulk.carries(target.replace(".", "_"), "")

    def written(self, columns: Columns, event: int, options: RequestOptions) -> None:
        """Each row by itself."""

    def request(self, activities: Sequence[Activity], options: RequestOptions) -> ApiRequest:
        if not options.search_by:
            raise ValueError(f"{self.name} needs search_by")
        if len(activities) != 1:
            raise ValueError(f"{len(activities)} activities in one request; it takes 1")
        (activity,) = activities
        bulk.address(activity, self.addressed_by(options))
        values = bulk.of_new(activity)
        of_lead = [(name.removeprefix(_LEAD), value) for name, value in values.items() if name.startswith(_LEAD)]
        own = {name: value for name, value in values.items() if not name.startswith(_LEAD)}
        document: Element = {
            "LeadDetails": [*_attributes(of_lead, "Attribute"), {"Attribute": _SEARCH_BY, "Value": options.search_by}],
            "Activity": _activity(activity.event, own),
        }
        if options.skip_dropdown_validation:
            document["ValidateDropDownOptions"] = True
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
        return ApiRequest("POST", _PATH, (), body, self.window)

    def elements(self, body: bytes, options: RequestOptions) -> list[Element]:
        """Attributes of the lead and members of custom field sets stand at the top, under the names of their targets."""
        document = json.loads(body)
        lead = {f"{_LEAD}{name}": value for name, value in _targets(document["LeadDetails"]) if name != _SEARCH_BY}
        entries = document["Activity"].get("Fields", ())
        fields = [entry for entry in entries if "SchemaName" in entry]
        sets = dict(_targets(entry for entry in entries if "SchemaName" not in entry))
        activity: Element = document["Activity"] | {"Fields": fields}
        return [activity | sets | {self.addressed_by(options): ""} | lead]


def _activity(event: int, values: dict[str, str]) -> Element:
    built: Element = {"ActivityEvent": event} | {name: values[name] for name in _NAMES if name in values}
    fields = _attributes([(name, value) for name, value in values.items() if name not in _NAMES], "SchemaName")
    return built | ({"Fields": fields} if fields else {})


def _attributes(values: Iterable[tuple[str, str]], name: str) -> list[Element]:
    """Entries for values, those of one custom field set together where its first one stands. name: of a plain one's name."""
    entries: list[Element] = []
    of_set: dict[str, list[Element]] = {}
    for target, value in values:
        owner, dot, member = target.partition(".")
        if not dot:
            entries.append({name: target, "Value": value})
            continue
        if owner not in of_set:
            of_set[owner] = []
            entries.append({"Attribute": owner, "Value": "", "Fields": of_set[owner]})
        of_set[owner].append({"Attribute": member, "Value": value})
    return entries


def _targets(entries: Iterable[Element]) -> Iterator[tuple[str, str]]:
    """The targets and values of entries that name an `Attribute`, each member of a custom field set by itself."""
    for entry in entries:
        name, members = str(entry["Attribute"]), entry.get("Fields")
        if isinstance(members, list):
            yield from ((f"{name}.{member['Attribute']}", member["Value"]) for member in members)
        else:
            yield name, str(entry["Value"])
