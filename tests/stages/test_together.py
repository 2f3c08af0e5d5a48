"""Many reads at once: as many as there are readers, never more than the limit, and nothing left in the air."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from etl.api.asking import Read, getting
from etl.errors import NetworkError, RefusedError
from etl.ledger.requests import Allowance
from etl.records import ApiAnswer, ApiRequest, Exchange, Limit, LineEnd, TransportFailure, Window
from etl.stages.slots import ReadSlots
from etl.stages.together import Together
from tests.clocks import ManualClock
from tests.ledger.books import GENEROUS, Book, open_book

PATIENCE_SECONDS = 10.0
UNAUTHORIZED = ApiAnswer(401, {}, b'{"Status":"Error","ExceptionType":"MXUnauthorizedException"}')


@dataclass
class Server:
    """Answers with the id that it was asked for. does: what happens meanwhile."""

    clock: ManualClock
    does: Callable[[str], Exchange | None] = lambda _asked: None
    asked: list[str] = field(default_factory=list)
    base_url: str = "http://127.0.0.1:1"

    def send(self, request: ApiRequest, may_write: object = None) -> Exchange:
        (_, number) = request.query[0]
        self.asked.append(number)
        return self.does(number) or ApiAnswer(200, {}, number.encode())


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    opened = open_book(tmp_path, ManualClock())
    yield opened
    opened.ledger.close()


def together(book: Book, server: Server, readers: int = 4, allowance: Allowance = GENEROUS) -> Together:
    record = book.ledger.accounts.known_as("https://api.example.com", "prod")
    return Together(server, ReadSlots(book.ledger, record, lambda: allowance, book.clock), book.clock, readers)


def lead(read: Read, number: int) -> bytes:
    """Read one thing."""
    answer = read(getting("LeadManagement.svc/Leads.GetById", ("id", str(number))))
    return answer.body if answer else b"none"


def ends(book: Book) -> list[tuple[str, bool, str | None]]:
    return [tuple(row) for row in book.query("SELECT rate_window, ended_mono IS NOT NULL, verdict FROM requests")]


def test_as_many_reads_are_in_the_air_as_there_are_readers(book: Book) -> None:
    """Four meet at one place before any of them is answered; what is told comes in the order of the items."""
    meeting = threading.Barrier(4, timeout=PATIENCE_SECONDS)

    def meet(_asked: str) -> None:
        meeting.wait()

    server = Server(book.clock, meet)

    assert together(book, server).each(lead, range(12)) == [str(number).encode() for number in range(12)]
    assert ends(book) == [("general", 1, "read")] * 12


def test_the_limit_holds_for_all_of_them(book: Book) -> None:
    """With two requests in five seconds the third begins when the first has been over for so long, whoever sends it."""
    guard, begun = threading.Lock(), []

    def take_six_seconds(_asked: str) -> None:
        with guard:
            begun.append(book.clock.monotonic())
            book.clock.move(6.0)

    two = Allowance({Window.BULK: Limit(25, 5.0), Window.GENERAL: Limit(2, 5.0)}, None)

    told = together(book, Server(book.clock, take_six_seconds), allowance=two).each(lead, range(6))

    assert len(told) == 6
    assert all(later - earlier > 5.0 for earlier, later in zip(begun, begun[2:], strict=False))
    assert ends(book) == [("general", 1, "read")] * 6


def test_trouble_of_one_ends_them_all(book: Book) -> None:
    """What the work raises comes out; what was in the air is settled, and what had not begun never begins."""
    server = Server(book.clock, lambda _asked: UNAUTHORIZED)

    with pytest.raises(RefusedError):
        together(book, server, readers=2).each(lead, range(50))

    assert len(server.asked) < 50
    assert ends(book) == [("general", 1, "read")] * len(server.asked)


def test_a_spent_budget_ends_them_all(book: Book) -> None:
    """Nobody waits for a slot that will not come today; a quarter of so small a budget is for reading back alone."""
    server = Server(book.clock)

    with pytest.raises(NetworkError, match=r"budget of requests is spent \(4 today, and 1 kept for reading back\)"):
        together(book, server, allowance=Allowance(GENEROUS.limits, 5)).each(lead, range(20))

    assert len(server.asked) == 4
    assert ends(book) == [("general", 1, "read")] * 4


def test_a_lost_answer_is_asked_for_again(book: Book) -> None:
    """A read that is repeated takes a slot each time."""
    lost = {"3", "7"}

    def lose_once(asked: str) -> Exchange | None:
        if asked in lost:
            lost.discard(asked)
            return TransportFailure(LineEnd.LOST, "the connection was reset")
        return None

    told = together(book, Server(book.clock, lose_once)).each(lead, range(9))

    assert told == [str(number).encode() for number in range(9)]
    assert len(ends(book)) == 11


def test_nothing_to_read_needs_no_thread(book: Book) -> None:
    """No items, no requests."""
    assert together(book, Server(book.clock)).each(lead, []) == []
    assert ends(book) == []
