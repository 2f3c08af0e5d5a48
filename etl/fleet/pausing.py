"""Accounts of which nothing is begun: kept in the database, with who wanted it and why, so that it holds for every worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.errors import UsageError
from etl.fleet import queries
from etl.fleet.place import ask, is_installed, opened, refuse_without_database, refuse_without_engine
from etl.fleet.tables import make_tables

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import DictRow

    from etl.settings import Settings


@dataclass(frozen=True, slots=True)
class Pause:
    """An account that is paused. since: seconds since 1970."""

    account: str
    who: str
    why: str
    since: float


def pauses(settings: Settings) -> tuple[Pause, ...]:
    """All of them, by account.  Raises: UsageError, LedgerError."""
    refuse_without_database(settings)
    with opened(settings) as connection:
        return tuple(_pauses(connection)) if is_installed(connection) else ()


def pause(settings: Settings, account: str, who: str, why: str) -> Pause | None:
    """Have nothing of an account begun; workers stop what runs, and that waits. Returns: the pause that was there before.

    Raises: UsageError, LedgerError.
    """
    refuse_without_engine(settings)
    make_tables(settings)
    with opened(settings) as connection:
        if ask(connection, queries.PAUSE, {"account": account, "who": who, "why": why}):
            return None
        return next((one for one in _pauses(connection) if one.account == account), None)


def resume(settings: Settings, account: str) -> Pause:
    """Let an account go on. Returns: the pause that has ended.  Raises: UsageError — it is not paused. LedgerError."""
    refuse_without_database(settings)
    with opened(settings) as connection:
        before = list(_pauses(connection)) if is_installed(connection) else []
        found = next((one for one in before if one.account == account), None)
        if found is None:
            names = ", ".join(one.account for one in before)
            raise UsageError(f"{account} is not paused. " + (f"Paused: {names}." if names else "No account is."))
        ask(connection, queries.RESUME, {"account": account})
    return found


def _pauses(connection: Connection[DictRow]) -> list[Pause]:
    return [Pause(**row) for row in ask(connection, queries.PAUSED)]
