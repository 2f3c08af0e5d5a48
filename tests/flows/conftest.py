"""What every flow starts from: a desk, and a server that the command finds there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.flows.desk import KEYS, Desk
from tests.flows.warm import WarmStart
from tests.foreign.server import ForeignServer

Serve = Callable[..., ForeignServer]


@pytest.fixture(scope="session")
def warm() -> Iterator[WarmStart]:
    """Where commands start at once."""
    started = WarmStart()
    yield started
    started.close()


@pytest.fixture
def desk(tmp_path: Path, warm: WarmStart) -> Desk:
    """An empty desk without an account; nothing of the caller's own environment reaches it."""
    return Desk(tmp_path, warm)


@pytest.fixture
def serve(desk: Desk) -> Iterator[Serve]:
    """Start a foreign server with the behaviour that a test names, and set the desk's account to it."""
    with ExitStack() as stack:

        def start(**behaviour: Any) -> ForeignServer:
            chosen = {"limit": (25, 1.0), "latency_seconds": (0.0, 0.02)} | KEYS | behaviour
            server = stack.enter_context(ForeignServer(**chosen))
            desk.use(server.host)
            return server

        yield start


@pytest.fixture
def server(serve: Serve) -> ForeignServer:
    """A quick server without faults."""
    return serve()
