"""add-by-lead-id: its request, byte for byte."""

from __future__ import annotations

import json

import pytest

from etl.operations import OPERATIONS
from etl.operations.contract import AnswerNames, RequestOptions
from etl.records import Activity, ApiRequest, Outcome, Window

OPERATION = OPERATIONS["add-by-lead-id"]
PLAIN = RequestOptions()
ASHA = "1c1a0f42-8f0c-4b5b-9d1b-2f1b8f3d8a01"
RAVI = "2c1a0f42-8f0c-4b5b-9d1b-2f1b8f3d8a02"


def an_activity(row_number: int = 2, lead: str = ASHA, **values: str) -> Activity:
    return Activity(row_number, {"RelatedProspectId": lead, **values}, event=330)


def test_request_is_exactly_what_the_vendor_describes() -> None:
    """Several activities, on one lead or on several, in row order; the type as a number, every value as a text."""
    activities = [
        an_activity(2, ActivityNote="न उठा", mx_Custom_2="45", ActivityDateTime="2026-03-31 04:30:00"),
        an_activity(3, RAVI, Status="Done", ActivityOwnerEmail="neha@example.com"),
        an_activity(4),
    ]

    request = OPERATION.request(activities, PLAIN)

    assert request == ApiRequest(
        method="POST",
        path="/v2/ProspectActivity.svc/Bulk/CustomActivity/Add/ByLeadId",
        query=(),
        body=(
            f'[{{"RelatedProspectId":"{ASHA}","ActivityEvent":330,"ActivityNote":"न उठा",'
            '"ActivityDateTime":"2026-03-31 04:30:00","Fields":[{"SchemaName":"mx_Custom_2","Value":"45"}]},'
            f'{{"RelatedProspectId":"{RAVI}","ActivityEvent":330,"ActivityOwnerEmail":"neha@example.com",'
            '"Fields":[{"SchemaName":"Status","Value":"Done"}]},'
            f'{{"RelatedProspectId":"{ASHA}","ActivityEvent":330}}]'
        ).encode(),
        window=Window.BULK,
    )


def test_dropdowns_are_always_validated() -> None:
    """The page of this operation names no switch for dropdowns, so none is sent whatever was asked."""
    body = OPERATION.request([an_activity()], RequestOptions(skip_dropdown_validation=True)).body

    assert body == OPERATION.request([an_activity()], PLAIN).body


@pytest.mark.parametrize(
    ("activities", "message"),
    [
        pytest.param([], "0 activities in one request; it takes 1 to 25", id="none"),
        pytest.param([an_activity()] * 26, "26 activities in one request; it takes 1 to 25", id="too many"),
        pytest.param([Activity(41, {"SearchByValue": "a@b.c"}, 1)], "row 41 has no RelatedProspectId", id="no lead"),
        pytest.param([an_activity(7, "")], "row 7 has no RelatedProspectId", id="empty lead"),
    ],
)
def test_impossible_requests_are_not_built(activities: list[Activity], message: str) -> None:
    """What LeadSquared could only refuse as a whole is our own mistake and never leaves."""
    with pytest.raises(ValueError, match=f"^{message}$"):
        OPERATION.request(activities, PLAIN)


def test_rows_are_addressed_by_the_id_of_their_lead() -> None:
    """The id stands in each element, and there is no lead field to look leads up in."""
    body = OPERATION.request([an_activity(2), an_activity(3, RAVI)], PLAIN).body

    assert [one[OPERATION.addressed_by(PLAIN)] for one in OPERATION.elements(body, PLAIN)] == [ASHA, RAVI]
    assert OPERATION.elements(body, PLAIN) == json.loads(body)
    assert OPERATION.lead_field(PLAIN) is None


def test_what_it_says_of_itself() -> None:
    """It adds, so it is never repeated; 25 rows of any leads travel together; the answer names the activity."""
    assert (OPERATION.repeatable, OPERATION.stores_as, OPERATION.rows_per_request) == (False, Outcome.CREATED, 25)
    assert (OPERATION.travels_by, OPERATION.keeps_order) == (None, False)
    assert OPERATION.answer == AnswerNames(flag="ActivityCreated", activity_id="ProspectActivityId")
