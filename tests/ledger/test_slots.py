"""Slots: no window ever holds more requests than the account allows, whoever sends them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.delivery.throttle import LONGEST_IN_AIR_SECONDS, MARGIN_SECONDS
from etl.ledger.requests import Allowance, BudgetSpent, Intent, NoSlot, RequestEnd, Reservation, Reserved
from etl.ledger.store import Ledger
from etl.records import Limit, Window
from tests.clocks import ManualClock
from tests.ledger.books import LAST_ROW, Book, a_row, open_book

HUNDRED = Limit(100, 5.0)


def an_allowance(bulk: Limit, general: Limit = HUNDRED, daily: int | None = None) -> Allowance:
    return Allowance({Window.BULK: bulk, Window.GENERAL: general}, daily)


@dataclass
class Flight:
    """One request that was sent: it arrived at some moment within [sent, ended], nobody knows when."""

    window: Window
    sent: float
    ended: float


def most_arrivals(flights: list[Flight], seconds: float) -> int:
    """The most arrivals that any window of that length may have seen, whenever each request arrived.

    A window that begins with one request's latest arrival may hold all requests that can have arrived in it.
    """
    return max(
        (
            sum(flight.sent <= first.ended + seconds and flight.ended >= first.ended for flight in flights)
            for first in flights
        ),
        default=0,
    )


def ask(ledger: Ledger, account_id: int, window: Window, allowance: Allowance) -> Reservation:
    """Ask for a slot: for a read, or for the first row of run 1 that waits."""
    if window is Window.GENERAL:
        return ledger.requests.reserve_read(account_id, allowance)
    row = next(iter(ledger.runs.waiting(1, 1, LAST_ROW).values()))
    return ledger.requests.reserve(Intent(account_id, 1, 1, window, [row], b""), allowance)


STEPS = st.lists(
    st.tuples(
        st.sampled_from([Window.BULK, Window.GENERAL]),
        st.integers(0, 1),
        st.sampled_from([0.0, 0.02, 0.4, 1.0, 4.9, 7.0]),
        st.sampled_from([0.0, 0.0, 0.0, 0.3, 2.5]),
    ),
    min_size=1,
    max_size=14,
)


@given(steps=STEPS, bulk=st.integers(1, 3), general=st.integers(1, 4), bulk_seconds=st.sampled_from([1.0, 5.0]))
@settings(max_examples=20, deadline=None)
def test_no_window_holds_more_than_the_limit(
    steps: list[tuple[Window, int, float, float]], bulk: int, general: int, bulk_seconds: float
) -> None:
    """Whenever each request arrived between its sending and its answer, no stretch of S seconds saw more than N.

    Two processes share the ledger; latencies, gaps, windows and who asks are arbitrary.
    """
    allowance = an_allowance(Limit(bulk, bulk_seconds), Limit(general, 5.0))
    with tempfile.TemporaryDirectory() as folder:
        clock = ManualClock()
        first = open_book(Path(folder), clock)
        second = open_book(Path(folder), clock)
        assert first.begin([a_row(number, str(number)) for number in range(2, 20)]) == 1
        flights: list[Flight] = []
        in_the_air: dict[int, tuple[Flight, Ledger]] = {}

        def land(until: float) -> None:
            for request_id, (flight, ledger) in sorted(in_the_air.items(), key=lambda one: one[1][0].ended):
                if flight.ended <= until:
                    clock.move_to(flight.ended)
                    ledger.requests.settle(RequestEnd(request_id, flight.ended, "answered", None, 200))
                    del in_the_air[request_id]
            clock.move_to(until)

        for window, who, latency, gap in steps:
            ledger = (first, second)[who].ledger
            land(clock.seconds + gap)
            while isinstance(answer := ask(ledger, first.account_id, window, allowance), NoSlot):
                assert clock.seconds < answer.until <= clock.seconds + 5.0 + LONGEST_IN_AIR_SECONDS
                land(answer.until)
            assert isinstance(answer, Reserved)
            flight = Flight(window, clock.seconds, clock.seconds + latency)
            flights.append(flight)
            in_the_air[answer.request_id] = (flight, ledger)

        assert most_arrivals(flights, 5.0) <= general
        assert most_arrivals([one for one in flights if one.window is Window.BULK], bulk_seconds) <= bulk
        first.ledger.close()
        second.ledger.close()


def send_now(book: Book, allowance: Allowance, seconds_until_answer: float = 0.0) -> None:
    answer = ask(book.ledger, book.account_id, Window.GENERAL, allowance)
    assert isinstance(answer, Reserved), answer
    book.clock.move(seconds_until_answer)
    book.ledger.requests.settle(RequestEnd(answer.request_id, book.clock.monotonic(), "read", None, None))


def test_a_slot_is_held_from_the_answer_on(book: Book, clock: ManualClock) -> None:
    """A request that took a second to be answered holds its slot until a window after the answer."""
    allowance = an_allowance(Limit(9, 5.0), Limit(1, 5.0))
    began = clock.seconds
    send_now(book, allowance, seconds_until_answer=1.0)

    denied = ask(book.ledger, book.account_id, Window.GENERAL, allowance)

    assert denied == NoSlot(began + 1.0 + 5.0 + MARGIN_SECONDS)
    clock.move_to(denied.until)
    assert isinstance(ask(book.ledger, book.account_id, Window.GENERAL, allowance), Reserved)


def test_a_request_in_the_air_of_another_process_is_asked_about_again_within_a_window(
    book: Book, other: Book, clock: ManualClock
) -> None:
    """Who waits for another process's request asks again soon: its answer may come long before it must be over."""
    allowance = an_allowance(Limit(9, 5.0), Limit(1, 5.0))
    assert isinstance(ask(other.ledger, book.account_id, Window.GENERAL, allowance), Reserved)

    denied = ask(book.ledger, book.account_id, Window.GENERAL, allowance)

    assert denied == NoSlot(clock.seconds + 5.0 + MARGIN_SECONDS)


