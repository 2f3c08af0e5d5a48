"""Intents that are put off to the end of their commit: written as each by itself would be, or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.errors import LedgerError
from etl.ledger.requests import Allowance, Intent, NoSlot, PlaceTakenError, Reserved, Taken
from etl.records import Limit, Outcome, Window
from tests.clocks import ManualClock
from tests.ledger.books import GENEROUS, Book, a_row, created, not_carried_out, open_book

ROWS = 8

ONE_IN_FIVE_SECONDS = Allowance({Window.BULK: Limit(1, 5.0), Window.GENERAL: Limit(1, 5.0)}, None)

Requests = Sequence[Sequence[int]]
"""The rows of each request by their places, in the order in which they go out. Below zero: one that has an address."""

TABLE = [
    pytest.param([[0, 1, 2], [3, 4, 5], [6, 7]], id="all in order"),
    pytest.param([[6, 7], [3, 4, 5], [0, 1, 2]], id="the last ones first"),
    pytest.param([[0, 2, 4], [1, 3, 5]], id="with gaps"),
    pytest.param([[4, 3, 2, 1, 0]], id="one backwards"),
    pytest.param([[0, 1], [2, -3], [4, 5]], id="one with an address among them"),
    pytest.param([[-1], [-2]], id="addresses only"),
    pytest.param([], id="none"),
]


def begun(book: Book) -> int:
    return book.begin([a_row(number, f"row {number}") for number in range(2, 2 + ROWS)])


def intents(book: Book, run_id: int, requests: Requests) -> list[Intent]:
    rows = book.waiting(run_id)
    chosen = [[rows[place] if place >= 0 else rows[-place]._replace(address=b"a") for place in one] for one in requests]
    return [Intent(book.account_id, book.scope_id, run_id, Window.BULK, its, b"[]") for its in chosen]


def kept(book: Book) -> list[object]:
    """All that intents write, and what their ends make of it."""
    return [
        book.query("SELECT row_id, outcome, activity_id, request_id, position FROM rows ORDER BY row_id"),
        book.query("SELECT request_id, rows, verdict, ended_after, witness FROM requests ORDER BY request_id"),
        book.query("SELECT memory_key, ordinal, row_id FROM claims ORDER BY memory_key, ordinal"),
        book.query("SELECT utc_day, requests FROM request_days"),
    ]


def compare(folder: Path, requests: Requests) -> None:
    found = []
    for puts_off in (False, True):
        (folder / f"{puts_off}").mkdir()
        book = open_book(folder / f"{puts_off}", ManualClock())
        going = intents(book, begun(book), requests)
        with book.ledger.requests.together(puts_off=puts_off):
            told = [book.ledger.requests.reserve(intent, GENEROUS) for intent in going]
        intended = kept(book)
        for reserved, intent in zip(told, going, strict=True):
            assert isinstance(reserved, Reserved)
            book.settle(reserved.request_id, *map(created, intent.rows))
        found.append((told, intended, kept(book)))
        book.ledger.close()
    assert found[0] == found[1]


@pytest.mark.parametrize("requests", TABLE)
def test_intents_put_off_are_what_each_by_itself_is(tmp_path: Path, requests: Requests) -> None:
    """Rows, places, requests and the day's count, and so what becomes of them."""
    compare(tmp_path, requests)


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(ROWS)), st.sets(st.integers(1, ROWS)), st.sets(st.integers(1, ROWS - 1)))
def test_whatever_goes_in_whichever_order(places: list[int], cuts: set[int], addresses: set[int]) -> None:
    """The same for any rows in any requests, some of which have addresses."""
    signed = [-place if place in addresses else place for place in places]
    ends = sorted(cuts)
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), [signed[begin:end] for begin, end in zip([0, *ends], ends, strict=False)])


@pytest.mark.parametrize("outcome", [Outcome.CREATED, Outcome.UNCONFIRMED])
def test_where_a_place_is_taken_nothing_is_written(book: Book, other: Book, outcome: Outcome) -> None:
    """Not of the requests that are free either; each by itself then tells which rows another run has sent."""
    if book.is_shared:
        pytest.skip("where machines share a ledger nothing is put off")
    run_id = begun(book)
    other.send(other.begin([a_row(9, "row 5")]), outcome)
    going = intents(book, run_id, [[0, 1], [2, 3]])
    before = kept(book)

    with pytest.raises(PlaceTakenError), book.ledger.requests.together(puts_off=True):
        told = [book.ledger.requests.reserve(intent, GENEROUS) for intent in going]

    assert [type(one) for one in told] == [Reserved] * 2
    assert kept(book) == before
    with book.ledger.requests.together():
        told = [book.ledger.requests.reserve(intent, GENEROUS) for intent in going]
    assert isinstance(told[0], Reserved)
    assert told[1] == Taken(frozenset({going[1].rows[1].row_id}))


def test_a_row_that_does_not_wait_is_never_intended(book: Book) -> None:
    """A commit with an intent for a row that was dealt with otherwise is refused whole."""
    run_id = begun(book)
    going = intents(book, run_id, [[0, 1], [2, 3]])
    book.do("UPDATE rows SET outcome = 'refused' WHERE row_number = 4")
    before = kept(book)

    with (
        pytest.raises(LedgerError, match=r"dealt with by another import.*was not sent") as raised,
        book.ledger.requests.together(puts_off=True),
    ):
        for intent in going:
            book.ledger.requests.reserve(intent, GENEROUS)

    assert not isinstance(raised.value, PlaceTakenError)
    assert kept(book) == before


