"""One connection to the ledger's database, and what a write transaction is on it."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, make_url
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import NullPool
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from etl.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy.engine import Connection, CursorResult, Engine, ExceptionContext

    from etl.clock import Clock

BUSY_SECONDS = 10
"""How long SQLite itself waits for another writer before it says that the database is locked."""


def _is_busy(error: BaseException) -> bool:
    return isinstance(error, OperationalError) and ("locked" in str(error) or "busy" in str(error))


def _engine(url: str, shown: str) -> Engine:
    """Transactions are begun by hand (`writing`), because SQLite must take its write lock at the beginning, not midway."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def prepare(dbapi_connection: Any, _record: object) -> None:  # whatever driver SQLAlchemy uses
            for pragma in (
                f"busy_timeout = {BUSY_SECONDS * 1000}",
                "journal_mode = WAL",
                "synchronous = FULL",  # a commit that was answered survives the power cut that follows it
                "foreign_keys = ON",
                "cache_size = -32768",  # 32 MiB: claims of a large ledger are looked up all over it
            ):
                dbapi_connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "handle_error")
    def explain(context: ExceptionContext) -> None:
        """Reads too meet full disks and damaged files, and the person should meet a sentence."""
        error = context.sqlalchemy_exception
        if isinstance(error, DatabaseError) and not _is_busy(error):
            raise _trouble(shown, error) from error

    return engine


def _trouble(shown: str, error: DatabaseError) -> LedgerError:
    return LedgerError(
        f"The ledger {shown} cannot be used: {error.orig}. Nothing more was sent. "
        "Check that its folder exists, may be written to and has free space; the file itself was left as it is."
    )


def inserted_key(result: CursorResult[Any]) -> int:
    """The number that the database gave to the row just inserted."""
    key = result.inserted_primary_key
    if key is None:
        raise TypeError("the statement was no insert of one row")
    return int(key[0])


class Database:
    """The ledger's one connection. Not for use by several threads.

    shown: the address as a person may see it, without a password.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        """Raises: LedgerError — no database can be opened or made there."""
        self.clock = clock
        self.shown = make_url(url).render_as_string(hide_password=True).removeprefix("sqlite:///")
        try:
            self._engine = _engine(url, self.shown)
            self.connection: Connection = self._engine.connect()
        except DatabaseError as error:
            raise _trouble(self.shown, error) from error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One write transaction: everything in it is committed together at the end, or nothing of it.

        Raises: LedgerError — locked for longer than some minutes, disk full, read-only or damaged.
        """
        try:
            self._begin()
            try:
                yield self.connection
                self.connection.exec_driver_sql("COMMIT")
            except BaseException:
                self._roll_back()
                raise
        except DatabaseError as error:
            raise _trouble(self.shown, error) from error

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """The ledger as it is at one moment, for several statements. Only temporary tables may be written meanwhile."""
        self.connection.exec_driver_sql("BEGIN")  # takes no lock that another process would have to wait for
        try:
            yield self.connection
            self.connection.exec_driver_sql("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def insert_many(self, table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
        """Insert many rows by position, past what SQLAlchemy does with each named value of each row."""
        mark = "?" if self.connection.dialect.paramstyle == "qmark" else "%s"
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join([mark] * len(columns))})"
        values = list(rows)
        if values:
            self.connection.exec_driver_sql(statement, values)

    def _begin(self) -> None:
        begin = "BEGIN IMMEDIATE" if self._engine.dialect.name == "sqlite" else "BEGIN"
        for attempt in Retrying(
            retry=retry_if_exception(_is_busy),
            stop=stop_after_attempt(12),
            wait=wait_random_exponential(multiplier=0.1, max=5),
            sleep=self.clock.sleep,
            reraise=True,
        ):
            with attempt:
                self.connection.exec_driver_sql(begin)

    def _roll_back(self) -> None:
        with suppress(
            DatabaseError, LedgerError
        ):  # SQLite has rolled back by itself after some errors (a full disk, say)
            self.connection.exec_driver_sql("ROLLBACK")

    def close(self) -> None:
        """Give the connection back; further use is a mistake."""
        self.connection.close()
        self._engine.dispose()
