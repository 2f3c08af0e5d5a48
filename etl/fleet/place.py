"""Where a fleet lives: in the database that is its ledger, in a schema of its own beside the ledger's tables."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from etl.clock import SystemClock
from etl.errors import LedgerError, UsageError
from etl.quoting import installing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from psycopg import Connection
    from psycopg.rows import DictRow

    from etl.settings import Settings

SCHEMA = "etl_fleet"
"""The engine's tables and ours. Never the ledger's: `etl ledger` moves, prunes and migrates that alone."""

CONNECT_SECONDS = 10
_OF_THE_LEDGER = "etl_"
_PRIVILEGE = "42501"
_MAY_NOT = f"This user must be allowed to make the schema {SCHEMA} (GRANT CREATE ON DATABASE …), or to use it: ask who runs it."
_OURS = f"-c search_path={SCHEMA}"


def refuse_without_database(settings: Settings) -> None:
    """For who only looks. Raises: UsageError — the ledger is a file of one machine, or its driver is not installed."""
    if not settings.ledger_url.startswith("postgresql"):
        raise UsageError(
            f"The ledger {settings.ledger_shown} is a file of this machine, and a fleet needs a ledger that all its machines can "
            "reach: set ETL_LEDGER=postgresql+psycopg://USER@HOST/DATABASE, or `ledger` in the settings file."
        )
    _refuse_without("psycopg")


def refuse_without_engine(settings: Settings) -> None:
    """For who puts something into the queue or takes it out. Raises: UsageError — the same, or the extra is not installed."""
    refuse_without_database(settings)
    _refuse_without("procrastinate", "psycopg_pool")


def refuse_if_moved(settings: Settings) -> None:
    """For who puts something into the queue or works on it.  Raises: LedgerError — the ledger has moved: it sends nothing."""
    from etl.ledger.store import Ledger  # noqa: PLC0415 — loads what ledgers stand on

    with Ledger(settings.ledger_url, settings.ledger_files, SystemClock()) as ledger:
        ledger.moving.refuse_if_gone()


def _refuse_without(*packages: str) -> None:
    try:
        for name in packages:
            import_module(name)
    except ImportError as error:
        raise UsageError(
            f"A fleet needs more than was installed here ({error.name} is missing). Install it: {installing('fleet')}"
        ) from error


def address(settings: Settings) -> str:
    """The database as libpq takes it, without what is said to the ledger there. It may hold a password: never shown."""
    parts = urlsplit(settings.ledger_url)
    query = urlencode([pair for pair in parse_qsl(parts.query) if not pair[0].startswith(_OF_THE_LEDGER)])
    return parts._replace(scheme="postgresql", query=query).geturl()


def has_fleet(settings: Settings) -> bool:
    """Whether a fleet may be there at all: what lists runs asks it before it loads anything for one."""
    return settings.ledger_url.startswith("postgresql")


@contextmanager
def opened(settings: Settings) -> Iterator[Connection[DictRow]]:
    """A connection into the schema of the fleet, which need not be there yet. Each statement is a transaction of its own.

    Raises: LedgerError — the database cannot be reached, or a statement failed; nothing was changed by it.
    """
    import psycopg  # noqa: PLC0415 — only where there is a fleet
    from psycopg.rows import dict_row  # noqa: PLC0415 — as above

    from etl.ledger.libpq import SURELY  # noqa: PLC0415 — as above

    try:
        with psycopg.connect(
            address(settings), autocommit=True, row_factory=dict_row, options=_OURS, connect_timeout=CONNECT_SECONDS
        ) as connection:
            do(connection, SURELY)  # what a submission was told must survive a crash, too
            yield connection
    except psycopg.Error as error:
        raise trouble(settings, error) from error


def trouble(settings: Settings, error: Exception) -> LedgerError:
    """What is wrong with the database, without its password."""
    from etl.ledger.postgresql_words import in_short, remedy  # noqa: PLC0415 — only where something is wrong

    words = in_short(str(error)) or type(error).__name__
    password = _password(settings)
    if password:
        words = words.replace(password, "***")
    state = getattr(error, "sqlstate", None)
    what = _MAY_NOT if state == _PRIVILEGE else remedy(words, state)
    return LedgerError(
        f"The fleet in {settings.ledger_shown} cannot be used: {words}. Submissions that are there stay there. {what}"
    )


def pool_arguments(settings: Settings, most: int) -> dict[str, Any]:
    """What the engine makes its connections from. most: connections at once."""
    kwargs = {"options": _OURS, "connect_timeout": CONNECT_SECONDS}
    return {"conninfo": address(settings), "kwargs": kwargs, "min_size": 1, "max_size": most}


def is_installed(connection: Connection[DictRow]) -> bool:
    """Whether a fleet was ever used on this database."""
    found = ask(
        connection, "SELECT to_regclass(%(table)s) IS NOT NULL AS is_there", {"table": f"{SCHEMA}.fleet_version"}
    )
    return bool(found[0]["is_there"])


def ask(connection: Connection[DictRow], statement: str, values: dict[str, Any] | None = None) -> Sequence[DictRow]:
    """The rows that a statement gives. statement: a constant of this package; values are always bound."""
    return connection.execute(statement.encode(), values).fetchall()


def do(connection: Connection[DictRow], statement: str, values: dict[str, Any] | None = None) -> int:
    """Carry a statement out. Returns: how many rows it was about."""
    return connection.execute(statement.encode(), values).rowcount


def _password(settings: Settings) -> str | None:
    found = urlsplit(address(settings)).password
    return unquote(found) if found else None
