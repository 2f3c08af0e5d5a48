"""Real workers, a real queue, real kills: each row is at the server once, whatever happens to whom."""

from __future__ import annotations

import os
import signal
import time
from datetime import UTC, datetime

from etl.fleet.handing_over import HAND_OVER_SECONDS
from etl.fleet.submissions import State
from tests.fleet.conftest import OpenYard
from tests.fleet.yard import LEASE_SECONDS
from tests.flows.desk import carried_rows, stored
from tests.flows.sheets import MAPPING, read, visit, visits, write
from tests.flows.waiting import wait_until
from tests.notify.listeners import http_listener

ACCOUNTS = ("north", "south", "east", "west")
ANSWERED = 6
"""So many requests are answered; what is sent then stays in the air until the test has looked."""


def test_three_workers_serve_four_accounts(open_yard: OpenYard) -> None:
    """Each row once, none refused; results are fetched from the ledger by the number of the submission."""
    yard = open_yard(*ACCOUNTS, bulk_limit=(10, 0.5))  # sooner than the workers count on: machines stall
    numbers = {account: yard.submit(yard.sheet(f"{account}.csv", 400), account) for account in ACCOUNTS}
    for _ in range(3):
        yard.worker()
    yard.wait_for(State.ENDED, *numbers.values())

    fetched = yard.etl("results", f"s{numbers['north']}", "-o", "again.csv")
    listed = yard.etl("runs", "--all")

    assert [yard.all()[one].exit_code for one in numbers.values()] == [0] * 4
    assert all(yard.holds_once(account, 400) for account in ACCOUNTS)
    assert yard.refused == 0
    assert fetched.code == 0, fetched.said
    assert len(read(yard.folder / "again.csv")) == 400
    assert "not over" not in listed.out
    assert yard.stop_workers() == [0, 0, 0]


def test_a_killed_worker_is_no_loss(open_yard: OpenYard) -> None:
    """kill -9 in the middle: another one notices, reads back what was in the air, and goes on."""
    yard = open_yard("north", answers_before_hold=ANSWERED)
    number = yard.submit(yard.sheet("north.csv", 600), "north")
    killed = yard.worker()
    wait_until(lambda: len(carried_rows(yard.servers["north"])) > ANSWERED, "a part of the rows under way")
    killed.kill()
    yard.let_go()
    yard.worker()
    yard.wait_for(State.ENDED, number)

    assert yard.all()[number].exit_code == 0, yard.all()[number].said
    assert yard.holds_once("north", 600)


def test_a_worker_told_to_stop_hands_over_within_seconds(open_yard: OpenYard) -> None:
    """It ends with code 0, what it had waits at once, not as failed, and another worker finishes it."""
    yard = open_yard("north", answers_before_hold=ANSWERED)
    number = yard.submit(yard.sheet("north.csv", 600), "north")
    first = yard.worker()
    wait_until(lambda: len(carried_rows(yard.servers["north"])) > ANSWERED, "a part of the rows under way")
    yard.tell_workers_to_stop()
    wait_until(lambda: "Stopping" in yard.said(0), "it to have understood")
    yard.let_go()
    assert yard.ends_of_workers() == [0]
    after = yard.all()[number]
    sent = len(stored(yard.servers["north"]))
    yard.worker()
    yard.wait_for(State.ENDED, number)

    assert first.returncode == 0
    assert (after.state, after.runs) == (State.WAITING, yard.all()[number].runs)
    assert 0 < sent < 600
    assert yard.holds_once("north", 600)
    assert "back into the queue: its worker was stopped" in yard.said(0)


def test_a_worker_told_to_stop_waits_for_no_answer_that_does_not_come(open_yard: OpenYard) -> None:
    """LeadSquared hangs: the worker is gone within seconds, others go on at once, and look first for what was in the air."""
    yard = open_yard("north", answers_before_hold=ANSWERED)
    number = yard.submit(yard.sheet("north.csv", 300), "north")
    worker = yard.worker(ledger=f"{yard.url}?etl_lease_seconds=600")  # given up, and not only over soon
    wait_until(lambda: len(carried_rows(yard.servers["north"])) > ANSWERED, "a part of the rows under way")
    told = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    assert yard.ends_of_workers() == [0]
    seconds = time.monotonic() - told
    after = yard.all()[number]
    sent = len(carried_rows(yard.servers["north"]))
    yard.let_go()
    yard.worker()
    yard.wait_for(State.ENDED, number)

    assert HAND_OVER_SECONDS < seconds < HAND_OVER_SECONDS + 5.0
    assert (after.state, after.runs, after.not_before) == (State.WAITING, yard.all()[number].runs, None)
    assert "looked for first" in (after.said or "")
    assert sent < 300 / 25
    assert yard.all()[number].exit_code == 0, yard.all()[number].said
    assert yard.holds_once("north", 300)


