"""`add-by-opportunity`: activities on opportunities, those of one opportunity in one request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.operations import bulk
from etl.operations.contract import AnswerNames, Proof
from etl.records import ApiRequest, Outcome, Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.operations.contract import Columns, Element, RequestOptions
    from etl.records import Activity

_PATH = "/v2/ProspectActivity.svc/Bulk/CustomActivity/Add/ByOpportunityId"
_ADDRESS = "OpportunityId"
_NAMES = ("ActivityNote", "ActivityOwnerEmail")


class AddByOpportunity:
    """LeadSquared API, "Post bulk activities on opportunities": up to 25 activities of one opportunity.

    The owner is mandatory here. `ActivityDateTime` is not named on its page. Which id reads show as the lead of such an
    activity is not documented, so that only a row key finds one again. Whether it counts as a bulk request is not said
    either: it is counted as one.
    """

    name = "add-by-opportunity"
    rows_per_request = 25
    window = Window.BULK
    repeatable = False
    stores_as = Outcome.CREATED
    proof = Proof.KEY
    required_targets = (_ADDRESS, "ActivityOwnerEmail")
    travels_by = _ADDRESS
    keeps_order = False
    answer = AnswerNames(flag="ActivityCreated", activity_id="ProspectActivityId")

    def addressed_by(self, options: RequestOptions) -> str:  # noqa: ARG002 — the contract's signature
        return _ADDRESS

    def lead_field(self, options: RequestOptions) -> str | None:  # noqa: ARG002 — the contract's signature
        return None

    def carries(self, target: str) -> bool:
        return target != "ActivityDateTime" and bulk.carries(target, _ADDRESS)

    def written(self, columns: Columns, event: int, options: RequestOptions) -> None:
        """Each row by itself."""

    def request(self, activities: Sequence[Activity], options: RequestOptions) -> ApiRequest:
        opportunities = {bulk.address(activity, _ADDRESS) for activity in activities}
        if len(opportunities) > 1:
            raise ValueError(f"one request for {len(opportunities)} opportunities")
        for activity in activities:
            bulk.address(activity, "ActivityOwnerEmail")
        found = [bulk.filled({"ActivityEvent": one.event}, bulk.of_new(one), _NAMES, options) for one in activities]
        body = bulk.body(found, at_most=self.rows_per_request)
        return ApiRequest("POST", _PATH, (("opportunityId", opportunities.pop()),), body, self.window)

    def elements(self, body: bytes, options: RequestOptions) -> list[Element]:  # noqa: ARG002 — the contract's signature
        return [{_ADDRESS: "", **element} for element in bulk.elements(body)]
