"""Requests: the slot and the intent to send are one commit, the end and the outcomes of its rows another.

From the moment of the intent a row counts as unconfirmed. So whatever happens next - a kill, a power cut, a lost answer -
the ledger already says the only thing that is certain, and nobody sends that row again.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import and_, bindparam, func, select, text, update

from etl.delivery.outcomes import RowEnd
from etl.delivery.throttle import LONGEST_IN_AIR_SECONDS, Hold, free_at
from etl.ledger.database import inserted_key
from etl.ledger.schema import ACCOUNTS, BOOTS, CLAIMS, REQUEST_DAYS, REQUESTS, ROWS
from etl.records import STORED, Limit, Outcome, Window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection, Row

    from etl.ledger.database import Database
    from etl.ledger.runs import WaitingRow

_TEXTS = ("activity_id", "code", "error", "hint")

_MAY_BE_STORED = STORED | {Outcome.UNCONFIRMED}

_FOLLOWERS = """
UPDATE rows SET outcome = :outcome, error = :error, hint = :hint, code = :code
WHERE known_row_id = :row_id AND run_id = :run_id AND outcome IN ('waiting', 'unconfirmed')"""

# The line of an earlier run that this row corrects may say now where its activity is.
_MEND_EARLIER_LINE = """
UPDATE rows SET outcome = 'created', known_row_id = :row_id, code = NULL, error = NULL, hint = NULL
WHERE run_id = (SELECT lineage_run FROM rows WHERE row_id = :row_id)
  AND row_number = (SELECT lineage_row FROM rows WHERE row_id = :row_id)
  AND scope_id = (SELECT scope_id FROM rows WHERE row_id = :row_id)
  AND outcome IN ('invalid', 'refused', 'waiting')"""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the account may spend: limits per window, and requests per UTC day (None: no budget)."""

    limits: Mapping[Window, Limit]
    daily_requests: int | None


@dataclass(frozen=True, slots=True)
class Intent:
    """A request about to be sent: whose it is, its rows in order, its exact body."""

    account_id: int
    scope_id: int
    run_id: int
    window: Window
    rows: Sequence[WaitingRow]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reserved:
    """The slot is ours and the intent is written: send now."""

    request_id: int


@dataclass(frozen=True, slots=True)
class NoSlot:
    """Nothing was written; there is no slot before `until` (monotonic)."""

    until: float


@dataclass(frozen=True, slots=True)
class BudgetSpent:
    """Nothing was written; the day's budget is used up."""

    requests: int


@dataclass(frozen=True, slots=True)
class Taken:
    """Nothing was sent; these rows were meanwhile sent by another import and are noted as known. row_ids of ours."""

    row_ids: frozenset[int]


Reservation: TypeAlias = Reserved | NoSlot | BudgetSpent | Taken


@dataclass(frozen=True, slots=True)
class RequestEnd:
    """How a request ended. ended_mono: the latest moment at which it can have arrived at LeadSquared."""

    request_id: int
    ended_mono: float
    verdict: str
    detail: str | None
    status: int | None
    rows: Sequence[RowEnd] = field(default_factory=tuple)


def _texts(end: RowEnd) -> dict[str, str | None]:
    return {name: getattr(end, name) for name in _TEXTS}


def _doubted(row: RowEnd, other: Row[Any, Any, Any]) -> RowEnd:
    reason = (
        f"LeadSquared answered with the ProspectActivityId {row.activity_id}, which row {other.row_number} of run "
        f"{other.run_id} already has."
    )
    return RowEnd(row.row_id, Outcome.UNCONFIRMED, code="id_taken", error=reason)