def test_a_request_that_nobody_answered_for_holds_its_slot_as_long_as_it_can_be_under_way(
    book: Book, clock: ManualClock
) -> None:
    """What a dead process left in the air counts until it is certainly over, then no more."""
    allowance = an_allowance(Limit(9, 5.0), Limit(1, 5.0))
    ask(book.ledger, book.account_id, Window.GENERAL, allowance)

    clock.move(LONGEST_IN_AIR_SECONDS + 4.9)
    assert isinstance(ask(book.ledger, book.account_id, Window.GENERAL, allowance), NoSlot)
    clock.move(0.2)
    assert isinstance(ask(book.ledger, book.account_id, Window.GENERAL, allowance), Reserved)


def test_a_bulk_request_counts_in_both_windows(book: Book) -> None:
    """A bulk request fills the general window too; any other one leaves the bulk window alone."""
    allowance = an_allowance(Limit(1, 5.0), Limit(2, 5.0))
    book.begin([a_row(2)])

    assert isinstance(ask(book.ledger, book.account_id, Window.GENERAL, allowance), Reserved)
    assert isinstance(ask(book.ledger, book.account_id, Window.BULK, allowance), Reserved)
    assert isinstance(ask(book.ledger, book.account_id, Window.GENERAL, allowance), NoSlot)


def test_accounts_do_not_share_their_windows(book: Book) -> None:
    """What one account has spent is nothing to another one."""
    allowance = an_allowance(Limit(1, 5.0), Limit(1, 5.0), daily=1)
    stranger = book.ledger.accounts.meet("https://api.example.com", "test", "78").account_id
    send_now(book, allowance)

    assert isinstance(ask(book.ledger, stranger, Window.GENERAL, allowance), Reserved)


def test_a_pause_holds_for_every_process(book: Book, other: Book, clock: ManualClock) -> None:
    """After one process was refused for its rate, no process sends before the pause is over; a shorter one changes nothing."""
    allowance = an_allowance(Limit(9, 5.0))
    book.ledger.accounts.pause(book.account_id, clock.seconds + 30.0)
    book.ledger.accounts.pause(book.account_id, clock.seconds + 10.0)

    assert ask(other.ledger, book.account_id, Window.GENERAL, allowance) == NoSlot(clock.seconds + 30.0)
    clock.move(30.0)
    assert isinstance(ask(other.ledger, book.account_id, Window.GENERAL, allowance), Reserved)


def test_what_a_commit_does_counts_for_the_rest_of_it(book: Book, clock: ManualClock) -> None:
    """A commit asks once how the account stands, and knows what it has done itself since: its requests, and its pause."""
    allowance = an_allowance(Limit(9, 5.0), Limit(2, 5.0))

    with book.ledger.requests.together():
        first, second, third = (ask(book.ledger, book.account_id, Window.GENERAL, allowance) for _ in range(3))
        roomy = [ask(book.ledger, book.account_id, Window.GENERAL, an_allowance(HUNDRED))]
        book.ledger.accounts.pause(book.account_id, clock.seconds + 30.0)
        roomy.append(ask(book.ledger, book.account_id, Window.GENERAL, an_allowance(HUNDRED)))

    assert [type(one) for one in (first, second, third, *roomy)] == [Reserved, Reserved, NoSlot, Reserved, NoSlot]
    assert roomy[-1] == NoSlot(clock.seconds + 30.0)


def test_a_pause_of_another_boot_is_over(book: Book, other: Book, clock: ManualClock) -> None:
    """Moments of two boots cannot be compared, so a pause does not outlive its boot."""
    book.ledger.accounts.pause(book.account_id, clock.seconds + 3_000.0)

    clock.reboot("boot-2", 100.0)

    assert isinstance(ask(other.ledger, book.account_id, Window.GENERAL, an_allowance(Limit(9, 5.0))), Reserved)


