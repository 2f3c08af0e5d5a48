"""A ledger in a PostgreSQL database, which several machines share.

Who may write when. On a file SQLite's one write lock keeps all writers apart. Here a transaction takes advisory locks, which
end with it (`pg_advisory_xact_lock`), before it looks at anything:

    of one account     the ledger's lock, shared with others, then the account's alone
    of no account      the ledger's lock alone; that is rare
    kept copies        the lock of account 0: nothing of an account hangs on them

So whoever decides about slots, the day's quota, claims or rows of an account sees all that anybody has decided before, as one
after the other, and READ COMMITTED is enough: a statement sees what was committed before it began, and a lock is given back
only when its commit can be seen. SERIALIZABLE would find the same conflicts later, by failing, and would have slots decided
upon anew at every one of them. Locks are always taken in that order, so nobody waits for each other in a ring.

A process that is halted with a transaction open loses it after a minute (`idle_in_transaction_session_timeout`), so that it
keeps nobody else waiting. When a commit was not answered, `pg_xact_status` tells afterwards what became of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from weakref import ref

from sqlalchemy import inspect
from sqlalchemy.exc import DatabaseError

from etl.clock import SystemClock
from etl.errors import LedgerError, LedgerLostError
from etl.ledger.database import Database
from etl.ledger.libpq import OWNER, Patient, engine_of, libpq_place, load_driver, words_of
from etl.ledger.postgresql_words import is_worth_waiting, told
from etl.ledger.schema import METADATA, for_postgresql
from etl.ledger.shared_clock import SharedClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import psycopg
    from sqlalchemy import Column, Table
    from sqlalchemy.engine import Connection

    from etl.clock import Clock
    from etl.ledger.database import Statement, Values

_Result = TypeVar("_Result")

AWAY_SECONDS = 60.0
"""So long a database that went away is waited for; then the command ends, and its rows are read back by the next one."""

_TIMES_AGAIN = 5
_LOCKS = 0x65746C << 32  # "etl": our advisory locks, apart from those of other programs in the same database

_ACCOUNT_OF = {
    name: f"SELECT account_id FROM {name.removesuffix('_id')}s WHERE {name} = :number"
    for name in ("run_id", "request_id", "row_id")
}
_MOST_KNOWN = 10_000

_READING = "SELECT extract(epoch FROM clock_timestamp())::float8, pg_current_xact_id()::text"

_BY_INDEX = "SET LOCAL enable_seqscan = off; "
"""A prepared statement keeps the plan that it got first; got while claims were few, that was to read all of them each time."""

_NAME = re.compile(r"(?<![:\w]):([a-z]\w*)")
_OF_ONE = re.compile(r"\s*UPDATE (\w+) SET (.+?)\s+WHERE (\w+) = :\3\s*", re.DOTALL)


@lru_cache(maxsize=512)
def _statement(statement: str) -> bytes:
    """A statement as psycopg takes it."""
    listed = statement.replace("%", "%%").replace("IN :row_ids", "= ANY(:row_ids)")
    return _NAME.sub(r"%(\1)s", listed).encode()


@lru_cache(maxsize=64)
def _for_all(statement: str, names: tuple[str, ...]) -> str | None:
    """A statement that changes the row of one number, for lists of values: carrying it out for each costs three times as much.

    None where it says more than that, so that it has to be carried out for each.
    """
    found = _OF_ONE.fullmatch(statement)
    if found is None:
        return None
    table, changes, number = found.groups()
    columns = METADATA.tables[table].columns
    if not columns[number].primary_key or not all(name in columns for name in names):
        return None
    lists = ", ".join(f"(:{name})::{_type_of(columns[name])}[]" for name in names)
    new = _NAME.sub(r"each.its_\1", changes)
    its = ", ".join(f"its_{name}" for name in names)
    return f"UPDATE {table} SET {new} FROM unnest({lists}) AS each ({its}) WHERE {number} = each.its_{number}"


def _as_one(statement: str, values: Values | Sequence[Values]) -> tuple[str, Values] | None:
    """A statement of which one execution is enough, for all of the values; None where there is none."""
    if isinstance(values, Mapping):
        return statement, values
    if len(values) == 1:
        return statement, values[0]
    all_at_once = _for_all(statement, tuple(values[0])) if values else None
    return None if all_at_once is None else (all_at_once, {name: [one[name] for one in values] for name in values[0]})


def _type_of(column: Column[Any]) -> str:
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 — only where there is a PostgreSQL

    return str(column.type.compile(postgresql.dialect()))  # type: ignore[no-untyped-call]  # SQLAlchemy's own lack


class PostgresqlDatabase(Database):
    """The connection to a PostgreSQL database."""

    blob = "BYTEA"
    is_shared = True

    def __init__(self, url: str, clock: Clock) -> None:
        """Raises: LedgerError — the database cannot be reached or used."""
        load_driver()
        super().__init__(url, clock)
        for_postgresql()
        self._shared: SharedClock | None = None
        if isinstance(clock, SystemClock):  # time that tests make up is everybody's
            self.clock = self._shared = SharedClock(clock)
        self._own_clock = clock
        self._xid = ""
        self._is_lost = False
        self._accounts: dict[tuple[str, int], int] = {}
        self._is_again = False  # whether what a connection held of temporary tables is gone
        patient: Any = Patient(self)
        self._patient: Connection = patient
        self._engine = engine_of(libpq_place(url))
        try:
            self._connection = self._connected()
        except self._any_errors as error:
            raise self._trouble(error) from error
        self._read_clock()

    def _connected(self) -> Connection:
        connection = self._engine.connect()
        connection.info[OWNER] = ref(self)
        return connection

    # Statements

    @property
    def is_away(self) -> bool:
        """Whether the connection was lost, and is not there again."""
        return self._is_lost

    @property
    def plain(self) -> Connection:
        """The connection itself, there again if it was lost; for who asks outside of transactions."""
        if self._is_lost:
            self._come_back()
        return self._connection

    def tables(self) -> set[str]:
        return set(inspect(self._connection if self._has_begun else self.plain).get_table_names())

    @property
    def connection(self) -> Connection:
        if self._has_begun or self._is_looking:
            return self._connection
        if self._is_lost:
            self._come_back()
        return self._patient

    @property
    def _raw(self) -> psycopg.Connection[Any]:
        if self._is_lost and not (self._has_begun or self._is_looking):
            self._come_back()
        found: Any = self._connection.connection.dbapi_connection
        return found  # type: ignore[no-any-return]  # SQLAlchemy knows no drivers

    def ask(self, statement: str, values: Mapping[str, object]) -> Sequence[Any]:
        if self._has_begun or self._is_looking:
            return self._asked(statement, values)
        return self.until_done(lambda: self._asked(statement, values))

    def _asked(self, statement: str, values: Mapping[str, object]) -> Sequence[Any]:
        found: list[Any] = self._quickly(statement, values).fetchall()
        return found

    def do(self, statement: str, values: Mapping[str, object]) -> int:
        return int(self._quickly(statement, values).rowcount)

    def do_all(self, statements: Sequence[Statement]) -> list[int]:
        """All on one way there and back."""
        alone = [_as_one(*one) for one in statements]
        if len(alone) < 2 or None in alone:
            return super().do_all(statements)
        raw = self._raw
        try:
            with raw.pipeline():
                cursors = [raw.execute(_statement(one[0]), one[1]) for one in alone if one is not None]
        except self._errors as error:
            self.fail(error)
        return [cursor.rowcount for cursor in cursors]

    def do_each(self, statement: str, values: Sequence[Mapping[str, object]]) -> int:
        if not values:
            return 0
        one = _as_one(statement, values)
        if one is not None:
            return self.do(*one)
        cursor = self._raw.cursor()
        try:
            cursor.executemany(_statement(statement), values)
        except self._errors as error:
            self.fail(error)
        return int(cursor.rowcount)

    def insert(self, table: Table, values: Mapping[str, object]) -> int:
        names, (number,) = tuple(values), tuple(table.primary_key)
        statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join(':' + name for name in names)})"
        found = self._quickly(f"{statement} RETURNING {number.name}", values).fetchone()
        if table.name == "requests":
            self._note_account("request_id", found[0], int(str(values["account_id"])))
        return int(found[0])

    def insert_many(self, table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
        """By COPY: a row costs no statement at all."""
        values = list(rows)
        try:
            with self._raw.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN".encode()) as copy:
                for row in values:
                    copy.write_row(row)
        except self._errors as error:
            self.fail(error)

    def after_filling(self, table: str) -> None:
        self.connection.exec_driver_sql(f"ANALYZE {table}")

    def go_on_numbering(self, *tables: str) -> None:
        for name in tables:
            (number,) = METADATA.tables[name].primary_key
            last = f"(SELECT COALESCE(MAX({number.name}), 0) FROM {name})"
            sequence = f"pg_get_serial_sequence('{name}', '{number.name}')"
            self.connection.exec_driver_sql(f"SELECT setval({sequence}, GREATEST({last}, nextval({sequence})))")

    def bytes_on_disk(self) -> int:
        named = [f"to_regclass('{name}')" for name in sorted(self.tables())]
        if not named:
            return 0
        found = self.ask(
            f"SELECT SUM(pg_total_relation_size(one))::bigint FROM unnest(ARRAY[{', '.join(named)}]) AS one", {}
        )
        return int(found[0][0] or 0)

    def give_back(self) -> None:
        """Nobody is kept waiting: what was forgotten is room for new runs from now on."""
        for name in ("requests", "rows", "copy_pieces"):
            self.connection.exec_driver_sql(f"VACUUM {name}")

    def _quickly(self, statement: str, values: Mapping[str, object]) -> Any:
        try:
            return self._raw.execute(_statement(statement), values)
        except self._errors as error:
            self.fail(error)

    # Transactions

    def until_done(self, work: Callable[[], _Result]) -> _Result:
        for _ in range(_TIMES_AGAIN if not self._has_begun else 0):
            try:
                return work()
            except LedgerLostError:  # nothing of it is there: whoever comes next waits until the database is back
                continue
        return work()

    def _begin(self, account_id: int | None, of: Mapping[str, int]) -> None:
        for name, number in of.items():
            account_id = self._account_of(name, number)
        ours = f"pg_advisory_xact_lock({_LOCKS})"
        if account_id is not None:
            ours = (
                f"pg_advisory_xact_lock_shared({_LOCKS}); SELECT pg_advisory_xact_lock({_LOCKS + 1 + int(account_id)})"
            )
        self._reading(f"BEGIN; {_BY_INDEX if self._is_by_index else ''}SELECT {ours}; {_READING}")

    def _account_of(self, name: str, number: int) -> int | None:
        """Whose a run, request or row is. That never changes. None where there is no such: then it is nobody's."""
        known = self._accounts.get((name, number))
        if known is None:
            found = self.ask(_ACCOUNT_OF[name], {"number": number})
            if not found:
                return None
            known = self._note_account(name, number, found[0][0])
        return known

    def _note_account(self, name: str, number: int, account_id: int) -> int:
        if len(self._accounts) >= _MOST_KNOWN:
            self._accounts.clear()
        self._accounts[name, number] = account_id
        return account_id

    def _begin_looking(self) -> None:
        self.connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ")

    def _commit(self) -> None:
        try:
            self._raw.execute("COMMIT", prepare=False)
        except self._errors as error:
            try:
                self.fail(error)
            except LedgerLostError as lost:
                self._has_begun = False
                if not self._is_committed():
                    raise lost from error

    def _roll_back(self) -> None:
        if self._is_lost:
            return
        with suppress(DatabaseError, LedgerError, *self._errors):
            self._raw.execute("ROLLBACK", prepare=False)

    def _is_committed(self) -> bool:
        """What became of a commit that was not answered. Raises: LedgerError — the database did not come back to tell."""
        until = self._own_clock.monotonic() + AWAY_SECONDS
        while True:
            found = self.ask("SELECT pg_xact_status((:xid)::text::xid8)", {"xid": self._xid})
            if found[0][0] != "in progress":
                return bool(found[0][0] == "committed")
            if self._own_clock.monotonic() > until:
                raise LedgerError(told(self.shown, "a commit was not answered, and is still going on"))
            self._own_clock.sleep(0.2)

    def _read_clock(self) -> None:
        self._reading(_READING)

    def _reading(self, statement: str) -> None:
        """Carry out what ends with a reading of the clock."""
        asked = self._own_clock.monotonic()
        try:
            cursor: Any = self._raw.execute(statement.encode(), prepare=False)
        except self._errors as error:
            self._has_begun = False
            self._roll_back()
            self.fail(error)
        while cursor.nextset():
            pass
        reading, self._xid = cursor.fetchone()
        if self._shared is not None:
            self._shared.observe(asked, reading, self._own_clock.monotonic())

    # Times

    def to_ledger(self, moment: float) -> float:
        return moment if self._shared is None else self._shared.to_ledger(moment)

    def to_here(self, moment: float) -> float:
        return moment if self._shared is None else self._shared.to_here(moment)

    def boot_here(self) -> str:
        return self._own_clock.boot_id()

    # Troubles

    @property
    def _any_errors(self) -> tuple[type[BaseException], ...]:
        return (DatabaseError, *self._errors)

    @property
    def _errors(self) -> tuple[type[BaseException], ...]:
        import psycopg  # noqa: PLC0415 — only where there is a PostgreSQL

        return (psycopg.Error,)

    def fail(self, error: BaseException) -> NoReturn:
        """Raises: LedgerLostError — the connection is gone. LedgerError — the statement failed."""
        connection: Any = self._connection.connection.dbapi_connection if not self._connection.closed else None
        if connection is None or connection.closed or connection.broken:
            self._is_lost = True
            raise LedgerLostError(told(self.shown, words_of(error), is_lost=True)) from error
        state = getattr(error, "sqlstate", None)
        raise LedgerError(told(self.shown, words_of(error), state, is_again=self._is_again)) from error

    def _trouble(self, error: BaseException) -> LedgerError:
        found: Any = getattr(error, "orig", error)
        return LedgerError(told(self.shown, words_of(found or error), getattr(found, "sqlstate", None)))

    def _come_back(self) -> None:
        """A new connection. Raises: LedgerError — there was none for a minute."""
        until, pause = self._own_clock.monotonic() + AWAY_SECONDS, 0.1
        while True:
            with suppress(Exception):
                self._connection.invalidate()
            with suppress(Exception):
                self._connection.close()
            try:
                self._connection = self._connected()
            except self._any_errors as error:
                trouble = self._trouble(error)
                if not is_worth_waiting(error) or self._own_clock.monotonic() > until:
                    raise trouble from error
            else:
                self._is_lost, self._is_again = False, True
                return
            self._own_clock.sleep(pause)
            pause = min(2 * pause, 3.0)

    def close(self) -> None:
        with suppress(Exception):
            self._connection.close()
