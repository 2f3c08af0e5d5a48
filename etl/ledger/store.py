"""The ledger as the rest of the program holds it: open it, and its rooms are at hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from sqlalchemy import make_url, select

from etl.errors import BusyError, LedgerError
from etl.ledger.accounts import Accounts
from etl.ledger.copies import Copies
from etl.ledger.database import Database
from etl.ledger.migrations import migrate
from etl.ledger.plan import Plan
from etl.ledger.requests import Requests
from etl.ledger.runs import Runs
from etl.ledger.schema import BOOTS

if TYPE_CHECKING:
    from types import TracebackType

    from filelock import BaseFileLock

    from etl.clock import Clock


class Ledger:
    """An open ledger, for one thread of one process. Use it as a context manager."""

    def __init__(self, url: str, files: Path, clock: Clock) -> None:
        """Open or make the ledger at the database URL; files: the folder for kept copies and locks.

        Raises: LedgerError — it cannot be opened, written or understood.
        """
        self._files = files
        self._make_folder(url)
        self._database = Database(url, clock)
        migrate(self._database)
        self._note_boot()
        self.shown = self._database.shown
        self.accounts = Accounts(self._database)
        self.copies = Copies(self._database, files)
        self.runs = Runs(self._database)
        self.requests = Requests(self._database)

    def plan(self) -> Plan:
        """An empty plan on this connection; the one before it is gone."""
        return Plan(self._database)

    def lock_input(self, account_id: int, identity: str) -> BaseFileLock:
        """The operating system's lock on one input of one account, taken. It dies with the process that holds it.

        Raises: BusyError — another process is importing this input.
        """
        folder = self._files / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / f"{account_id}-{identity}.lock", timeout=0, thread_local=False)
        try:
            lock.acquire()
        except Timeout as error:
            raise BusyError(
                "Another process is importing this input at this moment. Wait until it has ended, then run the same "
                "command again: it continues with whatever is left."
            ) from error
        return lock

    def _make_folder(self, url: str) -> None:
        place = make_url(url)
        if place.get_backend_name() != "sqlite" or not place.database:
            return
        folder = Path(place.database).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerError(
                f"The ledger's folder {folder} cannot be made: {error.strerror}. Nothing was sent. "
                "Set another place with ETL_LEDGER or `ledger` in the settings file."
            ) from error

    def _note_boot(self) -> None:
        clock = self._database.clock
        known = select(BOOTS.c.boot_id).where(BOOTS.c.boot_id == clock.boot_id())
        if self._database.connection.execute(known).first() is not None:
            return
        with self._database.writing() as connection:
            if connection.execute(known).first() is None:
                connection.execute(BOOTS.insert().values(boot_id=clock.boot_id(), first_seen_mono=clock.monotonic()))

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
