"""How a connection to PostgreSQL comes about, and what it is made to hold to before anybody uses it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from etl.errors import LedgerError
from etl.quoting import installing

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from sqlalchemy.engine import URL, Connection, Engine, ExceptionContext

_OLDEST = 130_000  # PostgreSQL 13: pg_current_xact_id_if_assigned, by which a commit knows whether it wrote anything
SURELY = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
"""For each connection that writes: a commit that was answered survives the crash that follows it."""

_SESSION = f"""
SET idle_in_transaction_session_timeout = '60s'; SET lock_timeout = '150s'; SET statement_timeout = 0; SET TIME ZONE 'UTC';
SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = off;
{SURELY}"""

_LINE = {
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""What libpq is asked where the URL says nothing: a line that is dead is noticed within half a minute."""

OUR_OPTIONS = ("etl_lease_seconds",)
"""What may stand behind the `?` of such a URL and is none of libpq's: ledger/leases.py."""


def libpq_place(url: str) -> URL:
    """The address for libpq, without what is meant for us."""
    place = make_url(url).set(drivername="postgresql+psycopg").difference_update_query(OUR_OPTIONS)
    return place.update_query_dict({name: str(value) for name, value in _LINE.items() if name not in place.query})


def libpq_conninfo(url: str, patience_seconds: float) -> str:
    """The same as libpq's own text. It may hold a password: never shown. patience_seconds: for a connection to come about."""
    place = libpq_place(url).update_query_dict({"connect_timeout": str(max(2, round(patience_seconds)))})
    return place.set(drivername="postgresql").render_as_string(hide_password=False)


def load_driver() -> None:
    """Raises: LedgerError — the driver is not installed."""
    try:
        import psycopg  # noqa: F401, PLC0415 — only to know whether it is there
    except ImportError as error:
        raise LedgerError(
            f"A ledger in PostgreSQL needs a driver that was not installed here ({error}). Nothing was sent. Install it: "
            f"{installing('postgresql')}"
        ) from error


def _prepare(connection: Any, _record: object = None) -> None:
    """Bring a new connection into the state that all here rely on."""
    from psycopg.types.string import StrDumperUnknown  # noqa: PLC0415 — only where there is a PostgreSQL

    class WithoutNul(StrDumperUnknown):
        """PostgreSQL's texts cannot hold what a broken file may: the character of number zero."""

        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "\N{REPLACEMENT CHARACTER}"))

    connection.adapters.register_dumper(str, WithoutNul)
    was = connection.autocommit
    connection.autocommit = True
    if connection.info.server_version < _OLDEST:
        raise LedgerError(
            f"The PostgreSQL at {connection.info.host} is of version {_major(connection.info.server_version)}; a ledger needs "
            f"version {_major(_OLDEST)} or newer. Nothing was sent. Have it brought to a newer version, or name another server; "
            "a ledger in a file needs none."
        )
    connection.execute(_SESSION, prepare=False)
    connection.autocommit = was


def _major(number: int) -> str:
    """As people say it: 9.6 was one version, and so was 12."""
    return f"{number // 10_000}" if number >= 100_000 else f"{number // 10_000}.{number // 100 % 100}"


def words_of(error: BaseException) -> str:
    """PostgreSQL's words without their details: those may show what is in a row."""
    diagnosis: Any = getattr(error, "diag", None)
    return (diagnosis.message_primary if diagnosis is not None else None) or str(error)


OWNER = "ledger"
"""Under this name a connection knows, weakly, the database that is to be told of its errors."""


@lru_cache(maxsize=8)
def engine_of(place: URL) -> Engine:
    """One for all connections to a database, because it keeps what it has compiled. Transactions are begun by hand."""
    engine = create_engine(place, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    event.listen(engine, "connect", _prepare)

    @event.listens_for(engine, "handle_error")
    def explain(context: ExceptionContext) -> None:
        owner = context.connection.info.get(OWNER) if context.connection is not None else None
        database = owner() if owner is not None else None
        error = context.sqlalchemy_exception
        if isinstance(error, DBAPIError) and database is not None:
            database.fail(error.orig or error)

    return engine


class Asking(Protocol):
    """A database as `Patient` needs it."""

    @property
    def plain(self) -> Connection: ...

    def until_done(self, work: Callable[[], Any]) -> Any: ...

    def fail(self, error: BaseException) -> NoReturn: ...


class Patient:
    """A connection outside of transactions: what was only asked is asked again where the database went away meanwhile."""

    def __init__(self, database: Asking) -> None:
        self._database = database

    def execute(self, *arguments: Any, **more: Any) -> Any:
        return self._again(lambda connection: connection.execute(*arguments, **more))

    def exec_driver_sql(self, *arguments: Any) -> Any:
        return self._again(lambda connection: connection.exec_driver_sql(*arguments))

    def _again(self, asking: Callable[[Connection], Any]) -> Any:
        def ask() -> Any:
            database = self._database
            return asking(database.plain)

        return self._database.until_done(ask)
