"""`etl check` reads and maps, and its result is findings and forecast."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from etl import pipeline as real_pipeline
from etl.errors import SourceError
from etl.events import Budget, Event, Found, LookUps, Planned, RunOptions, Started, StopSignal, Summary
from etl.findings import DateFormat, Finding
from etl.records import Outcome, Place
from tests.cli.conftest import Shell, input_summary

CHECK = ("check", "visits.xlsx", "-m", "visits.yaml")


def act(listen: Callable[[Event], None], _options: RunOptions, _stop: StopSignal | None) -> None:
    """Tell of an account and a plan."""
    listen(Started("prod", "ACME EDU (90001)", "/srv/ledger.db"))
    listen(Planned("visits.xlsx", None, 240, {Outcome.WAITING: 240}, (), 240, 10, 7500.0))


def test_the_forecast_stands_at_the_end_on_stdout(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows, requests and duration are the result of a check, not talk on the way."""
    shell.pipeline.acts = act
    ended = input_summary({Outcome.WAITING: 240}, run=None, results=None)
    shell.pipeline.summary = Summary((ended,), 0)

    code = shell.type(*CHECK)

    out, err = capsys.readouterr()
    assert code == 0
    assert err == "Account prod · organisation ACME EDU (90001) · ledger /srv/ledger.db\n"
    assert out.splitlines() == [
        "visits.xlsx",
        "  240 waiting",
        f"  {ended.equation}",
        "",
        "What a run would do:",
        "visits.xlsx: 240 data rows. 240 rows would go out in 10 requests, about 2 h 5 min at the account's limit.",
    ]


def test_a_check_goes_without_an_account(shell: Shell) -> None:
    """Somebody who has no keys yet can check a sheet."""
    code = shell.type(*CHECK, LSQ_ACCESS_KEY="", LSQ_SECRET_KEY="", ETL_ACCOUNT="")

    assert code == 2  # keys that came out empty are still told of
    assert shell.pipeline.asked == []

    shell.world.environ.clear()  # type: ignore[attr-defined] # the environment of these tests is a dict
    assert shell.type(*CHECK) == 0
    assert shell.pipeline.asked[0]["settings"].account is None


