"""The numbers of a worker: what is counted on the way, and facts that are asked for when somebody scrapes."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from threading import Event as Flag
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from etl.errors import LedgerError
from etl.events import Event, InputFinished, InputSummary, Planned, Progress, RequestAnswered, RequestSent
from etl.fleet import facts as facts_module
from etl.fleet.facts import Facts
from etl.fleet.meter import Meter
from etl.fleet.overview import AccountNow, Overview, Paused, Queue, WorkerNow
from etl.reconciler.counts import Equation
from etl.records import Outcome
from etl.signs.metrics import _HELP as TEXTFILE
from tests.docs.console import ROOT

CREATED, REFUSED, WAITING, INVALID, UNCONFIRMED = (
    Outcome.CREATED,
    Outcome.REFUSED,
    Outcome.WAITING,
    Outcome.INVALID,
    Outcome.UNCONFIRMED,
)
SHEET = "visits.xlsx"


def planned(**counts: int) -> Planned:
    return Planned(SHEET, 7, 100, {Outcome(name): rows for name, rows in counts.items()}, (), 90, 4, 1.0)


def progress(**counts: int) -> Progress:
    return Progress(SHEET, 0, 90, {Outcome(name): rows for name, rows in counts.items()}, 1.0, None, 0)


def finished(**counts: int) -> InputFinished:
    rows = {Outcome(name): number for name, number in counts.items()}
    return InputFinished(InputSummary(SHEET, 7, Equation(sum(rows.values()), rows), 0, None, None))


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry(auto_describe=False)


def rows(registry: CollectorRegistry, outcome: Outcome) -> float | None:
    return registry.get_sample_value("etl_rows_total", {"account": "north", "outcome": outcome.value})


NEW = (planned(waiting=90, invalid=10), progress(waiting=65, created=25, invalid=10))
CONTINUED = (planned(waiting=65, created=25, invalid=10), progress(waiting=40, created=48, refused=2, invalid=10))

COUNTED: dict[str, tuple[tuple[Event, ...], dict[Outcome, float]]] = {
    "a new run": ((*NEW, finished(created=88, refused=2, invalid=10)), {CREATED: 88, REFUSED: 2, INVALID: 10}),
    "a run that goes on": (
        (*CONTINUED, finished(created=88, refused=2, invalid=10)),
        {CREATED: 63, REFUSED: 2, INVALID: 0},
    ),
    "rows in doubt that were found": (
        (
            *NEW,
            progress(waiting=40, created=25, unconfirmed=25, invalid=10),
            finished(created=90, invalid=10, unconfirmed=0),
        ),
        {CREATED: 90, UNCONFIRMED: 25, INVALID: 10},
    ),
    "nothing yet": ((planned(waiting=90, invalid=10),), {CREATED: 0, INVALID: 0}),
}


@pytest.mark.parametrize(("events", "expected"), COUNTED.values(), ids=COUNTED.keys())
def test_rows_are_counted_as_they_come_to_their_outcome(
    registry: CollectorRegistry, events: tuple[Event, ...], expected: dict[Outcome, float]
) -> None:
    """What turns before this one have done is not counted again, and no counter ever goes down."""
    listen = Meter(registry).listening("north")
    for event in events:
        listen(event)

    assert {outcome: rows(registry, outcome) for outcome in expected} == expected
    assert rows(registry, WAITING) is None


def test_requests_and_refusals_are_counted(registry: CollectorRegistry) -> None:
    """By account; the series are there, at 0, before the first request."""
    listen = Meter(registry).listening("north")
    before = registry.get_sample_value("etl_requests_total", {"account": "north"})
    for event in (RequestSent(1, 25, SHEET), RequestAnswered(1, "throttled", ""), RequestSent(2, 25, SHEET)):
        listen(event)

    assert before == 0
    assert registry.get_sample_value("etl_requests_total", {"account": "north"}) == 2
    assert registry.get_sample_value("etl_refusals_total", {"account": "north"}) == 1


def test_files_of_inboxes_are_counted_for_their_accounts(registry: CollectorRegistry) -> None:
    """What is planned for a file names it; what nobody has planned is nobody's."""
    listen = Meter(registry).listening_to_inboxes()
    listen(RequestSent(1, 25, "unknown.csv"))
    for event in (replace(NEW[0], account="north"), RequestSent(2, 25, SHEET), finished(created=90, invalid=10)):
        listen(event)

    assert registry.get_sample_value("etl_requests_total", {"account": "north"}) == 1
    assert (rows(registry, CREATED), rows(registry, INVALID)) == (90, 10)


def test_names_agree_with_those_of_the_textfile(registry: CollectorRegistry) -> None:
    """`etl_last_run_rows` of `etl run --metrics` is `etl_rows_total` here, and no name means two things."""
    Meter(registry)
    ours = {family.name for family in registry.collect()}

    assert {name.removeprefix("etl_last_run_") for name in TEXTFILE} & {name.removeprefix("etl_") for name in ours} == {
        "rows",
        "requests",
        "refusals",
    }
    assert not ours & TEXTFILE.keys()


