"""The ledger as the rest of the program holds it: open it, and its rooms are at hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from etl.errors import BusyError, LedgerError
from etl.ledger.database import plain_file
from etl.ledger.file_system import refuse_network
from etl.ledger.mark import Mark
from etl.ledger.present import PRESENT_VERSION, schema_version
from etl.ledger.rooms import Rooms
from etl.ledger.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from types import TracebackType

    from filelock import BaseFileLock

    from etl.clock import Clock
    from etl.ledger.database import Database
    from etl.ledger.leases import Lease, Leases
    from etl.ledger.moving import Moving
    from etl.records import MayWrite


_BOOT = "SELECT boot_id FROM boots WHERE boot_id = :boot_id"

_NEW_BOOT = "INSERT INTO boots (boot_id, first_seen_mono) VALUES (:boot_id, :now)"


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite ledger; None for another database."""
    file = plain_file(url)
    if file is not None:
        return Path(file)
    from sqlalchemy import make_url  # noqa: PLC0415 — as ledger/database.py says

    place = make_url(url)
    if place.get_backend_name() != "sqlite" or not place.database:
        return None
    return Path(place.database.removeprefix("file:"))  # SQLite takes an address of its own kind, too


class Ledger(Rooms):
    """An open ledger, for one thread of one process. Use it as a context manager."""

    def __init__(self, url: str, files: Path, clock: Clock) -> None:
        """Open or make the ledger at the database URL; files: the folder for kept copies and locks.

        Raises: LedgerError — it cannot be opened, written or understood.
        """
        self._files = files
        self.path = sqlite_path(url)
        self._mark = Mark(self.path, files) if self.path else None
        had_mark = self._mark is not None and self._mark.is_there()
        self._check_place(had_mark=had_mark)
        self._leases: Leases | None = None
        self._database = self._opened(url, clock)
        self.shown = self._database.shown
        try:
            self._check_content(had_mark=had_mark)
            self._bring_to_present()
            self._database.will_note_commits()
            if self._mark is not None:
                self._mark.leave()
            self._note_boot()
        except BaseException:
            self.close()
            raise

    @property
    def moving(self) -> Moving:
        """Its side of a move into another database."""
        from etl.ledger.moving import Moving  # noqa: PLC0415 — only where an input is locked

        return Moving(self._database, self.copies, self._is_importing, self._leases)

    def _is_importing(self) -> bool:
        """Whether any input is locked."""
        if self._leases is not None:
            return self._leases.is_any_taken()
        from filelock import FileLock, Timeout  # noqa: PLC0415 — as in `lock_input`

        for file in (self._files / "locks").glob("*.lock"):
            try:
                FileLock(file, timeout=0, thread_local=False).acquire().lock.release()
            except Timeout:
                return True
        return False

    def _opened(self, url: str, clock: Clock) -> Database:
        if not url.startswith("postgresql"):
            return SqliteDatabase(url, clock)
        from etl.ledger.leases import Leases  # noqa: PLC0415 — only where machines share the ledger
        from etl.ledger.postgresql import PostgresqlDatabase  # noqa: PLC0415 — as above

        database = PostgresqlDatabase(url, clock)
        self._leases = Leases(database, url, clock)
        return database

    def may_send(self) -> bool:
        """Whether every input that was locked is held still. To be asked right before each request is sent.

        A file of this machine has the operating system's locks, which nobody takes away.
        """
        return self._leases is None or self._leases.holds()

    def permit(self) -> MayWrite | None:
        """What a request that is handed over now has to ask right before its first byte is written; None: nothing, as above."""
        return None if self._leases is None else self._leases.permit()

    @property
    def may_go_away(self) -> bool:
        """Whether its database may be out of reach for a while, in the midst of something (LedgerLostError)."""
        return self._database.is_shared

    def lock_input(self, account_id: int, identity: str) -> BaseFileLock | Lease:
        """The lock on one input of one account, taken: the operating system's, which dies with the process that holds it, or
        where machines share the ledger a lease.

        Raises: BusyError — another process is importing this input. LedgerError — the lock cannot be made, or the ledger has
                moved to another place, or is about to.
        """
        lock = self._locked(account_id, identity)
        try:
            self.moving.refuse_if_gone()  # only now: a move that begins from here on finds the lock
        except BaseException:
            lock.release()
            raise
        return lock

    def _locked(self, account_id: int, identity: str) -> BaseFileLock | Lease:
        if self._leases is not None:
            return self._leases.take(account_id, identity)
        from filelock import FileLock, Timeout  # noqa: PLC0415 — it loads asyncio, and only who imports takes a lock

        folder = self._files / "locks"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(folder / f"{account_id}-{identity}.lock", timeout=0, thread_local=False)
            lock.acquire()
        except Timeout as error:
            raise BusyError(
                "Another process is importing this input at this moment. Wait until it has ended, then run the same "
                "command again: it continues with whatever is left."
            ) from error
        except (OSError, NotImplementedError) as error:
            raise LedgerError(
                f"The lock that keeps two imports apart cannot be made in {folder}: {error}. Nothing was sent. Make the "
                "folder writable and make room there, or set another ledger."
            ) from error
        return lock

    def version(self) -> int:
        """The version of what is written here."""
        return schema_version(self._database)

    def will_read_in_order(self) -> None:
        """Say that runs are going to be read from end to end: then a large one takes no more memory than a small one."""
        self._database.will_read_in_order()

    def bytes_on_disk(self) -> int:
        """How much room the SQLite file takes, with what is written beside it, or the ledger's tables in another database."""
        if self.path is None:
            return self._database.bytes_on_disk()
        beside = [self.path.with_name(self.path.name + ending) for ending in ("", "-wal")]
        return sum(file.stat().st_size for file in beside if file.exists())

    def is_locked(self, account_id: int, identity: str) -> bool:
        """Whether a process is importing this input now: it holds the lock."""
        if self._leases is not None:
            return self._leases.is_taken(account_id, identity)
        try:
            self.lock_input(account_id, identity).release()
        except BusyError:
            return True
        return False

    def _check_place(self, *, had_mark: bool) -> None:
        """Refuse a place where no ledger can be kept and one from which a ledger has gone, and make the folder."""
        if self.path is None:
            return
        refuse_network(self.path)
        if self.path.is_dir():
            raise LedgerError(
                f"The ledger {self.path} is a folder, and should be a file. Nothing was sent. Name a file with ETL_LEDGER "
                "or `ledger` in the settings file."
            )
        # SQLite would throw away the -wal file of an empty ledger, and with it what may be left of the true one.
        if had_mark and self._mark is not None and not (self.path.exists() and self.path.stat().st_size):
            raise self._mark.lost()
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds what was in the cells
        except OSError as error:
            raise LedgerError(
                f"The ledger's folder {self.path.parent} cannot be made: {error.strerror}. Nothing was sent. "
                "Set another place with ETL_LEDGER or `ledger` in the settings file."
            ) from error

    def _check_content(self, *, had_mark: bool) -> None:
        """Refuse a database that has lost its tables, and one that is another program's."""
        if isinstance(self._database, SqliteDatabase) and self.path is not None:
            self._database.refuse_part_of_a_page(self.path)
        tables = self._database.tables()
        if had_mark and not tables and self._mark is not None:
            raise self._mark.lost()
        if tables and not {"meta", "rows", "claims"} <= tables:
            raise LedgerError(
                f"{self.shown} is a database of another program ({', '.join(sorted(tables)[:3])}), no ledger. Nothing was "
                f"sent, and it was left as it is. Name another {'file' if self.path else 'database'} with ETL_LEDGER or "
                "`ledger` in the settings file."
            )
        if isinstance(self._database, SqliteDatabase):
            self._database.write_ahead()

    def _bring_to_present(self) -> None:
        if schema_version(self._database) != PRESENT_VERSION:
            from etl.ledger.migrations import migrate  # noqa: PLC0415 — next to every ledger is what it should be

            migrate(self._database)

    def _note_boot(self) -> None:
        clock, boot = self._database.clock, {"boot_id": self._database.clock.boot_id()}
        if self._database.ask(_BOOT, boot):
            return
        with self._database.writing():
            if not self._database.ask(_BOOT, boot):
                self._database.do(_NEW_BOOT, boot | {"now": clock.monotonic()})

    def close(self) -> None:
        """Give back what is held, and close the connection."""
        if self._leases is not None:
            self._leases.close()
        self._database.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
