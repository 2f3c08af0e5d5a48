"""What a fleet is at: workers, queue and accounts, asked of a real PostgreSQL, and how a person sees it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from etl.cli.fleet_picture import picture
from etl.clock import SystemClock
from etl.errors import LedgerError
from etl.fleet.lookout import Lookout
from etl.fleet.overview import AccountNow, Overview, Paused, Queue, Work, WorkerNow
from etl.fleet.pausing import pause
from etl.fleet.place import do, opened
from etl.records import Limit, Window
from etl.settings import Settings
from tests.fleet.conftest import Submit
from tests.fleet.hands import hands, until_asked
from tests.ledger.books import Book, a_row, created, lost, open_book

BUDGET = 100


@pytest.fixture
def lookout(settings: Settings) -> Iterator[Lookout]:
    with closing(Lookout(settings, SystemClock(), {"prod": BUDGET})) as made:
        yield made


@pytest.fixture
def book(settings: Settings, tmp_path: Path) -> Iterator[Book]:
    """The ledger in the database of the fleet; its account is called prod."""
    opened_book = open_book(tmp_path, SystemClock(), settings.ledger_url)  # type: ignore[arg-type] # nothing moves time here
    yield opened_book
    opened_book.ledger.close()


def test_a_fleet_that_nobody_uses_is_empty(lookout: Lookout) -> None:
    """No worker, no account, and nothing to worry about."""
    seen = lookout.look()

    assert (seen.workers, seen.accounts, seen.left, seen.worries) == ((), (), (), [])


def test_what_waits_and_what_is_at_work_is_told_by_account(
    settings: Settings, lookout: Lookout, submit: Submit
) -> None:
    """The first of two submissions is a worker's, the other waits; of an account that nobody serves it is said so."""
    first, _ = submit("prod", "a.csv"), submit("prod", "b.csv")
    submit("other", "c.csv")
    with hands(settings, until_asked) as start:
        hand = start("prod")
        seen = _until(lookout, lambda one: any(each.work for each in one.workers))
        hand.end()

    (worker,) = seen.workers
    other, prod = seen.accounts
    assert worker.is_fresh
    assert (worker.accounts, worker.places) == (("prod",), 1)
    assert [(one.submission, one.account, one.name) for one in worker.work] == [(first, "prod", "a.csv")]
    assert (prod.running, prod.queue.now, prod.queue.later, prod.is_served) == (1, 1, 0, True)
    assert prod.queue.oldest_seconds is not None
    assert (other.running, other.queue.now, other.is_served) == (0, 1, False)
    assert seen.worries == ["No worker serves other, and something waits for it. Start one: etl worker"]


def test_who_is_silent_is_told(settings: Settings, lookout: Lookout, submit: Submit) -> None:
    """A worker without a fresh heartbeat, and work that a worker which is gone for good has left."""
    silent, left = submit("prod", "a.csv"), submit("prod", "b.csv")
    with opened(settings) as connection:
        do(connection, "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '95 s')")
        hand = "INSERT INTO hands VALUES (1, 'node-a', 11, '{prod}', 4, 10, '0.1.0')"
        do(connection, hand)
        taken = "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %(worker)s WHERE id = %(number)s"
        do(connection, taken, {"worker": 1, "number": silent})
        do(connection, taken, {"worker": None, "number": left})

    seen = lookout.look()

    assert seen.worries == [
        "node-a, process 11: no heartbeat for 95 s. Its work goes on elsewhere.",
        f"s{left} (b.csv, prod) was left by a worker that is gone.",
    ]
    assert not seen.accounts[0].is_served


def test_a_later_submission_is_not_counted_as_waiting(settings: Settings, lookout: Lookout, submit: Submit) -> None:
    """It has no age; a pause is told with who wanted it and why."""
    number = submit("prod", "a.csv")
    with opened(settings) as connection:
        later = "UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 h' WHERE id = %(number)s"
        do(connection, later, {"number": number})
    pause(settings, "prod", "priya", "keys")

    (prod,) = lookout.look().accounts

    assert (prod.queue.now, prod.queue.later, prod.queue.oldest_seconds) == (0, 1, None)
    assert prod.paused is not None
    assert (prod.paused.who, prod.paused.why) == ("priya", "keys")


