"""A process that ends before its requests were answered gives its leases up: nobody waits for them, and nobody trusts it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.ledger import leases
from etl.ledger.leaving import give_up_leases
from etl.ledger.requests import LeaseLost, Reserved
from tests.clocks import ManualClock
from tests.ledger.books import Book, a_row, open_book
from tests.ledger.shared import emptied_ledger
from tests.postgresql import Server

VISITS = "visits"


@pytest.fixture
def book(tmp_path: Path, clock: ManualClock, postgresql: Server) -> Iterator[Book]:
    opened = open_book(tmp_path, clock, emptied_ledger(postgresql))
    yield opened
    opened.ledger.close()


def test_a_lease_that_was_given_up_is_anybodys_at_once(
    book: Book, other: Book, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its former holder writes no intent any more. That one is dead by then; LeadSquared may be at work on what it had sent."""
    run_id = book.begin([a_row(2), a_row(3, "b")])
    first, second = book.waiting(run_id)
    book.ledger.lock_input(book.account_id, VISITS)
    assert isinstance(book.reserve(run_id, [first]), Reserved)

    give_up_leases(book.url or "", clock)
    monkeypatch.setattr(leases, "is_surely_dead", lambda process, _: bool(process))
    other.ledger.lock_input(other.account_id, VISITS)
    other.ledger.requests.close_lost(run_id)

    assert book.reserve(run_id, [second]) == LeaseLost()
    assert [bool(one.late) for one in other.ledger.doubts.of_run(run_id)] == [True]


def test_where_the_database_is_away_nothing_is_raised(clock: ManualClock) -> None:
    """The process ends all the same, and its leases by themselves."""
    give_up_leases("postgresql+psycopg://nobody@127.0.0.1:1/nothing?etl_lease_seconds=3", clock)
