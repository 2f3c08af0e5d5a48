"""What an account lays down about types, fields, dropdowns, leads' attributes and users: what reads tell, what writes obey."""

from __future__ import annotations

import json
from typing import Any

import pytest

from etl.simulator import (
    RATE_PLANS,
    ActivityField,
    DropdownCase,
    ForbiddenForm,
    LeadField,
    MandatoryFields,
    RateLimit,
    RateWindow,
    Read,
    SimRequest,
    SimulatorOptions,
    Switches,
    User,
)

from .calls import TYPES_PATH, Bench, add, answer, by_event, by_lead, look_up, read, refusal, row
from .other_calls import LEAD, NOWHERE, add_by_id, create_custom, fields, get, of_lead, post, stored_ids, update

USERS_PATH = "/v2/UserManagement.svc/Users.Get"
OPTIONS_PATH = "ActivityField/Dropdown/Options/Get"
SETTING = "CustomActivity/GetActivitySetting"
LEAD_FIELDS = "/v2/LeadManagement.svc/LeadsMetaData.Get"
SETUP: dict[str, Any] = {
    "activity_types": {320: "Site Visit", 12001: "Deal"},
    "activity_fields": {
        320: (
            ActivityField("mx_Custom_1", "Outcome", "SearchableDropdown", ("Done", "done later", "Open")),
            ActivityField("mx_Custom_2", "Code", max_length=5),
            ActivityField("mx_Custom_4", "Papers", "CustomObject"),
            ActivityField("mx_Custom_4~mx_CustomObject_3", "Kind", "Dropdown", ("PAN", "GST")),
        ),
        12001: (ActivityField("Status", "Status", "Dropdown", ("Won",)),),
    },
    "lead_fields": (LeadField("mx_City", "City", "Select", ("Pune", "Goa")),),
    "users": (User("rep@example.com", "Rep One"), User("gone@example.com", is_active=False)),
}


def options_of(name: str, event: Any = 320, part: str | None = None, **body: Any) -> SimRequest:
    parameter = {"SchemaName": name, "ActivityEventCode": event, "CustomObjectSchemaName": part}
    return post(OPTIONS_PATH, {"Parameter": parameter, **body})


def test_settings_of_a_type() -> None:
    """Its name and fields, the system's own among them; options are a JSON text."""
    body = answer(Bench(**SETUP).send(get(SETTING, code="320")))

    by_name = {field["SchemaName"]: field for field in body["Fields"]}
    assert (body["Name"], body["DisplayName"]) == ("Site Visit", "Site Visit")
    assert list(by_name) == ["ActivityEvent_Note", "Status", "Owner", "mx_Custom_1", "mx_Custom_2", "mx_Custom_4"]
    assert [option["Value"] for option in json.loads(by_name["mx_Custom_1"]["OptionSet"])] == [
        "Done",
        "done later",
        "Open",
    ]
    assert (by_name["mx_Custom_2"]["OptionSet"], by_name["mx_Custom_2"]["MaxFieldLength"]) == ("", 5)


def test_a_type_about_which_nothing_is_laid_down_has_all_custom_fields() -> None:
    """Fifty of them, each a text."""
    body = answer(Bench(activity_types={7: "Call"}).send(get(SETTING, code="7")))

    assert [field["SchemaName"] for field in body["Fields"]][3:] == [f"mx_Custom_{number}" for number in range(1, 51)]


@pytest.mark.parametrize("code", ["321", "", "x"])
def test_settings_of_no_type(code: str) -> None:
    """An unknown code is a logical error."""
    assert refusal(Bench(**SETUP).send(get(SETTING, code=code)))[:2] == (500, "MXInvalidActivityException")


def test_options_of_dropdowns() -> None:
    """Of a field, of a member of a set, and by pages."""
    bench = Bench(**SETUP)

    assert answer(bench.send(options_of("mx_Custom_1", "320"))) == {"Options": ["Done", "done later", "Open"]}
    assert answer(bench.send(options_of("mx_Custom_4", part="mx_CustomObject_3"))) == {"Options": ["PAN", "GST"]}
    assert answer(bench.send(options_of("mx_Custom_1", Paging={"PageIndex": 2, "PageSize": 2}))) == {
        "Options": ["Open"]
    }