def test_a_frozen_worker_sends_nothing_when_it_thaws(open_yard: OpenYard) -> None:
    """Both believe that they have the run: the one whose lease is over does not send."""
    yard = open_yard("north", answers_before_hold=ANSWERED)
    number = yard.submit(yard.sheet("north.csv", 600), "north")
    frozen = yard.worker()
    wait_until(lambda: len(carried_rows(yard.servers["north"])) > ANSWERED, "a part of the rows under way")
    yard.freeze(frozen.pid)
    yard.let_go()
    yard.worker()
    wait_until(lambda: yard.all()[number].pid not in {None, frozen.pid}, "the other one to take it over", 0.1)
    wait_until(lambda: "request" in yard.said(1), "the other one to send")
    os.kill(frozen.pid, signal.SIGCONT)
    yard.wait_for(State.ENDED, number)

    assert yard.all()[number].exit_code == 0, yard.all()[number].said
    assert yard.holds_once("north", 600)
    assert LEASE_SECONDS < 10


def test_stop_and_pause_reach_every_machine(open_yard: OpenYard) -> None:
    """By the number of a run, or of what waits; and what was stopped goes on when it is submitted again."""
    yard = open_yard("north", "south", answers_before_hold=0)
    running = yard.submit(yard.sheet("north.csv", 600), "north")
    paused = yard.submit(yard.sheet("south.csv", 600), "south")
    yard.worker()
    wait_until(lambda: all(yard.all()[one].runs for one in (running, paused)), "both runs to begin", 0.1)

    stopped = yard.etl("stop", str(yard.all()[running].runs[0]))
    yard.etl("pause", "south", "--because", "migration until Monday")
    yard.let_go()
    yard.wait_for(State.STOPPED, running)
    yard.wait_for(State.PAUSED, paused)
    listed = yard.etl("runs", "--all")
    told = yard.etl("runs", str(yard.all()[running].runs[0]))
    again = yard.etl("submit", "--again", f"s{running}")
    yard.etl("pause", "south", "--resume")
    yard.wait_for(State.ENDED, running + 2, paused)

    assert f"s{running} (north.csv) was asked to stop" in stopped.out
    assert "paused" in listed.out
    assert "migration until Monday" in listed.out
    assert f"etl submit --again s{running}" in told.out
    assert f"as s{running + 2}" in again.out
    assert yard.holds_once("north", 600)
    assert yard.holds_once("south", 600)


def test_a_revoked_key_pauses_the_account(open_yard: OpenYard) -> None:
    """It is not tried again and again, others are told, and all goes on when the key is right and the account resumed."""
    yard = open_yard("north")
    right = yard.servers["north"].behaviour.access_key
    yard.servers["north"].behaviour.access_key = "another"
    number = yard.submit(yard.sheet("north.csv", 30), "north")
    with http_listener() as listener:
        with (yard.folder / "etl.toml").open("a", encoding="utf-8") as file:
            file.write(f'[notify.ops]\nwebhook = "{listener.at("/ops")}"\n')
        yard.worker()
        yard.wait_for(State.PAUSED, number)
        wait_until(lambda: "/ops" in listener.paths, "others to be told")
        told = listener.body_of("/ops")
    assert "The account north was paused" in told
    assert "etl pause north --resume" in told
    asked = len(yard.servers["north"].requests)
    listed = yard.etl("pause")
    yard.servers["north"].behaviour.access_key = right
    resumed = yard.etl("pause", "north", "--resume")
    yard.wait_for(State.ENDED, number)

    assert asked < 6
    assert "north: paused since" in listed.out
    assert resumed.code == 0
    assert yard.holds_once("north", 30)


