"""What the tests of a fleet start from: a database with its tables, and orders to put into the queue."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from etl.fleet.engine import app_for_a_moment
from etl.fleet.order import KeptFile, Order
from etl.fleet.place import opened
from etl.fleet.queueing import put_into_queue
from etl.fleet.tables import make_tables
from etl.ledger import leaving
from etl.settings import Settings
from tests.fleet.yard import Yard
from tests.flows.conftest import warm
from tests.flows.desk import KEYS
from tests.flows.warm import WarmStart
from tests.foreign.server import ForeignServer
from tests.postgresql import Server, once

__all__ = ["warm"]  # a fixture for these tests, too


def settings_at(url: str, folder: Path) -> Settings:
    """The settings of a command whose ledger is there."""
    return Settings(None, url, folder / "files")


@pytest.fixture(autouse=True)
def _lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that leaves ends its process; that of the tests goes on."""
    monkeypatch.setattr(leaving, "_given_up", threading.Event())


@pytest.fixture
def url(postgresql: Server, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database with the tables of a fleet, made once and copied."""
    base = tmp_path_factory.getbasetemp().parent
    template = once(postgresql, base, "fleet", lambda made: make_tables(settings_at(made, tmp_path)))
    made = postgresql.new_database(template)
    yield made
    postgresql.drop(made)


@pytest.fixture
def settings(url: str, tmp_path: Path) -> Settings:
    return settings_at(url, tmp_path)


def an_order(account: str = "prod", name: str = "visits.csv", **members: object) -> Order:
    """An order for which no bytes are kept. name: of its input, which makes it another one."""
    kept = KeptFile(name, name.encode().hex().ljust(64, "0")[:64])
    return Order(account, f"/desk/{name}", kept, KeptFile("visits.yaml", "ab" * 32), "visits", **members)  # type: ignore[arg-type]


Submit = Callable[..., int]


@pytest.fixture
def submit(settings: Settings) -> Submit:
    """Put an order into the queue; its number."""

    def put(account: str = "prod", name: str = "visits.csv", **members: object) -> int:
        with opened(settings) as connection, app_for_a_moment(settings).open() as app:
            return put_into_queue(an_order(account, name, **members), connection, app)[0]

    return put


OpenYard = Callable[..., Yard]


@pytest.fixture
def open_yard(tmp_path: Path, warm: WarmStart, url: str) -> Iterator[OpenYard]:
    """Open a yard with these accounts, each with a quick server of its own. url: of another ledger."""
    with ExitStack() as stack:

        def start(*accounts: str, ledger: str | None = None, **behaviour: Any) -> Yard:
            chosen = {"limit": (200, 1.0), "bulk_limit": (10, 1.0), "latency_seconds": (0.0, 0.02)} | KEYS | behaviour
            servers = {
                name: stack.enter_context(ForeignServer(org_id=f"7{number:04}", **chosen))
                for number, name in enumerate(accounts)
            }
            yard = Yard(tmp_path / "yard", warm, ledger or url, servers)
            stack.callback(yard.end)
            return yard

        yield start
