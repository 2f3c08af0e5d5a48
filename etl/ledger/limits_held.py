"""Which limits an account was kept to, and since when: what a picture of a past run is drawn against.

Nothing is decided by them: settings and `learned_limits` say what holds now. Runs of an older etl have none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from etl.delivery.throttle import smallest
from etl.ledger.patience import patiently
from etl.ledger.schema import LIMITS_HELD
from etl.records import Limit, Window

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Select
    from sqlalchemy.engine import Connection

    from etl.ledger.database import Database

_HELD = LIMITS_HELD.c


@dataclass(frozen=True, slots=True)
class HeldLimit:
    """A limit of an account's, and since when, in seconds since 1970. is_named: LeadSquared has named it in a refusal."""

    since: float
    window: Window
    limit: Limit
    is_named: bool


def _of(account_id: int, window: Window) -> Select[Any]:
    its = (_HELD.account_id == account_id) & (_HELD.rate_window == window.value)
    return select(_HELD.requests, _HELD.seconds, _HELD.is_named).where(its).order_by(_HELD.held_id.desc()).limit(1)


def note_limit(
    connection: Connection, account_id: int, window: Window, limit: Limit, at: float, *, is_named: bool
) -> None:
    """Note the limit that is kept to from now on, where it is another one than before."""
    known = connection.execute(_of(account_id, window)).first()
    if known is not None and tuple(known) == (limit.count, limit.seconds, int(is_named)):
        return
    values = {"rate_window": window.value, "requests": limit.count, "seconds": limit.seconds, "is_named": int(is_named)}
    connection.execute(LIMITS_HELD.insert().values(account_id=account_id, since_at=at, **values))


def note_named(connection: Connection, account_id: int, window: Window, limit: Limit, at: float) -> None:
    """Note a limit that a refusal has named, where it allows less than what was kept to before."""
    known = connection.execute(_of(account_id, window)).first()
    before = None if known is None else Limit(known[0], known[1])
    held = limit if before is None else smallest(before, limit)
    if held != before:
        note_limit(connection, account_id, window, held, at, is_named=True)


class LimitsHeld:
    """The limits of accounts over time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @patiently
    def note(self, account_id: int, limits: Mapping[Window, Limit], named: Collection[Window]) -> None:
        """Note what is kept to from now on. named: those that LeadSquared has named, the others are of the settings."""
        now = self._database.clock.now().timestamp()
        if all(self._is_held(account_id, one, limit, is_named=one in named) for one, limit in limits.items()):
            return
        with self._database.writing(account_id) as connection:
            for window, limit in limits.items():
                note_limit(connection, account_id, window, limit, now, is_named=window in named)

    def _is_held(self, account_id: int, window: Window, limit: Limit, *, is_named: bool) -> bool:
        known = self._database.connection.execute(_of(account_id, window)).first()
        return known is not None and tuple(known) == (limit.count, limit.seconds, int(is_named))

    def of(self, account_id: int, ended: float) -> list[HeldLimit]:
        """All until a moment, the first of them first."""
        asked = (_HELD.account_id == account_id) & (_HELD.since_at <= ended)
        found = self._database.connection.execute(select(LIMITS_HELD).where(asked).order_by(_HELD.held_id))
        return [
            HeldLimit(row.since_at, Window(row.rate_window), Limit(row.requests, row.seconds), bool(row.is_named))
            for row in found
        ]