@pytest.mark.parametrize(
    "request_made",
    [options_of("mx_Custom_2"), options_of("mx_Custom_9"), options_of("Status", 12001), options_of("mx_Custom_1", 999)],
    ids=["text", "no-field", "opportunity", "no-type"],
)
def test_no_options(request_made: SimRequest) -> None:
    """Anything but a dropdown of an activity is refused, in LeadSquared's words."""
    status, _, message = refusal(Bench(**SETUP).send(request_made))

    assert (status, message) == (500, "Activity field should be of type independent dropdown")


def test_attributes_of_leads() -> None:
    """The standard ones and those laid down; one alone; and without options."""
    bench = Bench(**SETUP)

    every = [field["SchemaName"] for field in answer(bench.send(get(LEAD_FIELDS)))]
    (city,) = answer(bench.send(get(LEAD_FIELDS, schemaName="mx_City")))
    (small,) = answer(bench.send(get(LEAD_FIELDS, schemaName="mx_City", excludeOptionSets="1")))

    assert {"EmailAddress", "Phone", "mx_City"} <= set(every)
    assert (city["Options"], city["DataType"]) == ([{"Value": "Pune"}, {"Value": "Goa"}], "Select")
    assert small == {**city, "Options": []}


def test_users_and_who_may_own_activities() -> None:
    """Listed with their state; only an active one, or the user of the keys, is taken as owner."""
    bench = Bench(**SETUP)
    owners = ["REP@example.com", "importer@example.com", "gone@example.com", "other@example.com"]

    listed = answer(bench.send(get(USERS_PATH)))
    answered = answer(bench.send(add([row(ActivityOwnerEmail=owner) for owner in owners])))["Response"]

    assert [(user["EmailAddress"], user["StatusCode"]) for user in listed] == [
        ("importer@example.com", 0),
        ("rep@example.com", 0),
        ("gone@example.com", 1),
    ]
    assert [given["ActivityCreated"] for given in answered] == [True, True, False, False]


SKIP = {"ValidateDropDownOptions": True}
SET_OF = {"SchemaName": "mx_Custom_4", "Value": "", "Fields": [{"SchemaName": "mx_CustomObject_3", "Value": "VAT"}]}


@pytest.mark.parametrize(
    ("case", "members", "is_taken"),
    [
        ("exact", {"Fields": fields(mx_Custom_1="Done")}, True),
        ("exact", {"Fields": fields(mx_Custom_1="DONE")}, False),
        ("case_insensitive", {"Fields": fields(mx_Custom_1="DONE")}, True),
        ("case_insensitive", {"Fields": fields(mx_Custom_1="Never")}, False),
        ("exact", {"Fields": fields(mx_Custom_1="Never"), **SKIP}, True),
        ("exact", {"Fields": fields(mx_Custom_1="Never"), "ValidateDropDownOptions": False}, False),
        ("exact", {"Fields": fields(mx_Custom_1="")}, True),
        ("exact", {"Fields": [SET_OF]}, False),
        ("exact", {"Fields": [SET_OF], **SKIP}, True),
        ("exact", {"Fields": fields(mx_Custom_2="12345")}, True),
        ("exact", {"Fields": fields(mx_Custom_2="123456")}, False),
        ("exact", {"Fields": fields(mx_Custom_3="not there")}, False),
    ],
)
def test_values_that_the_account_takes(case: str, members: dict[str, Any], is_taken: bool) -> None:
    """The same in a bulk add, in a bulk update and in a single one; by lead id there is no way around the options."""
    bench = Bench(**SETUP, switches=Switches(dropdown_case=DropdownCase(case)))
    activity_id = stored_ids(bench, 1)[0]
    top = {name: value for name, value in members.items() if name != "Fields"}

    added = answer(bench.send(add([row(**members)])))["Response"][0]["ActivityCreated"]
    changed = answer(bench.send(update([{"ProspectActivityId": activity_id, **members}])))["Response"][0]
    single = bench.send(post("CustomActivity/Update", {"ProspectActivityId": activity_id, **members}))
    beside = bench.send(create_custom({"EmailAddress": "a@b.c"}, top=top, Fields=members["Fields"]))
    by_id = answer(bench.send(add_by_id([of_lead(**members)])))["Response"][0]["ActivityCreated"]

    assert [added, changed["ActivityUpdated"]] == [is_taken] * 2
    assert [single.status, beside.status] == [200 if is_taken else 500] * 2
    assert by_id is (is_taken and top.get("ValidateDropDownOptions") is not True)


