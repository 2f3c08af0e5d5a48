"""Slots: whether one more request may be sent now, counted over all processes that share the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from sqlalchemy import bindparam, text

from etl.delivery.quota import reserve
from etl.delivery.throttle import LONGEST_IN_AIR_SECONDS, MARGIN_SECONDS, Hold, free_at, shared
from etl.delivery.turns import turn_at
from etl.events import Budget
from etl.ledger.lines import COLUMNS, Lines, line_in
from etl.ledger.queue import SlotQueue
from etl.records import Limit, Window

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from etl.delivery.line import Line
    from etl.ledger.database import Database, Statement

# One statement, because on a shared ledger each is a way there and back. The holds are counted from the index alone, and of
# other boots too: where even these are fewer than a limit, none of them need be looked at.
_STANDING = f"""
SELECT (SELECT requests FROM request_days WHERE account_id = :account_id AND utc_day = :utc_day),
       (SELECT paused_until_mono FROM accounts WHERE account_id = :account_id AND paused_boot = :boot_id),
       (SELECT first_seen_mono FROM boots WHERE boot_id = :boot_id),
       (SELECT 1 FROM runs WHERE run_id = :run_id AND stop_asked_at IS NOT NULL),
       (SELECT COUNT(*) FROM requests WHERE account_id = :account_id AND ended_mono > :ended_after)
     + (SELECT COUNT(*) FROM requests WHERE account_id = :account_id AND ended_mono IS NULL),
       {COLUMNS}
