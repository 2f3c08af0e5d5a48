"""`add-by-lead-id`: activities for leads named by their id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.operations import bulk, by_columns
from etl.operations.contract import AnswerNames, Proof
from etl.records import ApiRequest, Outcome, Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.operations.contract import Columns, Element, RequestOptions
    from etl.records import Activity

_PATH = "/v2/ProspectActivity.svc/Bulk/CustomActivity/Add/ByLeadId"
_ADDRESS = "RelatedProspectId"


class AddByLeadId:
    """LeadSquared API, "Post bulk activities on leads": up to 25 activities, on one lead or on several.

    Its page does not offer to skip the validation of dropdowns, so that is not asked for.
    """

    name = "add-by-lead-id"
    rows_per_request = 25
    window = Window.BULK
    repeatable = False
    stores_as = Outcome.CREATED
    proof = Proof.ACTIVITY
    required_targets = (_ADDRESS,)
    travels_by = None
    keeps_order = False
    answer = AnswerNames(flag="ActivityCreated", activity_id="ProspectActivityId")

    def addressed_by(self, options: RequestOptions) -> str:  # noqa: ARG002 — the contract's signature
        return _ADDRESS

    def lead_field(self, options: RequestOptions) -> str | None:  # noqa: ARG002 — the contract's signature
        return None

    def carries(self, target: str) -> bool:
        return bulk.carries(target, _ADDRESS)

    def written(self, columns: Columns, event: int, options: RequestOptions) -> list[str] | None:  # noqa: ARG002
        return by_columns.written(columns, event, _ADDRESS, bulk.VALIDATED)

    def request(self, activities: Sequence[Activity], options: RequestOptions) -> ApiRequest:  # noqa: ARG002
        found = [bulk.element(activity, _ADDRESS, bulk.VALIDATED) for activity in activities]
        return ApiRequest("POST", _PATH, (), bulk.body(found, at_most=self.rows_per_request), self.window)

    def elements(self, body: bytes, options: RequestOptions) -> list[Element]:  # noqa: ARG002 — the contract's signature
        return bulk.elements(body)
