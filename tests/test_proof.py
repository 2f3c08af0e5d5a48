"""`etl verify` and `etl ledger rebuild`, from Python: what they settle, what they leave, and how they end."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from etl.errors import BusyError, NetworkError, RefusedError, UsageError
from etl.events import Started, StopSignal
from etl.proof import Assumption, Check
from etl.records import Outcome
from etl.simulator import Fault, FaultKind, Read
from etl.stages.audit_findings import Finding
from etl.stages.lock_names import lock_name_of_content
from tests.laws.quick import open_ledger
from tests.laws.virtual import Crash, Steps
from tests.laws.world import Outage
from tests.stages.office import MAPPING, ONE_BY_ONE, ROW_KEY, Office, office, once, outcomes, results, visit

CREATED, UNCONFIRMED, WAITING = Outcome.CREATED, Outcome.UNCONFIRMED, Outcome.WAITING
K = FaultKind
NO_READS = frozenset({Read.BY_EVENT, Read.BY_LEAD})
STORED, ABSENT = Assumption


def _die() -> None:
    raise Crash


def _killed(desk: Office, rows: int = 30) -> Path:
    """A run that was killed when its first answer came."""
    desk.waits = (10.0, 20.0)
    sheet = desk.sheet(rows)
    with pytest.raises(Crash):
        desk.run(sheet, steps=Steps(at={("receive", 1): _die}))
    return sheet


def _doubtful(folder: Path, *faults: Fault, **switches: object) -> Office:
    """A finished run with 25 rows in doubt, because nothing could be read back at the time."""
    desk = office(folder, *(faults or (Fault.at(K.DROP_AFTER, 2),)), reads_forbidden=NO_READS, **switches)
    desk.waits = (10.0, 20.0)
    assert outcomes(desk.run(desk.sheet(60))) == {CREATED: 35, UNCONFIRMED: 25}
    return desk


# Which run


def test_an_unknown_run_is_an_error_of_the_command(tmp_path: Path) -> None:
    """It names the ledger and the command that lists its runs; LeadSquared is not asked."""
    desk = office(tmp_path)

    with pytest.raises(UsageError, match=r"There is no run 7 in the ledger .*etl runs lists them"):
        desk.verify(7)

    assert desk.asked_in_all == 0


def test_a_run_of_another_account_is_refused(tmp_path: Path) -> None:
    """Reading another organisation back would prove every row absent."""
    desk = office(tmp_path)
    desk.run(desk.sheet(5))
    desk.ask("UPDATE accounts SET identity = 'org:4711', organisation = '4711'")
    desk.ask("DELETE FROM account_names")

    with pytest.raises(UsageError, match="Run 1 went to another account than virtual"):
        desk.verify()

    assert desk.asked() == 0


def test_a_run_that_is_at_work_settles_its_own_rows(tmp_path: Path) -> None:
    """Its lock is held: nothing is read, nothing changed."""
    desk = office(tmp_path)
    _killed(desk)
    with open_ledger(tmp_path / "home", desk.world.clock) as other:
        run = other.runs.get(1)
        assert run is not None
        name = lock_name_of_content(run.scope_id, run.sheet, run.input_hash)
        with other.lock_input(run.account_id, name), pytest.raises(BusyError):
            desk.verify()

    assert desk.asked() == 0
    assert desk.ask("SELECT COUNT(*) FROM requests WHERE rows > 0 AND ended_mono IS NULL")[0][0] > 0


def test_it_says_which_account_and_ledger(tmp_path: Path) -> None:
    """As the first line of a run does."""
    desk = office(tmp_path)
    desk.run(desk.sheet(5))

    desk.verify()

    (started,) = [event for _, event in desk.heard if isinstance(event, Started)]
    assert (started.account, started.organisation) == ("virtual", "Virtual (90001)")


# What it settles


def test_rows_in_doubt_are_settled_and_the_results_written_again(tmp_path: Path) -> None:
    """Found rows are created with their ids, in the ledger and in the file; nothing is sent."""
    desk = _doubtful(tmp_path)
    desk.switch(reads_forbidden=frozenset())
    before = desk.sizes

    verdict = desk.verify()

    assert (verdict.exit_code, outcomes(verdict.result)) == (0, {CREATED: 60})
    assert {line["Visit"]: line["ProspectActivityId"] for line in results(verdict.result)} == desk.ids
    assert verdict.result.results == tmp_path / "visits.results.csv"
    assert (tmp_path / "visits.run1.results.csv").read_bytes() == verdict.result.results.read_bytes()
    assert desk.sizes == before
    assert verdict.findings == {}
    assert "etl_verified" not in results(verdict.result)[0]


def test_missing_rows_wait_for_the_next_run(tmp_path: Path) -> None:
    """Proved absent: exit code 6 and the command to give, because verifying sends nothing."""
    desk = office(tmp_path, Fault.at(K.DROP_BEFORE, 1), reads_forbidden=NO_READS)
    desk.waits, desk.limit = (10.0, 20.0), ONE_BY_ONE
    sheet = desk.sheet(60)
    desk.run(sheet)
    desk.switch(reads_forbidden=frozenset())

    verdict = desk.verify()
    again = desk.run(sheet)

    assert (verdict.exit_code, outcomes(verdict.result)) == (6, {CREATED: 35, WAITING: 25})
    assert verdict.result.next_step == "Rows wait to be sent: run the same import again."
    assert outcomes(again) == {CREATED: 60}
    assert desk.sizes == [25, 25, 10, 25]
    assert desk.stored == once(60)


def test_after_a_kill_the_requests_in_the_air_are_over(tmp_path: Path) -> None:
    """What arrived is found; what had not been sent waits."""
    desk = office(tmp_path)
    desk.limit = ONE_BY_ONE
    _killed(desk, 60)

    verdict = desk.verify()

    assert (verdict.exit_code, outcomes(verdict.result)) == (6, {CREATED: 25, WAITING: 35})
    assert desk.sizes == [25]


def test_without_a_witness_rows_stay_open(tmp_path: Path) -> None:
    """A probe would have to be sent, which only a run does: exit code 7, and the next run settles them."""
    desk = office(tmp_path, Fault.at(K.DROP_BEFORE, 1, 2))
    sheet = _killed(desk)

    verdict = desk.verify()
    again = desk.run(sheet)

    assert (verdict.exit_code, outcomes(verdict.result)) == (7, {UNCONFIRMED: 30})
    assert desk.sizes[:3] == [25, 5, 1]
    assert outcomes(again) == {CREATED: 30}
    assert desk.stored == once(30)


def test_nothing_in_doubt_costs_no_read(tmp_path: Path) -> None:
    """A run that was answered well is told as it stands."""
    desk = office(tmp_path)
    desk.run(desk.sheet(5))

    verdict = desk.verify()

    assert (verdict.exit_code, outcomes(verdict.result)) == (0, {CREATED: 5})
    assert desk.asked() == 0


def test_rows_that_need_a_person_are_exit_code_4(tmp_path: Path) -> None:
    """As after the run itself; the failed file is there still."""
    desk = office(tmp_path)
    desk.run(desk.sheet([visit(1), visit(2, Email="nobody@example.com")]))

    verdict = desk.verify(check=Check())

    assert verdict.exit_code == 4
    assert verdict.findings == {Finding.HELD: 1}
    assert verdict.result.failed == tmp_path / "visits.failed.csv"


# What a person decides

DECISIONS = {
    "stored": (STORED, {CREATED: 60}, 0, "created"),
    "absent": (ABSENT, {CREATED: 35, WAITING: 25}, 6, "waiting"),
}


@pytest.mark.parametrize(("assume", "counts", "code", "status"), DECISIONS.values(), ids=DECISIONS.keys())
def test_a_person_decides_what_cannot_be_read_back(
    tmp_path: Path, assume: Assumption, counts: dict[Outcome, int], code: int, status: str
) -> None:
    """At once, for all rows in doubt; that it was a decision stays in the ledger and in the results."""
    desk = _doubtful(tmp_path)
    began = desk.world.seconds

    verdict = desk.verify(assume=assume)

    assert (verdict.exit_code, outcomes(verdict.result), verdict.assumed) == (code, counts, 25)
    assert desk.ask("SELECT run_id, decision, rows FROM decisions") == [(1, assume.value, 25)]
    decided = [line for line in results(verdict.result) if line["etl_code"] == "assumed"]
    assert {(line["etl_status"], line["ProspectActivityId"]) for line in decided} == {(status, "")}
    assert all(f"etl verify --assume {assume.value}" in line["etl_hint"] for line in decided)
    assert f"{desk.world.wall():%Y-%m-%d}" in decided[0]["etl_hint"]
    assert desk.world.seconds - began < 5


def test_rows_that_were_decided_absent_go_out_with_the_next_run(tmp_path: Path) -> None:
    """The person knows: they are sent without another look."""
    desk = _doubtful(tmp_path, Fault.at(K.DROP_BEFORE, 2))
    desk.verify(assume=ABSENT)

    again = desk.run(tmp_path / "visits.csv")

    assert outcomes(again) == {CREATED: 60}
    assert desk.stored == once(60)


def test_rows_that_were_decided_stored_are_known_from_then_on(tmp_path: Path) -> None:
    """The same command sends nothing, and the row is not taken for new in tomorrow's export."""
    desk = _doubtful(tmp_path)
    desk.verify(assume=STORED)
    before = desk.sizes

    again = desk.run(tmp_path / "visits.csv")
    tomorrow = desk.run(desk.sheet(61, name="tomorrow.csv"))

    assert outcomes(again) == {CREATED: 60}
    assert outcomes(tomorrow) == {Outcome.ALREADY_IMPORTED: 60, CREATED: 1}
    assert desk.sizes == [*before, 1]


