"""Ended at any step and continued, a run loses no row and stores none twice: plain, with rows in doubt, and with a probe."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from etl.records import Outcome
from etl.simulator import BulkFailureMode, Fault, FaultKind, Latency, SimulatorOptions, Switches
from etl.simulator.core import Simulator
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
WITHOUT_KEY = MAPPING.replace("row_key_field: mx_Custom_20\n", "")
BAD = "nobody@example.com"
NAMING = invariants.Naming(corrected={BAD: BAD})


@dataclass(frozen=True)
class Case:
    """A run, what goes wrong in it, and how many of its steps it is ended at.

    refused: rows of leads that do not exist.
    """

    rows: int
    mapping: str
    options: SimulatorOptions
    most: int
    refused: tuple[int, ...] = ()

    def world(self) -> World:
        return World(Simulator(self.options))

    def write(self, folder: Path) -> tuple[Path, Path]:
        mapping, sheet = folder / "visits.yaml", folder / "visits.csv"
        mapping.write_text(self.mapping, encoding="utf-8")
        emails = [BAD if row in self.refused else f"person{row % 7}@example.com" for row in range(self.rows)]
        lines = [f"{email},V{row:03},note {row}" for row, email in enumerate(emails)]
        sheet.write_text("\n".join(["Email,Visit,Remarks", *lines]) + "\n", encoding="utf-8")
        return sheet, mapping

    @property
    def expected(self) -> dict[Outcome, int]:
        refused = {Outcome.REFUSED: len(self.refused)} if self.refused else {}
        return {Outcome.CREATED: self.rows - len(self.refused), **refused}


LATENCY = Latency(0.02, 0.4)
PLAIN = Case(ROWS, MAPPING, SimulatorOptions(seed=7, latency=LATENCY), 14)
IN_DOUBT = Case(
    10,
    WITHOUT_KEY,
    SimulatorOptions(
        seed=7,
        latency=LATENCY,
        faults=(Fault.at(FaultKind.OMIT_ROWS, 1),),
        switches=Switches(bulk_failure_mode=BulkFailureMode.ABORT_MIDWAY, by_event_delay_seconds=2.0),
    ),
    5,
    refused=(4,),
)
PROBE = Case(
    8,
    MAPPING,
    SimulatorOptions(seed=7, latency=LATENCY, faults=(Fault.at(FaultKind.DROP_BEFORE, 1),)),
    5,
)
CASES = {"plain": PLAIN, "row-level doubts and fifths": IN_DOUBT, "probe": PROBE}
KINDS = {"commit", "committed", "send", "sent", "receive", "read", "told", "rename", "renamed"}


def chosen(taken: list[str], most: int) -> list[int]:
    """The steps to end a run at: the first and last of each kind, and the others at even distances."""
    kinds = set(taken)
    ends = {taken.index(kind) for kind in kinds} | {len(taken) - 1 - taken[::-1].index(kind) for kind in kinds}
    stride = max(1, -(-len(taken) // most))
    return sorted(ends | set(range(0, len(taken), stride)))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_undisturbed_the_run_takes_every_kind_of_step(tmp_path: Path, case: Case) -> None:
    """The harness sees commits, sends, receives, reads and renames; undisturbed, every good row is created in the end."""
    world, steps = case.world(), Steps()
    sheet, mapping = case.write(tmp_path)

    (summary,) = import_files(world, tmp_path / "home", [sheet], mapping, steps)

    assert set(steps.taken) >= KINDS - {"read", "told"}
    assert summary.equation.outcomes == case.expected
    invariants.check(world.simulator.activities(), summary, sheet, NAMING)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_ended_at_every_step_and_continued(tmp_path: Path, case: Case) -> None:
    """Whatever step a process dies before, the next one brings every row to its end and sends nothing twice."""
    counted = Steps()
    (tmp_path / "undisturbed").mkdir()
    sheet, mapping = case.write(tmp_path / "undisturbed")
    import_files(case.world(), tmp_path / "undisturbed", [sheet], mapping, counted)

    for last in chosen(counted.taken, case.most):
        world, folder = case.world(), tmp_path / f"{last}"
        folder.mkdir()
        sheet, mapping = case.write(folder)
        with pytest.raises(Crash):
            import_files(world, folder, [sheet], mapping, Steps(last))
        (summary,) = import_files(world, folder, [sheet], mapping)

        died = f"died before step {last}, {counted.taken[last]}"
        held = invariants.held(world.simulator.activities(), NAMING)
        invariants.at_most_once(held, [invariants.result_rows(sheet)], NAMING)
        invariants.check(world.simulator.activities(), summary, sheet, NAMING)
        assert +Counter(summary.equation.outcomes) == Counter(case.expected), f"{died}: {summary.equation}"
        invariants.check_server(world.simulator.stats(), limit=25)


def test_an_answered_row_is_never_in_doubt(tmp_path: Path) -> None:
    """Ended after the last commit of answers, the continued run asks and sends nothing and calls every row created."""
    sheet, mapping = PLAIN.write(tmp_path)
    counted = Steps()
    import_files(PLAIN.world(), tmp_path / "undisturbed", [sheet], mapping, counted)
    last_answer = len(counted.taken) - 1 - counted.taken[::-1].index("receive")
    for written in tmp_path.glob("visits.*results*"):
        written.unlink()
    world = PLAIN.world()
    with pytest.raises(Crash):
        import_files(world, tmp_path / "home", [sheet], mapping, Steps(last_answer + 3))
    requests_before = world.simulator.stats()["requests"]

    (summary,) = import_files(world, tmp_path / "home", [sheet], mapping)

    assert world.simulator.stats()["requests"] == requests_before
    assert summary.equation.outcomes == {Outcome.CREATED: ROWS}
