"""The line in the ledger: what one process has seen of it holds for all."""

from __future__ import annotations

import pytest

from etl.delivery.line import FLOOR_SECONDS
from etl.delivery.outcomes import RowEnd
from etl.delivery.throttle import MARGIN_SECONDS
from etl.ledger.requests import Allowance, NoSlot, RequestEnd, Reserved
from etl.records import Limit, Outcome, Trip, Window
from tests.clocks import ManualClock
from tests.ledger.books import Book, a_row

ONE = Allowance({Window.BULK: Limit(1, 5.0), Window.GENERAL: Limit(1, 5.0)}, None)
FOUR = Allowance({Window.BULK: Limit(4, 5.0), Window.GENERAL: Limit(4, 5.0)}, None)
ANSWER = 1.0
HELD = ANSWER + 5.0 + MARGIN_SECONDS


def ask(book: Book, allowance: Allowance = ONE) -> float:
    """Wait for a slot and take it; answered after a second. Returns: how long it was waited for."""
    return travel(book, None, allowance=allowance)


def travel(
    book: Book,
    handshake: float | None,
    *,
    size: int = 100,
    refused_within: float | None = None,
    allowance: Allowance = ONE,
    over_after: float = ANSWER,
    is_reset: bool = False,
) -> float:
    """One read, answered after a second. Returns: how long its slot was waited for. is_reset: no answer, but an end."""
    began = book.clock.seconds
    while isinstance(answer := book.ledger.requests.reserve_read(book.account_id, allowance), NoSlot):
        book.clock.move_to(answer.until)
    assert isinstance(answer, Reserved)
    waited, written = book.clock.seconds - began, book.clock.seconds
    book.clock.move(over_after)
    trip = None if is_reset else Trip(written, handshake, size)
    end = RequestEnd(
        answer.request_id, book.clock.seconds, "read", None, None, trip=trip, refused_within=refused_within
    )
    book.ledger.requests.settle(end)
    return waited


@pytest.fixture
def warm(book: Book) -> Book:
    """An account whose line has shown that it is quick, and its server that it is slow."""
    for _ in range(4):
        travel(book, 0.01)
    for _ in range(6):
        travel(book, None)
    return book


def test_all_that_comes_back_at_once_is_seen(book: Book) -> None:
    """Of requests that end in one commit each one tells something of the line."""
    requests = book.ledger.requests
    row_ids = [row.row_id for row in book.waiting(book.begin([a_row(number, str(number)) for number in range(2, 5)]))]
    sent = [book.intend(1, [row]) for row in book.waiting(1)]
    trip = Trip(book.clock.seconds, 0.01, 100)
    with requests.together():
        requests.reserve_read(book.account_id, FOUR)  # what the line is like is known from here on
        for request_id, row_id in zip(sent, row_ids, strict=True):
            end = RowEnd(row_id, Outcome.CREATED, activity_id=f"0f8fad5b-d9cb-469f-a165-{row_id:012}")
            requests.settle(RequestEnd(request_id, book.clock.seconds, "answered", None, 200, (end,), trip=trip))

    assert book.query("SELECT handshakes, answers FROM lines") == [(3, 3)]


def test_what_a_commit_has_seen_is_known_where_it_is_asked_for(book: Book) -> None:
    """Each answer of a commit tells something of the line, also where the ledger is asked for it between two of them."""
    requests = book.ledger.requests
    run_id = book.begin([a_row(number, str(number)) for number in range(2, 5)])
    sent = [book.intend(run_id, [row]) for row in book.waiting(run_id)]
    with requests.together():
        requests.reserve_read(book.account_id, FOUR)
        for seconds, request_id in enumerate(sent):
            trip = Trip(book.clock.seconds, 0.01, 100)
            requests.settle(RequestEnd(request_id, book.clock.seconds, "answered", None, 200, trip=trip))
            book.ledger.accounts.pause(book.account_id, book.clock.seconds + seconds)  # asked anew from here on

    assert book.query("SELECT handshakes, answers FROM lines") == [(3, 3)]


