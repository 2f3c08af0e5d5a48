"""`etl ledger`, `etl results` and `etl stop`: the ledger shown and pruned, results once more, a run asked to stop."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from etl.records import Outcome
from etl.stages.lock_names import lock_name_of_content
from tests.past import open_past

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Shell
    from tests.past import Past

CREATED, INVALID, WAITING = Outcome.CREATED, Outcome.INVALID, Outcome.WAITING
PRUNE = ("ledger", "prune", "--before", "2026-06-20")


@pytest.fixture
def past(shell: Shell) -> Iterator[Past]:
    """A finished run and a stopped one, in June 2026; the present of these tests is later."""
    with open_past(shell.world.directories.state) as opened:
        opened.run(CREATED, INVALID, name="visits.csv")
        opened.run(WAITING, name="calls.csv", stop_reason="interrupted")
        yield opened


def bodies(past: Past) -> int:
    return int(past.book.query("SELECT COUNT(body) FROM requests")[0][0])


@pytest.mark.parametrize("typed", [("ledger",), ("ledger", "show")], ids=["alone", "show"])
def test_the_ledger_is_shown(
    shell: Shell, past: Past, capsys: pytest.CaptureFixture[str], typed: tuple[str, ...]
) -> None:
    """Where it is and who says so, its version, what it holds, and its disk."""
    assert shell.type(*typed) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Ledger:   {past.home}/ledger.db (default)"
    assert lines[1].startswith("Version:  ")
    assert lines[2] == "Holds:    2 runs, 3 rows, 1 request"
    assert " of kept inputs and mappings" in lines[3]
    assert lines[4].startswith("Disk:     local (")


def test_a_ledger_that_is_not_there_yet_is_an_answer(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """A newcomer sees where it will be; none is made."""
    assert shell.type("ledger") == 0

    assert "not there yet: the first import makes it" in capsys.readouterr().out
    assert list(shell.world.directories.state.iterdir()) == []


def test_a_dry_run_tells_and_keeps(shell: Shell, past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    """Bytes, runs and files that would go, and how many runs stay; nothing is changed."""
    assert shell.type(*PRUNE, "--dry-run") == 0

    out = capsys.readouterr().out
    assert out.startswith("Would forget: ")
    assert " of 1 run, and 1 kept file (" in out
    assert "1 older run stays as it is: it may go on, or holds unconfirmed rows." in out
    assert bodies(past) == 1


def test_pruning_without_a_terminal_needs_a_yes(shell: Shell, past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody can be asked there, and what is forgotten does not come back."""
    assert shell.type(*PRUNE) == 2
    assert "--yes is needed where nobody can be asked" in capsys.readouterr().err
    assert bodies(past) == 1

    assert shell.type(*PRUNE, "--yes") == 0
    assert "Forgotten: " in capsys.readouterr().out
    assert bodies(past) == 0


@pytest.mark.parametrize(("answer", "left"), [("n\n", 1), ("\n", 1), ("y\n", 0)], ids=["no", "return", "yes"])
def test_on_a_terminal_it_asks(
    shell: Shell,
    past: Past,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
    left: int,
) -> None:
    """Only a yes forgets."""
    terminal = io.StringIO(answer)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)

    assert shell.type(*PRUNE) == 0

    assert bodies(past) == left
    assert ("Nothing was forgotten." in capsys.readouterr().out) is bool(left)


