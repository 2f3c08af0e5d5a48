"""A ledger in a SQLite file of this machine: one writer at a time, whatever the account.

Transactions are begun by hand, because SQLite must take its write lock at the beginning and not midway.
"""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import suppress
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

from etl.errors import LedgerError
from etl.ledger.database import Database, database_error, plain_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Table
    from sqlalchemy.engine import Connection, Engine, ExceptionContext
    from sqlalchemy.exc import DatabaseError

    from etl.clock import Clock
    from etl.ledger.database import Statement, Values

BUSY_SECONDS = 10
"""How long SQLite itself waits for another writer before it says that the database is locked."""


_BEGIN = "BEGIN IMMEDIATE"
_MOST_VALUES = 900  # of one statement; SQLite before 3.32 takes 999


def _is_busy(error: BaseException) -> bool:
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415 — as ledger/database.py says

    return isinstance(error, OperationalError) and ("locked" in str(error) or "busy" in str(error))


_PRAGMAS = (
    "synchronous = FULL",  # a commit that was answered survives the power cut that follows it
    "foreign_keys = ON",
    # 32 MiB written ahead, then brought in: ids and keys lie all over, so that each commit writes most pages of their
    # indexes anew, and to bring these in after each of them would write and sync them twice
    "wal_autocheckpoint = 8192",
    "cache_size = -32768",  # 32 MiB: claims of a large ledger are looked up all over it
)


def _opened(file: str) -> sqlite3.Connection:
    """A connection as SQLAlchemy would open it for such an address. Raises: sqlite3.DatabaseError."""
    return _prepared(sqlite3.connect(file, isolation_level=None, check_same_thread=False))


def _prepared(driver: sqlite3.Connection) -> sqlite3.Connection:
    for pragma in (f"busy_timeout = {BUSY_SECONDS * 1000}", *_PRAGMAS):
        driver.execute(f"PRAGMA {pragma}").close()
    return driver


def _engine(url: str, shown: str, driver: sqlite3.Connection | None) -> Engine:
    """SQLAlchemy's side. driver: the connection, where it is open already."""
    from sqlalchemy import create_engine, event  # noqa: PLC0415 — as ledger/database.py says
    from sqlalchemy.exc import DatabaseError, OperationalError  # noqa: PLC0415 — as above
    from sqlalchemy.pool import NullPool  # noqa: PLC0415 — as above

    made = {} if driver is None else {"creator": lambda: driver}
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool, **made)

    @event.listens_for(engine, "connect")
    def prepare(dbapi_connection: Any, _record: object) -> None:  # whatever driver SQLAlchemy uses
        if driver is None:
            _prepared(dbapi_connection)

    @event.listens_for(engine, "handle_error")
    def explain(context: ExceptionContext) -> None:
        """Reads too meet full disks and damaged files, and the person should meet a sentence."""
        error = context.sqlalchemy_exception
        is_tried_again = context.statement == _BEGIN and isinstance(error, OperationalError) and _is_busy(error)
        if isinstance(error, DatabaseError) and not is_tried_again:
            raise LedgerError(_told(shown, str(error.orig))) from error

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


def _told(shown: str, words: str) -> str:
    """The trouble in words, and what to do."""
    remedy = next((remedy for signs, remedy in _REMEDIES if any(sign in words for sign in signs)), _REMEDY)
    return f"The ledger {shown} cannot be used: {words}. Nothing more was sent; the file was left as it is. {remedy}"


_NAME = re.compile(r"(?<![:\w]):([a-z]\w*)")


@lru_cache(maxsize=256)
def _by_position(statement: str) -> tuple[str, Callable[[Mapping[str, object]], Sequence[object]]]:
    """A statement with its values by position: to find each by its name takes longer than to carry most statements out.

    Returns: also what takes them out of those that are named. No text within a statement may look like a name.
    """
    names = _NAME.findall(statement)
    if len(names) < 2:  # an itemgetter of one name gives no sequence
        return _NAME.sub("?", statement), lambda values: [values[name] for name in names]
    return _NAME.sub("?", statement), itemgetter(*names)


_LIST = "IN :row_ids"
_JSON_LIST = "IN (SELECT value FROM json_each(:row_ids))"
_STRETCH = "BETWEEN :first_row_id AND :last_row_id"


@lru_cache(maxsize=256)
def _saying(statement: str, which: str) -> str:
    """A statement about `row_ids` in words that SQLite has."""
    return statement.replace(_LIST, which)


def _about(statement: str, values: Mapping[str, Any]) -> tuple[str, Mapping[str, object]]:
    """The same with its values. Rows that travel together mostly follow upon each other: no list is to be read then."""
    row_ids = list(values["row_ids"])
    if row_ids and row_ids == list(range(row_ids[0], row_ids[0] + len(row_ids))):
        return _saying(statement, _STRETCH), {**values, "first_row_id": row_ids[0], "last_row_id": row_ids[-1]}
    return _saying(statement, _JSON_LIST), {**values, "row_ids": json.dumps(row_ids)}


@lru_cache(maxsize=16)
def _insertion(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(':' + name for name in columns)})"


