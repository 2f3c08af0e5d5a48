"""What reading back needs to know: requests with rows in doubt, and which activities in LeadSquared are whose.

A request counts as sent after another one has ended when it was written after that end: numbers tell the order, whatever
the clocks did meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby, islice
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import bindparam, select, text, update

from etl.ledger.addresses import RUNS_TO_WAIT_FOR
from etl.ledger.bodies import Bodies
from etl.ledger.handover import GIVEN_AWAY
from etl.ledger.held_ids import HOLDS_MARK
from etl.ledger.schema import ACCOUNTS, BOOTS, DECISIONS, ROWS, for_rows, mark_of_id, opaque, spellings
from etl.reconciler.trust import Kept, Trust
from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from sqlalchemy.engine import Row

    from etl.ledger.database import Database

_AT_ONCE = 500

# Not those of a run that went to another ledger: what is found absent there goes out again from there.
_DOUBTS = """
SELECT requests.request_id, requests.run_id, requests.sent_at, requests.sent_mono, requests.boot_id, requests.ended_at,
       requests.ended_mono, requests.ended_after, requests.late, requests.verdict, requests.detail, requests.rows,
       requests.body, requests.status, rows.row_id, rows.position, rows.together, rows.memory_key, rows.code
FROM rows JOIN requests ON requests.request_id = rows.request_id
WHERE rows.outcome = 'unconfirmed' AND rows.known_row_id IS NULL AND requests.ended_mono IS NOT NULL
  AND rows.run_id NOT IN ({given_away}) AND (rows.run_id = :run_id OR rows.run_id IN ({others}))
ORDER BY requests.request_id, rows.position"""

# Other runs with rows in doubt that rows of this one were taken for, or that are equal to rows in doubt of this one, or that
# rows of this one wait for.
_OTHER_RUNS = f"""
SELECT holder.run_id FROM rows JOIN rows AS holder ON holder.row_id = rows.known_row_id
WHERE rows.run_id = :run_id AND rows.outcome = 'unconfirmed' AND holder.outcome = 'unconfirmed' AND holder.run_id <> :run_id
UNION
SELECT equal.run_id FROM rows
JOIN claims ON claims.scope_id = rows.scope_id AND claims.memory_key = rows.memory_key
JOIN rows AS equal ON equal.row_id = claims.row_id
WHERE rows.run_id = :run_id AND rows.outcome = 'unconfirmed' AND equal.outcome = 'unconfirmed' AND equal.run_id <> :run_id
UNION {RUNS_TO_WAIT_FOR}"""

_CLAIMED = (
    text(f"""
SELECT activity_id, row_id, request_id, position FROM rows
WHERE {HOLDS_MARK} IN :marks AND activity_id IN :ids AND account_id = :account_id""")
    .bindparams(bindparam("marks", expanding=True), bindparam("ids", expanding=True))
    .columns(activity_id=ROWS.c.activity_id.type)
)

_WITNESS = """
SELECT requests.request_id, requests.sent_mono, requests.boot_id, requests.sent_at, requests.ended_at,
       requests.witness AS activity_id
FROM requests JOIN runs ON runs.run_id = requests.run_id JOIN scopes ON scopes.scope_id = runs.scope_id
WHERE requests.account_id = :account_id AND requests.witness IS NOT NULL AND scopes.event = :event {further}
ORDER BY requests.request_id DESC LIMIT 1"""

_FRESHEST = _WITNESS.format(further="")

_BEFORE = _WITNESS.format(further="AND requests.ended_after < :request_id AND requests.sent_at > :not_before")

# A line that was brought to an activity by a revision is looked at as that one.
_CREATED = """
SELECT line.row_id, line.row_number, holder.activity_id, holder.request_id, holder.position, EXISTS (
    SELECT 1 FROM claims JOIN rows AS revision ON revision.row_id = claims.row_id
    WHERE claims.scope_id = holder.scope_id AND claims.memory_key = holder.memory_key AND claims.ordinal = holder.ordinal
      AND claims.row_id <> holder.row_id AND revision.replaces IS NOT NULL) AS is_revised
