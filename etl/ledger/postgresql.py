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
keeps nobody else waiting. When a commit was not answered, `commits` tells afterwards what became of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from weakref import ref

from sqlalchemy import inspect
from sqlalchemy.exc import DatabaseError

from etl.clock import SystemClock
from etl.errors import LedgerError, LedgerLostError
from etl.ledger.clock_set import WHICH, noting_that_it_was_set
from etl.ledger.commits import Commits
from etl.ledger.database import Database
from etl.ledger.libpq import OWNER, Patient, engine_of, libpq_place, load_driver, words_of
from etl.ledger.postgresql_statements import as_one, said
from etl.ledger.postgresql_words import is_worth_waiting, told, told_forgotten, told_unanswered
from etl.ledger.schema import METADATA, for_postgresql
from etl.ledger.shared_clock import Instant, SharedClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import psycopg
    from sqlalchemy import Table
    from sqlalchemy.engine import Connection

    from etl.clock import Clock
    from etl.ledger.database import Statement

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

_LAGGING = "it is a standby, and lags behind", "25006"
"""Nothing is forgotten there. With the number that PostgreSQL gives to who writes to a standby, for its remedy."""

_READING = "SELECT extract(epoch FROM clock_timestamp())::float8, "
_NO_NAME = "NULL"  # of the clock, while there are no tables yet

_BY_INDEX = "SET LOCAL enable_seqscan = off; "
"""A prepared statement keeps the plan that it got first; got while claims were few, that was to read all of them each time."""


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
        self._commits = Commits(clock)
        self._locks = ""  # of the transaction that has begun, or of the last one
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
        alone = [as_one(*one) for one in statements]
        if len(alone) < 2 or None in alone:
            return super().do_all(statements)
        raw = self._raw
        try:
            with raw.pipeline():
                cursors = [raw.execute(said(one[0]), one[1]) for one in alone if one is not None]
        except self._errors as error:
            self.fail(error)
        return [cursor.rowcount for cursor in cursors]

    def do_each(self, statement: str, values: Sequence[Mapping[str, object]]) -> int:
        if not values:
            return 0
        one = as_one(statement, values)
        if one is not None:
            return self.do(*one)
        cursor = self._raw.cursor()
        try:
            cursor.executemany(said(statement), values)
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
            return self._raw.execute(said(statement), values)
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
        self._locks = f"SELECT pg_advisory_xact_lock({_LOCKS})"
        if account_id is not None:
            alone = f"SELECT pg_advisory_xact_lock({_LOCKS + 1 + int(account_id)})"
            self._locks = f"SELECT pg_advisory_xact_lock_shared({_LOCKS}); {alone}"
        while not self._read_clock(f"BEGIN; {_BY_INDEX if self._is_by_index else ''}{self._locks}; "):
            self._roll_back()
            noting = noting_that_it_was_set(self.clock.boot_id())
            self._carry_out(f"BEGIN; SELECT pg_advisory_xact_lock({_LOCKS}); {noting}; COMMIT")

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
            answers = self._answers(self._commits.ending())
        except self._errors as error:
            try:
                self.fail(error)
            except LedgerLostError as lost:
                self._has_begun = False
                if not self._is_committed():
                    raise lost from error
        else:
            self._commits.note_answered(answers)

    def _answers(self, statements: str) -> list[str]:
        """What PostgreSQL says to each of some statements: like `UPDATE 3`."""
        cursor: Any = self._raw.execute(statements.encode(), prepare=False)
        told = [cursor.statusmessage]
        while cursor.nextset():
            told.append(cursor.statusmessage)
        return told

    def _roll_back(self) -> None:
        if self._is_lost:
            return
        with suppress(DatabaseError, LedgerError, *self._errors):
            self._raw.execute("ROLLBACK", prepare=False)

    def _is_committed(self) -> bool:
        """What became of a commit that was not answered. Raises: LedgerError — nobody can tell, or not in time; never
        LedgerLostError, by which everybody would take it for not committed."""
        if not self._commits.are_noted:
            raise LedgerError(told_unanswered(self.shown))
        try:
            return self._commits.has_come_about(self.until_done(self._last_committed))
        except LedgerLostError as error:
            raise LedgerError(told_unanswered(self.shown)) from error

    def _last_committed(self) -> int | None:
        """The number of the last transaction of ours that is there, when the one that was not answered has ended.

        Raises: LedgerError — this is a standby: its locks are not those of the server at which that one may be under way.
        """
        (is_standby,) = self._last_of("SELECT pg_is_in_recovery()")
        if is_standby:  # what is none once will be none as long as we are connected
            raise LedgerError(told_unanswered(self.shown))
        (found,) = self._last_of(f"{self._locks}; {self._commits.question}")  # as one transaction
        return None if found is None else int(found)

    def will_note_commits(self) -> None:
        self._commits.are_noted = True
        self._read_clock()  # now that its name can be asked

    def _read_clock(self, before: str = "") -> bool:
        """before: statements to be carried out first, on the same way there.

        Returns: False where the clock was set, and that has to be noted first (`clock_set`).
        """
        asked = Instant.of(self._own_clock)
        reading, which = self._last_of(f"{before}{_READING}{WHICH if self._commits.are_noted else _NO_NAME}")
        return self._shared is None or self._shared.observe(asked, reading, Instant.of(self._own_clock), which)

    def _last_of(self, statements: str) -> Any:
        """The row that the last of some statements gives."""
        return self._carry_out(statements).fetchone()

    def _carry_out(self, statements: str) -> Any:
        """Some statements on one way there. Returns: what the last of them gives."""
        try:
            cursor: Any = self._raw.execute(statements.encode(), prepare=False)
        except self._errors as error:
            self._has_begun = False
            self._roll_back()
            self.fail(error)
        while cursor.nextset():
            pass
        return cursor

    # Times

    def begin_anew(self) -> None:
        """Where they are another database's, their clock may have the name of this one, and be another all the same."""
        if self._shared is None:
            super().begin_anew()
        else:
            self._carry_out(noting_that_it_was_set(self._shared.boot_id()))

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
                self._refuse_one_that_forgot()
                self._is_lost, self._is_again = False, True
                return
            self._own_clock.sleep(pause)
            pause = min(2 * pause, 3.0)

    def _refuse_one_that_forgot(self) -> None:
        """Raises: LedgerError — what answered us before and what answers now are not of one memory, or not yet."""
        if not self._commits.are_noted:
            return
        connection: Any = self._connection.connection.dbapi_connection
        try:
            ((is_standby,),) = connection.execute("SELECT pg_is_in_recovery()").fetchall()
            ((found,),) = connection.execute(self._commits.question).fetchall()
        except self._errors:
            return  # whoever asks next meets the same trouble
        if self._commits.are_forgotten(found):
            raise LedgerError(told(self.shown, *_LAGGING) if is_standby else told_forgotten(self.shown))

    def close(self) -> None:
        with suppress(Exception):
            if self._is_lost:
                self._connection.invalidate()  # or SQLAlchemy ends its transaction first, and logs how that failed
            self._connection.close()
