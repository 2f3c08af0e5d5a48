"""`--json-events`: what happens, for programs, under stable names and without anything of a person in it."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest

from etl.cli.json_events import JsonEvents
from etl.errors import NetworkError
from etl.events import (
    Budget,
    EtaBasis,
    Event,
    FindingLeads,
    Found,
    InputFinished,
    LookUps,
    Note,
    PilotOver,
    PilotProposed,
    PilotRow,
    Planned,
    Progress,
    Reading,
    ReadingBack,
    RequestAnswered,
    RequestSent,
    Started,
)
from etl.findings import Finding, Problem
from etl.records import Outcome, Place
from tests.cli.conftest import KEYS, Shell, input_summary

RUN = ("run", "visits.xlsx", "-m", "visits.yaml")
NOW = "2026-06-03T09:30:00.000+00:00"
PRIVATE = "asha@example.com"


class BadDate(Problem):
    """A finding with a cell in it."""

    code = "bad-date"
    error = f"{PRIVATE} is no date."
    remedy = "Type it as dd/mm/yyyy."


def told(shell: Shell) -> tuple[Event, ...]:
    """One event of every kind that is written, each with something private where it can hold it."""
    counts = {Outcome.CREATED: 25, Outcome.UNCONFIRMED: 2, Outcome.WAITING: 213}
    return (
        Started("prod", f"{PRIVATE} Ltd (90001)", "/home/asha/ledger.db"),
        Note(PRIVATE),
        Reading("visits.xlsx", 240),
        Found("visits.xlsx", (Finding(Place("visits.xlsx", None, 2, "A", "Email"), BadDate()),)),
        Planned(
            *("visits.xlsx", 41, 240, {Outcome.WAITING: 240}, (PRIVATE,), 240, 10, 5.0),
            *(LookUps(5, 20, 4.0), Budget(500, 120, shell.clock.now(), 20)),
        ),
        PilotProposed("visits.xlsx", "visits", 320, 10),
        FindingLeads("visits.xlsx", 2, 5, 3.0),
        RequestSent(7, 25, "visits.csv"),
        RequestAnswered(7, "refused", PRIVATE, "visits.csv"),
        Progress("visits.xlsx", 25, 240, counts, 48.25, 16.0, 3, 50.0, 0.97, 1, 119, EtaBasis.RATE),
        ReadingBack("visits.xlsx", 2, 0, 4.0, None),
        PilotOver("visits.xlsx", 41, (PilotRow(2, PRIVATE, "id", Outcome.CREATED, PRIVATE),), 9),
        InputFinished(input_summary(finding_counts={"bad-date": 1}, stop_reason=PRIVATE)),
    )


EXPECTED: list[dict[str, Any]] = [
    {"event": "started", "account": "prod"},
    {"event": "reading", "input": "visits.xlsx", "rows": 240},
    {"event": "findings", "input": "visits.xlsx", "by_code": {"bad-date": 1}},
    {
        "event": "planned",
        "input": "visits.xlsx",
        "run": 41,
        "data_rows": 240,
        "rows": {"waiting": 240},
        "rows_to_send": 240,
        "requests": 10,
        "seconds_at_limit": 5.0,
        "look_up_requests": 20,
        "daily_requests": 500,
        "requests_left_today": 120,
    },
    {"event": "pilot_proposed", "input": "visits.xlsx", "rows": 10},
    {"event": "finding_leads", "input": "visits.xlsx", "done": 2, "total": 5, "seconds_left": 3.0},
    {"event": "request_sent", "input": "visits.csv", "request": 7, "rows": 25},
    {"event": "request_answered", "input": "visits.csv", "request": 7, "verdict": "refused"},
    {
        "event": "progress",
        "input": "visits.xlsx",
        "done": 25,
        "total": 240,
        "rows": {"created": 25, "unconfirmed": 2, "waiting": 213},
        "rows_per_second": 48.25,
        "rows_per_second_now": 50.0,
        "limit_used": 0.97,
        "in_flight": 3,
        "refusals": 1,
        "requests_left_today": 119,
        "unconfirmed": 2,
        "seconds_left": 16.0,
        "seconds_left_by": "rate",
    },
    {"event": "reading_back", "input": "visits.xlsx", "rows": 2, "found": 0, "seconds_to_next_look": 4.0},
    {"event": "pilot", "input": "visits.xlsx", "run": 41, "rows": {"created": 1}, "others": 9},
    {
        "event": "finished",
        "input": "visits.xlsx",
        "run": 41,
        "data_rows": 240,
        "rows": {"created": 240},
        "exit_code": 0,
        "findings": {"bad-date": 1},
    },
    {"event": "ended", "exit_code": 0},
]


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_every_event_under_its_name(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """One object a line, with version and moment; words go on as usual, and nothing private is in the file."""
    shell.pipeline.acts = lambda listen, _options, _stop: [listen(event) for event in told(shell)] and None

    shell.type(*RUN, "--json-events", "events.jsonl")

    text = (shell.world.cwd / "events.jsonl").read_text(encoding="utf-8")
    assert lines(text) == [{"schema_version": 1, "at": NOW, **one} for one in EXPECTED]
    assert not [word for word in (PRIVATE, "asha", "90001", *KEYS.values()) if word in text]
    assert "Account prod" in capsys.readouterr().err


def test_stderr_holds_nothing_else(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """`-` takes the place of the words; the report stays on stdout."""
    shell.pipeline.acts = lambda listen, _options, _stop: [listen(event) for event in told(shell)] and None

    shell.type(*RUN, "--json-events", "-")

    streams = capsys.readouterr()
    assert len(lines(streams.err)) == len(EXPECTED)
    assert "240 data rows" in streams.out


def test_an_error_ends_them_with_its_code(shell: Shell) -> None:
    """A program that follows the file learns that it is over; a second run is written behind the first."""

    def fails(_listen: object, _options: object, _stop: object) -> None:
        raise NetworkError("LeadSquared cannot be reached.")

    shell.pipeline.acts = fails
    for _ in range(2):
        shell.type(*RUN, "--json-events", "events.jsonl")

    text = (shell.world.cwd / "events.jsonl").read_text(encoding="utf-8")
    assert [(one["event"], one["exit_code"]) for one in lines(text)] == [("ended", 6)] * 2


@pytest.mark.parametrize("place", ["visits.xlsx", "./visits.yaml", "nowhere/events.jsonl"])
def test_a_place_that_cannot_be_one_is_refused(shell: Shell, place: str) -> None:
    """Before anything is sent; an input is not written over."""
    assert shell.type(*RUN, "--json-events", place) == 2
    assert (shell.world.cwd / "visits.xlsx").stat().st_size == 0


def test_a_reader_that_is_gone_stops_nothing(tmp_path: Path, shell: Shell) -> None:
    """The import goes on, and what follows is not written."""
    heard: list[Event] = []
    with Path("/dev/full").open("w", encoding="utf-8") as stream:
        events = JsonEvents(stream, shell.clock, heard.append)
        for event in told(shell):
            events(event)

    assert heard == list(told(shell))


def test_members_of_the_page_are_those_that_are_written() -> None:
    """The module's own list of members is what programs are written by."""
    import etl.cli.json_events as module  # noqa: PLC0415 — its docstring

    text = str(module.__doc__)
    assert not [name for one in EXPECTED for name in one if name not in text]
    assert len(get_args(Event)) >= len(EXPECTED) - 1 and fields(Progress)
