"""The read by type and time of writing: what verifying stands on."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.simulator import EmptyListKey, PageOverCap, RateLimit, SimRequest, Switches

from .calls import BY_EVENT_PATH, KEYS, Bench, add, answer, ask, by_event, refusal, row, rows

INVALID = "Invalid Input! Parameter Name: "
BY_ID = {"ColumnName": "ProspectActivityId", "Direction": 0}


def filled(count: int, at_a_time: int = 25, **options: Any) -> Bench:
    """A bench with so many activities, written a second apart."""
    bench = Bench(limit=RateLimit(10_000, 5.0), **options)
    made = rows(count)
    for start in range(0, count, at_a_time):
        bench.send(add(made[start : start + at_a_time]))
    return bench


def ids(shown: list[dict[str, Any]]) -> list[str]:
    return [activity["ProspectActivityId"] for activity in shown]


def test_a_row_has_everything_flat() -> None:
    """Type as text, custom fields beside the others, whole seconds, and who wrote it."""
    bench = Bench()
    fields = [{"SchemaName": "mx_Custom_1", "Value": "पुणे"}, {"SchemaName": "Status", "Value": "Open"}]
    sent = row(ActivityNote="met", ActivityDateTime="2025-12-31 08:00:00", Fields=fields)
    bench.send(add([sent]))

    (shown,) = bench.shown()

    (stored,) = bench.simulator.activities()
    assert shown.pop("Owner") == stored["CreatedBy"]
    assert shown == {
        "ProspectActivityId": stored["ProspectActivityId"],
        "RelatedProspectId": stored["RelatedProspectId"],
        "ActivityType": "2",
        "ActivityEvent": "320",
        "ActivityEvent_Note": "met",
        "Status": "Open",
        "mx_Custom_1": "पुणे",
        "CreatedOn": "2025-12-31 08:00:00",
        "CreatedBy": stored["CreatedBy"],
        "CreatedByEmailAddress": "importer@example.com",
        "CreatedByName": "Import User",
        "ModifiedOn": "2026-03-01 09:30:00",
    }


def test_empty_custom_fields_show_unless_they_are_removed() -> None:
    """Without RemoveEmptyValue an empty value is empty and a field that only others have is null."""
    bench = Bench()
    bench.send(add([row(Fields=[{"SchemaName": "mx_Custom_1", "Value": ""}])]))
    bench.send(add([row(Fields=[{"SchemaName": "mx_Custom_2", "Value": "v"}])]))

    removed = bench.shown()
    kept = bench.shown(by_event(RemoveEmptyValue=False))

    customs = [[(name, value) for name, value in shown.items() if "mx_" in name] for shown in (*removed, *kept)]
    assert customs == [
        [],
        [("mx_Custom_2", "v")],
        [("mx_Custom_1", ""), ("mx_Custom_2", None)],
        [("mx_Custom_1", None), ("mx_Custom_2", "v")],
    ]


def test_a_custom_field_set_is_a_json_text() -> None:
    """Nested fields come back as one text."""
    inner = [{"Attribute": "mx_CustomObject_2", "Value": "x"}]
    bench = Bench()
    bench.send(add([row(Fields=[{"SchemaName": "mx_KYC", "Value": "", "Fields": inner}])]))

    assert bench.shown()[0]["mx_KYC"] == '{"mx_CustomObject_2": "x"}'


@pytest.mark.parametrize(
    ("fields", "owner_email", "expected"),
    [
        ([], None, "the user of the keys"),
        ([], "seller@example.com", "the seller"),
        ([{"SchemaName": "Owner", "Value": "some-id"}], "seller@example.com", "some-id"),
    ],
)
def test_the_owner(fields: list[Any], owner_email: str | None, expected: str) -> None:
    """Named by id, else by e-mail address, else whoever wrote it."""
    bench, seller = Bench(), Bench(user_email="seller@example.com")
    for one in (bench, seller):
        one.send(add([row(ActivityOwnerEmail=owner_email, Fields=fields)]))
    names = {bench.stored("CreatedBy")[0]: "the user of the keys", seller.stored("CreatedBy")[0]: "the seller"}

    owner = bench.shown()[0]["Owner"]

    assert names.get(owner, owner) == expected


@pytest.mark.parametrize(
    ("first", "last", "seen"),
    [
        ("09:30:00", "09:30:09", 3),
        ("09:30:00", "09:30:00", 0),
        ("09:30:00", "09:30:01", 1),
        ("09:30:01", "09:30:01", 0),
        ("09:30:01", "09:30:02", 1),
        ("09:30:02", "09:30:03", 1),
        ("09:30:03", "09:30:09", 0),
        ("09:29:00", "09:30:00", 0),
    ],
)
def test_windows_and_hidden_milliseconds(first: str, last: str, seen: int) -> None:
    """Written at 00.123, 01.123 and 02.123: bounds are whole seconds, so …:01 as the end excludes 01.123."""
    bench = filled(3, at_a_time=1)

    shown = bench.shown(by_event(FromDate=f"2026-03-01 {first}", ToDate=f"2026-03-01 {last}"))

    assert len(shown) == seen
    assert {activity["ModifiedOn"][17:] for activity in shown} <= {"00", "01", "02"}


@pytest.mark.parametrize(("subsecond", "seen"), [(True, 0), (False, 1)])
def test_without_subseconds_both_ends_are_inclusive(subsecond: bool, seen: int) -> None:
    """With the switch off times are whole seconds, and a window of one second holds them."""
    bench = filled(1, switches=Switches(subsecond=subsecond))
    moment = "2026-03-01 09:30:00"

    assert len(bench.shown(by_event(FromDate=moment, ToDate=moment))) == seen


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 9_000), min_size=1, max_size=25), st.sets(st.integers(1, 240), max_size=4))
def test_windows_that_share_their_boundary_lose_nothing(waits_ms: list[int], cuts: set[int]) -> None:
    """However the time is cut into windows that share their boundary second: together they hold each activity."""
    bench = Bench(limit=RateLimit(10_000, 5.0))
    for wait in waits_ms:
        bench.send(add([row()]), later=wait / 1000)
    bounds = [f"2026-03-01 09:{29 + cut // 60}:{cut % 60:02d}" for cut in (0, *sorted(cuts), 299)]

    windows = [bench.shown(by_event(FromDate=first, ToDate=last)) for first, last in pairwise(bounds)]

    seen = {activity_id for shown in windows for activity_id in ids(shown)}
    assert seen == set(bench.stored("ProspectActivityId"))


@pytest.mark.parametrize(
    ("sorting", "expected"),
    [
        ({"ColumnName": "ModifiedOn", "Direction": 0}, [1, 2, 3]),
        ({"ColumnName": "ModifiedOn", "Direction": 1}, [3, 2, 1]),
        ({"ColumnName": "ModifiedOn", "Direction": "1"}, [3, 2, 1]),
        ({"ColumnName": "ModifiedOn"}, [3, 2, 1]),
        ({"Direction": 0}, [1, 2, 3]),
        ({"ColumnName": "CreatedOn", "Direction": 0}, [3, 1, 2]),
        ({"ColumnName": "CreatedOn", "Direction": 1}, [2, 1, 3]),
    ],
)
def test_sorting(sorting: dict[str, Any], expected: list[int]) -> None:
    """Oldest or newest first, by either time, numbers or texts; the window is that of ModifiedOn all the same."""
    bench = Bench()
    for number, event_time in enumerate(("2001-01-01 00:00:00", "2030-01-01 00:00:00", "1999-01-01 00:00:00"), 1):
        bench.send(add([row(ActivityNote=str(number), ActivityDateTime=event_time)]))

    shown = bench.shown(by_event(sorting=sorting))

    assert [int(activity["ActivityEvent_Note"]) for activity in shown] == expected


@pytest.mark.parametrize("direction", [0, 1])
def test_sorted_by_id_every_page_is_stable(direction: int) -> None:
    """Paging by ProspectActivityId shows each activity once, in order, whatever ties there are in time."""
    bench = filled(100)

    pages = [
        bench.shown(by_event({"PageIndex": page, "PageSize": 30}, {**BY_ID, "Direction": direction}))
        for page in range(1, 6)
    ]

    shown = [activity_id for page in pages for activity_id in ids(page)]
    assert shown == sorted(bench.stored("ProspectActivityId"), reverse=bool(direction))
    assert [len(page) for page in pages] == [30, 30, 30, 10, 0]


@pytest.mark.parametrize("column", ["ModifiedOn", "CreatedOn"])
def test_ties_come_in_another_order_each_time(column: str) -> None:
    """Paging through 25 rows written at once loses some of them; with the switch off it loses none."""
    seen = {}
    for unstable in (True, False):
        bench = filled(25, switches=Switches(unstable_ties=unstable))
        requests_made = [
            by_event({"PageIndex": page, "PageSize": 5}, {"ColumnName": column, "Direction": 0}) for page in range(1, 6)
        ]
        seen[unstable] = len({activity_id for made in requests_made for activity_id in ids(bench.shown(made))})

    assert seen[True] < 25
    assert seen[False] == 25


def test_a_page_may_show_any_of_the_rows_that_tie_across_its_ends() -> None:
    """Of 25 rows written at once, the second page of five shows each one sooner or later."""
    bench = filled(25)
    second_page = by_event({"PageIndex": 2, "PageSize": 5})

    seen = {activity_id for _ in range(60) for activity_id in ids(bench.shown(second_page))}

    assert len(seen) == 25


def test_only_ties_lose_their_order() -> None:
    """Rows of different seconds stay in order though those of one second are shuffled."""
    bench = filled(100)

    order = bench.shown()
    times = [activity["ModifiedOn"] for activity in order]

    assert times == sorted(times)
    assert sorted(ids(order)) == sorted(bench.stored("ProspectActivityId"))
    assert ids(order) != bench.stored("ProspectActivityId")


@pytest.mark.parametrize(
    ("paging", "length"),
    [
        ({"PageIndex": 1, "PageSize": 1}, 1),
        ({"PageIndex": "2", "PageSize": "20"}, 10),
        ({"PageIndex": 1}, 25),
        ({"PageSize": 1000}, 30),
    ],
)
def test_record_count_is_that_of_the_window(paging: dict[str, Any], length: int) -> None:
    """Whatever the page; 25 rows is the default."""
    body = answer(filled(30).send(by_event(paging)))

    assert (body["RecordCount"], len(body["List"])) == (30, length)


@pytest.mark.parametrize(
    ("switch", "expected"), [("missing", {"RecordCount": 0}), ("empty", {"RecordCount": 0, "List": []})]
)
def test_nothing_found(switch: str, expected: dict[str, Any]) -> None:
    """No `List` at all, or an empty one."""
    bench = Bench(switches=Switches(empty_list_key=EmptyListKey(switch)))

    assert answer(bench.send(by_event())) == expected


def test_a_page_behind_the_last_has_no_list() -> None:
    """RecordCount stays true there."""
    assert answer(filled(3).send(by_event({"PageIndex": 2, "PageSize": 10}))) == {"RecordCount": 3}


@pytest.mark.parametrize(("switch", "outcome"), [("error", 500), ("clamp", 1000)])
def test_a_page_over_the_cap(switch: str, outcome: int) -> None:
    """Refused with LeadSquared's words, or silently a thousand."""
    bench = filled(1005, switches=Switches(page_over_cap=PageOverCap(switch)))

    reply = bench.send(by_event({"PageIndex": 1, "PageSize": 1001}))

    if outcome == 500:
        assert refusal(reply) == (500, "MXInvalidInputException", f"{INVALID}PageSize can not be more than 1000.")
    else:
        assert len(answer(reply)["List"]) == outcome


