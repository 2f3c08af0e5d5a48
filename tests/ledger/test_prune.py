"""What old runs may forget, what they must never forget, and what a crash in between leaves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.ledger.plan import Plan
from etl.ledger.prune import FORGOTTEN, Pruning
from etl.ledger.store import Ledger
from etl.records import Outcome
from tests.ledger.books import a_row
from tests.past import Past, open_past

CREATED, REFUSED, INVALID = Outcome.CREATED, Outcome.REFUSED, Outcome.INVALID
UNCONFIRMED, WAITING = Outcome.UNCONFIRMED, Outcome.WAITING


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    with open_past(tmp_path) as opened:
        yield opened


def pruning(past: Past) -> Pruning:
    return past.book.ledger.pruning


def now(past: Past) -> float:
    return past.clock.now().timestamp()


def prune(past: Past) -> tuple[int, ...]:
    """Forget all that may be forgotten of the time before now. Returns: the runs."""
    runs = pruning(past).prunable(now(past)).runs
    for run_id in runs:
        assert pruning(past).forget_run(run_id, now(past)) is not None
    pruning(past).forget_copies(now(past))
    return runs


def kept_files(past: Past) -> int:
    return len(list(past.book.ledger.copies.files()))


MAY_BE_FORGOTTEN = {
    "all created": ((CREATED, CREATED), {}, True),
    "with rows for a person": ((CREATED, REFUSED, INVALID), {}, True),
    "with a row in doubt": ((CREATED, UNCONFIRMED), {}, False),
    "stopped with rows that wait": ((CREATED, WAITING), {"stop_reason": "the day's budget is spent"}, False),
    "stopped behind its last row": ((CREATED,), {"stop_reason": "interrupted"}, False),
    "broken off": ((CREATED, WAITING), {"is_ended": False}, False),
    "called finished by mistake": ((CREATED, WAITING), {}, False),
}


@pytest.mark.parametrize(("outcomes", "end", "may"), MAY_BE_FORGOTTEN.values(), ids=MAY_BE_FORGOTTEN.keys())
def test_only_what_is_over_is_forgotten(
    past: Past, outcomes: tuple[Outcome, ...], end: dict[str, object], may: bool
) -> None:
    """A run that may go on, or holds a row in doubt, keeps every byte and its files; it is counted as staying."""
    run_id = past.run(*outcomes, **end)  # type: ignore[arg-type]  # how it ended, by name
    past.days_pass(2)
    before = past.book.query("SELECT * FROM requests ORDER BY 1"), past.book.query("SELECT * FROM rows ORDER BY 1")

    planned = pruning(past).prunable(now(past))
    forgotten = prune(past)

    assert planned.runs == forgotten == ((run_id,) if may else ())
    assert planned.kept_runs == (0 if may else 1)
    assert kept_files(past) == (0 if may else 2)
    if not may:
        assert pruning(past).forget_run(run_id, now(past)) is None
        after = past.book.query("SELECT * FROM requests ORDER BY 1"), past.book.query("SELECT * FROM rows ORDER BY 1")
        assert after == before


def test_a_request_in_the_air_keeps_its_run(past: Past) -> None:
    """What has no end yet is not forgotten, whatever the run is called."""
    run_id = past.run(CREATED)
    past.book.do("UPDATE requests SET ended_mono = NULL")
    past.days_pass(2)

    assert prune(past) == ()
    assert pruning(past).forget_run(run_id, now(past)) is None


def test_bodies_and_reasons_go_and_everything_that_tells_rows_again_stays(past: Past) -> None:
    """Fingerprints, claims, outcomes and ids are as before; bodies and what quotes cells are gone."""
    run_id = past.run(CREATED, REFUSED, INVALID)
    past.book.do("UPDATE requests SET detail = 'lead2@example.com is no lead'")
    past.days_pass(2)
    memory = "SELECT row_id, outcome, memory_key, ordinal, payload, cells, activity_id, code FROM rows ORDER BY row_id"
    before, claims = past.book.query(memory), past.book.claims()

    assert prune(past) == (run_id,)

    assert past.book.query(memory) == before
    assert past.book.claims() == claims
    assert past.book.query("SELECT body, detail FROM requests") == [(None, None)]
    texts = past.book.query("SELECT error, hint FROM rows ORDER BY row_number")
    assert texts == [(None, None), (FORGOTTEN, None), (FORGOTTEN, None)]
    assert past.book.query("SELECT decision, rows FROM decisions") == [("pruned", 3)]


def test_the_same_rows_are_known_after_pruning(past: Past) -> None:
    """A row of a forgotten run is told again in another file; a refused one may go out as before."""
    past.run(CREATED, REFUSED)
    past.days_pass(400)
    prune(past)

    plan: Plan = past.book.plan([a_row(2, "visits.csv-2"), a_row(3, "visits.csv-3")])

    assert plan.counts(0) == {Outcome.ALREADY_IMPORTED: 1, Outcome.WAITING: 1}


def test_a_run_is_forgotten_once(past: Past) -> None:
    """The next pruning finds nothing, and counts the run neither way."""
    past.run(CREATED)
    past.days_pass(2)
    prune(past)

    again = pruning(past).prunable(now(past))

    assert again.is_nothing
    assert again.kept_runs == 0
    assert prune(past) == ()


def test_forgetting_one_run_leaves_the_others_alone(past: Past) -> None:
    """Bodies and reasons of a run that may go on are as they were."""
    past.run(CREATED, REFUSED, name="done.csv")
    going_on = past.run(CREATED, REFUSED, WAITING, name="open.csv", stop_reason="interrupted")
    past.days_pass(2)
    questions = (
        f"SELECT * FROM requests WHERE run_id = {going_on}",
        f"SELECT * FROM rows WHERE run_id = {going_on} ORDER BY row_id",
    )
    before = [past.book.query(question) for question in questions]

    prune(past)

    assert [past.book.query(question) for question in questions] == before


def test_only_runs_that_ended_before_the_day_are_meant(past: Past) -> None:
    """A run that ended at that very moment, or later, stays whole."""
    old = past.run(CREATED, name="old.csv")
    past.days_pass(1)
    moment = now(past)
    past.run(CREATED, name="new.csv")

    assert pruning(past).prunable(moment).runs == (old,)


def test_what_would_go_is_what_goes(past: Past) -> None:
    """The numbers of a dry run are those of the pruning after it."""
    past.run(CREATED, REFUSED, INVALID)
    past.days_pass(2)

    planned = pruning(past).prunable(now(past))
    held = [pruning(past).forget_run(run_id, now(past)) for run_id in planned.runs]
    files = pruning(past).forget_copies(now(past))

    assert held == [planned.ledger_bytes]
    assert files == (planned.files, planned.file_bytes) == (2, planned.file_bytes)
    assert planned.ledger_bytes > 0
    assert planned.file_bytes > 100


def test_a_copy_that_another_run_needs_stays(past: Past) -> None:
    """Two runs of one sheet: while one of them may go on, its input and mapping stay kept."""
    done = past.run(CREATED)
    past.run(WAITING, stop_reason="interrupted")
    past.days_pass(2)

    assert prune(past) == (done,)
    assert kept_files(past) == 2


def test_a_copy_that_was_kept_again_since_stays(past: Past) -> None:
    """A sheet that somebody is importing again at this moment has its copy, though its only run is an old one."""
    past.run(CREATED)
    past.days_pass(2)
    moment = now(past)
    copy = past.book.ledger.copies.path(past.book.ledger.copies.keep(past.desk / "visits.csv", "input"))
    os.utime(copy, (moment + 1, moment + 1))

    prune(past)

    assert copy.exists()
    assert past.book.query("SELECT kind FROM copies") == [("input",)]


def test_copies_of_checks_go_when_they_are_old(past: Past) -> None:
    """What was kept for a check belongs to no run."""
    past.book.ledger.copies.keep(past.sheet("checked.csv", 3), "input")
    past._date_files()
    past.days_pass(2)

    planned = pruning(past).prunable(now(past))
    prune(past)

    assert (planned.runs, planned.files) == ((), 1)
    assert kept_files(past) == 0
    assert past.book.query("SELECT * FROM copies") == []


@pytest.mark.parametrize("is_over", [pytest.param(True, id="finished"), pytest.param(False, id="may go on")])
def test_lookup_files_stay_while_an_old_run_may_need_them(past: Past, is_over: bool) -> None:
    """Which lookup files a run had is told by a hash of all of them only, so any old run that has some keeps them all."""
    people = past.sheet("people.csv", 2)
    past.book.ledger.copies.keep(people, "lookup")
    mapping = f"{past.book.ledger.copies.keep(past.desk / 'visits.yaml', 'mapping')}+0123456789abcdef"
    past.run(CREATED, mapping_hash=mapping, stop_reason=None if is_over else "interrupted")
    past.days_pass(2)

    prune(past)

    assert kept_files(past) == (0 if is_over else 3)


def test_ended_between_ledger_and_files_the_next_pruning_takes_the_rest(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash leaves files that nobody names, never a name without its file; the next pruning takes them away."""
    past.run(CREATED)
    past.days_pass(2)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "unlink", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        prune(past)
    assert past.book.query("SELECT * FROM copies") == []
    assert kept_files(past) == 2

    assert pruning(past).prunable(now(past)).files == 2
    prune(past)

    assert kept_files(past) == 0


