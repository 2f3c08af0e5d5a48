"""`etl run` hands the pipeline what was typed, and tells what came of it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from etl.errors import BusyError, EtlError, LedgerError, NetworkError, RefusedError, SourceError, UsageError
from etl.events import (
    Event,
    InputFinished,
    Note,
    Planned,
    Progress,
    RequestAnswered,
    RequestSent,
    RunOptions,
    Started,
    StopSignal,
    Summary,
)
from etl.findings import Finding, Problem
from etl.records import Outcome, Place
from tests.cli.conftest import KEYS, input_summary

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

RUN = ("run", "visits.xlsx", "-m", "visits.yaml")


class BadDate(Problem):
    """A kind of finding for these tests."""

    code = "bad-date"
    error = '"31/02/2026" is no date.'
    remedy = "Type it as dd/mm/yyyy."


def says(*events: Event) -> Callable[[Callable[[Event], None], RunOptions, StopSignal | None], None]:
    """An act of the fake pipeline: tell these events."""

    def act(listen: Callable[[Event], None], _options: RunOptions, _stop: StopSignal | None) -> None:
        for event in events:
            listen(event)

    return act


def raises(error: BaseException) -> Callable[[Callable[[Event], None], RunOptions, StopSignal | None], None]:
    """An act of the fake pipeline: fail."""

    def act(_listen: Callable[[Event], None], _options: RunOptions, _stop: StopSignal | None) -> None:
        raise error

    return act


STARTED = Started("prod", "ACME EDU (90001)", "/srv/ledger.db")
PLANNED = Planned(
    "visits.xlsx", 41, 240, {Outcome.WAITING: 226, Outcome.INVALID: 12, Outcome.IGNORED: 2}, ("Fuel",), 226, 10, 2.0
)


def test_options_reach_the_pipeline(shell: Shell) -> None:
    """Files, mapping and every option arrive as they were typed."""
    code = shell.type(*RUN, "--results", "out.xlsx", "--duplicate", "1188")

    asked = shell.pipeline.asked[0]
    assert code == 0
    assert asked["files"] == (Path("visits.xlsx"),)
    assert asked["mapping"] == Path("visits.yaml")
    assert asked["settings"].account.name == "env"
    assert asked["options"] == RunOptions(results=Path("out.xlsx"), duplicate=1188, jobs=4)


def test_a_rehearsal_needs_no_account(shell: Shell) -> None:
    """--rehearse goes without keys, even where they are set up wrongly."""
    code = shell.type(*RUN, "--rehearse", LSQ_ACCESS_KEY="")

    assert code == 0
    assert shell.options.rehearse
    assert shell.pipeline.asked[0]["settings"].account is None


def test_a_dry_run_writes_requests_alone_to_stdout(shell: Shell, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """stdout holds the request bodies byte for byte; everything said goes to stderr."""
    body = '[{"ActivityNote":"दौरा"}]\n'.encode()

    def act(listen: Callable[[Event], None], options: RunOptions, _stop: StopSignal | None) -> None:
        listen(PLANNED)
        assert options.dry_run_out is not None
        options.dry_run_out.write(body)
        options.dry_run_out.flush()

    shell.pipeline.acts = act
    code = shell.type(*RUN, "--dry-run")

    out, err = capfdbinary.readouterr()
    assert code == 0
    assert out == body
    assert b"226 rows would go out in 10 requests" in err
    assert b"240 data rows = 240 created" in err


def test_a_dry_run_can_do_without_an_account(shell: Shell) -> None:
    """Who has no keys yet can look at what would be sent."""
    shell.world.environ.clear()  # type: ignore[attr-defined] # the environment of these tests is a dict

    assert shell.type(*RUN, "--dry-run") == 0
    assert shell.pipeline.asked[0]["settings"].account is None


def test_the_talk_goes_to_stderr_and_the_report_to_stdout(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """The first line names account, organisation and ledger; then the plan; the report stands on stdout."""
    shell.pipeline.acts = says(STARTED, Note("read as Windows-1252"), PLANNED)
    shell.type(*RUN)

    out, err = capsys.readouterr()
    assert err.splitlines() == [
        "Account prod · organisation ACME EDU (90001) · ledger /srv/ledger.db",
        "read as Windows-1252",
        "visits.xlsx: 240 data rows. 226 rows go out in 10 requests, about 2 s at the account's limit.",
        "  Not sent: 12 invalid, 2 ignored.",
        "  Columns that the mapping does not use: Fuel.",
    ]
    assert out.splitlines() == [
        "visits.xlsx (run 41)",
        "  240 created",
        "  240 data rows = 240 created + 0 updated + 0 already imported + 0 changed + 0 invalid + 0 refused"
        " + 0 unconfirmed + 0 waiting + 0 ignored",
        "  Results:    visits.run41.results.xlsx",
    ]


def test_the_report_groups_findings_and_names_files_and_next_step(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    """Findings by code with three examples; outcomes aligned; both files; what to do now."""
    findings = tuple(Finding(Place("visits.xlsx", "Visits", row, "F"), BadDate()) for row in (41, 57, 60, 99))
    ended = input_summary(
        {Outcome.CREATED: 1_236, Outcome.INVALID: 4},
        findings=findings,
        finding_counts={"bad-date": 4},
        failed=Path("visits.failed.xlsx"),
        exit_code=4,
        next_step="Correct visits.failed.xlsx and run it.",
    )
    shell.pipeline.summary = Summary((ended,), 4)

    code = shell.type(*RUN)

    assert code == 4
    assert capsys.readouterr().out.splitlines() == [
        "visits.xlsx (run 41)",
        "  4 findings:",
        "    bad-date: 4",
        '      visits.xlsx, Visits!F41: "31/02/2026" is no date. Type it as dd/mm/yyyy.',
        '      visits.xlsx, Visits!F57: "31/02/2026" is no date. Type it as dd/mm/yyyy.',
        '      visits.xlsx, Visits!F60: "31/02/2026" is no date. Type it as dd/mm/yyyy.',
        "      and 1 more",
        "  1,236 created",
        "      4 invalid",
        f"  {ended.equation}",
        "  Results:    visits.run41.results.xlsx",
        "  To correct: visits.failed.xlsx",
        "  Next:       Correct visits.failed.xlsx and run it.",
    ]


def test_a_stopped_run_says_which_command_continues(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Where rows wait, the reason and the very command that sends them are shown."""
    ended = input_summary(
        {Outcome.CREATED: 100, Outcome.WAITING: 140}, exit_code=6, stop_reason="the day's budget is spent"
    )
    shell.pipeline.summary = Summary((ended,), 6)

    code = shell.type(*RUN)

    lines = capsys.readouterr().out.splitlines()
    assert code == 6
    assert "  Stopped:    the day's budget is spent" in lines
    assert lines[-1] == "  Continue:   etl run visits.xlsx -m visits.yaml"


