"""Guards before harm: unusual sizes are asked about, invalid rows may keep all others back, refusals in a row end it."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl.errors import UsageError
from etl.events import PilotOver, PilotProposed, RunOptions, UnusualSize
from etl.exits import ExitCode
from etl.records import Outcome
from etl.stages import proposal
from tests.stages.office import MAPPING, ONE_BY_ONE, Office, office, once, outcomes, results, visit, visits

STRICT = MAPPING.replace("Remarks: ActivityNote", "Remarks: {to: ActivityNote, when_empty: error}")


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes of tests: more than 40 rows are unusual, and more than 50 of a first import are not sent unasked."""
    monkeypatch.setattr(proposal, "USUAL_ROWS", 40)
    monkeypatch.setattr(proposal, "FIRST_UNATTENDED_ROWS", 50)


def told(desk: Office) -> list[tuple[int, int]]:
    return [(event.rows, event.largest) for _, event in desk.heard if isinstance(event, UnusualSize)]


def test_nobody_to_ask(tmp_path: Path) -> None:
    """Nothing is sent and no run is begun; the words say what to type, and with that the rows go out."""
    desk = office(tmp_path)
    sheet = desk.sheet(60)

    with pytest.raises(UsageError, match=r"Nothing was sent\. If they are meant, type --rows-ok 60; or .* --pilot 10"):
        desk.run(sheet)
    with pytest.raises(UsageError, match=r"--rows-ok 59: more rows than that would go out"):
        desk.run(sheet, options=RunOptions(rows_ok=59))
    before = (desk.stored, desk.ask("SELECT COUNT(*) FROM runs"))
    done = desk.run(sheet, options=RunOptions(rows_ok=60))

    assert before == ({}, [(0,)])
    assert told(desk) == [(60, 0), (60, 0)]
    assert [event for _, event in desk.heard if isinstance(event, PilotProposed)] == []
    assert (done.exit_code, desk.stored) == (0, once(60))


def test_a_first_import_that_nobody_watches(tmp_path: Path) -> None:
    """Nothing tells yet that its size is a mistake: it is told and goes out, but for a number of rows that was said wrongly."""
    desk = office(tmp_path)
    sheet = desk.sheet(50)

    with pytest.raises(UsageError, match=r"--rows-ok 49: more rows than that would go out"):
        desk.run(sheet, options=RunOptions(rows_ok=49))
    done = desk.run(sheet)

    assert told(desk) == [(50, 0), (50, 0)]
    assert (done.exit_code, desk.stored) == (0, once(50))


@pytest.mark.parametrize("answer", [True, False])
def test_a_person_is_asked(tmp_path: Path, answer: bool) -> None:
    """Yes sends all of them; no sends nothing, leaves no run behind and says what is possible instead."""
    desk, asked = office(tmp_path), list[UnusualSize]()

    def answers(unusual: UnusualSize) -> bool:
        asked.append(unusual)
        return answer

    summary = desk.run(desk.sheet(60), options=RunOptions(may_send=answers))

    (unusual,) = asked
    assert (unusual.rows, unusual.largest, unusual.organisation) == (60, 0, "virtual")
    assert summary.exit_code == (ExitCode.DONE if answer else ExitCode.STOPPED)
    assert (summary.run, desk.stored) == ((1, once(60)) if answer else (None, {}))
    assert answer or "--pilot 10" in summary.next_step


def test_what_is_usual_is_not_asked(tmp_path: Path) -> None:
    """Up to three times the largest run so far goes out unasked; so does what goes on, and a pilot asks by itself."""
    desk = office(tmp_path)
    desk.run(desk.sheet(30))
    desk.run(desk.sheet(visits(120, 31), "more.csv"))
    with pytest.raises(UsageError, match="--rows-ok 271"):
        desk.run(desk.sheet(visits(391, 121), "many.csv"))
    pilot = desk.run(desk.sheet(visits(391, 121), "many.csv"), options=RunOptions(pilot=3))
    done = desk.run(desk.sheet(visits(391, 121), "many.csv"))

    assert told(desk) == [(271, 90)]
    assert [event.others for _, event in desk.heard if isinstance(event, PilotOver)] == [268]
    assert (pilot.exit_code, done.exit_code, desk.stored) == (6, 0, once(391))


@pytest.mark.parametrize(
    ("rule", "code"),
    [("16.6%", 4), ("20%", 4), ("2", 4), ("1", 4)],
    ids=["just above", "below", "as many", "more rows"],
)
def test_invalid_rows_of_a_mapping(tmp_path: Path, rule: str, code: int) -> None:
    """More than the mapping allows: nothing is sent, and the failed file is there; else the others go out."""
    desk = office(tmp_path, mapping=f"{STRICT}stop_when: {{invalid: {rule}}}\n")
    bad = [visit(5, Remarks=""), visit(7, Remarks="")]

    summary = desk.run(desk.sheet([*visits(4), bad[0], visit(6), bad[1], *visits(12, 8)]))

    is_kept_back = rule in {"16.6%", "1"}
    assert summary.exit_code == code
    assert len(desk.stored) == (0 if is_kept_back else 10)
    assert summary.failed is not None and summary.failed.exists()
    assert ("2 rows are invalid of 12" in (summary.stop_reason or "")) == is_kept_back


def test_all_or_nothing(tmp_path: Path) -> None:
    """One invalid row keeps all others back; corrected, the same command sends all."""
    desk, options = office(tmp_path, mapping=STRICT), RunOptions(all_or_nothing=True)

    nothing = desk.run(desk.sheet([*visits(4), visit(5, Remarks="")]), options=options)
    held, has_failed = desk.stored, nothing.failed is not None and nothing.failed.exists()
    everything = desk.run(desk.sheet(5), options=options)

    assert (nothing.exit_code, nothing.run, held) == (4, None, {})
    assert outcomes(nothing) == {Outcome.WAITING: 4, Outcome.INVALID: 1}
    assert has_failed
    assert "--all-or-nothing" in (nothing.stop_reason or "")
    assert (everything.exit_code, desk.stored) == (0, once(5))


def test_refused_in_a_row(tmp_path: Path) -> None:
    """After so many refusals one behind the other no request goes out any more; the same command continues."""
    unknown = [visit(number, Email="nobody@example.com") for number in range(1, 31)]
    desk = office(
        tmp_path,
        mapping=f"{MAPPING}stop_when: {{refused_in_a_row: 10}}\n",
        options={"unknown_leads": frozenset({"nobody@example.com"})},
    )
    desk.limit = ONE_BY_ONE  # else all requests are in the air before the first refusal
    sheet = desk.sheet([*unknown, *visits(250, 31)])

    stopped = desk.run(sheet, options=RunOptions(rows_ok=250))
    sent = sum(desk.sizes)
    done = desk.run(sheet)

    assert (stopped.exit_code, "refused one after the other" in (stopped.stop_reason or "")) == (6, True)
    assert sent < 250 and outcomes(stopped)[Outcome.WAITING] == 250 - sent
    assert (done.run, outcomes(done)) == (stopped.run, {Outcome.CREATED: 220, Outcome.REFUSED: 30})
    assert {row["etl_status"] for row in results(done)[:30]} == {"refused"}
