"""A process that ends before its requests were answered gives its leases up: nobody waits for them, and nobody trusts it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from etl.errors import BusyError
from etl.ledger import leases, leaving
from etl.ledger.leaving import give_up_leases
from etl.ledger.requests import LeaseLost, Reserved
from tests.clocks import ManualClock
from tests.ledger.books import Book, a_row, open_book
from tests.ledger.shared import emptied_ledger
from tests.postgresql import Server

VISITS = "visits"
NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:1/nothing?etl_lease_seconds=3"


@pytest.fixture(autouse=True)
def _lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process of these tests goes on, and has others to carry out."""
    monkeypatch.setattr(leaving, "_given_up", threading.Event())


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
    monkeypatch.setattr(leaving, "_given_up", threading.Event())  # from here on `other` is another process
    monkeypatch.setattr(leases, "is_surely_dead", lambda process, _: bool(process))
    other.ledger.lock_input(other.account_id, VISITS)
    other.ledger.requests.close_lost(run_id)

    assert book.reserve(run_id, [second]) == LeaseLost()
    assert [bool(one.late) for one in other.ledger.doubts.of_run(run_id)] == [True]


@pytest.mark.parametrize("is_away", [False, True], ids=["the database is there", "the database is away"])
def test_who_has_given_up_writes_nothing_that_was_under_way(book: Book, clock: ManualClock, is_away: bool) -> None:
    """A thread that is connecting still has its intent written, and time left by its clock: it sends nothing all the same."""
    run_id = book.begin([a_row(2), a_row(3, "b")])
    first, second = book.waiting(run_id)
    book.ledger.lock_input(book.account_id, VISITS)
    assert isinstance(book.reserve(run_id, [first]), Reserved)
    permit = book.ledger.permit()
    assert permit is not None and permit() and book.ledger.may_send()

    give_up_leases(NOWHERE if is_away else book.url or "", clock)

    assert not permit() and not book.ledger.may_send()
    assert book.reserve(run_id, [second]) == LeaseLost()
    with pytest.raises(BusyError, match="This process is ending"):
        book.ledger.lock_input(book.account_id, "another")


def test_it_is_noted_before_the_database_is_asked(
    book: Book, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may take the lease in the moment in which it is given up."""
    book.ledger.lock_input(book.account_id, VISITS)
    permit, may_write = book.ledger.permit(), []
    assert permit is not None

    def connect(*_: object, **__: object) -> None:
        may_write.append(permit())
        raise psycopg.OperationalError

    monkeypatch.setattr(psycopg, "connect", connect)
    give_up_leases(book.url or "", clock)

    assert may_write == [False]


def test_who_keeps_a_lease_locked_keeps_nobody_from_ending(
    book: Book, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is raised, and it ends soon: halted within a transaction, somebody may keep the row for a minute."""
    monkeypatch.setattr(leaving, "_SOON", "SET statement_timeout = '50ms'")
    book.ledger.lock_input(book.account_id, VISITS)
    with psycopg.connect((book.url or "").replace("+psycopg", "")) as halted:
        halted.execute("SELECT * FROM leases FOR UPDATE")
        give_up_leases(book.url or "", clock)


def test_where_the_database_is_away_nothing_is_raised(clock: ManualClock) -> None:
    """The process ends all the same, and its leases by themselves."""
    give_up_leases(NOWHERE, clock)