def test_other_types_are_left_out() -> None:
    """Only the type that is asked for, as a number or as a text; one that never was has none."""
    bench = Bench()
    bench.send(add([row(), row(ActivityEvent=321)]))

    found = [len(bench.shown(by_event(ActivityEvent=event))) for event in (320, "321", 999)]

    assert found == [1, 1, 0]


@pytest.mark.parametrize(
    ("request_made", "message"),
    [
        (by_event(without=("ActivityEvent",)), "You have not passed any ActivityEvent."),
        (by_event(ActivityEvent=""), "You have not passed any ActivityEvent."),
        (by_event(ActivityEvent="visit"), "ActivityEvent value is not correct."),
        (ask(BY_EVENT_PATH, {}), "You have not passed any Parameter."),
        (by_event(without=("FromDate",)), "FromDate value is not correct."),
        (by_event(FromDate="2026-03-01"), "FromDate value is not correct."),
        (by_event(FromDate="2026-02-30 00:00:00"), "FromDate value is not correct."),
        (by_event(ToDate="2026-03-01T00:00:00"), "ToDate value is not correct."),
        (by_event(FromDate="2026-03-03 00:00:00"), "FromDate can't be greater than ToDate."),
        (by_event({"PageIndex": 0}), "PageIndex can not be less than 1."),
        (by_event({"PageSize": 0}), "PageSize can not be less than 1."),
        (by_event({"PageSize": "ten"}), "PageSize value is not correct."),
        (by_event(sorting={"ColumnName": "Colour"}), "ColumnName value is not correct."),
        (by_event(sorting={"ColumnName": []}), "ColumnName value is not correct."),
        (by_event(sorting={"Direction": "down"}), "Direction value is not correct."),
    ],
)
def test_refusals(request_made: SimRequest, message: str) -> None:
    """What LeadSquared refuses, in its words."""
    assert refusal(Bench().send(request_made)) == (500, "MXInvalidInputException", INVALID + message)


@pytest.mark.parametrize("body", [[], "text", {"Parameter": []}, {"Parameter": {"ActivityEvent": 1}, "Paging": 3}])
def test_another_container_is_400(body: Any) -> None:
    """An array for an object is not read at all."""
    assert refusal(Bench().send(ask(BY_EVENT_PATH, body)))[:2] == (400, "JsonSerializationException")


def test_a_read_counts_in_the_general_window_only() -> None:
    """It is no bulk operation; the bulk window is free afterwards."""
    bench = Bench(limit=RateLimit(2, 5.0), bulk_limit=RateLimit(1, 5.0))

    statuses = [bench.send(made, later=0.1).status for made in (by_event(), add([row()]), by_event())]

    assert statuses == [200, 200, 429]
    assert bench.stat("bulk_requests") == 1


def test_it_needs_keys() -> None:
    """A read without keys is refused as a write is."""
    assert Bench().send(SimRequest("POST", BY_EVENT_PATH, headers=dict.fromkeys(KEYS, "x"))).status == 401
