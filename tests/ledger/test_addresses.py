"""Rows of one address: kept with a run where that matters, and held back while the fate of another one is open."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from etl.chunker import Group
from etl.delivery.outcomes import RowEnd
from etl.ledger.addresses import HELD_BACK, RUNS_TO_WAIT_FOR, WAITS_FOR_ANOTHER
from etl.ledger.plan import StagedRow
from etl.ledger.requests import HeldBack, Reserved
from etl.operations import OPERATIONS
from etl.records import Outcome
from tests.ledger.books import Book, a_row, absent, left_out, lost, mark

ORDERLY = sorted(name for name, operation in OPERATIONS.items() if operation.keeps_order)
TOGETHER = sorted(name for name, operation in OPERATIONS.items() if operation.travels_by is not None)
OTHERS = sorted(set(OPERATIONS) - set(ORDERLY) - set(TOGETHER))


def rows_at(*addresses: str) -> list[StagedRow]:
    """Rows 2, 3, … for these addresses, each with a payload of its own."""
    return [a_row(number, f"{address}{number}", lead=address) for number, address in enumerate(addresses, start=2)]


def begin(book: Book, *addresses: str, operation: str = "update") -> int:
    rows = rows_at(*addresses)
    return book.ledger.runs.begin(book.new_run(len(rows), operation=operation), book.plan(rows), 0)


@pytest.mark.parametrize("operation", [*ORDERLY, *TOGETHER])
def test_addresses_are_kept_where_they_matter(book: Book, operation: str) -> None:
    """Every row of such a run has the mark of where it belongs; what was never mapped has none."""
    rows = [*rows_at("a", "b"), left_out(9)]
    run_id = book.ledger.runs.begin(book.new_run(3, operation=operation), book.plan(rows), 0)

    assert [row.address for row in book.waiting(run_id)] == [mark("lead", "a"), mark("lead", "b")]
    assert book.query("SELECT address FROM rows WHERE row_number = 9") == [(None,)]


@pytest.mark.parametrize("operation", [*OTHERS, "an operation of old"])
def test_addresses_are_kept_nowhere_else(book: Book, operation: str) -> None:
    """All other rows cost the ledger nothing more."""
    run_id = begin(book, "a", "a", operation=operation)

    assert [row.address for row in book.waiting(run_id)] == [None, None]
    assert book.ledger.runs.counts_to_send(run_id) == {Group(2): 1}


def test_rows_to_send_are_counted_by_address(book: Book) -> None:
    """Plan and run tell the same groups."""
    plan = book.plan(rows_at("a", "b", "a", "c"))
    run_id = begin(book, "a", "b", "a", "c")

    assert book.ledger.runs.counts_to_send(run_id) == {Group(1): 2, Group(2): 1}
    assert plan.counts_to_send(0, by_address=True) == {Group(1): 2, Group(2): 1}
    assert plan.counts_to_send(0) == {Group(4): 1}


@dataclass(frozen=True)
class Case:
    """Row 2 is sent and ends so. held: which of rows 3 (the same address) and 4 (another one) are held back then."""

    end: Outcome | None
    held: list[int] = field(default_factory=list)


CASES = {
    "in the air": Case(None, [3]),
    "in doubt": Case(Outcome.UNCONFIRMED, [3]),
    "waiting again": Case(Outcome.WAITING, [3]),
    "created": Case(Outcome.CREATED),
    "updated": Case(Outcome.UPDATED),
    "refused": Case(Outcome.REFUSED),
}


def _numbers(book: Book, row_ids: frozenset[int]) -> list[int]:
    return [number for row_id, number in book.query("SELECT row_id, row_number FROM rows") if row_id in row_ids]


@pytest.mark.parametrize("operation", ORDERLY)
@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_a_row_goes_only_after_the_verdict_on_the_one_before(book: Book, case: Case, operation: str) -> None:
    """No intent is written for a row while an earlier one of its address waits, or may or may not have been carried out."""
    run_id = begin(book, "a", "a", "b", operation=operation)
    first, *others = book.waiting(run_id)
    request_id = book.intend(run_id, [first])
    if case.end is not None:
        book.settle(request_id, RowEnd(first.row_id, case.end))

    answer = book.reserve(run_id, others)

    if case.held:
        assert isinstance(answer, HeldBack)
        assert _numbers(book, answer.row_ids) == case.held
        assert book.outcomes(run_id)[3] is Outcome.WAITING
        assert isinstance(book.reserve(run_id, others[1:]), Reserved)
    else:
        assert isinstance(answer, Reserved)


@pytest.mark.parametrize("operation", [*TOGETHER, *OTHERS])
def test_where_order_does_not_matter_nothing_is_held_back(book: Book, operation: str) -> None:
    """Rows of one opportunity travel side by side."""
    run_id = begin(book, "a", "a", operation=operation)
    first, second = book.waiting(run_id)
    book.settle(book.intend(run_id, [first]), lost(first))

    assert isinstance(book.reserve(run_id, [second]), Reserved)
    assert book.ledger.runs.count_to_send(run_id) == 0


def test_a_doubt_of_an_earlier_run_holds_back_too(book: Book) -> None:
    """Until it is settled, whatever was learned about it; and what could go is counted without it."""
    earlier = begin(book, "a", "c")
    in_doubt, _ = book.waiting(earlier)
    request_id = book.intend(earlier, [in_doubt])
    book.settle(request_id, lost(in_doubt))
    later = book.ledger.runs.begin(
        book.new_run(2, operation="update"), book.plan([a_row(2, "new", lead="a"), a_row(3, "other", lead="b")]), 0
    )

    assert isinstance(book.reserve(later), HeldBack)
    assert book.ledger.runs.count_to_send(later) == 1
    assert sum(group.rows * times for group, times in book.ledger.runs.counts_to_send(later).items()) == 2

    book.read_back(request_id, absent(in_doubt))

    assert book.ledger.runs.count_to_send(later) == 2
    assert isinstance(book.reserve(later), Reserved)


def test_another_mapping_is_waited_for_only_while_its_request_is_in_the_air(book: Book) -> None:
    """Two imports never carry one lead at once; but what the one has in doubt does not hold up the other."""
    scope = book.ledger.accounts.scope(book.account_id, "calls", 7)
    other = Book(book.ledger, book.clock, book.account_id, scope, book.hashes)
    theirs, ours = begin(other, "a"), begin(book, "a")
    (row,) = book.waiting(theirs)
    request_id = other.intend(theirs)

    assert isinstance(book.reserve(ours), HeldBack)
    assert book.ledger.runs.count_to_send(ours) == 0

    other.settle(request_id, lost(row))

    assert isinstance(book.reserve(ours), Reserved)


def test_another_account_is_never_waited_for(book: Book) -> None:
    """An id may stand in two accounts."""
    account_id = book.ledger.accounts.meet("https://api.example.com", "test", "78").account_id
    scope = book.ledger.accounts.scope(account_id, "visits", 320)
    other = Book(book.ledger, book.clock, account_id, scope, book.hashes)
    other.intend(begin(other, "a"))

    assert isinstance(book.reserve(begin(book, "a")), Reserved)


def test_who_was_taken_for_another_row_holds_nothing_back(book: Book) -> None:
    """A row that shares another row's fate is not in doubt by itself: that other one decides."""
    earlier = begin(book, "a")
    (row,) = book.waiting(earlier)
    request_id = book.intend(earlier)
    book.settle(request_id, lost(row))
    again = begin(book, "a", "a")  # the first of these is the one in doubt
    assert book.outcomes(again)[2] is Outcome.UNCONFIRMED
    assert isinstance(book.reserve(again), HeldBack)

    book.do(f"UPDATE rows SET outcome = 'created' WHERE row_id = {row.row_id}")

    assert isinstance(book.reserve(again), Reserved)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)  # how SQLite goes about it
