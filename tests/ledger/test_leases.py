"""Leases: who holds an input where machines share a ledger, and who notices in time that he does not any more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.errors import BusyError, UsageError
from etl.ledger.leases import lease_seconds
from etl.ledger.requests import LeaseLost, Reserved
from etl.ledger.store import Ledger
from etl.records import Outcome
from tests.clocks import ManualClock
from tests.ledger.books import Book, a_row, absent, created, open_book
from tests.ledger.shared import emptied_ledger
from tests.postgresql import Server

TERM = 45.0
VISITS = "visits"


@pytest.fixture
def book(tmp_path: Path, clock: ManualClock, postgresql: Server) -> Iterator[Book]:
    opened = open_book(tmp_path, clock, emptied_ledger(postgresql))
    yield opened
    opened.ledger.close()


def lock(book: Book) -> object:
    return book.ledger.lock_input(book.account_id, VISITS)


def test_an_input_has_one_holder(book: Book, other: Book) -> None:
    """The second is told who holds it and until when that may be believed; given back, it is anybody's."""
    held = book.ledger.lock_input(book.account_id, VISITS)

    assert book.ledger.is_locked(book.account_id, VISITS) and other.ledger.is_locked(book.account_id, VISITS)
    with pytest.raises(
        BusyError, match=r"at this moment: .* on .*, since 00:16:40 UTC\. .* can be done from 00:17:25 UTC on"
    ):
        lock(other)
    held.release()

    assert not other.ledger.is_locked(book.account_id, VISITS)
    lock(other)


def test_what_ends_is_taken_over_and_its_holder_notices(book: Book, other: Book, clock: ManualClock) -> None:
    """After its time another process may take it; from then on the former one writes no intent, and sends nothing."""
    run_id = book.begin([a_row(2), a_row(3, "b")])
    first, second = book.waiting(run_id)
    lock(book)
    assert isinstance(book.reserve(run_id, [first]), Reserved) and book.ledger.may_send()

    clock.move(TERM - 1)
    with pytest.raises(BusyError):
        lock(other)
    clock.move(2)
    lock(other)

    assert isinstance(book.reserve(run_id, [second]), LeaseLost)
    assert not book.ledger.may_send()
    assert book.outcomes(run_id) == {2: Outcome.UNCONFIRMED, 3: Outcome.WAITING}
    assert other.ledger.may_send()
    assert isinstance(other.reserve(run_id, [second]), Reserved)


def test_what_nobody_took_is_renewed(book: Book, other: Book, clock: ManualClock) -> None:
    """A machine that slept for an hour goes on, where nobody has taken its input meanwhile."""
    lock(book)
    clock.move(3_600)

    assert book.ledger.may_send()
    with pytest.raises(BusyError):
        lock(other)


def test_time_asleep_counts(book: Book, other: Book, tmp_path: Path, clock: ManualClock) -> None:
    """`monotonic` stands still while a machine sleeps: it does not tell that a lease is over, and others do not wait for that."""
    lock(book)
    permit = book.ledger.permit()
    clock.doze(TERM + 1)
    assert permit is not None and not permit()
    awake = open_book(tmp_path, ManualClock(clock.seconds + TERM + 1), book.url)
    lock(awake)

    assert not book.ledger.may_send() and not permit()
    awake.ledger.close()


def test_what_was_handed_over_may_be_written_as_long_as_its_lease_counts(book: Book, clock: ManualClock) -> None:
    """A tenth of its time earlier than others believe; longer where it was renewed meanwhile, by a beat or before a send."""
    lock(book)
    permit, leases = book.ledger.permit(), book.ledger._leases
    assert permit is not None and leases is not None and permit()

    clock.move(0.9 * TERM - 0.1)
    assert permit()
    clock.move(0.2)
    assert not permit()
    leases.beat(clock.through_sleep(), 1, 1)
    assert permit()
    clock.move(TERM)
    assert not permit() and book.ledger.may_send() and permit()


def test_what_was_handed_over_is_over_with_its_lease(book: Book, other: Book, clock: ManualClock) -> None:
    """Given back, it is another's: a request that connects still is not written under the next lease of this very process."""
    held = book.ledger.lock_input(book.account_id, VISITS)
    permit = book.ledger.permit()
    held.release()
    assert permit is not None and not permit() and book.ledger.permit() is None
    lock(book)
    assert not permit()

    again = book.ledger.permit()
    clock.move(TERM + 1)
    lock(other)
    assert not book.ledger.may_send()
    assert again is not None and not again()


def test_of_two_inputs_that_were_held_one_lost_is_enough(book: Book, other: Book, clock: ManualClock) -> None:
    """A run holds its input by content and by path: it goes on with both or not at all."""
    lock(book)
    book.ledger.lock_input(book.account_id, "path")
    clock.move(TERM + 1)
    other.ledger.lock_input(book.account_id, "path")

    assert not book.ledger.may_send()