@pytest.mark.parametrize(("switch", "is_taken"), [("refused", False), ("stored", True)])
def test_mandatory_fields(switch: str, is_taken: bool) -> None:
    """Asked for in new activities, by a switch; never in updates."""
    mandatory = ActivityField("mx_Custom_1", is_mandatory=True)
    bench = Bench(activity_fields={320: (mandatory,)}, switches=Switches(mandatory_fields=MandatoryFields(switch)))

    sent = [row(), row(Fields=fields(mx_Custom_1="")), row(Fields=fields(mx_Custom_1="v"))]
    answered = answer(bench.send(add(sent)))["Response"]
    changed = answer(bench.send(update([{"ProspectActivityId": answered[2]["ProspectActivityId"]}])))["Response"]

    assert [given["ActivityCreated"] for given in answered] == [is_taken, is_taken, True]
    assert is_taken or answered[0]["ErrorMessage"] == (
        "Field name : 'mx_Custom_1' of datatype : 'String' is mandatory."
    )
    assert changed == [{"RowNumber": 1, "ActivityUpdated": True}]


def test_a_multi_select_is_not_looked_into() -> None:
    """Its separator is not documented, so nothing can be said about the values within."""
    field = ActivityField("mx_Custom_1", "Kinds", "Dropdown", ("A", "B"), is_multi_select=True)

    answered = answer(Bench(activity_fields={320: (field,)}).send(add([row(Fields=fields(mx_Custom_1="A;B"))])))

    assert answered["Response"][0]["ActivityCreated"] is True


READS: dict[Read, SimRequest] = {
    Read.BY_EVENT: by_event(),
    Read.BY_LEAD: by_lead(LEAD),
    Read.LEADS: look_up("Leads.GetByQuickSearch", key="a"),
    Read.LEADS_BY_IDS: post("/v2/LeadManagement.svc/Leads/Retrieve/ByIds", {"SearchParameters": {"LeadIds": [LEAD]}}),
    Read.ACTIVITY_DETAILS: get("GetActivityDetails", activityId=NOWHERE),
    Read.ACTIVITY_TYPES: read(TYPES_PATH),
    Read.ACTIVITY_SETTING: get(SETTING, code="320"),
    Read.DROPDOWN_OPTIONS: options_of("mx_Custom_1"),
    Read.LEAD_FIELDS: get(LEAD_FIELDS),
    Read.USERS: get(USERS_PATH),
}


@pytest.mark.parametrize("forbidden", Read)
@pytest.mark.parametrize(("form", "status"), [("403_json", 403), ("404", 404)])
def test_each_read_may_be_forbidden(forbidden: Read, form: str, status: int) -> None:
    """That read alone is refused, in either form."""
    switches = Switches(reads_forbidden=frozenset({forbidden}), forbidden_form=ForbiddenForm(form))
    bench = Bench(**SETUP, switches=switches)

    statuses = {kind: bench.send(request_made).status for kind, request_made in READS.items()}

    assert [kind for kind, seen in statuses.items() if seen == status] == [forbidden]


@pytest.mark.parametrize(
    "kind", [Read.ACTIVITY_TYPES, Read.ACTIVITY_SETTING, Read.DROPDOWN_OPTIONS, Read.LEAD_FIELDS, Read.USERS]
)
def test_an_account_that_takes_everything_has_no_lists(kind: Read) -> None:
    """A list would be wrong, so the read is not offered."""
    assert Bench().send(READS[kind]).status == 403


def test_a_fixed_window_starts_anew() -> None:
    """Requests at the end of one span leave the next one whole; a sliding window remembers them."""
    seen = {}
    for window in RateWindow:
        bench = Bench(limit=RateLimit(2, 5.0), switches=Switches(rate_window=window))
        seen[window.value] = [bench.send(add([row()]), later=later).status for later in (4.0, 0.5, 0.4, 0.2, 0.1, 0.1)]

    assert seen["fixed"] == [200, 200, 429, 200, 200, 429]
    assert seen["sliding"] == [200, 200, 429, 429, 429, 429]


def test_rate_plans() -> None:
    """A plan sets both limits and the day's quota, and nothing else."""
    options = RATE_PLANS["earlier-pro"].applied_to(SimulatorOptions(seed=5))

    assert (str(options.limit), str(options.bulk_limit), options.daily, options.seed) == ("5/5", "1/5", 86_400, 5)
    assert set(RATE_PLANS) == {
        "pro",
        "super",
        *(f"earlier-{name}" for name in ("lite", "pro", "super", "standard", "enterprise")),
    }
