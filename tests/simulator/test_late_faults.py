"""Requests that are carried out when their client has long given up, and equal activities that somebody else writes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from etl.simulator import Fault, RateLimit, Switches

from .calls import START, Bench, add, answer, by_event, row, rows

LATE = ("store-late", "504-late")


def later(bench: Bench, seconds: float) -> None:
    """Let time go by without a request."""
    bench.now += seconds
    bench.simulator.catch_up(bench.now, START + timedelta(seconds=bench.now - 101.0))


@pytest.mark.parametrize("kind", LATE)
@pytest.mark.parametrize(
    ("seconds", "after", "stored"), [(None, 19.9, 0), (None, 20.0, 2), (3.5, 3.4, 0), (3.5, 3.5, 2), (0.0, 0.0, 2)]
)
def test_it_is_stored_when_its_time_has_come(kind: str, seconds: float | None, after: float, stored: int) -> None:
    """Twenty seconds later unless told otherwise, and not a moment before."""
    bench = Bench(faults=(Fault.at(kind, 1, seconds=seconds),))
    bench.send(add(rows(2)))

    later(bench, after)

    assert len(bench.stored()) == stored


@pytest.mark.parametrize("kind", LATE)
def test_the_next_request_finds_it(kind: str) -> None:
    """Whatever is due is carried out before the next request is; ModifiedOn is when it was due, not when it was noticed."""
    bench = Bench(faults=(Fault.at(kind, 1, seconds=20.0),), clock_skew_seconds=60.0)
    bench.send(add([row(ActivityNote="late")]))

    body = answer(bench.send(by_event(), later=50.0))

    assert body["RecordCount"] == 1
    assert bench.stored("ModifiedOn") == ["2026-03-01 09:31:20.123"]
    assert (bench.stored("arrived_seconds"), bench.stored("request_number")) == ([101.0], [1])


def test_late_work_is_done_in_the_order_in_which_it_is_due() -> None:
    """Two late requests of different lateness, and one that is on time."""
    faults = (Fault.at("store-late", 1, seconds=30.0), Fault.at("store-late", 2, seconds=5.0))
    bench = Bench(faults=faults)
    for note in ("first", "second", "third"):
        bench.send(add([row(ActivityNote=note)]))

    later(bench, 100.0)

    assert bench.stored("ActivityNote") == ["third", "second", "first"]
    assert bench.stored("ModifiedOn") == sorted(bench.stored("ModifiedOn"))


def test_late_work_takes_its_place_when_it_arrives() -> None:
    """It counts in the window of its arrival, and not again when it is carried out."""
    bench = Bench(faults=(Fault.at("store-late", 1, seconds=10.0),), limit=RateLimit(1, 5.0))

    statuses = [bench.send(add([row()]), wait).status for wait in (1.0, 1.0, 9.0)]

    assert statuses == [0, 429, 200]
    assert len(bench.stored()) == 2


def test_late_work_that_is_refused_leaves_nothing() -> None:
    """A request that LeadSquared would refuse is refused late as well, and nobody hears of it."""
    bench = Bench(faults=(Fault.at("store-late", 1),))
    bench.send(add([row(ActivityEvent=0)]))

    later(bench, 20.0)

    assert (bench.stored(), bench.stat("refused_otherwise"), bench.stat("internal_errors")) == ([], 1, 0)


def test_a_defect_in_late_work_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception then is the simulator's own, and does not strike the request that comes next."""
    bench = Bench(faults=(Fault.at("store-late", 1),))
    bench.send(add([row()]))
    monkeypatch.setattr("etl.simulator.operations.add_by_lead_field.activity_problem", lambda *_: 1 / 0)

    assert bench.send(by_event(), later=30.0).status == 200
    assert bench.stat("internal_errors") == 1


def test_faults_within_a_late_one_strike_when_it_is_carried_out() -> None:
    """Stored late and only in part."""
    bench = Bench(faults=(Fault.at("store-late", 1), Fault.at("store-partly", 1)))
    bench.send(add(rows(10)))

    later(bench, 20.0)

    assert 1 <= len(bench.stored()) <= 9


def with_twins(seed: int, *inner: Fault) -> Bench:
    """A bench on which the first write has twins."""
    switches = Switches(row_key_fields=frozenset({"mx_Custom_9"}))
    return Bench(seed=seed, faults=(Fault.at("twin", 1), *inner), switches=switches)


def twins(seed: int, sent: list[dict[str, Any]], *inner: Fault) -> Bench:
    """The same after the write, and after its twins are written as well."""
    bench = with_twins(seed, *inner)
    bench.send(add(sent), later=10.0)
    later(bench, 1.0)
    return bench


@pytest.mark.parametrize("seed", range(6))
def test_a_twin_is_equal_but_for_the_row_key(seed: int) -> None:
    """Another user's, with another id, within a second; lead, type, note, values and time as sent, without the key."""
    values = [{"SchemaName": "mx_Custom_1", "Value": "v"}, {"SchemaName": "mx_Custom_9", "Value": "KEY"}]
    bench = twins(seed, [row(ActivityNote="met", ActivityDateTime="2025-01-01 00:00:00", Fields=values)])

    mine, other = sorted(bench.simulator.activities(), key=lambda held: held["CreatedByName"] != "Import User")

    same = ("RelatedProspectId", "ActivityEvent", "ActivityNote", "ActivityDateTime", "CreatedOn", "SearchByValue")
    assert [mine[name] for name in same] == [other[name] for name in same]
    assert (mine["Fields"], other["Fields"]) == (values, values[:1])
    differ = ("ProspectActivityId", "CreatedBy", "CreatedByEmailAddress", "CreatedByName", "ModifiedOn")
    assert [name for name in differ if mine[name] == other[name]] == []
    assert "2026-03-01 09:30:08.1" < other["ModifiedOn"] < "2026-03-01 09:30:10.2"
    assert mine["ModifiedOn"] == "2026-03-01 09:30:09.123"


def test_twins_are_written_before_or_after() -> None:
    """Both happen, and every row has one, no sooner than its time; the answer and the counters know nothing of them."""
    seen = set()
    for seed in range(12):
        bench = with_twins(seed)
        bench.send(add(rows(3)))
        held_at_once = len(bench.stored())
        later(bench, 1.0)
        written = dict(zip(bench.stored("CreatedByName"), bench.stored("ModifiedOn"), strict=True))
        seen.add((held_at_once, written["Colleague User"] < written["Import User"]))
        assert sorted(bench.stored("CreatedByName")) == ["Colleague User"] * 3 + ["Import User"] * 3
        assert bench.stat("rows_stored") == 3

    assert seen == {(3, False), (6, True)}


def test_a_twin_may_stand_alone() -> None:
    """A write that was lost before it was stored, of which somebody else had the equal one."""
    bench = twins(1, [row()], Fault.at("drop-before", 1))

    assert bench.stored("CreatedByName") == ["Colleague User"]


def test_a_twin_of_what_is_refused_is_refused() -> None:
    """No twin of a request that LeadSquared does not take."""
    assert twins(1, [row(ActivityEvent=0)]).stored() == []


def test_twins_show_in_reads_when_they_are_written() -> None:
    """Reads see both, and whose they are."""
    bench = twins(2, [row()])

    assert {shown["CreatedByName"] for shown in bench.shown()} == {"Import User", "Colleague User"}
