"""add-by-lead-field: its request, byte for byte."""

from __future__ import annotations

import json

import pytest

from etl.operations import OPERATIONS
from etl.operations.contract import RequestOptions
from etl.records import Activity, ApiRequest, Window

OPERATION = OPERATIONS["add-by-lead-field"]
BY_EMAIL = RequestOptions(search_by="EmailAddress")


def an_activity(row_number: int = 2, **values: str) -> Activity:
    return Activity(row_number, {"SearchByValue": "asha@example.com", **values}, event=320)


def test_request_is_exactly_what_the_vendor_describes() -> None:
    """Fixed names stand at the top, every other target in Fields in the order of the mapping, as compact UTF-8."""
    activity = an_activity(
        mx_Custom_2="₹1,200",
        ActivityDateTime="2026-03-31 04:30:00",
        Status="Won",
        ActivityNote="मिले\n“ठीक”",
        mx_Custom_1="007",
        ActivityOwnerEmail="ravi@example.com",
    )

    request = OPERATION.request([activity], BY_EMAIL)

    assert request == ApiRequest(
        method="POST",
        path="/v2/ProspectActivity.svc/Bulk/CustomActivity/Add/ByLeadField",
        query=(("searchBy", "EmailAddress"),),
        body=(
            '[{"SearchByValue":"asha@example.com","ActivityEvent":320,"ActivityNote":"मिले\\n“ठीक”",'
            '"ActivityOwnerEmail":"ravi@example.com","ActivityDateTime":"2026-03-31 04:30:00","Fields":['
            '{"SchemaName":"mx_Custom_2","Value":"₹1,200"},{"SchemaName":"Status","Value":"Won"},'
            '{"SchemaName":"mx_Custom_1","Value":"007"}]}]'
        ).encode(),
        window=Window.BULK,
    )


def test_element_holds_nothing_that_the_row_left_out() -> None:
    """A row with nothing but its lead becomes an element of two names."""
    request = OPERATION.request([an_activity()], BY_EMAIL)

    assert request.body == b'[{"SearchByValue":"asha@example.com","ActivityEvent":320}]'


def test_skipping_dropdown_validation_is_asked_for_in_each_element() -> None:
    """ValidateDropDownOptions stands as true in every element when asked for."""
    options = RequestOptions("EmailAddress", skip_dropdown_validation=True)

    body = OPERATION.request([an_activity(2), an_activity(3)], options).body

    assert [element["ValidateDropDownOptions"] for element in json.loads(body)] == [True, True]


@pytest.mark.parametrize(
    ("activities", "options", "message"),
    [
        pytest.param([], BY_EMAIL, "0 activities in one request; it takes 1 to 25", id="none"),
        pytest.param([an_activity()] * 26, BY_EMAIL, "26 activities in one request; it takes 1 to 25", id="too many"),
        pytest.param([an_activity()], RequestOptions(), "add-by-lead-field needs search_by", id="no search_by"),
        pytest.param([Activity(41, {}, 320)], BY_EMAIL, "row 41 has no SearchByValue", id="no lead"),
    ],
)
def test_impossible_requests_are_not_built(activities: list[Activity], options: RequestOptions, message: str) -> None:
    """What LeadSquared could only refuse as a whole is our own mistake and never leaves."""
    with pytest.raises(ValueError, match=f"^{message}$"):
        OPERATION.request(activities, options)


def test_rows_are_addressed_by_what_their_element_holds() -> None:
    """The target that names the lead is required, carried, and stands in the element with the row's value."""
    body = OPERATION.request([an_activity()], BY_EMAIL).body

    address = OPERATION.addressed_by(BY_EMAIL)

    assert address in OPERATION.required_targets
    assert OPERATION.carries(address)
    assert [element[address] for element in OPERATION.elements(body, BY_EMAIL)] == ["asha@example.com"]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(BY_EMAIL, id="e-mail"),
        pytest.param(RequestOptions("Phone"), id="phone"),
        pytest.param(RequestOptions("mx_Code", skip_dropdown_validation=True), id="a field of the account's own"),
    ],
)
def test_the_lead_field_is_the_one_that_the_request_names(options: RequestOptions) -> None:
    """Leads are looked up for reading back in the very field that LeadSquared was told to search."""
    request = OPERATION.request([an_activity()], options)

    assert OPERATION.lead_field(options) == dict(request.query)["searchBy"]
    assert OPERATION.lead_field(RequestOptions()) is None
