"""Two commands at the same time on one ledger."""

from __future__ import annotations

import shutil
import signal

from tests.flows.conftest import Serve
from tests.flows.desk import Desk, carried_rows, stored
from tests.flows.sheets import visits, write
from tests.flows.waiting import wait_until
from tests.foreign.server import ForeignServer


def test_one_input_is_imported_by_one_process(desk: Desk, server: ForeignServer) -> None:
    """The second command on a sheet, or on a copy or later state of it, ends with exit code 8 and sends nothing."""
    write(desk.folder / "visits.csv", visits(60))
    shutil.copy(desk.folder / "visits.csv", desk.folder / "copy.csv")
    first = desk.start("run", "visits.csv", "-m", "visits.yaml", LSQ_BULK_LIMIT="1/600")
    wait_until(lambda: len(server.activities) == 25, "the first of three requests, after which no slot is free")

    same = desk.run("visits.csv")
    copied = desk.run("copy.csv")
    write(desk.folder / "visits.csv", visits(90))
    extended = desk.run("visits.csv")
    first.send_signal(signal.SIGTERM)
    stopped = desk.end_of(first)

    assert [same.code, copied.code, extended.code] == [8, 8, 8]
    assert "Another process is importing this input" in same.err
    assert len(carried_rows(server)) == 1
    assert (stopped.code, stopped.counts()) == (143, {"created": 25, "waiting": 35})
    assert desk.run("visits.csv").code == 0
    assert stored(server) == dict.fromkeys((f"V-{number:05}" for number in range(1, 91)), 1)


def test_two_inputs_share_the_limits(desk: Desk, serve: Serve) -> None:
    """Two sheets at once are both imported, and together they keep to the account's limit."""
    server = serve(latency_seconds=(0.02, 0.2))
    write(desk.folder / "north.csv", visits(700))
    write(desk.folder / "south.csv", visits(1_400, first=701))

    started = [desk.start("run", f"{name}.csv", "-m", "visits.yaml") for name in ("north", "south")]
    ends = [desk.end_of(process) for process in started]

    assert [(ended.code, ended.counts()) for ended in ends] == [(0, {"created": 700})] * 2
    assert stored(server) == dict.fromkeys((f"V-{number:05}" for number in range(1, 1_401)), 1)
    assert server.refused_for_rate == 0
    assert server.busiest_window(1.0) <= 25
