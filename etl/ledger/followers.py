"""Rows that were taken for another row while that one was on its way: they share its fate, whatever that turns out to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from etl.delivery.outcomes import RowEnd
from etl.records import STORED, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from etl.ledger.database import Database

REOPEN = text("UPDATE runs SET state = 'open' WHERE run_id = :run_id")

_FOLLOWED = "SELECT DISTINCT known_row_id FROM rows WHERE known_row_id IN :row_ids"

# Rows of this run that are the same activity, and rows of other runs that were planned while this one was in the air.
_FOLLOWERS = text("""
UPDATE rows SET outcome = :outcome, error = :error, hint = :hint, code = :code
WHERE known_row_id = :row_id AND (outcome = 'unconfirmed' OR (outcome = 'waiting' AND run_id = :run_id))""")

# Of those in other runs, the ones with other values, found as a plan finds them.
_CHANGED_FOLLOWERS = text("""
UPDATE rows SET outcome = 'changed', error = NULL, hint = NULL, code = NULL FROM rows AS holder
WHERE holder.row_id = :row_id AND rows.known_row_id = :row_id AND rows.run_id <> :run_id
  AND rows.outcome = 'unconfirmed' AND rows.payload <> holder.payload
  AND (rows.memory_key = holder.memory_key OR (rows.lineage_run IS NOT NULL AND rows.cells <> holder.cells))""")

# The line of a revision has that one's outcome, and never goes out by itself.
# Rows that a plan compared with a row in the air which did not arrive: those of its own run follow it still. Of a row that was
# refused only those with other values are free: LeadSquared has said nothing about these.
_WAIT_AGAIN = text("""
UPDATE rows SET outcome = 'waiting', code = NULL, error = NULL, hint = NULL
WHERE known_row_id = :row_id AND run_id = :run_id AND outcome = 'unconfirmed'""")

_FOLLOWERS_ELSEWHERE = text("""
SELECT row_id, run_id, row_number, scope_id, memory_key FROM rows
WHERE known_row_id = :row_id AND run_id <> :run_id AND outcome = 'unconfirmed' AND NOT EXISTS (
    SELECT 1 FROM rows AS revision WHERE revision.row_id = :row_id AND revision.replaces IS NOT NULL
      AND revision.lineage_run = rows.run_id AND revision.lineage_row = rows.row_number)
  AND (:is_refused = 0 OR payload <> (SELECT payload FROM rows WHERE row_id = :row_id)) ORDER BY run_id, row_number""")

# The first of them in each run stands for itself from here on. With the key of the row that it followed it takes its ordinal,
# too: whichever of the two goes out first, the other one is known.
_STAND_ALONE = text("""
UPDATE rows SET outcome = 'waiting', known_row_id = NULL, code = NULL, error = NULL, hint = NULL,
    ordinal = CASE WHEN memory_key = (SELECT memory_key FROM rows WHERE row_id = :holder)
        THEN (SELECT ordinal FROM rows WHERE row_id = :holder)
        ELSE 1 + COALESCE((SELECT MAX(ordinal) FROM (
            SELECT ordinal FROM claims WHERE scope_id = :scope_id AND memory_key = :memory_key
            UNION ALL
            SELECT ordinal FROM rows WHERE run_id = :run_id AND memory_key = :memory_key) AS taken), 0) END
WHERE row_id = :row_id""")

# The others follow it as a plan would let them, other values reported; so do those that were reported as changed before.
_FOLLOW_ANOTHER = text("""
UPDATE rows SET known_row_id = :first, code = NULL, error = NULL, hint = NULL,
    outcome = CASE WHEN payload = (SELECT payload FROM rows WHERE row_id = :first) THEN 'waiting' ELSE 'changed' END
