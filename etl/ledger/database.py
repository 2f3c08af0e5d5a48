"""What the rooms of a ledger ask of its database, and what a write transaction is: `sqlite` and `postgresql` are such.

    writing      one transaction that may change things; of one account, where it says so
    together     several of them as one commit
    looking      several statements about one moment
    ask, do …    the statements of every request, past what SQLAlchemy does with each

SQLAlchemy takes longer to load than most commands that only ask have to work. A ledger in a file does without it until
somebody wants its `connection`.

Times: `clock` is the ledger's. It is this machine's for a file of this machine; where machines share a ledger it is the
database's, and moments of this process are brought to it (`to_ledger`) and from it (`to_here`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from etl.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlalchemy import Table
    from sqlalchemy.engine import Connection, CursorResult
    from sqlalchemy.exc import DatabaseError

    from etl.clock import Clock

_Result = TypeVar("_Result")

Values: TypeAlias = "Mapping[str, object]"
Statement: TypeAlias = "tuple[str, Values | Sequence[Values]]"
"""A statement of every request, with its values; with several, it is carried out for each."""

NO_ACCOUNT = 0
"""For `writing`: what belongs to no account, such as kept copies. It keeps no account waiting."""


def database_error() -> type[DatabaseError]:
    """What SQLAlchemy raises. Named when something was raised: whoever only asks a file does without SQLAlchemy."""
    from sqlalchemy.exc import DatabaseError  # noqa: PLC0415 — as the module says

    return DatabaseError


def inserted_key(result: CursorResult[Any]) -> int:
    """The number that the database gave to the row just inserted."""
    key = result.inserted_primary_key
    if key is None:
        raise TypeError("the statement was no insert of one row")
    return int(key[0])


class Database(ABC):
    """The ledger's one connection. Not for use by several threads.

    clock: the ledger's. shown: the address as a person may see it, without a password. blob: the type of bytes in its SQL.
    """

    blob: str
    is_shared: bool
    """Whether processes of other machines may use it, too."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.clock = clock
        self.shown = shown_address(url)
        self._is_together = False
        self._has_begun = False
        self._is_looking = False
        self._is_by_index = False
        self.transactions = 0
        """So many write transactions have begun. What nobody else can change meanwhile need be asked once in each."""

    @property
    def is_writing(self) -> bool:
        """Whether a write transaction has begun: then nobody else changes what it is about, and it need not be asked twice."""
        return self._has_begun

    def ask_anew(self) -> None:
        """Something was written of which it was noted that it need be asked once in each transaction (`transactions`)."""
        self.transactions += 1

    @property
    @abstractmethod
    def connection(self) -> Connection:
        """For statements that are no part of every request."""

    @contextmanager
    def writing(self, account_id: int | None = None, *, by_index: bool = False, **of: int) -> Iterator[Connection]:
        """One write transaction: everything in it is committed together at the end, or nothing of it.

        account_id: whose rows, requests and slots it is about, as far as these are written or decided on: meanwhile nobody
        else writes to that account. of: where that is not at hand, the number of a run, a request or a row of that account,
        as `run_id`, `request_id` or `row_id`. Without any, nobody writes to any account. Within `together` it is a part of
        that one. by_index: it is about few rows, to which indexes lead (PostgreSQL keeps to the way that it finds first, and
        where tables are small still that is to read all of them).
        Raises: LedgerError — locked for longer than some minutes, disk full, read-only or damaged; or out of reach.
        """
        if self._has_begun:
            yield self.connection
            return
        try:
            self.transactions += 1
            self._is_by_index = by_index or self._is_together
            self._begin(account_id, of)
            self._has_begun = self._is_together
            if self._is_together:
                yield self.connection
                return
            self._has_begun = True
            try:
                yield self.connection
                self._commit()
            except BaseException:
                self._roll_back()
                raise
            finally:
                self._has_begun = False
        except database_error() as error:
            raise self._trouble(error) from error

    @contextmanager
    def together(self) -> Iterator[None]:
        """All that is written within is one transaction, which begins with the first of it. Nothing that fails may be caught.

        All of it is about the account of the first. Raises: LedgerError — as `writing`. RuntimeError — it is within another
        one, or within a transaction: that would be committed at the end of this, before all of it is there.
        """
        if self._is_together or self._has_begun:
            raise RuntimeError("one commit was begun within another")
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
        connection = self.connection
        with self.at_one_moment():
            yield connection

    @contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """The same for whoever needs no more than `ask`."""
        if self._has_begun or self._is_looking:
            yield
            return
        self._begin_looking()
        self._is_looking = True
        try:
            yield
            self._end_looking()
        except BaseException:
            self._roll_back()
            raise
        finally:
            self._is_looking = False

    def until_done(self, work: Callable[[], _Result]) -> _Result:
        """Carry out what is one transaction; once more where the database went away in the midst of it."""
        return work()

    def to_ledger(self, moment: float) -> float:
        """A moment of this process's `monotonic` by the ledger's; where that is not quite certain, rather later."""
        return moment

    def to_here(self, moment: float) -> float:
        """A moment of the ledger's by this process's `monotonic`; where that is not quite certain, rather later."""
        return moment

    def boot_here(self) -> str:
        """To which boot the moments belong that `to_here` gives."""
        return self.clock.boot_id()

    def begin_anew(self) -> None:
        """What is here of other ledgers lies before this moment, and not before the first one that was ever seen here of this
        boot. To be said within a transaction of no account."""
        values = {"boot_id": self.clock.boot_id(), "now": self.clock.monotonic()}
        self.do("UPDATE boots SET first_seen_mono = :now WHERE boot_id = :boot_id", values)

    @abstractmethod
    def ask(self, statement: str, values: Mapping[str, object]) -> Sequence[Any]:
        """All rows that a statement of every request gives, as tuples: past what SQLAlchemy does with each of them, which
        costs ten times of what the database itself needs. `IN :row_ids` takes a list of numbers."""

    @abstractmethod
    def do(self, statement: str, values: Mapping[str, object]) -> int:
        """Carry such a statement out. Returns: how many rows were changed."""

    @abstractmethod
    def do_each(self, statement: str, values: Sequence[Mapping[str, object]]) -> int:
        """The same for each of some values, which all name the same. Returns: how many rows were changed."""

    def do_all(self, statements: Sequence[Statement]) -> list[int]:
        """The same for several statements, none of which has to know what another one did. Returns: of each."""
        return [self._did(statement, values) for statement, values in statements]

    def last_of(self, name: str, statement: str, values: Callable[[], Values]) -> list[Statement]:  # noqa: ARG002 — as said
        """A statement that is written anew again and again within a transaction, and of which the last one is all that counts.

        name: of what is written. Returns: it, with its values, where it goes with others at no cost of its own; nothing where
        it is carried out right before the commit, with the values of then, or earlier where `write_last` asks for it.
        """
        return [(statement, values())]

    def write_last(self) -> None:  # noqa: B027 — as below
        """Write what waits for the commit (`last_of`): it is going to be asked for."""

    def _did(self, statement: str, values: Values | Sequence[Values]) -> int:
        return self.do(statement, values) if isinstance(values, Mapping) else self.do_each(statement, values)

    @abstractmethod
    def insert(self, table: Table, values: Mapping[str, object]) -> int:
        """Insert one row, of values that need no conversion. Returns: the number that the database gave it."""

    @abstractmethod
    def insert_many(self, table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
        """Insert many rows by position, past what SQLAlchemy does with each named value of each row."""

    def after_filling(self, table: str) -> None:  # noqa: B027 — there need not be anything to do
        """A temporary table was filled: let the database know what it holds, where it needs to."""

    def will_note_commits(self) -> None:  # noqa: B027 — as above
        """All tables are there: from now on what became of a commit can be found out about, where it is not answered."""

    def go_on_numbering(self, *tables: str) -> None:  # noqa: B027 — as above
        """Numbers were given to rows of these tables by hand: those that the database gives are to lie above them."""

    def tables(self) -> set[str]:
        """The names of the tables that are there."""
        from sqlalchemy import inspect  # noqa: PLC0415 — as the module says

        return set(inspect(self.connection).get_table_names())

    def will_read_in_order(self) -> None:  # noqa: B027 — as above
        """Much is going to be read, and none of it twice: then it need not be kept in memory."""

    def bytes_on_disk(self) -> int:
        """How much room the ledger's tables take, kept copies among them; 0 where its file tells that."""
        return 0

    @abstractmethod
    def give_back(self) -> None:
        """Hand room that is free by now back to the file system. Raises: LedgerError — it was not possible."""

    @abstractmethod
    def close(self) -> None:
        """Give the connection back; further use is a mistake."""

    @abstractmethod
    def _begin(self, account_id: int | None, of: Mapping[str, int]) -> None: ...

    @abstractmethod
    def _begin_looking(self) -> None: ...

    def _end_looking(self) -> None:
        self.connection.exec_driver_sql("COMMIT")

    @abstractmethod
    def _commit(self) -> None: ...

    @abstractmethod
    def _roll_back(self) -> None: ...

    @abstractmethod
    def _trouble(self, error: DatabaseError) -> LedgerError: ...


_SECRET_OPTIONS = ("password", "sslpassword")


_SQLITE = "sqlite:///"


def plain_file(url: str) -> str | None:
    """The file that a SQLite URL names, where nothing in it stands for anything else, as in nearly every one; else None."""
    file = url.removeprefix(_SQLITE)
    is_other = file in {url, "", ":memory:"} or file.startswith("file:") or "?" in file or "%" in file
    return None if is_other else file


def shown_address(url: str) -> str:
    """A database URL as a person may see it; of SQLite the path alone."""
    file = plain_file(url)
    if file is not None:
        return file
    from sqlalchemy import make_url  # noqa: PLC0415 — as the module says

    place = make_url(url)
    hidden = {name: "***" for name in _SECRET_OPTIONS if name in place.query}
    shown = place.update_query_dict(hidden) if hidden else place
    return shown.render_as_string(hide_password=True).removeprefix("sqlite:///")
