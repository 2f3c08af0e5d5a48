"""Adding activities by a lead field: what is stored, and every way in which LeadSquared may tell of a refused row."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from etl.simulator import (
    BadOwner,
    BulkFailureMode,
    BulkOrder,
    BulkSuccessShape,
    OverTwentyFive,
    Switches,
)

from .calls import Bench, add, answer, refusal, row, rows

GOOD, BAD = row("good@example.com"), row("nobody@example.com")
UNKNOWN = "Lead with EmailAddress 'nobody@example.com' does not exist or you do not have permission."


def test_a_good_row_is_stored_as_sent() -> None:
    """Everything that was sent is kept, with lead, id, writer, event time, hidden milliseconds and where it came in."""
    bench = Bench()
    fields = [{"SchemaName": "mx_Custom_1", "Value": "₹ 12"}, {"SchemaName": "Status", "Value": ""}]
    sent = row(
        ActivityNote="नोट",
        ActivityOwnerEmail="rep@example.com",
        ActivityDateTime="2026-02-27 04:15:00",
        Fields=fields,
    )

    reply = bench.send(add([row("b@example.com"), sent]))

    stored = bench.simulator.activities()[1]
    assert answer(reply)["Response"][1] == {
        "ProspectActivityId": stored["ProspectActivityId"],
        "RowNumber": 2,
        "ActivityCreated": True,
    }
    assert uuid.UUID(stored.pop("ProspectActivityId"))
    assert uuid.UUID(stored.pop("RelatedProspectId"))
    assert uuid.UUID(stored.pop("CreatedBy"))
    assert stored == {
        "SearchBy": "EmailAddress",
        "SearchByValue": "a@example.com",
        "ActivityEvent": 320,
        "ActivityNote": "नोट",
        "ActivityOwnerEmail": "rep@example.com",
        "ActivityDateTime": "2026-02-27 04:15:00",
        "Fields": fields,
        "CreatedOn": "2026-02-27 04:15:00",
        "CreatedByEmailAddress": "importer@example.com",
        "CreatedByName": "Import User",
        "ModifiedOn": "2026-03-01 09:30:00.123",
        "request_number": 1,
        "row_number": 2,
        "arrived_seconds": 101.0,
        "arrived_at": "2026-03-01T09:30:00.123+00:00",
    }


def test_without_an_event_time_the_server_takes_its_own() -> None:
    """CreatedOn is then the moment of writing, in whole seconds."""
    bench = Bench()

    bench.send(add([row()]))

    assert bench.stored("CreatedOn") == ["2026-03-01 09:30:00"]
    assert bench.stored("ActivityDateTime") == [None]


def test_equal_activities_are_stored_again() -> None:
    """There is no duplicate check, and a lead is the same however its value is written."""
    bench = Bench()

    bench.send(add([row(), row(" A@Example.com ")]))
    bench.send(add([row()]))

    assert len(set(bench.stored("ProspectActivityId"))) == 3
    assert len(set(bench.stored("RelatedProspectId"))) == 1


def test_a_value_belongs_to_another_lead_in_another_field() -> None:
    """The lead follows from field and value together."""
    bench = Bench()

    for field in ("EmailAddress", "mx_Customer_Id"):
        bench.send(add([row()], query=(("searchBy", field),)))

    assert len(set(bench.stored("RelatedProspectId"))) == 2


ROW_BY_MODE = {
    "inline_errormessage": {"ErrorMessage": UNKNOWN, "RowNumber": 2, "ActivityCreated": False},
    "inline_exceptionmessage": {
        "ExceptionType": "MXInvalidLeadException",
        "ExceptionMessage": UNKNOWN,
        "RowNumber": 2,
        "ActivityCreated": False,
    },
    "inline_bare": {"RowNumber": 2, "ActivityCreated": False},
    "inline_omitted": None,
}


@pytest.mark.parametrize("mode", ROW_BY_MODE)
def test_a_refused_row_inline(mode: str) -> None:
    """The neighbours of a refused row are stored and keep their numbers; the row itself is told of by the switch."""
    bench = Bench(switches=Switches(bulk_failure_mode=BulkFailureMode(mode)))

    answered = answer(bench.send(add([GOOD, BAD, GOOD])))["Response"]

    expected = ROW_BY_MODE[mode]
    assert [given for given in answered if given["RowNumber"] == 2] == ([] if expected is None else [expected])
    assert [given["ProspectActivityId"] for given in answered if given["ActivityCreated"]] == bench.stored(
        "ProspectActivityId"
    )
    assert [given["RowNumber"] for given in answered if given["ActivityCreated"]] == [1, 3]


@pytest.mark.parametrize(("mode", "stored"), [("all_or_nothing", 0), ("abort_midway", 1)])
def test_a_refused_row_fails_the_call(mode: str, stored: int) -> None:
    """The call fails with the row's type and text; the rows before it are stored only where it is aborted midway."""
    bench = Bench(switches=Switches(bulk_failure_mode=BulkFailureMode(mode)))

    assert refusal(bench.send(add([GOOD, BAD, GOOD]))) == (500, "MXInvalidLeadException", UNKNOWN)
    assert len(bench.stored()) == stored
    assert bench.stat("rows_stored") == stored