class SqliteDatabase(Database):
    """The connection to a SQLite file."""

    blob = "BLOB"
    is_shared = False

    def __init__(self, url: str, clock: Clock) -> None:
        """Raises: LedgerError — no database can be opened or made there."""
        super().__init__(url, clock)
        self._url = url
        self._connection: Connection | None = None
        file = plain_file(url)
        try:
            self._sqlite: sqlite3.Connection = self._driver_of_its_own() if file is None else _opened(file)
        except sqlite3.DatabaseError as error:
            raise LedgerError(_told(self.shown, str(error))) from error
        self._last: dict[str, tuple[str, Callable[[], Values]]] = {}

    @property
    def connection(self) -> Connection:
        if self._connection is None:
            if self._sqlite.in_transaction:
                raise RuntimeError("SQLAlchemy begins with a rollback, and something has begun already")
            self._connection = self._connected(self._sqlite)
        return self._connection

    def _connected(self, driver: sqlite3.Connection | None) -> Connection:
        try:
            return _engine(self._url, self.shown, driver).connect()
        except database_error() as error:
            raise self._trouble(error) from error

    def _driver_of_its_own(self) -> sqlite3.Connection:
        """What SQLAlchemy has opened, where the address says more than a path."""
        self._connection = self._connected(None)
        driver: Any = self._connection.connection.dbapi_connection
        return cast("sqlite3.Connection", driver)

    def ask(self, statement: str, values: Mapping[str, object]) -> Sequence[Any]:
        return self._quickly(statement, values).fetchall()

    def do(self, statement: str, values: Mapping[str, object]) -> int:
        return self._quickly(statement, values).rowcount

    def do_each(self, statement: str, values: Sequence[Mapping[str, object]]) -> int:
        by_position, taken = _by_position(statement)
        try:
            return self._sqlite.executemany(by_position, map(taken, values)).rowcount
        except sqlite3.DatabaseError as error:
            raise LedgerError(_told(self.shown, str(error))) from error

    def last_of(self, name: str, statement: str, values: Callable[[], Values]) -> list[Statement]:
        self._last[name] = (statement, values)
        return []

    def write_last(self) -> None:
        while self._last:
            _, (statement, values) = self._last.popitem()
            self._quickly(statement, values())

    def insert(self, table: Table, values: Mapping[str, object]) -> int:
        return self._quickly(_insertion(table.name, tuple(values)), values).lastrowid or 0

    def _quickly(self, statement: str, values: Mapping[str, object]) -> sqlite3.Cursor:
        if "row_ids" in values:
            statement, values = _about(statement, values)
        try:
            by_position, taken = _by_position(statement)
            return self._sqlite.execute(by_position, taken(values))
        except sqlite3.DatabaseError as error:
            raise LedgerError(_told(self.shown, str(error))) from error

    def insert_many(self, table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
        """Some hundred go into one statement: to carry one out costs as much as the values of a row."""
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES "
        one = f"({', '.join('?' * len(columns))})"
        values = list(rows)
        together = max(1, _MOST_VALUES // len(columns))
        whole = len(values) - len(values) % together
        if whole:
            lines = [tuple(chain.from_iterable(values[at : at + together])) for at in range(0, whole, together)]
            self.connection.exec_driver_sql(statement + ", ".join([one] * together), lines)
        if whole < len(values):
            self.connection.exec_driver_sql(statement + one, values[whole:])

    def will_read_in_order(self) -> None:
        self.ask("PRAGMA cache_size = -4096", {})

    def refuse_part_of_a_page(self, path: Path) -> None:
        """Refuse a SQLite file that ends within a page: SQLite reads what is missing there as zeros, and says nothing.

        While there is a write-ahead log the file may end anywhere; what counts then stands in the log.
        Raises: LedgerError — it was cut short.
        """
        log = path.with_name(f"{path.name}-wal")
        page_bytes = int(self.ask("PRAGMA page_size", {})[0][0])
        has_log = log.exists() and log.stat().st_size > 0
        if path.exists() and path.stat().st_size % page_bytes and not has_log:
            raise LedgerError(_told(self.shown, "database disk image is malformed: its last page is cut short"))

    def write_ahead(self) -> None:
        """Have SQLite write ahead into a file beside, so that reading and writing do not wait for each other.

        Not done on opening, because it changes the file for good: first it must be known to be a ledger.
        """
        self.ask("PRAGMA journal_mode = WAL", {})

    def give_back(self) -> None:
        """Needs as much room again for a while, and nobody else writing."""
        for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            self.ask(statement, {})

    def tables(self) -> set[str]:
        return {row[0] for row in self.ask("SELECT name FROM sqlite_master WHERE type = 'table'", {})}

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._sqlite.close()

    def _begin(self, account_id: int | None, of: Mapping[str, int]) -> None:  # noqa: ARG002 — whoever writes has the whole file
        try:
            self.connection.exec_driver_sql(_BEGIN)
        except database_error() as error:
            if not _is_busy(error):
                raise
            self._begin_when_free()

    def _begin_when_free(self) -> None:
        """Ask again and again, for some minutes."""
        from tenacity import (  # noqa: PLC0415 — it takes a while to load, and hardly ever is anybody in the way
            Retrying,
            retry_if_exception,
            stop_after_attempt,
            wait_random_exponential,
        )

        for attempt in Retrying(
            retry=retry_if_exception(_is_busy),
            stop=stop_after_attempt(12),
            wait=wait_random_exponential(multiplier=0.1, max=5),
            sleep=self.clock.sleep,
            reraise=True,
        ):
            with attempt:
                self.connection.exec_driver_sql(_BEGIN)

    def _begin_looking(self) -> None:
        self.ask("BEGIN", {})  # takes no lock that another process would have to wait for

    def _end_looking(self) -> None:
        self.ask("COMMIT", {})

    def _commit(self) -> None:
        self.write_last()
        self.connection.exec_driver_sql("COMMIT")

    def _roll_back(self) -> None:
        self._last.clear()
        with suppress(LedgerError):  # SQLite has rolled back by itself after some errors (a full disk, say)
            self.ask("ROLLBACK", {})

    def _trouble(self, error: DatabaseError) -> LedgerError:
        return LedgerError(_told(self.shown, str(error.orig)))
