"""A run whose rows are in LeadSquared and whose results cannot be written: nothing is lost, and it says so."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from etl.exits import ExitCode
from etl.ledger.store import Ledger
from etl.simulator import SimulatorOptions
from etl.simulator.core import Simulator
from tests.laws.test_crash_at_every_step import MAPPING
from tests.laws.virtual import World, import_files

PLACES = {
    "when the draft gets its name": (
        "etl.reconciler.put_in_place._rename",
        OSError(errno.EIO, "Input/output error"),
    ),
    "on a disk that is full": (
        "etl.reconciler.results_delimited.csv.writer",
        OSError(errno.ENOSPC, "No space left on device"),
    ),
    "when the file is read again": ("etl.stages.writer.hash_of", PermissionError(errno.EACCES, "Permission denied")),
}


@pytest.mark.parametrize(("place", "failure"), PLACES.values(), ids=PLACES.keys())
def test_results_that_cannot_be_written_are_no_defect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, failure: OSError
) -> None:
    """The run ends with exit code 6, its rows counted; the same command sends nothing more and writes the results."""
    (tmp_path / "visits.yaml").write_text(MAPPING, encoding="utf-8")
    sheet = tmp_path / "a.csv"
    sheet.write_text(
        "Email,Visit,Remarks\n" + "".join(f"p{n}@example.com,V{n},note\n" for n in range(30)), encoding="utf-8"
    )
    world = World(Simulator(SimulatorOptions(seed=3)))
    import_files(world, tmp_path / "prepared", [sheet], tmp_path / "visits.yaml")  # the copies are on the disk by now
    for path in tmp_path.glob("a.*results*"):
        path.unlink()

    def fail(*_: object, **__: object) -> None:
        raise failure

    with monkeypatch.context() as patch:
        patch.setattr(place, fail)
        (failed,) = import_files(world, tmp_path / "prepared", [sheet], tmp_path / "visits.yaml")
    requests = world.simulator.stats()["requests"]
    (again,) = import_files(world, tmp_path / "prepared", [sheet], tmp_path / "visits.yaml")

    assert failed.exit_code == ExitCode.STOPPED
    assert failed.equation.outcomes == {"created": 30}
    assert failed.stop_reason is not None
    assert failed.stop_reason.startswith("all is recorded, but ")
    assert failure.strerror in failed.stop_reason
    assert (again.exit_code, again.results) == (0, tmp_path / "a.results.csv")
    assert world.simulator.stats()["requests"] == requests


def test_where_results_lie_is_noted_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An input that is typed as `a.csv` has its results in this folder, not in that of whichever command comes next."""
    (tmp_path / "visits.yaml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "a.csv").write_text(
        "Email,Visit,Remarks\np@example.com,V1,note\nnobody@example.com,,\n", encoding="utf-8"
    )
    world = World(Simulator(SimulatorOptions(seed=3)))
    monkeypatch.chdir(tmp_path)

    import_files(world, tmp_path / "home", [Path("a.csv")], Path("visits.yaml"))

    with Ledger(
        f"sqlite:///{tmp_path / 'home' / 'ledger.db'}", tmp_path / "home" / "ledger_files", world.clock
    ) as ledger:
        run = ledger.runs.get(1)
    assert run is not None
    assert run.results_path == str(tmp_path / "a.results.csv")
