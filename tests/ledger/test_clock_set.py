"""The clock of a database is set while a shared ledger is in use: nothing is called absent, or sent, too early by that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from etl.clock import SystemClock
from etl.delivery.absence import Absence, End, Moment, Reach, Seen, Waits, absence, over_at
from etl.errors import BusyError
from etl.ledger.doubts import Doubt
from etl.ledger.requests import Allowance, NoSlot, RequestEnd, Reserved
from etl.ledger.shared_clock import BOOT
from etl.ledger.store import Ledger
from etl.records import Limit, Window
from tests.ledger.books import Book, a_row, created, lost, open_book
from tests.postgresql import Server

WAITS = Waits(visibility=90, late=300)
ONE_A_MINUTE = Allowance({Window.BULK: Limit(1, 60.0), Window.GENERAL: Limit(1, 60.0)}, None)

_FAKE = """
CREATE SCHEMA fake; CREATE SEQUENCE fake.ahead MINVALUE -1000000000000 START 0;
CREATE FUNCTION fake.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
AS 'SELECT pg_catalog.clock_timestamp() + (SELECT last_value FROM fake.ahead) * interval ''1 ms'''"""


@dataclass
class Place:
    """A database whose clock can be set, and processes that use a ledger in it."""

    server: Server
    url: str
    folder: Path
    opened: list[Book]

    def set_ahead(self, seconds: float) -> None:
        self.server.do(
            f"SELECT setval('fake.ahead', last_value + {round(seconds * 1000)}) FROM fake.ahead",
            self.url.rpartition("/")[2],
        )

    @property
    def address(self) -> str:
        """Under which `clock_timestamp()` is the one that can be set."""
        return f"{self.url}?options=-csearch_path%3Dpublic%2Cfake%2Cpg_catalog"

    def open(self, more: str = "") -> Book:
        """more: what else is to stand in its address."""
        self.opened.append(open_book(self.folder, SystemClock(), self.address + more))
        return self.opened[-1]


@pytest.fixture
def place(postgresql: Server, postgresql_url: str, tmp_path: Path) -> Iterator[Place]:
    postgresql.do(_FAKE, postgresql_url.rpartition("/")[2])
    made = Place(postgresql, postgresql_url, tmp_path, [])
    yield made
    for book in made.opened:
        book.ledger.close()


def in_doubt(book: Book) -> int:
    """A request whose answer was waited for in vain. Returns: its run."""
    run_id = book.begin([a_row(2)])
    (row,) = book.waiting(run_id)
    request_id = book.intend(run_id)
    end = RequestEnd(request_id, book.clock.monotonic(), "unknown", "timed out", None, (lost(row),), late=True)
    book.ledger.requests.settle(end)
    return run_id


def touch(book: Book) -> None:
    """Begin to write something: that reads the clock."""
    with book.ledger._database.writing(book.account_id):
        pass


def end_of(doubt: Doubt) -> End:
    return End(Moment(doubt.ended_mono, doubt.boot_id), doubt.ended_after, doubt.late)


def left(book: Book, run_id: int) -> float:
    """In how many seconds its row may be called absent, as this process would reckon."""
    (doubt,) = book.ledger.doubts.of_run(run_id)
    boot = book.clock.boot_id()
    return over_at(end_of(doubt), WAITS, boot, book.ledger.doubts.boot_seen(boot)) - book.clock.monotonic()


@pytest.mark.parametrize("by", [400.0, 36_000.0, -36_000.0], ids=["ahead", "hours ahead", "back"])
def test_what_is_in_doubt_has_its_whole_time(place: Place, by: float) -> None:
    """For who has seen it and for who comes later, and no longer than from the moment on at which that was noticed."""
    here, there = place.open(), place.open()
    run_id = in_doubt(here)
    touch(there)
    assert 389 < left(here, run_id) < 391

    place.set_ahead(by)
    for book in (there, here, place.open()):
        touch(book)
        assert 385 < left(book, run_id) < 391
    assert here.query("SELECT COUNT(*) FROM boots") == [(2,)], "who notices second goes by what the first has noted"


def test_what_was_sent_before_is_no_later_witness(place: Place) -> None:
    """By the clock alone a row that was sent at the same time would have been sent 400 seconds after the one in doubt."""
    here = place.open()
    run_id = in_doubt(here)
    later = here.begin([a_row(3, "b")])
    (row,) = here.waiting(later)
    request_id = here.intend(later)
    place.set_ahead(400)
    here.settle(request_id, created(row))

    (doubt,) = here.ledger.doubts.of_run(run_id)
    seen = here.ledger.doubts.freshest(here.account_id, 320)
    assert seen is not None and seen.request_id == request_id
    boot = here.clock.boot_id()
    since = here.ledger.doubts.boot_seen(boot)
    witness = Seen(seen.request_id, Moment(seen.sent_mono, seen.boot_id))
    now = Moment(here.clock.monotonic() + 1_000, boot)
    assert absence(end_of(doubt), Reach(witness, witness, reaches_back=True), WAITS, now, since) is Absence.NO_WITNESS


def test_what_is_in_the_air_ends_by_the_new_clock(place: Place) -> None:
    """It was sent before and timed out afterwards: its time begins with its end, and not with the moment of the setting."""
    here, there = place.open(), place.open()
    run_id = here.begin([a_row(2)])
    (row,) = here.waiting(run_id)
    request_id = here.intend(run_id)
    place.set_ahead(400)
    touch(there)
    moment = here.clock.monotonic() + 100  # the answer was waited for
    end = RequestEnd(request_id, moment, "unknown", "timed out", None, (lost(row),), late=True)
    here.ledger.requests.settle(end)

    for book in (here, there):
        assert 485 < left(book, run_id) < 491


SETTINGS: dict[str, Callable[[Place], None]] = {
    "ahead": lambda place: place.set_ahead(400),
    "back by a day": lambda place: place.set_ahead(-86_400),
    "ahead and back again": lambda place: [
        touch(place.opened[1]),
        place.set_ahead(36_000),
        touch(place.opened[1]),
        place.set_ahead(-36_000),
    ][1],
}


@pytest.mark.parametrize("happens", SETTINGS.values(), ids=SETTINGS)
def test_each_account_waits_for_one_window(place: Place, happens: Callable[[Place], None]) -> None:
    """What was sent before cannot be placed on the new clock: no slot is free before one window is over, and one is then."""
    here, there = place.open(), place.open()
    assert isinstance(here.ledger.requests.reserve_read(here.account_id, ONE_A_MINUTE), Reserved)
    happens(place)

    for book in (here, there):
        denied = book.ledger.requests.reserve_read(book.account_id, ONE_A_MINUTE)
        assert isinstance(denied, NoSlot)
        assert 55 < denied.until - book.clock.monotonic() < 61.5


@pytest.mark.parametrize("by", [400, -36_000], ids=["ahead", "back"])
def test_a_lease_outlives_the_setting_of_the_clock(place: Place, by: float) -> None:
    """Its time was over, or began hours from now; nobody takes it from who renews it, and who died is waited for no longer."""
    here, there = place.open(), place.open()
    with here.ledger.lock_input(here.account_id, "visits"):
        place.set_ahead(by)
        with pytest.raises(BusyError):
            there.ledger.lock_input(there.account_id, "visits")
        assert here.ledger.may_send()
        ((until,),) = there.query("SELECT until_at FROM leases")
        left_to_it = until - there.ledger._database.clock.monotonic()
        assert 40 < left_to_it < 601


@pytest.mark.parametrize("by", [3_600, -36_000], ids=["ahead", "back"])
def test_a_long_lease_is_nobodys_while_its_holder_counts_on_it(place: Place, by: float) -> None:
    """It goes by a clock of its own, and renews it after minutes only."""
    here, there = place.open("&etl_lease_seconds=600"), place.open()
    with here.ledger.lock_input(here.account_id, "visits"):
        place.set_ahead(by)
        touch(there)
        ((until,),) = there.query("SELECT until_at FROM leases")
        leases = here.ledger._leases
        assert leases is not None
        assert until - there.ledger._database.clock.monotonic() > leases._deadline - here.clock.through_sleep()


def test_who_notes_the_setting_writes_by_the_new_clock(place: Place) -> None:
    """A pause and the end of what was in the air, written by the very transaction whose beginning has noted it."""
    here = place.open()
    run_id = here.begin([a_row(2)])
    here.intend(run_id)
    place.set_ahead(400)
    here.ledger.requests.close_lost(run_id)
    ((sent, ended, of),) = here.query("SELECT sent_mono, ended_mono, boot_id FROM requests")
    assert of == here.ledger._database.clock.boot_id() != BOOT
    assert sent <= ended and 0 <= here.ledger._database.clock.monotonic() - ended < 10

    place.set_ahead(400)
    here.ledger.accounts.pause(here.account_id, here.clock.monotonic() + 100)
    assert here.query("SELECT paused_boot FROM accounts") == [(here.ledger._database.clock.boot_id(),)] != [(of,)]


def test_a_ledger_that_moves_to_a_database_whose_clock_differs_keeps_its_waits(place: Place, tmp_path: Path) -> None:
    """Both clocks have the same name at first: what came along is not reckoned by that of the new place."""
    here = place.open()
    run_id = in_doubt(here)
    url = place.server.new_database()
    try:
        place.server.do(_FAKE, url.rpartition("/")[2])
        new = Place(place.server, url, tmp_path, [])
        new.set_ahead(400)
        with Ledger(new.address, tmp_path / "files", SystemClock()) as ledger:
            ledger.moving.take_in(here.ledger.moving)
        there = new.open()
        assert 385 < left(there, run_id) < 391
        there.ledger.close()
    finally:
        place.server.drop(url)


def test_a_clock_that_goes_on_is_the_same(place: Place) -> None:
    """And what is set by less than a second is nobody's concern."""
    here = place.open()
    touch(here)
    place.set_ahead(0.6)
    touch(here)

    assert here.query("SELECT boot_id FROM boots") == [(BOOT,)]
    assert here.query("SELECT value FROM meta WHERE name = 'clock'") == []