class FakeLookout:
    """Tells what it was given, when it is let."""

    def __init__(self, answer: Overview | Exception, waits_for: Flag | None = None) -> None:
        self.answer = answer
        self.waits_for = waits_for
        self.looks = 0

    def look(self) -> Overview:
        self.looks += 1
        if self.waits_for is not None:
            self.waits_for.wait(10)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def close(self) -> None:
        pass


WORKER = WorkerNow(1, "node-a", 11, ("north",), 4, 2.0, 10.0, 99.0, "0.1.0")
OVERVIEW = Overview(
    "db",
    1000.0,
    990.0,
    (WORKER,),
    (
        AccountNow(
            "north",
            running=1,
            queue=Queue(2, 3, 61.5),
            share=0.97,
            rows_per_second=100.0,
            rows_waiting=1000,
            rows_unconfirmed=25,
            spent_today=12,
            quota_left=88,
        ),
        AccountNow("south", paused=Paused("priya", "keys", 1.0), is_served=False),
    ),
)


def facts_of(registry: CollectorRegistry, lookout: Any) -> Facts:
    facts = Facts(lookout, lambda: (4, 1))
    registry.register(facts)
    return facts


def test_facts_are_asked_for_at_each_scrape(registry: CollectorRegistry) -> None:
    """And none at registration; a quota that nobody has set has no series."""
    lookout = FakeLookout(OVERVIEW)
    facts = facts_of(registry, lookout)
    assert lookout.looks == 0

    text = generate_latest(registry).decode()
    facts.close()

    assert lookout.looks == 1
    for line in (
        'etl_queue_submissions{account="north",state="waiting"} 2.0',
        'etl_queue_submissions{account="north",state="later"} 3.0',
        'etl_queue_submissions{account="north",state="running"} 1.0',
        'etl_queue_age_seconds{account="north"} 61.5',
        'etl_limit_used_ratio{account="north"} 0.97',
        'etl_quota_requests_left{account="north"} 88.0',
        'etl_rows_unconfirmed{account="north"} 25.0',
        'etl_account_paused{account="south"} 1.0',
        'etl_account_served{account="south"} 0.0',
        "etl_workers 1.0",
        "etl_database_up 1.0",
        "etl_worker_places_taken 1.0",
    ):
        assert f"\n{line}\n" in text
    assert 'etl_quota_requests_left{account="south"}' not in text


@pytest.mark.parametrize("is_slow", [True, False], ids=["it hangs", "it refuses"])
def test_without_the_database_the_counters_stay(
    registry: CollectorRegistry, monkeypatch: pytest.MonkeyPatch, is_slow: bool
) -> None:
    """A scrape is answered in time, says that the database is away, and one question at a time is asked of it."""
    monkeypatch.setattr(facts_module, "PATIENCE_SECONDS", 0.05)
    Meter(registry).listening("north")
    let = Flag()
    lookout = FakeLookout(OVERVIEW if is_slow else LedgerError("gone"), let if is_slow else None)
    facts = facts_of(registry, lookout)

    began = time.monotonic()
    texts = [generate_latest(registry).decode() for _ in range(2)]
    took = time.monotonic() - began
    let.set()
    time.sleep(0.02)
    after = generate_latest(registry).decode()
    facts.close()

    assert took < 2
    assert ("\netl_database_up 1.0\n" in after) is is_slow
    assert all(
        "\netl_database_up 0.0\n" in text and 'etl_requests_total{account="north"} 0.0' in text for text in texts
    )
    assert all("etl_queue_age_seconds" not in text for text in texts)
    assert lookout.looks == (1 if is_slow else 3)


def test_labels_are_accounts_outcomes_states_and_codes_alone(registry: CollectorRegistry) -> None:
    """No file, no run, no submission: each of them would be a series for ever."""
    meter = Meter(registry)
    meter.listening("north")
    meter.ended("north", 4)
    facts = facts_of(registry, FakeLookout(OVERVIEW))

    labels = {label for family in registry.collect() for sample in family.samples for label in sample.labels}
    facts.close()

    assert labels <= {"account", "outcome", "state", "exit_code", "version"}


def test_the_page_names_each_metric(registry: CollectorRegistry) -> None:
    """And none that is not there, alarms included."""
    page = (ROOT / "docs" / "watching-a-fleet.md").read_text(encoding="utf-8")
    Meter(registry)
    facts = facts_of(registry, FakeLookout(OVERVIEW))
    kinds = {"counter": "_total", "info": "_info"}
    ours = {family.name + kinds.get(family.type, "") for family in registry.collect()}
    facts.close()

    assert set(re.findall(r"\betl_(?!last_run)[a-z_]+", page)) == ours