def test_what_can_be_read_is_not_decided(tmp_path: Path) -> None:
    """Rows that LeadSquared shows are created under their ids, whatever was typed; only the others are decided."""
    desk = _doubtful(tmp_path)
    desk.switch(reads_forbidden=frozenset())
    desk.delete("V030")

    verdict = desk.verify(assume=ABSENT)

    assert (outcomes(verdict.result), verdict.assumed) == ({CREATED: 59, WAITING: 1}, 1)


def test_who_decides_is_not_kept_waiting_by_a_network_that_is_gone(tmp_path: Path) -> None:
    """A note says that nothing could be read, and the decision holds."""
    desk = _doubtful(tmp_path)
    desk.switch(reads_forbidden=frozenset())
    let_in: list[bool] = []

    def gone(_event: object) -> None:
        if not let_in:  # the account was asked whose keys these are: the network goes after that
            let_in.append(True)
            desk.world.outages.append(Outage(desk.world.seconds, desk.world.seconds + 1e6, "no route to host"))

    desk.happens = gone

    verdict = desk.verify(assume=STORED)

    assert (outcomes(verdict.result), verdict.assumed) == ({CREATED: 60}, 25)


def test_a_decision_about_nothing_is_not_recorded(tmp_path: Path) -> None:
    """Where no row is in doubt there is nothing to decide."""
    desk = office(tmp_path)
    desk.run(desk.sheet(5))

    verdict = desk.verify(assume=STORED)

    assert (verdict.assumed, verdict.exit_code) == (0, 0)
    assert desk.ask("SELECT COUNT(*) FROM decisions") == [(0,)]


