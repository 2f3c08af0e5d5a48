"""The rows of a run for its results: short where they have no more to tell, and then they tell no less."""

from __future__ import annotations

import random
from itertools import chain

import pytest

from etl.ledger import row_lines
from etl.ledger.row_lines import row_line, shown_line
from etl.records import Outcome
from tests.ledger.books import Book, a_row

ROWS = 40
CHANGES = (
    "outcome = 'refused', code = 'x'",
    "error = 'no'",
    "hint = 'do'",
    "verified = 'yes'",
    "message_id = 'm'",
    "activity_id = NULL",
    "outcome = 'already_imported', known_row_id = {holder}, activity_id = NULL",
    "outcome = 'updated', known_row_id = {holder}, activity_id = NULL",
)
"""What a row may have to tell beside its id."""


@pytest.mark.parametrize("share", [0.0, 0.1, 0.6, 1.0], ids=["none", "few", "many", "all"])
def test_short_lines_tell_what_whole_ones_do(book: Book, share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rows have more to tell, each comes once, in its order, with all that results show of it."""
    monkeypatch.setattr(row_lines, "_PAGE_ROWS", 7)
    run_id = book.import_rows(*(a_row(number) for number in range(2, ROWS + 2)))
    drawn = random.Random(share)
    told = [number for number in range(2, ROWS + 2) if drawn.random() < share]
    holder = book.row_id(run_id, 2)
    for number in told:
        change = drawn.choice(CHANGES).format(holder=holder)
        book.do(f"UPDATE rows SET {change} WHERE run_id = {run_id} AND row_number = {number}")

    whole = book.lines(run_id)
    short = list(chain.from_iterable(book.ledger.runs.short_pages(run_id)))

    assert [shown_line(row, run_id)._replace(sent_at=None, ended_at=None) for row in short] == [
        line._replace(sent_at=None, ended_at=None) for line in whole
    ]
    assert [row_line(row[3]) for row in short if row[3] is not None] == [
        line for line, row in zip(whole, short, strict=True) if row[3] is not None
    ]
    silent = {row[0] for row in short if row[3] is None}
    assert not silent & {
        line.row_number for line in whole if line.outcome is not Outcome.CREATED or line.code or line.error
    }
    if not told:
        assert len(silent) == ROWS
