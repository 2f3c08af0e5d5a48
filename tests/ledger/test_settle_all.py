"""Requests that end together: what is written of them is what is written of one after the other."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.delivery.outcomes import RowEnd
from etl.ledger.requests import RequestEnd
from etl.records import Outcome, Trip
from tests.clocks import ManualClock
from tests.ledger.books import FATES, Book, a_row, created, open_book

ROWS = 3
"""So many of each request."""

IDS = {word: f"0f8fad5b-d9cb-469f-a165-{number:012}" for number, word in enumerate("abcdefghijkl")}
HELD = "h"
"""An id that a row of an earlier run has."""

Fates = Sequence[str]
"""Of each row of a request: the word of the id under which it was created, or another outcome."""

TABLE = [
    pytest.param([["a", "b", "c"], ["d", "e", "f"], ["g", "i", "j"]], id="all created"),
    pytest.param([["a", "b", "c"], ["d", "refused", "f"], ["g", "i", "j"]], id="one refused"),
    pytest.param([["waiting", "waiting", "waiting"], ["d", "e", "f"]], id="one not sent"),
    pytest.param([["unconfirmed", "unconfirmed", "unconfirmed"], ["d", "e", "f"]], id="one not answered"),
    pytest.param([["a", "b", "c"], ["d", "a", "f"], ["g", "i", "j"]], id="one id in two of them"),
    pytest.param([["a", "b", "a"], ["d", "e", "f"]], id="one id twice in one"),
    pytest.param([["a", "b", "c"], ["d", HELD, "f"]], id="an id that another row has"),
    pytest.param([["a", "b", "c"], ["a", "a", "e"]], id="one id twice, and in another one"),
    pytest.param([["a", "b", "c"]], id="only one"),
]


def ends_of(book: Book, run_id: int, requests: Sequence[Fates]) -> list[RequestEnd]:
    """The requests, sent, and how they end. They go out in another order than their rows stand in."""
    rows = book.waiting(run_id)
    ends = []
    for place in reversed(range(len(requests))):
        its = rows[place * ROWS : place * ROWS + ROWS]
        request_id = book.intend(run_id, its)
        told: list[RowEnd] = [
            created(row, IDS[word]) if word in IDS else FATES[Outcome(word)](row)
            for row, word in zip(its, requests[place], strict=True)
        ]
        trip = Trip(book.clock.seconds, 0.01, 100)
        ends.append(RequestEnd(request_id, book.clock.seconds, "answered", None, 200, tuple(told), trip=trip))
    return ends


def a_book(folder: Path, requests: Sequence[Fates]) -> tuple[Book, list[RequestEnd]]:
    folder.mkdir()
    book = open_book(folder, ManualClock())
    earlier = book.begin([a_row(2, "earlier")])
    (row,) = book.waiting(earlier)
    book.settle(book.intend(earlier), created(row, IDS[HELD]))
    run_id = book.begin([a_row(number, f"row {number}") for number in range(2, 2 + ROWS * len(requests))])
    return book, ends_of(book, run_id, requests)


def kept(book: Book) -> list[object]:
    """All that the end of a request writes."""
    return [
        book.query(
            "SELECT row_id, outcome, activity_id, code, error, hint, request_id, position FROM rows ORDER BY row_id"
        ),
        book.query(
            "SELECT request_id, ended_mono, status, verdict, witness, written_mono FROM requests ORDER BY request_id"
        ),
        book.query("SELECT handshakes, answers FROM lines"),
        book.claims(),
    ]


def compare(folder: Path, requests: Sequence[Fates]) -> None:
    one, ends = a_book(folder / "one", requests)
    all_, same = a_book(folder / "all", requests)
    assert same == ends

    with one.ledger.requests.together():
        told = [one.ledger.requests.settle(end) for end in ends]
    with all_.ledger.requests.together():
        told_together = all_.ledger.requests.settle_all(ends)

    assert told_together == told
    assert kept(all_) == kept(one)
    for book in (one, all_):
        book.ledger.close()


@pytest.mark.parametrize("requests", TABLE)
def test_requests_that_end_together_end_as_each_by_itself(tmp_path: Path, requests: Sequence[Fates]) -> None:
    """Rows, requests and line are as they would be if each had been written alone, in that order."""
    compare(tmp_path, requests)


_FATE = st.sampled_from([*"abcdefgijkl", *"abcdefgijkl", HELD, "refused", "unconfirmed", "waiting"])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(_FATE, min_size=ROWS, max_size=ROWS), min_size=1, max_size=4))
def test_whatever_becomes_of_them(requests: list[list[str]]) -> None:
    """The same for any mixture of ends."""
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), requests)


def test_requests_that_end_together_cost_one_question(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a file, whether other rows have the ids is asked once for all of them."""
    if book.ledger._database.is_shared:
        pytest.skip("where machines share a ledger each is asked about by itself")
    run_id = book.begin([a_row(number, f"row {number}") for number in range(2, 2 + 3 * ROWS)])
    ends = ends_of(book, run_id, [["a", "b", "c"], ["d", "e", "f"], ["g", "i", "j"]])
    ask, asked = book.ledger._database.ask, list[str]()
    monkeypatch.setattr(
        book.ledger._database, "ask", lambda statement, values: asked.append(statement) or ask(statement, values)
    )

    with book.ledger.requests.together():
        book.ledger.requests.settle_all(ends)

    assert len([one for one in asked if "SELECT activity_id, run_id" in one]) == 1
    assert set(book.outcomes(run_id).values()) == {Outcome.CREATED}
