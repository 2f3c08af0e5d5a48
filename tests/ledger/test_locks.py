"""The lock on an input: one process at a time, and none for the dead."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from etl.clock import SystemClock
from etl.errors import BusyError
from etl.ledger.store import Ledger
from tests.ledger.books import Book

HOLDER = """
import sys
from pathlib import Path
from etl.clock import SystemClock
from etl.ledger.store import Ledger
folder = Path(sys.argv[1])
with Ledger(sys.argv[2], folder / "files", SystemClock()) as ledger:
    lock = ledger.lock_input(int(sys.argv[3]), "visits")
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_dies_with_the_process_that_holds_it(book: Book, tmp_path: Path) -> None:
    """While a process holds an input another one is told to wait; killed, it holds nothing any more."""
    url = book.url or f"sqlite:///{tmp_path / 'ledger.db'}"
    command = [sys.executable, "-c", HOLDER, str(tmp_path), url, str(book.account_id)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"

    with Ledger(url, tmp_path / "files", SystemClock()) as ledger:
        with pytest.raises(BusyError, match=r"Another process is importing this input .* run the same command again"):
            ledger.lock_input(book.account_id, "visits")
        assert ledger.is_locked(book.account_id, "visits")
        holder.kill()
        holder.communicate(timeout=30)

        assert not ledger.is_locked(book.account_id, "visits")
        ledger.lock_input(book.account_id, "visits").release()


def test_a_lock_is_for_one_input_of_one_account(book: Book) -> None:
    """Other inputs, and the same input in another account, are imported side by side."""
    with (
        book.ledger.lock_input(book.account_id, "visits"),
        book.ledger.lock_input(book.account_id, "calls"),
        book.ledger.lock_input(book.account_id + 1, "visits"),
        pytest.raises(BusyError),
    ):
        book.ledger.lock_input(book.account_id, "visits")
    book.ledger.lock_input(book.account_id, "visits").release()