def test_what_cannot_be_imported_is_refused_at_the_door(open_yard: OpenYard) -> None:
    """A mapping that does not fit, an account of which nobody has heard; and what waits already is not submitted twice."""
    yard = open_yard("north")
    (yard.folder / "other.csv").write_text("Name,City\nasha,Pune\n", encoding="utf-8")
    wrong = yard.etl("submit", "other.csv", "-m", "visits.yaml", "-a", "north")
    slip = yard.etl("submit", yard.sheet("north.csv", 3), "-m", "visits.yaml", "-a", "nroth")
    first = yard.submit("north.csv", "north")
    second = yard.etl("submit", "north.csv", "-m", "visits.yaml", "-a", "north", "--rows-ok", "9999")

    assert (wrong.code, slip.code, second.code) == (2, 2, 0)
    assert "Did you mean north?" in slip.err
    assert f"s{first} for north" in second.out
    assert "was submitted before and is not over yet" in second.out
    assert "No worker serves north at this moment" in second.err
    assert list(yard.all()) == [first]


def test_workers_import_the_bytes_that_were_submitted(open_yard: OpenYard) -> None:
    """Sheet, mapping and lookup file, whatever becomes of them; the results go where the submission says."""
    yard = open_yard("north")
    (yard.folder / "people.csv").write_text("Name,Mail\nRavi,ravi@example.com\n", encoding="utf-8")
    mappings = yard.folder / "mappings"
    mappings.mkdir()
    lines = MAPPING.replace("  Remarks:", "  Who: {to: ActivityOwnerEmail, lookup: ../people.csv}\n  Remarks:")
    (mappings / "visits.yaml").write_text(lines, encoding="utf-8")
    write(yard.folder / "north.csv", [visit(number, Who="Ravi") for number in range(1, 6)])
    number = yard.submit("north.csv", "north", "--results", "done", mapping="mappings/visits.yaml")
    for gone in (yard.folder / "people.csv", mappings / "visits.yaml", yard.folder / "north.csv"):
        gone.unlink()
    yard.worker()
    yard.wait_for(State.ENDED, number)

    assert yard.all()[number].exit_code == 0, yard.all()[number].said
    assert {one.owner_email for one in yard.servers["north"].activities} == {"ravi@example.com"}
    rows = read(yard.folder / "done" / "north.results.csv")
    assert [row["etl_status"] for row in rows] == ["created"] * 5
    assert not list(yard.home.rglob("etl-fleet/s*"))


def test_a_spent_quota_is_waited_for(open_yard: OpenYard) -> None:
    """What the day has no requests for goes on after midnight UTC, by itself."""
    yard = open_yard("north")
    yard.set_up({"north": yard.servers["north"].host}, daily_requests="20")
    number = yard.submit(yard.sheet("north.csv", 600), "north")
    yard.worker()
    yard.wait_for(State.LATER, number)
    one = yard.all()[number]

    assert one.not_before is not None
    opens = datetime.fromtimestamp(round(one.not_before), UTC)  # clocks are told apart to some milliseconds
    assert (opens.hour, opens.minute) == (0, 1)
    assert 0 < len(yard.servers["north"].activities) < 600
    assert f"not before {opens.astimezone():%Y-%m-%d}" in yard.etl("runs", "--all").out


def test_a_worker_serves_an_inbox(open_yard: OpenYard) -> None:
    """As soon as it starts, and then every so often: without cron."""
    yard = open_yard("north")
    inbox = yard.folder / "drop"
    (inbox / "inbox").mkdir(parents=True)
    route = "{files: '*.csv', mapping: ../visits.yaml, account: north}"
    routes = f"version: 1\ntime_zone: Asia/Kolkata\nsettle: 0s\nroutes:\n  Nagpur: {route}\n"
    (inbox / "routes.yaml").write_text(routes, encoding="utf-8")
    write(inbox / "inbox" / "north.csv", visits(3))
    yard.worker("--inbox", "drop", "--every", "1m")
    wait_until(lambda: any(inbox.rglob("done/**/north.csv")), "the file to be done")

    assert yard.holds_once("north", 3)
    assert yard.stop_workers() == [0]
