"""One connection to the ledger's database, and what a write transaction is on it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import NullPool
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from etl.errors import LedgerError
from etl.ledger.schema import for_postgresql

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Table, TextClause
    from sqlalchemy.engine import Connection, CursorResult, Engine, ExceptionContext

    from etl.clock import Clock

BUSY_SECONDS = 10
"""How long SQLite itself waits for another writer before it says that the database is locked."""


_BEGIN = "BEGIN IMMEDIATE"
_MOST_VALUES = 900  # of one statement; SQLite before 3.32 takes 999


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
                "synchronous = FULL",  # a commit that was answered survives the power cut that follows it
                "foreign_keys = ON",
                "cache_size = -32768",  # 32 MiB: claims of a large ledger are looked up all over it
            ):
                dbapi_connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "handle_error")
    def explain(context: ExceptionContext) -> None:
        """Reads too meet full disks and damaged files, and the person should meet a sentence."""
        error = context.sqlalchemy_exception
        is_tried_again = context.statement == _BEGIN and isinstance(error, OperationalError) and _is_busy(error)
        if isinstance(error, DatabaseError) and not is_tried_again:
            raise _trouble(shown, error) from error

    return engine


_REMEDIES = (
    (
        ("locked", "busy"),
        "Another program, a backup maybe, has held it for longer than etl waits. Run the same command again when that has ended.",
    ),
    (("full",), "Make room on its disk, then run the same command again."),
    (("readonly", "read-only"), "Make the file, its folder and the disk such that they may be written to."),
    (
        ("malformed", "not a database", "no such table", "no such column", "corrupt"),
        "It is damaged: keep it, with its -wal file, and put back a backup. Do not begin with an empty ledger: rows that are in "
        "LeadSquared could go out again.",
    ),
    (("disk I/O",), "The disk may be full or failing: check it, then run the same command again."),
)
"""What to do now, by words of SQLite's (its page "Result and Error Codes")."""

_REMEDY = "Check that its folder exists, may be written to and has free space."


def _trouble(shown: str, error: DatabaseError) -> LedgerError:
    return LedgerError(_told(shown, str(error.orig)))


def _told(shown: str, words: str) -> str:
    """The trouble in words, and what to do."""
    remedy = next((remedy for signs, remedy in _REMEDIES if any(sign in words for sign in signs)), _REMEDY)
    return f"The ledger {shown} cannot be used: {words}. Nothing more was sent; the file was left as it is. {remedy}"


def inserted_key(result: CursorResult[Any]) -> int:
    """The number that the database gave to the row just inserted."""
    key = result.inserted_primary_key
    if key is None:
        raise TypeError("the statement was no insert of one row")
    return int(key[0])


_LIST = "IN :row_ids"
_JSON_LIST = "IN (SELECT value FROM json_each(:row_ids))"


@lru_cache(maxsize=256)
def _clause(statement: str) -> TextClause:
    made = text(statement)
    return made.bindparams(bindparam("row_ids", expanding=True)) if _LIST in statement else made


