"""Statements that go to the database together do what they would have done one by one."""

from __future__ import annotations

import time

import pytest

from etl.errors import LedgerError
from etl.ledger.postgresql import PostgresqlDatabase
from tests.ledger.books import Book, a_row
from tests.postgresql import version

NAMING = "UPDATE rows SET code = :code, hint = 'said', activity_id = :activity_id WHERE row_id = :row_id"
WORDS = ["plain", None, 'a "quoted", {braced} one', "NULL", "back\\slash", "", "naïve ✓"]


@pytest.mark.parametrize("count", [1, 2, len(WORDS)])
def test_each_row_gets_its_own_values(book: Book, count: int) -> None:
    """Values for several rows go to these rows and to no others, whatever is in them, nothing included."""
    rows = book.waiting(book.begin([a_row(number, f"{number}") for number in range(2, 12)]))[:count]
    ids = [None if word is None else bytes([number]) * 16 for number, word in enumerate(WORDS)]
    values = [
        {"row_id": row.row_id, "code": word, "activity_id": kept}
        for row, word, kept in zip(rows, WORDS, ids, strict=False)
    ]

    database = book.ledger._database
    with database.writing(book.account_id):
        changed = database.do_each(NAMING, values)

    assert changed == count
    found = [tuple(row) for row in book.query("SELECT code, activity_id, hint FROM rows ORDER BY row_id")]
    assert [word for word, _, _ in found] == [*WORDS[:count], *[None] * (10 - count)]
    assert [kept for _, kept, _ in found] == [*ids[:count], *[None] * (10 - count)]
    assert {hint for _, _, hint in found[:count]} == {"said"}


def test_several_statements_tell_what_each_has_changed(book: Book) -> None:
    """One for all rows, one for each of some, one for none: each says how many rows it changed, in their order."""
    row_ids = [row.row_id for row in book.waiting(book.begin([a_row(number, f"{number}") for number in range(2, 7)]))]
    each = [{"row_id": row_id, "code": f"{row_id}", "activity_id": None} for row_id in row_ids[:3]]

    database = book.ledger._database
    with database.writing(book.account_id):
        changed = database.do_all(
            [
                ("UPDATE rows SET error = :error", {"error": "e"}),
                (NAMING, each),
                ("UPDATE rows SET error = NULL WHERE row_id = :row_id", {"row_id": -1}),
                ("UPDATE rows SET error = NULL WHERE row_id IN :row_ids", {"row_ids": row_ids[1:]}),
            ]
        )

    assert changed == [5, 3, 0, 4]
    assert [tuple(row) for row in book.query("SELECT code, error FROM rows ORDER BY row_id")] == [
        (f"{row_ids[0]}", "e"), (f"{row_ids[1]}", None), (f"{row_ids[2]}", None), (None, None), (None, None)
    ]  # fmt: skip


def test_where_one_of_them_fails_nothing_is_written(book: Book) -> None:
    """It is said as an error of the ledger, all that was in the same commit is undone, and the ledger goes on."""
    run_id = book.begin([a_row(2), a_row(3, "b")])
    database = book.ledger._database

    with pytest.raises(LedgerError), database.writing(book.account_id):
        database.do("UPDATE rows SET code = :code", {"code": "first"})
        database.do_all(
            [
                ("UPDATE rows SET error = :error", {"error": "second"}),
                ("UPDATE rows SET outcome = :outcome", {"outcome": None}),
                ("UPDATE rows SET hint = :hint", {"hint": "last"}),
            ]
        )

    assert {tuple(row) for row in book.query("SELECT code, error, hint, outcome FROM rows")} == {
        (None, None, None, "waiting")
    }
    book.send(run_id)


def test_one_commit_is_not_begun_within_another(book: Book) -> None:
    """The inner one would end with all that the outer one has written by then; nothing of it is believed."""
    run_id = book.begin([a_row(2)])
    database = book.ledger._database

    for outer in (database.together, lambda: database.writing(book.account_id)):
        with pytest.raises(RuntimeError, match="within another"), outer():
            with database.writing(book.account_id):
                database.do("UPDATE rows SET code = :code", {"code": "half"})
            with database.together():
                pass
    assert book.query("SELECT code FROM rows") == [(None,)]
    book.send(run_id)


def test_what_is_claimed_already_is_not_read_for_each_request(book: Book) -> None:
    """A run's first requests find next to no claims, and the way that suits those is not kept for all that follow."""
    database = book.ledger._database
    if not isinstance(database, PostgresqlDatabase):
        pytest.skip("SQLite keeps no way of its own")
    run_id = book.begin([a_row(number, f"{number}") for number in range(2, 302)])
    rows = book.waiting(run_id)
    before = _claims_read_through(book)

    for at in range(0, len(rows), 25):
        book.intend(run_id, rows[at : at + 25])

    assert _claims_read_through(book) == before


def _claims_read_through(book: Book) -> object:
    """Rows of the table that were read without an index, by whoever used this database before as well."""
    if version() >= 15:
        book.ledger._database.ask("SELECT pg_stat_force_next_flush()", {})
    else:  # what was counted is told twice a second, and by a process of its own
        for _ in range(2):
            time.sleep(0.6)
            book.ledger._database.ask("SELECT 1", {})
    return book.query("SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'claims'")