FROM (SELECT 1 AS one) AS one LEFT JOIN lines ON lines.account_id = :account_id"""

_HOLDS = """
SELECT rate_window, sent_mono, ended_mono, written_mono, run_id FROM requests
WHERE account_id = :account_id AND boot_id = :boot_id
  AND (ended_mono > :ended_after OR (ended_mono IS NULL AND sent_mono > :sent_after))"""

_ENDED = text("SELECT run_id, ended_at FROM runs WHERE run_id IN :run_ids AND ended_at IS NOT NULL").bindparams(
    bindparam("run_ids", expanding=True)
)

_OF_ANOTHER_BOOT = "SELECT 1 FROM requests WHERE account_id = :account_id AND boot_id <> :boot_id LIMIT 1"

_SPENT = text("SELECT requests FROM request_days WHERE account_id = :account_id AND utc_day = :utc_day")

# Nobody else counts in this account meanwhile, so that the number is known.
_COUNT_DAY = """
INSERT INTO request_days (account_id, utc_day, requests) VALUES (:account_id, :utc_day, :spent)
ON CONFLICT (account_id, utc_day) DO UPDATE SET requests = excluded.requests"""


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

    @property
    def least_count(self) -> int:
        """With fewer requests than that none of the windows is full."""
        return min(limit.count for limit in self.limits.values())


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


class Standing(NamedTuple):
    """How an account stands at a moment. now: that moment, by the ledger's clock, like all moments here.

    A tuple, because one is made for each request, and a frozen dataclass takes three times as long.
    spent: requests of the UTC day. most_holds: no more requests than these can hold a slot.
    """

    account_id: int
    now: float
    spent: int
    paused_until: float
    boot_seen: float
    is_stop_asked: bool
    most_holds: int
    line: Line


@dataclass(slots=True)
class _Asked:
    """How an account stood when a transaction asked, and what it has counted since. of: what was asked, and when."""

    of: tuple[object, ...]
    account_id: int
    utc_day: str
    spent: int
    paused_until: float
    boot_seen: float
    is_stop_asked: bool
    most_holds: int
    has_other_boots: bool | None = None

    def as_counted(self) -> dict[str, object]:
        """The values that keep what was counted."""
        return {"account_id": self.account_id, "utc_day": self.utc_day, "spent": self.spent}


class Slots:
    """The account's windows and day. To be asked, and counted in, inside one write transaction."""

    def __init__(self, database: Database, lines: Lines | None = None) -> None:
        self._database = database
        self.queue = SlotQueue(database)
        self._lines = lines or Lines(database)
        self._asked: _Asked | None = None

    def standing(self, account_id: int, allowance: Allowance, run_id: int | None) -> Standing:
        """How the account stands now, and whether this run is to stop.

        Asked once in a transaction: nobody else writes to this account meanwhile, and what this process does is counted.
        """
        now = self._database.clock.monotonic()
        place = self._place(account_id)
        line = self._lines.known(account_id)
        of = (self._database.transactions, account_id, run_id, allowance.longest_seconds, place["utc_day"])
        asked = self._asked
        if asked is None or line is None or asked.of != of or not self._database.is_writing:
            self._database.write_last()
            values = {**place, "run_id": run_id, "ended_after": _ended_after(now, allowance)}
            ((spent, paused, boot_seen, is_stop_asked, most, *found),) = self._database.ask(_STANDING, values)
            asked = self._asked = _Asked(
                of,
                account_id,
                place["utc_day"],
                int(spent or 0),
                float(paused or 0.0),
                float(boot_seen or 0.0),
                bool(is_stop_asked),
                int(most),
            )
            line = line or line_in(found, place["boot_id"])
            self._lines.note(account_id, line)
        return Standing(
            account_id,
            now,
            asked.spent,
            asked.paused_until,
            asked.boot_seen,
            asked.is_stop_asked,
            asked.most_holds,
            line,
        )

    def refusal(
        self,
        connection: Connection,
        standing: Standing,
        window: Window,
        allowance: Allowance,
        *,
        keeps_reserve: bool,
        run_id: int | None = None,
    ) -> Refusal | None:
        """Why no request may be sent now; None when one may.

        keeps_reserve: it does not serve to read back. run_id: whose rows it carries, None for a read, which waits for nobody.
        """
        now, account_id, spent = standing.now, standing.account_id, standing.spent
        if allowance.daily_requests is not None:
            kept = reserve(allowance.daily_requests) if keeps_reserve else 0
            if spent >= allowance.daily_requests - kept:
                return BudgetSpent(spent, kept)
        until = max(
            self._window_free_at(connection, standing, window, allowance, run_id),
            standing.paused_until,
            self._settled_after_boot(standing, allowance),
        )
        if until > now:
            self.queue.note(account_id, run_id, until)
            return NoSlot(self._database.to_here(until))
        self.queue.forget(account_id, run_id)
        return None

    def counting(self, account_id: int) -> list[Statement]:
        """The statements that count one more request of the UTC day, to be carried out at once; how the account stands was
        asked in the same transaction."""
        asked = self._asked
        if asked is None or asked.of[:2] != (self._database.transactions, account_id):
            raise RuntimeError("a request is counted, and nobody has asked how its account stands")
        asked.spent += 1
        asked.most_holds += 1
        return self._database.last_of(f"day {account_id} {asked.utc_day}", _COUNT_DAY, asked.as_counted)

    def spent_today(self, account_id: int) -> int:
        """Requests of this account so far in the UTC day; asks only."""
        self._database.write_last()
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
        standing: Standing,
        window: Window,
        allowance: Allowance,
        run_id: int | None,
    ) -> float:
        """When to ask again: no later than in one window, because the answer to another process's request may have come."""
        now, line = standing.now, standing.line
        if line.share >= 1 and standing.most_holds < allowance.least_count:
            return now
        wall = self._database.clock.now()
        asked_again = now + allowance.longest_seconds + MARGIN_SECONDS
        share = line.share_at(wall.timestamp())
        limits = {one: shared(limit, share) for one, limit in allowance.limits.items()}
        if standing.most_holds < min(limit.count for limit in limits.values()):
            return now
        ended_after = _ended_after(now, allowance)
        place = self._place(standing.account_id)
        values = {**place, "ended_after": ended_after, "sent_after": ended_after - LONGEST_IN_AIR_SECONDS}
        holds = [Hold(Window(row[0]), *row[1:]) for row in self._database.ask(_HOLDS, values)]
        bounds = {one: line.bound(limit.seconds, now, wall.timestamp()) for one, limit in limits.items()}
        free = free_at(holds, limits, window, now, bounds)
        if free <= now and run_id is not None:
            waiting = self.queue.others(standing.account_id, run_id)
            others = self._at_work_beside(connection, holds, run_id, now) | waiting
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

    def _settled_after_boot(self, standing: Standing, allowance: Allowance) -> float:
        """Requests of another boot cannot be placed on this boot's clock: after a boot one whole window is waited once."""
        settled = standing.boot_seen + allowance.longest_seconds
        return settled if settled > standing.now and self._has_other_boots(standing.account_id) else 0.0

    def _has_other_boots(self, account_id: int) -> bool:
        """Whether the account has requests of another boot. Asked once in a transaction: what is written in it is of this one."""
        asked = self._asked
        if asked is None or asked.has_other_boots is None:
            found = bool(self._database.ask(_OF_ANOTHER_BOOT, self._place(account_id)))
            if asked is None:
                return found
            asked.has_other_boots = found
        return asked.has_other_boots


def _ended_after(now: float, allowance: Allowance) -> float:
    """What ended before that holds no slot any more."""
    return now - allowance.longest_seconds - 1