def test_an_account_is_told_from_the_ledger(lookout: Lookout, book: Book) -> None:
    """Its share of the limit, rows that wait and rows in doubt, and what the day's budget still has."""
    book.ledger.limits_held.note(book.account_id, {Window.BULK: Limit(1, 30), Window.GENERAL: Limit(100, 30)}, ())
    run_id = book.begin([a_row(number, f"row {number}") for number in range(2, 6)])
    first, second, *_ = book.waiting(run_id)
    book.settle(book.intend(run_id, [first, second]), created(first), lost(second))

    (prod,) = lookout.look().accounts

    assert prod.name == "prod"
    assert prod.share == 0.5
    assert (prod.rows_waiting, prod.rows_unconfirmed, prod.spent_today) == (2, 1, 1)
    assert prod.quota_left == BUDGET - 20 - 1
    assert prod.eta_seconds == pytest.approx(2 / (2 / 60))


def test_without_its_database_there_is_a_sentence(tmp_path: Path) -> None:
    """And no password in it."""
    settings = Settings(None, "postgresql+psycopg://etl:very-secret@127.0.0.1:1/etl", tmp_path)
    with closing(Lookout(settings, SystemClock(), {})) as lookout, pytest.raises(LedgerError) as raised:
        lookout.look()

    assert "very-secret" not in raised.value.message


A_LONG_NAME = "a sheet of visits with a very long name in Nagpur and elsewhere.xlsx"
FULL = Overview(
    "postgresql+psycopg://etl@db/etl",
    1_780_000_000.0,
    1_780_000_000.0,
    (
        WorkerNow(
            1,
            "node-a.example.com",
            4711,
            ("north",),
            4,
            2.0,
            10.0,
            11_100.0,
            "0.1.0",
            (Work(41, "north", A_LONG_NAME, 2_900.0, (17,)),),
        ),
        WorkerNow(2, "node-b", 880, ("south",), 4, 95.0, 10.0, 300.0, "0.1.0"),
    ),
    (
        AccountNow("north", 1, Queue(2, 1, 720.0, 1.0), None, True, 0.973, 0, 118.0, 943_210, 25, 18_800, 61_200),
        AccountNow("south-with-a-name-that-is-long-indeed", 0, Queue(1, 0, 5.0), Paused("priya", "keys", 1.0), False),
    ),
)


@pytest.mark.parametrize("width", [80, 130])
def test_a_picture_fits_its_terminal(width: int) -> None:
    """Every line; nothing is cut off, long names are folded."""
    drawn = io.StringIO()
    Console(file=drawn, width=width, color_system=None).print(picture(FULL))
    lines = drawn.getvalue().splitlines()
    words = "".join(drawn.getvalue().split())

    assert max(len(line) for line in lines) <= width
    for told in (
        "943,210",
        "2 h 13",
        "97%",
        "61,200",
        "2, 12 min +1 later",
        "s41",
        A_LONG_NAME,
        "1 of 4",
        "no heartbeat for 95 s",
    ):
        assert "".join(told.split()) in words
    assert "…" not in words


def test_a_picture_has_no_signs_that_steer_a_terminal() -> None:
    """Names of files come from people."""
    drawn = io.StringIO()
    work = replace(FULL.workers[0].work[0], name="evil\x1b[2J.csv")
    evil = replace(FULL, workers=(replace(FULL.workers[0], work=(work,)),))
    Console(file=drawn, width=130, color_system=None).print(picture(evil))

    assert "\x1b" not in drawn.getvalue()


def _until(lookout: Lookout, is_so: Callable[[Overview], bool]) -> Overview:
    clock = SystemClock()
    until = clock.monotonic() + 20
    while not is_so(seen := lookout.look()):
        assert clock.monotonic() < until
        clock.sleep(0.05)
    return seen