def test_the_command_that_continues_is_said_once(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """A next step that names the command already is not followed by it again."""
    ended = input_summary({Outcome.WAITING: 1}, next_step="Run etl run visits.xlsx -m visits.yaml tomorrow.")
    shell.pipeline.summary = Summary((ended,), 6)

    shell.type(*RUN)

    assert capsys.readouterr().out.count("etl run visits.xlsx") == 1


def test_more_findings_than_are_listed_are_told(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """The counts are those of all findings, also where only the first thousand were kept."""
    finding = Finding(Place("visits.xlsx", "Visits", 41, "F"), BadDate())
    shell.pipeline.summary = Summary((input_summary(findings=(finding,) * 1000, finding_counts={"bad-date": 2500}),), 4)

    shell.type(*RUN)

    lines = capsys.readouterr().out.splitlines()
    assert lines[1:3] == ["  2,500 findings:", "    bad-date: 2,500"]
    assert "      and 2,497 more" in lines


@pytest.mark.parametrize(("code", "is_silent"), [(0, True), (4, False), (7, False)])
def test_quiet_is_silent_on_success_alone(
    shell: Shell, capsys: pytest.CaptureFixture[str], code: int, is_silent: bool
) -> None:
    """--quiet says nothing of a run that went well, and reports what needs somebody."""
    shell.pipeline.acts = says(STARTED, PLANNED, Progress("visits.xlsx", 1, 2, {}, 1.0, None, 0))
    shell.pipeline.summary = Summary((replace(input_summary(), exit_code=code),), code)

    assert shell.type(*RUN, "--quiet") == code

    out, err = capsys.readouterr()
    assert err == ""
    assert (out == "") is is_silent


def test_requests_are_shown_to_who_asks(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """-v shows each request and its answer; without it there are none."""
    shell.pipeline.acts = says(
        RequestSent(7, 25), RequestAnswered(7, "accepted", ""), RequestAnswered(8, "later", "429")
    )

    shell.type(*RUN)
    without = capsys.readouterr().err
    shell.type(*RUN, "-v")
    with_option = capsys.readouterr().err

    assert without == ""
    assert with_option.splitlines() == ["Request 7: sent with 25 rows", "Request 7: accepted", "Request 8: later: 429"]


def test_the_log_keeps_what_was_said_and_no_key(shell: Shell) -> None:
    """--log writes command, talk, requests and report with their times, and never a key."""
    ended = input_summary()
    shell.pipeline.acts = says(STARTED, RequestSent(7, 25), InputFinished(ended))

    shell.type(*RUN, "-q", "--log", "logs/night.log")

    path = shell.world.cwd / "logs" / "night.log"
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "2026-06-03T09:30:00Z $ etl run visits.xlsx -m visits.yaml -q --log logs/night.log"
    assert lines[1] == "2026-06-03T09:30:00Z Account prod · organisation ACME EDU (90001) · ledger /srv/ledger.db"
    assert lines[2] == "2026-06-03T09:30:00Z Request 7: sent with 25 rows"
    assert lines[-1].endswith("Results:    visits.run41.results.xlsx")
    assert not any(key in path.read_text(encoding="utf-8") for key in KEYS.values())
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_log_that_cannot_be_written_is_told_before_the_start(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    """A log is asked for because it will be missed: without it nothing starts."""
    code = shell.type(*RUN, "--log-file", "visits.xlsx/night.log")

    assert code == 2
    assert capsys.readouterr().err.startswith(
        f"Error: --log-file: {shell.world.cwd}/visits.xlsx/night.log cannot be written."
    )
    assert shell.pipeline.asked == []


ERRORS = {
    "usage": (UsageError("visits.yaml:3:1: there is no such target."), 2),
    "source": (SourceError("visits.xlsx: this is no workbook."), 3),
    "refused": (RefusedError("LeadSquared does not know these keys."), 5),
    "network": (NetworkError("LeadSquared cannot be reached."), 6),
    "busy": (BusyError("Another process imports visits.xlsx."), 8),
    "ledger": (LedgerError("The ledger is of a newer version."), 2),
}


@pytest.mark.parametrize(("error", "code"), ERRORS.values(), ids=ERRORS.keys())
def test_an_error_is_one_message_and_its_exit_code(
    shell: Shell, capsys: pytest.CaptureFixture[str], error: EtlError, code: int
) -> None:
    """What ended the run is told on stderr in one line, without a traceback, and nothing stands on stdout."""
    shell.pipeline.acts = raises(error)

    assert shell.type(*RUN) == code

    assert capsys.readouterr() == ("", f"Error: {error.message}\n")
    assert shell.log_text == ""


def test_the_findings_of_an_error_are_listed_below_it(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Details that an error carries are shown as findings are."""
    finding = Finding(Place("visits.yaml", line=3, line_column=1), BadDate())
    shell.pipeline.acts = raises(UsageError("visits.yaml: two mistakes.", [finding]))

    shell.type(*RUN)

    assert capsys.readouterr().err.splitlines() == [
        "Error: visits.yaml: two mistakes.",
        "  1 finding:",
        "    bad-date: 1",
        '      visits.yaml:3:1: "31/02/2026" is no date. Type it as dd/mm/yyyy.',
    ]


def test_a_defect_is_exit_code_1_and_its_traceback_is_in_the_log_alone(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who runs imports sees one sentence with the path of the log; who mends etl finds the traceback there."""
    shell.pipeline.acts = raises(KeyError("mx_Custom_1"))

    assert shell.type(*RUN) == 1

    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "Error: this is a defect of etl (KeyError), not of your files. What was sent is recorded, so the same command "
        f"can be run again. The details are in {shell.world.directories.log}; please report them.\n"
    )
    assert "Traceback" in shell.log_text
    assert "KeyError: 'mx_Custom_1'" in shell.log_text
    assert "$ etl run visits.xlsx -m visits.yaml" in shell.log_text


def test_a_defect_is_not_lost_when_the_log_cannot_be_written(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a log the traceback goes to stderr, rather than nowhere."""
    shell.world.log.path = shell.world.cwd / "visits.xlsx" / "etl.log"
    shell.pipeline.acts = raises(KeyError("mx_Custom_1"))

    assert shell.type(*RUN) == 1

    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_before_the_start_is_130_without_a_traceback(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """An interruption outside of the sending is no defect."""
    shell.pipeline.acts = raises(KeyboardInterrupt())

    assert shell.type(*RUN) == 130

    assert "Traceback" not in capsys.readouterr().err
    assert shell.log_text == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_the_run_to_stop(shell: Shell, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM while the pipeline works become a request to stop, and handlers are put back."""
    before = signal.getsignal(number)
    asked: list[tuple[str | None, int | None]] = []

    def act(_listen: Callable[[Event], None], _options: RunOptions, stop: StopSignal | None) -> None:
        assert stop is not None
        signal.raise_signal(number)
        asked.append((stop.reason, stop.signal_number))

    shell.pipeline.acts = act
    shell.pipeline.summary = Summary((input_summary(),), 128 + number)

    assert shell.type(*RUN) == 128 + number
    reasons = {signal.SIGINT: "interrupted by Ctrl-C", signal.SIGTERM: "terminated by SIGTERM"}
    assert asked == [(reasons[number], number)]
    assert signal.getsignal(number) is before


REFUSED = {
    "rehearsal-with-account": (
        (*RUN, "-a", "prod", "--rehearse"),
        "Error: -a and --rehearse: a rehearsal goes to the simulator, not to an account. Leave one out.\n",
    ),
    "one-results-file-for-two-inputs": (
        ("run", "visits.xlsx", "visits.xlsx", "-m", "visits.yaml", "--results", "out.xlsx"),
        "Error: --results names one file, and there are several inputs. Leave it out, or run them one by one.\n",
    ),
    "no-such-file": (
        ("run", "vists.xlsx", "-m", "visits.yaml"),
        "Error: vists.xlsx: there is no such input file. Did you mean visits.xlsx?\n",
    ),
    "no-such-mapping": (
        ("run", "visits.xlsx", "-m", "visit.yaml"),
        "Error: visit.yaml: there is no such mapping file. Did you mean visits.yaml?\n",
    ),
    "folder": (
        ("run", ".", "-m", "visits.yaml"),
        "Error: .: this is a folder. Name the input file in it, or several by a pattern like '*.xlsx'.\n",
    ),
    "unknown-account": (
        (*RUN, "-a", "prod"),
        "Error: -a prod and LSQ_ACCESS_KEY: two accounts are named at once, and it is not clear which is meant. Unset "
        "LSQ_ACCESS_KEY, LSQ_SECRET_KEY to use prod, or leave the name out to use the variables.\n",
    ),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_meant_is_refused_before_the_pipeline(
    shell: Shell, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    """Contradictions and missing files are exit code 2, and the pipeline is not asked."""
    assert shell.type(*arguments) == 2

    assert capsys.readouterr() == ("", message)
    assert shell.pipeline.asked == []


def test_a_cell_cannot_steer_the_terminal(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters out of files and answers are not passed on."""
    shell.pipeline.acts = says(Note("a\x1b]0;owned\x07b"))

    shell.type(*RUN)

    assert capsys.readouterr().err == "a�]0;owned�b\n"


def test_a_reader_that_goes_away_does_not_stop_an_import(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """`etl run … 2>&1 | head -1` still sends every row and ends as the run ended."""

    class ClosedPipe:
        encoding = "utf-8"

        def write(self, _text: str) -> int:
            raise BrokenPipeError

        def flush(self) -> None:
            raise BrokenPipeError

        def isatty(self) -> bool:
            return False

        def fileno(self) -> int:
            raise OSError

    told: list[str] = []

    def act(listen: Callable[[Event], None], _options: RunOptions, _stop: StopSignal | None) -> None:
        for event in (STARTED, PLANNED, Note("more")):
            listen(event)
        told.append("all")

    shell.pipeline.acts = act
    shell.pipeline.summary = Summary((input_summary(),), 4)
    monkeypatch.setattr(sys, "stderr", ClosedPipe())
    monkeypatch.setattr(sys, "stdout", ClosedPipe())

    assert shell.type(*RUN) == 4
    assert told == ["all"]
