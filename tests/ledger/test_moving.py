"""A ledger that moves into another database: what its moments mean there, and who may begin while it goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from etl.errors import BusyError, LedgerError, UsageError
from etl.ledger.leases import LEASE_SECONDS, Leases
from etl.ledger.postgresql import PostgresqlDatabase
from etl.ledger.requests import LeaseLost, Reserved
from etl.ledger.store import Ledger
from etl.moving import move
from etl.records import Outcome
from tests.clocks import ManualClock
from tests.ledger.books import Book, a_row, open_book
from tests.ledger.shared import emptied_ledger
from tests.postgresql import Server

HERE = "boot of the machine that it moves to"


def test_what_has_just_ended_elsewhere_is_not_old_where_it_comes_to(tmp_path: Path, clock: ManualClock) -> None:
    """The database that it moves into was there long before: requests that came along may have ended only just now."""
    target = (f"sqlite:///{tmp_path / 'new.db'}", tmp_path / "new")
    clock.reboot(HERE, 100.0)
    Ledger(*target, clock).close()
    clock.reboot("another machine", 9_000.0)
    book = open_book(tmp_path, clock)
    run_id = book.begin([a_row(2)])
    book.intend(run_id)
    book.ledger.requests.close_lost(run_id)
    book.ledger.close()

    clock.reboot(HERE, 5_000.0)
    move((f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "files"), target, clock)

    with Ledger(*target, clock) as moved:
        assert moved.doubts.boot_seen(HERE) == 5_000.0
        assert [doubt.boot_id for doubt in moved.doubts.of_run(run_id)] == ["another machine"]


def test_who_locks_an_input_while_the_ledger_leaves_is_refused(
    book: Book, other: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The move looks for locks after it was noted; so a lock counts only where no move was noted before it was held."""
    from filelock import FileLock  # noqa: PLC0415 — loads asyncio

    taking, name = (Leases, "take") if book.is_shared else (FileLock, "acquire")
    take = getattr(taking, name)

    def takes_while_it_leaves(*arguments: Any, **more: Any) -> Any:
        other.ledger.moving.begin("another place")
        other.ledger.moving.refuse_while_importing()
        return take(*arguments, **more)

    try:
        with monkeypatch.context() as meanwhile, pytest.raises(LedgerError, match="on its way to another place"):
            meanwhile.setattr(taking, name, takes_while_it_leaves)
            book.ledger.lock_input(book.account_id, "visits")
        other.ledger.moving.refuse_while_importing()  # nothing is held by who was refused
    finally:
        other.ledger.moving.stay()
    book.ledger.lock_input(book.account_id, "visits").release()


def test_coming_back_takes_a_new_place(tmp_path: Path, clock: ManualClock) -> None:
    """The ledger that was left stays as it was, so it is no place to return to; it is said which is."""
    first, second, third = ((f"sqlite:///{tmp_path / name}.db", tmp_path / name) for name in ("ledger", "two", "three"))
    book = open_book(tmp_path, clock)
    book.begin([a_row(2)])
    book.ledger.close()
    move(first, second, clock)

    with pytest.raises(
        UsageError, match=r"ledger.db moved to .*two.db before, and stays .* To come back, name a new file"
    ):
        move(second, first, clock)
    assert move(second, third, clock).rows("rows") == 1


VISITS = "visits"


@pytest.fixture
def shared(tmp_path: Path, clock: ManualClock, postgresql: Server) -> Iterator[Book]:
    opened = open_book(tmp_path, clock, emptied_ledger(postgresql))
    yield opened
    opened.ledger.close()


def place(folder: Path, name: str) -> tuple[str, Path]:
    return f"sqlite:///{folder / name}.db", folder / name


