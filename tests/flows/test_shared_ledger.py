"""A ledger in a real PostgreSQL: two laptops, killed commands, a database that goes away, a process that was halted too long."""

from __future__ import annotations

import json
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.conftest import Serve
from tests.flows.desk import Desk, carried_rows, stored
from tests.flows.sheets import read, visits, write
from tests.flows.waiting import wait_until
from tests.flows.warm import WarmStart
from tests.foreign.server import ForeignServer
from tests.postgresql import LOCKED_USER, PASSWORD, Server, own_server

LEASE_SECONDS = 3
SHORT_LEASES = f"?etl_lease_seconds={LEASE_SECONDS}"


def once(rows: int) -> dict[str, int]:
    return dict.fromkeys((f"V-{number:05}" for number in range(1, rows + 1)), 1)


@pytest.fixture
def shared(desk: Desk, postgresql_url: str) -> Desk:
    """A desk whose ledger is in a database, with leases that end soon."""
    desk.share(postgresql_url + SHORT_LEASES)
    return desk


@pytest.fixture
def other(tmp_path: Path, warm: WarmStart, shared: Desk) -> Desk:
    """The other laptop: another home and another folder, the same ledger and the same account."""
    (tmp_path / "other").mkdir()
    return Desk(tmp_path / "other", warm)


@pytest.fixture
def own() -> Iterator[Server]:
    """A PostgreSQL that may be killed."""
    with own_server() as server:
        yield server


def as_here(other: Desk, here: Desk) -> None:
    """The account and the ledger of the one laptop at the other one."""
    kept = ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")
    other.environ = here.environ | {name: other.environ[name] for name in kept}


def test_two_laptops_share_one_ledger(shared: Desk, other: Desk, server: ForeignServer) -> None:
    """What one has sent the other does not send; it writes the results of a sheet that it never had, and goes on with its run."""
    as_here(other, shared)
    write(shared.folder / "visits.csv", visits(60))
    sent = shared.run("visits.csv", "--not-after", "23:59")
    shutil.copy(shared.folder / "visits.csv", other.folder / "mine.csv")
    (shared.folder / "visits.csv").unlink()

    results = other.etl("results", "1", "-o", other.folder / "theirs.csv")
    again = other.run("mine.csv")
    listed = other.etl("runs", "--json")

    assert (sent.code, sent.counts()) == (0, {"created": 60})
    assert (results.code, len(read(other.folder / "theirs.csv"))) == (0, 60)
    assert (again.code, again.counts()) == (0, {"created": 60})
    assert len(json.loads(listed.out)["runs"]) == 1
    assert stored(server) == once(60)


def test_killed_here_it_goes_on_at_once(shared: Desk, serve: Serve) -> None:
    """kill -9 leaves a lease behind: on the same machine its holder is known to be dead, so nobody waits for its end."""
    server = serve(answers_before_hold=3)
    shared.environ["ETL_LEDGER"] = shared.environ["ETL_LEDGER"].replace(SHORT_LEASES, "?etl_lease_seconds=600")
    write(shared.folder / "visits.csv", visits(300))
    killed = shared.start_warm("run", "visits.csv", "-m", "visits.yaml", LSQ_BULK_LIMIT="6/1")
    wait_until(lambda: len(server.activities) > 75, "rows to be there whose answers are not")
    killed.kill()
    shared.end_of(killed)
    server.behaviour.answers_before_hold = None
    in_doubt = shared.ask_ledger("SELECT COUNT(*) FROM rows WHERE outcome = 'unconfirmed'")[0][0]

    ended = shared.run("visits.csv")

    assert in_doubt > 0
    assert (ended.code, ended.counts()) == (0, {"created": 300})
    assert stored(server) == once(300)


def test_a_process_that_was_halted_too_long_sends_nothing_more(shared: Desk, other: Desk, serve: Serve) -> None:
    """Its lease has ended and another laptop has gone on: it notices before it sends, and ends with exit code 6."""
    server = serve(answers_before_hold=3)
    as_here(other, shared)
    write(shared.folder / "visits.csv", visits(400))
    shutil.copy(shared.folder / "visits.csv", other.folder / "visits.csv")
    halted = shared.start_warm("run", "visits.csv", "-m", "visits.yaml", LSQ_BULK_LIMIT="4/1")
    wait_until(lambda: len(server.activities) > 75, "rows to be there whose answers are not")
    busy = other.run("visits.csv")
    halted.send_signal(signal.SIGSTOP)
    server.behaviour.answers_before_hold = None
    time.sleep(LEASE_SECONDS)

    went_on = other.run("visits.csv")
    sent = len(carried_rows(server))
    halted.send_signal(signal.SIGCONT)
    stopped = shared.end_of(halted)

    assert busy.code == 8 and "Another process is importing this input at this moment: " in busy.err
    assert (went_on.code, went_on.counts()) == (0, {"created": 400})
    assert stopped.code == 6 and "another process has taken over" in stopped.said
    assert len(carried_rows(server)) == sent
    assert stored(server) == once(400)
    assert shared.ask_ledger("SELECT state FROM runs") == [("finished",)]