def test_who_asks_by_itself_sees_what_was_put_off(book: Book) -> None:
    """A row with an address, whose place a row of the same commit has been given, finds it taken."""
    run_id = begun(book)
    later = book.begin([a_row(2, "row 2")], again=True)
    book.do(f"UPDATE rows SET ordinal = 1 WHERE run_id = {later}")
    (first,) = intents(book, run_id, [[0, 1]])
    (row,) = book.waiting(later)
    second = Intent(book.account_id, book.scope_id, later, Window.BULK, [row._replace(address=b"a")], b"[]")

    with book.ledger.requests.together(puts_off=True):
        book.ledger.requests.reserve(first, GENEROUS)
        told = book.ledger.requests.reserve(second, GENEROUS)

    assert told == Taken(frozenset({row.row_id}))
    assert book.outcomes(later) == {2: Outcome.UNCONFIRMED}


@pytest.mark.parametrize("puts_off", [False, True])
def test_a_row_that_followed_another_finds_a_place_of_its_own(book: Book, *, puts_off: bool) -> None:
    """Where what it followed did not go out, it takes no place that a row of the same commit has been given."""
    run_id = begun(book)
    first, second = intents(book, run_id, [[0], [1]])
    sent = book.intend(run_id, first.rows)
    follower = book.begin([a_row(20, "row 3", cells="of another")], again=True)
    book.do(
        f"UPDATE rows SET outcome = 'unconfirmed', known_row_id = {first.rows[0].row_id}, ordinal = NULL "
        f"WHERE run_id = {follower}"
    )

    with book.ledger.requests.together(puts_off=puts_off):
        book.ledger.requests.reserve(second, GENEROUS)
        book.settle(sent, not_carried_out(first.rows[0]))

    assert [(row.memory_key, row.ordinal) for row in book.waiting(follower)] == [(second.rows[0].memory_key, 2)]


def test_nothing_is_put_off_beyond_its_commit(book: Book) -> None:
    """A commit that failed takes with it what it has put off; what is reserved by itself is written at once."""
    run_id = begun(book)
    first, second = intents(book, run_id, [[0, 1], [2, 3]])
    with pytest.raises(ZeroDivisionError), book.ledger.requests.together(puts_off=True):
        book.ledger.requests.reserve(first, GENEROUS)
        raise ZeroDivisionError

    assert isinstance(book.ledger.requests.reserve(second, GENEROUS), Reserved)

    told = book.query("SELECT row_number, position FROM rows WHERE outcome = 'unconfirmed' ORDER BY row_number")
    assert told == [(4, 1), (5, 2)]
    assert len(book.claims()) == 2


def test_ends_of_what_was_put_off_are_written_after_one_question(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose ids these are: of rows that this process has sent itself the ledger need not tell anything."""
    if book.is_shared:
        pytest.skip("where machines share a ledger each row is asked about")
    going = intents(book, begun(book), [[0, 1], [2, 3]])
    with book.ledger.requests.together(puts_off=True):
        told = [book.ledger.requests.reserve(intent, GENEROUS) for intent in going]
    database = book.ledger._database
    ask, asked = database.ask, list[str]()
    monkeypatch.setattr(database, "ask", lambda statement, values: asked.append(statement) or ask(statement, values))

    for reserved, intent in zip(told, going, strict=True):
        assert isinstance(reserved, Reserved)
        guids = [f"{row.row_id:08}-1111-4111-8111-111111111111" for row in intent.rows]
        book.settle(reserved.request_id, *map(created, intent.rows, guids))

    assert [one for one in asked if "FROM rows\nWHERE row_id" in one] == []
    assert len([one for one in asked if "SELECT activity_id, run_id" in one]) == 2


def test_who_waited_for_a_slot_waits_no_longer_after_a_commit_that_was_made_once_more(tmp_path: Path) -> None:
    """The first attempt is taken back with the waiter that it took out, so the second one takes it out again."""
    book = open_book(tmp_path, ManualClock())
    other = book.neighbour()
    run = book.begin([a_row(number, f"row {number}") for number in range(2, 6)])
    first, *rest = book.waiting(run)
    sent = book.reserve(run, [first], ONE_IN_FIVE_SECONDS)
    assert isinstance(sent, Reserved)
    book.settle(sent.request_id, created(first))
    told = book.reserve(run, rest[:1], ONE_IN_FIVE_SECONDS)
    waited = book.query("SELECT waiter FROM slot_waiters")
    other.send(other.begin([a_row(9, "row 3")]))
    book.clock.move(6)
    intent = Intent(book.account_id, book.scope_id, run, Window.BULK, rest[:1], b"[]")
    with pytest.raises(PlaceTakenError), book.ledger.requests.together(puts_off=True):
        book.ledger.requests.reserve(intent, GENEROUS)

    with book.ledger.requests.together():
        again = book.ledger.requests.reserve(intent, GENEROUS)
        further = book.ledger.requests.reserve(replace(intent, rows=rest[1:2]), GENEROUS)

    assert isinstance(told, NoSlot)
    assert waited == [(str(run),)]
    assert (isinstance(again, Taken), isinstance(further, Reserved)) == (True, True)
    assert book.query("SELECT waiter FROM slot_waiters") == []
