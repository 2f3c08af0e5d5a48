"""Requests: the slot and the intent to send are one commit, the end and the outcomes of its rows another.

From the moment of the intent a row counts as unconfirmed. So whatever happens next - a kill, a power cut, a lost answer -
the ledger already says the only thing that is certain, and nobody sends that row again.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from sqlalchemy import case, func, select, text, update

from etl.delivery.outcomes import RowEnd
from etl.errors import LedgerError
from etl.ledger import followers, revisions
from etl.ledger.addresses import HELD_BACK
from etl.ledger.bodies import Bodies
from etl.ledger.followers import REOPEN
from etl.ledger.held_ids import holders
from etl.ledger.intending import DEALT_WITH, LET_GO, Intents, PlaceTakenError
from etl.ledger.lines import Lines, LineSeen, seen_by
from etl.ledger.patience import patiently
from etl.ledger.schema import REQUESTS, ROWS, for_rows, opaque, opaque_text, spellings
from etl.ledger.settling_at_once import END_CREATED, END_REQUEST, AtOnce
from etl.ledger.slots import Allowance, BudgetSpent, NoSlot, Slots
from etl.ledger.undoing import note_asked
from etl.records import STORED, Outcome, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy.engine import Connection

    from etl.events import Budget
    from etl.ledger.database import Database, Statement
    from etl.ledger.runs import WaitingRow
    from etl.ledger.undoing import UndoIntent
    from etl.records import Trip

__all__ = [
    "Allowance",
    "BudgetSpent",
    "HeldBack",
    "Intent",
    "LeaseLost",
    "NoSlot",
    "PlaceTakenError",
    "RequestEnd",
    "Requests",
    "Reservation",
    "Reserved",
    "StopWanted",
    "Taken",
]

_AT_ONCE = 500
_MAY_BE_STORED = STORED | {Outcome.UNCONFIRMED, Outcome.ALREADY_IMPORTED}

# The statements of every request go past SQLAlchemy (`Database.ask`): putting one together costs more than SQLite needs.

_TAKEN = """
SELECT mine.row_id, claims.row_id FROM rows AS mine
JOIN claims ON claims.scope_id = mine.scope_id AND claims.memory_key = mine.memory_key AND claims.ordinal = mine.ordinal
WHERE mine.row_id IN :row_ids AND claims.row_id <> COALESCE(mine.replaces, 0)"""

# What another run of this ledger has sent meanwhile is that run's: whoever reserves a slot will find it so.
_STILL_WAITING = for_rows("""
SELECT row_id FROM rows WHERE row_id IN :row_ids AND outcome = 'waiting' AND known_row_id IS NULL AND NOT EXISTS (
    SELECT 1 FROM claims WHERE claims.scope_id = rows.scope_id AND claims.memory_key = rows.memory_key
      AND claims.ordinal = rows.ordinal AND claims.row_id <> rows.row_id)""")

# What LeadSquared has from elsewhere occupies its place like what we have sent.
_CLAIM_WHAT_IS_THERE = text("""
INSERT INTO claims (scope_id, memory_key, ordinal, row_id)
SELECT scope_id, memory_key, ordinal, row_id FROM rows WHERE row_id = :row_id
ON CONFLICT (scope_id, memory_key, ordinal) DO NOTHING""")

_FACTS = """
SELECT row_id, run_id, row_number, account_id, lineage_run, request_id, replaces, outcome FROM rows
WHERE row_id IN :row_ids"""

_END_ROW = """
UPDATE rows SET outcome = :outcome, activity_id = :activity_id, code = :code, error = :error, hint = :hint
WHERE row_id = :row_id"""

_RELEASE = for_rows(LET_GO)

_STILL_OPEN = for_rows("""
SELECT row_id FROM rows WHERE row_id IN :row_ids AND outcome = 'unconfirmed' AND request_id = :request_id""")

_WITNESS = """
UPDATE requests SET witness = (SELECT activity_id FROM rows WHERE row_id = :row_id)
WHERE witness IS NULL AND request_id = (SELECT request_id FROM rows WHERE row_id = :row_id)"""

_DISPROVE = text("""
UPDATE rows SET outcome = 'unconfirmed', activity_id = NULL, code = 'id_taken', error = :reason
WHERE row_id = :row_id AND outcome = 'created' AND known_row_id IS NULL AND request_id IS NOT NULL""")

# What was known by such a row is in doubt with it, and its request is witnessed by another of its rows, if by any.
_DOUBT_WITH_IT = text("""
UPDATE rows SET outcome = 'unconfirmed', error = :reason
WHERE known_row_id = :row_id AND outcome = 'already_imported' AND payload IS NOT NULL
  AND EXISTS (SELECT 1 FROM rows AS holder WHERE holder.row_id = :row_id AND holder.outcome = 'unconfirmed')""")

_ANOTHER_WITNESS = text("""
UPDATE requests SET witness = (
    SELECT activity_id FROM rows WHERE rows.run_id = requests.run_id AND rows.request_id = requests.request_id
      AND rows.outcome = 'created' AND rows.known_row_id IS NULL AND activity_id IS NOT NULL ORDER BY activity_id LIMIT 1)