def test_the_database_is_killed_for_seconds(desk: Desk, serve: Serve, own: Server) -> None:
    """Answers that come meanwhile are settled when it is back, and the command goes on by itself: each row once, exit code 0."""
    server = serve(answers_before_hold=6)
    desk.share(own.new_database())
    write(desk.folder / "visits.csv", visits(600))
    running = desk.start_warm("run", "visits.csv", "-m", "visits.yaml", LSQ_BULK_LIMIT="8/1")
    wait_until(lambda: len(server.activities) > 150, "rows to be there whose answers are not")
    own.kill()
    server.behaviour.answers_before_hold = None
    time.sleep(0.5)  # for what is on its way
    before = len(carried_rows(server))
    time.sleep(1.0)
    meanwhile = len(carried_rows(server))
    own.start()

    ended = desk.end_of(running)

    assert meanwhile == before, "sent without a commit"
    assert (ended.code, ended.counts()) == (0, {"created": 600})
    assert stored(server) == once(600)
    assert server.refused_for_rate == 0


def test_a_ledger_moves_and_comes_back(desk: Desk, server: ForeignServer, postgresql_url: str) -> None:
    """Into the database and into another file: nothing is sent again from where it is, and nothing at all from where it was."""
    write(desk.folder / "visits.csv", visits(40))
    desk.run("visits.csv")
    file, back = desk.ledger, desk.home / "back.db"

    moved = desk.etl("ledger", "move", file, postgresql_url)
    there = desk.run("visits.csv", ETL_LEDGER=postgresql_url)
    here = desk.run("visits.csv")
    shown = desk.etl("ledger")
    twice = desk.etl("ledger", "move", file, postgresql_url)
    returned = desk.etl("ledger", "move", postgresql_url, back, "--json")
    write(desk.folder / "visits.csv", visits(50))
    extended = desk.run("visits.csv", ETL_LEDGER=str(back))

    assert (moved.code, there.code, returned.code) == (0, 0, 0), moved.said + there.said + returned.said
    assert there.counts() == {"created": 40}
    assert here.code == 2 and f"moved to {postgresql_url}" in here.err
    assert f"Moved to: {postgresql_url}" in shown.out
    assert twice.code == 2 and "moved to" in twice.err
    assert json.loads(returned.out)["tables"]["rows"] == 40 and json.loads(returned.out)["kept_files"] == 2
    assert extended.counts() == {"created": 10, "already imported": 40}
    assert stored(server) == once(50)


def test_nobody_moves_a_ledger_that_somebody_sends_from(desk: Desk, serve: Serve, postgresql_url: str) -> None:
    """It is refused with exit code 8, and the import goes on as if nothing had been asked."""
    server = serve(answers_before_hold=1)
    write(desk.folder / "visits.csv", visits(75))
    running = desk.start_warm("run", "visits.csv", "-m", "visits.yaml")
    wait_until(lambda: len(server.activities) > 25, "rows to be there whose answers are not")

    refused = desk.etl("ledger", "move", desk.ledger, postgresql_url)
    server.behaviour.answers_before_hold = None
    ended = desk.end_of(running)

    assert refused.code == 8 and "Nothing was moved" in refused.err
    assert (ended.code, ended.counts()) == (0, {"created": 75})


def test_passwords_are_shown_nowhere(
    desk: Desk, server: ForeignServer, postgresql: Server, postgresql_url: str
) -> None:
    """Not in what is printed, not in a file, not in the ledger; from the URL and from PGPASSWORD it serves alike."""
    name = postgresql_url.rpartition("/")[2]
    postgresql.do(f"ALTER DATABASE {name} OWNER TO {LOCKED_USER}")
    with_password = postgresql.url(name, LOCKED_USER, PASSWORD)
    without = postgresql.url(name, LOCKED_USER)
    write(desk.folder / "visits.csv", visits(3))

    ended = desk.run("visits.csv", "-v", "--json-events", "events.jsonl", ETL_LEDGER=with_password)
    told = [
        desk.etl("ledger", "--json", ETL_LEDGER=with_password),
        desk.etl("accounts", ETL_LEDGER=with_password),
        desk.etl("runs", ETL_LEDGER=without, PGPASSWORD=PASSWORD),
        desk.etl("report", "1", "-o", "run.html", ETL_LEDGER=with_password),
    ]
    wrong = desk.etl("runs", ETL_LEDGER=without, PGPASSWORD="nobody knows")

    assert ended.code == 0, ended.said
    assert [one.code for one in told] == [0] * 4, [one.said for one in told]
    assert wrong.code == 2 and "The password or the user is wrong" in wrong.err
    written = postgresql.ask("SELECT string_agg(r::text, ' ') FROM run_steps AS r", database=name)[0][0]
    for secret in (PASSWORD, with_password.split(":")[2].split("@")[0], "nobody knows"):
        assert all(secret not in one.said for one in (ended, *told, wrong))
        assert secret not in written
        assert all(secret.encode() not in content for content in desk.bytes_of_all_files().values())
