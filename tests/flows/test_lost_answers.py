"""Many rows, and LeadSquared's answers get lost in every way: each row is there once, under its id, exit code 0."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.flows.desk import ADDING, KEYS, Desk, stored_in
from tests.flows.sheets import MAPPING, VISIT_FIELD, read, visit, write
from tests.flows.waiting import wait_until
from tests.foreign.process import ForeignProcess, foreign_process

pytestmark = pytest.mark.timeout(300)  # many rows under an account's limits, beside other tests on two cores

ROWS = 1_500
KILLED_ROWS = 1_000
"""The last of six lives is killed behind 900 rows."""
LEADS = 60
TROUBLE = (
    *("--drop-after-storing", "0.1"),
    *("--answer-502-after-storing", "0.05"),
    *("--cut-answer", "0.03"),
    *("--omit-rows", "0.05"),
    *("--visible-after-seconds", "2"),
)
ROW_KEY = "row_key_field: mx_Custom_20\n"


@contextmanager
def trouble(seed: int) -> Iterator[ForeignProcess]:
    options = ("--limit", "25/0.8", "--access-key", KEYS["access_key"], "--secret-key", KEYS["secret_key"])
    with foreign_process(*options, "--latency", "0.02-0.3", "--seed", str(seed), *TROUBLE) as server:
        yield server


def sheet(desk: Desk, count: int = ROWS) -> None:
    write(desk.folder / "visits.csv", [visit(n, Email=f"lead{n % LEADS}@example.com") for n in range(1, count + 1)])


def check(desk: Desk, state: dict[str, Any], count: int = ROWS) -> None:
    """Each row is stored once, and the results name it by its id."""
    expected = [f"V-{number:05}" for number in range(1, count + 1)]
    rows = read(desk.folder / "visits.results.csv")
    id_at_server = {one["fields"][VISIT_FIELD]: one["activity_id"] for one in state["activities"]}
    faults = {request["fault"] for request in state["requests"] if ADDING in request["path"]}
    assert faults >= {"drop_after_storing", "answer_502_after_storing", "omit_rows"}, "too little happened"
    assert stored_in(state) == dict.fromkeys(expected, 1)
    assert state["refused_for_rate"] == 0
    assert [row["Visit"] for row in rows] == expected
    assert {row["Visit"]: row["ProspectActivityId"] for row in rows} == id_at_server
    assert {row["etl_status"] for row in rows} == {"created"}


def test_every_row_is_found_though_its_answer_was_lost(desk: Desk) -> None:
    """Without a row key, by lead and value: what was stored is found, nothing is sent twice, nothing stays in doubt."""
    sheet(desk)
    with trouble(seed=1) as server:
        desk.use(server.host, LSQ_VISIBILITY_WAIT="4", LSQ_LATE_WAIT="2")
        ended = desk.run("visits.csv")
        state = server.state()

    assert (ended.code, ended.counts()) == (0, {"created": ROWS}), ended.said
    check(desk, state)


def test_killed_six_times_on_the_way(desk: Desk) -> None:
    """With a row key: whatever was in the air each time, the last run ends as if nothing had happened."""
    desk.mapping(MAPPING + ROW_KEY)
    sheet(desk, KILLED_ROWS)
    with trouble(seed=2) as server:
        desk.use(server.host, LSQ_VISIBILITY_WAIT="4", LSQ_LATE_WAIT="2")
        for life in range(1, 7):
            running = desk.start_warm("run", "visits.csv", "-m", "visits.yaml")
            wait_until(_has_stored(server, 150 * life), f"life {life} under way", 0.2)
            running.kill()
            desk.end_of(running)
        ended = desk.run("visits.csv")
        state = server.state()

    assert (ended.code, ended.counts()) == (0, {"created": KILLED_ROWS}), ended.said
    check(desk, state, KILLED_ROWS)


def _has_stored(server: ForeignProcess, rows: int) -> Callable[[], bool]:
    return lambda: len(server.state()["activities"]) > rows
