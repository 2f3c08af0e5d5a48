"""Leads and rows that were refused: noted once, forgotten when stored, by account."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clocks import ManualClock
from tests.ledger.books import Book, mark, open_book

A, B, C = (mark("lead", word) for word in "abc")


def kept(book: Book, account_id: int | None = None) -> set[bytes]:
    chosen = book.account_id if account_id is None else account_id
    return {bytes(row[0]) for row in book.query("SELECT mark FROM failed_before WHERE account_id = :id", id=chosen)}


NOTED = [
    pytest.param([], set(), id="none"),
    pytest.param([A], {A}, id="one"),
    pytest.param([A, B], {A, B}, id="a lead and a row"),
    pytest.param([A, A], {A}, id="the same one twice at once"),
]


@pytest.mark.parametrize(("marks", "expected"), NOTED)
def test_what_was_refused_is_noted_once(book: Book, marks: list[bytes], expected: set[bytes]) -> None:
    """However often something is refused, it is kept once."""
    book.ledger.failures.note(book.account_id, marks)
    book.ledger.failures.note(book.account_id, marks)

    assert kept(book) == expected


FORGOTTEN = [
    pytest.param([], {A, B}, id="none"),
    pytest.param([A], {B}, id="one"),
    pytest.param([A, C], {B}, id="one that was never there"),
    pytest.param([A, B, B], set(), id="all"),
]


@pytest.mark.parametrize(("marks", "expected"), FORGOTTEN)
def test_what_was_stored_is_forgotten(book: Book, marks: list[bytes], expected: set[bytes]) -> None:
    """Exactly the marks that are named are gone."""
    book.ledger.failures.note(book.account_id, [A, B])

    book.ledger.failures.forget(book.account_id, marks)

    assert kept(book) == expected


def test_another_account_has_failures_of_its_own(book: Book, other: Book) -> None:
    """A lead that one account refuses may be well in another one; another process sees what was noted."""
    stranger = book.ledger.accounts.meet("https://api.example.com", "test", "78").account_id
    book.ledger.failures.note(book.account_id, [A, B])
    book.ledger.failures.note(stranger, [A])

    book.ledger.failures.forget(book.account_id, [A])

    assert (kept(other), kept(other, stranger)) == ({B}, {A})


@given(steps=st.lists(st.tuples(st.booleans(), st.lists(st.sampled_from([A, B, C]), max_size=4)), max_size=6))
@settings(max_examples=8, deadline=None)
def test_failures_are_a_set(steps: list[tuple[bool, list[bytes]]], tmp_path_factory: pytest.TempPathFactory) -> None:
    """After any notes and forgets there is what a set would hold."""
    book, expected = open_book(tmp_path_factory.mktemp("law"), ManualClock()), set[bytes]()
    for is_refused, marks in steps:
        if is_refused:
            book.ledger.failures.note(book.account_id, marks)
            expected |= set(marks)
        else:
            book.ledger.failures.forget(book.account_id, marks)
            expected -= set(marks)

    assert kept(book) == expected
    book.ledger.close()
