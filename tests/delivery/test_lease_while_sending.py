"""The look at the lease right before each request: what was committed with others is not sent once its lease is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from etl.delivery.driver import TAKEN_OVER
from etl.ledger.leases import LEASE_SECONDS
from etl.records import Outcome
from tests.clocks import ManualClock
from tests.delivery.lots import a_lot
from tests.ledger.books import Book, open_book
from tests.ledger.shared import emptied_ledger
from tests.postgresql import Server

VISITS = "visits"
HALTS: dict[str, Callable[[ManualClock], None]] = {
    "halted": lambda clock: clock.move(LEASE_SECONDS + 1),
    "asleep": lambda clock: clock.doze(LEASE_SECONDS + 1),
}


@pytest.fixture
def book(tmp_path: Path, clock: ManualClock, postgresql: Server) -> Iterator[Book]:
    """A ledger that machines share."""
    opened = open_book(tmp_path, clock, emptied_ledger(postgresql))
    yield opened
    opened.ledger.close()


@pytest.fixture
def elsewhere(tmp_path: Path, book: Book) -> Iterator[Book]:
    """The same ledger on another machine, which goes on meanwhile."""
    opened = open_book(tmp_path, ManualClock(book.clock.seconds + LEASE_SECONDS + 2), book.url)
    yield opened
    opened.ledger.close()


@pytest.mark.parametrize("halt", HALTS.values(), ids=HALTS)
def test_of_requests_committed_together_those_behind_a_halt_are_not_sent(
    book: Book, elsewhere: Book, halt: Callable[[ManualClock], None]
) -> None:
    """Their intents are written, and only then another machine has taken the input: the rows wait, nothing counts as sent."""
    lot = a_lot(book, 3)
    book.ledger.lock_input(book.account_id, VISITS)

    def is_taken(sends: int) -> None:
        if sends == 1:
            assert book.query("SELECT COUNT(*) FROM requests") == [(3,)], "all are committed before the first is sent"
            halt(book.clock)
            elsewhere.ledger.lock_input(elsewhere.account_id, VISITS)

    lot.wire.on_send = is_taken
    cause = lot.deliver()

    assert lot.sent_rows == [[2, 3]]
    assert cause == TAKEN_OVER
    kept = dict.fromkeys(range(4, 8), Outcome.WAITING)
    assert book.outcomes(lot.run_id) == {2: Outcome.CREATED, 3: Outcome.CREATED, **kept}


def test_behind_a_halt_after_which_nobody_has_taken_it_all_are_sent(book: Book) -> None:
    """The lease is renewed first, and the run goes on."""
    lot = a_lot(book, 3)
    book.ledger.lock_input(book.account_id, VISITS)
    lot.wire.on_send = lambda sends: book.clock.doze(LEASE_SECONDS + 1) if sends == 1 else None

    assert lot.deliver() is None
    assert lot.sent_rows == [[2, 3], [4, 5], [6, 7]]
