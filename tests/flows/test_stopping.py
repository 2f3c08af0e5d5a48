"""Somebody, or the machine's shutdown, stops a run: what is in flight is waited for, and the same command goes on."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest

from tests.flows.conftest import Serve
from tests.flows.desk import Desk, carried_rows, stored
from tests.flows.sheets import read, visits, write
from tests.flows.waiting import PATIENCE_SECONDS, wait_until

SOME_THEN_NONE = {"LSQ_BULK_LIMIT": "5/600"}
"""A limit under which a run is still waiting for a slot when it is stopped, however fast the machine."""


@pytest.mark.parametrize(
    ("number", "code"),
    [pytest.param(signal.SIGINT, 130, id="Ctrl-C"), pytest.param(signal.SIGTERM, 143, id="SIGTERM")],
)
def test_a_stopped_run_saves_all_and_goes_on(desk: Desk, serve: Serve, number: signal.Signals, code: int) -> None:
    """No row in flight is lost or left in doubt, the results are written, and the same command sends the rest."""
    server = serve(latency_seconds=(0.2, 0.4))
    write(desk.folder / "visits.csv", visits(250))

    process = desk.start("run", "visits.csv", "-m", "visits.yaml", **SOME_THEN_NONE)
    wait_until(lambda: bool(carried_rows(server)), "the first rows to arrive")
    process.send_signal(number)
    stopped = desk.end_of(process)
    rows = read(desk.folder / "visits.results.csv")
    created = len(server.activities)
    resumed = desk.run("visits.csv")

    assert (stopped.code, stopped.counts()) == (code, {"created": created, "waiting": 250 - created})
    assert 0 < created <= 125
    assert [row["etl_status"] for row in rows].count("created") == created
    assert {row["etl_error"] != "" for row in rows if row["etl_status"] == "waiting"} == {True}
    assert "Continue:   etl run visits.csv -m visits.yaml" in stopped.out or "same command" in stopped.out
    assert (resumed.code, resumed.counts()) == (0, {"created": 250})
    assert stored(server) == dict.fromkeys((f"V-{number:05}" for number in range(1, 251)), 1)


class Gate:
    """The way to the server: the question whose keys these are passes, requests behind it wait until it is opened."""

    def __init__(self) -> None:
        self._passages = count(1)
        self._is_open = threading.Event()
        self.waiting = 0

    def __call__(self, seconds: float) -> None:
        if next(self._passages) > 2:  # the first request's way there and back
            self.waiting += 1
            self._is_open.wait(60)

    def open(self) -> None:
        self._is_open.set()


@contextmanager
def gate() -> Iterator[Gate]:
    """A gate that is open at the end, whatever happens: nobody waits at it for ever."""
    made = Gate()
    try:
        yield made
    finally:
        made.open()


def test_a_second_ctrl_c_leaves_at_once(desk: Desk, serve: Serve) -> None:
    """With requests in the air it leaves without them; the next run finds their rows where they arrived, and sends the rest."""
    with gate() as way:
        server = serve(sleep=way)
        write(desk.folder / "visits.csv", visits(250))
        process = desk.start("run", "visits.csv", "-m", "visits.yaml", "--no-preflight", LSQ_BULK_LIMIT="2/1")
        wait_until(lambda: way.waiting == 2, "two requests in the air")
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert any("Stopping" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        left = desk.end_of(process)
        assert server.activities == []
        way.open()
        wait_until(lambda: len(server.activities) == 50, "the requests in the air to arrive after all")

    resumed = desk.run("visits.csv")

    assert left.code == 130
    assert "Left at once" in left.err
    assert (resumed.code, resumed.counts()) == (0, {"created": 250})
    assert "Read back: 50 rows are in LeadSquared" in resumed.err
    assert stored(server) == dict.fromkeys((f"V-{number:05}" for number in range(1, 251)), 1)


def test_ctrl_c_while_a_new_host_makes_no_connection(desk: Desk) -> None:
    """Ends at once with the code of Ctrl-C, and says so: not that the host may be a slip in the settings."""
    write(desk.folder / "visits.csv", visits(2))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE_SECONDS)
        desk.use(f"https://127.0.0.1:{listener.getsockname()[1]}")
        process = desk.start("run", "visits.csv", "-m", "visits.yaml")
        listener.accept()[0].close()  # before TLS is made: as good as refused, and here it can be seen
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        stopped = desk.end_of(process)

    assert stopped.code == 130
    assert "Stopped: interrupted by Ctrl-C. Run the same command" in stopped.err
    assert "has not been reached" not in stopped.err
    assert time.monotonic() - began < 20  # the ways to a host are tried for minutes
