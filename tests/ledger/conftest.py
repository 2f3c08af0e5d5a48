"""An empty ledger for each test, and the same one open a second time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clocks import ManualClock
from tests.ledger.books import Book, open_book


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def book(tmp_path: Path, clock: ManualClock) -> Iterator[Book]:
    opened = open_book(tmp_path, clock)
    yield opened
    opened.ledger.close()


@pytest.fixture
def other(book: Book) -> Iterator[Book]:
    """The same ledger as another process has it open."""
    opened = book.neighbour()
    yield opened
    opened.ledger.close()
