"""What an account tells of its activity types, fields, users and leads, and holds rows against."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import ASHA, CALL, LOADED, UPDATE, Serve, assert_refused, change, creation, row

SETTING = "ProspectActivity.svc/CustomActivity/GetActivitySetting"
DETAILS = "ProspectActivity.svc/GetActivityDetails"
FIELDS = {
    "mx_Custom_1": {"DisplayName": "Purpose", "IsMandatory": True, "MaxFieldLength": 300},
    "mx_Custom_2": {"DisplayName": "Mood", "DataType": "SearchableDropdown", "Options": ["Good", "Bad"]},
    "mx_Custom_3": {"Options": ["a", "b"], "IsMultiSelectDropdown": True},
}
DESCRIBED: dict[str, Any] = {"activity_types": {320: "Site Visit", 7: "Call"}, "activity_fields": {320: FIELDS}}


def test_activity_types(serve: Serve) -> None:
    """ActivityTypes.Get lists codes as texts, with names; without named types it is not there."""
    _, caller = serve(**DESCRIBED)
    _, other = serve()

    listed = caller.get("ProspectActivity.svc/ActivityTypes.Get").content

    assert [(entry["ActivityEvent"], entry["DisplayName"]) for entry in listed] == [
        ("320", "Site Visit"),
        ("7", "Call"),
    ]
    assert other.get("ProspectActivity.svc/ActivityTypes.Get").status == 404


def test_fields_of_an_activity_type(serve: Serve) -> None:
    """GetActivitySetting shows the standard fields and the named ones, options as a JSON text."""
    _, caller = serve(**DESCRIBED)

    content = caller.get(SETTING, code="320").content
    fields = {field["SchemaName"]: field for field in content["Fields"]}

    assert content["Name"] == "Site Visit"
    assert list(fields) == ["ActivityEvent_Note", "Status", "Owner", "mx_Custom_1", "mx_Custom_2", "mx_Custom_3"]
    assert (fields["mx_Custom_1"]["IsMandatory"], fields["mx_Custom_1"]["MaxFieldLength"]) == (True, 300)
    assert (fields["mx_Custom_1"]["OptionSet"], fields["mx_Custom_1"]["DataType"]) == ("", "String")
    assert [option["Value"] for option in json.loads(fields["mx_Custom_2"]["OptionSet"])] == ["Good", "Bad"]
    assert caller.get(SETTING, code="7").content["Fields"] == []


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        pytest.param({"mx_Custom_1": "x" * 300, "mx_Custom_2": "Good"}, None, id="as described"),
        pytest.param({"mx_Custom_1": "x", "mx_Custom_3": "a;b"}, None, id="several options"),
        pytest.param({"mx_Custom_1": "x", "mx_Custom_2": ""}, None, id="empty option"),
        pytest.param({"mx_Custom_1": "x" * 301}, "301 char", id="too long"),
        pytest.param({"mx_Custom_2": "Good"}, "'mx_Custom_1' of datatype : 'String' is mandatory", id="mandatory"),
        pytest.param({"mx_Custom_1": "x", "mx_Custom_2": "good"}, "no option 'good'", id="option in another case"),
        pytest.param({"mx_Custom_1": "x", "mx_Custom_4": "x"}, "'mx_Custom_4' does not exist", id="no such field"),
    ],
)
def test_rows_are_held_against_the_fields_of_their_type(serve: Serve, fields: dict[str, str], says: str | None) -> None:
    """Where the fields of a type are named, a row that does not fit them is refused."""
    _, caller = serve(**DESCRIBED)
    sent = [{"SchemaName": name, "Value": value} for name, value in fields.items()]

    (answer,) = caller.add(row(Fields=sent)).content["Response"]

    assert answer["ActivityCreated"] == (says is None)
    assert (says or "") in answer.get("ExceptionMessage", "")


def test_validation_of_dropdowns_can_be_skipped(serve: Serve) -> None:
    """ValidateDropDownOptions: true skips it, in each row of an array and at the top of CreateCustom's body."""
    server, caller = serve(**DESCRIBED, **LOADED)
    fields = [{"SchemaName": "mx_Custom_1", "Value": "x"}, {"SchemaName": "mx_Custom_2", "Value": "Odd"}]
    body = creation(("EmailAddress", "ravi@example.com"), Fields=fields)
    skip = {"ValidateDropDownOptions": True}

    rows = [row(Fields=fields), row(Fields=fields) | skip]
    added = [answer["ActivityCreated"] for answer in caller.add(*rows).content["Response"]]
    updates = [change(mx_Custom_2="Odd"), change(mx_Custom_2="Odd") | skip]
    updated = [answer["ActivityUpdated"] for answer in caller.call("POST", UPDATE, updates).content["Response"]]
    created = [caller.call("POST", "/v2/ProspectActivity.svc/CreateCustom", one).status for one in (body, body | skip)]

    assert (added, updated, created) == ([False, True], [False, True], [500, 200])
    assert [activity.fields["mx_Custom_2"] for activity in server.activities] == ["Odd"] * 3


