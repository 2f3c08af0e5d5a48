"""Looking after runs and ledger: what is told, written again, stopped and forgotten, on the ledger alone."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from etl import care
from etl.clock import Clock
from etl.errors import LedgerError, UsageError
from etl.records import Outcome
from etl.settings import Settings
from etl.stages.lock_names import lock_name_of_content
from etl.stages.past_runs import RunState
from tests.past import MAPPING, Past, open_past

CREATED, REFUSED, INVALID = Outcome.CREATED, Outcome.REFUSED, Outcome.INVALID
UNCONFIRMED, WAITING = Outcome.UNCONFIRMED, Outcome.WAITING


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    with open_past(tmp_path) as opened:
        yield opened


def lock_of(past: Past, run_id: int) -> str:
    run = past.book.ledger.runs.get(run_id)
    assert run is not None
    return lock_name_of_content(run.scope_id, run.sheet, run.input_hash)


def rows_of(path: Path | None) -> list[dict[str, str]]:
    assert path is not None
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


ENDS = {
    "all in LeadSquared": ((CREATED,), {}, RunState.FINISHED, None),
    "in doubt": ((CREATED, UNCONFIRMED), {}, RunState.FINISHED, ("verify", "1")),
    "stopped": (
        (CREATED, WAITING),
        {"stop_reason": "the day's budget is spent"},
        RunState.STOPPED,
        ("run", "{desk}/visits.csv", "-m", "{desk}/visits.yaml", "-a", "prod"),
    ),
    "killed": (
        (UNCONFIRMED, WAITING),
        {"is_ended": False, "duplicate": 2},
        RunState.BROKEN_OFF,
        ("run", "{desk}/visits.csv", "-m", "{desk}/visits.yaml", "-a", "prod", "--duplicate", "2"),
    ),
}


@pytest.mark.parametrize(("outcomes", "end", "state", "words"), ENDS.values(), ids=ENDS.keys())
def test_each_end_has_its_state_and_its_next_command(
    past: Past, outcomes: tuple[Outcome, ...], end: dict[str, object], state: RunState, words: tuple[str, ...] | None
) -> None:
    """What is left to do is one command, whole: with account, mapping and the number that was typed."""
    run_id = past.run(*outcomes, **end)  # type: ignore[arg-type]  # how it ended, by name

    run = care.run_in_full(past.settings, run_id).run

    expected = None if words is None else tuple(word.format(desk=past.desk) for word in words)
    assert run.state is state
    assert (run.next_command.words if run.next_command else None) == expected


def test_rows_for_a_person_lead_to_the_failed_file(past: Past) -> None:
    """Where rows wait for a correction, the next command runs the failed file through the same mapping."""
    run_id = past.run(CREATED, INVALID)
    care.results(past.settings, run_id, past.home)

    run = care.run_in_full(past.settings, run_id).run

    assert run.next_command is not None
    failed = str(past.desk / "visits.failed.csv")
    assert run.next_command.words == ("run", failed, "-m", str(past.desk / "visits.yaml"), "-a", "prod")


def test_the_account_of_the_variables_is_not_typed(past: Past) -> None:
    """An account that was met as that of the LSQ_* variables is used without -a."""
    past.book.ledger.accounts.meet("https://api.example.com", "env", "77")
    run_id = past.run(WAITING, stop_reason="interrupted")

    run = care.run_in_full(past.settings, run_id).run

    assert run.next_command is not None
    assert "-a" not in run.next_command.words


def test_a_run_that_somebody_is_at_work_on_is_running(past: Past) -> None:
    """The lock tells, not what was noted; once it is free the run can be continued."""
    run_id = past.run(CREATED, WAITING, stop_reason="interrupted")

    with past.book.ledger.lock_input(past.book.account_id, lock_of(past, run_id)):
        (running,) = care.runs(past.settings).runs
    (stopped,) = care.runs(past.settings).runs

    assert (running.state, running.next_command and running.next_command.words) == (RunState.RUNNING, ("stop", "1"))
    assert stopped.state is RunState.STOPPED


def test_a_run_in_full_tells_copy_doubt_and_decisions(past: Past) -> None:
    """Everything about one run in one answer."""
    run_id = past.run(CREATED, UNCONFIRMED)
    past.book.ledger.doubts.note_decision(run_id, "absent", 1)

    full = care.run_in_full(past.settings, run_id)

    assert full.kept_input is not None
    assert full.kept_input.read_bytes() == (past.desk / "visits.csv").read_bytes()
    assert full.unconfirmed_since == past.clock.now().timestamp()
    assert [one.decision for one in full.decisions] == ["absent"]
    assert [(one.verdict, one.rows) for one in full.verdicts] == [("answered", 2)]


def test_an_unknown_run_is_told_with_the_latest_ones(past: Past) -> None:
    """A slip of the finger finds its number in the message."""
    past.run(CREATED, name="a.csv")
    past.run(CREATED, name="b.csv")

    for ask in (care.run_in_full, care.stop):
        with pytest.raises(
            UsageError, match=r"There is no run 12 in the ledger .*The latest: 2 \(b\.csv\), 1 \(a\.csv\)\. etl runs"
        ):
            ask(past.settings, 12)  # type: ignore[operator]  # either takes these
    with pytest.raises(UsageError, match=r"There is no run 12"):
        care.results(past.settings, 12, past.home)


def test_an_unknown_account_is_told_with_the_known_ones(past: Past) -> None:
    """A name that no run went to is a slip, not an empty list."""
    past.run(CREATED)

    with pytest.raises(UsageError, match=r"-a pord: no run of .* Did you mean prod\? Known here: prod\."):
        care.runs(past.settings, None, "pord")


def test_without_a_ledger_there_are_no_runs_and_none_is_made(tmp_path: Path) -> None:
    """Asking does not make a ledger; asking for one run says that there is none."""
    settings = Settings(None, f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "ledger_files")

    assert care.runs(settings).runs == ()
    assert care.facts(settings).size is None
    for ask in (care.run_in_full, care.stop):
        with pytest.raises(LedgerError, match=r"There is no ledger .*ledger\.db yet: nothing was imported.*ETL_LEDGER"):
            ask(settings, 1)  # type: ignore[operator]  # either takes these
    assert list(tmp_path.iterdir()) == []


def test_results_are_written_again_when_all_originals_are_gone(past: Past) -> None:
    """Input, mapping and results deleted: the ledger and its copies hold each row with its outcome and cells."""
    run_id = past.run(CREATED, INVALID, WAITING, stop_reason="interrupted")
    for path in past.desk.iterdir():
        path.unlink()

    written = care.results(past.settings, run_id, past.home)

    assert (written.results, written.is_elsewhere) == (past.desk / "visits.results.csv", False)
    rows = rows_of(written.results)
    assert [(row["etl_status"], row["Email"]) for row in rows] == [
        ("created", "lead2@example.com"),
        ("invalid", "lead3@example.com"),
        ("waiting", "lead4@example.com"),
    ]
    assert rows[0]["ProspectActivityId"].startswith("id-")
    assert rows[2]["etl_error"] == "Not sent: interrupted."
    assert [row["etl_row"] for row in rows_of(written.failed)] == ["3"]
    assert (past.desk / f"visits.run{run_id}.results.csv").exists()


def test_results_go_here_when_their_folder_is_gone(past: Past, tmp_path: Path) -> None:
    """A laptop's download folder is not for ever; where they are now is where they are brought up to date later."""
    run_id = past.run(CREATED, INVALID)
    shutil.rmtree(past.desk)
    here = tmp_path / "here"
    here.mkdir()

    written = care.results(past.settings, run_id, here)

    assert written.is_elsewhere
    assert (written.results, written.failed) == (here / "visits.results.csv", here / "visits.failed.csv")
    run = past.book.ledger.runs.get(run_id)
    assert run is not None
    assert run.results_path == str(here / "visits.results.csv")
    assert not past.desk.exists()