def test_every_failure_mode_has_a_test() -> None:
    """The two tables above cover the switch."""
    assert {*ROW_BY_MODE, "all_or_nothing", "abort_midway"} == {mode.value for mode in BulkFailureMode}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"SearchByValue": " "}, "'SearchByValue' is mandatory."),
        ({"SearchByValue": 5}, "'SearchByValue' is mandatory."),
        ({"SearchByValue": "Gone@example.com"}, "Lead with EmailAddress 'Gone@example.com' does not exist"),
        ({"ActivityNote": "n" * 2001}, "'ActivityNote' has 2001 characters, more than 2000."),
        ({"ActivityNote": 5}, "'ActivityNote' is expected as a string."),
        (
            {"ActivityDateTime": "2026-02-30 10:00:00"},
            "'ActivityDateTime' value '2026-02-30 10:00:00' is not in the form",
        ),
        ({"ActivityDateTime": "2026-02-27T10:00:00"}, "'ActivityDateTime' value '2026-02-27T10:00:00'"),
        ({"ActivityDateTime": "27/02/2026 10:00"}, "is not in the form YYYY-MM-DD HH:MM:SS."),
        ({"ActivityDateTime": "2026-02-27 10:00:00Z"}, "is not in the form YYYY-MM-DD HH:MM:SS."),
        ({"ActivityDateTime": ""}, "is not in the form YYYY-MM-DD HH:MM:SS."),
        ({"ActivityOwnerEmail": "nobody@example.com"}, "No active user has the e-mail address 'nobody@example.com'."),
        ({"ActivityOwnerEmail": "Rep"}, "No active user has the e-mail address 'Rep'."),
        ({"Fields": {"mx_Custom_1": "x"}}, "'Fields' is expected as an array."),
        ({"Fields": ["x"]}, "Each entry of 'Fields' is expected as an object with a SchemaName."),
        ({"Fields": [{"SchemaName": "mx_Custom_1", "Value": 5}]}, "'mx_Custom_1' expects its Value as a string."),
        ({"Fields": [{"SchemaName": "mx_Custom_1"}]}, "'mx_Custom_1' expects its Value as a string."),
        (
            {"Fields": [{"SchemaName": "mx_Custom_1", "Value": "v" * 201}]},
            "'mx_Custom_1' has 201 characters, more than 200.",
        ),
        ({"Fields": [{"SchemaName": "mx_Custom_51", "Value": "v"}]}, "Field name : 'mx_Custom_51' does not exist."),
        (
            {"Fields": [{"SchemaName": "mx_custom_1x", "Value": "v"}, {"SchemaName": "Colour", "Value": "v"}]},
            "'Colour'",
        ),
    ],
)
def test_a_row_that_is_refused(members: dict[str, Any], message: str) -> None:
    """Each wrong member refuses its row alone, in words that name it."""
    bench = Bench(unknown_leads=frozenset({"gone@EXAMPLE.com"}))

    answered = answer(bench.send(add([row(), {**row(), **members}, row()])))["Response"]

    assert [given["ActivityCreated"] for given in answered] == [True, False, True]
    assert message in answered[1]["ErrorMessage"]
    assert bench.stat("rows_refused") == 1