# How it ends

ENDS = {
    "all held": (lambda _desk: None, 0),
    "missing": (lambda desk: desk.delete("V003"), 4),
    "differs": (lambda desk: desk.edit(lambda one: one.note == "note 3", note="x"), 4),
    "not read": (lambda desk: desk.switch(reads_forbidden=NO_READS), 7),
}


@pytest.mark.parametrize(("does", "code"), ENDS.values(), ids=ENDS.keys())
def test_the_exit_code_says_what_the_check_found(tmp_path: Path, does: object, code: int) -> None:
    """A bad finding needs a person even where every row has its end; what could not be read is no proof of anything."""
    desk = office(tmp_path)
    desk.run(desk.sheet(5))
    does(desk)  # type: ignore[operator]  # a function of the table

    assert desk.verify(check=Check()).exit_code == code


def test_rows_that_a_person_called_stored_were_not_read(tmp_path: Path) -> None:
    """They have no id to look for: the check says so instead of leaving them out."""
    desk = _doubtful(tmp_path)
    desk.verify(assume=STORED)
    desk.switch(reads_forbidden=frozenset())

    verdict = desk.verify(check=Check())

    assert (verdict.exit_code, verdict.findings) == (7, {Finding.HELD: 35, Finding.NOT_READ: 25})
    told = [line["etl_verified"] for line in results(verdict.result) if line["etl_code"] == "assumed"]
    assert set(told) == {"not read: a person decided that it is there, under no id"}