FROM rows AS line JOIN rows AS holder ON holder.row_id = COALESCE(line.known_row_id, line.row_id)
WHERE line.run_id = :run_id AND line.outcome IN ('created', 'updated')
  AND (line.known_row_id IS NULL OR holder.replaces IS NULL) ORDER BY line.row_number"""

_REVISED = for_rows("""
SELECT rows.row_id FROM rows
JOIN claims ON claims.scope_id = rows.scope_id AND claims.memory_key = rows.memory_key AND claims.ordinal = rows.ordinal
JOIN rows AS revision ON revision.row_id = claims.row_id AND revision.replaces IS NOT NULL
WHERE rows.row_id IN :row_ids AND claims.row_id <> rows.row_id""")

_REQUESTS = """
SELECT requests.request_id, requests.sent_mono, requests.boot_id, requests.sent_at, requests.ended_at, requests.body,
       runs.operation
FROM requests LEFT JOIN runs ON runs.run_id = requests.run_id WHERE requests.request_id IN :request_ids"""

# Rows that went out later than these for the same address, whatever has become of them since: other imports' among them.
_LATER = """
SELECT mine.row_id, later.run_id, later.row_number, later.request_id, later.position, later.outcome
FROM rows AS mine
JOIN runs ON runs.account_id = mine.account_id
JOIN rows AS later ON later.run_id = runs.run_id AND later.address = mine.address
WHERE mine.row_id IN :row_ids AND later.request_id > mine.request_id AND later.outcome IN (:stored_as, 'unconfirmed')
  AND runs.run_id IN (SELECT run_id FROM requests WHERE request_id > :first)
ORDER BY mine.row_id, later.request_id"""

_AWAITED = """
SELECT DISTINCT mine.row_id FROM rows AS mine
JOIN rows AS next ON next.run_id = mine.run_id AND next.address = mine.address
WHERE mine.row_id IN :row_ids AND next.row_id <> mine.row_id AND next.outcome = 'waiting' AND next.known_row_id IS NULL"""

_SKEWS = """
SELECT MIN(server_at - ended_at), MAX(server_at - ended_at) FROM requests
WHERE account_id = :account_id AND server_at IS NOT NULL AND request_id > :after"""

_LATELY_REQUESTS = 2_000


@dataclass(frozen=True, slots=True)
class DoubtfulRow:
    """A row in doubt. position: in its request, from 1. together: with how many others at most it had been sent.

    code: `id_taken` where LeadSquared called it stored, but under the id of another row.
    """

    row_id: int
    position: int
    together: int | None
    memory_key: bytes
    code: str | None


@dataclass(frozen=True, slots=True)
class Doubt:
    """A request that is over, and those of its rows of which it is not known whether LeadSquared stored them.

    sent_at, ended_at: wall clock, seconds since 1970. sent_mono, ended_mono: `monotonic` of boot_id, that is the boot of the
    end (a request of a dead process ends when somebody notices). ended_after: the newest request there was by then.
    size: rows of the whole request. body: deflated, None once pruned. status: of the HTTP answer, None without one.
    """

    request_id: int
    run_id: int
    sent_at: float
    sent_mono: float
    boot_id: str
    ended_at: float
    ended_mono: float
    ended_after: int
    late: bool
    verdict: str
    detail: str | None
    size: int
    body: bytes | None
    rows: tuple[DoubtfulRow, ...]
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """An activity that a row of ours is known to have become."""

    activity_id: str
    row_id: int
    request_id: int | None
    position: int | None


@dataclass(frozen=True, slots=True)
class CreatedRow:
    """A row that is called created or updated, with its activity and the request that brought that.

    activity_id: None where a person decided that it is there. is_revised: the activity was given other values since.
    """

    row_id: int
    row_number: int
    activity_id: str | None
    request_id: int | None
    position: int | None
    is_revised: bool = False


@dataclass(frozen=True, slots=True)
class Witness:
    """A confirmed activity of ours and the request that brought it: visible, it shows how far a read reaches."""

    request_id: int
    sent_mono: float
    boot_id: str
    sent_at: float
    ended_at: float
    activity_id: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it was sent. body: deflated, None once pruned. operation: by name, None for a read."""

    request_id: int
    sent_mono: float
    boot_id: str
    sent_at: float
    ended_at: float | None
    body: bytes | None
    operation: str | None = None


@dataclass(frozen=True, slots=True)
class LaterRow:
    """A row that went out for the same address later than another one, and may have changed what that one had set."""

    run_id: int
    row_number: int
    request_id: int
    position: int
    outcome: str


