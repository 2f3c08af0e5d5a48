"""An empty ledger for each test, and the same one open a second time: in a SQLite file, and in a PostgreSQL database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clocks import ManualClock
from tests.ledger.books import Book, open_book
from tests.ledger.shared import emptied_ledger

SQLITE, POSTGRESQL = "sqlite", "postgresql"


HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Each test runs on both; of a table of cases all lines on SQLite and the first on PostgreSQL, where a test costs
    more. `ON_BOTH=all make test` runs all lines on both."""
    if os.environ.get("ON_BOTH") == "all":
        return
    seen: set[tuple[Path, str]] = set()
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        case = getattr(item, "callspec", None)
        if case is None or case.params.get("kind") != POSTGRESQL or HERE not in item.path.parents:
            kept.append(item)
            continue
        place = (item.path, getattr(item, "originalname", item.name))
        (left_out if place in seen else kept).append(item)
        seen.add(place)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def kind(request: pytest.FixtureRequest) -> str:
    """In which database the ledger of a test is."""
    return str(request.param)


@pytest.fixture
def book(tmp_path: Path, clock: ManualClock, kind: str, request: pytest.FixtureRequest) -> Iterator[Book]:
    url = emptied_ledger(request.getfixturevalue("postgresql")) if kind == POSTGRESQL else None
    opened = open_book(tmp_path, clock, url)
    yield opened
    opened.ledger.close()


@pytest.fixture
def other(book: Book) -> Iterator[Book]:
    """The same ledger as another process has it open."""
    opened = book.neighbour()
    yield opened
    opened.ledger.close()
