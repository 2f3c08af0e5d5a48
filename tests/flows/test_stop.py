"""`etl stop RUN`, typed in another terminal while an import is at work."""

from __future__ import annotations

from etl import care
from etl.settings import Directories, load_settings
from tests.flows.conftest import ON_BOTH, Serve
from tests.flows.desk import Desk, carried_rows, stored
from tests.flows.sheets import read, visits, write
from tests.flows.waiting import wait_until

ALL = {f"V-{number:05}": 1 for number in range(1, 251)}


@ON_BOTH
def test_a_run_is_stopped_from_another_terminal_and_goes_on(desk: Desk, serve: Serve) -> None:
    """It takes in the answers, writes its results and leaves with exit code 6; the same command sends the rest, once."""
    server = serve()
    sheet = write(desk.folder / "visits.csv", visits(250))

    running = desk.start_warm("run", "visits.csv", "-m", "visits.yaml", LSQ_BULK_LIMIT="5/600")
    wait_until(lambda: len(server.activities) == 125, "the first five requests to arrive")
    asked = desk.etl("stop", "1")
    stopped = desk.end_of(running)
    desk.has_run(sheet)

    assert (asked.code, asked.out) == (
        0,
        "Run 1 was asked to stop: it waits for the requests in flight, then writes its results.\n",
    )
    assert (stopped.code, stopped.counts()) == (6, {"created": 125, "waiting": 125}), stopped.said
    assert "somebody asked for it with `etl stop`" in stopped.out
    assert {row["etl_status"] for row in read(desk.folder / "visits.results.csv")} == {"created"}
    assert stored(server) == ALL


def test_a_run_that_reads_back_is_stopped_within_a_second_or_two(desk: Desk, serve: Serve) -> None:
    """While it waits for rows to show, nothing is sent any more, and they stay unconfirmed: its exit code is 6."""
    server = serve(drop_after_storing=1.0, visible_after_seconds=1_000.0)
    write(desk.folder / "visits.csv", visits(20))

    running = desk.start_warm("run", "visits.csv", "-m", "visits.yaml", LSQ_VISIBILITY_WAIT="60", LSQ_LATE_WAIT="60")
    wait_until(lambda: any("RetrieveByActivityEvent" in one.path for one in server.requests), "the first look")
    directories = Directories(config=desk.home / "config", state=desk.home / "state")
    care.stop(load_settings(desk.environ, desk.folder, directories=directories), 1)
    stopped = desk.end_of(running)

    assert (stopped.code, stopped.counts()) == (6, {"unconfirmed": 20}), stopped.said
    assert {row["etl_status"] for row in read(desk.folder / "visits.results.csv")} == {"unconfirmed"}
    assert len(carried_rows(server)) == 1