def test_nothing_to_forget_is_said(shell: Shell, past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    """A day before all runs finds none, and asks nothing."""
    assert shell.type("ledger", "prune", "--before", "2026-01-01") == 0
    assert capsys.readouterr().out == "Nothing to forget of the time before 2026-01-01.\n"


def test_results_are_written_again(shell: Shell, past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    """The files are named on stdout; where their folder is gone, that is said, and they are here."""
    assert shell.type("results", "1") == 0
    assert capsys.readouterr().out == (
        f"Results:    {past.desk}/visits.results.csv\nTo correct: {past.desk}/visits.failed.csv\n"
    )
    past.desk.rename(past.home / "moved")

    assert shell.type("results", "1") == 0
    out, err = capsys.readouterr()
    assert f"Results:    {shell.world.cwd}/visits.results.csv\n" in out
    assert "The folder in which the results lay is gone" in err
    assert shell.type("results", "1") == 0
    assert f"To correct: {shell.world.cwd}/visits.failed.csv\n" in capsys.readouterr().out  # as the time before
    assert shell.type("results", "1", "-o", "again.csv") == 0
    assert (shell.world.cwd / "again.csv").exists()


def test_results_of_a_submission_go_to_who_asks(shell: Shell, past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    """A worker's own folder is no place for them while it is there, nor is that of a person who has asked before."""
    work = past.home / "etl-fleet" / "s17"
    work.mkdir(parents=True)
    run = past.run(CREATED, INVALID, name="june.csv", input_path=str(work / "june.csv"))
    past.book.ledger.runs.note_files(run, work / "june.results.csv", work / "june.failed.csv")

    for folder in (shell.world.cwd, past.desk):
        shell.world = replace(shell.world, cwd=folder)
        assert shell.type("results", str(run), ETL_LEDGER=str(past.home / "ledger.db")) == 0
        out, err = capsys.readouterr()
        assert out == f"Results:    {folder}/june.results.csv\nTo correct: {folder}/june.failed.csv\n"
        assert "The ledger keeps the results of s17; here they are as files, in the current folder." in err
    assert list(work.iterdir()) == []


def test_results_for_update(shell: Shell, past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is named on stdout, what to do with it on stderr; another purpose is no purpose."""
    assert shell.type("results", "1", "--for", "update") == 0
    out, err = capsys.readouterr()
    assert out == f"For update: {past.desk}/visits.run1.for-update.csv\n"
    assert 'a mapping with "operation: update"' in err

    assert shell.type("results", "1", "--for", "fun") == 2
    assert "'fun' is not 'update'" in capsys.readouterr().err


def test_a_run_at_work_is_asked_to_stop(shell: Shell, past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    """The command returns at once with a sentence."""
    run = past.book.ledger.runs.get(2)
    assert run is not None

    with past.book.ledger.lock_input(run.account_id, lock_name_of_content(run.scope_id, run.sheet, run.input_hash)):
        assert shell.type("stop", "2") == 0

    assert capsys.readouterr().out.startswith("Run 2 was asked to stop: ")


def test_a_run_that_is_not_running_is_exit_code_2(shell: Shell, past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    """The message has the command that continues it, or says that it has finished."""
    assert shell.type("stop", "2") == 2
    again = f"etl run {past.desk}/calls.csv -m {past.desk}/visits.yaml -a prod"
    assert f"Run 2 is not running. To continue it: {again}" in capsys.readouterr().err

    assert shell.type("stop", "1") == 2
    assert "Run 1 is not running: it has finished. etl runs 1 shows how." in capsys.readouterr().err


WRONG = {
    "no date": (("ledger", "prune"), "Missing option '--before'"),
    "odd date": (("ledger", "prune", "--before", "01/06/2026"), "does not match the format '%Y-%m-%d'"),
    "future": (("ledger", "prune", "--before", "2999-01-01", "--yes"), "lies in the future"),
    "unknown subcommand": (("ledger", "prun"), 'There is no command "prun". Did you mean "etl ledger prune"?'),
    "results of no run": (("results", "9"), "There is no run 9"),
    "results as pdf": (("results", "1", "-o", "a.pdf"), "results can be .xlsx or .csv"),
    "stop of no run": (("stop", "9"), "There is no run 9"),
}


@pytest.mark.parametrize(("typed", "says"), WRONG.values(), ids=WRONG.keys())
def test_what_is_typed_wrongly_is_exit_code_2(
    shell: Shell, past: Past, capsys: pytest.CaptureFixture[str], typed: tuple[str, ...], says: str
) -> None:
    """One message on stderr, and nothing is changed."""
    assert shell.type(*typed) == 2

    assert says in capsys.readouterr().err
    assert bodies(past) == 1