def test_who_sleeps_while_the_ledger_moves_sends_nothing_when_it_wakes(
    shared: Book, tmp_path: Path, clock: ManualClock
) -> None:
    """Its time was over, so the ledger could leave. It holds nothing there any more, and what it had in the air may arrive."""
    run_id = shared.begin([a_row(2), a_row(3, "b")])
    first, second = shared.waiting(run_id)
    shared.ledger.lock_input(shared.account_id, VISITS)
    request_id = shared.intend(run_id, [first])
    assert shared.url is not None

    clock.doze(LEASE_SECONDS + 1)
    clock.move(LEASE_SECONDS + 1)
    move((shared.url, tmp_path / "files"), place(tmp_path, "new"), clock)

    assert isinstance(shared.reserve(run_id, [second]), LeaseLost)
    assert not shared.ledger.may_send()
    with Ledger(*place(tmp_path, "new"), clock) as moved:
        assert [(doubt.request_id, doubt.late) for doubt in moved.doubts.of_run(run_id)] == [(request_id, True)]
        assert list(moved.runs.waiting(run_id, 1, 10).values()) == [second]


@pytest.mark.parametrize("what", ["intent", "renewal"])
def test_nothing_is_written_or_renewed_where_a_ledger_has_left(shared: Book, clock: ManualClock, what: str) -> None:
    """It is looked at in the same commit, also where the lease itself is there as it was."""
    run_id = shared.begin([a_row(2)])
    shared.ledger.lock_input(shared.account_id, VISITS)
    shared.ledger.moving.end("another place")

    if what == "intent":
        assert isinstance(shared.reserve(run_id), LeaseLost)
    clock.move(LEASE_SECONDS)
    assert not shared.ledger.may_send()


def test_where_somebody_imports_the_ledger_stays_and_he_goes_on(
    shared: Book, tmp_path: Path, clock: ManualClock
) -> None:
    """A move that is refused takes nothing away from anybody."""
    run_id = shared.begin([a_row(2)])
    shared.ledger.lock_input(shared.account_id, VISITS)
    assert shared.url is not None

    with pytest.raises(BusyError, match="Somebody imports"):
        move((shared.url, tmp_path / "files"), place(tmp_path, "new"), clock)

    assert shared.ledger.moving.moving_to() is None
    assert shared.ledger.may_send()
    assert isinstance(shared.reserve(run_id), Reserved)


@pytest.mark.parametrize("arrives", [True, False], ids=["lost on the way back", "lost on the way there"])
def test_a_move_whose_commit_was_not_answered(
    postgresql: Server, tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, arrives: bool
) -> None:
    """While nobody can tell whether the ledger has arrived, neither of the two sends; the same command ends it or begins anew."""
    book = open_book(tmp_path, clock)
    run_id = book.import_rows(a_row(2))
    book.ledger.close()
    old, new = place(tmp_path, "ledger"), (emptied_ledger(postgresql), tmp_path / "new")
    commit = PostgresqlDatabase._commit

    def is_lost(self: Any) -> None:
        if not self.ask("SELECT 1 FROM meta WHERE name = 'came_from'", {}):
            commit(self)
            return
        connection = self._connection.connection.dbapi_connection
        if arrives:
            connection.execute("COMMIT")
        connection.close()
        meanwhile.setattr(PostgresqlDatabase, "_connected", is_away)
        commit(self)

    def is_away(_self: Any) -> Any:
        raise psycopg.OperationalError("connection refused")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(PostgresqlDatabase, "_commit", is_lost)
        with pytest.raises(LedgerError, match="cannot be told before that"):
            move(old, new, clock)

    with Ledger(*old, clock) as left, pytest.raises(LedgerError, match="on its way to"):
        left.lock_input(1, VISITS)
    with pytest.raises(UsageError, match="only there it can be seen whether it has arrived"):
        move(old, place(tmp_path, "elsewhere"), clock)
    assert move(old, new, clock).rows("rows") == 1
    with Ledger(*new, clock) as moved:
        assert [line.outcome for line in moved.runs.lines(run_id)] == [Outcome.CREATED]
        moved.lock_input(1, VISITS).release()


def test_an_empty_ledger_does_not_move(tmp_path: Path, clock: ManualClock) -> None:
    """The names stand in the wrong order, mostly; and a database that was left so could be nobody's ledger any more."""
    empty, other = ((f"sqlite:///{tmp_path / name}.db", tmp_path / name) for name in ("empty", "other"))
    Ledger(*empty, clock).close()

    with pytest.raises(UsageError, match=r"empty.db holds no imports, .* The one that moves is named first"):
        move(empty, other, clock)
    with Ledger(*empty, clock) as ledger:
        assert ledger.moving.moved_to() is None
