"""Ended at any step and continued, a run loses no row and stores none twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl.records import Outcome
from etl.simulator import SimulatorOptions
from etl.simulator.core import Simulator
from etl.simulator.options import Latency
from tests.laws import invariants
from tests.laws.virtual import Crash, Steps, World, import_files

ROWS = 60
MAPPING = """
version: 1
name: crash-test
operation: add-by-lead-field
search_by: EmailAddress
activity: {event: 320}
columns:
  Email: SearchByValue
  Visit: mx_Custom_1
  Remarks: ActivityNote
row_key_field: mx_Custom_20
"""


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "visits.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    return path


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    lines = [f"person{number % 7}@example.com,V{number:03},note {number}" for number in range(ROWS)]
    path = tmp_path / "visits.csv"
    path.write_text("\n".join(["Email,Visit,Remarks", *lines]) + "\n", encoding="utf-8")
    return path


def new_world() -> World:
    return World(Simulator(SimulatorOptions(seed=7, latency=Latency(0.02, 0.4))))


def test_a_run_without_a_crash_takes_every_kind_of_step(tmp_path: Path, sheet: Path, mapping: Path) -> None:
    """The harness sees commits, sends and receives, and an undisturbed run creates every row."""
    world, steps = new_world(), Steps()

    (summary,) = import_files(world, tmp_path / "home", [sheet], mapping, steps)

    assert {"commit", "committed", "send", "sent", "receive"} == set(steps.taken)
    assert summary.equation.outcomes == {Outcome.CREATED: ROWS}
    invariants.check(world.simulator.activities(), summary, sheet)


def test_ended_at_every_step_and_continued(tmp_path: Path, sheet: Path, mapping: Path) -> None:
    """Whatever step a process dies before, the next one sends what is left and nothing twice."""
    counted = Steps()
    import_files(new_world(), tmp_path / "undisturbed", [sheet], mapping, counted)

    for last in range(len(counted.taken)):
        world, home = new_world(), tmp_path / f"home{last}"
        with pytest.raises(Crash):
            import_files(world, home, [sheet], mapping, Steps(last))
        (summary,) = import_files(world, home, [sheet], mapping)

        invariants.check(world.simulator.activities(), summary, sheet)
        outcomes = summary.equation.outcomes
        in_the_air = outcomes.get(Outcome.UNCONFIRMED, 0)
        assert in_the_air <= ROWS
        assert outcomes.get(Outcome.CREATED, 0) + in_the_air == ROWS, f"crashed at step {last}: {summary.equation}"
        assert summary.exit_code == (7 if in_the_air else 0)
        _clean(tmp_path)


def test_an_answered_row_is_never_in_doubt(tmp_path: Path, sheet: Path, mapping: Path) -> None:
    """Ended after the last commit of answers, the continued run sends nothing and calls every row created."""
    counted = Steps()
    import_files(new_world(), tmp_path / "undisturbed", [sheet], mapping, counted)
    last_answer = len(counted.taken) - 1 - counted.taken[::-1].index("receive")
    world = new_world()
    with pytest.raises(Crash):
        import_files(world, tmp_path / "home", [sheet], mapping, Steps(last_answer + 3))
    requests_before = world.simulator.stats()["requests"]

    (summary,) = import_files(world, tmp_path / "home", [sheet], mapping)

    assert world.simulator.stats()["requests"] == requests_before
    assert summary.equation.outcomes == {Outcome.CREATED: ROWS}


def _clean(folder: Path) -> None:
    """The next history starts beside an untouched sheet."""
    for written in folder.glob("visits.*results*"):
        written.unlink()
