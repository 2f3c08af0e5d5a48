"""The read by lead: the way out where the read by type is not allowed."""

from __future__ import annotations

from typing import Any

import pytest

from etl.simulator import RetrieveOffset, RetrieveWithoutPaging, SimRequest, Switches

from .calls import BY_LEAD_PATH, Bench, add, answer, ask, by_lead, refusal, row


def filled(count: int, **switches: Any) -> tuple[Bench, str]:
    """A bench with so many activities of one lead, a second apart and numbered in their notes, and the lead's id."""
    bench = Bench(switches=Switches(unstable_ties=False, **switches))
    for number in range(1, count + 1):
        bench.send(add([row(ActivityNote=str(number))]))
    return bench, bench.stored("RelatedProspectId")[0]


def notes(bench: Bench, request: SimRequest) -> list[int]:
    found = answer(bench.send(request))["ProspectActivities"]
    return [int(activity["ActivityFields"]["ActivityEvent_Note"]) for activity in found]


def test_a_row_has_its_own_names_for_things() -> None:
    """Id and EventCode (a number); pairs in Data; an object of fields that are not empty, with its own form of time."""
    bench = Bench(activity_types={320: "Site Visit"})
    fields = [
        {"SchemaName": "mx_Custom_1", "Value": "v"},
        {"SchemaName": "mx_Custom_2", "Value": ""},
        {"SchemaName": "Owner", "Value": "user-id"},
    ]
    bench.send(add([row(ActivityNote="met", ActivityDateTime="2025-12-31 18:05:09", Fields=fields)]))
    (stored,) = bench.simulator.activities()

    body = answer(bench.send(by_lead(stored["RelatedProspectId"])))

    assert body["RecordCount"] == 1
    (shown,) = body["ProspectActivities"]
    assert {name: shown[name] for name in ("Id", "EventCode", "EventName", "RelatedProspectId")} == {
        "Id": stored["ProspectActivityId"],
        "EventCode": 320,
        "EventName": "Site Visit",
        "RelatedProspectId": stored["RelatedProspectId"],
    }
    assert (shown["CreatedOn"], shown["ModifiedOn"]) == ("2025-12-31 18:05:09", "2026-03-01 09:30:00")
    assert {pair["Key"]: pair["Value"] for pair in shown["Data"]} == {
        "CreatedByName": "Import User",
        "EventName": "Site Visit",
        "NotableEventDescription": "met",
        "HasAttachments": "False",
    }
    assert shown["ActivityFields"] == {
        "Status": "Active",
        "Owner": "user-id",
        "CreatedOn": "12/31/2025 6:05:09 PM",
        "ActivityEvent_Note": "met",
        "mx_Custom_1": "v",
    }


def test_only_this_lead_and_if_asked_for_only_this_type() -> None:
    """Other leads' activities do not show; ActivityEvent may be a number or a text; the lead's id in any case."""
    bench = Bench()
    bench.send(add([row(), row(ActivityEvent=321), row("b@example.com")]))
    lead_id = bench.stored("RelatedProspectId")[0]

    counts = [
        answer(bench.send(by_lead(lead, body)))["RecordCount"]
        for lead, body in (
            (lead_id, None),
            (lead_id.upper(), {}),
            (lead_id, {"Parameter": {"ActivityEvent": 320}}),
            (lead_id, {"Parameter": {"ActivityEvent": "321"}}),
            (lead_id, {"Parameter": {"ActivityEvent": 5}}),
        )
    ]

    assert counts == [2, 2, 1, 1, 0]


@pytest.mark.parametrize("lead_id", ["00000000-0000-4000-8000-000000000000", "no-id"])
def test_a_lead_that_nobody_knows_has_no_activity(lead_id: str) -> None:
    """RecordCount 0 and an empty list, not an error."""
    assert answer(Bench().send(by_lead(lead_id))) == {"RecordCount": 0, "ProspectActivities": []}


@pytest.mark.parametrize(
    ("switch", "paging", "expected"),
    [
        ("page_from_0", {"Offset": "0", "RowCount": "3"}, [8, 7, 6]),
        ("page_from_0", {"Offset": "1", "RowCount": "3"}, [5, 4, 3]),
        ("page_from_1", {"Offset": "0", "RowCount": "3"}, [8, 7, 6]),
        ("page_from_1", {"Offset": "1", "RowCount": "3"}, [8, 7, 6]),
        ("page_from_1", {"Offset": 2, "RowCount": 3}, [5, 4, 3]),
        ("row", {"Offset": "1", "RowCount": "3"}, [7, 6, 5]),
        ("row", {"Offset": "7", "RowCount": "3"}, [1]),
        ("page_from_0", {"Offset": "9", "RowCount": "3"}, []),
        ("row", {"PageIndex": 2, "PageSize": 3}, [5, 4, 3]),
    ],
)
def test_what_offset_means(switch: str, paging: dict[str, Any], expected: list[int]) -> None:
    """A page from 0, a page from 1, or a row; PageIndex and PageSize always count pages from 1."""
    bench, lead_id = filled(8, retrieve_offset=RetrieveOffset(switch))

    assert notes(bench, by_lead(lead_id, {"Paging": paging})) == expected


@pytest.mark.parametrize(
    ("switch", "body", "length"),
    [("25", None, 25), ("25", {"Paging": {}}, 25), ("all", None, 30), ("all", {"Paging": {"RowCount": "10"}}, 10)],
)
def test_without_paging(switch: str, body: Any, length: int) -> None:
    """25 rows or all; RecordCount is the total."""
    bench, lead_id = filled(30, retrieve_without_paging=RetrieveWithoutPaging(switch))

    shown = answer(bench.send(by_lead(lead_id, body)))

    assert (shown["RecordCount"], len(shown["ProspectActivities"])) == (30, length)


def test_ties_are_unstable_here_as_well() -> None:
    """Rows written at once come in different orders."""
    bench = Bench()
    bench.send(add([row(ActivityNote=str(number)) for number in range(25)]))
    lead_id = bench.stored("RelatedProspectId")[0]

    assert len({tuple(notes(bench, by_lead(lead_id))) for _ in range(3)}) == 3


@pytest.mark.parametrize(
    ("request_made", "expected"),
    [
        (ask(BY_LEAD_PATH, {}), (500, "MXMandatoryAttributeMissingException")),
        (by_lead("x", []), (400, "JsonSerializationException")),
        (by_lead("x", {"Paging": {"RowCount": "1001"}}), (500, "MXInvalidInputException")),
        (by_lead("x", {"Paging": {"Offset": "-1"}}), (500, "MXInvalidInputException")),
        (by_lead("x", {"Parameter": {"ActivityEvent": []}}), (500, "MXInvalidInputException")),
    ],
    ids=["no-lead", "array", "row-count", "offset", "event"],
)
def test_refusals(request_made: SimRequest, expected: tuple[int, str]) -> None:
    """What is not as specified is refused."""
    assert refusal(Bench().send(request_made))[:2] == expected
