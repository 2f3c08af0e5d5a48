"""Rows that update activities: any number may have one id, none is a witness, and later ones are known."""

from __future__ import annotations

import pytest

from etl.delivery.outcomes import ID_UNKNOWN, RowEnd
from etl.ledger.runs import WaitingRow
from etl.records import Outcome
from tests.ledger.books import Book, a_row, created, lost

ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
UPDATED, UNCONFIRMED = Outcome.UPDATED, Outcome.UNCONFIRMED


def updated(row: WaitingRow, activity_id: str = ID) -> RowEnd:
    return RowEnd(row.row_id, UPDATED, activity_id=activity_id)


def test_an_id_may_be_created_once_and_updated_often(book: Book) -> None:
    """Who has created an activity holds its id; whoever updates it proves nothing against that, nor is its owner."""
    first = book.begin([a_row(2, "a"), a_row(3, "b"), a_row(4, "c"), a_row(5, "d")])
    rows = book.waiting(first)

    settled = book.settle(book.intend(first, rows[:2]), updated(rows[0]), updated(rows[1], ID.upper()))
    assert [end.outcome for end in settled] == [UPDATED] * 2
    third, end = book.settle(book.intend(first, rows[2:]), updated(rows[2]), created(rows[3], ID))

    assert third.outcome is UPDATED
    assert end.outcome is Outcome.CREATED
    assert {id_: claim.row_id for id_, claim in book.ledger.doubts.claimed(book.account_id, [ID]).items()} == {
        ID: rows[3].row_id
    }


def test_an_update_is_no_witness(book: Book) -> None:
    """An activity that was there before shows nothing of how fresh a read is, though its row is confirmed."""
    run_id = book.begin([a_row(2, "a")])
    (row,) = book.waiting(run_id)

    book.settle(book.intend(run_id), updated(row))

    assert book.ledger.doubts.freshest(book.account_id, 320) is None
    assert book.query("SELECT witness FROM requests WHERE witness IS NOT NULL") == []


@pytest.mark.parametrize("stored", [Outcome.CREATED, UPDATED])
def test_the_lines_that_a_row_corrects_end_as_it_does(book: Book, stored: Outcome) -> None:
    """The refused line of the first run says created or updated, whichever its correction is."""
    first = book.begin([a_row(2, "bad")])
    book.send(first, Outcome.REFUSED)
    second = book.begin([a_row(2, "good", line=(first, 2))])
    (row,) = book.waiting(second)

    book.settle(book.intend(second), RowEnd(row.row_id, stored, activity_id=ID))

    (line,) = book.lines(first)
    assert (line.outcome, line.activity_id) == (stored, ID)


def test_an_id_of_nothing_in_particular_is_kept_until_the_row_goes_again(book: Book) -> None:
    """Reading back finds the activity and leaves it; a row that goes out once more has none."""
    run_id = book.begin([a_row(2, "a"), a_row(3, "b")])
    rows = book.waiting(run_id)
    request_id = book.intend(run_id)
    book.settle(
        request_id,
        *[RowEnd(row.row_id, UNCONFIRMED, code=ID_UNKNOWN, message_id=f"M-{row.row_number}") for row in rows],
    )
    kept = "SELECT message_id FROM rows ORDER BY row_number"
    assert book.query(kept) == [("M-2",), ("M-3",)]

    book.read_back(request_id, created(rows[0]), RowEnd(rows[1].row_id, Outcome.WAITING))

    assert book.query(kept) == [("M-2",), (None,)]


def _with_addresses(book: Book, *addresses: str) -> tuple[int, list[WaitingRow]]:
    """A run of rows for these activities."""
    run_id = book.begin([a_row(number, f"{next(book.hashes)}") for number, _ in enumerate(addresses, start=2)])
    for number, address in enumerate(addresses, start=2):
        place = {"address": address.encode(), "run_id": run_id, "number": number}
        book.ledger._database.do(
            "UPDATE rows SET address = :address WHERE run_id = :run_id AND row_number = :number", place
        )
    return run_id, book.waiting(run_id)


def test_rows_that_went_out_later_for_the_same_activity(book: Book) -> None:
    """Those of other runs and of the same one, updated or in doubt; not earlier ones, nor for others, nor refused ones."""
    earlier, of_earlier = _with_addresses(book, "A")
    book.settle(book.intend(earlier), updated(of_earlier[0]))
    mine, rows = _with_addresses(book, "A", "B", "A")
    request_id = book.intend(mine, rows[:2])
    book.settle(request_id, lost(rows[0]), lost(rows[1]))
    other, of_other = _with_addresses(book, "A", "C", "B")
    later = book.intend(other)
    refused = RowEnd(of_other[2].row_id, Outcome.REFUSED)
    book.settle(later, updated(of_other[0]), updated(of_other[1]), refused)

    row_ids = [row.row_id for row in rows[:2]]
    found = book.ledger.doubts.later_for_same(row_ids, request_id)

    assert list(found) == [rows[0].row_id]
    ((one,),) = found.values()
    assert (one.run_id, one.row_number, one.request_id, one.position) == (other, 2, later, 1)
    assert book.ledger.doubts.awaited(row_ids) == {rows[0].row_id}
