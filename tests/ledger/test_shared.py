"""A ledger in PostgreSQL as no file can be one: clocks of machines differ, commits are not answered, copies are fetched."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from etl.clock import SystemClock
from etl.errors import LedgerError, LedgerLostError
from etl.ledger.requests import Allowance, NoSlot, Reserved
from etl.ledger.store import Ledger
from etl.records import Limit, Outcome, Window
from tests.ledger.books import GENEROUS, Book, a_row, created, open_book
from tests.ledger.shared import EMPTYING, emptied_ledger
from tests.postgresql import LOCKED_USER, PASSWORD, Server, version


@dataclass
class Laptop(SystemClock):
    """The machine's clock, wrong by some hours, on a machine that was booted at another time."""

    off_hours: float = 0.0
    boot: str = "boot"
    began: float = 0.0
    wall_ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return super().now() + timedelta(hours=self.off_hours)

    def monotonic(self) -> float:
        return super().monotonic() + self.began

    def boot_id(self) -> str:
        return self.boot


@contextmanager
def at(url: str, folder: Path, clock: Any) -> Iterator[Book]:
    opened = open_book(folder, clock, url)
    yield opened
    opened.ledger.close()


@pytest.fixture
def url(postgresql: Server) -> str:
    return emptied_ledger(postgresql)


@pytest.fixture
def here(url: str, tmp_path: Path) -> Iterator[Book]:
    """A laptop whose calendar is nine hours ahead."""
    with at(url, tmp_path / "here", Laptop(9.0, "boot-here", 50_000.0)) as book:
        yield book


@pytest.fixture
def there(here: Book, url: str, tmp_path: Path) -> Iterator[Book]:
    """Another one, thirty hours behind."""
    with at(url, tmp_path / "there", Laptop(-30.0, "boot-there", -20_000.0)) as book:
        yield book


def test_slots_hold_across_machines_whose_clocks_differ(here: Book, there: Book) -> None:
    """What one has sent the other counts, to the second, whatever either calls the time; each is told by its own clock."""
    allowance = Allowance({Window.BULK: Limit(2, 60.0), Window.GENERAL: Limit(2, 60.0)}, None)
    rows = [a_row(number, str(number)) for number in range(2, 6)]
    run_id = here.begin(rows)
    first, second, third, _ = here.waiting(run_id)
    for row in (first, second):
        reserved = here.reserve(run_id, [row], allowance)
        assert isinstance(reserved, Reserved)
        here.settle(reserved.request_id, created(row))

    for book in (here, there):
        denied = book.reserve(run_id, [third], allowance)
        assert isinstance(denied, NoSlot)
        assert 58.0 < denied.until - book.clock.monotonic() < 60.5


def test_two_that_ask_at_the_same_moment_share_the_limit(url: str, tmp_path: Path) -> None:
    """Decisions about one account come one after the other: together they get what the limit allows, and not one slot more."""
    allowance = Allowance({Window.BULK: Limit(9, 60.0), Window.GENERAL: Limit(9, 60.0)}, None)

    def ask(number: int) -> int:
        with at(url, tmp_path / str(number), SystemClock()) as book:
            began.wait()
            taken = [book.ledger.requests.reserve_read(book.account_id, allowance) for _ in range(6)]
            return sum(isinstance(one, Reserved) for one in taken)

    with at(url, tmp_path / "first", SystemClock()), ThreadPoolExecutor(4) as pool:
        began = Barrier(4)
        assert sum(pool.map(ask, range(4))) == 9


@pytest.mark.parametrize(("whose", "waits"), [("the same", True), ("another", False), ("none", True)])
def test_who_decides_about_an_account_is_alone_with_it(here: Book, there: Book, whose: str, waits: bool) -> None:
    """Whoever writes to an account waits for the one before; what is about another one does not, and what is about none does."""
    stranger = here.ledger.accounts.meet("https://api.example.com", "test", "78").account_id
    account_id = {"the same": there.account_id, "another": stranger, "none": None}[whose]

    def write() -> None:
        with there.ledger._database.writing(account_id):
            pass

    with ThreadPoolExecutor(1) as pool:
        with here.ledger._database.writing(here.account_id):
            writing = pool.submit(write)
            done, _ = wait([writing], 0.4 if waits else 10.0)
            assert bool(done) is not waits
        writing.result(10)