def test_after_another_boot_one_window_is_waited_once(book: Book, clock: ManualClock, tmp_path: Path) -> None:
    """Requests of the boot before cannot be placed in time: the first one of this boot waits a window, the next ones do not."""
    allowance = an_allowance(Limit(5, 5.0), Limit(1, 8.0))
    send_now(book, allowance)
    clock.reboot("boot-2", 40.0)

    again = book.neighbour()

    assert ask(again.ledger, book.account_id, Window.GENERAL, allowance) == NoSlot(48.0)
    clock.move_to(48.0)
    send_now(again, allowance)
    clock.move(8.0 + MARGIN_SECONDS)
    later = open_book(tmp_path, clock)
    assert isinstance(ask(later.ledger, book.account_id, Window.GENERAL, allowance), Reserved)
    again.ledger.close()
    later.ledger.close()


def test_a_boot_before_the_account_s_first_request_costs_nothing(
    book: Book, clock: ManualClock, tmp_path: Path
) -> None:
    """Without requests of another boot there is nothing to wait for."""
    clock.reboot("boot-2", 40.0)

    again = open_book(tmp_path, clock)

    assert isinstance(ask(again.ledger, book.account_id, Window.GENERAL, an_allowance(Limit(5, 5.0))), Reserved)
    again.ledger.close()


def test_the_wall_clock_may_jump(book: Book, clock: ManualClock) -> None:
    """Setting the machine's clock back or forward by hours neither frees nor blocks a slot."""
    allowance = an_allowance(Limit(9, 5.0), Limit(1, 5.0))
    send_now(book, allowance)

    for hours in (-5, 9):
        clock.jump(hours * 3600)
        assert isinstance(ask(book.ledger, book.account_id, Window.GENERAL, allowance), NoSlot)
    clock.move(5.0 + MARGIN_SECONDS)
    assert isinstance(ask(book.ledger, book.account_id, Window.GENERAL, allowance), Reserved)


def test_the_day_s_budget_is_shared_and_ends_at_midnight_utc(book: Book, other: Book, clock: ManualClock) -> None:
    """All processes spend from one budget; a new UTC day brings a new one."""
    allowance = an_allowance(Limit(100, 5.0), daily=3)
    for spender in (book, other, book):
        send_now(spender, allowance)

    assert ask(other.ledger, book.account_id, Window.GENERAL, allowance) == BudgetSpent(3)
    assert other.ledger.requests.spent_today(book.account_id) == 3
    clock.wall = clock.wall.replace(hour=23, minute=59, second=59)
    assert ask(book.ledger, book.account_id, Window.GENERAL, allowance) == BudgetSpent(3)
    clock.wall += timedelta(seconds=1)
    assert isinstance(ask(book.ledger, book.account_id, Window.GENERAL, allowance), Reserved)
    assert book.ledger.requests.spent_today(book.account_id) == 1


def test_requests_of_one_commit_are_each_counted_in_their_day(book: Book, other: Book, clock: ManualClock) -> None:
    """With it all of them are in the ledger, whatever was asked between them, and those after midnight in the next day."""
    generous = an_allowance(HUNDRED)
    with book.ledger.requests.together():
        for _ in range(2):
            ask(book.ledger, book.account_id, Window.GENERAL, generous)
        book.ledger.accounts.pause(book.account_id, clock.seconds)  # how the account stands is asked anew after that
        ask(book.ledger, book.account_id, Window.GENERAL, generous)
        budget = ask(book.ledger, book.account_id, Window.GENERAL, an_allowance(Limit(50, 6.0), daily=3))
        clock.wall += timedelta(days=1)
        ask(book.ledger, book.account_id, Window.GENERAL, generous)

    assert budget == BudgetSpent(3)
    assert other.query("SELECT requests FROM request_days ORDER BY utc_day") == [(3,), (1,)]


def test_what_was_not_committed_is_not_counted(book: Book, other: Book) -> None:
    """A commit that does not come about leaves the day as it was, for what comes after it, too."""
    generous = an_allowance(HUNDRED)
    ask(book.ledger, book.account_id, Window.GENERAL, generous)

    with pytest.raises(ZeroDivisionError), book.ledger.requests.together():
        ask(book.ledger, book.account_id, Window.GENERAL, generous)
        1 / 0  # noqa: B018 — whatever fails
    ask(book.ledger, book.account_id, Window.GENERAL, generous)

    assert other.query("SELECT requests FROM request_days") == [(2,)]


def test_a_denied_request_is_not_counted(book: Book) -> None:
    """Asking without getting a slot writes nothing and spends nothing."""
    allowance = an_allowance(Limit(1, 5.0), Limit(1, 5.0))
    run_id = book.begin([a_row(2), a_row(3, "b")])
    first, second = book.waiting(run_id)
    assert isinstance(book.reserve(run_id, [first], allowance), Reserved)

    assert isinstance(book.reserve(run_id, [second], allowance), NoSlot)

    assert book.ledger.requests.spent_today(book.account_id) == 1
    assert book.query("SELECT COUNT(*) FROM requests") == [(1,)]
    assert [row.row_number for row in book.waiting(run_id)] == [3]
