"""`update`: other values for activities that are in LeadSquared, named by their id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.operations import bulk
from etl.operations.contract import AnswerNames, Proof
from etl.records import ApiRequest, Outcome, Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.operations.contract import Columns, Element, RequestOptions
    from etl.records import Activity

_PATH = "/v2/ProspectActivity.svc/Bulk/CustomActivity/Update"
_ADDRESS = "ProspectActivityId"
_NAMES = ("ActivityNote",)


class Update:
    """LeadSquared API, "Update Activities in Bulk": up to 25 activities.

    The page's sample answers two elements of one id with one row, so an id stands in a request once at most. Type, owner and
    time of an activity are no part of the body. The same values may go twice, though automations fire for each.
    """

    name = "update"
    rows_per_request = 25
    window = Window.BULK
    repeatable = True
    stores_as = Outcome.UPDATED
    proof = Proof.VALUES
    required_targets = (_ADDRESS,)
    travels_by = None
    keeps_order = True
    answer = AnswerNames(flag="ActivityUpdated", activity_id=None)

    def addressed_by(self, options: RequestOptions) -> str:  # noqa: ARG002 — the contract's signature
        return _ADDRESS

    def lead_field(self, options: RequestOptions) -> str | None:  # noqa: ARG002 — the contract's signature
        return None

    def carries(self, target: str) -> bool:
        return target not in {"ActivityDateTime", "ActivityOwnerEmail"} and bulk.carries(target, _ADDRESS)

    def written(self, columns: Columns, event: int, options: RequestOptions) -> None:
        """Each row by itself."""

    def request(self, activities: Sequence[Activity], options: RequestOptions) -> ApiRequest:
        ids = [bulk.address(activity, _ADDRESS) for activity in activities]
        if len({activity_id.casefold() for activity_id in ids}) < len(ids):
            raise ValueError("one activity twice in one request")
        found = [_change(activity, options) for activity in activities]
        return ApiRequest("POST", _PATH, (), bulk.body(found, at_most=self.rows_per_request), self.window)

    def elements(self, body: bytes, options: RequestOptions) -> list[Element]:  # noqa: ARG002 — the contract's signature
        return bulk.elements(body)


def _change(activity: Activity, options: RequestOptions) -> str:
    """An empty value goes out: it clears its field."""
    if activity.values.keys() == {_ADDRESS}:
        raise ValueError(f"row {activity.row_number} changes nothing")
    return bulk.filled({_ADDRESS: activity.values[_ADDRESS]}, activity.values, _NAMES, options)
