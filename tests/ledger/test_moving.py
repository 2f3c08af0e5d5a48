"""A ledger that moves into another database: what its moments mean there, and who may begin while it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from etl.errors import LedgerError
from etl.ledger.leases import Leases
from etl.ledger.store import Ledger
from etl.moving import move
from tests.clocks import ManualClock
from tests.ledger.books import Book, a_row, open_book

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