def test_a_late_answer_changes_nothing_that_was_settled_since(book: Book, other: Book, clock: ManualClock) -> None:
    """Who was halted comes back with an answer: what is in doubt is settled by it, what was read back or sent anew is not."""
    run_id = book.begin([a_row(2), a_row(3, "b"), a_row(4, "c")])
    first, second, third = book.waiting(run_id)
    lock(book)
    request_id = book.intend(run_id)
    clock.move(TERM + 1)
    lock(other)
    other.ledger.requests.close_lost(run_id)
    other.ledger.requests.settle_read_back({request_id: [created(first, "found"), absent(second)]})
    again = other.intend(run_id, other.waiting(run_id))

    told = book.settle(request_id, created(first, "other"), created(second, "twice"), created(third, "late"))

    assert [end.row_id for end in told] == [third.row_id]
    assert [line.activity_id for line in other.lines(run_id)] == ["found", None, "late"]
    assert other.outcomes(run_id) == {2: Outcome.CREATED, 3: Outcome.UNCONFIRMED, 4: Outcome.CREATED}
    assert other.ledger.requests.in_the_air(run_id) == 1 and again > request_id


@pytest.mark.parametrize(
    ("is_dead", "late"),
    [pytest.param(False, 1, id="perhaps alive"), pytest.param(True, None, id="dead for certain")],
)
def test_what_a_former_holder_has_in_the_air_may_be_carried_out_still(
    book: Book, other: Book, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, is_dead: bool, late: int | None
) -> None:
    """Who was not heard of may be cut off from the database alone: its requests are under way, as after a time-out."""
    run_id = book.begin([a_row(2)])
    lock(book)
    request_id = book.intend(run_id)
    clock.move(TERM + 1)
    monkeypatch.setattr("etl.ledger.leases.is_surely_dead", lambda *_: is_dead)
    with other.ledger.lock_input(book.account_id, VISITS):
        other.ledger.requests.close_lost(run_id)
    query = "SELECT late FROM requests WHERE request_id = :request_id"
    assert other.query(query, request_id=request_id) == [(late,)]

    again = other.begin([a_row(2, "b")])
    with other.ledger.lock_input(book.account_id, VISITS):
        taken_from_nobody = other.intend(again)
        other.ledger.requests.close_lost(again)
    assert other.query(query, request_id=taken_from_nobody) == [(None,)]


def test_who_lost_a_run_does_not_say_how_it_ended(book: Book, other: Book, clock: ManualClock) -> None:
    """It notes that it stopped; the state of the run is for who goes on with it."""
    run_id = book.begin([a_row(2)])
    lock(book)
    clock.move(TERM + 1)
    lock(other)
    other.send(run_id)
    other.ledger.runs.end(run_id, None, None)

    assert not book.ledger.may_send()
    book.ledger.runs.end(run_id, "taken over", 6)

    assert other.state(run_id) == "finished"


def test_closing_gives_all_back(book: Book, other: Book) -> None:
    """A command that ends in whatever way by itself leaves no lease."""
    lock(book)
    book.ledger.close()

    lock(other)
    assert other.query("SELECT COUNT(*) FROM leases") == [(1,)]


TERMS = {
    "none said": ("postgresql+psycopg://h/d", 45.0),
    "said": ("postgresql+psycopg://h/d?etl_lease_seconds=3", 3.0),
    "the longest": ("postgresql+psycopg://h/d?etl_lease_seconds=600", 600.0),
    "beside others": ("postgresql+psycopg://h/d?sslmode=require&etl_lease_seconds=90.5", 90.5),
}


@pytest.mark.parametrize(("url", "seconds"), TERMS.values(), ids=TERMS)
def test_how_long_a_lease_counts_may_be_said_in_the_url(url: str, seconds: float) -> None:
    """Three quarters of a minute where nothing is said."""
    assert lease_seconds(url) == seconds


@pytest.mark.parametrize("said", ["soon", "0", "-3", "inf", "nan", "0.5", "600.5"])
def test_what_is_no_length_of_a_lease(said: str) -> None:
    """The text is named, and what is expected."""
    with pytest.raises(UsageError, match=r"etl_lease_seconds=.* a number of seconds is expected, from 1 to 600"):
        lease_seconds(f"postgresql+psycopg://h/d?etl_lease_seconds={said}")


def test_a_file_of_this_machine_has_no_leases(tmp_path: Path) -> None:
    """The operating system's lock is taken away by nobody: there is nothing to renew, and nothing to ask before sending."""
    with Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "files", ManualClock()) as ledger:
        ledger.lock_input(1, VISITS)

        assert ledger.may_send() and ledger.permit() is None and not ledger.may_go_away