@lru_cache(maxsize=16)
def _insertion(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(':' + name for name in columns)})"


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
        if self._engine.dialect.name == "postgresql":
            for_postgresql()
        found = self.connection.connection.dbapi_connection
        self._sqlite = found if isinstance(found, sqlite3.Connection) else None
        self._is_together = False
        self._has_begun = False

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One write transaction: everything in it is committed together at the end, or nothing of it.

        Within `together` it is a part of that one.
        Raises: LedgerError — locked for longer than some minutes, disk full, read-only or damaged.
        """
        if self._has_begun:
            yield self.connection
            return
        try:
            self._begin()
            self._has_begun = self._is_together
            if self._is_together:
                yield self.connection
                return
            try:
                yield self.connection
                self._commit()
            except BaseException:
                self._roll_back()
                raise
        except DatabaseError as error:
            raise _trouble(self.shown, error) from error

    @contextmanager
    def together(self) -> Iterator[None]:
        """All that is written within is one transaction, which begins with the first of it. Nothing that fails may be caught.

        Raises: LedgerError — as `writing`.
        """
        self._is_together = True
        try:
            yield
            if self._has_begun:
                self._commit()
        except BaseException:
            if self._has_begun:
                self._roll_back()
            raise
        finally:
            self._is_together = self._has_begun = False

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """The ledger as it is at one moment, for several statements. Only temporary tables may be written meanwhile."""
        if self._has_begun:
            yield self.connection
            return
        self.connection.exec_driver_sql("BEGIN")  # takes no lock that another process would have to wait for
        try:
            yield self.connection
            self.connection.exec_driver_sql("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def ask(self, statement: str, values: Mapping[str, object]) -> Sequence[Any]:
        """All rows that a statement of every request gives, as tuples: past what SQLAlchemy does with each of them, which
        costs ten times of what SQLite itself needs. `IN :row_ids` takes a list of numbers."""
        if self._sqlite is None:
            return self.connection.execute(_clause(statement), dict(values)).all()
        return self._quickly(self._sqlite, statement, values).fetchall()

    def do(self, statement: str, values: Mapping[str, object]) -> int:
        """Carry such a statement out. Returns: how many rows were changed."""
        if self._sqlite is None:
            return int(self.connection.execute(_clause(statement), dict(values)).rowcount)
        return self._quickly(self._sqlite, statement, values).rowcount

    def do_each(self, statement: str, values: Sequence[Mapping[str, object]]) -> int:
        """The same for each of some values. Returns: how many rows were changed."""
        if self._sqlite is None:
            return int(self.connection.execute(_clause(statement), [dict(one) for one in values]).rowcount)
        try:
            return self._sqlite.executemany(statement, values).rowcount
        except sqlite3.DatabaseError as error:
            raise LedgerError(_told(self.shown, str(error))) from error

    def insert(self, table: Table, values: Mapping[str, object]) -> int:
        """Insert one row, of values that need no conversion. Returns: the number that the database gave it."""
        if self._sqlite is None:
            return inserted_key(self.connection.execute(table.insert().values(**values)))
        return self._quickly(self._sqlite, _insertion(table.name, tuple(values)), values).lastrowid or 0

    def _quickly(self, sqlite: sqlite3.Connection, statement: str, values: Mapping[str, object]) -> sqlite3.Cursor:
        if "row_ids" in values:
            statement = statement.replace(_LIST, _JSON_LIST)
            values = {**values, "row_ids": json.dumps(values["row_ids"])}
        try:
            return sqlite.execute(statement, values)
        except sqlite3.DatabaseError as error:
            raise LedgerError(_told(self.shown, str(error))) from error

    def refuse_part_of_a_page(self, path: Path) -> None:
        """Refuse a SQLite file that ends within a page: SQLite reads what is missing there as zeros, and says nothing.

        While there is a write-ahead log the file may end anywhere; what counts then stands in the log.
        Raises: LedgerError — it was cut short.
        """
        log = path.with_name(f"{path.name}-wal")
        page_bytes = int(self.connection.exec_driver_sql("PRAGMA page_size").scalar_one())
        has_log = log.exists() and log.stat().st_size > 0
        if path.exists() and path.stat().st_size % page_bytes and not has_log:
            raise LedgerError(_told(self.shown, "database disk image is malformed: its last page is cut short"))

    def write_ahead(self) -> None:
        """Have SQLite write ahead into a file beside, so that reading and writing do not wait for each other.

        Not done on opening, because it changes the file for good: first it must be known to be a ledger.
        """
        if self._engine.dialect.name == "sqlite":
            self.connection.exec_driver_sql("PRAGMA journal_mode = WAL").close()

    def tables(self) -> set[str]:
        """The names of the tables that are there."""
        return set(inspect(self.connection).get_table_names())

    def insert_many(self, table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
        """Insert many rows by position, past what SQLAlchemy does with each named value of each row.

        Some hundred go into one statement: to carry one out costs as much as the values of a row.
        """
        mark = "?" if self.connection.dialect.paramstyle == "qmark" else "%s"
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES "
        one = f"({', '.join([mark] * len(columns))})"
        values = list(rows)
        together = max(1, _MOST_VALUES // len(columns))
        whole = len(values) - len(values) % together
        if whole:
            lines = [tuple(chain.from_iterable(values[at : at + together])) for at in range(0, whole, together)]
            self.connection.exec_driver_sql(statement + ", ".join([one] * together), lines)
        if whole < len(values):
            self.connection.exec_driver_sql(statement + one, values[whole:])

    def _begin(self) -> None:
        begin = _BEGIN if self._engine.dialect.name == "sqlite" else "BEGIN"
        for attempt in Retrying(
            retry=retry_if_exception(_is_busy),
            stop=stop_after_attempt(12),
            wait=wait_random_exponential(multiplier=0.1, max=5),
            sleep=self.clock.sleep,
            reraise=True,
        ):
            with attempt:
                self.connection.exec_driver_sql(begin)

    def _commit(self) -> None:
        self.connection.exec_driver_sql("COMMIT")

    def _roll_back(self) -> None:
        with suppress(
            DatabaseError, LedgerError
        ):  # SQLite has rolled back by itself after some errors (a full disk, say)
            self.connection.exec_driver_sql("ROLLBACK")

    def close(self) -> None:
        """Give the connection back; further use is a mistake."""
        self.connection.close()
        self._engine.dispose()
