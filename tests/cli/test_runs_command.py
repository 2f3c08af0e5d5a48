"""`etl runs` lists past imports, and tells all of one."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from etl.ledger.steps import this_actor
from etl.records import Outcome
from tests.past import open_past

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Shell
    from tests.past import Past

CREATED, INVALID, UNCONFIRMED, WAITING = Outcome.CREATED, Outcome.INVALID, Outcome.UNCONFIRMED, Outcome.WAITING


@pytest.fixture
def past(shell: Shell) -> Iterator[Past]:
    """Two runs in the ledger of the shell's world: one finished, one stopped."""
    with open_past(shell.world.directories.state) as opened:
        opened.run(CREATED, CREATED, INVALID, name="visits.csv")
        opened.days_pass(1)
        opened.run(CREATED, UNCONFIRMED, WAITING, name="calls.csv", stop_reason="interrupted by Ctrl-C")
        yield opened


def test_the_list_has_a_line_a_run(shell: Shell, past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    """The newest first, columns under each other, and no account is needed."""
    shell.world.environ.clear()  # type: ignore[attr-defined] # the environment of these tests is a dict

    assert shell.type("runs") == 0

    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines() == [
        "run  started (UTC)     input       sheet  account  rows                                 state     results",
        "  2  2026-06-04 09:30  calls.csv          prod     1 created, 1 unconfirmed, 1 waiting  stopped",
        "  1  2026-06-03 09:30  visits.csv         prod     2 created, 1 invalid                 finished",
    ]


def test_a_list_that_is_cut_says_so(shell: Shell, past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    """-n lists the newest; how many are older goes to stderr, where it disturbs no program."""
    assert shell.type("runs", "-n", "1") == 0

    out, err = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines()] == ["run", "2"]
    assert err == "1 older run: etl runs --all lists them too.\n"
    assert shell.type("runs", "--all") == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_one_run_is_told_whole(shell: Shell, past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    """Account, input, mapping, times, equation, requests, doubt, decisions, and the command that continues it."""
    past.book.ledger.doubts.note_decision(2, "absent", 1)
    (past.desk / "calls.csv").unlink()
    run = past.book.ledger.runs.get(2)
    assert run is not None

    assert shell.type("runs", "2") == 0

    desk, by = past.desk, " on ".join(this_actor())
    assert capsys.readouterr().out.splitlines() == [
        "Run 2: calls.csv",
        "  State:        stopped (interrupted by Ctrl-C)",
        "  Account:      prod, organisation 77",
        f"  Ledger:       {past.home}/ledger.db",
        f"  Input:        {desk}/calls.csv (not there any more)",
        f"  Kept copy:    {past.book.ledger.copies.path(run.input_hash)}",
        f"  Mapping:      {desk}/visits.yaml: visits, add-by-lead-field, activity 320",
        "  Started:      2026-06-04 09:30:00 UTC by etl 0",
        "  Ended:        2026-06-04 09:30:00 UTC",
        "  3 data rows = 1 created + 1 unconfirmed + 1 waiting",
        "  Requests:     1 answered (2 rows)",
        "  Unconfirmed:  1 row, the first sent at 2026-06-04 09:30:00 UTC",
        "  Decided:      2026-06-04 09:30:00 UTC: absent, 1 row",
        "  Story (UTC):",
        f"    2026-06-04 09:30:00  Begun with 3 data rows, by etl 0 ({by})",
        "               09:30:00  First request sent",
        f"               09:30:00  Stopped: interrupted by Ctrl-C ({by})",
        "               09:30:00  A person decided that 1 row in doubt counts as absent (etl verify --assume)",
        f"  Next:         to continue it: etl run {desk}/calls.csv -m {desk}/visits.yaml -a prod",
    ]


def test_programs_get_json(shell: Shell, past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    """The list and one run as data, with moments in ISO 8601."""
    assert shell.type("runs", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert shell.type("runs", "1", "--json") == 0
    one = json.loads(capsys.readouterr().out)

    assert [run["run"] for run in listed["runs"]] == [2, 1]
    assert listed["runs"][1] == {name: one[name] for name in listed["runs"][1]}
    assert (one["state"], one["started_at"], one["rows"]) == (
        "finished",
        "2026-06-03T09:30:00+00:00",
        {"created": 2, "invalid": 1},
    )
    assert one["requests"] == [{"verdict": "answered", "requests": 1, "rows": 2}]


def test_without_a_ledger_there_are_no_runs(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty list is an answer, for people and for programs."""
    assert shell.type("runs") == 0
    assert capsys.readouterr().out == f"No runs yet in the ledger {shell.world.directories.state}/ledger.db.\n"
    assert shell.type("runs", "--json") == 0
    assert json.loads(capsys.readouterr().out)["runs"] == []


def test_a_cell_cannot_steer_the_terminal(shell: Shell, past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    """What came from outside, a reason or a name, is shown without control characters."""
    past.book.do("UPDATE runs SET stop_reason = char(27) || '[2Jgone' WHERE run_id = 2")

    shell.type("runs", "2")

    assert "\x1b" not in capsys.readouterr().out


WRONG = {
    "unknown run": (("runs", "7"), "There is no run 7 in the ledger"),
    "unknown account": (("runs", "-a", "pord"), "Did you mean prod?"),
    "run and list": (("runs", "1", "--all"), "RUN is one run"),
    "most and all": (("runs", "-n", "3", "--all"), "Leave one of them out"),
    "no number": (("runs", "visits.csv"), "visits.csv: this is no run. Runs are called by their number, like 41"),
    "neither run nor submission": (("stop", "s1x"), "s1x: this is no run. Runs are called by their number, like 41"),
}


@pytest.mark.parametrize(("typed", "says"), WRONG.values(), ids=WRONG.keys())
def test_what_is_typed_wrongly_is_exit_code_2(
    shell: Shell, past: Past, capsys: pytest.CaptureFixture[str], typed: tuple[str, ...], says: str
) -> None:
    """One message on stderr."""
    assert shell.type(*typed) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert says in err


def test_a_terminal_gets_a_table(
    shell: Shell, past: Past, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As wide as the terminal: long cells go on in the next line and nothing is cut."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "70")

    assert shell.type("runs") == 0

    lines = re.sub("\x1b\\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert max(map(len, lines)) <= 70
    assert "waiting" in " ".join(lines)
    assert "…" not in " ".join(lines)
