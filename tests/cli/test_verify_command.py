"""`etl verify`: what may be typed, what is asked of the core, and what stands on stdout."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from etl.errors import BusyError, EtlError, LedgerError, NetworkError, RefusedError, UsageError
from etl.events import Auditing, Note, ReadingBack, Started, StopSignal
from etl.exits import ExitCode
from etl.proof import Assumption, Check, Verified
from etl.records import Outcome
from etl.stages.audit_findings import Finding
from tests.cli.conftest import Shell, input_summary

CREATED, UNCONFIRMED, WAITING = Outcome.CREATED, Outcome.UNCONFIRMED, Outcome.WAITING


@dataclass
class FakeProof:
    """Stands where `etl.proof` stands. acts: called with the listener before the answer is handed back; may raise."""

    verdict: Verified
    acts: Callable[[Callable[[object], None]], None] = lambda _events: None
    asked: list[dict[str, Any]] = field(default_factory=list)

    def verify(
        self,
        settings: object,
        run_id: int,
        *,
        check: Check | None = None,
        assume: Assumption | None = None,
        events: Callable[[object], None],
        stop: StopSignal | None = None,
    ) -> Verified:
        self.asked.append({"settings": settings, "run": run_id, "check": check, "assume": assume, "stop": stop})
        self.acts(events)
        return self.verdict

    @property
    def last(self) -> dict[str, Any]:
        return self.asked[-1]


@pytest.fixture
def proof(shell: Shell) -> FakeProof:
    """A run 41 of 240 rows, all created."""
    fake = FakeProof(Verified(input_summary()))
    shell.world = replace(shell.world, proof=lambda: fake)  # type: ignore[arg-type]  # as much of it as the command asks
    return fake


TYPED: dict[str, tuple[tuple[str, ...], Check | None, Assumption | None]] = {
    "the run alone": ((), None, None),
    "all": (("--all",), Check(), None),
    "a sample": (("--sample", "50"), Check(50), None),
    "stored": (("--assume", "stored"), None, Assumption.STORED),
    "absent, and all": (("--assume", "absent", "--all"), Check(), Assumption.ABSENT),
}


@pytest.mark.parametrize(("typed", "check", "assume"), TYPED.values(), ids=TYPED.keys())
def test_what_is_typed_is_what_is_asked(
    shell: Shell, proof: FakeProof, typed: tuple[str, ...], check: Check | None, assume: Assumption | None
) -> None:
    """Run, check and decision reach the core, with a way to stop."""
    assert shell.type("verify", "41", *typed) == 0

    assert (proof.last["run"], proof.last["check"], proof.last["assume"]) == (41, check, assume)
    assert isinstance(proof.last["stop"], StopSignal)


WRONG = {
    "no run": ((), "Missing argument 'RUN'"),
    "run 0": (("0",), "0 is not in the range"),
    "no number": (("visits.xlsx",), "visits.xlsx: this is no run. Runs are called by their number, like 41"),
    "all and some": (("41", "--all", "--sample", "3"), "--all and --sample: every row, or some of them?"),
    "a sample of nothing": (("41", "--sample", "0"), "0 is not in the range"),
    "another decision": (("41", "--assume", "lost"), "'lost' is not one of"),
    "an unknown account": (("41", "-a", "pord"), "pord"),
}


@pytest.mark.parametrize(("typed", "says"), WRONG.values(), ids=WRONG.keys())
def test_what_is_typed_wrongly_is_exit_code_2(
    shell: Shell, proof: FakeProof, capsys: pytest.CaptureFixture[str], typed: tuple[str, ...], says: str
) -> None:
    """One message on stderr, and LeadSquared is not asked."""
    assert shell.type("verify", *typed) == 2

    out, err = capsys.readouterr()
    assert (out, proof.asked) == ("", [])
    assert says in err


def test_the_report_has_a_table_of_findings(shell: Shell, proof: FakeProof, capsys: pytest.CaptureFixture[str]) -> None:
    """Behind the equation: how many rows were checked, and what was found, in words; the exit code asks for a person."""
    found = {Finding.HELD: 1_234, Finding.MISSING: 2, Finding.TWICE: 1}
    proof.verdict = Verified(input_summary({CREATED: 1_240}), found)

    assert shell.type("verify", "41", "--all") == 4

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "visits.xlsx (run 41)"
    assert "  1,240 created" in lines
    assert lines[-4:] == [
        "  Checked:    1,237 created rows",
        "        1,234 held: in LeadSquared, with the values that were sent",
        "            2 missing: not in LeadSquared under their id",
        "            1 twice: in LeadSquared, and once more under another id",
    ]


FOUND: dict[str, tuple[Mapping[Finding, int], list[str]]] = {
    "none is held": ({Finding.NOT_READ: 3}, ["0 held", "3 not read: could not be read back"]),
    "all are held": ({Finding.HELD: 3}, ["3 held"]),
    "values differ": ({Finding.DIFFERS: 1}, ["0 held", "1 differs: in LeadSquared, with other values"]),
}


@pytest.mark.parametrize(("found", "lines"), FOUND.values(), ids=FOUND.keys())
def test_what_is_held_is_told_even_if_it_is_nothing(
    shell: Shell, proof: FakeProof, capsys: pytest.CaptureFixture[str], found: Mapping[Finding, int], lines: list[str]
) -> None:
    """Of the other findings those that occur."""
    proof.verdict = Verified(input_summary(), found)

    shell.type("verify", "41", "--all")

    table = capsys.readouterr().out.partition("Checked:")[2].splitlines()[1:]
    assert len(table) == len(lines)
    assert all(line.strip().startswith(start) for line, start in zip(table, lines, strict=True))


def test_without_a_check_there_is_no_table(shell: Shell, proof: FakeProof, capsys: pytest.CaptureFixture[str]) -> None:
    """Settling doubts is another thing than checking created rows."""
    shell.type("verify", "41")

    assert "Checked:" not in capsys.readouterr().out


def test_a_decision_is_told(shell: Shell, proof: FakeProof, capsys: pytest.CaptureFixture[str]) -> None:
    """How many rows were decided, and where that is kept."""
    proof.verdict = Verified(input_summary({CREATED: 239, WAITING: 1}, exit_code=6), assumed=1)

    assert shell.type("verify", "41", "--assume", "absent") == 6

    assert "  1 row in doubt decided by you; etl runs 41 shows it." in capsys.readouterr().out


ENDS = {
    "nothing found wrong": (0, {Finding.HELD: 3}, 0),
    "differs": (0, {Finding.DIFFERS: 1}, 4),
    "missing": (0, {Finding.MISSING: 1}, 4),
    "twice": (0, {Finding.TWICE: 1}, 4),
    "not read": (0, {Finding.NOT_READ: 1}, 7),
    "not read, and missing": (0, {Finding.NOT_READ: 1, Finding.MISSING: 1}, 7),
    "rows need a person, all held": (4, {Finding.HELD: 3}, 4),
    "rows need a person, not read": (4, {Finding.NOT_READ: 3}, 7),
    "in doubt": (7, {Finding.MISSING: 3}, 7),
    "rows wait": (6, {Finding.HELD: 3}, 6),
    "interrupted": (130, {Finding.MISSING: 1}, 130),
    "keys refused": (5, {}, 5),
}


@pytest.mark.parametrize(("result", "found", "code"), ENDS.values(), ids=ENDS.keys())
def test_the_exit_code(shell: Shell, proof: FakeProof, result: int, found: Mapping[Finding, int], code: int) -> None:
    """How the run stands goes first; then what could not be read; then what a person has to look at."""
    proof.verdict = Verified(input_summary(exit_code=result), found)

    assert shell.type("verify", "41", "--all") == code


ERRORS: dict[str, tuple[EtlError, int]] = {
    "no such run": (UsageError("There is no run 41."), 2),
    "at work": (BusyError("Another process is importing it."), 8),
    "keys refused": (RefusedError("Check the key pair."), 5),
    "network gone": (NetworkError("LeadSquared does not answer."), 6),
    "ledger damaged": (LedgerError("The ledger is damaged."), 2),
}


@pytest.mark.parametrize(("error", "code"), ERRORS.values(), ids=ERRORS.keys())
def test_errors_have_their_codes(
    shell: Shell, proof: FakeProof, capsys: pytest.CaptureFixture[str], error: EtlError, code: int
) -> None:
    """Their words on stderr, nothing on stdout."""

    def act(_events: object) -> None:
        raise error

    proof.acts = act

    assert shell.type("verify", "41") == code
    out, err = capsys.readouterr()
    assert out == ""
    assert error.message in err


def test_quiet_says_nothing_where_all_is_well(
    shell: Shell, proof: FakeProof, capsys: pytest.CaptureFixture[str]
) -> None:
    """And everything where somebody is needed."""
    assert shell.type("verify", "41", "--all", "-q") == 0
    assert capsys.readouterr().out == ""

    proof.verdict = Verified(input_summary(), {Finding.MISSING: 1})
    assert shell.type("verify", "41", "--all", "-q") == 4
    assert "1 missing" in capsys.readouterr().out


def test_what_happens_goes_to_stderr(shell: Shell, proof: FakeProof, capsys: pytest.CaptureFixture[str]) -> None:
    """The account, notes and progress; stdout is the report's."""

    def act(events: Callable[[object], None]) -> None:
        events(Started("prod", "Acme (77)", "/srv/ledger.db"))
        events(ReadingBack("visits.xlsx", 25, 0, 30.0, 90.0))
        events(Auditing("visits.xlsx", 0, 240))
        events(Note("The results could not be written again: the disk is full."))

    proof.acts = act

    shell.type("verify", "41", "--all")

    out, err = capsys.readouterr()
    assert "Acme (77)" in err
    assert "the disk is full" in err
    assert "Acme" not in out


def test_the_help_tells_the_exit_codes(shell: Shell, proof: FakeProof, capsys: pytest.CaptureFixture[str]) -> None:
    """Their meaning for this command differs a little from that for `etl run`."""
    assert shell.type("verify", "--help") == 0

    told = capsys.readouterr().out.partition("Exit codes:")[2]
    codes = [int(line.split()[0]) for line in told.splitlines() if line.strip()[:1].isdigit()]
    assert codes == [ExitCode.DONE, ExitCode.NEEDS_A_PERSON, ExitCode.STOPPED, ExitCode.UNCONFIRMED]
    assert "there twice" in told
