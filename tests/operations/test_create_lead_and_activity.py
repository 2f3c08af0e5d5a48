"""create-lead-and-activity: its request, byte for byte."""

from __future__ import annotations

import json

import pytest

from etl.operations import OPERATIONS
from etl.operations.contract import MessageAnswer, RequestOptions
from etl.records import Activity, ApiRequest, Outcome, Window

OPERATION = OPERATIONS["create-lead-and-activity"]
BY_EMAIL = RequestOptions(search_by="EmailAddress")


def an_activity(row_number: int = 2, **values: str) -> Activity:
    named = {name.replace("Lead_", "Lead.").replace("__", "."): value for name, value in values.items()}
    return Activity(row_number, {"Lead.EmailAddress": "asha@example.com", **named}, event=105)


def test_request_is_exactly_what_the_vendor_describes() -> None:
    """Attributes of the lead, what finds it, and the activity beside them; members of a custom field set stay together."""
    activity = an_activity(
        Lead_FirstName="आशा",
        Lead_mx_KYC__Status="Pending",
        ActivityNote="मिले",
        mx_Custom_1="123",
        Lead_mx_Score="5",
        Lead_mx_KYC__mx_CustomObject_2="864",
        mx_Papers__mx_CustomObject_1="ID",
        ActivityDateTime="2026-03-31 04:30:00",
        mx_Papers__mx_CustomObject_3="99",
        Status="Open",
    )

    request = OPERATION.request([activity], BY_EMAIL)

    assert request == ApiRequest(
        method="POST",
        path="/v2/ProspectActivity.svc/CreateCustom",
        query=(),
        body=(
            '{"LeadDetails":[{"Attribute":"EmailAddress","Value":"asha@example.com"},'
            '{"Attribute":"FirstName","Value":"आशा"},'
            '{"Attribute":"mx_KYC","Value":"","Fields":[{"Attribute":"Status","Value":"Pending"},'
            '{"Attribute":"mx_CustomObject_2","Value":"864"}]},'
            '{"Attribute":"mx_Score","Value":"5"},{"Attribute":"SearchBy","Value":"EmailAddress"}],'
            '"Activity":{"ActivityEvent":105,"ActivityNote":"मिले","ActivityDateTime":"2026-03-31 04:30:00","Fields":['
            '{"SchemaName":"mx_Custom_1","Value":"123"},'
            '{"Attribute":"mx_Papers","Value":"","Fields":[{"Attribute":"mx_CustomObject_1","Value":"ID"},'
            '{"Attribute":"mx_CustomObject_3","Value":"99"}]},'
            '{"SchemaName":"Status","Value":"Open"}]}}'
        ).encode(),
        window=Window.GENERAL,
    )


def test_the_least_request() -> None:
    """A row with nothing but what finds its lead is a lead and an activity of its type."""
    body = OPERATION.request([an_activity()], BY_EMAIL).body

    assert json.loads(body) == {
        "LeadDetails": [
            {"Attribute": "EmailAddress", "Value": "asha@example.com"},
            {"Attribute": "SearchBy", "Value": "EmailAddress"},
        ],
        "Activity": {"ActivityEvent": 105},
    }


def test_empty_values_never_reach_a_lead() -> None:
    """The lead may be there already, and an empty text might empty an attribute of it: none is sent."""
    empty = an_activity(Lead_FirstName="", Lead_mx_KYC__Status="", ActivityNote="", mx_Custom_1="")

    assert OPERATION.request([empty], BY_EMAIL) == OPERATION.request([an_activity()], BY_EMAIL)


def test_skipping_dropdown_validation_is_asked_for_at_the_top() -> None:
    """A body that is an object has one place for the switch: beside lead and activity."""
    body = OPERATION.request([an_activity()], RequestOptions("EmailAddress", skip_dropdown_validation=True)).body

    document = json.loads(body)
    assert document.pop("ValidateDropDownOptions") is True
    assert document == json.loads(OPERATION.request([an_activity()], BY_EMAIL).body)


@pytest.mark.parametrize(
    ("activities", "options", "message"),
    [
        pytest.param([], BY_EMAIL, "0 activities in one request; it takes 1", id="none"),
        pytest.param([an_activity(2), an_activity(3)], BY_EMAIL, "2 activities in one request; it takes 1", id="two"),
        pytest.param(
            [an_activity()], RequestOptions(), "create-lead-and-activity needs search_by", id="nothing finds the lead"
        ),
        pytest.param([an_activity(4)], RequestOptions("Phone"), "row 4 has no Lead.Phone", id="found by another field"),
        pytest.param(
            [Activity(4, {"Lead.EmailAddress": ""}, 1)], BY_EMAIL, "row 4 has no Lead.EmailAddress", id="empty"
        ),
    ],
)
def test_impossible_requests_are_not_built(activities: list[Activity], options: RequestOptions, message: str) -> None:
    """One row a request, and always with the value that finds its lead: else each would make a new lead."""
    with pytest.raises(ValueError, match=f"^{message}$"):
        OPERATION.request(activities, options)


def test_rows_come_back_with_what_finds_their_lead() -> None:
    """The element of a body is the activity with its plain fields; its lead and custom field sets stand beside them."""
    row = an_activity(
        Lead_mx_Code="A-7",
        Lead_mx_KYC__Status="Pending",
        ActivityNote="met",
        mx_Custom_1="1",
        mx_Papers__mx_CustomObject_1="ID",
        Lead_mx_KYC__mx_CustomObject_2="864",
    )
    by_code = RequestOptions("mx_Code")

    (element,) = OPERATION.elements(OPERATION.request([row], by_code).body, by_code)

    assert OPERATION.addressed_by(by_code) == "Lead.mx_Code"
    assert OPERATION.lead_field(by_code) == "mx_Code"
    assert element == {
        "ActivityEvent": 105,
        "ActivityNote": "met",
        "Fields": [{"SchemaName": "mx_Custom_1", "Value": "1"}],
        "mx_Papers.mx_CustomObject_1": "ID",
        "Lead.EmailAddress": "asha@example.com",
        "Lead.mx_Code": "A-7",
        "Lead.mx_KYC.Status": "Pending",
        "Lead.mx_KYC.mx_CustomObject_2": "864",
    }


def test_what_it_says_of_itself() -> None:
    """It adds, one row a request, in the general window; rows of one lead keep their order; its answer names nothing."""
    assert (OPERATION.repeatable, OPERATION.stores_as, OPERATION.rows_per_request) == (False, Outcome.CREATED, 1)
    assert (OPERATION.travels_by, OPERATION.keeps_order) == (None, True)
    assert OPERATION.answer == MessageAnswer()