def test_who_waits_keeps_its_lease(url: str, tmp_path: Path) -> None:
    """A beat renews it, whatever its holder waits for: nobody takes over what is only slow."""
    short = f"{url}?etl_lease_seconds=1"
    with at(short, tmp_path / "slow", SystemClock()) as slow, at(short, tmp_path / "other", SystemClock()) as other:
        slow.ledger.lock_input(slow.account_id, "visits")
        time.sleep(1.7)

        assert other.ledger.is_locked(other.account_id, "visits")
        assert slow.ledger.may_send()


def test_days_of_quota_are_those_of_the_database(here: Book, there: Book) -> None:
    """A wrong calendar shifts no day: both machines spend of one."""
    for book in (here, there):
        assert isinstance(book.ledger.requests.reserve_read(book.account_id, GENEROUS), Reserved)

    ((day, requests),) = here.query("SELECT utc_day, requests FROM request_days")
    assert requests == 2
    assert abs(datetime.fromisoformat(day).replace(tzinfo=UTC) - datetime.now(UTC)) < timedelta(days=1, minutes=1)
    for book in (here, there):
        assert abs(book.clock.now() - datetime.now(UTC)) < timedelta(seconds=2)


def test_a_pause_holds_on_all_machines(here: Book, there: Book) -> None:
    """What a refusal asks one of them, all keep to."""
    here.ledger.accounts.pause(here.account_id, here.clock.monotonic() + 30)

    denied = there.ledger.requests.reserve_read(there.account_id, GENEROUS)

    assert isinstance(denied, NoSlot)
    assert 28.0 < denied.until - there.clock.monotonic() < 30.5


def test_a_request_in_doubt_is_told_in_the_seconds_of_who_asks(here: Book, there: Book) -> None:
    """Sent here and left in doubt, it is read back there: how long ago it ended is known there, too."""
    run_id = here.begin([a_row(2)])
    here.send(run_id, Outcome.UNCONFIRMED)

    (doubt,) = there.ledger.doubts.of_run(run_id)

    assert doubt.boot_id == "boot-there"
    assert -0.5 < there.clock.monotonic() - doubt.ended_mono < 5.0
    assert abs(doubt.ended_at - datetime.now(UTC).timestamp()) < 5.0


def test_copies_are_fetched_where_they_are_not(here: Book, there: Book, tmp_path: Path) -> None:
    """What was kept here, however large, is there byte for byte; fetched once, it is at hand."""
    content = bytes(range(256)) * 10_000 + b"end"
    (tmp_path / "visits.xlsx").write_bytes(content)
    (tmp_path / "empty.csv").write_bytes(b"")
    kept, empty = (here.ledger.copies.keep(tmp_path / name, "input") for name in ("visits.xlsx", "empty.csv"))

    assert there.ledger.copies.has(kept) and there.ledger.copies.has(empty)
    assert there.ledger.copies.path(kept).read_bytes() == content
    assert there.ledger.copies.path(empty).read_bytes() == b""
    assert not there.ledger.copies.has("0" * 64)
    assert 0 < there.ledger.copies.bytes_on_disk() < len(content)
    there.do("DELETE FROM copy_pieces")
    assert there.ledger.copies.has(kept)


def test_a_damaged_copy_is_refused(here: Book, there: Book, tmp_path: Path) -> None:
    """What is not what it was is given to nobody, and no half of it is left behind."""
    (tmp_path / "visits.csv").write_bytes(b"Email\na@example.com\n")
    kept = here.ledger.copies.keep(tmp_path / "visits.csv", "input")
    here.do("UPDATE copy_pieces SET content = 'x'")

    with pytest.raises(LedgerError, match=r"kept copy .* is damaged"):
        there.ledger.copies.path(kept)
    assert not there.ledger.copies.place(kept).exists()


def test_texts_that_no_database_can_hold(here: Book) -> None:
    """A character of number zero, which a broken file may hold, is shown as one that cannot be."""
    run_id = here.begin([a_row(2)])

    here.ledger.runs.explain({here.row_id(run_id, 2): ("code", "bad \x00 cell", "hint")})

    assert here.lines(run_id)[0].error == "bad \ufffd cell"


