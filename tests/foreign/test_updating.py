"""Bulk/CustomActivity/Update."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import ASHA, CALL, LOADED, RETRIEVE, UPDATE, ManualClock, Serve, assert_refused, change

DETAILS = "ProspectActivity.svc/GetActivityDetails"
PARTS = {"Status": "Pending", "mx_CustomObject_1": "a.png"}


def set_of(**parts: str) -> dict[str, Any]:
    """An entry of Fields that is a custom field set."""
    return {
        "Attribute": "mx_Custom_3",
        "Value": "",
        "Fields": [{"Attribute": name, "Value": value} for name, value in parts.items()],
    }


def test_an_update_changes_what_it_names(serve: Serve) -> None:
    """Named values are other ones, the rest stays, the moment of change is now; the answer is the page's."""
    server, caller = serve(**LOADED)

    reply = caller.call("POST", UPDATE, [change(CALL.upper(), "called back", mx_Custom_2="0420", Status="Inactive")])

    (activity,) = server.activities
    assert reply.content == {"Response": [{"RowNumber": 1, "ActivityUpdated": True}]}
    assert (activity.note, activity.updates) == ("called back", 1)
    assert activity.fields == {"mx_Custom_1": "First", "mx_Custom_2": "0420", "Status": "Inactive"}
    assert activity.created_on.isoformat() == "2024-01-31T10:00:00+00:00"
    assert activity.modified_on.year > 2024


def test_rows_of_one_activity_are_applied_in_order(serve: Serve) -> None:
    """Of two rows of one activity the later one stays, and both count."""
    server, caller = serve(**LOADED)

    caller.call("POST", UPDATE, [change(mx_Custom_1="a", mx_Custom_2="b"), change(mx_Custom_1="c")])

    assert (server.activities[0].fields, server.activities[0].updates) == ({"mx_Custom_1": "c", "mx_Custom_2": "b"}, 2)
    assert server.state()["activities"][0]["updates"] == 2


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        pytest.param({"ProspectActivityId": ASHA}, "Activity does not exist", id="no activity's id"),
        pytest.param({"ProspectActivityId": " "}, "'ProspectActivityId' is mandatory", id="no id"),
        pytest.param({"Fields": [{"SchemaName": "mx_Custom_99", "Value": "x"}]}, "mx_Custom_99", id="no such field"),
        pytest.param({"Fields": [{"SchemaName": "mx_Custom_1", "Value": "x" * 201}]}, "201", id="long value"),
    ],
)
def test_a_bad_row_changes_nothing(serve: Serve, wrong: dict[str, Any], says: str) -> None:
    """A row at fault is answered false with a text; its neighbours are made."""
    server, caller = serve(**LOADED)

    answers = caller.call("POST", UPDATE, [change(mx_Custom_1="a"), change() | wrong, change(note="n")])

    refused = answers.content["Response"][1]
    assert (refused["RowNumber"], refused["ActivityUpdated"]) == (2, False)
    assert says in refused["ExceptionMessage"]
    assert server.activities[0].updates == 2


@pytest.mark.parametrize(("sent", "answered"), [(3, [1, 2]), (1, [])])
def test_an_answer_may_be_short(serve: Serve, sent: int, answered: list[int]) -> None:
    """A short answer lacks its last row, as in the page's sample, though every update is made."""
    server, caller = serve(short_update_answer=True, **LOADED)

    reply = caller.call("POST", UPDATE, [change(note=str(number)) for number in range(sent)])

    assert [answer["RowNumber"] for answer in reply.content["Response"]] == answered
    assert server.activities[0].updates == sent


@pytest.mark.parametrize(("clears", "note", "value"), [(True, "", ""), (False, "called", "First")])
def test_an_empty_value_clears_or_does_nothing(serve: Serve, clears: bool, note: str, value: str) -> None:
    """What an empty value does is not documented, so the test chooses."""
    server, caller = serve(empty_value_clears=clears, **LOADED)

    caller.call("POST", UPDATE, [change(note="", mx_Custom_1="")])

    assert (server.activities[0].note, server.activities[0].fields["mx_Custom_1"]) == (note, value)


def test_a_custom_field_set_keeps_the_parts_that_were_not_sent(serve: Serve) -> None:
    """An update of one part leaves the others; a plain value of the look of a set is a plain value."""
    server, caller = serve(**LOADED)
    caller.call("POST", UPDATE, [change() | {"Fields": [set_of(**PARTS)]}])

    caller.call("POST", UPDATE, [change(mx_Custom_1="{") | {"Fields": [set_of(mx_CustomObject_1="b.png")]}])
    caller.call("POST", UPDATE, [change(mx_Custom_1='{"a": "b"}'), change(mx_Custom_1="{")])

    assert server.activities[0].fields["mx_Custom_3"] == '{"Status": "Pending", "mx_CustomObject_1": "b.png"}'
    assert server.activities[0].fields["mx_Custom_1"] == "{"


def test_400_for_members_of_other_operations(serve: Serve) -> None:
    """Type, owner and time of an activity are no part of the body; 26 rows are too many."""
    server, caller = serve(**LOADED)

    for name, value in {"ActivityEvent": 320, "ActivityOwnerEmail": "a@b.c", "ActivityDateTime": "x"}.items():
        assert_refused(caller.call("POST", UPDATE, [change() | {name: value}]), 400, "MXBadRequestException", name)
    assert_refused(caller.call("POST", UPDATE, [change()] * 26), 500, "MXInvalidInputException", "26 activities")
    assert server.activities[0].updates == 0


def test_reads_lag_behind_updates(serve: Serve, clock: ManualClock) -> None:
    """Until an update is visible, all reads show the activity as it was; by its id maybe at once."""
    server, caller = serve(visible_after_seconds=2.0, **LOADED)

    def shown() -> tuple[str, str]:
        listed = caller.call("POST", f"{RETRIEVE}?leadId={ASHA}").content["ProspectActivities"]
        details = caller.get(DETAILS, activityId=CALL).content["Fields"]
        (by_id,) = [field["Value"] for field in details if field["SchemaName"] == "mx_Custom_1"]
        return listed[0]["ActivityFields"]["mx_Custom_1"], by_id

    caller.call("POST", UPDATE, [change(mx_Custom_1="a")])
    clock.seconds += 1.0
    caller.call("POST", UPDATE, [change(mx_Custom_1="b")])

    assert shown() == ("First", "First")
    clock.seconds += 1.0
    assert shown() == ("a", "a")
    server.behaviour.details_at_once = True
    assert shown() == ("a", "b")
    clock.seconds += 1.0
    assert shown() == ("b", "b")
