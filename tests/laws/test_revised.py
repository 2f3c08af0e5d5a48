"""`on_change: update`, ended at any step and continued: every activity is there once, and ends with what its last row says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from etl.records import Outcome
from etl.simulator import Fault, FaultKind, Latency, SimulatorOptions
from etl.simulator.core import Simulator
from tests.laws.virtual import Crash, Steps, World, import_files

MAPPING = """
version: 1
name: visits
operation: add-by-lead-field
search_by: EmailAddress
activity: {event: 320}
columns:
  Email: SearchByValue
  Visit: mx_Custom_1
  Remarks: ActivityNote
unique_by: [Visit]
on_change: update
"""
FIRST = {f"V{number}": f"planned {number}" for number in range(12)}
CHANGED = {"V1": "met", "V5": "moved", "V6": "called off"}
NEW = {"V20": "planned", "V21": "planned"}
TWICE = ("V20", "met at once")
"""A row of the second sheet that changes what an earlier row of it has made."""

EXPECTED = {Outcome.CREATED: 2, Outcome.UPDATED: 4, Outcome.ALREADY_IMPORTED: 9}


@dataclass(frozen=True)
class Disturbed:
    """What goes wrong on the second day: bulk request 2 brings new rows, the later ones bring revisions.

    most: at so many of its steps the day is ended.
    """

    faults: tuple[Fault, ...] = ()
    most: int = 4


CASES = {
    "plain": Disturbed(most=16),
    "revision stored and not told": Disturbed((Fault.at(FaultKind.DROP_AFTER, 3),)),
    "revision not stored and not told": Disturbed((Fault.at(FaultKind.DROP_BEFORE, 3),)),
    "new row stored and not told": Disturbed((Fault.at(FaultKind.DROP_AFTER, 2),)),
}


def first_day(folder: Path, case: Disturbed) -> World:
    """A ledger and a server that know the first sheet."""
    folder.mkdir()
    (folder / "visits.yaml").write_text(MAPPING, encoding="utf-8")
    options = SimulatorOptions(seed=3, latency=Latency(0.02, 0.4), faults=case.faults)
    world = World(Simulator(options))
    import_files(world, folder, [write(folder, list(FIRST.items()))], folder / "visits.yaml")
    write(folder, [*(FIRST | CHANGED | NEW).items(), TWICE])
    return world


def write(folder: Path, rows: list[tuple[str, str]]) -> Path:
    lines = [f"person{int(visit[1:]) % 5}@example.com,{visit},{remarks}" for visit, remarks in rows]
    (folder / "visits.csv").write_text("\n".join(["Email,Visit,Remarks", *lines]) + "\n", encoding="utf-8")
    return folder / "visits.csv"


def second_day(world: World, folder: Path, steps: Steps | None = None) -> Counter[Outcome]:
    (summary,) = import_files(
        world, folder, [folder / "visits.csv"], folder / "visits.yaml", *([steps] if steps else [])
    )
    return +Counter(summary.equation.outcomes)


def visit_of(activity: Mapping[str, Any]) -> str:
    return next(str(one["Value"]) for one in activity["Fields"] if one["SchemaName"] == "mx_Custom_1")


def held(world: World) -> dict[str, str]:
    """What the server holds, by visit; each visit once."""
    found = [(visit_of(one), one["ActivityNote"]) for one in world.simulator.activities()]
    assert len(found) == len(dict(found))
    return dict(found)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_ended_at_every_step_and_continued(tmp_path: Path, case: Disturbed) -> None:
    """Whatever step the second day dies before: gone on with, it leaves what the sheet says, and once more changes nothing."""
    counted = Steps()
    world = first_day(tmp_path / "undisturbed", case)
    assert second_day(world, tmp_path / "undisturbed", counted) == EXPECTED

    for last in range(len(counted.taken) // case.most, len(counted.taken), -(-len(counted.taken) // case.most)):
        folder = tmp_path / f"{last}"
        world = first_day(folder, case)
        with pytest.raises(Crash):
            second_day(world, folder, Steps(last))

        died = f"died before step {last}, {counted.taken[last]}"
        assert second_day(world, folder) == EXPECTED, died
        assert held(world) == FIRST | CHANGED | NEW | dict([TWICE]), died
        requests = world.simulator.stats()["requests"]
        assert second_day(world, folder) == EXPECTED, died
        assert world.simulator.stats()["requests"] == requests
