from __future__ import annotations

from typing import Any

import pytest

from .conftest import ADD, Serve, assert_refused, row


def test_rows_are_stored_and_answered_in_order(serve: Serve) -> None:
    """A body of good rows is answered as the page prints it, and stored as sent."""
    server, caller = serve()

    reply = caller.add(
        row("Asha@Example.com", ActivityNote="met", Fields=[{"SchemaName": "mx_Custom_2", "Value": "0419"}]),
        row("ravi@example.com", ActivityDateTime="2024-02-29 23:59:59"),
    )

    first, second = server.activities
    assert reply.status == 200
    assert reply.content == {
        "Response": [
            {"ProspectActivityId": first.activity_id, "RowNumber": 1, "ActivityCreated": True},
            {"ProspectActivityId": second.activity_id, "RowNumber": 2, "ActivityCreated": True},
        ]
    }
    assert (first.search_value, first.event, first.note, first.fields) == (
        "Asha@Example.com",
        320,
        "met",
        {"mx_Custom_2": "0419"},
    )
    assert second.created_on.isoformat() == "2024-02-29T23:59:59+00:00"
    assert (second.request_number, second.row_number) == (0, 2)


def test_equal_rows_are_stored_twice(serve: Serve) -> None:
    """There is no check for duplicates: what is posted twice is there twice, under two ids."""
    server, caller = serve()

    caller.add(row(), row())
    caller.add(row())

    assert len({activity.activity_id for activity in server.activities}) == 3


@pytest.mark.parametrize("name", ["searchBy", "SearchBy"])
def test_both_spellings_of_the_search_field_are_taken(serve: Serve, name: str) -> None:
    """The page prints searchBy in the address and SearchBy in the table: both work."""
    server, caller = serve()

    assert caller.call("POST", f"{ADD}?{name}=Phone", [row("+91-9800000001")]).status == 200
    assert [activity.search_by for activity in server.activities] == ["Phone"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        pytest.param({"SearchByValue": "nobody@example.com"}, "No lead found", id="unknown lead"),
        pytest.param({"SearchByValue": "NOBODY@example.com"}, "No lead found", id="unknown lead in capitals"),
        pytest.param({"SearchByValue": " "}, "'SearchByValue' is mandatory", id="empty search value"),
        pytest.param({"ActivityDateTime": "29/02/2024 10:00"}, "ActivityDateTime", id="date of another form"),
        pytest.param({"ActivityDateTime": "2024-02-29T10:00:00Z"}, "ActivityDateTime", id="ISO date with T and Z"),
        pytest.param({"ActivityDateTime": "2024-02-29 10:00:00.000"}, "ActivityDateTime", id="milliseconds"),
        pytest.param({"ActivityDateTime": "2024-2-9 10:00:00"}, "ActivityDateTime", id="digits left out"),
        pytest.param({"ActivityDateTime": "2023-02-29 10:00:00"}, "ActivityDateTime", id="day that never was"),
        pytest.param({"Fields": [{"SchemaName": "mx_Custom_51", "Value": ""}]}, "mx_Custom_51", id="51st field"),
        pytest.param({"Fields": [{"SchemaName": "MX_Custom_1", "Value": ""}]}, "MX_Custom_1", id="case of a name"),
        pytest.param({"Fields": [{"SchemaName": "mx_Custom_1", "Value": "x" * 201}]}, "201 char", id="long value"),
    ],
)
def test_a_bad_row_is_refused_alone(serve: Serve, wrong: dict[str, Any], says: str) -> None:
    """A row at fault is answered inline with false and a text; its neighbours are stored."""
    server, caller = serve(unknown_leads=["nobody@example.com"])

    reply = caller.add(row("a@example.com"), row() | wrong, row("c@example.com"))

    refused = reply.content["Response"][1]
    assert reply.status == 200
    assert (refused["RowNumber"], refused["ActivityCreated"]) == (2, False)
    assert says in refused["ExceptionMessage"]
    assert "ProspectActivityId" not in refused
    assert [activity.search_value for activity in server.activities] == ["a@example.com", "c@example.com"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param(b"[{", "cannot be read as JSON", id="cut JSON"),
        pytest.param(b'[{"SearchByValue":"\xe9"}]', "cannot be read as JSON", id="not UTF-8"),
        pytest.param({"SearchByValue": "a@example.com"}, "must be a JSON array", id="object instead of array"),
        pytest.param([], "must be a JSON array", id="no rows"),
        pytest.param(["a@example.com"], "must be a JSON object", id="text instead of object"),
        pytest.param([row(searchbyvalue="x")], "no attribute named searchbyvalue", id="misspelt attribute"),
        pytest.param([row(ActivityEvent="320")], "ActivityEvent", id="event code as a text"),
        pytest.param([row(ActivityEvent=True)], "ActivityEvent", id="event code true"),
        pytest.param([row(ActivityNote=None)], "ActivityNote", id="null note"),
        pytest.param([row(Fields=[{"SchemaName": "mx_Custom_1", "Value": 7}])], "Value", id="number as value"),
        pytest.param([row(Fields=[{"SchemaName": "mx_Custom_1"}])], "needs SchemaName and Value", id="no value"),
    ],
)
def test_400_for_a_body_of_another_structure(serve: Serve, body: Any, says: str) -> None:
    """A body that is not as the page shows is answered 400, and nothing of it is stored."""
    server, caller = serve()

    assert_refused(caller.call("POST", f"{ADD}?searchBy=EmailAddress", body), 400, "MXBadRequestException", says)
    assert server.activities == []


def test_400_for_another_content_type(serve: Serve) -> None:
    """A body that is not announced as application/json is answered 400."""
    _, caller = serve()

    reply = caller.call("POST", f"{ADD}?searchBy=EmailAddress", [row()], caller.keys | {"Content-Type": "text/plain"})

    assert_refused(reply, 400, "MXBadRequestException", "application/json")


def test_500_for_more_than_25_rows(serve: Serve) -> None:
    """25 rows are stored; 26 are refused as a whole, and none of them is stored."""
    server, caller = serve()

    assert caller.add(*[row()] * 25).status == 200
    assert_refused(caller.add(*[row()] * 26), 500, "MXInvalidInputException", "26 activities")
    assert len(server.activities) == 25


@pytest.mark.parametrize(
    ("query", "exception_type", "says"),
    [
        pytest.param("", "MXMandatoryAttributeMissingException", "'SearchBy' is mandatory", id="missing"),
        pytest.param("?searchBy=City", "MXInvalidInputException", "City is not a unique", id="not unique"),
        pytest.param("?searchBy=emailaddress", "MXInvalidInputException", "emailaddress", id="case of the name"),
    ],
)
def test_500_for_a_wrong_search_field(serve: Serve, query: str, exception_type: str, says: str) -> None:
    """The search field must be given and be a unique lead field of the account."""
    _, caller = serve()

    assert_refused(caller.call("POST", ADD + query, [row()]), 500, exception_type, says)


def test_500_for_an_unknown_activity_type(serve: Serve) -> None:
    """Where the account's types are named, another code is refused with its whole request."""
    server, caller = serve(activity_types={320: "Site Visit"})

    reply = caller.add(row(), row(ActivityEvent=321))

    assert_refused(reply, 500, "MXInvalidActivityException", "activity type")
    assert server.activities == []
