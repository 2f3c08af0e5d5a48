"""Faults aimed at reads: each read can be lost, throttled, cut or slow like any request."""

from __future__ import annotations

from typing import Any

import pytest

from etl.simulator import Aim, Fault, FaultKind, SimRequest

from .calls import Bench, add, answer, by_event, by_lead, look_up, row, rows
from .test_leads import by_ids, search

TABLE: dict[str, dict[str, Any]] = {
    "refuse": {"dropped": True, "status": 0},
    "drop-before": {"dropped": True, "status": 0},
    "drop-after": {"dropped": True},
    "store-late": {"dropped": True, "status": 0},
    "504-late": {"status": 504, "html": True},
    **{
        f"{status}-{when}": {"status": status, "html": True}
        for status in (500, 502, 503)
        for when in ("before", "after")
    },
    "cut-answer": {"cut": True},
    "html-answer": {"html": True},
    "empty-object": {"body": {}},
    "throttle": {"status": 429},
    "redirect": {"status": 307, "html": True},
    "slow": {"delay": 150.0},
}
WITHOUT_MEANING = {"store-partly", "omit-rows", "duplicate-id", "duplicate-rows", "shuffle-rows", "twin"}
LEAD = "00000000-0000-4000-8000-000000000000"


def test_every_fault_is_considered() -> None:
    """Those about the rows of a write mean nothing for a read."""
    assert set(TABLE) | WITHOUT_MEANING == set(FaultKind)


@pytest.mark.parametrize("kind", TABLE)
def test_fault_on_a_read(kind: str) -> None:
    """The read is struck, nothing that is stored changes, writes are left alone, and the next read is answered."""
    bench = Bench(faults=(Fault.at(kind, 1, aim=Aim.READS),))
    looks = TABLE[kind]
    assert bench.send(add(rows(3))).status == 200

    reply = bench.send(by_event())

    assert reply.status == looks.get("status", 200)
    assert reply.dropped is looks.get("dropped", False)
    assert reply.delay_seconds == looks.get("delay", 0.0)
    assert (len(reply.sent_body) < len(reply.body)) is looks.get("cut", False)
    assert reply.body.startswith(b"<html>") is looks.get("html", False)
    if "body" in looks:
        assert answer(reply) == looks["body"]
    assert len(bench.shown()) == len(bench.stored()) == 3
    assert bench.stat("faults") == {kind: 1}


@pytest.mark.parametrize("kind", sorted(WITHOUT_MEANING - {"store-partly"}))
def test_faults_of_rows_leave_a_read_as_it_is(kind: str) -> None:
    """Aimed at reads they do nothing."""
    bench = Bench(faults=(Fault.at(kind, 1, aim=Aim.READS),))
    bench.send(add(rows(3)))

    assert len(bench.shown()) == 3
    assert len(bench.stored()) == 3


@pytest.mark.parametrize(
    "request_made",
    [
        by_event(),
        by_lead(LEAD),
        look_up("Leads.GetById", id=LEAD),
        search("EmailAddress", "a@example.com"),
        by_ids(LEAD),
    ],
    ids=["by-event", "by-lead", "by-id", "search", "by-ids"],
)
def test_every_read_can_be_struck(request_made: SimRequest) -> None:
    """Reads by POST are reads."""
    bench = Bench(faults=(Fault(FaultKind.DROP_BEFORE, 1.0, aim=Aim.READS),))

    assert (bench.send(request_made).dropped, bench.send(add([row()])).dropped) == (True, False)


def bodies(seed: int) -> list[bytes]:
    """What a mixture of writes and reads under faults is answered."""
    faults = (
        Fault(FaultKind.STORE_LATE, 0.3, seconds=3.0),
        Fault(FaultKind.TWIN, 0.3),
        Fault(FaultKind.DUPLICATE_ROWS, 0.3),
        Fault(FaultKind.CUT_ANSWER, 0.3, aim=Aim.READS),
    )
    bench = Bench(seed=seed, faults=faults)
    return [bench.send(made, later=0.7).sent_body for _ in range(20) for made in (add(rows(5)), by_event())]


def test_a_seed_replays_reads_as_well() -> None:
    """Late work, twins and unstable orders come again with their seed."""
    assert bodies(5) == bodies(5)
    assert bodies(5) != bodies(6)
