"""The database dies under a worker, or the line to it: nothing goes out that is not written down, and nothing twice."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from etl.fleet.submissions import State
from tests.fleet.conftest import OpenYard
from tests.fleet.cut import Line
from tests.fleet.yard import LEASE_SECONDS, Yard
from tests.flows.desk import carried_rows
from tests.flows.waiting import wait_until
from tests.postgresql import own_server

ROWS = 600
ANSWERED = 6
"""So many requests are answered; what is sent then, one second's ten at most, stays in the air until the test has looked."""
SILENCE_SECONDS = 2.0


def sent(yard: Yard) -> int:
    """How many requests with rows have arrived at the server."""
    return len(carried_rows(yard.servers["north"]))


def falls_silent(yard: Yard) -> None:
    """Wait until nothing more is sent. Ten requests go out each second as long as something is."""
    last: list[tuple[int, float]] = [(sent(yard), time.monotonic())]

    def is_silent() -> bool:
        count, now = sent(yard), time.monotonic()
        if count != last[0][0]:
            last[0] = (count, now)
        return now - last[0][1] > SILENCE_SECONDS

    wait_until(is_silent, "it to stop sending", 0.1)


def test_a_database_that_dies_and_comes_back(open_yard: OpenYard) -> None:
    """kill -9 of all of PostgreSQL: the worker stops sending, waits, and goes on by itself when it is there again."""
    with own_server() as server:
        yard = open_yard("north", ledger=server.new_database(), answers_before_hold=ANSWERED)
        number = yard.submit(yard.sheet("north.csv", ROWS), "north")
        worker = yard.worker()
        wait_until(lambda: sent(yard) > ANSWERED, "a part of the rows under way")
        server.kill()
        yard.let_go()
        falls_silent(yard)
        before = sent(yard)
        server.start()
        yard.wait_for(State.ENDED, number)
        ended = yard.all()[number]

        assert before < ROWS / 25
        assert (ended.exit_code, worker.poll()) == (0, None), ended.said
        assert yard.holds_once("north", ROWS)
        assert "The database cannot be reached" in yard.said(0)
        assert yard.stop_workers() == [0]


def test_a_worker_that_is_cut_off_from_the_database_alone(open_yard: OpenYard, url: str) -> None:
    """It reaches LeadSquared still, and sends nothing; another one takes over; when the line is mended nothing is doubled."""
    place = urlsplit(url)
    with Line(place.port or 5432) as line:
        yard = open_yard("north", answers_before_hold=ANSWERED)
        number = yard.submit(yard.sheet("north.csv", ROWS), "north")
        far = place._replace(netloc=place.netloc.replace(f":{place.port}", f":{line.port}")).geturl()
        cut_off = yard.worker(ledger=f"{far}?etl_lease_seconds={LEASE_SECONDS}")
        wait_until(lambda: sent(yard) > ANSWERED, "a part of the rows under way")
        yard.between_transactions(line.cut, line.mend)
        yard.let_go()
        falls_silent(yard)
        before = sent(yard)
        yard.worker()
        yard.wait_for(State.ENDED, number)
        line.mend()
        other = yard.submit(yard.sheet("more.csv", 50, first=ROWS + 1), "north")
        yard.wait_for(State.ENDED, other)

        assert before < ROWS / 25
        assert [yard.all()[one].exit_code for one in (number, other)] == [0, 0]
        assert yard.holds_once("north", ROWS + 50)
        assert cut_off.poll() is None
        assert yard.stop_workers() == [0, 0]
