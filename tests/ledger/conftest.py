"""An empty ledger for each test, and the same one open a second time: in a SQLite file, and in a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clocks import ManualClock
from tests.ledger.books import Book, open_book
from tests.ledger.shared import emptied_ledger

SQLITE, POSTGRESQL = "sqlite", "postgresql"


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
