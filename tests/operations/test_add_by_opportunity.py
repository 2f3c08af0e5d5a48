"""add-by-opportunity: its request, byte for byte."""

from __future__ import annotations

import json

import pytest

from etl.operations import OPERATIONS
from etl.operations.contract import AnswerNames, Proof, RequestOptions
from etl.records import Activity, ApiRequest, Outcome, Window

OPERATION = OPERATIONS["add-by-opportunity"]
PLAIN = RequestOptions()
FIRST = "3c1a0f42-8f0c-4b5b-9d1b-2f1b8f3d8a03"
SECOND = "4c1a0f42-8f0c-4b5b-9d1b-2f1b8f3d8a04"


def an_activity(row_number: int = 2, opportunity: str = FIRST, **values: str) -> Activity:
    owned = {"OpportunityId": opportunity, "ActivityOwnerEmail": "neha@example.com"}
    return Activity(row_number, owned | values, event=340)


def test_request_is_exactly_what_the_vendor_describes() -> None:
    """The opportunity stands in the query and in no element; each element has its owner."""
    activities = [
        an_activity(2, mx_Custom_1="12500.5", ActivityNote="रसीद 7"),
        an_activity(3, Status="Won", ActivityOwnerEmail="imran@example.com"),
    ]

    request = OPERATION.request(activities, PLAIN)

    assert request == ApiRequest(
        method="POST",
        path="/v2/ProspectActivity.svc/Bulk/CustomActivity/Add/ByOpportunityId",
        query=(("opportunityId", FIRST),),
        body=(
            '[{"ActivityEvent":340,"ActivityNote":"रसीद 7","ActivityOwnerEmail":"neha@example.com",'
            '"Fields":[{"SchemaName":"mx_Custom_1","Value":"12500.5"}]},'
            '{"ActivityEvent":340,"ActivityOwnerEmail":"imran@example.com",'
            '"Fields":[{"SchemaName":"Status","Value":"Won"}]}]'
        ).encode(),
        window=Window.BULK,
    )


def test_skipping_dropdown_validation_is_asked_for_in_each_element() -> None:
    """ValidateDropDownOptions stands as true in every element when asked for, and nowhere else."""
    body = OPERATION.request([an_activity(2), an_activity(3)], RequestOptions(skip_dropdown_validation=True)).body

    assert [element["ValidateDropDownOptions"] for element in json.loads(body)] == [True, True]
    assert b"ValidateDropDownOptions" not in OPERATION.request([an_activity()], PLAIN).body


@pytest.mark.parametrize(
    ("activities", "message"),
    [
        pytest.param([an_activity()] * 26, "26 activities in one request; it takes 1 to 25", id="too many"),
        pytest.param([an_activity(2), an_activity(3, SECOND)], "one request for 2 opportunities", id="two"),
        pytest.param([an_activity(9, "")], "row 9 has no OpportunityId", id="no opportunity"),
        pytest.param([an_activity(9, ActivityOwnerEmail="")], "row 9 has no ActivityOwnerEmail", id="no owner"),
        pytest.param([Activity(9, {"OpportunityId": FIRST}, 1)], "row 9 has no ActivityOwnerEmail", id="owner missing"),
    ],
)
def test_impossible_requests_are_not_built(activities: list[Activity], message: str) -> None:
    """Rows of two opportunities, or without an owner, never leave together: that is for the chunker and the mapping."""
    with pytest.raises(ValueError, match=f"^{message}$"):
        OPERATION.request(activities, PLAIN)


def test_a_request_without_rows_is_not_built() -> None:
    """Nothing is sent for no opportunity at all."""
    with pytest.raises(ValueError, match="0 activities in one request"):
        OPERATION.request([], PLAIN)


def test_rows_come_back_without_the_opportunity() -> None:
    """A body does not hold its opportunity: the elements say so with an empty address."""
    body = OPERATION.request([an_activity(2), an_activity(3)], PLAIN).body

    assert OPERATION.elements(body, PLAIN) == [{"OpportunityId": "", **element} for element in json.loads(body)]
    assert OPERATION.addressed_by(PLAIN) == "OpportunityId"
    assert OPERATION.lead_field(PLAIN) is None


def test_what_it_says_of_itself() -> None:
    """It adds; rows of one opportunity travel together; which lead comes back is not known, so the row key is the proof."""
    assert (OPERATION.repeatable, OPERATION.stores_as, OPERATION.rows_per_request) == (False, Outcome.CREATED, 25)
    assert (OPERATION.travels_by, OPERATION.keeps_order, OPERATION.proof) == ("OpportunityId", False, Proof.KEY)
    assert OPERATION.answer == AnswerNames(flag="ActivityCreated", activity_id="ProspectActivityId")