WHERE request_id = (SELECT request_id FROM rows WHERE row_id = :row_id)""")

_NOTE_MESSAGE = text("UPDATE rows SET message_id = :message_id WHERE row_id = :row_id")

_APART = text("UPDATE rows SET together = :together WHERE row_id = :row_id")

_RUNS_OF = for_rows("SELECT DISTINCT run_id FROM rows WHERE row_id IN :row_ids AND outcome = 'waiting'")

# What waits again has no request any more: that one has told all there was to tell.
_NO_REQUEST = text("UPDATE rows SET request_id = NULL, position = NULL, message_id = NULL WHERE row_id = :row_id")

# The lines of earlier runs that these rows correct may say now where their activities are; and so may the lines that those
# had corrected, for a failed file may itself come from a failed file.
_MEND_EARLIER_LINES = for_rows("""
WITH RECURSIVE earlier (run_id, row_number, scope_id, holder) AS (
    SELECT lineage_run, lineage_row, scope_id, row_id FROM rows WHERE row_id IN :row_ids
    UNION
    SELECT line.lineage_run, line.lineage_row, line.scope_id, earlier.holder FROM rows AS line JOIN earlier
    ON line.run_id = earlier.run_id AND line.row_number = earlier.row_number AND line.scope_id = earlier.scope_id
    WHERE line.lineage_run IS NOT NULL)
UPDATE rows SET outcome = holder.outcome, known_row_id = holder.row_id, code = NULL, error = NULL, hint = NULL
FROM earlier JOIN rows AS holder ON holder.row_id = earlier.holder
WHERE rows.run_id = earlier.run_id AND rows.row_number = earlier.row_number AND rows.scope_id = earlier.scope_id
  AND (rows.outcome IN ('invalid', 'refused', 'waiting') OR (rows.outcome = 'changed' AND holder.replaces IS NOT NULL))""")

# What waited for such a line to be sent waits no longer; with other values than those that were sent it is changed.
_MEND_WHAT_FOLLOWED_THEM = for_rows("""
UPDATE rows SET known_row_id = holder.row_id,
    outcome = CASE WHEN rows.payload = holder.payload THEN 'already_imported' ELSE 'changed' END
FROM rows AS line JOIN rows AS holder ON holder.row_id = line.known_row_id
WHERE holder.row_id IN :row_ids AND rows.known_row_id = line.row_id AND rows.outcome = 'waiting'""")


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
class Taken:
    """Nothing was sent; these rows were meanwhile sent by another import and are noted as known. row_ids of ours."""

    row_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Nothing was sent; these rows go on waiting for others of their addresses (see `addresses`). row_ids of ours."""

    row_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class StopWanted:
    """Nothing was written: another process has asked this run to stop."""


@dataclass(frozen=True, slots=True)
class LeaseLost:
    """Nothing was written: another process has taken over what this one held (ledger/leases.py)."""


Reservation: TypeAlias = Reserved | NoSlot | BudgetSpent | Taken | HeldBack | StopWanted | LeaseLost


