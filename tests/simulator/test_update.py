"""Updating activities, many or one: what changes, what stays, and what reads show afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from etl.simulator import EmptyValue, Switches, UpdateAnswers

from .calls import Bench, add, answer, by_event, by_lead, refusal, row
from .other_calls import NOWHERE, fields, get, post, stored_ids, update

SET = {"SchemaName": "mx_Custom_4", "Value": "", "Fields": [{"SchemaName": "mx_CustomObject_1", "Value": "a"}]}
MORE_OF_SET = {"SchemaName": "mx_Custom_4", "Value": "", "Fields": [{"SchemaName": "mx_CustomObject_2", "Value": "b"}]}


def prepared(**options: Any) -> tuple[Bench, str]:
    """A bench with one activity that has a note, two fields and a field set; its id."""
    bench = Bench(**options)
    held = [*fields(mx_Custom_1="old", mx_Custom_2="stays"), SET]
    (activity_id,) = stored_ids(bench, 1, ActivityNote="old note", ActivityDateTime="2026-02-01 10:00:00", Fields=held)
    return bench, activity_id


@pytest.mark.parametrize("is_bulk", [True, False], ids=["bulk", "single"])
def test_an_update_changes_what_it_names(is_bulk: bool) -> None:
    """Note and named fields are new, ModifiedOn moves, everything else stays; reads show it at once."""
    bench, activity_id = prepared()
    (before,) = bench.simulator.activities()
    element = {
        "ProspectActivityId": activity_id.upper(),
        "ActivityNote": "new note",
        "Fields": [*fields(mx_Custom_1="new", Status="Inactive"), MORE_OF_SET],
    }

    reply = bench.send(update([element]) if is_bulk else post("CustomActivity/Update", {**element, "ActivityEvent": 7}))

    (after,) = bench.simulator.activities()
    one = {"Status": "Success", "Message": {"Id": activity_id}}
    assert answer(reply) == ({"Response": [{"RowNumber": 1, "ActivityUpdated": True}]} if is_bulk else one)
    assert {name: value for name, value in after.items() if value != before.get(name)} == {
        "ActivityNote": "new note",
        "Fields": [
            {"SchemaName": "mx_Custom_1", "Value": "new"},
            {"SchemaName": "mx_Custom_2", "Value": "stays"},
            {**MORE_OF_SET, "Fields": [*SET["Fields"], *MORE_OF_SET["Fields"]]},
            {"SchemaName": "Status", "Value": "Inactive"},
        ],
        "ModifiedOn": "2026-03-01 09:30:01.123",
        "updates": 1,
    }
    (shown,) = bench.shown()
    assert (shown["mx_Custom_1"], shown["mx_Custom_4"]) == (
        "new",
        '{"mx_CustomObject_1": "a", "mx_CustomObject_2": "b"}',
    )
    (in_trail,) = answer(bench.send(by_lead(after["RelatedProspectId"])))["ProspectActivities"]
    assert in_trail["ModifiedOn"] == "2026-03-01 09:30:01"


def test_an_update_moves_the_activity_to_another_window() -> None:
    """A window before the update holds it no more, one around the update does, once."""
    bench, activity_id = prepared()
    bench.send(update([{"ProspectActivityId": activity_id, "ActivityNote": "later"}]), later=60)

    early = by_event(FromDate="2026-03-01 09:29:00", ToDate="2026-03-01 09:30:30")
    late = by_event(FromDate="2026-03-01 09:30:30", ToDate="2026-03-01 09:32:00")

    assert bench.shown(early) == []
    assert [shown["ActivityEvent_Note"] for shown in bench.shown(late)] == ["later"]


@pytest.mark.parametrize(
    ("switch", "members", "expected"),
    [
        ("clears", {"Fields": fields(mx_Custom_1="")}, ("", "old note")),
        ("ignored", {"Fields": fields(mx_Custom_1="")}, ("old", "old note")),
        ("clears", {"ActivityNote": ""}, ("old", "")),
        ("ignored", {"ActivityNote": ""}, ("old", "old note")),
        ("clears", {"ActivityNote": None, "Fields": None}, ("old", "old note")),
    ],
)
def test_empty_values(switch: str, members: dict[str, Any], expected: tuple[str, str]) -> None:
    """An empty value clears or is ignored; what is not named, or null, stays."""
    bench, activity_id = prepared(switches=Switches(empty_value=EmptyValue(switch)))

    assert answer(bench.send(update([{"ProspectActivityId": activity_id, **members}])))["Response"][0][
        "ActivityUpdated"
    ]

    (after,) = bench.simulator.activities()
    assert (after["Fields"][0]["Value"], after["ActivityNote"]) == expected


@pytest.mark.parametrize(("switch", "numbers"), [("every_row", [1, 2, 3]), ("merged", [1, 2])])
def test_one_activity_twice_in_a_request(switch: str, numbers: list[int]) -> None:
    """Both elements are carried out, in their order; whether the second is answered is a switch."""
    bench = Bench(switches=Switches(update_answers=UpdateAnswers(switch)))
    first, second = stored_ids(bench, 2)
    sent = [
        {"ProspectActivityId": one, "ActivityNote": note} for one, note in ((first, "a"), (second, "b"), (first, "c"))
    ]

    answered = answer(bench.send(update(sent)))["Response"]

    assert [given["RowNumber"] for given in answered] == numbers
    assert bench.stored("ActivityNote") == ["c", "b"]
    assert [one["updates"] for one in bench.simulator.activities()] == [2, 1]


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ({"ProspectActivityId": NOWHERE}, "MXUnknownProspectActivityException"),
        ({"ProspectActivityId": ""}, "MXMandatoryAttributeMissingException"),
        ({"ActivityNote": "n" * 2001}, "MXInvalidActivityFieldsException"),
        ({"ActivityNote": 5}, "MXInvalidActivityFieldsException"),
        ({"Fields": fields(Colour="red")}, "MXInvalidActivityFieldsException"),
        ({"Fields": fields(mx_Custom_1="v" * 201)}, "MXInvalidActivityFieldsException"),
    ],
    ids=["unknown", "no-id", "note", "note-form", "field-name", "field-length"],
)
def test_what_is_refused(members: dict[str, Any], kind: str) -> None:
    """The single update is refused with the type, the bulk one refuses that row alone; the activity stays as it was."""
    bench, activity_id = prepared()
    element = {"ProspectActivityId": activity_id, **members}

    answered = answer(bench.send(update([element, {"ProspectActivityId": activity_id}])))["Response"]

    assert [given["ActivityUpdated"] for given in answered] == [False, True]
    assert refusal(bench.send(post("CustomActivity/Update", element)))[:2] == (500, kind)
    assert (bench.stored("ActivityNote"), bench.stored("updates")) == (["old note"], [1])


def test_fields_that_are_silently_lost() -> None:
    """A write may be answered with success and change nothing."""
    bench, activity_id = prepared(switches=Switches(fields_lost=frozenset({"mx_Custom_1"})))

    answered = answer(bench.send(update([{"ProspectActivityId": activity_id, "Fields": fields(mx_Custom_1="new")}])))

    assert answered["Response"] == [{"RowNumber": 1, "ActivityUpdated": True}]
    assert "mx_Custom_1" not in bench.shown()[0]


def test_an_update_survives_a_restart(tmp_path: Path) -> None:
    """The file holds the activity as it is after the answer; new ones get ids of their own."""
    first, activity_id = prepared(store=tmp_path / "account.db")
    first.send(update([{"ProspectActivityId": activity_id, "ActivityNote": "new"}]))
    expected = first.simulator.activities()
    first.simulator.close()

    second = Bench(store=tmp_path / "account.db")
    second.send(update([{"ProspectActivityId": activity_id, "Fields": fields(mx_Custom_1="newer")}]))
    second.send(add([row()]))

    assert expected[0]["ActivityNote"] == "new"
    assert second.stored("ActivityNote") == ["new", None]
    assert len(set(second.stored("ProspectActivityId"))) == 2
    second.simulator.close()


DETAILS = "GetActivityDetails"


def test_details_of_an_activity() -> None:
    """By id, every field of the type with its value; no lead and no time is shown."""
    bench, activity_id = prepared()

    body = answer(bench.send(get(DETAILS, activityId=activity_id)))

    values = {field["SchemaName"]: field["Value"] for field in body["Fields"]}
    assert (body["ID"], body["DisplayName"], set(body)) == (
        activity_id,
        "Activity 320",
        {"ID", "Name", "DisplayName", "Fields"},
    )
    assert {name: values[name] for name in ("ActivityEvent_Note", "Status", "mx_Custom_1", "mx_Custom_3")} == {
        "ActivityEvent_Note": "old note",
        "Status": "Active",
        "mx_Custom_1": "old",
        "mx_Custom_3": "",
    }


def test_details_are_there_at_once() -> None:
    """The read by id shows an update that the others do not show yet."""
    bench, activity_id = prepared(switches=Switches(by_event_delay_seconds=60, by_lead_delay_seconds=60))
    bench.send(update([{"ProspectActivityId": activity_id, "ActivityNote": "new"}]))

    details = answer(bench.send(get(DETAILS, activityId=activity_id)))["Fields"]

    assert details[0]["Value"] == "new"
    assert bench.shown() == []


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ({"activityId": NOWHERE}, "MXUnknownProspectActivityException"),
        ({}, "MXMandatoryAttributeMissingException"),
    ],
)
def test_details_of_nothing(query: dict[str, str], kind: str) -> None:
    """An unknown or missing id is a logical error."""
    assert refusal(Bench().send(get(DETAILS, **query)))[:2] == (500, kind)
