"""Accounts: who they are, and what their answers have taught."""

from __future__ import annotations

import pytest

from etl.errors import LedgerError
from etl.records import Limit, Window
from tests.ledger.books import Book

HOST = "https://api.example.com"


def test_keys_and_hosts_change_and_the_organisation_stays(book: Book) -> None:
    """An organisation is one account under whatever host and name it is met."""
    accounts = book.ledger.accounts

    again = accounts.meet("https://other.example.com", "live", "77")

    assert again.account_id == book.account_id
    assert again.identity == "org:77"
    assert accounts.known_as("https://other.example.com", "live") == again
    assert accounts.known_as("https://other.example.com", "unheard") is None


def test_an_account_once_known_by_its_organisation_stays_that_one(book: Book) -> None:
    """Where LeadSquared does not tell the organisation this time, the account is still the one it was."""
    assert book.ledger.accounts.meet(HOST, "prod", None).account_id == book.account_id


def test_a_name_that_leads_to_another_organisation_is_another_account(book: Book) -> None:
    """New keys of another organisation under an old name do not inherit its memory."""
    other = book.ledger.accounts.meet(HOST, "prod", "78")

    assert other.account_id != book.account_id
    assert book.ledger.accounts.known_as(HOST, "prod") == other


def test_without_an_organisation_host_and_name_are_the_identity(book: Book) -> None:
    """An account that does not tell its organisation is known by host and name."""
    first = book.ledger.accounts.meet(HOST, "shy", None)
    second = book.ledger.accounts.meet(HOST, "shyer", None)

    assert first.identity == "host:api.example.com/shy"
    assert first.account_id != second.account_id


def test_a_scope_is_one_number_for_each_mapping_name_and_event(book: Book, other: Book) -> None:
    """Rows are known again within account, mapping name and event, from whatever process one asks."""
    scope = book.ledger.accounts.scope

    assert scope(book.account_id, "visits", 320) == other.ledger.accounts.scope(book.account_id, "visits", 320)
    assert len({scope(book.account_id, name, event) for name in ("visits", "calls") for event in (1, 2)}) == 4


def test_the_numbering_of_answers_is_remembered(book: Book, other: Book) -> None:
    """What one run has learnt of an account's row numbers serves all later ones."""
    assert book.ledger.accounts.numbering(book.account_id) == "unknown"

    book.ledger.accounts.note_numbering(book.account_id, "from_zero")

    assert other.ledger.accounts.numbering(book.account_id) == "from_zero"


LEARNT = [
    pytest.param([Limit(20, 5.0)], Limit(20, 5.0), id="one"),
    pytest.param([Limit(20, 5.0), Limit(10, 5.0)], Limit(10, 5.0), id="a smaller one wins"),
    pytest.param([Limit(10, 5.0), Limit(20, 5.0)], Limit(10, 5.0), id="a larger one changes nothing"),
    pytest.param([Limit(10, 5.0), Limit(30, 20.0)], Limit(30, 20.0), id="smaller by the second"),
    pytest.param([Limit(10, 5.0), Limit(2, 1.0)], Limit(10, 5.0), id="the same rate"),
]


@pytest.mark.parametrize(("named", "kept"), LEARNT)
def test_the_smallest_limit_that_was_named_is_kept(book: Book, other: Book, named: list[Limit], kept: Limit) -> None:
    """Of several limits that refusals named, the one that allows least holds, for every process."""
    for limit in named:
        book.ledger.accounts.learn_limit(book.account_id, Window.BULK, limit)

    assert other.ledger.accounts.learned_limits(book.account_id) == {Window.BULK: kept}


def test_a_limit_is_known_to_the_commit_that_learns_it(book: Book) -> None:
    """A commit asks once which limits were named; one that it keeps itself, or another process before it, is among them."""
    accounts, other = book.ledger.accounts, book.neighbour().ledger
    with book.ledger.requests.together():
        accounts.pause(book.account_id, 0.0)
        assert accounts.learned_limits(book.account_id) == {}
        accounts.learn_limit(book.account_id, Window.BULK, Limit(2, 5.0))
        assert accounts.learned_limits(book.account_id) == {Window.BULK: Limit(2, 5.0)}
    other.accounts.learn_limit(book.account_id, Window.BULK, Limit(1, 5.0))

    assert accounts.learned_limits(book.account_id) == {Window.BULK: Limit(1, 5.0)}
    other.close()


def test_windows_are_learnt_apart(book: Book) -> None:
    """What was named for bulk requests says nothing about other ones."""
    book.ledger.accounts.learn_limit(book.account_id, Window.BULK, Limit(1, 5.0))
    book.ledger.accounts.learn_limit(book.account_id, Window.GENERAL, Limit(20, 5.0))

    assert book.ledger.accounts.learned_limits(book.account_id) == {
        Window.BULK: Limit(1, 5.0),
        Window.GENERAL: Limit(20, 5.0),
    }


def test_an_account_known_by_host_becomes_that_of_its_organisation(book: Book) -> None:
    """What was imported before LeadSquared told the organisation stays known when it does."""
    before = book.ledger.accounts.meet("http://127.0.0.1:7", "late", None)

    after = book.ledger.accounts.meet("http://127.0.0.1:7", "late", "777")

    assert (after.account_id, after.organisation) == (before.account_id, "777")
    assert book.ledger.accounts.known_as("http://127.0.0.1:7", "late") == after


def test_rows_of_one_organisation_in_two_places_stop_the_run(book: Book) -> None:
    """Rather than sending twice what lies under another name, nothing is sent."""
    book.ledger.accounts.meet("http://127.0.0.1:7", "told", "777")
    book.ledger.accounts.meet("http://127.0.0.1:7", "late", None)

    with pytest.raises(LedgerError, match="in two places"):
        book.ledger.accounts.meet("http://127.0.0.1:7", "late", "777")


def test_a_limit_that_was_named_is_tried_again_after_a_month(book: Book) -> None:
    """A plan may grow: after thirty days without its being named again the settings' number is used, and may be refused anew."""
    book.ledger.accounts.learn_limit(book.account_id, Window.BULK, Limit(10, 5.0))
    book.clock.jump(20 * 86_400)
    book.ledger.accounts.learn_limit(book.account_id, Window.BULK, Limit(10, 5.0))
    book.clock.jump(20 * 86_400)
    still = book.ledger.accounts.learned_limits(book.account_id)
    book.clock.jump(11 * 86_400)
    forgotten = book.ledger.accounts.learned_limits(book.account_id)
    book.ledger.accounts.learn_limit(book.account_id, Window.BULK, Limit(15, 5.0))

    assert still == {Window.BULK: Limit(10, 5.0)}
    assert forgotten == {}
    assert book.ledger.accounts.learned_limits(book.account_id) == {Window.BULK: Limit(15, 5.0)}
