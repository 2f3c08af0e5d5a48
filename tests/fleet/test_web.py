"""What a worker serves beside its work: numbers and health, over a real socket and from a real PostgreSQL."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from prometheus_client import CollectorRegistry, Counter

from etl.clock import SystemClock
from etl.errors import UsageError
from etl.fleet.health import Doctor
from etl.fleet.place import do, opened
from etl.fleet.tables import make_tables
from etl.fleet.web import Address, address_of, served
from etl.settings import Settings
from etl.settings.secret import MASK
from tests.postgresql import Server

BEAT_SECONDS = 10.0


@pytest.fixture(scope="module")
def settings(postgresql: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A fleet's database with two workers in it: number 1 has beaten just now, number 2 an hour ago."""
    url = postgresql.new_database()
    made = Settings(None, url, tmp_path_factory.mktemp("files"))
    make_tables(made)
    with opened(made) as connection:
        for seconds in (0, 3600):
            beat = (
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => %(seconds)s))"
            )
            do(connection, beat, {"seconds": seconds})
    yield made
    postgresql.drop(url)


def asked(url: str, method: str = "GET") -> tuple[int, str, bytes]:
    """Status, kind and body of an answer."""
    try:
        with urlopen(Request(url, method=method), timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except HTTPError as error:
        with closing(error):
            return error.code, error.headers["Content-Type"], error.read()


def health_of(settings: Settings, worker: int | None) -> tuple[int, dict[str, Any]]:
    """What /healthz says of a worker."""
    doctor = Doctor(settings, SystemClock(), BEAT_SECONDS, lambda: worker)
    with served(Address("127.0.0.1", 0), CollectorRegistry(), doctor) as at:
        status, _, body = asked(f"{at.url}/healthz")
    return status, json.loads(body)


WORKERS: dict[str, tuple[int | None, int, str | None]] = {
    "fresh": (1, 200, None),
    "silent": (2, 503, "The last heartbeat is 3600 s old, and may be 30 s."),
    "given up": (99, 503, "Others have taken this worker for gone and have its submissions."),
    "not there yet": (None, 503, "The worker has not signed on yet."),
}


@pytest.mark.parametrize(("worker", "status", "reason"), WORKERS.values(), ids=WORKERS.keys())
def test_a_worker_is_well_if_the_database_knows_a_fresh_heartbeat_of_it(
    settings: Settings, worker: int | None, status: int, reason: str | None
) -> None:
    """Else the answer is 503, with the reason in words."""
    found, told = health_of(settings, worker)

    assert (found, told["reasons"]) == (status, [reason] if reason else [])
    assert told["status"] == ("ok" if status == 200 else "failing")
    assert told["database"]["answers"]


def test_a_worker_without_its_database_is_ill(tmp_path: Path) -> None:
    """The reason names the database, and never its password."""
    with socket.socket() as taken:  # bound and not listening: refused at once
        taken.bind(("127.0.0.1", 0))
        url = f"postgresql+psycopg://etl:very-secret@127.0.0.1:{taken.getsockname()[1]}/etl"
        status, told = health_of(Settings(None, url, tmp_path), 1)

    assert status == 503
    assert not told["database"]["answers"]
    assert f"etl:{MASK}@127.0.0.1" in told["reasons"][0]
    assert "very-secret" not in json.dumps(told)


def test_numbers_are_served_as_prometheus_reads_them(settings: Settings) -> None:
    """In its text format; other paths are told what there is."""
    registry = CollectorRegistry()
    Counter("etl_requests", "Requests.", ["account"], registry=registry).labels("north").inc(3)
    doctor = Doctor(settings, SystemClock(), BEAT_SECONDS, lambda: 1)
    with served(Address("127.0.0.1", 0), registry, doctor) as at:
        status, kind, body = asked(f"{at.url}/metrics?x=1")
        nowhere = asked(f"{at.url}/")
        head = asked(f"{at.url}/metrics", "HEAD")

    assert (status, kind.partition(";")[0]) == (200, "text/plain")
    assert b'etl_requests_total{account="north"} 3.0' in body
    assert (nowhere[0], nowhere[2]) == (404, b"/metrics\n/healthz\n")
    assert head[0] == 200
    assert head[2] == b""


ADDRESSES = {
    ":9000": Address("", 9000),
    "9000": Address("", 9000),
    "127.0.0.1:9000": Address("127.0.0.1", 9000),
    "node-a.example.com:80": Address("node-a.example.com", 80),
    "[::1]:9000": Address("::1", 9000),
}


@pytest.mark.parametrize(("typed", "address"), ADDRESSES.items(), ids=ADDRESSES.keys())
def test_an_address_is_a_port_with_or_without_a_host(typed: str, address: Address) -> None:
    """As other exporters take it."""
    assert address_of(typed) == address


@pytest.mark.parametrize("typed", ["", "here", ":", ":70000", "http://x:9000", "a:b", ":９０００"])
def test_what_is_no_address_is_refused(typed: str) -> None:
    """With an example of one."""
    with pytest.raises(UsageError, match=r"this is no address\. Write a port, like :9000"):
        address_of(typed)


def test_a_port_that_is_taken_is_refused(settings: Settings) -> None:
    """Before anything is worked on."""
    doctor = Doctor(settings, SystemClock(), BEAT_SECONDS, lambda: 1)
    with served(Address("127.0.0.1", 0), CollectorRegistry(), doctor) as at, pytest.raises(UsageError, match="in use"):
        served(at, CollectorRegistry(), doctor).__enter__()
