"""The power goes in the middle of two thousand rows; the same command is typed again."""

from __future__ import annotations

import json
from itertools import chain

from tests.flows.desk import KEYS, Desk, stored_in
from tests.flows.sheets import VISIT_FIELD, read, visits, write
from tests.flows.waiting import wait_until
from tests.foreign.process import ForeignProcess, foreign_process

ROWS = 2_000
VISITS = [f"V-{number:05}" for number in range(1, ROWS + 1)]
OPTIONS = ("--limit", "25/1", "--access-key", KEYS["access_key"], "--secret-key", KEYS["secret_key"])


def bodies_at(server: ForeignProcess) -> list[list[str]]:
    """The visits that each request carried, in the order of arrival."""
    bodies = [json.loads(request["body"]) for request in server.state()["requests"] if request["method"] == "POST"]
    return [
        [field["Value"] for row in body for field in row["Fields"] if field["SchemaName"] == VISIT_FIELD]
        for body in bodies
    ]


def test_after_a_kill_only_rows_in_the_air_stay_in_doubt(desk: Desk) -> None:
    """No row is sent twice; the rows of requests without an answer are unconfirmed, all others arrive; exit code 7."""
    write(desk.folder / "visits.csv", visits(ROWS))
    with foreign_process(*OPTIONS, "--latency", "0.05-0.4") as server:
        desk.use(server.host)
        killed = desk.start("run", "visits.csv", "-m", "visits.yaml")
        wait_until(lambda: len(server.state()["requests"]) > 30, "a good part of the rows under way")
        killed.kill()
        desk.end_of(killed)
        in_the_air = in_doubt(desk)

        ended = desk.run("visits.csv")

        sent = list(chain.from_iterable(bodies_at(server)))
        state = server.state()

    rows = read(desk.folder / "visits.results.csv")
    unconfirmed = {row["Visit"] for row in rows if row["etl_status"] == "unconfirmed"}
    id_at_server = {one["fields"][VISIT_FIELD]: one["activity_id"] for one in state["activities"]}
    assert killed.returncode == -9
    assert ended.code == 7
    assert 0 < len(in_the_air) < ROWS / 2
    assert unconfirmed == in_the_air
    assert ended.counts() == {"created": ROWS - len(in_the_air), "unconfirmed": len(in_the_air)}
    assert len(sent) == len(set(sent)), "a row was sent twice"
    assert set(sent) >= set(VISITS) - in_the_air
    assert max(stored_in(state).values()) == 1
    assert state["refused_for_rate"] == 0
    assert [row["Visit"] for row in rows] == VISITS
    assert all(
        row["ProspectActivityId"] == id_at_server[row["Visit"]] for row in rows if row["Visit"] not in unconfirmed
    )
    doubtful = next(row for row in rows if row["Visit"] in unconfirmed)
    assert "Sent at 20" in doubtful["etl_error"] and "Do not enter it by hand" in doubtful["etl_hint"]


def in_doubt(desk: Desk) -> set[str]:
    """The visits whose requests the ledger holds without an end: rows of the sheet start in its second line."""
    found = desk.ask_ledger(
        "SELECT row_number FROM rows JOIN requests USING (request_id) WHERE requests.ended_mono IS NULL"
    )
    return {VISITS[number - 2] for (number,) in found}
