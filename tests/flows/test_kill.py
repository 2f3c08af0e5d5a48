"""The power goes in the middle of two thousand rows; the same command is typed again."""

from __future__ import annotations

from tests.flows.desk import KEYS, Desk, stored_in
from tests.flows.sheets import VISIT_FIELD, read, visit, write
from tests.flows.waiting import wait_until
from tests.foreign.process import foreign_process

ROWS, LEADS = 1_500, 40
VISITS = [f"V-{number:05}" for number in range(1, ROWS + 1)]
ANSWERED = 10
OPTIONS = ("--limit", "25/0.8", "--access-key", KEYS["access_key"], "--secret-key", KEYS["secret_key"])


def test_after_a_kill_the_same_command_finishes_the_work(desk: Desk) -> None:
    """What was in the air is read back: found or proved absent and sent. Each row once, under its right id; exit code 0."""
    rows = [visit(number, Email=f"lead{number % LEADS}@example.com") for number in range(1, ROWS + 1)]
    write(desk.folder / "visits.csv", rows)
    with foreign_process(*OPTIONS, "--latency", "0.1-0.3", "--answers-before-hold", str(ANSWERED)) as server:
        desk.use(server.host)
        killed = desk.start("run", "visits.csv", "-m", "visits.yaml", LSQ_BULK_LIMIT="8/1")
        wait_until(lambda: len(server.state()["activities"]) > 25 * ANSWERED, "rows there whose answers are not", 0.1)
        killed.kill()
        desk.end_of(killed)
        server.let_go()
        in_the_air = desk.ask_ledger("SELECT COUNT(*) FROM rows WHERE outcome = 'unconfirmed'")[0][0]

        ended = desk.run("visits.csv")

        state = server.state()

    rows = read(desk.folder / "visits.results.csv")
    id_at_server = {one["fields"][VISIT_FIELD]: one["activity_id"] for one in state["activities"]}
    assert killed.returncode == -9
    assert 0 < in_the_air < ROWS / 2
    assert (ended.code, ended.counts()) == (0, {"created": ROWS})
    assert stored_in(state) == dict.fromkeys(VISITS, 1)
    assert state["refused_for_rate"] == 0
    assert [row["Visit"] for row in rows] == VISITS
    assert {row["Visit"]: row["ProspectActivityId"] for row in rows} == id_at_server