def test_results_of_our_choice_are_one_more_copy(past: Past) -> None:
    """-o writes that file and its failed file, and changes nothing about where the results lie."""
    run_id = past.run(CREATED, INVALID)
    care.results(past.settings, run_id, past.home)
    before = past.book.query("SELECT results_path, failed_path FROM runs")

    written = care.results(past.settings, run_id, past.home, past.home / "again.xlsx")

    assert (written.results, written.failed) == (past.home / "again.xlsx", past.home / "again.failed.xlsx")
    assert past.book.query("SELECT results_path, failed_path FROM runs") == before


def test_results_in_a_format_that_is_none_are_refused(past: Past) -> None:
    """Before anything is read."""
    with pytest.raises(UsageError, match=r"-o .*again\.pdf: results can be \.xlsx or \.csv"):
        care.results(past.settings, past.run(CREATED), past.home, past.home / "again.pdf")


def test_a_results_file_that_a_person_has_changed_gets_a_neighbour(past: Past) -> None:
    """What somebody has written into it is not lost by asking for it again, and asking twice makes no third file."""
    run_id = past.run(CREATED, INVALID)
    first = care.results(past.settings, run_id, past.home).results
    assert first is not None
    first.write_text("my notes", encoding="utf-8")

    second = care.results(past.settings, run_id, past.home)
    third = care.results(past.settings, run_id, past.home)

    assert first.read_text(encoding="utf-8") == "my notes"
    assert second == third
    assert (third.results, third.failed) == (past.desk / "visits.results.2.csv", past.desk / "visits.failed.csv")


