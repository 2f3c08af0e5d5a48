"""The store that outlives the simulator."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from etl.simulator import BulkFailureMode, Switches

from .calls import Bench, add, row, rows


def test_a_store_survives_a_restart_whole(tmp_path: Path) -> None:
    """Everything stored is there again after a restart, and new ids do not repeat old ones under the same seed."""
    file = tmp_path / "account.db"
    first = Bench(store=file)
    first.send(add([row(ActivityNote="नोट", Fields=[{"SchemaName": "mx_Custom_1", "Value": "v"}]), row()]))
    before = first.simulator.activities()
    first.simulator.close()

    second = Bench(store=file)
    second.send(add(rows(3)))

    assert second.simulator.activities()[:2] == before
    assert len(set(second.stored("ProspectActivityId"))) == 5
    second.simulator.close()


@pytest.mark.parametrize("stored", [1, 2], ids=["aborted-midway", "answered"])
def test_what_is_stored_is_durable_before_the_answer(tmp_path: Path, stored: int) -> None:
    """A second connection sees every stored row as soon as the reply is there, without closing anything."""
    bench = Bench(store=tmp_path / "account.db", switches=Switches(bulk_failure_mode=BulkFailureMode.ABORT_MIDWAY))
    bench.send(add([row(), row("nobody@example.com")] if stored == 1 else [row(), row()]))

    other = sqlite3.connect(tmp_path / "account.db")
    (count,) = other.execute("SELECT count(*) FROM activity").fetchone()
    other.close()
    bench.simulator.close()
    assert count == stored


def test_ids_differ_between_simulators_without_a_seed() -> None:
    """Two fresh simulators hand out different ids, so a ledger never meets one twice."""
    benches = [Bench(seed=None), Bench(seed=None)]
    for bench in benches:
        bench.send(add([row()]))

    assert benches[0].stored("ProspectActivityId") != benches[1].stored("ProspectActivityId")


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    """Another kind of file is not written over."""
    file = tmp_path / "notes.txt"
    file.write_text("not a store, but long enough to be read as something that might be one")

    with pytest.raises(sqlite3.DatabaseError, match="file is not a database"):
        Bench(store=file)
    assert file.read_text().startswith("not a store")