def test_a_quiet_check_is_silent_when_all_is_well(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """--quiet leaves the exit code to speak."""
    shell.pipeline.acts = act

    assert shell.type(*CHECK, "-q") == 0
    assert capsys.readouterr() == ("", "")


DATE = Finding(Place("visits.xlsx", "Visits", 41, "F"), DateFormat("31/02/2026", "date", "dd/mm/yyyy", impossible=True))


def test_all_findings_go_to_their_file(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Each finding that is told on the way is written, not only those that the summary carries, and the place is said."""
    shell.pipeline.acts = lambda listen, _options, _stop: (
        [listen(Found("visits.xlsx", (DATE,))) for _ in range(1200)] and None
    )

    code = shell.type(*CHECK, "--findings", "found.json")

    held = json.loads((shell.world.cwd / "found.json").read_text(encoding="utf-8"))
    assert code == 0
    assert len(held["findings"]) == 1200
    assert "  Findings:   found.json (1,200 findings)\n" in capsys.readouterr().out


def test_findings_that_end_a_check_are_written_too(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """What stopped the check is often what a person has to mend first."""

    def act(listen: Callable[[Event], None], _options: RunOptions, _stop: StopSignal | None) -> None:
        listen(Found("visits.xlsx", (DATE,)))
        raise SourceError("visits.xlsx was not imported; nothing was sent.", [DATE])

    shell.pipeline.acts = act

    code = shell.type(*CHECK, "--findings", "found.csv")

    out, err = capsys.readouterr()
    assert code == 3
    assert out == "  Findings:   found.csv (2 findings)\n"
    assert err.count("31/02/2026") == 1


def test_a_finding_that_the_message_tells_is_not_told_twice(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a file that cannot be read there is one sentence, and it stands there once."""

    def act(_listen: Callable[[Event], None], _options: RunOptions, _stop: StopSignal | None) -> None:
        raise SourceError(f"visits.xlsx, row 41: {DATE.problem.error}", [DATE])

    shell.pipeline.acts = act

    assert shell.type(*CHECK) == 3
    assert capsys.readouterr().err == 'Error: visits.xlsx, row 41: "31/02/2026" is no date.\n'


@pytest.mark.parametrize(
    ("name", "said"),
    [("found.txt", ".csv, .xlsx or .json"), ("visits.xlsx", "read here"), ("visits.yaml", ".csv, .xlsx or .json")],
)
def test_a_findings_file_that_cannot_be_is_refused(
    shell: Shell, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    """Exit code 2, before anything is read; no input is ever overwritten."""
    assert shell.type(*CHECK, "--findings", name) == 2
    assert said in capsys.readouterr().err
    assert shell.pipeline.asked == []


@pytest.fixture
def four(shell: Shell) -> Shell:
    """A shell with the real pipeline beside four files, of which the second and the third cannot be read."""
    folder = shell.world.cwd
    (folder / "visits.yaml").write_text(MAPPING, encoding="utf-8")
    for name, text in {
        "a": "No,Email,On\n1,a@example.com,01/02/2026\n2,b@example.com,x\n",
        "b": "No,Mail,On\n1,a@example.com,01/02/2026\n",
        "c": "No,Email,On\n7,c@example.com,01/02/2026\n"
        + "".join(f"{number},c@example.com,01/02/2026\n" for number in range(10, 6_010))  # more than are staged at once
        + '3,"c@example.com,03/02/2026\n',
        "d": "No,Email,On\n7,d@example.com,01/02/2026\n",
    }.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return replace(shell, world=replace(shell.world, pipeline=lambda: real_pipeline))


MAPPING = """\
version: 1
name: visits
operation: add-by-lead-field
search_by: EmailAddress
input: {time_zone: Asia/Kolkata}
activity: {event: 320}
columns:
  Email: SearchByValue
  On: {to: ActivityDateTime, format: "%d/%m/%Y"}
  No: mx_Custom_1
unique_by: [No]
"""


def test_a_file_that_cannot_be_read_keeps_no_other_from_being_checked(
    four: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each file has its report in its place, with what keeps it from being read; the worst of them is the exit code."""
    names = ("a.csv", "b.csv", "c.csv", "d.csv")
    code = four.type("check", *names, "-m", "visits.yaml", "--findings", "found.json")

    out, err = capsys.readouterr()
    assert (code, err) == (2, "")
    reports = out.partition("\nWhat a run would do:")[0].split("\n\n")
    assert [report.splitlines()[0] for report in reports] == list(names)
    assert 'There is no column "Email"' in reports[1]
    assert (
        "Stopped:    c.csv, row 6003 (line 6003): a double quote is opened in this row and never closed." in reports[2]
    )
    assert "an import sends nothing of the other files either" in reports[2]
    assert "  1 waiting\n" in reports[3]  # row 7 of c.csv goes nowhere, so that of d.csv is not its equal
    held = json.loads((four.world.cwd / "found.json").read_text(encoding="utf-8"))
    assert {finding["code"] for finding in held["findings"]} == {"date_format", "column_missing"}


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (("c.csv",), 3),
        (("c.csv", "d.csv"), 3),
        (("c.csv", "a.csv"), 3),
        (("c.csv", "b.csv"), 2),
        (("a.csv", "d.csv"), 4),
    ],
)
def test_the_worst_file_is_the_exit_code(four: Shell, names: tuple[str, ...], code: int) -> None:
    """In whatever order they are named."""
    assert four.type("check", *names, "-m", "visits.yaml", "-q") == code
    assert four.type("check", *reversed(names), "-m", "visits.yaml", "-q") == code


def test_a_dry_run_ends_at_a_file_that_cannot_be_read(four: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Its bodies are those of a run, which sends nothing then."""
    assert four.type("run", "d.csv", "c.csv", "-m", "visits.yaml", "--dry-run") == 3

    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1].startswith("Error: c.csv, row 6003 (line 6003): a double quote is opened")


BUDGET = Budget(500, 120, datetime(2026, 6, 3, 9, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("requests", "seconds", "ending"),
    [
        (120, 60.0, "the last goes out today."),
        (120, 20 * 3600.0, "the last goes out on Thursday, 4 June 2026, if the same command is run again on each day."),
        (121, 60.0, "the last goes out on Thursday, 4 June 2026, if the same command is run again on each day."),
        (620, 60.0, "the last goes out on Thursday, 4 June 2026, if the same command is run again on each day."),
        (621, 60.0, "the last goes out on Friday, 5 June 2026, if the same command is run again on each day."),
    ],
    ids=["fits", "goes_on_after_midnight", "one_too_many", "fills_tomorrow", "a_third_day"],
)
def test_a_budget_tells_the_day(
    shell: Shell, capsys: pytest.CaptureFixture[str], requests: int, seconds: float, ending: str
) -> None:
    """Under a daily budget a check says on which UTC day the last request goes out, look-ups of leads included."""
    half = requests // 2
    looking = LookUps(5, requests - half, seconds)
    waiting = {Outcome.WAITING: 240}
    plan = Planned("visits.xlsx", None, 240, waiting, (), 240, half, 0.0, looking, BUDGET)
    shell.pipeline.acts = lambda listen, _options, _stop: listen(plan)

    shell.type(*CHECK)

    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"With 500 requests a day (UTC), 120 of them left today, {ending}"


def test_several_inputs_are_summed_up(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows, requests and time of all inputs stand in one line, and the budget is spent once."""
    plans = [
        Planned(name, None, 240, {Outcome.WAITING: 240}, (), 240, 100, 7500.0, None, BUDGET)
        for name in ("a.csv", "b.csv")
    ]
    shell.pipeline.acts = lambda listen, _options, _stop: [listen(plan) for plan in plans] and None

    shell.type(*CHECK)

    together, budget = capsys.readouterr().out.splitlines()[-2:]
    assert together == "Together: 480 rows in 200 requests, about 4 h 10 min at the account's limit."
    assert "the last goes out on Thursday, 4 June 2026" in budget
