"""Slots: whether one more request may be sent now, counted over all processes that share the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import bindparam, text

from etl.delivery.quota import reserve
from etl.delivery.throttle import LONGEST_IN_AIR_SECONDS, MARGIN_SECONDS, Hold, free_at, shared
from etl.delivery.turns import turn_at
from etl.events import Budget
from etl.ledger.lines import line_of
from etl.ledger.queue import SlotQueue
from etl.records import Limit, Window

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from etl.ledger.database import Database

_STANDING = """
SELECT (SELECT requests FROM request_days WHERE account_id = :account_id AND utc_day = :utc_day) AS spent,
       (SELECT paused_until_mono FROM accounts WHERE account_id = :account_id AND paused_boot = :boot_id) AS paused_until,
       (SELECT first_seen_mono FROM boots WHERE boot_id = :boot_id) AS boot_seen"""

# From the index alone, and of other boots too: where even these are fewer than a limit, none of them need be looked at.
_MOST_HOLDS = """
SELECT (SELECT COUNT(*) FROM requests WHERE account_id = :account_id AND ended_mono > :ended_after)
     + (SELECT COUNT(*) FROM requests WHERE account_id = :account_id AND ended_mono IS NULL)"""

_HOLDS = """
SELECT rate_window, sent_mono, ended_mono, written_mono, run_id FROM requests
WHERE account_id = :account_id AND boot_id = :boot_id
  AND (ended_mono > :ended_after OR (ended_mono IS NULL AND sent_mono > :sent_after))"""

_ENDED = text("SELECT run_id, ended_at FROM runs WHERE run_id IN :run_ids AND ended_at IS NOT NULL").bindparams(
    bindparam("run_ids", expanding=True)
)

_OF_ANOTHER_BOOT = "SELECT 1 FROM requests WHERE account_id = :account_id AND boot_id <> :boot_id LIMIT 1"

_SPENT = text("SELECT requests FROM request_days WHERE account_id = :account_id AND utc_day = :utc_day")

_COUNT_DAY = """
INSERT INTO request_days (account_id, utc_day, requests) VALUES (:account_id, :utc_day, 1)
ON CONFLICT (account_id, utc_day) DO UPDATE SET requests = request_days.requests + 1"""


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
        self._queue = SlotQueue(database)

    def refusal(
        self,
        connection: Connection,
        account_id: int,
        window: Window,
        allowance: Allowance,
        *,
        keeps_reserve: bool,
        run_id: int | None = None,
    ) -> Refusal | None:
        """Why no request may be sent now; None when one may.

        keeps_reserve: it does not serve to read back. run_id: whose rows it carries, None for a read, which waits for nobody.
        """
        now = self._database.clock.monotonic()
        place = self._place(account_id)
        ((spent, paused_until, boot_seen),) = self._database.ask(_STANDING, place)
        spent = int(spent or 0)
        if allowance.daily_requests is not None:
            kept = reserve(allowance.daily_requests) if keeps_reserve else 0
            if spent >= allowance.daily_requests - kept:
                return BudgetSpent(spent, kept)
        until = max(
            self._window_free_at(connection, window, allowance, now, place, run_id),
            float(paused_until or 0.0),
            self._settled_after_boot(float(boot_seen or 0.0), allowance, now, place),
        )
        if until > now:
            self._queue.note(account_id, run_id, until)
            return NoSlot(self._database.to_here(until))
        self._queue.forget(account_id, run_id)
        return None

    def count(self, account_id: int) -> None:
        """Count one more request of the UTC day."""
        self._database.do(_COUNT_DAY, {"account_id": account_id, "utc_day": self._utc_day()})

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
        self,
        connection: Connection,
        window: Window,
        allowance: Allowance,
        now: float,
        place: Mapping[str, Any],
        run_id: int | None,
    ) -> float:
        """When to ask again: no later than in one window, because the answer to another process's request may have come."""
        ended_after = now - allowance.longest_seconds - 1
        values = {**place, "ended_after": ended_after, "sent_after": ended_after - LONGEST_IN_AIR_SECONDS}
        asked_again = now + allowance.longest_seconds + MARGIN_SECONDS
        line, wall = line_of(self._database, place["account_id"]), self._database.clock.now()
        share = line.share_at(wall.timestamp())
        limits = {one: shared(limit, share) for one, limit in allowance.limits.items()}
        if self._database.ask(_MOST_HOLDS, values)[0][0] < min(limit.count for limit in limits.values()):
            return now
        holds = [Hold(Window(row[0]), *row[1:]) for row in self._database.ask(_HOLDS, values)]
        bounds = {one: line.bound(limit.seconds, now, wall.timestamp()) for one, limit in limits.items()}
        free = free_at(holds, limits, window, now, bounds)
        if free <= now and run_id is not None:
            others = self._at_work_beside(connection, holds, run_id, now) | self._queue.others(
                place["account_id"], run_id
            )
            free = turn_at(holds, limits, window, now, run_id, others, bounds)
        return min(free, asked_again)

    def _at_work_beside(self, connection: Connection, holds: list[Hold], run_id: int, now: float) -> frozenset[int]:
        """The other runs whose requests hold slots, and which have not ended since the last of those was sent."""
        last = {hold.run: hold.sent for hold in sorted(holds, key=attrgetter("sent")) if hold.run not in {None, run_id}}
        if not last:
            return frozenset()
        ago = self._database.clock.now().timestamp() - now
        ended = {row.run_id: row.ended_at - ago for row in connection.execute(_ENDED, {"run_ids": list(last)})}
        return frozenset(run for run, sent in last.items() if run is not None and sent > ended.get(run, -inf))

    def _settled_after_boot(
        self, boot_seen: float, allowance: Allowance, now: float, place: Mapping[str, Any]
    ) -> float:
        """Requests of another boot cannot be placed on this boot's clock: after a boot one whole window is waited once."""
        settled = boot_seen + allowance.longest_seconds
        if settled <= now or not self._database.ask(_OF_ANOTHER_BOOT, place):
            return 0.0
        return settled
