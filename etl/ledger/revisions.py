"""Rows that are known and came with other values, on their way to the activities that they are known as.

Each is a row of a run of its own, whose operation is `update`, and which `revises` the run that has compared the sheet.
`replaces` names the row whose activity it gives other values. From its intent on it holds that row's claim: whoever
compares a sheet with the ledger meets the values that were sent last. If it is not stored, the claim goes back.

The line of the sheet, in the run that has compared it, is known as the revision and always has its outcome.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, text

from etl.ledger.bodies import Bodies
from etl.ledger.database import inserted_key
from etl.ledger.runs import NewRun, RunRecord
from etl.ledger.schema import REQUESTS, RUNS, OpaqueId, for_rows, id_mark
from etl.ledger.steps import Step, note_step

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from etl.ledger.database import Database

# What went out for the activity first tells its lead and its time, which no update carries.
_CHANGED = f"""
SELECT {{row_id}}, line.row_number, holder.row_id AS holder_id, holder.run_id AS holder_run, holder.row_number AS holder_row,
       holder.outcome AS holder_outcome, holder.activity_id AS activity_id, holder.memory_key = line.memory_key AS has_its_key,
       holder.position, requests.body, origin.run_id AS origin_run, origin.position AS origin_position,
       first.body AS origin_body
FROM {{lines}} AS line JOIN rows AS holder ON holder.row_id = line.{{known}}
LEFT JOIN requests ON requests.request_id = holder.request_id
LEFT JOIN rows AS origin ON holder.replaces IS NOT NULL AND origin.account_id = holder.account_id
    AND {id_mark("origin.activity_id")} = {id_mark("holder.activity_id")} AND origin.activity_id = holder.activity_id
    AND origin.outcome = 'created' AND origin.activity_id IS NOT NULL
LEFT JOIN requests AS first ON first.request_id = origin.request_id
WHERE line.{{of}} AND line.row_number BETWEEN :first AND :last AND line.outcome = 'changed'"""

_OF_RUN = text(
    _CHANGED.format(row_id="line.row_id", lines="rows", known="known_row_id", of="run_id = :number")
).columns(activity_id=OpaqueId())
_OF_PLAN = text(_CHANGED.format(row_id="0", lines="plan", known="known", of="input_no = :number")).columns(
    activity_id=OpaqueId()
)

_CREATE = """
CREATE TEMPORARY TABLE IF NOT EXISTS revisions (
    line_id BIGINT PRIMARY KEY, holder_id BIGINT NOT NULL, address {blob} NOT NULL)"""

_BEGIN = text("""
INSERT INTO rows (run_id, row_number, scope_id, account_id, outcome, memory_key, ordinal, payload, cells,
                  lineage_run, lineage_row, address, replaces)
SELECT :run_id, line.row_number, line.scope_id, line.account_id, 'waiting', line.memory_key, holder.ordinal, line.payload,
       line.cells, line.run_id, line.row_number, revisions.address, revisions.holder_id
FROM revisions JOIN rows AS line ON line.row_id = revisions.line_id JOIN rows AS holder ON holder.row_id = revisions.holder_id
ORDER BY line.row_number""")

# Of several rows of one activity each takes the place of the one before.
_IN_TURN = text("""
UPDATE rows SET replaces = earlier.row_id FROM (
    SELECT row_id AS of_row, LAG(row_id) OVER (PARTITION BY address ORDER BY row_number) AS row_id
    FROM rows WHERE run_id = :run_id) AS earlier
WHERE rows.run_id = :run_id AND rows.row_id = earlier.of_row AND earlier.row_id IS NOT NULL""")

_LINES_FOLLOW = text("""
UPDATE rows SET outcome = 'waiting', known_row_id = revision.row_id, code = NULL, error = NULL, hint = NULL
FROM rows AS revision
WHERE revision.run_id = :run_id AND rows.run_id = :revises AND rows.row_number = revision.row_number""")

# What another process was quicker to revise is known as its row, and the line with it.
_TELL = """
UPDATE rows SET outcome = revision.outcome, code = revision.code, error = revision.error, hint = revision.hint,
    known_row_id = COALESCE(revision.known_row_id, revision.row_id)
FROM rows AS revision
WHERE {which} AND revision.replaces IS NOT NULL AND rows.run_id = revision.lineage_run
  AND rows.row_number = revision.lineage_row
  AND rows.known_row_id IN (revision.row_id, COALESCE(revision.known_row_id, revision.row_id))"""

_TELL_LINES = for_rows(_TELL.format(which="revision.row_id IN :row_ids"))

_TELL_ALL_LINES = text(_TELL.format(which="revision.run_id IN (SELECT run_id FROM runs WHERE revises = :run_id)"))

_GIVE_BACK = for_rows("""
UPDATE claims SET row_id = revision.replaces FROM rows AS revision
WHERE revision.row_id IN :row_ids AND revision.replaces IS NOT NULL AND claims.scope_id = revision.scope_id
  AND claims.memory_key = revision.memory_key AND claims.ordinal = revision.ordinal AND claims.row_id = revision.row_id""")

_UNDONE = text("""
SELECT run_id FROM runs WHERE revises = :run_id AND (state = 'open' OR EXISTS (
    SELECT 1 FROM rows WHERE rows.run_id = runs.run_id AND rows.outcome IN ('waiting', 'unconfirmed'))) ORDER BY run_id""")

# One that waits for an earlier row of its run has that one's activity, which may not be noted there yet.
_IDS = text("""
SELECT revision.row_number, COALESCE(holder.activity_id, (
    SELECT first.activity_id FROM rows AS earlier JOIN rows AS first ON first.row_id = earlier.replaces
    WHERE earlier.run_id = revision.run_id AND earlier.address = revision.address AND first.run_id <> revision.run_id LIMIT 1)
    ) AS activity_id
