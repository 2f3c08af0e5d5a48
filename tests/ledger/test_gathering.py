"""Rows in the order in which they travel by address."""

from __future__ import annotations

import pytest

from etl.ledger import gathering
from etl.ledger.waiting import WaitingRow
from tests.ledger.books import Book


def rows_at(addresses: list[int]) -> list[tuple[WaitingRow, str]]:
    return [
        (WaitingRow(number + 100, number, b"k%d" % number, 1, None if one % 2 else 5, b"a%d" % one), f"“{number}”")
        for number, one in enumerate(addresses, start=2)
    ]


def test_rows_come_address_by_address(book: Book) -> None:
    """The addresses as they are first named, the rows of each as they stand in the sheet, each just as it was put in."""
    given_in = rows_at([3, 1, 3, 2, 1, 3])
    table = book.ledger.runs.gathering()
    table.take_in(given_in[:4])
    table.take_in(given_in[4:])

    given_out = list(table.give_out())

    assert given_out == [given_in[place] for place in (0, 2, 5, 1, 4, 3)]
    assert list(table.give_out()) == []


def test_pages_change_nothing(book: Book) -> None:
    """Whether an address fills many pages or a page holds many addresses, each row comes once and in its place."""
    addresses = [0] * 1_700 + [number % 700 for number in range(1_500)]
    given_in = rows_at(addresses)
    table = book.ledger.runs.gathering()
    table.take_in(given_in)

    given_out = list(table.give_out())

    first = {address: place for place, address in reversed(list(enumerate(addresses)))}
    assert given_out == sorted(given_in, key=lambda one: (first[int((one[0].address or b"")[1:])], one[0].row_number))


def test_other_work_on_the_ledger_does_not_disturb(book: Book) -> None:
    """Between two rows whole transactions may come and go, and one of them may be taken back."""
    table = book.ledger.runs.gathering()
    given_in = rows_at([1, 2] * 600)
    table.take_in(given_in)

    given_out = []
    for row in table.give_out():
        given_out.append(row)
        if len(given_out) % 250 == 0:
            book.ledger.accounts.scope(book.account_id, "visits", len(given_out))
            book.hold()
            book.do("UPDATE accounts SET organisation = 'x'")
            book.do("ROLLBACK")

    assert len(given_out) == len(given_in)


def test_a_new_one_begins_empty(book: Book) -> None:
    """What an earlier delivery has left behind does not go out with the next."""
    left = book.ledger.runs.gathering()
    left.take_in(rows_at([1, 1, 2]))
    next(left.give_out())

    table = book.ledger.plan().gathering()
    table.take_in(rows_at([7]))

    assert [row.address for row, _ in table.give_out()] == [b"a7"]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)  # how SQLite goes about it
def test_nothing_is_sorted_when_rows_are_given_out(book: Book) -> None:
    """SQLite walks along two indexes, so that a page costs what its rows cost."""
    book.ledger.runs.gathering()
    book.do(gathering._INDEX)

    plan = book.query(f"EXPLAIN QUERY PLAN {gathering._PAGE.text}", first_row=0, row_number=0)

    assert [row[3].split(" (")[0] for row in plan] == [
        "SEARCH gathered_order USING INTEGER PRIMARY KEY",
        "SEARCH gathered USING INDEX gathered_by_address",
    ]