def test_twice_needs_a_person(tmp_path: Path) -> None:
    """The one thing that no client can exclude."""
    desk = office(tmp_path, Fault.at(K.STORE_LATE, 1, seconds=100), mapping=MAPPING + ROW_KEY)
    desk.waits, desk.limit = (5.0, 5.0), ONE_BY_ONE
    desk.run(desk.sheet(30))
    desk.world.pass_time(600)

    verdict = desk.verify(check=Check())

    assert (verdict.exit_code, verdict.findings[Finding.TWICE]) == (4, 25)


def test_a_stop_in_the_countdown_checks_nothing(tmp_path: Path) -> None:
    """Exit code of the signal; the rows stay as they are."""
    desk = office(tmp_path, Fault.at(K.DROP_BEFORE, 1))
    _killed(desk, 5)
    desk.happens = lambda _event: desk.stop.request("Ctrl-C", 2) if desk.countdown else None

    verdict = desk.verify(check=Check())

    assert verdict.exit_code == 130
    assert (outcomes(verdict.result), verdict.findings) == ({UNCONFIRMED: 5}, {})


def test_revoked_keys_are_an_error(tmp_path: Path) -> None:
    """At the door already."""
    desk = office(tmp_path)
    desk.run(desk.sheet(5))
    desk.world.keys = ("other", "keys")

    with pytest.raises(RefusedError, match="Check the key pair"):
        desk.verify()


def test_a_network_that_is_gone_is_an_error(tmp_path: Path) -> None:
    """With the checks of created rows there is nothing that could wait for better times."""
    desk = office(tmp_path)
    desk.run(desk.sheet(5))
    desk.world.outages.append(Outage(desk.world.seconds, desk.world.seconds + 1e6, "no route to host"))

    with pytest.raises(NetworkError, match="no route to host"):
        desk.verify(check=Check())


def test_results_that_cannot_be_written_are_a_note(tmp_path: Path) -> None:
    """What was found out is in the ledger; the note says that the file is not as new."""
    desk = office(tmp_path)
    summary = desk.run(desk.sheet(5))
    for copy in (tmp_path / "home" / "ledger_files").rglob("*"):
        if copy.is_file() and copy.read_bytes().startswith(b"Email"):
            copy.unlink()

    verdict = desk.verify()

    assert verdict.result.results is None
    assert any(note.startswith("The results could not be written again: ") for note in desk.notes)
    assert outcomes(verdict.result) == outcomes(summary) == {CREATED: 5}


# Row memory rebuilt


def test_a_rebuilding_that_may_not_read_is_an_error(tmp_path: Path) -> None:
    """Exit code 2, with the right to give."""
    desk = office(tmp_path, reads_forbidden=frozenset({Read.BY_EVENT}))

    with pytest.raises(UsageError, match="may not read activities back"):
        desk.rebuild(desk.world.wall() - timedelta(days=1))


def test_a_rebuilding_of_nothing_finds_nothing(tmp_path: Path) -> None:
    """A type without activities, or activities without row keys."""
    desk = office(tmp_path)
    desk.run(desk.sheet(5))
    since = desk.world.wall() - timedelta(days=1)

    none, others = desk.rebuild(since, event=77), desk.rebuild(since)

    assert (none.activities, none.keys) == (0, 0)
    assert (others.activities, others.keys) == (5, 0)


def test_it_can_be_asked_from_python_without_a_stop_signal(tmp_path: Path) -> None:
    """Everything but settings and run has a default."""
    desk = office(tmp_path)
    desk.run(desk.sheet(5))
    desk.stop = StopSignal()

    assert desk.verify(1).exit_code == 0
