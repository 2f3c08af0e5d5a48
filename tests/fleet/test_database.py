"""The database dies under a worker, or the line to it: nothing goes out that is not written down, and nothing twice."""

from __future__ import annotations

import asyncio
import time
from unittest.mock import AsyncMock
from urllib.parse import urlsplit

import pytest

from etl.fleet.engine import app_for_a_moment, app_of_worker
from etl.fleet.place import ask, do, opened
from etl.fleet.submissions import State
from etl.settings import Settings
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
AWAY_SECONDS = 10.0
LAST_SECONDS = LEASE_SECONDS + 1.0
"""So long at most requests may arrive after the cut: while the lease counts as it was last renewed, and what was on its way."""


def sent(yard: Yard) -> int:
    """How many requests with rows have arrived at the server."""
    return len(carried_rows(yard.servers["north"]))


def last_sent(yard: Yard) -> float:
    """When the last request with rows arrived, monotonic."""
    return max(request.arrival for request in carried_rows(yard.servers["north"]))


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
    """kill -9 of all of PostgreSQL for ten seconds: the worker stops sending, waits, and goes on when it is there again."""
    with own_server() as server:
        yard = open_yard("north", ledger=server.new_database(), answers_before_hold=ANSWERED)
        number = yard.submit(yard.sheet("north.csv", ROWS), "north")
        worker = yard.worker()
        wait_until(lambda: sent(yard) > ANSWERED, "a part of the rows under way")
        server.kill()
        died = time.monotonic()
        yard.let_go()
        time.sleep(AWAY_SECONDS)  # the one wait for the clock: for so long it has to be away
        before, last = sent(yard), last_sent(yard)
        server.start()
        yard.wait_for(State.ENDED, number)
        ended = yard.all()[number]

        assert before < ROWS / 25
        assert last < died + LAST_SECONDS
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
        cut = time.monotonic()
        yard.let_go()
        falls_silent(yard)
        before, last = sent(yard), last_sent(yard)
        yard.worker()
        yard.wait_for(State.ENDED, number)
        line.mend()
        other = yard.submit(yard.sheet("more.csv", 50, first=ROWS + 1), "north")
        yard.wait_for(State.ENDED, other)

        assert before < ROWS / 25
        assert last < cut + LAST_SECONDS
        assert [yard.all()[one].exit_code for one in (number, other)] == [0, 0]
        assert yard.holds_once("north", ROWS + 50)
        assert cut_off.poll() is None
        assert yard.stop_workers() == [0, 0]


@pytest.mark.parametrize(
    ("said", "is_now"), [(None, "on"), ("off", "on"), ("local", "local"), ("remote_apply", "remote_apply")]
)
def test_what_the_queue_has_taken_survives_a_crash(settings: Settings, said: str | None, is_now: str) -> None:
    """Where commits are not waited for, those of a fleet are: of a command, of the engine, of a worker. Who asks the database for
    more than that gets it."""
    name = settings.ledger_url.rsplit("/", 1)[-1]
    if said is not None:
        with opened(settings) as connection:
            do(connection, f"ALTER DATABASE {name} SET synchronous_commit = {said}")
    show = "SHOW synchronous_commit"

    async def of_worker() -> str:
        app, _ = app_of_worker(settings, AsyncMock())
        async with app.open_async():
            found = await app.connector.execute_query_one_async(show)
            return str(found["synchronous_commit"])

    with opened(settings) as connection, app_for_a_moment(settings).open() as app:
        modes = [
            ask(connection, show)[0]["synchronous_commit"],
            app.connector.execute_query_one(show)["synchronous_commit"],
            asyncio.run(of_worker()),
        ]

    assert modes == [is_now] * 3