def test_details_of_an_activity(serve: Serve) -> None:
    """GetActivityDetails shows the fields of the type with values, and neither lead nor times nor its own id."""
    _, caller = serve(**DESCRIBED, **LOADED)

    reply = caller.get(DETAILS, activityId=CALL.upper())

    values = {field["SchemaName"]: field["Value"] for field in reply.content["Fields"]}
    assert reply.content["Name"] == "Site Visit"
    assert values == {
        "ActivityEvent_Note": "called",
        "Status": "Active",
        "Owner": "",
        "mx_Custom_1": "First",
        "mx_Custom_2": "0419",
        "mx_Custom_3": "",
    }
    assert not any(word in json.dumps(reply.content) for word in (CALL, ASHA, "2024-01-31"))


def test_details_of_an_activity_that_is_not_there(serve: Serve) -> None:
    """An unknown id, and none, are logical errors."""
    _, caller = serve(**LOADED)

    refused = caller.get(DETAILS, activityId=ASHA)
    assert_refused(refused, 500, "MXUnknownProspectActivityException", "Activity does not exist.")
    assert_refused(caller.get(DETAILS), 500, "MXMandatoryAttributeMissingException", "activityId")


def test_users(serve: Serve) -> None:
    """Users.Get shows the key owner and the named users, active or not; without named users it is not there."""
    _, caller = serve(users=[{"EmailAddress": "a@example.com"}, {"EmailAddress": "b@example.com", "StatusCode": 1}])
    _, other = serve()

    listed = caller.get("UserManagement.svc/Users.Get").content

    assert [(user["EmailAddress"], user["StatusCode"]) for user in listed] == [
        ("administrator@example.com", 0),
        ("a@example.com", 0),
        ("b@example.com", 1),
    ]
    assert len({user["ID"] for user in listed}) == 3
    assert other.get("UserManagement.svc/Users.Get").status == 404


def test_fields_of_leads(serve: Serve) -> None:
    """LeadsMetaData.Get shows the standard fields and the named ones, one of them, or all without options."""
    _, caller = serve(lead_fields={"mx_City": {"DataType": "Select", "Options": ["Pune", "Kochi"]}})
    _, other = serve()
    operation = "LeadManagement.svc/LeadsMetaData.Get"

    names = {field["SchemaName"]: field for field in caller.get(operation).content}
    (city,) = caller.get(operation, schemaName="mx_City").content
    (bare,) = caller.get(operation, schemaName="mx_City", excludeOptionSets="1").content

    assert {"ProspectID", "EmailAddress", "Phone", "Mobile", "mx_City"} <= set(names)
    assert (names["Phone"]["IsLeadIdentifier"], names["mx_City"]["IsLeadIdentifier"]) == (True, False)
    assert (city["DataType"], city["Options"], bare["Options"]) == (
        "Select",
        [{"Value": "Pune"}, {"Value": "Kochi"}],
        [],
    )
    assert other.get(operation).status == 404
