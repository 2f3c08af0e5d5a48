"""Row keys that LeadSquared showed: kept once, with the first activity that showed them, by account and activity type."""

from __future__ import annotations

import pytest

from tests.ledger.books import Book

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"

NOTED = [
    pytest.param({}, {}, 0, {}, id="none"),
    pytest.param({}, {"etl-a": "1"}, 1, {"etl-a": "1"}, id="the first"),
    pytest.param({"etl-a": "1"}, {"etl-a": "1"}, 0, {"etl-a": "1"}, id="known"),
    pytest.param({"etl-a": "1"}, {"etl-a": "2"}, 0, {"etl-a": "1"}, id="shown by another activity, too"),
    pytest.param(
        {"etl-a": "1"}, {"etl-a": "1", "etl-b": GUID}, 1, {"etl-a": "1", "etl-b": GUID}, id="known ones and new ones"
    ),
    pytest.param({"etl-a": "1"}, {"ETL-A": "1"}, 1, {"etl-a": "1", "ETL-A": "1"}, id="another spelling is another key"),
]


@pytest.mark.parametrize(("before", "keys", "new", "after"), NOTED)
def test_keys_are_kept_with_the_first_activity_that_showed_them(
    book: Book, before: dict[str, str], keys: dict[str, str], new: int, after: dict[str, str]
) -> None:
    """What is new is counted and kept; what is known stays as it was."""
    known = book.ledger.known_keys
    known.note(book.account_id, 320, before)

    assert known.note(book.account_id, 320, keys) == new

    assert known.count(book.account_id, 320) == len(after)
    assert known.among(book.account_id, 320, [*before, *keys, "etl-x"]) == after


def test_keys_belong_to_an_account_and_a_type(book: Book, other: Book) -> None:
    """The same key elsewhere is another one; another process knows what was noted."""
    stranger = book.ledger.accounts.meet("https://api.example.com", "test", "78").account_id
    places = [(book.account_id, 320, "1"), (book.account_id, 321, "2"), (stranger, 320, "3")]
    for account_id, event, activity_id in places:
        assert book.ledger.known_keys.note(account_id, event, {"etl-a": activity_id}) == 1

    found = [other.ledger.known_keys.among(account_id, event, ["etl-a"]) for account_id, event, _ in places]

    assert found == [{"etl-a": activity_id} for *_, activity_id in places]
    assert other.ledger.known_keys.among(stranger, 321, ["etl-a"]) == {}
    assert other.ledger.known_keys.count(stranger, 321) == 0


def test_many_keys_are_asked_for_in_portions(book: Book) -> None:
    """More keys than one statement asks for: the first and the last of a portion are found."""
    keys = [f"etl-{number}" for number in range(1_001)]
    book.ledger.known_keys.note(book.account_id, 320, {key: key.upper() for key in keys[::100]})

    assert book.ledger.known_keys.among(book.account_id, 320, keys) == {key: key.upper() for key in keys[::100]}
    assert book.ledger.known_keys.among(book.account_id, 320, keys[499:501]) == {"etl-500": "ETL-500"}
    assert book.ledger.known_keys.among(book.account_id, 320, []) == {}


def test_no_news_is_not_written(book: Book, other: Book) -> None:
    """A read that showed no key does not wait for the ledger."""
    other.hold()

    assert book.ledger.known_keys.note(book.account_id, 320, {}) == 0
