"""What every flow starts from: a desk, and a server that the command finds there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.flows.desk import KEYS, Desk
from tests.flows.warm import WarmStart
from tests.foreign.server import ForeignServer

SERVED_LIMIT = (25, 0.8)
"""Requests, seconds: the window of these servers ends a fifth sooner than the commands count on, so that a machine that
stands still for a moment, between a request's sending and its arrival, is not taken for a throttle that sends too much."""

Serve = Callable[..., ForeignServer]


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmStart]:
    """Where commands start at once; what it has loaded is shared by all workers of the session."""
    base, is_worker = tmp_path_factory.getbasetemp(), bool(os.environ.get("PYTEST_XDIST_WORKER"))
    started = WarmStart(base.parent if is_worker else base, os.getppid() if is_worker else os.getpid())
    yield started
    started.close()


ON_BOTH = pytest.mark.parametrize("desk", ["sqlite", "postgresql"], indirect=True)
"""For flows that are to go the same way whether the ledger is a file or a database that machines share."""


@pytest.fixture
def desk(tmp_path: Path, warm: WarmStart, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """An empty desk without an account; nothing of the caller's own environment reaches it."""
    made = Desk(tmp_path, warm)
    if getattr(request, "param", "sqlite") == "sqlite":
        yield made
        return
    postgresql = request.getfixturevalue("postgresql")
    made.share(postgresql.new_database())
    yield made
    postgresql.drop(made.environ["ETL_LEDGER"])


@pytest.fixture
def serve(desk: Desk) -> Iterator[Serve]:
    """Start a foreign server with the behaviour that a test names, and set the desk's account to it."""
    with ExitStack() as stack:

        def start(**behaviour: Any) -> ForeignServer:
            chosen = {"limit": SERVED_LIMIT, "latency_seconds": (0.0, 0.02)} | KEYS | behaviour
            server = stack.enter_context(ForeignServer(**chosen))
            desk.use(server.host)
            return server

        yield start


@pytest.fixture
def server(serve: Serve) -> ForeignServer:
    """A quick server without faults."""
    return serve()
