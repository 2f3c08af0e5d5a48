"""How many rows of runs stand at each outcome: those of the usual one are what is left of all."""

from __future__ import annotations

from collections import Counter

import pytest

from etl.ledger.counting import counts_of_many
from etl.records import Outcome
from tests.ledger.books import Book, a_row

CREATED, UPDATED, REFUSED, WAITING = Outcome.CREATED, Outcome.UPDATED, Outcome.REFUSED, Outcome.WAITING

RUNS = {
    "no row": (),
    "one row": (CREATED,),
    "all alike": (WAITING,) * 4,
    "nearly all created": (CREATED, CREATED, REFUSED, CREATED),
    "the first stands alone": (REFUSED, CREATED, CREATED, CREATED),
    "none of the first kind but the first, none created": (UPDATED, REFUSED, WAITING, REFUSED),
}


def run_of(book: Book, outcomes: tuple[Outcome, ...]) -> int:
    """A run whose rows stand so, from row 2 on."""
    run_id = book.begin(a_row(number) for number in range(2, len(outcomes) + 2))
    for number, outcome in enumerate(outcomes, 2):
        book.do(f"UPDATE rows SET outcome = '{outcome.value}' WHERE run_id = {run_id} AND row_number = {number}")
    return run_id


@pytest.mark.parametrize("outcomes", RUNS.values(), ids=RUNS.keys())
def test_each_outcome_is_counted(book: Book, outcomes: tuple[Outcome, ...]) -> None:
    """One run by itself, and among others, has the counts that its rows have, in the order of their names."""
    others = {run_of(book, (WAITING, CREATED)): {CREATED: 1, WAITING: 1}}
    run_id = run_of(book, outcomes)
    expected = dict(sorted(Counter(outcomes).items()))
    runs = book.ledger.runs

    assert list(runs.counts(run_id).items()) == list(expected.items())
    assert list(runs.tally(run_id).counts.items()) == list(expected.items())
    assert counts_of_many(book.ledger._database, [run_id, *others]) == others | ({run_id: expected} if expected else {})
    assert counts_of_many(book.ledger._database, []) == {}


@pytest.mark.parametrize("outcomes", [(CREATED,) * 3, (REFUSED, CREATED, CREATED)], ids=["alike", "others first"])
def test_what_else_is_noted_changes_no_count(book: Book, outcomes: tuple[Outcome, ...]) -> None:
    """Rows that were verified or have an id of something count as often as the others; and it is known that there are some."""
    run_id = run_of(book, outcomes)
    tally = book.ledger.runs.tally
    before = tally(run_id)
    book.do(f"UPDATE rows SET verified = 'yes' WHERE run_id = {run_id} AND row_number IN (3, 4)")
    verified = tally(run_id)
    book.do(f"UPDATE rows SET message_id = 'm' WHERE run_id = {run_id} AND row_number = 4")
    named = tally(run_id)

    assert before.counts == verified.counts == named.counts == Counter(outcomes)
    assert [(one.has_verified, one.has_message_ids) for one in (before, verified, named)] == [
        (False, False),
        (True, False),
        (True, True),
    ]