def test_what_only_asks_is_asked_again(here: Book, postgresql: Server) -> None:
    """A connection that was lost between two questions is made anew, and nobody notices."""
    run_id = here.begin([a_row(2)])
    cut_all(postgresql, here)

    assert here.outcomes(run_id) == {2: Outcome.WAITING}
    cut_all(postgresql, here)
    assert here.ledger.runs.is_stop_asked(run_id) is False


def test_what_is_lost_midway_was_not_written(here: Book, postgresql: Server) -> None:
    """A transaction whose connection is gone is an error that says so; the next one finds nothing of it."""
    with (
        pytest.raises(LedgerLostError, match="went away"),
        here.ledger._database.writing(here.account_id) as connection,
    ):
        connection.exec_driver_sql("UPDATE accounts SET numbering = 'zero'")
        cut_all(postgresql, here)
        connection.exec_driver_sql("UPDATE accounts SET numbering = 'one'")

    assert here.ledger.accounts.numbering(here.account_id) == "unknown"
    here.ledger.accounts.note_numbering(here.account_id, "one")
    assert here.ledger.accounts.numbering(here.account_id) == "one"


def cut_all(server: Server, book: Book) -> None:
    server.cut(str(book.url), but=EMPTYING)


TROUBLES = {
    "wrong password": (
        lambda server: server.url("postgres", LOCKED_USER, "guess"),
        "The password or the user is wrong",
    ),
    "no password": (lambda server: server.url("postgres", LOCKED_USER), "The password or the user is wrong"),
    "no such database": (lambda server: server.url("nowhere"), "There is no database of that name"),
    "nobody there": (lambda server: "postgresql+psycopg://etl@127.0.0.1:1/etl", "It does not answer"),
    "no such machine": (lambda server: "postgresql+psycopg://etl@nowhere.invalid/etl", "no machine of that name"),
    "not without TLS": (lambda server: server.url("postgres", "no_plain"), "not without TLS"),
    "no TLS there": (lambda server: server.url() + "?sslmode=require", "TLS does not come about"),
    "may make no tables": (lambda server: server.url("postgres", LOCKED_USER, PASSWORD), "This user may not do that"),
}


@pytest.mark.parametrize(("url_of", "says"), TROUBLES.values(), ids=TROUBLES)
def test_what_is_wrong_is_said_in_words(url_of: Any, says: str, postgresql: Server, tmp_path: Path) -> None:
    """With what to do about it, and without a password."""
    with pytest.raises(LedgerError) as caught:
        Ledger(url_of(postgresql), tmp_path, SystemClock())

    assert says in caught.value.message
    assert "guess" not in caught.value.message and PASSWORD not in caught.value.message


def test_a_function_that_is_missing_is_no_missing_database(postgresql_url: str, tmp_path: Path) -> None:
    """Where PostgreSQL tells which kind of error it is, its words are not guessed at."""
    with Ledger(postgresql_url, tmp_path, SystemClock()) as ledger, pytest.raises(LedgerError) as caught:
        ledger._database.ask("SELECT nobody_has_this()", {})

    assert "does not exist" in caught.value.message
    assert "Ask who runs the database" in caught.value.message


def test_an_older_server_is_refused(
    postgresql: Server, postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its version and the one that is needed, before a table is made there."""
    monkeypatch.setattr("etl.ledger.libpq._OLDEST", 990_000)
    with pytest.raises(LedgerError, match=f"is of version {version()}; a ledger needs version 99 or newer"):
        Ledger(postgresql_url, tmp_path, SystemClock())

    made = postgresql.ask(
        "SELECT 1 FROM pg_tables WHERE schemaname = 'public'", database=postgresql_url.rpartition("/")[2]
    )
    assert made == []


def test_another_program_s_database_is_left_alone(postgresql: Server, postgresql_url: str, tmp_path: Path) -> None:
    """Tables that are no ledger's are named, and nothing is made beside them."""
    name = postgresql_url.rpartition("/")[2]
    with postgresql.connected(name) as connection:
        connection.execute("CREATE TABLE invoices (number int)")

    with pytest.raises(LedgerError, match=r"database of another program \(invoices\), no ledger"):
        Ledger(postgresql_url, tmp_path, SystemClock())
    assert postgresql.ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database=name) == [
        ("invoices",)
    ]