class RequestEnd(NamedTuple):
    """How a request ended. ended_mono: the latest moment at which it can have arrived at LeadSquared.

    A tuple, because each request has one, and a frozen dataclass of so many fields takes three times as long.
    late: LeadSquared may be at work on it still. server_at: the server's own clock as its answer has it.
    trip: how it went out, where an answer came. refused_within: it was refused for its rate, and nothing that was said
    explains it; the seconds of the shortest window that it counted in.
    """

    request_id: int
    ended_mono: float
    verdict: str
    detail: str | None
    status: int | None
    rows: Sequence[RowEnd] = ()
    late: bool = False
    server_at: float | None = None
    trip: Trip | None = None
    refused_within: float | None = None


class _Fact(NamedTuple):
    """What is asked of a row before its end is written, or of one that holds an id."""

    row_id: int
    run_id: int
    row_number: int
    account_id: int
    lineage_run: int | None
    request_id: int | None
    replaces: int | None
    outcome: str


def _written(end: RowEnd) -> dict[str, object]:
    kept = None if end.activity_id is None else opaque(end.activity_id)
    return {
        "row_id": end.row_id,
        "outcome": end.outcome._value_,  # without the detour that `value` is: for each row of each request
        "activity_id": kept,
        "code": end.code,
        "error": end.error,
        "hint": end.hint,
    }


def _writing_ends(ends: Sequence[RowEnd]) -> Iterator[Statement]:
    """The statements that write what became of rows."""
    created = [
        {"row_id": end.row_id, "activity_id": opaque(end.activity_id)}
        for end in ends
        if end.outcome is Outcome.CREATED and end.activity_id is not None and end.code is end.error is end.hint is None
    ]
    if created:
        yield END_CREATED, created
    if len(created) < len(ends):
        written = {one["row_id"] for one in created}
        yield _END_ROW, [_written(end) for end in ends if end.row_id not in written]


def _unless_held(row: RowEnd, held: dict[str, tuple[int, int]], place: tuple[int, int]) -> RowEnd:
    """The end of a row, in doubt where another one holds its id; from here on the row holds it itself.

    Only who has created an activity holds its id: any number of rows may have updated it. place: its run and its number.
    """
    if not row.activity_id or row.outcome is not Outcome.CREATED:
        return row
    holder = held.setdefault(row.activity_id.casefold(), place)
    return row if holder == place else _doubted(row, *holder)


def _doubted(row: RowEnd, run_id: int, row_number: int) -> RowEnd:
    reason = (
        f"LeadSquared answered with the ProspectActivityId {row.activity_id}, which row {row_number} of run "
        f"{run_id} already has."
    )
    return RowEnd(row.row_id, Outcome.UNCONFIRMED, code="id_taken", error=reason)


