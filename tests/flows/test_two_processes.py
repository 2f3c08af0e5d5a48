"""Two commands at the same time on one ledger."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3

from tests.flows.conftest import ON_BOTH, SERVED_LIMIT, Serve
from tests.flows.desk import KEYS, Desk, carried_rows, stored
from tests.flows.sheets import MAPPING, VISIT_FIELD, visits, write
from tests.flows.waiting import wait_until
from tests.foreign.server import ForeignServer


@ON_BOTH
def test_one_input_is_imported_by_one_process(desk: Desk, server: ForeignServer) -> None:
    """The second command on a sheet, or on a copy or later state of it, ends with exit code 8 and sends nothing."""
    write(desk.folder / "visits.csv", visits(60))
    shutil.copy(desk.folder / "visits.csv", desk.folder / "copy.csv")
    first = desk.start_warm("run", "visits.csv", "-m", "visits.yaml", LSQ_BULK_LIMIT="1/600")
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


def test_four_inputs_share_the_limits(desk: Desk, serve: Serve) -> None:
    """Four commands at once keep to the account's limit together, and none of them starves."""
    server = serve(latency_seconds=(0.0, 0.02))
    for branch in range(4):
        write(desk.folder / f"b{branch}.csv", visits(3_000 * branch + 3_000, first=3_000 * branch + 1))

    started = [
        desk.start_warm("run", f"b{branch}.csv", "-m", "visits.yaml", "--rows-ok", "3000") for branch in range(4)
    ]
    try:
        wait_until(lambda: sum(_since_all_are_at_work(desk)) >= 120, "all four to be at work for some windows", 0.2)
        shares = _since_all_are_at_work(desk)
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        ends = [desk.end_of(process) for process in started]

    assert max(shares) <= 2 * min(shares), shares
    assert [ended.code for ended in ends] == [143] * 4
    assert sum(ended.counts()["created"] for ended in ends) == len(server.activities)
    assert set(stored(server).values()) == {1}
    assert server.refused_for_rate == 0
    assert server.busiest_window(SERVED_LIMIT[1]) <= 25


def _requests_by_run(desk: Desk) -> dict[int, list[float]]:
    """When the requests of each run went out."""
    try:
        sent = desk.ask_ledger("SELECT run_id, sent_mono FROM requests WHERE run_id IS NOT NULL ORDER BY sent_mono")
    except sqlite3.OperationalError:  # it is being made
        return {}
    return {run: [moment for one, moment in sent if one == run] for run, _ in sent}


def _since_all_are_at_work(desk: Desk) -> list[int]:
    """How many requests of each run went out since the last of four has begun to send."""
    of_run = _requests_by_run(desk)
    since = max((moments[0] for moments in of_run.values()), default=0.0)
    return [sum(moment >= since for moment in moments) for moments in of_run.values()] if len(of_run) == 4 else []


def test_several_files_in_one_command_are_interrupted_together(desk: Desk, serve: Serve) -> None:
    """Ctrl-C ends all that are under way side by side with exit code 130; the same command sends what is left, once."""
    server = serve(latency_seconds=(0.02, 0.05), answers_before_hold=2)
    for name, first in (("north", 1), ("south", 1_001), ("west", 2_001)):
        write(desk.folder / f"{name}.csv", visits(first + 499, first=first))
    command = (
        "north.csv",
        "south.csv",
        "west.csv",
        "-m",
        "visits.yaml",
        "--jobs",
        "2",
        "--json-events",
        "events.jsonl",
    )

    running = desk.start_warm("run", *command)
    wait_until(lambda: len(_requests_by_run(desk)) == 2, "two sheets to be under way")
    wait_until(lambda: all(_has_arrived(server, key) for key in (b"V-00", b"V-01")), "rows of both to have arrived")
    running.send_signal(signal.SIGINT)
    wait_until(lambda: "Stopping" in running.said(), "it to have understood")
    server.behaviour.answers_before_hold = None
    stopped = desk.end_of(running)
    arrived = len(server.activities)
    events = [json.loads(line) for line in (desk.folder / "events.jsonl").read_text("utf-8").splitlines()]
    done = desk.etl("run", *command)

    assert stopped.code == 130 and stopped.out.count("interrupted by Ctrl-C") == 3, stopped.said
    assert {one["input"] for one in events if one["event"] == "request_sent"} == {"north.csv", "south.csv"}
    assert sum(one["rows"].get("created", 0) for one in events if one["event"] == "finished") == arrived < 1_500
    assert done.code == 0, done.said
    assert (len(server.activities), set(stored(server).values())) == (1_500, {1})


def test_mappings_name_the_accounts_of_one_command(desk: Desk, serve: Serve) -> None:
    """`-m` once for each file: rows go into the account that their mapping names; another one on the command line is refused."""
    north, south = serve(), serve()
    accounts = {"north": north, "south": south}
    keys = f'access_key = "{KEYS["access_key"]}"\nsecret_key = "{KEYS["secret_key"]}"\n'
    settings = "".join(f'[accounts.{name}]\nhost = "{server.host}"\n{keys}' for name, server in accounts.items())
    (desk.folder / "etl.toml").write_text(settings, encoding="utf-8")
    (desk.folder / "etl.toml").chmod(0o600)
    for place, name in enumerate(accounts):
        mapping = MAPPING.replace("name: visits", f"name: {name}\naccount: {name}")
        (desk.folder / f"{name}.yaml").write_text(mapping, encoding="utf-8")
        write(desk.folder / f"{name}.csv", visits(10 * place + 10, first=10 * place + 1))
    bare = {variable: "" for variable in desk.environ if variable.startswith("LSQ_")}
    command = ("run", "north.csv", "south.csv", "-m", "north.yaml", "-m", "south.yaml")

    refused = desk.etl(*command, "-a", "north", **bare)
    mixed = desk.etl(*command)
    sent = desk.etl(*command, **bare)

    assert (refused.code, mixed.code, sent.code) == (2, 2, 0), sent.said
    assert "-a north and south.yaml:3:10: account: south" in refused.err
    assert "north.yaml:3:10: account: north and LSQ_HOST" in mixed.err
    assert "Account north" in sent.err and "Account south" in sent.err
    assert (len(north.activities), len(south.activities)) == (10, 10)
    assert {activity.fields[VISIT_FIELD] for activity in north.activities} == {f"V-{one:05}" for one in range(1, 11)}


def _has_arrived(server: ForeignServer, key: bytes) -> bool:
    """Whether a row came whose key begins so: one that is in the ledger may still be kept back by a stop."""
    return any(key in request.body for request in server.requests)
