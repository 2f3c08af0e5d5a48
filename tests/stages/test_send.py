"""Runs of processes that are gone, met by the next command of whatever input."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl.errors import LedgerError
from etl.exits import ExitCode, code_of_error
from etl.ledger.requests import RequestEnd, Requests
from etl.records import Limit
from etl.simulator import SimulatorOptions
from etl.simulator.core import Simulator
from etl.simulator.options import Latency, RateLimit
from tests.laws.test_crash_at_every_step import MAPPING
from tests.laws.virtual import Crash, Steps, World, account, import_files


def sheet(folder: Path, name: str, rows: int) -> Path:
    path = folder / name
    lines = [f"person{number}@example.com,{name}-{number},note" for number in range(rows)]
    path.write_text("\n".join(["Email,Visit,Remarks", *lines]) + "\n", encoding="utf-8")
    return path


def test_slots_of_a_dead_process_do_not_hold_up_another_input(tmp_path: Path) -> None:
    """After a kill with requests in the air, another sheet waits for a window, not for the longest time in the air."""
    mapping = tmp_path / "visits.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")
    limit = Limit(1, 5.0)
    world = World(Simulator(SimulatorOptions(seed=3, limit=RateLimit(1, 5.0), latency=Latency(0.1, 0.2))))
    steps = Steps()
    import_files(world, tmp_path / "rehearsed", [sheet(tmp_path, "a.csv", 25)], mapping, steps)
    world = World(Simulator(SimulatorOptions(seed=3, limit=RateLimit(1, 5.0), latency=Latency(0.1, 0.2))))
    with pytest.raises(Crash):
        last = len(steps.taken) - steps.taken[::-1].index("sent") - 1  # not a read before it: the request with the rows
        import_files(world, tmp_path, [tmp_path / "a.csv"], mapping, Steps(last), account_=account(world, limit))
    died_at = world.clock.seconds

    (summary,) = import_files(world, tmp_path, [sheet(tmp_path, "b.csv", 25)], mapping, account_=account(world, limit))

    assert summary.exit_code == 0
    assert (
        world.clock.seconds - died_at < 40
    )  # some windows: what was in the air, reads, the rows; not 140 s in the air
    assert world.simulator.stats()["refused_for_rate"] == 0


def test_a_ledger_that_fails_midway_is_a_stop_that_can_be_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fills up between two answers ends with exit code 6, because rows have gone out; later the run goes on."""
    mapping = tmp_path / "visits.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")
    file = sheet(tmp_path, "a.csv", 60)
    world = World(Simulator(SimulatorOptions(seed=3)))
    settle, settled = Requests.settle, []

    def failing(self: Requests, end: RequestEnd) -> object:
        settled.append(end)
        if len(settled) == 2:
            raise LedgerError("the disk is full")
        return settle(self, end)

    with monkeypatch.context() as patch, pytest.raises(LedgerError) as stopped:
        patch.setattr(Requests, "settle", failing)
        import_files(world, tmp_path, [file], mapping)
    world.let_arrive()
    (summary,) = import_files(world, tmp_path, [file], mapping)

    assert code_of_error(stopped.value) is ExitCode.STOPPED
    assert summary.equation.holds
    assert summary.exit_code == ExitCode.DONE
    assert len(world.simulator.activities()) == 60
