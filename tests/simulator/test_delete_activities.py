"""Deletion of a lead's activities: which, when, and what is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from etl.simulator import Switches

from .calls import Bench, answer, by_lead, refusal
from .other_calls import LEAD, OTHER_LEAD, add_by_id, of_lead, post

EVENTS = {"ProspectId": LEAD, "ActivityEventList": ["320"]}


def prepared(**options: Any) -> Bench:
    """Two visits and a call of one lead, a visit of another."""
    bench = Bench(**options)
    days = ["2026-02-01 10:00:00", "2026-02-10 10:00:00"]
    rows = [of_lead(ActivityDateTime=day, ActivityNote=day[:10]) for day in days]
    others = [of_lead(ActivityEvent=321, ActivityNote="call"), of_lead(OTHER_LEAD, ActivityNote="other")]
    bench.send(add_by_id([*rows, *others]))
    return bench


def delete(**changes: Any) -> Any:
    return post("DeleteActivities", {**EVENTS, **changes})


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({}, ["call", "other"]),
        ({"ActivityEventList": [320, "321"]}, ["other"]),
        ({"FromDate": "2026-02-02 00:00:00"}, ["2026-02-01", "call", "other"]),
        ({"ToDate": "2026-02-01 10:00:00", "StatusWebhookURL": "https://example.com"}, ["2026-02-10", "call", "other"]),
        ({"ProspectId": OTHER_LEAD.upper()}, ["2026-02-01", "2026-02-10", "call"]),
    ],
    ids=["type", "types", "from", "to", "other-lead"],
)
def test_what_is_deleted(changes: dict[str, Any], left: list[str]) -> None:
    """Every activity of those types, of that lead, in that window; nothing else."""
    bench = prepared()

    body = answer(bench.send(delete(**changes)))

    assert (body["Status"], set(body["Message"])) == ("Success", {"Message"})
    assert bench.stored("ActivityNote") == left
    assert len(answer(bench.send(by_lead(LEAD)))["ProspectActivities"]) == len(set(left) - {"other"})


def test_a_queued_deletion() -> None:
    """Nothing happens until its time has come; then it strikes also what was written meanwhile."""
    bench = prepared(switches=Switches(delete_delay_seconds=60))
    bench.send(delete())
    bench.send(add_by_id([of_lead(ActivityNote="meanwhile")]), later=30)
    before = len(bench.stored())

    bench.send(by_lead(LEAD), later=31)

    assert (before, bench.stored("ActivityNote")) == (5, ["call", "other"])
    assert bench.stat("activities_deleted") == 3


@pytest.mark.parametrize("is_read_back", [False, True])
def test_ids_of_deleted_activities_do_not_come_back(tmp_path: Path, is_read_back: bool) -> None:
    """Neither in the same simulator nor after a restart."""
    bench = prepared(store=tmp_path / "account.db")
    ids = bench.stored("ProspectActivityId")
    bench.send(delete())
    bench.send(delete(ProspectId=OTHER_LEAD))
    if is_read_back:
        bench.simulator.close()
        bench = Bench(store=tmp_path / "account.db")
        assert bench.stored("ActivityNote") == ["call"]

    bench.send(add_by_id([of_lead()]))

    assert bench.stored("ProspectActivityId")[-1] not in ids
    bench.simulator.close()


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"ProspectId": ""}, "MXMandatoryAttributeMissingException"),
        ({"ActivityEventList": []}, "MXMandatoryAttributeMissingException"),
        ({"ActivityEventList": ["visit"]}, "MXInvalidInputException"),
        ({"FromDate": "2026-02-30 00:00:00"}, "MXInvalidInputException"),
    ],
)
def test_refusals(changes: dict[str, Any], kind: str) -> None:
    """A request that is not as specified deletes nothing."""
    bench = prepared()

    assert refusal(bench.send(delete(**changes)))[:2] == (500, kind)
    assert len(bench.stored()) == 4
