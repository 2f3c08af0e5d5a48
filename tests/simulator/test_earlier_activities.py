"""Activities from before the simulator was started: what an update of theirs finds."""

from __future__ import annotations

import pytest

from .calls import Bench, answer, refusal
from .other_calls import NOWHERE, fields, get, post, update

EARLIER = "0f8fad5b-d9cb-469f-a165-70867728950e"


def test_every_id_is_that_of_an_activity_from_before() -> None:
    """Where others exist, an id that nobody has stored can be changed, and read by that id with what it was given."""
    bench = Bench(other_activities_exist=True)

    reply = bench.send(update([{"ProspectActivityId": EARLIER.upper(), "Fields": fields(mx_Custom_1="new")}]))

    shown = answer(bench.send(get("GetActivityDetails", activityId=EARLIER)))
    assert answer(reply) == {"Response": [{"RowNumber": 1, "ActivityUpdated": True}]}
    assert shown["ID"] == EARLIER
    assert {one["SchemaName"]: one["Value"] for one in shown["Fields"]}["mx_Custom_1"] == "new"
    assert [one["ProspectActivityId"] for one in bench.simulator.activities()] == [EARLIER]


@pytest.mark.parametrize("activity_id", [NOWHERE, "0d6a5e64", EARLIER + "0"])
def test_some_ids_are_of_nothing_all_the_same(activity_id: str) -> None:
    """What is no id, and what starts with zeros, names no activity even there."""
    bench = Bench(other_activities_exist=True)

    status, kind, _ = refusal(
        bench.send(post("CustomActivity/Update", {"ProspectActivityId": activity_id, "ActivityEvent": 7}))
    )

    assert (status, kind) == (500, "MXUnknownProspectActivityException")
    assert bench.simulator.activities() == []


def test_usually_only_what_was_stored_is_there() -> None:
    """Without the option an id that nobody has stored is unknown."""
    told = refusal(Bench().send(get("GetActivityDetails", activityId=EARLIER)))

    assert told[1] == "MXUnknownProspectActivityException"
