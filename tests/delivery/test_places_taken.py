"""Two runs that send the same rows at the same time: whoever claims a row first sends it, and nobody else does."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.records import Outcome
from tests.clocks import ManualClock
from tests.delivery.lots import a_lot
from tests.ledger.books import a_row, open_book

PARCELS = 6
ROWS = range(2, 2 + 2 * PARCELS)


@settings(max_examples=10, deadline=None)
@given(st.dictionaries(st.sampled_from(ROWS), st.integers(1, PARCELS), min_size=1))
@example({6: 1, 13: 1})  # while the first four are on their way
@example({10: 1, 11: 1, 12: 4})  # a parcel that is gone whole, and an answer in the same commit
def test_each_row_goes_out_once(theirs: dict[int, int]) -> None:
    """theirs: rows that the other run sends, each right after so many of our requests have left."""
    with tempfile.TemporaryDirectory() as folder:
        book = open_book(Path(folder), ManualClock())
        other = book.neighbour()
        lot = a_lot(book, PARCELS)
        sent_by_them: list[int] = []

        def send_theirs(sends: int) -> None:
            rows = [number for number, at in theirs.items() if at == sends]
            if rows:
                run_id = other.begin([a_row(number, f"row {number}") for number in sorted(rows)])
                sent_by_them.extend(row.row_number for row in other.waiting(run_id))
                other.send(run_id)

        lot.wire.on_send = send_theirs

        assert lot.deliver() is None

        sent_by_us = [number for rows in lot.sent_rows for number in rows]
        assert sorted([*sent_by_us, *sent_by_them]) == list(ROWS)
        expected = dict.fromkeys(sent_by_them, Outcome.ALREADY_IMPORTED)
        assert book.outcomes(lot.run_id) == dict.fromkeys(sent_by_us, Outcome.CREATED) | expected
        assert [rows for _, rows in lot.notes.sent_requests] == [len(rows) for rows in lot.sent_rows]
        assert len(lot.notes.verdicts) == len(lot.sent_rows)
        other.ledger.close()
        book.ledger.close()