_One = TypeVar("_One")
_Told = TypeVar("_Told", Doubt, Witness, Sent)


class Doubts:
    """The ledger's side of reading back. Everything but `remember_trust` and `note_decision` asks only."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bodies = Bodies(database)

    def of_run(self, run_id: int) -> list[Doubt]:
        """The requests that keep rows of this run in doubt, in the order in which they were sent.

        Of the other runs whose rows in doubt rows of this one were taken for, are equal to or wait for, all that is in doubt: of
        equal rows none can be told without the others.
        """
        statement = text(_DOUBTS.format(others=_OTHER_RUNS, given_away=GIVEN_AWAY))
        found = self._database.connection.execute(statement, {"run_id": run_id}).all()
        return [self._doubt(list(rows)) for _, rows in groupby(found, key=attrgetter("request_id"))]

    def other_runs(self, run_id: int) -> list[int]:
        """The other runs whose rows in doubt rows of this run were taken for, are equal to or wait for."""
        return [int(run) for run in self._database.connection.execute(text(_OTHER_RUNS), {"run_id": run_id}).scalars()]

    def claimed(self, account_id: int, ids: Collection[str]) -> dict[str, Claimed]:
        """Which of these activities are known to be rows of ours, by the id under which they are kept."""
        found: dict[str, Claimed] = {}
        for some in _portions(sorted({opaque(spelt) for activity_id in ids for spelt in spellings(activity_id)})):
            values = {"account_id": account_id, "ids": some, "marks": list(map(mark_of_id, some))}
            for row in self._database.connection.execute(_CLAIMED, values):
                found[row.activity_id] = Claimed(*row)
        return found

    def revised(self, row_ids: Collection[int]) -> frozenset[int]:
        """Those of some rows whose activities may hold what a later row has brought there."""
        return frozenset(
            found
            for some in _portions(sorted(row_ids))
            for found in self._database.connection.execute(_REVISED, {"row_ids": some}).scalars()
        )

    def created_rows(self, run_id: int) -> Iterator[CreatedRow]:
        """The rows of a run that are called created or updated, in the order of the sheet."""
        statement = text(_CREATED).columns(activity_id=ROWS.c.activity_id.type)
        for row in self._database.connection.execute(statement, {"run_id": run_id}):
            yield CreatedRow(row[0], row[1], row[2], row[3], row[4], bool(row[5]))

    def requests(self, request_ids: Collection[int]) -> dict[int, Sent]:
        """Requests as they were sent, by number."""
        found: dict[int, Sent] = {}
        statement = text(_REQUESTS).bindparams(bindparam("request_ids", expanding=True))
        for some in _portions(sorted(request_ids)):
            for row in self._database.connection.execute(statement, {"request_ids": some}):
                found[row.request_id] = replace(Sent(*row), body=self._bodies.deflated(row.body))
        return {number: self._told_here(sent) for number, sent in found.items()}

    def later_for_same(
        self, row_ids: Collection[int], first: int, stored_as: Outcome = Outcome.UPDATED
    ) -> dict[int, list[LaterRow]]:
        """The rows that have gone out for the address of these since, in the order of their requests; by row_id.

        first: none of these rows went out with an earlier request than this one. stored_as: what those are called that arrived.
        """
        found: dict[int, list[LaterRow]] = {}
        statement = text(_LATER).bindparams(bindparam("row_ids", expanding=True))
        for some in _portions(sorted(row_ids)):
            values = {"row_ids": some, "first": first, "stored_as": stored_as.value}
            for row in self._database.connection.execute(statement, values):
                found.setdefault(row[0], []).append(LaterRow(*row[1:]))
        return found

    def awaited(self, row_ids: Collection[int]) -> set[int]:
        """Those of these rows behind which others of their run wait that are for the same address."""
        statement = text(_AWAITED).bindparams(bindparam("row_ids", expanding=True))
        asked = self._database.connection
        return {
            int(row_id)
            for some in _portions(sorted(row_ids))
            for row_id in asked.execute(statement, {"row_ids": some}).scalars()
        }

    def freshest(self, account_id: int, event: int) -> Witness | None:
        """The last request for this activity type of which LeadSquared has confirmed a row."""
        return self._witness(_FRESHEST, account_id=account_id, event=event)

    def confirmed_before(self, account_id: int, event: int, request_id: int, not_before: float) -> Witness | None:
        """The last such request that had ended before that one was sent, unless it was sent before `not_before` (wall)."""
        return self._witness(_BEFORE, account_id=account_id, event=event, request_id=request_id, not_before=not_before)

    def skew(self, account_id: int) -> tuple[float, float]:
        """Seconds by which the server's clock was ahead of ours, at the least and at the most, in the requests of late."""
        after = self.newest_request() - _LATELY_REQUESTS
        least, most = self._database.connection.execute(text(_SKEWS), {"account_id": account_id, "after": after}).one()
        return min(0.0, least or 0.0), max(0.0, most or 0.0)

    def newest_request(self) -> int:
        """The number of the last request that anybody has written; 0 before the first."""
        return int(self._database.connection.execute(text("SELECT MAX(request_id) FROM requests")).scalar() or 0)

    def boot_seen(self, boot_id: str) -> float:
        """When this ledger first saw that boot of the machine, by the boot's `monotonic`."""
        its = self._database.clock.boot_id() if boot_id == self._database.boot_here() else boot_id
        query = select(BOOTS.c.first_seen_mono).where(BOOTS.c.boot_id == its)
        return self._database.to_here(float(self._database.connection.execute(query).scalar_one()))

    def trust(self, account_id: int) -> Trust:
        """What earlier reads have shown this account's reads to be worth."""
        query = select(ACCOUNTS.c.reads_keys, ACCOUNTS.c.reads_values).where(ACCOUNTS.c.account_id == account_id)
        keys, values = self._database.connection.execute(query).one()
        return Trust(keys=Kept(keys), values=Kept(values))

    def remember_trust(self, account_id: int, trust: Trust) -> None:
        """Keep what reads have shown; written only when it is news."""
        known = self.trust(account_id)
        if (known.keys, known.values) == (trust.keys, trust.values):
            return
        values = {"reads_keys": trust.keys.value, "reads_values": trust.values.value}
        with self._database.writing(account_id) as connection:
            connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.account_id == account_id).values(**values))

    def note_decision(self, run_id: int, decision: str, rows: int) -> None:
        """Keep what a person decided about rows that cannot be read back."""
        now = self._database.clock.now().timestamp()
        values = {"run_id": run_id, "decision": decision, "rows": rows, "decided_at": now}
        with self._database.writing(run_id=run_id) as connection:
            connection.execute(DECISIONS.insert().values(**values))

    def _witness(self, statement: str, **values: object) -> Witness | None:
        typed = text(statement).columns(activity_id=ROWS.c.activity_id.type)
        found = self._database.connection.execute(typed, values).first()
        if found is None:
            return None
        names = Witness.__slots__
        return self._told_here(Witness(**{name: getattr(found, name) for name in names}))

    def _doubt(self, rows: Sequence[Row[tuple[object, ...]]]) -> Doubt:
        first = rows[0]
        doubt = Doubt(
            request_id=first.request_id,
            run_id=first.run_id,
            sent_at=first.sent_at,
            sent_mono=first.sent_mono,
            boot_id=first.boot_id,
            ended_at=first.ended_at,
            ended_mono=first.ended_mono,
            ended_after=first.ended_after or first.request_id,
            late=bool(first.late),
            verdict=first.verdict or "unknown",
            detail=first.detail,
            size=first.rows,
            body=self._bodies.deflated(first.body),
            rows=tuple(
                DoubtfulRow(row.row_id, row.position, row.together, bytes(row.memory_key), row.code) for row in rows
            ),
            status=first.status,
        )
        told = self._told_here(doubt)
        return told if told is doubt else replace(told, ended_mono=self._database.to_here(doubt.ended_mono))

    def _told_here(self, one: _Told) -> _Told:
        """The same with its moments by this process's `monotonic`, where the ledger's clock is another one."""
        if not self._database.is_shared or one.boot_id != self._database.clock.boot_id():
            return one
        return replace(one, sent_mono=self._database.to_here(one.sent_mono), boot_id=self._database.boot_here())


def _portions(values: Iterable[_One]) -> Iterator[list[_One]]:
    waiting = iter(values)
    while some := list(islice(waiting, _AT_ONCE)):
        yield some