def test_a_warm_line_frees_slots_by_its_bound(warm: Book) -> None:
    """A slot is free a window and the bound after its request was written, and not after its answer."""
    assert ask(warm) == pytest.approx(5.0 + FLOOR_SECONDS + MARGIN_SECONDS - ANSWER)


def test_without_evidence_the_answer_counts(book: Book) -> None:
    """From the first request on a cold line each slot is held until a window after the answer."""
    ask(book)

    assert ask(book) == pytest.approx(5.0 + MARGIN_SECONDS)


ENDS = [
    pytest.param(1.02, False, FLOOR_SECONDS - 1.02, id="as usual: its bound"),
    pytest.param(1.2, False, 0.2 + FLOOR_SECONDS - 1.2, id="0.2 s later than usual: as much more"),
    pytest.param(0.3, True, 0.0, id="the connection reset: that moment"),
    pytest.param(30.0, True, 0.0, id="reset after a long time"),
]


@pytest.mark.parametrize(("over_after", "is_reset", "after"), ENDS)
def test_what_may_have_been_slow_on_its_way_holds_its_slot_for_longer(
    warm: Book, over_after: float, is_reset: bool, after: float
) -> None:
    """A line that has shown that it is quick says nothing of a request that was not like the others."""
    travel(warm, None, over_after=over_after, is_reset=is_reset)

    assert ask(warm) == pytest.approx(5.0 + after + MARGIN_SECONDS)


SIZES = [
    pytest.param(12 * 1024, FLOOR_SECONDS, id="through at once"),
    pytest.param(12 * 1024 + 1, FLOOR_SECONDS + 0.01, id="one more turn"),
    pytest.param(96 * 1024, FLOOR_SECONDS + 0.02, id="two more turns"),
    pytest.param(96 * 1024 + 1, ANSWER, id="too large: its answer"),
]


@pytest.mark.parametrize(("size", "after"), SIZES)
def test_a_large_request_takes_more_turns_of_the_line(warm: Book, size: int, after: float) -> None:
    """What does not go out at once arrives later, by a handshake's time for each turn."""
    travel(warm, None, size=size)

    assert ask(warm) == pytest.approx(5.0 + after + MARGIN_SECONDS - ANSWER)


def test_what_one_process_has_seen_holds_for_the_other(warm: Book, other: Book) -> None:
    """Bound and retreat are the account's."""
    other.clock = warm.clock
    assert ask(other) == pytest.approx(5.0 + FLOOR_SECONDS + MARGIN_SECONDS - ANSWER)

    travel(other, None, refused_within=5.0)

    assert ask(warm) == pytest.approx(5.0 + 2 * FLOOR_SECONDS + MARGIN_SECONDS - ANSWER)


def test_a_slower_handshake_holds_at_once_for_what_was_sent_before(warm: Book) -> None:
    """A line that shows itself slower is believed to have been so."""
    travel(warm, 0.4)
    ask(warm)

    assert ask(warm) == pytest.approx(5.0 + 0.4 + MARGIN_SECONDS - ANSWER)


def test_a_boot_begins_with_the_answers(warm: Book, clock: ManualClock) -> None:
    """The line is to be seen anew, because the machine may be elsewhere by now."""
    clock.reboot("boot-2", 1_000.0)
    ask(warm)

    assert ask(warm) == pytest.approx(5.0 + MARGIN_SECONDS)


def test_a_refusal_that_nothing_explains_halves_what_is_sent_for_a_while(book: Book, other: Book) -> None:
    """With four requests a window, two go after such a refusal, whoever sends them; ten minutes later four again."""
    other.clock = book.clock
    travel(book, None, refused_within=5.0, allowance=FOUR)
    book.clock.move(30.0)

    def in_a_window() -> int:
        sent = 0
        while isinstance(other.ledger.requests.reserve_read(other.account_id, FOUR), Reserved):
            sent += 1
        book.do("UPDATE requests SET ended_mono = sent_mono WHERE ended_mono IS NULL")
        return sent

    assert in_a_window() == 2
    book.clock.move(600.0)
    assert in_a_window() == 4