def test_ended_between_runs_and_copies_the_next_pruning_takes_the_rest(past: Past) -> None:
    """A run that is forgotten and whose copies are still kept is nothing to trip over."""
    run_id = past.run(CREATED)
    past.days_pass(2)
    pruning(past).forget_run(run_id, now(past))
    assert kept_files(past) == 2

    assert pruning(past).prunable(now(past)).files == 2
    prune(past)

    assert (kept_files(past), past.book.query("SELECT * FROM copies")) == (0, [])


def test_a_file_that_is_open_elsewhere_is_left_for_the_next_time(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows does not take away what a program has open: that is no reason to fail."""
    past.run(CREATED)
    past.days_pass(2)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *_: (_ for _ in ()).throw(PermissionError(13, "in use")))
        prune(past)

    assert kept_files(past) == 2
    assert pruning(past).forget_copies(now(past))[0] == 2


def test_files_of_a_second_ledger_in_the_same_folder_are_not_touched(past: Past) -> None:
    """Two ledgers side by side keep their copies in one folder, and neither knows what the other needs."""
    with Ledger(f"sqlite:///{past.home / 'other.db'}", past.home / "ledger_files", past.clock):
        pass
    past.run(CREATED)
    past.days_pass(2)

    planned = pruning(past).prunable(now(past))
    prune(past)

    assert (planned.files, planned.shares_files_with) == (0, ("other.db",))
    assert kept_files(past) == 2
    assert past.book.query("SELECT body FROM requests") == [(None,)]


def test_drafts_of_dead_processes_go_too(past: Past) -> None:
    """A copy that a crash left half-written is swept with what is old."""
    draft = past.home / "ledger_files" / ".copy-abc"
    draft.write_bytes(b"half")
    os.utime(draft, (now(past) - 10, now(past) - 10))
    stranger = past.home / "ledger_files" / "ab"
    stranger.mkdir(exist_ok=True)
    (stranger / "notes.txt").write_text("not ours", encoding="utf-8")

    pruning(past).forget_copies(now(past))

    assert not draft.exists()
    assert (stranger / "notes.txt").exists()


def test_the_room_goes_back_to_the_file_system(past: Past) -> None:
    """After forgetting a large body the file is smaller by about as much."""
    past.run(CREATED)
    past.book.do("UPDATE requests SET body = randomblob(2000000)")
    past.book.do("PRAGMA wal_checkpoint(TRUNCATE)")
    past.days_pass(2)
    size = past.book.ledger.bytes_on_disk()

    prune(past)
    pruning(past).give_back()

    assert size - past.book.ledger.bytes_on_disk() > 1_900_000
