"""Slots: whether one more request may be sent now, counted over all processes that share the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import text

from etl.delivery.quota import reserve
from etl.delivery.throttle import LONGEST_IN_AIR_SECONDS, MARGIN_SECONDS, Hold, free_at, shared
from etl.events import Budget
from etl.ledger.lines import line_of
from etl.records import Limit, Window

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Row

    from etl.ledger.database import Database

# Built once: putting a statement together costs SQLAlchemy more than SQLite needs to carry it out.
_STANDING = text("""
SELECT (SELECT requests FROM request_days WHERE account_id = :account_id AND utc_day = :utc_day) AS spent,
       (SELECT paused_until_mono FROM accounts WHERE account_id = :account_id AND paused_boot = :boot_id) AS paused_until,
       (SELECT first_seen_mono FROM boots WHERE boot_id = :boot_id) AS boot_seen""")

_HOLDS = text("""
SELECT rate_window, sent_mono, ended_mono, written_mono FROM requests
WHERE account_id = :account_id AND boot_id = :boot_id
  AND (ended_mono > :ended_after OR (ended_mono IS NULL AND sent_mono > :sent_after))""")

_OF_ANOTHER_BOOT = text("SELECT 1 FROM requests WHERE account_id = :account_id AND boot_id <> :boot_id LIMIT 1")

_SPENT = text("SELECT requests FROM request_days WHERE account_id = :account_id AND utc_day = :utc_day")

_COUNT_DAY = text("""
INSERT INTO request_days (account_id, utc_day, requests) VALUES (:account_id, :utc_day, 1)
ON CONFLICT (account_id, utc_day) DO UPDATE SET requests = request_days.requests + 1""")


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the account may spend: limits per window, and requests per UTC day (None: no budget)."""

    limits: Mapping[Window, Limit]
    daily_requests: int | None

    @property
    def longest_seconds(self) -> float:
        """The length of the longest window."""
        return max(limit.seconds for limit in self.limits.values())

    @property
    def shortest_seconds(self) -> float:
        """The length of the shortest window: what tells the soonest whether slow answers cost much."""
        return min(limit.seconds for limit in self.limits.values())


@dataclass(frozen=True, slots=True)
class NoSlot:
    """Nothing was written; it is no use to ask again before `until` (monotonic)."""

    until: float


@dataclass(frozen=True, slots=True)
class BudgetSpent:
    """Nothing was written; the day's budget is used up. requests: spent. kept: so many more are for reading back alone."""

    requests: int
    kept: int = 0

    @property
    def in_words(self) -> str:
        """As the reason of a stop."""
        kept = f", and {self.kept:,} kept for reading back" if self.kept else ""
        return f"the day's budget of requests is spent ({self.requests:,} today{kept})"


Refusal: TypeAlias = NoSlot | BudgetSpent


class Slots:
    """The account's windows and day. To be asked, and counted in, inside one write transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def refusal(
        self, connection: Connection, account_id: int, window: Window, allowance: Allowance, *, keeps_reserve: bool
    ) -> Refusal | None:
        """Why no request may be sent now; None when one may. keeps_reserve: it does not serve to read back."""
        now = self._database.clock.monotonic()
        place = self._place(account_id)
        standing = connection.execute(_STANDING, place).one()
        spent = int(standing.spent or 0)
        if allowance.daily_requests is not None:
            kept = reserve(allowance.daily_requests) if keeps_reserve else 0
            if spent >= allowance.daily_requests - kept:
                return BudgetSpent(spent, kept)
        until = max(
            self._window_free_at(connection, window, allowance, now, place),
            float(standing.paused_until or 0.0),
            self._settled_after_boot(connection, standing, allowance, now, place),
        )
        return NoSlot(until) if until > now else None

    def count(self, connection: Connection, account_id: int) -> None:
        """Count one more request of the UTC day."""
        connection.execute(_COUNT_DAY, {"account_id": account_id, "utc_day": self._utc_day()})

    def spent_today(self, account_id: int) -> int:
        """Requests of this account so far in the UTC day; asks only."""
        place = {"account_id": account_id, "utc_day": self._utc_day()}
        return int(self._database.connection.execute(_SPENT, place).scalar() or 0)

    def budget(self, account_id: int | None, daily_requests: int) -> Budget:
        """What is left of the UTC day's budget; asks only. account_id: None for an account that was never asked yet."""
        spent = 0 if account_id is None else self.spent_today(account_id)
        kept = reserve(daily_requests)
        return Budget(daily_requests, max(0, daily_requests - kept - spent), self._database.clock.now(), kept)

    def _place(self, account_id: int) -> dict[str, Any]:
        return {"account_id": account_id, "utc_day": self._utc_day(), "boot_id": self._database.clock.boot_id()}

    def _utc_day(self) -> str:
        return self._database.clock.now().date().isoformat()

    def _window_free_at(
        self, connection: Connection, window: Window, allowance: Allowance, now: float, place: Mapping[str, Any]
    ) -> float:
        """When to ask again: no later than in one window, because the answer to another process's request may have come."""
        ended_after = now - allowance.longest_seconds - 1
        values = {**place, "ended_after": ended_after, "sent_after": ended_after - LONGEST_IN_AIR_SECONDS}
        holds = [Hold(Window(row[0]), row[1], row[2], row[3]) for row in connection.execute(_HOLDS, values)]
        asked_again = now + allowance.longest_seconds + MARGIN_SECONDS
        line, wall = line_of(connection, place["account_id"], self._database.clock), self._database.clock.now()
        share = line.share_at(wall.timestamp())
        limits = {one: shared(limit, share) for one, limit in allowance.limits.items()}
        bounds = {one: line.bound(limit.seconds, now, wall.timestamp()) for one, limit in limits.items()}
        return min(free_at(holds, limits, window, now, bounds), asked_again)

    def _settled_after_boot(
        self, connection: Connection, standing: Row[Any], allowance: Allowance, now: float, place: Mapping[str, Any]
    ) -> float:
        """Requests of another boot cannot be placed on this boot's clock: after a boot one whole window is waited once."""
        settled = float(standing.boot_seen or 0.0) + allowance.longest_seconds
        if settled <= now or connection.execute(_OF_ANOTHER_BOOT, place).first() is None:
            return 0.0
        return settled
