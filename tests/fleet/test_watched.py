"""A real worker as others watch it: scraped, asked how it is, and seen in a terminal."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.request import urlopen

from etl.fleet.submissions import State
from tests.fleet.conftest import OpenYard
from tests.fleet.yard import Yard
from tests.flows.waiting import wait_until

ROWS = 100


def test_a_worker_is_scraped_asked_how_it_is_and_seen(open_yard: OpenYard) -> None:
    """What it has sent is counted under its account, its heartbeat is fresh, and the fleet has it in its list."""
    yard = open_yard("north", "south")
    number = yard.submit(yard.sheet("north.csv", ROWS), "north")
    waits = yard.submit(yard.sheet("south.csv", ROWS), "south")
    yard.worker("--metrics", "127.0.0.1:0", "--accounts", "north")
    yard.wait_for(State.ENDED, number)
    (url,) = re.findall(r"Numbers and health: (http://127\.0\.0\.1:\d+)/metrics", yard.said(0))

    scraped = _asked(f"{url}/metrics")
    wait_until(lambda: bool(_fleet(yard)["workers"]), "the worker to sign on")
    health = json.loads(_asked(f"{url}/healthz"))
    seen = _fleet(yard)
    shown = yard.etl("fleet")

    for line in (
        f'etl_rows_total{{account="north",outcome="created"}} {ROWS}.0',
        f'etl_requests_total{{account="north"}} {ROWS // 25}.0',
        'etl_turns_total{account="north",exit_code="0"} 1.0',
        'etl_refusals_total{account="north"} 0.0',
        'etl_queue_submissions{account="north",state="waiting"} 0.0',
        'etl_queue_submissions{account="south",state="waiting"} 1.0',
        'etl_account_served{account="south"} 0.0',
        'etl_rows_unconfirmed{account="north"} 0.0',
        "etl_worker_places 2.0",
        "etl_database_up 1.0",
    ):
        assert f"\n{line}\n" in scraped, line
    assert "north.csv" not in scraped
    assert float(_value(scraped, 'etl_limit_used_ratio{account="north"}')) > 0
    assert (health["status"], health["reasons"]) == ("ok", [])
    assert health["heartbeat"]["age_seconds"] < health["heartbeat"]["at_most_seconds"]
    assert [one["accounts"] for one in seen["workers"]] == [["north"]]
    assert seen["worries"] == ["No worker serves south, and something waits for it. Start one: etl worker"]
    assert shown.code == 0, shown.said
    assert "1 worker, 2 accounts; 0 submissions at work, 1 waiting" in shown.out
    assert yard.stop_workers() == [0]
    assert yard.all()[waits].state is State.WAITING


def test_a_wrong_address_is_refused_before_anything_is_taken(open_yard: OpenYard) -> None:
    """Exit code 2, and the submission waits as before."""
    yard = open_yard("north")
    number = yard.submit(yard.sheet("north.csv", 5), "north")

    ended = yard.etl("worker", "--metrics", "everywhere")

    assert ended.code == 2
    assert "--metrics everywhere: this is no address." in " ".join(ended.said.split())
    assert yard.all()[number].state is State.WAITING


def _asked(url: str) -> str:
    with urlopen(url, timeout=10) as answer:
        text: str = answer.read().decode()
    return text


def _value(scraped: str, series: str) -> str:
    return next(line.rpartition(" ")[2] for line in scraped.splitlines() if line.startswith(series))


def _fleet(yard: Yard) -> dict[str, Any]:
    ended = yard.etl("fleet", "--json")
    assert ended.code == 0, ended.said
    told: dict[str, Any] = json.loads(ended.out)
    return told
