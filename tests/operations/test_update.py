"""update: its request, byte for byte."""

from __future__ import annotations

import json

import pytest

from etl.operations import OPERATIONS
from etl.operations.contract import AnswerNames, Proof, RequestOptions
from etl.records import Activity, ApiRequest, Outcome, Window

OPERATION = OPERATIONS["update"]
PLAIN = RequestOptions()
FIRST = "5c1a0f42-8f0c-4b5b-9d1b-2f1b8f3d8a05"
SECOND = "6c1a0f42-8f0c-4b5b-9d1b-2f1b8f3d8a06"


def an_activity(row_number: int = 2, activity: str = FIRST, **values: str) -> Activity:
    return Activity(row_number, {"ProspectActivityId": activity, **values}, event=0)


def test_request_is_exactly_what_the_vendor_describes() -> None:
    """Id, note and fields; the type of an activity is no part of the body even where the mapping names it."""
    activities = [
        an_activity(2, ActivityNote="फिर मिलें", mx_Custom_1="7", Status="Closed"),
        Activity(3, {"mx_Custom_2": "x", "ProspectActivityId": SECOND}, event=320),
    ]

    request = OPERATION.request(activities, PLAIN)

    assert request == ApiRequest(
        method="POST",
        path="/v2/ProspectActivity.svc/Bulk/CustomActivity/Update",
        query=(),
        body=(
            f'[{{"ProspectActivityId":"{FIRST}","ActivityNote":"फिर मिलें","Fields":['
            '{"SchemaName":"mx_Custom_1","Value":"7"},{"SchemaName":"Status","Value":"Closed"}]},'
            f'{{"ProspectActivityId":"{SECOND}","Fields":[{{"SchemaName":"mx_Custom_2","Value":"x"}}]}}]'
        ).encode(),
        window=Window.BULK,
    )


def test_an_empty_value_goes_out_because_it_clears() -> None:
    """What the mapping left in the row as an empty text is sent as one, note and field alike."""
    request = OPERATION.request([an_activity(ActivityNote="", mx_Custom_1="")], PLAIN)

    assert json.loads(request.body) == [
        {"ProspectActivityId": FIRST, "ActivityNote": "", "Fields": [{"SchemaName": "mx_Custom_1", "Value": ""}]}
    ]


def test_skipping_dropdown_validation_is_asked_for_in_each_element() -> None:
    """ValidateDropDownOptions stands as true in every element when asked for, and nowhere else."""
    changes = [an_activity(2, Status="New"), an_activity(3, SECOND, Status="New")]

    body = OPERATION.request(changes, RequestOptions(skip_dropdown_validation=True)).body

    assert [element["ValidateDropDownOptions"] for element in json.loads(body)] == [True, True]
    assert b"ValidateDropDownOptions" not in OPERATION.request(changes, PLAIN).body


MANY = [an_activity(n, f"{n:08d}-8f0c-4b5b-9d1b-2f1b8f3d8a06", Status="x") for n in range(2, 28)]


@pytest.mark.parametrize(
    ("activities", "message"),
    [
        pytest.param([], "0 activities in one request; it takes 1 to 25", id="none"),
        pytest.param(MANY, "26 activities in one request; it takes 1 to 25", id="too many"),
        pytest.param(
            [an_activity(2, Status="a"), an_activity(3, Status="b")], "one activity twice in one request", id="twice"
        ),
        pytest.param(
            [an_activity(2, FIRST, Status="a"), an_activity(3, FIRST.upper(), Status="b")],
            "one activity twice in one request",
            id="twice in two spellings",
        ),
        pytest.param([Activity(8, {"Status": "a"}, 0)], "row 8 has no ProspectActivityId", id="no id"),
        pytest.param([an_activity(8)], "row 8 changes nothing", id="nothing to change"),
    ],
)
def test_impossible_requests_are_not_built(activities: list[Activity], message: str) -> None:
    """An id stands in a request once (the vendor's sample answers two with one row), and each row changes something."""
    with pytest.raises(ValueError, match=f"^{message}$"):
        OPERATION.request(activities, PLAIN)


def test_rows_are_addressed_by_the_activity_itself() -> None:
    """Each element holds the id of the activity that it changes, as the row has it."""
    body = OPERATION.request(
        [an_activity(2, FIRST.upper(), Status="a"), an_activity(3, SECOND, Status="b")], PLAIN
    ).body

    assert [one[OPERATION.addressed_by(PLAIN)] for one in OPERATION.elements(body, PLAIN)] == [FIRST.upper(), SECOND]
    assert OPERATION.lead_field(PLAIN) is None


def test_what_it_says_of_itself() -> None:
    """It may be repeated, keeps the order of rows of one activity, and the answer names no activity."""
    assert (OPERATION.repeatable, OPERATION.stores_as, OPERATION.rows_per_request) == (True, Outcome.UPDATED, 25)
    assert (OPERATION.travels_by, OPERATION.keeps_order, OPERATION.proof) == (None, True, Proof.VALUES)
    assert OPERATION.answer == AnswerNames(flag="ActivityUpdated", activity_id=None)