class Requests:
    """Slots, intents and ends of requests."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reserve(self, intent: Intent, allowance: Allowance) -> Reservation:
        """Take a slot and write the intent, in one commit; or say why not now."""
        with self._database.writing() as connection:
            refusal = self._no_way_now(connection, intent.account_id, intent.window, allowance)
            if refusal is not None:
                return refusal
            taken = self._taken(connection, intent)
            if taken:
                self._note_taken(connection, intent, taken)
                return Taken(frozenset(taken))
            request_id = self._write(connection, intent.account_id, intent.run_id, intent.window, intent)
            self._claim(connection, intent, request_id)
        return Reserved(request_id)

    def reserve_read(self, account_id: int, allowance: Allowance) -> Reserved | NoSlot | BudgetSpent:
        """Take a slot for a read that belongs to no run."""
        with self._database.writing() as connection:
            refusal = self._no_way_now(connection, account_id, Window.GENERAL, allowance)
            if refusal is not None:
                return refusal
            return Reserved(self._write(connection, account_id, None, Window.GENERAL, None))

    def settle(self, end: RequestEnd) -> tuple[RowEnd, ...]:
        """Write how a request ended and what became of its rows, in one commit.

        Returns: the rows as written: an id that another row of ours already has proves nothing, so such a row stays
        unconfirmed.
        """
        with self._database.writing() as connection:
            self._write_end(connection, end)
            return self._settle_rows(connection, end.rows) if end.rows else ()

    def close_lost(self, run_id: int) -> int:
        """Note for the requests that a dead process of this run left in the air that they are over by now.

        Only to be called by who holds the run's lock. Returns: how many there were; their rows are unconfirmed already.
        """
        lost = (REQUESTS.c.run_id == run_id) & REQUESTS.c.ended_mono.is_(None)
        clock = self._database.clock
        values = {
            "ended_mono": clock.monotonic(),
            "ended_at": clock.now().timestamp(),
            "boot_id": clock.boot_id(),
            "verdict": "unknown",
            "detail": "the import was ended from outside while this request was on its way",
        }
        with self._database.writing() as connection:
            return connection.execute(update(REQUESTS).where(lost).values(**values)).rowcount

    def spent_today(self, account_id: int) -> int:
        """Requests of this account so far in the UTC day; asks only."""
        return self._spent_today(self._database.connection, account_id)

    def _no_way_now(
        self, connection: Connection, account_id: int, window: Window, allowance: Allowance
    ) -> NoSlot | BudgetSpent | None:
        now = self._database.clock.monotonic()
        spent = self._spent_today(connection, account_id)
        if allowance.daily_requests is not None and spent >= allowance.daily_requests:
            return BudgetSpent(spent)
        until = max(
            free_at(self._holds(connection, account_id, now, allowance), allowance.limits, window, now),
            self._paused_until(connection, account_id),
            self._settled_after_boot(connection, account_id, allowance),
        )
        return NoSlot(until) if until > now else None

    def _holds(self, connection: Connection, account_id: int, now: float, allowance: Allowance) -> list[Hold]:
        longest = max(limit.seconds for limit in allowance.limits.values()) + 1
        query = select(REQUESTS.c.rate_window, REQUESTS.c.sent_mono, REQUESTS.c.ended_mono).where(
            REQUESTS.c.account_id == account_id,
            REQUESTS.c.boot_id == self._database.clock.boot_id(),
            (REQUESTS.c.ended_mono > now - longest)
            | (REQUESTS.c.ended_mono.is_(None) & (REQUESTS.c.sent_mono > now - longest - LONGEST_IN_AIR_SECONDS)),
        )
        return [Hold(Window(row.rate_window), row.sent_mono, row.ended_mono) for row in connection.execute(query)]

    def _paused_until(self, connection: Connection, account_id: int) -> float:
        query = select(ACCOUNTS.c.paused_until_mono).where(
            ACCOUNTS.c.account_id == account_id, ACCOUNTS.c.paused_boot == self._database.clock.boot_id()
        )
        return float(connection.execute(query).scalar() or 0.0)

    def _settled_after_boot(self, connection: Connection, account_id: int, allowance: Allowance) -> float:
        """Requests of another boot cannot be placed on this boot's clock: after a boot one whole window is waited once."""
        boot = self._database.clock.boot_id()
        foreign = select(REQUESTS.c.request_id).where(REQUESTS.c.account_id == account_id, REQUESTS.c.boot_id != boot)
        if connection.execute(foreign.limit(1)).first() is None:
            return 0.0
        first_seen = connection.execute(select(BOOTS.c.first_seen_mono).where(BOOTS.c.boot_id == boot)).scalar()
        return float(first_seen or 0.0) + max(limit.seconds for limit in allowance.limits.values())

    def _spent_today(self, connection: Connection, account_id: int) -> int:
        query = select(REQUEST_DAYS.c.requests).filter_by(account_id=account_id, utc_day=self._utc_day())
        return int(connection.execute(query).scalar() or 0)

    def _utc_day(self) -> str:
        return self._database.clock.now().date().isoformat()

    def _taken(self, connection: Connection, intent: Intent) -> dict[int, int]:
        """Rows of the intent whose memory key another row claims by now: our row_id → the holder's."""
        query = select(CLAIMS.c.memory_key, CLAIMS.c.ordinal, CLAIMS.c.row_id).where(
            CLAIMS.c.scope_id == intent.scope_id, CLAIMS.c.memory_key.in_([row.memory_key for row in intent.rows])
        )
        holders = {(bytes(row.memory_key), row.ordinal): row.row_id for row in connection.execute(query)}
        places = ((row.row_id, (row.memory_key, row.ordinal)) for row in intent.rows)
        return {ours: holders[place] for ours, place in places if place in holders}

    def _note_taken(self, connection: Connection, intent: Intent, taken: Mapping[int, int]) -> None:
        holders = select(ROWS.c.row_id, ROWS.c.outcome, ROWS.c.payload).where(ROWS.c.row_id.in_(taken.values()))
        state = {row.row_id: row for row in connection.execute(holders)}
        mine = select(ROWS.c.row_id, ROWS.c.payload).where(ROWS.c.row_id.in_(taken))
        payloads = {row.row_id: row.payload for row in connection.execute(mine)}
        for ours, theirs in taken.items():
            holder = state[theirs]
            known = Outcome.ALREADY_IMPORTED if holder.payload == payloads[ours] else Outcome.CHANGED
            outcome = Outcome.UNCONFIRMED if holder.outcome == Outcome.UNCONFIRMED else known
            values = {"outcome": outcome.value, "known_row_id": theirs}
            connection.execute(update(ROWS).where(ROWS.c.row_id == ours).values(**values))
            follower = {"row_id": ours, "run_id": intent.run_id, "outcome": outcome.value}
            connection.execute(text(_FOLLOWERS), {**follower, "error": None, "hint": None, "code": None})

    def _write(
        self, connection: Connection, account_id: int, run_id: int | None, window: Window, intent: Intent | None
    ) -> int:
        clock = self._database.clock
        values = {
            "account_id": account_id,
            "run_id": run_id,
            "rate_window": window.value,
            "boot_id": clock.boot_id(),
            "sent_mono": clock.monotonic(),
            "sent_at": clock.now().timestamp(),
            "rows": len(intent.rows) if intent else 0,
            "body": zlib.compress(intent.body, 6) if intent else None,
        }
        self._count_day(connection, account_id)
        return inserted_key(connection.execute(REQUESTS.insert().values(**values)))

    def _count_day(self, connection: Connection, account_id: int) -> None:
        place = (REQUEST_DAYS.c.account_id == account_id) & (REQUEST_DAYS.c.utc_day == self._utc_day())
        counted = connection.execute(update(REQUEST_DAYS).where(place).values(requests=REQUEST_DAYS.c.requests + 1))
        if counted.rowcount == 0:
            first = {"account_id": account_id, "utc_day": self._utc_day(), "requests": 1}
            connection.execute(REQUEST_DAYS.insert().values(**first))

    def _claim(self, connection: Connection, intent: Intent, request_id: int) -> None:
        rows = intent.rows
        connection.execute(
            CLAIMS.insert(),
            [
                {
                    "scope_id": intent.scope_id,
                    "memory_key": row.memory_key,
                    "ordinal": row.ordinal,
                    "row_id": row.row_id,
                }
                for row in rows
            ],
        )
        statement = (
            update(ROWS)
            .where(ROWS.c.row_id == bindparam("ours"))
            .values(outcome=Outcome.UNCONFIRMED.value, request_id=request_id, position=bindparam("place"))
        )
        connection.execute(statement, [{"ours": row.row_id, "place": n} for n, row in enumerate(rows, start=1)])

    def _write_end(self, connection: Connection, end: RequestEnd) -> None:
        values = {
            "ended_mono": end.ended_mono,
            "ended_at": self._database.clock.now().timestamp(),
            "status": end.status,
            "verdict": end.verdict,
            "detail": end.detail,
        }
        connection.execute(update(REQUESTS).where(REQUESTS.c.request_id == end.request_id).values(**values))

    def _settle_rows(self, connection: Connection, rows: Sequence[RowEnd]) -> tuple[RowEnd, ...]:
        facts = self._facts(connection, rows)
        ends = self._proved(connection, rows, facts)
        statement = update(ROWS).where(ROWS.c.row_id == bindparam("ours"))
        statement = statement.values(outcome=bindparam("becomes"), **{name: bindparam(name) for name in _TEXTS})
        values = [{"ours": end.row_id, "becomes": end.outcome.value, **_texts(end)} for end in ends]
        connection.execute(statement, values)
        self._release(connection, [facts[end.row_id] for end in ends if end.outcome not in _MAY_BE_STORED])
        corrections = [
            end.row_id for end in ends if end.outcome in STORED and facts[end.row_id].lineage_run is not None
        ]
        if corrections:
            connection.execute(text(_MEND_EARLIER_LINE), [{"row_id": row_id} for row_id in corrections])
        self._settle_followers(connection, ends, facts)
        return ends

    def _facts(self, connection: Connection, rows: Sequence[RowEnd]) -> dict[int, Row[Any]]:
        names = ("row_id", "run_id", "account_id", "scope_id", "memory_key", "ordinal", "lineage_run")
        query = select(*[ROWS.c[name] for name in names]).where(ROWS.c.row_id.in_([row.row_id for row in rows]))
        return {found.row_id: found for found in connection.execute(query)}

    def _proved(
        self, connection: Connection, rows: Sequence[RowEnd], facts: Mapping[int, Row[Any]]
    ) -> tuple[RowEnd, ...]:
        """The rows' ends, but unconfirmed where a row is called created under an id that another row of ours has."""
        ids = [row.activity_id for row in rows if row.outcome is Outcome.CREATED]
        account_id = facts[rows[0].row_id].account_id
        query = select(ROWS.c.activity_id, ROWS.c.run_id, ROWS.c.row_number).where(
            ROWS.c.account_id == account_id, ROWS.c.activity_id.in_(ids), ROWS.c.outcome == text("'created'")
        )
        others = {found.activity_id: found for found in connection.execute(query)} if ids else {}
        return tuple(_doubted(row, others[row.activity_id]) if row.activity_id in others else row for row in rows)

    def _release(self, connection: Connection, facts: Sequence[Row[Any]]) -> None:
        if not facts:
            return
        names = ("scope_id", "memory_key", "ordinal")
        place = and_(*[CLAIMS.c[name] == bindparam(f"its_{name}") for name in names])
        values = [{f"its_{name}": getattr(fact, name) for name in names} for fact in facts]
        connection.execute(CLAIMS.delete().where(place), values)

    def _settle_followers(self, connection: Connection, ends: Sequence[RowEnd], facts: Mapping[int, Row[Any]]) -> None:
        """Rows that are the same activity as one of these share its fate."""
        followed = select(ROWS.c.known_row_id).where(ROWS.c.known_row_id.in_([end.row_id for end in ends])).distinct()
        have = set(connection.execute(followed).scalars())
        for end in ends:
            if end.row_id in have and end.outcome is not Outcome.WAITING:
                outcome = Outcome.ALREADY_IMPORTED if end.outcome in STORED else end.outcome
                values = {"row_id": end.row_id, "run_id": facts[end.row_id].run_id, "outcome": outcome.value}
                texts = {"code": end.code, "error": end.error, "hint": end.hint}
                connection.execute(text(_FOLLOWERS), {**values, **texts})

    def in_the_air(self, run_id: int) -> int:
        """How many requests of the run have no end yet; asks only."""
        query = select(func.count()).where(REQUESTS.c.run_id == run_id, REQUESTS.c.ended_mono.is_(None))
        return int(self._database.connection.execute(query).scalar_one())