FROM rows AS revision JOIN rows AS holder ON holder.row_id = revision.replaces
WHERE revision.run_id = :run_id AND revision.row_number BETWEEN :first AND :last""").columns(activity_id=OpaqueId())

_WAITING_LINES = text("""
SELECT COUNT(*) FROM rows JOIN rows AS revision ON revision.row_id = rows.known_row_id
WHERE rows.run_id = :run_id AND rows.outcome = 'waiting' AND revision.replaces IS NOT NULL""")


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """A row of the sheet that is known as a holder, with other values. row_id: 0 before its run has begun.

    activity_id: the holder's, None where LeadSquared has named none. has_its_key: whether their `unique_by` values are equal.
    body, position: what the holder went out with, deflated; None where it is not kept. origin_*: the same of what went out
    for that activity first, where the holder was a revision itself.
    """

    row_id: int
    row_number: int
    holder_id: int
    holder_run: int
    holder_row: int
    holder_outcome: str
    activity_id: str | None
    has_its_key: bool
    position: int | None
    body: bytes | None
    origin_run: int | None
    origin_position: int | None
    origin_body: bytes | None


@dataclass(frozen=True, slots=True)
class Revision:
    """A changed row whose values go to its activity. address: the mark of that, as an update has it."""

    line_id: int
    holder_id: int
    address: bytes


class Revisions:
    """What the ledger knows of revisions."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bodies = Bodies(database)

    def changed_in_run(self, run_id: int, first_row: int, last_row: int) -> dict[int, ChangedLine]:
        """The changed rows of a stretch of the sheet, by row number."""
        return self._changed(_OF_RUN, run_id, first_row, last_row)

    def changed_in_plan(self, input_no: int, first_row: int, last_row: int) -> dict[int, ChangedLine]:
        """The same before a run; rows that differ from an earlier row of their own sheet are not among them."""
        return self._changed(_OF_PLAN, input_no, first_row, last_row)

    def collect(self, revisions: Iterable[Revision]) -> None:
        """Note rows for the next run that is begun."""
        blob = self._database.blob
        self._database.connection.exec_driver_sql(_CREATE.format(blob=blob))
        with self._database.looking():
            values = ((one.line_id, one.holder_id, one.address) for one in revisions)
            self._database.insert_many("revisions", Revision.__slots__, values)

    def forget_collected(self) -> None:
        """Begin collecting anew."""
        self.collect(())
        self._database.connection.exec_driver_sql("DELETE FROM revisions")

    def begin(self, new: NewRun) -> int:
        """Note a run with the collected rows, in one transaction; their lines wait with them. Returns its number."""
        values = new.columns()
        with self._database.writing(new.account_id) as connection:
            newest = select(func.max(REQUESTS.c.request_id)).scalar_subquery()
            now = self._database.clock.now().timestamp()
            begun = {"state": "open", "started_at": now, "planned_after": newest}
            run_id = inserted_key(connection.execute(RUNS.insert().values(**begun, **values)))
            note_step(connection, run_id, Step.BEGUN, now, new.on_behalf_of)
            place = {"run_id": run_id, "revises": new.revises}
            for statement in (_BEGIN, _IN_TURN, _LINES_FOLLOW):
                connection.execute(statement, place)
        return run_id

    def undone(self, run_id: int) -> list[int]:
        """The runs that revise for this one and have rows left; asks only."""
        return list(self._database.connection.execute(_UNDONE, {"run_id": run_id}).scalars())

    def activity_ids(self, run_id: int, first_row: int, last_row: int) -> dict[int, str]:
        """Which activity each row of a revising run changes, by row number."""
        found = self._database.connection.execute(_IDS, {"run_id": run_id, "first": first_row, "last": last_row})
        return {row.row_number: row.activity_id for row in found}

    def count_waiting_lines(self, run_id: int) -> int:
        """How many lines of a run wait for nothing but their revision; asks only."""
        return int(self._database.connection.execute(_WAITING_LINES, {"run_id": run_id}).scalar_one())

    def tell_lines(self, run_id: int) -> None:
        """Let every line of the run say what became of its revision, whatever was broken off before it was told."""
        with self._database.writing(run_id=run_id) as connection:
            connection.execute(_TELL_ALL_LINES, {"run_id": run_id})

    def revised_by(self, run_id: int) -> list[RunRecord]:
        """The runs that revise for this one, the oldest first; asks only."""
        columns = [RUNS.c[name] for name in RunRecord.__slots__]
        query = select(*columns).where(RUNS.c.revises == run_id).order_by(RUNS.c.run_id)
        return [RunRecord(*found) for found in self._database.connection.execute(query)]

    def _changed(self, statement: Any, number: int, first_row: int, last_row: int) -> dict[int, ChangedLine]:
        found = self._database.connection.execute(statement, {"number": number, "first": first_row, "last": last_row})
        lines = [ChangedLine(*row) for row in found]
        whole = self._bodies.deflated
        return {one.row_number: replace(one, body=whole(one.body), origin_body=whole(one.origin_body)) for one in lines}


def give_back_claims(connection: Connection, row_ids: Sequence[int]) -> None:
    """Those of some rows that are revisions and were not stored: what they replaced is what LeadSquared has."""
    connection.execute(_GIVE_BACK, {"row_ids": row_ids})


def tell_lines_of(connection: Connection, row_ids: Sequence[int]) -> None:
    """The lines of those of some rows that are revisions have their outcome."""
    connection.execute(_TELL_LINES, {"row_ids": row_ids})
