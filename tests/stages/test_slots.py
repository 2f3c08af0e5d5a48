"""Reads take slots like everything else that is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from etl.deadlines import MaxRuntime
from etl.delivery.throttle import MARGIN_SECONDS
from etl.errors import NetworkError, QuotaSpentError, StoppedError
from etl.events import StopSignal
from etl.exits import ExitCode, code_of_error
from etl.ledger.requests import Allowance
from etl.records import ApiAnswer, Limit, Window
from etl.stages.slots import ReadSlots
from tests.clocks import ManualClock
from tests.ledger.books import GENEROUS, Book, a_row, open_book

TWO_IN_FIVE = Allowance({Window.BULK: Limit(25, 5.0), Window.GENERAL: Limit(2, 5.0)}, None)
AGAIN = 5.0 + MARGIN_SECONDS


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def book(tmp_path: Path, clock: ManualClock) -> Iterator[Book]:
    opened = open_book(tmp_path, clock)
    yield opened
    opened.ledger.close()


def slots(book: Book, *allowances: Allowance, is_known: bool = True) -> ReadSlots:
    """allowances: what the account may spend, the last one from then on."""
    left = list(allowances)
    record = book.ledger.accounts.known_as("https://api.example.com", "prod") if is_known else None
    return ReadSlots(book.ledger, record, lambda: left.pop(0) if len(left) > 1 else left[0], book.clock)


def requests(book: Book) -> list[tuple[str, bool, str | None]]:
    """Window, whether it is over, verdict."""
    return [tuple(row) for row in book.query("SELECT rate_window, ended_mono IS NOT NULL, verdict FROM requests")]


def test_a_read_counts_in_the_general_window_while_it_is_on_its_way(book: Book) -> None:
    """It is written before it is sent, and ended when its answer is there."""
    with slots(book, GENEROUS).take():
        assert requests(book) == [("general", 0, None)]

    assert requests(book) == [("general", 1, "read")]


def test_a_read_that_breaks_off_gives_its_slot_back(book: Book) -> None:
    """Whatever happens in the block, no request stays in the air."""
    with pytest.raises(ZeroDivisionError), slots(book, GENEROUS).take():
        raise ZeroDivisionError

    assert requests(book) == [("general", 1, "read")]


def test_a_full_window_is_waited_for(book: Book, clock: ManualClock) -> None:
    """The third read within five seconds goes when the first one's place is free again."""
    taker, began = slots(book, TWO_IN_FIVE), clock.monotonic()
    for _ in range(2):
        with taker.take():
            clock.move(1.0)

    with taker.take():
        assert clock.monotonic() == pytest.approx(began + 1.0 + AGAIN)


def test_rows_on_their_way_take_reads_their_places(book: Book, clock: ManualClock) -> None:
    """A bulk request counts in the general window, too, from its sending until a window after its answer."""
    taker = slots(book, Allowance({Window.BULK: Limit(25, 5.0), Window.GENERAL: Limit(1, 5.0)}, None))
    book.send(book.begin([a_row(2)]))
    answered = clock.monotonic()

    with taker.take():
        assert clock.monotonic() == pytest.approx(answered + AGAIN)


def test_a_limit_that_was_learned_meanwhile_holds_for_the_next_read(book: Book, clock: ManualClock) -> None:
    """What may be spent is asked anew each time."""
    taker, began = slots(book, GENEROUS, TWO_IN_FIVE), clock.monotonic()
    for _ in range(2):
        with taker.take():
            pass

    with taker.take():
        assert clock.monotonic() - began >= 5.0


def test_a_spent_budget_ends_the_reading(book: Book) -> None:
    """No attempt more, and the error says that trying again today is of no use."""
    taker = slots(book, Allowance(GENEROUS.limits, 1))
    with taker.take():
        pass

    with pytest.raises(NetworkError, match=r"budget of requests is spent \(1 today\)") as spent, taker.take():
        pass

    assert spent.value.is_final
    assert len(requests(book)) == 1


def test_attempts_of_an_account_not_known_yet_are_booked_afterwards(book: Book) -> None:
    """Before LeadSquared has told whose keys these are there is no account to count for; then each attempt counts once."""
    taker = slots(book, GENEROUS, is_known=False)
    for _ in range(3):
        with taker.take():
            assert requests(book) == []
    record = book.ledger.accounts.known_as("https://api.example.com", "prod")
    assert record is not None

    taker.note_unrecorded(record)
    taker.note_unrecorded(record)

    assert requests(book) == [("general", 1, "read")] * 3
    assert book.ledger.requests.spent_today(record.account_id) == 3


def too_many(words: str) -> ApiAnswer:
    body = f'{{"Status":"Error","ExceptionType":"MXAPIRateLimitExceededException","ExceptionMessage":"{words}"}}'
    return ApiAnswer(429, {}, body.encode())