WHERE row_id = :row_id""")

_CHANGED_FOLLOW_ANOTHER = text("""
UPDATE rows SET known_row_id = :first WHERE known_row_id = :holder AND run_id = :run_id AND outcome = 'changed'""")

_FOLLOW_THE_HOLDER = text("UPDATE rows SET known_row_id = :theirs WHERE known_row_id = :ours")

# What follows a row of a request that nobody will answer any more is as doubtful as that row.
_DOUBT_FOLLOWERS = text("""
UPDATE rows SET outcome = 'unconfirmed' WHERE run_id = :run_id AND outcome = 'waiting' AND known_row_id IN (
    SELECT row_id FROM rows WHERE run_id = :run_id AND outcome = 'unconfirmed')""")

# Rows that a plan took for rows of another run which have had their end while the plan was being made. First they follow whom
# those follow by now.
_FOLLOW_THE_LAST = text("""
UPDATE rows SET known_row_id = (SELECT holder.known_row_id FROM rows AS holder WHERE holder.row_id = rows.known_row_id)
WHERE run_id = :run_id AND outcome = 'unconfirmed' AND known_row_id IN (
    SELECT row_id FROM rows WHERE known_row_id IS NOT NULL)""")

_ENDED_HOLDERS = text("""
SELECT DISTINCT holder.row_id, holder.run_id, holder.outcome, holder.code, holder.error, holder.hint
FROM rows JOIN rows AS holder ON holder.row_id = rows.known_row_id
WHERE rows.run_id = :run_id AND rows.outcome = 'unconfirmed' AND holder.run_id <> :run_id AND holder.outcome <> 'unconfirmed'
""")


def settle_followers(database: Database, ends: Sequence[RowEnd], runs: Mapping[int, int]) -> None:
    """Rows that are the same activity as one of these share its fate. runs: of which run each row is."""
    have = {followed for (followed,) in database.ask(_FOLLOWED, {"row_ids": [end.row_id for end in ends]})}
    for end in ends:
        if end.row_id in have:
            _tell_followers(database.connection, end, runs[end.row_id])


def _tell_followers(connection: Connection, end: RowEnd, run_id: int) -> None:
    place = {"row_id": end.row_id, "run_id": run_id}
    if end.outcome is Outcome.WAITING:
        connection.execute(_WAIT_AGAIN, place)
    if end.outcome in {Outcome.WAITING, Outcome.REFUSED}:
        _free_followers(connection, end.row_id, run_id, is_refused=end.outcome is Outcome.REFUSED)
    if end.outcome is Outcome.WAITING:
        return
    is_stored = end.outcome in STORED
    if is_stored:
        connection.execute(_CHANGED_FOLLOWERS, place)
    outcome = Outcome.ALREADY_IMPORTED if is_stored else end.outcome
    texts = {"code": end.code, "error": end.error, "hint": end.hint}
    connection.execute(_FOLLOWERS, {**place, "outcome": outcome.value, **texts})


def _free_followers(connection: Connection, row_id: int, run_id: int, *, is_refused: bool) -> None:
    """Rows of other runs that were taken for this one, which is not in LeadSquared: they wait on their own now."""
    firsts: dict[int, int] = {}
    wanted = {"row_id": row_id, "run_id": run_id, "is_refused": int(is_refused)}
    for row in connection.execute(_FOLLOWERS_ELSEWHERE, wanted).all():
        if row.run_id in firsts:
            connection.execute(_FOLLOW_ANOTHER, {"row_id": row.row_id, "first": firsts[row.run_id]})
            continue
        firsts[row.run_id] = row.row_id
        place = {"scope_id": row.scope_id, "run_id": row.run_id, "memory_key": row.memory_key}
        connection.execute(_STAND_ALONE, {"holder": row_id, "row_id": row.row_id, **place})
        itself = {"first": row.row_id, "holder": row_id, "run_id": row.run_id}
        connection.execute(_CHANGED_FOLLOW_ANOTHER, itself)
        connection.execute(REOPEN, {"run_id": row.run_id})


def follow_holder(connection: Connection, ours: int, theirs: int, run_id: int, outcome: Outcome) -> None:
    """A row of this run was taken by another one: what followed it follows that one, and has its outcome."""
    follower = {"row_id": ours, "run_id": run_id, "outcome": outcome.value}
    connection.execute(_FOLLOWERS, {**follower, "error": None, "hint": None, "code": None})
    connection.execute(_FOLLOW_THE_HOLDER, {"ours": ours, "theirs": theirs})


def doubt_followers(connection: Connection, run_id: int) -> None:
    """What follows a row in doubt within the run is in doubt, too."""
    connection.execute(_DOUBT_FOLLOWERS, {"run_id": run_id})


def tell_late_followers(connection: Connection, run_id: int) -> None:
    """Rows of this run that count as in doubt with a row of another run, which has had its end by now, are told of it."""
    while connection.execute(_FOLLOW_THE_LAST, {"run_id": run_id}).rowcount:
        pass
    for holder in connection.execute(_ENDED_HOLDERS, {"run_id": run_id}).all():
        end = RowEnd(holder.row_id, Outcome(holder.outcome), code=holder.code, error=holder.error, hint=holder.hint)
        _tell_followers(connection, end, holder.run_id)
