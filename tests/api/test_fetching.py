"""Fetched activities: what the members of both reads become, and which of several rows with one id is taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from etl.api.fetching import Line, fetched_of_lead, fetched_parts, lead_ids_with_phone
from etl.api.whole_trail import AccountPages
from etl.records import ApiAnswer, ApiRequest

LEAD = "11111111-1111-4111-8111-111111111111"
KYC = '{"mx_CustomObject_2": "x.png", "Status": "", "ModifiedByName": "Ops", "ModifiedOn": "3/1/2026 1:05:09 PM"}'


def answering(document: object) -> Callable[[ApiRequest], ApiAnswer]:
    return lambda _: ApiAnswer(200, {}, json.dumps(document).encode())


def of_lead(*rows: dict[str, Any], event: int | None = None) -> list[Line]:
    told = fetched_of_lead(
        answering({"RecordCount": len(rows), "ProspectActivities": rows}), LEAD, event, AccountPages()
    )
    assert told is not None
    return told[0]


def test_a_row_of_a_lead_becomes_a_line_that_can_be_sent_back() -> None:
    """Columns have the names under which values are sent; times are UTC in one form; a set has a column for each member."""
    row = {
        "Id": "a-1",
        "EventCode": 320,
        "EventName": "Site Visit",
        "ActivityScore": 0,
        "CreatedOn": "2026-03-01 10:00:00",
        "ModifiedOn": "3/1/2026 1:05:09 PM",
        "RelatedProspectId": LEAD,
        "Data": [{"Key": "CreatedByName", "Value": "Ops"}, {"Key": "NotableEventDescription", "Value": "shorter"}],
        "ActivityFields": {
            "ActivityEvent_Note": "met at gate",
            "Status": "Active",
            "Owner": "u-1",
            "mx_Custom_1": "00417",
            "mx_Custom_2": "{no set}",
            "mx_Custom_3": '{"a": 1}',
            "mx_KYC": KYC,
            "ProspectActivityAutoId": 7,
            "CreatedOn": "3/1/2026 10:00:00 AM",
        },
    }

    assert of_lead(row) == [
        {
            "ProspectActivityId": "a-1",
            "RelatedProspectId": LEAD,
            "ActivityEvent": "320",
            "ActivityEventName": "Site Visit",
            "ActivityNote": "met at gate",
            "CreatedOn": "2026-03-01 10:00:00",
            "ModifiedOn": "2026-03-01 13:05:09",
            "CreatedByName": "Ops",
            "Status": "Active",
            "Owner": "u-1",
            "mx_Custom_1": "00417",
            "mx_Custom_2": "{no set}",
            "mx_Custom_3": '{"a": 1}',
            "mx_KYC.mx_CustomObject_2": "x.png",
            "mx_KYC.ModifiedByName": "Ops",
            "mx_KYC.ModifiedOn": "2026-03-01 13:05:09",
        }
    ]


def test_a_row_of_a_type_becomes_the_same_line() -> None:
    """The other read names things otherwise, and tells who wrote; a time in an unknown form stands as it was told."""
    row = {
        "ProspectActivityId": "a-1",
        "RelatedProspectId": LEAD,
        "ActivityType": "2",
        "ActivityEvent": "320",
        "ActivityEvent_Note": "met",
        "Status": "Active",
        "mx_Custom_1": None,
        "mx_KYC": KYC,
        "CreatedOn": "2026-03-01T10:00:00Z",
        "CreatedBy": "u-1",
        "CreatedByEmailAddress": "ops@example.com",
        "ModifiedOn": "2026-03-01 10:00:05",
    }
    other = {"ProspectActivityId": "a-2", "ActivityEvent": "321"}
    read = answering({"RecordCount": 2, "List": [row, other]})

    [(_, lines)] = fetched_parts(read, 320, datetime(2026, 3, 1, 10, tzinfo=UTC), datetime(2026, 3, 1, 11, tzinfo=UTC))

    assert lines == [
        {
            "ProspectActivityId": "a-1",
            "RelatedProspectId": LEAD,
            "ActivityEvent": "320",
            "ActivityNote": "met",
            "CreatedOn": "2026-03-01T10:00:00Z",
            "ModifiedOn": "2026-03-01 10:00:05",
            "CreatedBy": "u-1",
            "CreatedByEmailAddress": "ops@example.com",
            "Status": "Active",
            "mx_KYC.mx_CustomObject_2": "x.png",
            "mx_KYC.ModifiedByName": "Ops",
            "mx_KYC.ModifiedOn": "2026-03-01 13:05:09",
        }
    ]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param(None, [("b", "320"), ("a", "320")], id="all types: the row that tells most"),
        pytest.param(2, [("a", "2")], id="one type: its own row"),
        pytest.param(320, [("b", "320"), ("a", "320")], id="one type: the other one"),
    ],
)
def test_rows_that_share_an_id_are_one_line(event: int | None, expected: list[tuple[str, str]]) -> None:
    """Shadow rows have the id of another type's row; each id is one line. Lines come oldest first."""
    shadow = {"Id": "A", "EventCode": 2, "CreatedOn": "2026-03-02 10:00:00"}
    full = {"Id": "a", "EventCode": 320, "CreatedOn": "2026-03-02 10:00:00", "ActivityFields": {"Status": "Active"}}
    older = {"Id": "b", "EventCode": 320, "CreatedOn": "2026-03-01 10:00:00"}

    lines = of_lead(full, shadow, older, event=event)

    assert [(line["ProspectActivityId"].lower(), line["ActivityEvent"]) for line in lines] == expected


def test_a_phone_is_a_leads_as_phone_or_as_mobile() -> None:
    """Both leads are told, and no spelling is asked for twice."""
    asked: list[ApiRequest] = []
    leads = [
        {"ProspectID": "one", "Phone": "+91-9876543210"},
        {"ProspectID": "two", "Phone": "1", "Mobile": "9876543210"},
    ]

    def read(request: ApiRequest) -> ApiAnswer:
        asked.append(request)
        return ApiAnswer(200, {}, json.dumps(leads).encode())

    assert lead_ids_with_phone(read, "+91 9876543210") == ("one", "two")
    assert len(asked) == len(set(asked)) == 3