def test_a_refused_read_teaches_the_general_limit_and_lets_nobody_send(book: Book, clock: ManualClock) -> None:
    """A read counts in no other window, so the number is that one's; all processes wait as long as the window is."""
    record = book.ledger.accounts.known_as("https://api.example.com", "prod")
    assert record is not None
    learned = book.ledger.accounts.learned_limits
    taker = ReadSlots(
        book.ledger,
        record,
        lambda: Allowance({**GENEROUS.limits, **learned(record.account_id)}, None),
        clock,
    )
    refused_at = clock.monotonic()
    with taker.take() as slot:
        slot.exchange = too_many("exceeded the limit of 10 in 5 second(s)")

    assert learned(record.account_id) == {Window.GENERAL: Limit(10, 5.0)}
    assert book.query("SELECT COUNT(*) FROM lines") == [(0,)]  # the number explains it: no retreat
    with taker.take():
        assert clock.monotonic() == pytest.approx(refused_at + 5.0)


def test_a_refused_read_that_names_no_number_halves_our_share(book: Book) -> None:
    """Nothing is learned of the limit, and for a while less of it is used."""
    with slots(book, GENEROUS).take() as slot:
        slot.exchange = too_many("Too many requests")

    assert book.ledger.accounts.learned_limits(book.account_id) == {}
    assert book.query("SELECT share FROM lines") == [(0.5,)]


def test_nothing_is_asked_after_a_deadline(book: Book, clock: ManualClock) -> None:
    """Neither at once nor after waiting for a slot, and the wait ends with it; somebody who stops it is heard elsewhere."""
    record = book.ledger.accounts.known_as("https://api.example.com", "prod")
    stop = StopSignal((MaxRuntime(2.5, "2.5s", clock),))
    limited = ReadSlots(book.ledger, record, lambda: TWO_IN_FIVE, clock, stop)
    began = clock.seconds
    for _ in range(2):
        with limited.take():
            pass

    with pytest.raises(StoppedError, match=r"its time is up \(--max-runtime 2.5s\)"), limited.take():
        raise AssertionError("a slot after the deadline")

    waited = clock.seconds - began
    with pytest.raises(StoppedError), limited.to_the_last().take():
        raise AssertionError("a slot after the deadline")
    assert 2.5 <= waited <= 3.5
    assert len(requests(book)) == 2


@dataclass
class Interrupting(ManualClock):
    """Somebody presses Ctrl-C during the third wait."""

    stop: StopSignal = field(default_factory=StopSignal)

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if len(self.slept) == 3:
            self.stop.request("interrupted by Ctrl-C", 2)


def test_ctrl_c_ends_the_wait_for_a_slot(tmp_path: Path) -> None:
    """Within a second, with the exit code of Ctrl-C; a read that finds a slot at once is heard of elsewhere."""
    clock = Interrupting()
    book = open_book(tmp_path, clock)
    record = book.ledger.accounts.known_as("https://api.example.com", "prod")
    limited = ReadSlots(book.ledger, record, lambda: TWO_IN_FIVE, clock, clock.stop)
    for _ in range(2):
        with limited.take():
            pass

    with pytest.raises(StoppedError, match="interrupted by Ctrl-C") as stopped, limited.take():
        raise AssertionError("a slot after Ctrl-C")

    assert clock.slept == pytest.approx([1.0, 1.0, 1.0])
    assert code_of_error(stopped.value) is ExitCode.INTERRUPTED
    clock.move(10.0)
    with limited.take():
        assert requests(book)[-1] == ("general", 0, None)
    book.ledger.close()


@pytest.mark.parametrize("ends_by", ["deadline", "Ctrl-C"])
def test_the_rest_between_two_attempts_ends_early(book: Book, ends_by: str) -> None:
    """However long LeadSquared asks to wait: neither outlasts the command's time nor is deaf to Ctrl-C."""
    clock = Interrupting()
    is_deadline = ends_by == "deadline"
    stop = StopSignal((MaxRuntime(2.5, "2.5s", clock),)) if is_deadline else clock.stop
    limited = ReadSlots(book.ledger, None, lambda: GENEROUS, clock, stop)

    with pytest.raises(StoppedError) as stopped:
        limited.rest(60.0)

    assert sum(clock.slept) == pytest.approx(3.0)
    assert code_of_error(stopped.value) is (ExitCode.STOPPED if is_deadline else ExitCode.INTERRUPTED)


def test_the_end_of_the_day_is_for_reading_back(book: Book) -> None:
    """Other reads end where the reserve begins."""
    record = book.ledger.accounts.known_as("https://api.example.com", "prod")
    of_eight = ReadSlots(book.ledger, record, lambda: Allowance(GENEROUS.limits, 8), book.clock)

    taken = 0
    with pytest.raises(QuotaSpentError, match="6 today, and 2 kept for reading back"):
        while True:
            with of_eight.take():
                taken += 1
    for _ in range(2):
        with of_eight.to_the_last().take():
            taken += 1
    with pytest.raises(QuotaSpentError, match=r"spent \(8 today\)"), of_eight.to_the_last().take():
        raise AssertionError("a slot of the next day")

    assert taken == 8