def test_looking_for_others_of_an_address_takes_an_index(book: Book) -> None:
    """However many rows the ledger holds."""
    held_back = str(HELD_BACK.text).replace(":row_ids", "(1, 2)")
    counted = (
        f"SELECT COUNT(*) FROM rows AS mine WHERE run_id = 1 AND outcome = 'waiting' AND NOT ({WAITS_FOR_ANOTHER})"
    )
    for statement in (held_back, counted, RUNS_TO_WAIT_FOR.replace(":run_id", "1")):
        plan = [row[3] for row in book.query(f"EXPLAIN QUERY PLAN {statement}")]
        assert any("other USING INDEX open_rows_by_address (account_id=? AND address=?)" in step for step in plan), plan
        assert not any(step.startswith("SCAN") for step in plan), plan


def test_a_run_asks_about_the_runs_that_it_waits_for(book: Book) -> None:
    """What keeps its rows waiting is read back with what it has in doubt itself, and no longer than that."""
    earlier, other = begin(book, "a", "x"), begin(book, "b")
    book.send(earlier, Outcome.UNCONFIRMED)
    book.send(other, Outcome.UNCONFIRMED)
    later = book.ledger.runs.begin(
        book.new_run(2, operation="update"), book.plan([a_row(2, "new", lead="a"), a_row(3, "other", lead="c")]), 0
    )

    assert book.ledger.doubts.other_runs(later) == [earlier]
    assert [doubt.run_id for doubt in book.ledger.doubts.of_run(later)] == [earlier]
    assert (book.ledger.runs.count_held_back(later), book.ledger.runs.count_to_send(later)) == (1, 1)

    book.do(f"UPDATE rows SET outcome = 'updated' WHERE run_id = {earlier}")

    assert book.ledger.doubts.other_runs(later) == []
    assert (book.ledger.runs.count_held_back(later), book.ledger.runs.count_to_send(later)) == (0, 2)


def test_who_keeps_no_order_asks_about_nobody_else(book: Book) -> None:
    """Two imports for one opportunity do not concern each other."""
    earlier = begin(book, "a", operation="add-by-opportunity")
    book.send(earlier, Outcome.UNCONFIRMED)
    rows = [a_row(2, "new", lead="a")]
    later = book.ledger.runs.begin(book.new_run(1, operation="add-by-opportunity"), book.plan(rows), 0)

    assert book.ledger.doubts.other_runs(later) == []
