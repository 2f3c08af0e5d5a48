"""A run that waits while its rows go out under another mapping does not send them once more under its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from etl.records import Limit, Outcome
from etl.simulator import SimulatorOptions
from etl.simulator.core import Simulator
from tests.laws import invariants
from tests.laws.test_crash_at_every_step import WITHOUT_KEY
from tests.laws.virtual import World, account, import_files

ROWS = 60


def test_a_run_whose_rows_went_out_under_another_mapping_is_compared_anew(tmp_path: Path) -> None:
    """Stopped by its budget, overtaken by the same sheet through an edited mapping, and continued: each row is stored once."""
    mapping, sheet = tmp_path / "visits.yaml", tmp_path / "visits.csv"
    lines = [f"person{row}@example.com,V{row:03},note {row}" for row in range(ROWS)]
    sheet.write_text("\n".join(["Email,Visit,Remarks", *lines]) + "\n", encoding="utf-8")
    world = World(Simulator(SimulatorOptions(seed=9)))
    known = account(world, Limit(25, 5))
    short = replace(known, daily_requests=1)
    without_notes = WITHOUT_KEY.replace("  Remarks: ActivityNote\n", "")

    mapping.write_text(WITHOUT_KEY, encoding="utf-8")
    (stopped,) = import_files(world, tmp_path, [sheet], mapping, account_=short)
    mapping.write_text(without_notes, encoding="utf-8")
    (overtaking,) = import_files(world, tmp_path, [sheet], mapping, account_=known)
    mapping.write_text(WITHOUT_KEY, encoding="utf-8")
    (continued,) = import_files(world, tmp_path, [sheet], mapping, account_=known)

    assert stopped.equation.outcomes == {Outcome.CREATED: 25, Outcome.WAITING: 35}
    assert overtaking.equation.outcomes == {Outcome.ALREADY_IMPORTED: 25, Outcome.CREATED: 35}
    assert continued.equation.outcomes == {Outcome.ALREADY_IMPORTED: ROWS}
    assert set(invariants.stored_visits(world.simulator.activities()).values()) == {1}