@pytest.mark.parametrize(
    "members",
    [
        {"ActivityNote": "n" * 2000},
        {"ActivityNote": None, "Fields": None, "ActivityOwnerEmail": ""},
        {"Fields": [{"SchemaName": "mx_Custom_50", "Value": "₹" * 200}]},
        {
            "Fields": [
                {"SchemaName": "mx_KYC", "Value": "", "Fields": [{"SchemaName": "mx_CustomObject_2", "Value": "8"}]}
            ]
        },
        {"ActivityDateTime": "1999-12-31 23:59:59"},
    ],
    ids=["longest-note", "nulls", "longest-field", "field-set", "long-ago"],
)
def test_a_row_at_the_edge_is_stored(members: dict[str, Any]) -> None:
    """What is exactly at a limit is within it."""
    bench = Bench()

    assert answer(bench.send(add([{**row(), **members}])))["Response"][0]["ActivityCreated"] is True
    assert len(bench.stored()) == 1


def test_a_bad_owner_may_fall_back_to_the_user_of_the_keys() -> None:
    """With the switch the row is stored, silently owned by somebody else."""
    bench = Bench(switches=Switches(bad_owner=BadOwner.FALL_BACK))

    bench.send(add([row(ActivityOwnerEmail="nobody@example.com"), row(ActivityOwnerEmail="rep@example.com")]))

    assert bench.stored("ActivityOwnerEmail") == ["importer@example.com", "rep@example.com"]


@pytest.mark.parametrize(("switch", "stored"), [("refuse", 0), ("truncate", 25), ("accept", 26)])
def test_more_than_25_rows(switch: str, stored: int) -> None:
    """The 26th row refuses the call, vanishes, or is stored, and is counted as received in any case."""
    bench = Bench(switches=Switches(over_25_rows=OverTwentyFive(switch)))

    reply = bench.send(add(rows(26)))

    assert len(bench.stored()) == stored
    assert bench.stat("largest_request_rows") == bench.stat("rows_received") == 26
    if switch == "refuse":
        assert refusal(reply)[:2] == (500, "MXInvalidInputException")
    else:
        assert len(answer(reply)["Response"]) == stored


def test_25_rows_are_stored() -> None:
    """The limit itself is within the limit."""
    bench = Bench()

    assert len(answer(bench.send(add(rows(25))))["Response"]) == len(bench.stored()) == 25


def test_shuffled_answers_have_right_numbers() -> None:
    """Rows come in any order; the number still leads to the row that was stored."""
    bench = Bench(switches=Switches(bulk_order=BulkOrder.SHUFFLED))

    answered = answer(bench.send(add(rows(25))))["Response"]

    numbers = [given["RowNumber"] for given in answered]
    assert numbers != sorted(numbers)
    assert sorted(numbers) == list(range(1, 26))
    by_number = {activity["row_number"]: activity["ProspectActivityId"] for activity in bench.simulator.activities()}
    assert {given["RowNumber"]: given["ProspectActivityId"] for given in answered} == by_number


def test_zero_based_numbers() -> None:
    """The first row may be row 0."""
    bench = Bench(switches=Switches(bulk_order=BulkOrder.ZERO_BASED))

    assert [given["RowNumber"] for given in answer(bench.send(add(rows(3))))["Response"]] == [0, 1, 2]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [("count", {"Status": "Success", "Message": {"Count": 2}}), ("fewer_rows", [1, 2])],
)
def test_success_shapes(shape: str, expected: Any) -> None:
    """An answer may hold no rows at all, or lack the last one, though it is stored."""
    bench = Bench(switches=Switches(bulk_success_shape=BulkSuccessShape(shape)))

    body = answer(bench.send(add([GOOD, BAD, GOOD])))

    assert (body if shape == "count" else [given["RowNumber"] for given in body["Response"]]) == expected
    assert len(bench.stored()) == 2