@pytest.mark.parametrize("sheet", [None, "June"])
def test_results_keep_the_names_they_had(past: Past, sheet: str | None) -> None:
    """A sheet of several had results of its own name in version 0.1, and is found under it again, and under its number."""
    run_id = past.run(CREATED, sheet=sheet)
    stem, ending = ("visits", "csv") if sheet is None else ("visits.June", "xlsx")
    past.book.ledger.runs.note_files(run_id, past.desk / f"{stem}.results.{ending}", None)

    written = care.results(past.settings, run_id, past.home)

    assert written.results == past.desk / f"{stem}.results.{ending}"
    assert (past.desk / f"{stem}.run{run_id}.results.{ending}").exists()


def test_results_noted_as_they_were_typed_lie_beside_their_input(
    past: Past, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Older ledgers hold `visits.results.csv` alone: that is not the folder in which the next command is typed."""
    run_id = past.run(CREATED)
    past.book.ledger.runs.note_files(run_id, Path("visits.results.csv"), None)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    written = care.results(past.settings, run_id, tmp_path / "elsewhere")

    assert (written.results, written.is_elsewhere) == (past.desk / "visits.results.csv", False)
    assert past.book.query("SELECT results_path FROM runs") == [(str(past.desk / "visits.results.csv"),)]
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_mapping_as_it_was_tells_how_the_input_is_read(past: Past) -> None:
    """The mapping may have been changed since: the kept one counts."""
    run_id = past.run(CREATED)
    (past.desk / "visits.yaml").write_text(MAPPING + "input: {header_row: 7}\n", encoding="utf-8")

    assert len(rows_of(care.results(past.settings, run_id, past.home).results)) == 1


def test_results_of_a_pruned_run_say_so(past: Past) -> None:
    """What was forgotten does not come back, and the message tells the reason."""
    run_id = past.run(CREATED)
    past.days_pass(3)
    prune(past)

    with pytest.raises(
        LedgerError, match=r"results of run 1 cannot be written again: the kept copy of visits\.csv was pruned"
    ):
        care.results(past.settings, run_id, past.home)
    assert care.run_in_full(past.settings, run_id).kept_input is None


def test_results_whose_copies_are_lost_name_the_folder(past: Past) -> None:
    """A ledger that was moved without its files can be mended."""
    run_id = past.run(CREATED)
    shutil.rmtree(past.home / "ledger_files")

    with pytest.raises(LedgerError, match=r"kept copy of visits\.csv is gone from .*ledger_files\. Put that back"):
        care.results(past.settings, run_id, past.home)


def test_a_folder_that_takes_no_file_is_named(past: Past) -> None:
    """The message is that of a run that cannot write its results."""
    run_id = past.run(CREATED)

    with pytest.raises(UsageError, match=r"again\.csv cannot be written in .*nowhere"):
        care.results(past.settings, run_id, past.home, past.home / "nowhere" / "again.csv")


def test_a_run_at_work_is_asked_to_stop(past: Past) -> None:
    """The wish is in the ledger when the command returns."""
    run_id = past.run(WAITING, is_ended=False)

    with past.book.ledger.lock_input(past.book.account_id, lock_of(past, run_id)):
        answer = care.stop(past.settings, run_id, past.clock)

    assert answer.is_asked
    assert past.book.query("SELECT stop_asked_at FROM runs") == [(past.clock.now().timestamp(),)]


@pytest.mark.parametrize("is_finished", [True, False])
def test_a_run_that_nobody_is_at_work_on_is_not_asked(past: Past, is_finished: bool) -> None:
    """Nobody would hear it, and it must not stop the next one that continues."""
    run_id = past.run(CREATED) if is_finished else past.run(WAITING, is_ended=False)

    answer = care.stop(past.settings, run_id)

    assert (answer.is_asked, answer.is_finished) == (False, is_finished)
    assert answer.continue_with[:2] == ("run", str(past.desk / "visits.csv"))
    assert past.book.query("SELECT stop_asked_at FROM runs") == [(None,)]


def test_a_finished_run_whose_input_another_run_imports_names_that_one(past: Past) -> None:
    """The lock is that of the content: who means the run at work is told its number."""
    first = past.run(CREATED)
    second = past.run(CREATED, is_ended=False, duplicate=1)

    with (
        past.book.ledger.lock_input(past.book.account_id, lock_of(past, first)),
        pytest.raises(
            UsageError, match=rf"Run 1 has finished; .* imported by run {second}\. To stop that: etl stop {second}"
        ),
    ):
        care.stop(past.settings, first)


def prune(past: Past, clock: Clock | None = None) -> care.Pruned:
    return care.prune(past.settings, past.clock.now(), clock or past.clock)


def test_pruning_forgets_gives_back_and_tells_how_much(past: Past) -> None:
    """What it says it forgot is what a look beforehand promised, and the file is smaller."""
    past.run(CREATED, INVALID)
    past.book.do("UPDATE requests SET body = randomblob(1000000)")
    past.days_pass(3)
    planned = care.prunable(past.settings, past.clock.now(), past.clock)

    done = prune(past)

    assert done.forgotten == planned
    assert done.problem is None
    assert done.given_back_bytes > 900_000
    assert prune(past).forgotten.is_nothing


def test_room_that_cannot_be_given_back_is_no_failure(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside an import that writes, what was to be forgotten is forgotten, and the reason is told."""
    past.run(CREATED)
    past.days_pass(3)

    def refuse(_: object) -> None:
        raise LedgerError("database is locked")

    monkeypatch.setattr("etl.ledger.prune.Pruning.give_back", refuse)

    done = prune(past)

    assert (done.forgotten.runs, done.problem) == ((1,), "database is locked")


def test_a_day_to_come_is_refused(past: Past) -> None:
    """A wrong year must not forget everything."""
    past.run(CREATED)
    tomorrow = past.clock.now() + timedelta(days=1)

    for ask in (care.prunable, care.prune):
        with pytest.raises(UsageError, match=r"--before 2026-06-04 lies in the future"):
            ask(past.settings, tomorrow, past.clock)  # type: ignore[operator]  # either takes these
    assert past.book.query("SELECT COUNT(*) FROM requests WHERE body IS NULL") == [(0,)]


def test_the_ledger_tells_of_itself(past: Past) -> None:
    """Version, what it holds, and the disk it lies on."""
    past.run(CREATED, INVALID)

    facts = care.facts(past.settings)

    assert facts.size is not None
    assert (facts.size.runs, facts.size.rows) == (1, 2)
    assert facts.ledger_bytes >= (past.home / "ledger.db").stat().st_size
    assert facts.file_bytes == sum(path.stat().st_size for path in past.book.ledger.copies.files())
    assert facts.mount is not None
    assert not facts.mount.is_network


def test_asking_changes_nothing(past: Past) -> None:
    """A look at runs, one run and the ledger writes no row anywhere."""
    run_id = past.run(CREATED, UNCONFIRMED)
    tables = [row[0] for row in past.book.query("SELECT name FROM sqlite_master WHERE type = 'table'")]

    def content() -> list[object]:
        return [past.book.query(f"SELECT * FROM {table}") for table in tables if table != "plan"]

    before = content()
    care.runs(past.settings, None, "prod", past.clock)
    care.run_in_full(past.settings, run_id, past.clock)
    care.facts(past.settings, past.clock)
    care.prunable(past.settings, past.clock.now(), past.clock)
    care.stop(past.settings, run_id, past.clock)

    assert content() == before
