"""How accounts stand, for those who watch: what went out of late, what is left, and nothing that has to be believed."""

from __future__ import annotations

import pytest

from etl.fleet.counting import LEAST_SECONDS, OpenRowsCount
from etl.ledger.standing import LATE_SECONDS, OfLate, OpenRows
from etl.records import Limit, Outcome, Window
from tests.ledger.books import GENEROUS, Book, a_row, created, left_out, lost


def test_what_went_out_of_late_is_counted_by_window(book: Book) -> None:
    """Requests in the air count, reads count among all requests alone, and what is older than a minute does not count."""
    book.import_rows(a_row(2, "old"))
    book.clock.move(LATE_SECONDS + 1)
    book.import_rows(a_row(2, "a"), a_row(3, "b"))
    run_id = book.begin([a_row(2, "c")])
    book.intend(run_id)
    book.ledger.requests.reserve_read(book.account_id, GENEROUS)

    late = book.ledger.standing.of_late(book.account_id)

    assert late == OfLate(bulk=2, all_requests=3, rows=3, refused=0)
    assert book.ledger.standing.spent_today() == {book.account_id: 4}


def test_the_share_is_of_the_window_that_is_nearer_to_its_limit() -> None:
    """600 requests in a minute are all of 10 in 1 s, and half of 100 in 5 s."""
    late = OfLate(bulk=600, all_requests=660)

    assert late.share_of({Window.BULK: Limit(10, 1), Window.GENERAL: Limit(100, 5)}) == 1.0
    assert late.share_of({Window.BULK: Limit(20, 1), Window.GENERAL: Limit(100, 5)}) == pytest.approx(0.55)
    assert late.share_of({}) is None


def test_rows_without_an_end_are_those_that_wait_or_are_in_doubt(book: Book) -> None:
    """Of a run that goes on, and of one that has tried every row."""
    run_id = book.begin([a_row(2, "a"), a_row(3, "b"), a_row(4, "c"), left_out(5)])
    first, second, _ = book.waiting(run_id)
    book.settle(book.intend(run_id, [first, second]), created(first), lost(second))

    assert book.ledger.standing.open_rows(run_id) == OpenRows(waiting=1, unconfirmed=1)
    assert [run.is_open for run in book.ledger.standing.runs(7)] == [True]


def test_counting_is_not_repeated_before_it_is_cheap_enough(book: Book) -> None:
    """Numbers stand for some seconds; then they are counted anew."""
    count = OpenRowsCount(book.clock)
    run_id = book.begin([a_row(2, "a")])
    first = count.now(book.ledger.standing)
    book.send(run_id)

    assert first.by_account == {book.account_id: OpenRows(waiting=1)}
    assert count.now(book.ledger.standing) is first
    book.clock.move(LEAST_SECONDS)
    assert count.now(book.ledger.standing).by_account == {book.account_id: OpenRows()}


def test_what_a_later_run_has_taken_up_is_counted_once(book: Book) -> None:
    """A sheet that was compared anew leaves rows waiting in the run before; its rows in doubt stay in doubt."""
    first, later = (book.new_run(rows, input_hash="same") for rows in (2, 1))
    run_id = book.ledger.runs.begin(first, book.plan([a_row(2, "a"), a_row(3, "b")]), 0)
    row, _ = book.waiting(run_id)
    book.settle(book.intend(run_id, [row]), lost(row))
    book.ledger.runs.begin(later, book.plan([a_row(3, "b")]), 0)

    found = OpenRowsCount(book.clock).now(book.ledger.standing)

    assert found.by_account == {book.account_id: OpenRows(waiting=1, unconfirmed=1)}


def test_what_is_done_is_never_counted_again(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """A finished run without open rows costs nothing any more; one with rows in doubt is looked at each time."""
    done, doubtful = (book.begin([a_row(2, word)]) for word in ("a", "b"))
    book.send(done)
    book.send(doubtful, Outcome.UNCONFIRMED)
    for run_id in (done, doubtful):
        book.ledger.runs.end(run_id, None, None)
    count = OpenRowsCount(book.clock)
    count.now(book.ledger.standing)
    counted: list[int] = []
    asked = type(book.ledger.standing).open_rows
    monkeypatch.setattr(
        type(book.ledger.standing), "open_rows", lambda self, run: (counted.append(run), asked(self, run))[1]
    )

    book.clock.move(LEAST_SECONDS)
    found = count.now(book.ledger.standing).by_account

    assert counted == [doubtful]
    assert found == {book.account_id: OpenRows(unconfirmed=1)}


def test_accounts_are_known_by_their_names(book: Book) -> None:
    """As settings name them; limits are those that were last kept to."""
    limits = {Window.BULK: Limit(10, 5), Window.GENERAL: Limit(25, 5)}
    book.ledger.limits_held.note(book.account_id, {**limits, Window.BULK: Limit(25, 5)}, ())
    book.ledger.limits_held.note(book.account_id, limits, ())

    assert list(book.ledger.standing.accounts().values()) == [(book.account_id,)]
    assert book.ledger.standing.limits(book.account_id) == limits
