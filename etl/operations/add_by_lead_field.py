"""`add-by-lead-field`: activities for leads named by a unique field of theirs, such as the e-mail address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.operations import bulk, by_columns
from etl.operations.contract import AnswerNames, Proof
from etl.records import ApiRequest, Outcome, Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.operations.contract import Columns, Element, RequestOptions
    from etl.records import Activity

_PATH = "/v2/ProspectActivity.svc/Bulk/CustomActivity/Add/ByLeadField"
_ADDRESS = "SearchByValue"


class AddByLeadField:
    """LeadSquared API, "Post activities to leads in bulk using unique lead fields".

    The page states no maximum; its sister operations state 25 rows. It names no check for duplicates, so nothing is
    ever sent twice.
    """

    name = "add-by-lead-field"
    rows_per_request = 25
    window = Window.BULK
    repeatable = False
    stores_as = Outcome.CREATED
    proof = Proof.ACTIVITY
    required_targets = ("SearchByValue",)
    travels_by = None
    keeps_order = False
    answer = AnswerNames(flag="ActivityCreated", activity_id="ProspectActivityId")

    def addressed_by(self, options: RequestOptions) -> str:  # noqa: ARG002 — the contract's signature
        return _ADDRESS

    def lead_field(self, options: RequestOptions) -> str | None:
        return options.search_by

    def carries(self, target: str) -> bool:
        return bulk.carries(target, _ADDRESS)

    def written(self, columns: Columns, event: int, options: RequestOptions) -> list[str] | None:
        return by_columns.written(columns, event, _ADDRESS, options)

    def request(self, activities: Sequence[Activity], options: RequestOptions) -> ApiRequest:
        if not options.search_by:
            raise ValueError(f"{self.name} needs search_by")
        elements = [bulk.element(activity, _ADDRESS, options) for activity in activities]
        return ApiRequest(
            method="POST",
            path=_PATH,
            query=(("searchBy", options.search_by),),
            body=bulk.body(elements, at_most=self.rows_per_request),
            window=self.window,
        )

    def elements(self, body: bytes, options: RequestOptions) -> list[Element]:  # noqa: ARG002 — the contract's signature
        return bulk.elements(body)
