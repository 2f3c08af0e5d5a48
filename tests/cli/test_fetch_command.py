"""`etl fetch`: what may be typed, what is asked of the core, and what stands on stdout."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from etl.events import Fetching, StopSignal
from etl.fetch import Fetched, OfLeads, OfType, Output
from etl.stages.fetch_asked import Asked, LeadProblem
from tests.cli.conftest import Shell

IST = ZoneInfo("Asia/Kolkata")
DONE = Fetched(Path("out.csv"), 10_000, 400, (), None, 0)


@dataclass
class FakeFetch:
    """Stands where `etl.fetch` stands."""

    answer: Fetched = DONE
    asked: list[tuple[OfLeads | OfType, Output]] = field(default_factory=list)

    def fetch(
        self, settings: object, question: OfLeads | OfType, output: Output, *, events: Any, stop: StopSignal | None
    ) -> Fetched:
        self.asked.append((question, output))
        events(Fetching("out.csv", 120, 400, 3005, is_by_lead=True))
        return self.answer


@pytest.fixture
def fake(shell: Shell) -> FakeFetch:
    made = FakeFetch()
    shell.world = replace(shell.world, fetch=lambda: made)  # type: ignore[arg-type]  # as much of it as the command asks
    return made


def leads(*values: str) -> tuple[Asked, ...]:
    return tuple(Asked(value) for value in values)


QUESTIONS = {
    "leads": (
        ("--lead", "a@example.com", "--lead", " b@example.com "),
        OfLeads(leads("a@example.com", "b@example.com")),
    ),
    "leads of a type": (("--lead", "a@example.com", "--event", "320"), OfLeads(leads("a@example.com"), 320)),
    "since a day": (("--event", "320", "--since", "2026-01-31"), OfType(320, datetime(2026, 1, 31, tzinfo=UTC))),
    "whole days": (
        ("--event", "320", "--since", "2026-01-30", "--until", "2026-01-31"),
        OfType(320, datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)),
    ),
    "moments of a zone": (
        (
            "--event",
            "320",
            "--since",
            "2026-01-30 09:00",
            "--until",
            "2026-01-30 10:00:30",
            "--time-zone",
            "Asia/Kolkata",
        ),
        OfType(320, datetime(2026, 1, 30, 9, tzinfo=IST), datetime(2026, 1, 30, 10, 0, 30, tzinfo=IST)),
    ),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_is_asked(shell: Shell, fake: FakeFetch, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Options become one question; days count to their end, in the zone that was named."""
    typed, question = QUESTIONS[name]

    code = shell.type("fetch", *typed, "-o", "out.csv")

    assert (code, fake.asked[0][0]) == (0, question)
    assert fake.asked[0][1].path == Path("out.csv")
    assert capsys.readouterr().out == "10,000 activities of 400 leads\nFetched:    out.csv\n"


def test_leads_of_a_sheet(shell: Shell, fake: FakeFetch) -> None:
    """Each value with its row; white space and empty cells are no values, and our own apostrophe is none of theirs."""
    (shell.world.cwd / "customers.csv").write_text(
        "Name,Mobile \nA,'+91-9876500001\nB,\nC, 9876500002\n", encoding="utf-8"
    )

    code = shell.type("fetch", "--leads", "customers.csv", "--column", "Mobile", "-o", "out.xlsx", "--anew")

    question, output = fake.asked[0]
    assert (code, output.anew) == (0, True)
    assert question == OfLeads((Asked("+91-9876500001", 2), Asked("9876500002", 4)))


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        pytest.param((), "Which activities?", id="nothing"),
        pytest.param(("--event", "320"), "--event alone needs --since", id="no since"),
        pytest.param(("--lead", "x", "--since", "2026-01-31"), "leave them out beside leads", id="span of leads"),
        pytest.param(("--leads", "visits.csv"), "--leads and --column go together", id="no column"),
        pytest.param(("--leads", "c.csv", "--column", "mobile"), 'Did you mean "Mobile"?', id="column's case"),
        pytest.param(("--event", "320", "--since", "31/01/2026"), "is no day or moment", id="day first"),
        pytest.param(
            ("--event", "320", "--since", "2026-01-31", "--until", "2026-01-30"), "lies before", id="span backwards"
        ),
        pytest.param(("--lead", "x", "--time-zone", "Asia/Kolkatta"), "Did you mean Asia/Kolkata?", id="zone"),
    ],
)
def test_what_does_not_go_together(
    shell: Shell, fake: FakeFetch, typed: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Said before anything is asked, exit code 2."""
    (shell.world.cwd / "c.csv").write_text("Mobile\n1\n", encoding="utf-8")

    code = shell.type("fetch", *typed, "-o", "out.csv")

    assert (code, fake.asked) == (2, [])
    assert says in capsys.readouterr().err


def test_leads_that_need_a_person(shell: Shell, fake: FakeFetch, capsys: pytest.CaptureFixture[str]) -> None:
    """Each with its row, what is wrong and what to do, the first twenty; the list has them all."""
    problem = LeadProblem(Asked("98", 7), "2 leads have this.", "Ask by id.", ("one", "two"))
    fake.answer = replace(DONE, problems=(problem,) * 21, failed=Path("out.not-fetched.csv"), exit_code=4)

    code = shell.type("fetch", "--lead", "x", "-o", "out.csv", "--quiet")

    out = capsys.readouterr().out.splitlines()
    assert code == 4
    assert out[2:4] == ["21 leads not fetched, or not whole:", "  row 7, 98: 2 leads have this. (one, two) Ask by id."]
    assert out[-3:-1] == ["  and 1 more", "To correct: out.not-fetched.csv"]
    assert len(out) == 3 + 20 + 3


def test_a_fetch_that_was_stopped(shell: Shell, fake: FakeFetch, capsys: pytest.CaptureFixture[str]) -> None:
    """How far it came, and the command that goes on."""
    fake.answer = Fetched(None, 3005, 120, (), None, 130, "interrupted by Ctrl-C")

    code = shell.type("fetch", "--lead", "x", "-o", "out.csv")

    assert code == 130
    assert capsys.readouterr().out.splitlines() == [
        "Stopped: interrupted by Ctrl-C. 3,005 activities of 120 leads fetched so far; no file was written yet.",
        "Continue:   etl fetch --lead x -o out.csv",
    ]