class Requests:
    """Slots, intents and ends of requests."""

    def __init__(
        self,
        database: Database,
        is_held: Callable[[], bool] = lambda: True,
        is_other_alive: Callable[[], bool] = lambda: False,
    ) -> None:
        """is_held: whether what was locked is held still, as the database says within the transaction that asks.

        is_other_alive: whether who held that before may live still, and wait for answers.
        """
        self._database = database
        self._lines = Lines(database)
        self._slots = Slots(database, self._lines)
        self._bodies = Bodies(database)
        self._is_held = is_held
        self._is_other_alive = is_other_alive
        self._held_in = (0, False)  # the last transaction that asked, and what it was told
        self._at_once = AtOnce(database)
        self._intents = Intents(database, self._at_once)

    @contextmanager
    def together(self, *, puts_off: bool = False) -> Iterator[None]:
        """All that is written within is one commit: intents may only be believed, and sent, when it is left.

        puts_off: they may be written at its end (ledger/intending.py).
        Raises: PlaceTakenError — only there: it is to be made once more without that.
        """
        with self._slots.queue.with_commit(), self._database.together(), self._intents.putting_off(wanted=puts_off):
            yield

    def reserve(self, intent: Intent, allowance: Allowance) -> Reservation:
        """Take a slot and write the intent, in one commit; or say why not now.

        Raises: LedgerError — a row of the intent does not wait any more; nothing was written.
        """
        with self._database.writing(intent.account_id, by_index=True) as connection:
            if not self._is_held_still():
                return LeaseLost()
            standing = self._slots.standing(intent.account_id, allowance, intent.run_id)
            if standing.is_stop_asked:
                return StopWanted()
            refusal = self._slots.refusal(
                connection, standing, intent.window, allowance, keeps_reserve=True, run_id=intent.run_id
            )
            if refusal is not None:
                return refusal
            if self._intents.may_put_off(intent):
                request_id = self._write_request_of(intent)
                self._database.do_all(self._slots.counting(intent.account_id))
                self._intents.put_off(request_id, intent)
                return Reserved(request_id)
            self._intents.write_put_off()
            row_ids = [row.row_id for row in intent.rows]
            has_addresses = {row.address for row in intent.rows} != {None}
            are_claimed = not has_addresses and self._intents.claim_what_is_free(row_ids)
            taken: dict[int, int] = {} if are_claimed else dict(self._database.ask(_TAKEN, {"row_ids": row_ids}))
            if taken:
                if any(ours == theirs for ours, theirs in taken.items()):
                    raise LedgerError(DEALT_WITH)  # sent, or maybe sent, as itself: a row never follows itself
                self._note_taken(connection, intent, taken)
                return Taken(frozenset(taken))
            if has_addresses:
                held_back = frozenset(connection.execute(HELD_BACK, {"row_ids": row_ids}).scalars())
                if held_back:
                    return HeldBack(held_back)
            request_id = self._write_request_of(intent)
            counting = self._slots.counting(intent.account_id)
            self._intents.write(request_id, intent, are_claimed=are_claimed, counting=counting)
        return Reserved(request_id)

    @patiently
    def reserve_read(
        self, account_id: int, allowance: Allowance, window: Window = Window.GENERAL, *, keeps_reserve: bool = False
    ) -> Reserved | NoSlot | BudgetSpent:
        """Take a slot for a read, or a trial, that belongs to no run. keeps_reserve: it does not serve to read back."""
        with self._database.writing(account_id, by_index=True) as connection:
            standing = self._slots.standing(account_id, allowance, None)
            refusal = self._slots.refusal(connection, standing, window, allowance, keeps_reserve=keeps_reserve)
            if refusal is not None:
                return refusal
            request_id = self._write(account_id, None, window)
            self._database.do_all(self._slots.counting(account_id))
            return Reserved(request_id)

    def reserve_undoing(
        self, intent: UndoIntent, allowance: Allowance
    ) -> Reserved | NoSlot | BudgetSpent | StopWanted | LeaseLost:
        """Take a slot and write which rows of a run are to be taken back and how, in one commit; or say why not now."""
        with self._database.writing(intent.account_id, by_index=True) as connection:
            if not self._is_held_still():
                return LeaseLost()
            standing = self._slots.standing(intent.account_id, allowance, intent.run_id)
            if standing.is_stop_asked:
                return StopWanted()
            refusal = self._slots.refusal(connection, standing, intent.window, allowance, keeps_reserve=True)
            if refusal is not None:
                return refusal
            rows = len(intent.row_ids)
            request_id = self._write(intent.account_id, intent.run_id, intent.window, rows, intent.body)
            self._database.do_all(self._slots.counting(intent.account_id))
            note_asked(connection, intent, request_id)
        return Reserved(request_id)

    def settle(self, end: RequestEnd) -> tuple[RowEnd, ...]:
        """Write how a request ended and what became of its rows, in one commit.

        Returns: the rows as written: an id that another row of ours already has proves nothing, so such a row stays
        unconfirmed.
        """
        return self._database.until_done(lambda: self._settle(end))

    def settle_all(self, ends: Sequence[RequestEnd]) -> list[tuple[RowEnd, ...]]:
        """The same of requests of one account whose ends came together: of each, in their order."""
        settled: list[tuple[RowEnd, ...]] = []
        while len(settled) < len(ends):
            left = ends[len(settled) :]
            created = self._settle_created(left) if len(left) > 1 and not self._database.is_shared else ()
            settled += [tuple(end.rows) for end in created] or [self.settle(left[0])]
        return settled

    def _settle_created(self, ends: Sequence[RequestEnd]) -> Sequence[RequestEnd]:
        """Settle as one those in front all of whose rows were created. Returns: these; none where each is to be looked at."""
        with self._database.writing(request_id=ends[0].request_id, by_index=True):
            created = self._at_once.created(ends)
            if created:
                self._at_once.write(created, [self._ending(one.end, one.account_id) for one in created])
            return ends[: len(created)]

    def _settle(self, end: RequestEnd) -> tuple[RowEnd, ...]:
        with self._database.writing(request_id=end.request_id, by_index=True) as connection:
            created = self._at_once.created([end])
            sent = self._at_once.sent(end.request_id)
            ending = self._ending(end, sent.account_id if sent is not None else None)
            if created:
                self._at_once.write(created, [ending])
                return tuple(end.rows)
            self._at_once.forget(end.request_id)
            facts = self._facts(end.rows) if end.rows else {}
            rows = [row for row in end.rows if self._is_its(facts.get(row.row_id), end)]
            if not rows:
                self._database.do_all(ending)
                return ()
            return self._settle_rows(connection, rows, facts, ending)

    def _is_its(self, fact: _Fact | None, end: RequestEnd) -> bool:
        """Whether a row is in doubt with this request still. Who was halted for long may come back after another process has
        gone on in its place, which has read its rows back, and may have sent them anew since."""
        if fact is None or not self._database.is_shared:
            return fact is not None
        return fact.outcome == Outcome.UNCONFIRMED._value_ and fact.request_id == end.request_id

    def settle_read_back(self, ends: Mapping[int, Sequence[RowEnd]]) -> tuple[RowEnd, ...]:
        """Write what reading back has told about unconfirmed rows, by the request that they went out with, in one commit.

        A row that has gone out with another request since is left alone. Returns: the rows as written.
        """
        if not ends:
            return ()
        with self._database.writing(request_id=next(iter(ends))) as connection:
            return self._read_back(connection, ends)

    def _read_back(self, connection: Connection, ends: Mapping[int, Sequence[RowEnd]]) -> tuple[RowEnd, ...]:
        written: list[RowEnd] = []
        for request_id, rows in ends.items():
            values = {"request_id": request_id, "row_ids": [row.row_id for row in rows]}
            still = set(connection.execute(_STILL_OPEN, values).scalars())
            written += [row for row in rows if row.row_id in still]
        if not written:
            return ()
        settled = self._settle_rows(connection, written, self._facts(written))
        apart = [{"row_id": row.row_id, "together": row.together} for row in settled if row.together]
        if apart:
            connection.execute(_APART, apart)
        for run_id in connection.execute(_RUNS_OF, {"row_ids": [row.row_id for row in settled]}).scalars().all():
            connection.execute(REOPEN, {"run_id": run_id})
        return settled

    def note_imported(self, activities: Mapping[int, str]) -> None:
        """Take rows that wait, by row_id, for imported under these ids: LeadSquared has shown their row keys meanwhile."""
        rows = iter(activities)
        while some := list(islice(rows, _AT_ONCE)):
            with self._database.writing(row_id=some[0]) as connection:
                waiting = connection.execute(_STILL_WAITING, {"row_ids": some}).scalars().all()
                ends = [
                    RowEnd(row_id, Outcome.ALREADY_IMPORTED, activity_id=activities[row_id], code="read_back")
                    for row_id in waiting
                ]
                if ends:
                    self._settle_rows(connection, ends, self._facts(ends))
                    connection.execute(_CLAIM_WHAT_IS_THERE, [{"row_id": end.row_id} for end in ends])

    def tell_late_followers(self, run_id: int) -> None:
        """Rows of the run that were taken for another run's row, which had its end before they were written, are told of it."""
        with self._database.writing(run_id=run_id) as connection:
            followers.tell_late_followers(connection, run_id)

    def disprove(self, row_ids: Sequence[int]) -> None:
        """Take back that these rows were created: the activities named for them show the row keys of other rows."""
        reason = "LeadSquared answered with the ProspectActivityId of another row."
        values = [{"row_id": row_id, "reason": reason} for row_id in row_ids]
        if values:
            with self._database.writing(row_id=row_ids[0]) as connection:
                for statement in (_DISPROVE, _DOUBT_WITH_IT, _ANOTHER_WITNESS):
                    connection.execute(statement, values)

    def let_go_as_probe(self, row_id: int) -> None:
        """Let one missing row wait again, to go alone. Its request shows whether activities sent now become visible."""
        with self._database.writing(row_id=row_id) as connection:
            request_id = connection.execute(
                text("SELECT request_id FROM rows WHERE row_id = :row_id"), {"row_id": row_id}
            )
            self._read_back(connection, {request_id.scalar_one(): [RowEnd(row_id, Outcome.WAITING, together=1)]})

    def close_lost(self, run_id: int) -> int:
        """Note for the requests that a dead process of this run left in the air that they are over by now.

        One that was only not heard of may have its connections still: its requests are like those that ran out of time.
        Only to be called by who holds the run's lock. Returns: how many there were; their rows are unconfirmed already.
        """
        lost = (REQUESTS.c.run_id == run_id) & REQUESTS.c.ended_mono.is_(None)
        clock = self._database.clock
        with self._database.writing(run_id=run_id) as connection:
            now, boot = clock.monotonic(), clock.boot_id()  # where that clock was set, the beginning has noted it
            values = {
                "sent_mono": case((REQUESTS.c.boot_id == boot, REQUESTS.c.sent_mono), else_=now),
                "ended_mono": now,
                "ended_at": clock.now().timestamp(),
                "boot_id": boot,
                "ended_after": select(func.max(REQUESTS.c.request_id)).scalar_subquery(),
                "late": int(self._is_other_alive()) or None,
                "verdict": "unknown",
                "detail": "the import was ended from outside while this request was on its way",
            }
            followers.doubt_followers(connection, run_id)
            return connection.execute(update(REQUESTS).where(lost).values(**values)).rowcount

    def in_the_air(self, run_id: int) -> int:
        """How many requests of the run have no end yet; asks only."""
        query = select(func.count()).where(REQUESTS.c.run_id == run_id, REQUESTS.c.ended_mono.is_(None))
        return int(self._database.connection.execute(query).scalar_one())

    def spent_today(self, account_id: int) -> int:
        """Requests of this account so far in the UTC day; asks only."""
        return self._slots.spent_today(account_id)

    def budget(self, account_id: int | None, daily_requests: int) -> Budget:
        """What is left of the UTC day's budget; asks only. account_id: None for an account that was never asked yet."""
        return self._slots.budget(account_id, daily_requests)

    def _is_held_still(self) -> bool:
        """Asked once in each transaction: whoever takes it over has to wait for its end."""
        number, is_held = self._held_in
        if number != self._database.transactions:
            is_held = self._is_held()
            self._held_in = (self._database.transactions, is_held)
        return is_held

    def _note_taken(self, connection: Connection, intent: Intent, taken: Mapping[int, int]) -> None:
        """Note rows that another run claims by now as known: our row_id → the holder's."""
        query = select(ROWS.c.row_id, ROWS.c.outcome, ROWS.c.payload).where(
            ROWS.c.row_id.in_([*taken, *taken.values()])
        )
        rows = {row.row_id: row for row in connection.execute(query)}
        for ours, theirs in taken.items():
            holder = rows[theirs]
            known = Outcome.ALREADY_IMPORTED if holder.payload == rows[ours].payload else Outcome.CHANGED
            outcome = Outcome.UNCONFIRMED if holder.outcome == Outcome.UNCONFIRMED else known
            values = {"outcome": outcome.value, "known_row_id": theirs, "request_id": None, "position": None}
            connection.execute(update(ROWS).where(ROWS.c.row_id == ours).values(**values))
            followers.follow_holder(connection, ours, theirs, intent.run_id, outcome)

    def _write_request_of(self, intent: Intent) -> int:
        return self._write(intent.account_id, intent.run_id, intent.window, len(intent.rows), intent.body)

    def _write(
        self, account_id: int, run_id: int | None, window: Window, rows: int = 0, body: bytes | None = None
    ) -> int:
        clock = self._database.clock
        values = {
            "account_id": account_id,
            "run_id": run_id,
            "rate_window": window.value,
            "boot_id": clock.boot_id(),
            "sent_mono": clock.monotonic(),
            "sent_at": clock.now().timestamp(),
            "rows": rows,
            "body": None if body is None else self._bodies.packed(run_id, body),
        }
        return self._database.insert(REQUESTS, values)

    def _ending(self, end: RequestEnd, account_id: int | None) -> list[Statement]:
        """The statements that write how a request ended, and what it has shown of the line to its account.

        account_id: if it is at hand.
        """
        seen = LineSeen(None)
        if end.trip is not None or end.refused_within is not None:
            its = (end.request_id, end.trip, end.ended_mono, end.refused_within, account_id)
            seen = seen_by(self._database, self._lines, *its)
        values = {
            "request_id": end.request_id,
            "ended_mono": self._database.to_ledger(end.ended_mono),
            "ended_at": self._database.clock.now().timestamp(),
            "status": end.status,
            "verdict": end.verdict,
            "detail": end.detail,
            "late": int(end.late) or None,
            "server_at": end.server_at,
            "written_mono": None if seen.written is None else self._database.to_ledger(seen.written),
        }
        return [(END_REQUEST, values), *seen.statements]

    def _facts(self, rows: Sequence[RowEnd]) -> dict[int, _Fact]:
        found = self._database.ask(_FACTS, {"row_ids": [row.row_id for row in rows]})
        return {fact[0]: _Fact._make(fact) for fact in found}

    def _settle_rows(
        self,
        connection: Connection,
        rows: Sequence[RowEnd],
        facts: Mapping[int, _Fact],
        before: Sequence[Statement] = (),
    ) -> tuple[RowEnd, ...]:
        """Write what became of rows. facts: of each of them. before: what else is to be written, and before that."""
        self._intents.write_put_off()  # rows that followed these may look for a place that nobody has
        self._at_once.ask_anew()
        ends = self._proved(rows, facts)
        confirmed = {facts[end.row_id].request_id: end.row_id for end in ends if end.outcome is Outcome.CREATED}
        witnesses: list[Statement] = [(_WITNESS, {"row_id": row_id}) for row_id in confirmed.values()]
        self._database.do_all([*before, *_writing_ends(ends), *witnesses])
        messages = [{"row_id": end.row_id, "message_id": end.message_id} for end in ends if end.message_id]
        if messages:
            connection.execute(_NOTE_MESSAGE, messages)
        again = [{"row_id": end.row_id} for end in ends if end.outcome is Outcome.WAITING]
        if again:
            connection.execute(_NO_REQUEST, again)
        revising = [end.row_id for end in ends if facts[end.row_id].replaces is not None]
        released = [end.row_id for end in ends if end.outcome not in _MAY_BE_STORED]
        if released:
            if revising:
                revisions.give_back_claims(connection, released)
            connection.execute(_RELEASE, {"row_ids": released})
        corrections = [
            end.row_id for end in ends if end.outcome in STORED and facts[end.row_id].lineage_run is not None
        ]
        if corrections:
            connection.execute(_MEND_EARLIER_LINES, {"row_ids": corrections})
            connection.execute(_MEND_WHAT_FOLLOWED_THEM, {"row_ids": corrections})
        followers.settle_followers(self._database, ends, {row_id: fact.run_id for row_id, fact in facts.items()})
        if revising:
            revisions.tell_lines_of(connection, revising)
        return ends

    def _proved(self, rows: Sequence[RowEnd], facts: Mapping[int, _Fact]) -> tuple[RowEnd, ...]:
        """The rows' ends, but unconfirmed where a row is called created under an id that another row of ours has."""
        ids = [row.activity_id for row in rows if row.outcome is Outcome.CREATED]
        if not ids:
            return tuple(rows)
        account_id = facts[rows[0].row_id].account_id
        named = {activity_id.casefold() for activity_id in ids if activity_id}
        spelt = {opaque(spelling) for activity_id in ids if activity_id for spelling in spellings(activity_id)}
        if not spelt:
            return tuple(rows)
        found = holders(self._database, account_id, spelt)
        if not found and len(named) == len(ids):
            return tuple(rows)
        held = {opaque_text(kept).casefold(): (run_id, number) for kept, run_id, number in found}
        places = {row_id: (fact.run_id, fact.row_number) for row_id, fact in facts.items()}
        return tuple(_unless_held(row, held, places[row.row_id]) for row in rows)
