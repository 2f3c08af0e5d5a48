"""Rows that are taken back (`etl undo`): what was asked of LeadSquared, and what is known to be gone or marked.

A row keeps its outcome while LeadSquared is asked: it is there until reading back shows that it is not, and its claim keeps it
from being sent again meanwhile. Then it is `undone`, with everything that was known as it, and the claim is given up.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import text

from etl.ledger.bodies import Bodies
from etl.ledger.doubts import CreatedRow
from etl.ledger.schema import ROWS, TAKEN_BACK, for_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy.engine import Connection

    from etl.ledger.database import Database
    from etl.records import Window

DELETE = "delete"
"""The way of rows whose deletion was asked for; any other one is a mark, as TARGET=VALUE."""

_AT_ONCE = 500

_CREATED = text("""
SELECT rows.row_id, rows.row_number, rows.activity_id, rows.request_id, rows.position, EXISTS (
    SELECT 1 FROM claims JOIN rows AS revision ON revision.row_id = claims.row_id
    WHERE claims.scope_id = rows.scope_id AND claims.memory_key = rows.memory_key AND claims.ordinal = rows.ordinal
      AND claims.row_id <> rows.row_id AND revision.replaces IS NOT NULL) AS is_revised
FROM rows WHERE rows.run_id = :run_id AND rows.outcome = 'created' AND rows.known_row_id IS NULL
ORDER BY rows.row_number""").columns(activity_id=ROWS.c.activity_id.type)

_ASKED = text("""
SELECT taken_back.row_id, taken_back.way, requests.request_id, requests.verdict, requests.ended_at, requests.body
FROM taken_back JOIN requests ON requests.request_id = taken_back.request_id
WHERE taken_back.run_id = :run_id ORDER BY requests.request_id""")

_WRITTEN = text("""
SELECT rows.row_id, requests.ended_at, requests.verdict FROM rows JOIN requests ON requests.request_id = rows.request_id
WHERE rows.run_id = :run_id AND rows.outcome = 'created' AND rows.known_row_id IS NULL AND requests.ended_at IS NOT NULL
UNION ALL
SELECT taken_back.row_id, requests.ended_at, requests.verdict FROM taken_back
JOIN requests ON requests.request_id = taken_back.request_id
WHERE taken_back.run_id = :run_id AND taken_back.way <> 'delete' AND requests.ended_at IS NOT NULL""")

_COUNT = text("""
SELECT COUNT(*) FROM rows WHERE run_id = :run_id AND outcome = 'undone' AND code = :code AND known_row_id IS NULL""")

# What was brought to the same activity by later runs, and whatever is known as one of these.
_FAMILY = for_rows("""
WITH RECURSIVE family (row_id) AS (
    SELECT row_id FROM rows WHERE row_id IN :row_ids
    UNION
    SELECT later.row_id FROM rows AS later JOIN family ON later.replaces = family.row_id
    WHERE later.run_id IN (SELECT run_id FROM runs WHERE revises IS NOT NULL))
SELECT row_id FROM family
UNION
SELECT rows.row_id FROM rows JOIN family ON rows.known_row_id = family.row_id""")

_UNDO = text("""
UPDATE rows SET outcome = 'undone', code = :code, error = NULL, hint = :hint
WHERE row_id = :row_id AND outcome IN ('created', 'updated', 'already_imported')""")

_RELEASE = for_rows("""
DELETE FROM claims WHERE row_id IN :row_ids AND (scope_id, memory_key, ordinal) IN (
    SELECT scope_id, memory_key, ordinal FROM rows WHERE row_id IN :row_ids)""")

_FORGET_KEYS = for_rows("""
DELETE FROM known_keys WHERE account_id = :account_id AND activity_id IN (
    SELECT activity_id FROM rows WHERE row_id IN :row_ids AND activity_id IS NOT NULL)""")

# Nobody sees an activity that is gone: as a witness it would keep rows in doubt for ever.
_NO_WITNESS = for_rows("""
UPDATE requests SET witness = NULL WHERE run_id = :run_id AND witness IN (
    SELECT activity_id FROM rows WHERE row_id IN :row_ids)""")

_HAS_UNDONE = text("""
SELECT 1 FROM rows AS line LEFT JOIN rows AS holder ON holder.row_id = line.known_row_id
WHERE line.run_id = :run_id AND (line.outcome = 'undone' OR holder.outcome = 'undone') LIMIT 1""")

_UNDER_WAY = text("""
SELECT runs.run_id, COUNT(DISTINCT rows.row_id) FROM runs
JOIN taken_back ON taken_back.run_id = runs.run_id
JOIN rows ON rows.row_id = taken_back.row_id AND rows.outcome = 'created'
JOIN requests ON requests.request_id = taken_back.request_id
WHERE runs.scope_id = :scope_id AND taken_back.way = 'delete' AND COALESCE(requests.verdict, 'unknown') IN ('queued', 'unknown')
GROUP BY runs.run_id ORDER BY runs.run_id""")


@dataclass(frozen=True, slots=True)
class UndoIntent:
    """A request about to be sent that takes rows of a run back. way: DELETE, or the mark."""

    account_id: int
    run_id: int
    window: Window
    row_ids: Sequence[int]
    body: bytes
    way: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that takes a row back, as it ended. verdict: None while it is in the air. ended_at: by the wall clock."""

    row_id: int
    way: str
    request_id: int
    verdict: str | None
    ended_at: float | None
    body: bytes | None


def note_asked(connection: Connection, intent: UndoIntent, request_id: int) -> None:
    """Note which rows a request takes back, within the transaction that takes its slot."""
    values = [
        {"request_id": request_id, "row_id": row_id, "run_id": intent.run_id, "way": intent.way}
        for row_id in intent.row_ids
    ]
    connection.execute(TAKEN_BACK.insert(), values)


class Undoings:
    """The ledger's side of `etl undo`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bodies = Bodies(database)

    def created(self, run_id: int) -> list[CreatedRow]:
        """The activities that this very run has created and that were not taken back, in the order of the sheet."""
        found = self._database.connection.execute(_CREATED, {"run_id": run_id})
        return [CreatedRow(row[0], row[1], row[2], row[3], row[4], bool(row[5])) for row in found]

    def asked(self, run_id: int) -> list[Asked]:
        """All requests that take rows of the run back, in the order of their sending; one for each of their rows."""
        asked = self._database.connection.execute(_ASKED, {"run_id": run_id})
        return [Asked(row[0], row[1], row[2], row[3], row[4], self._bodies.deflated(row[5])) for row in asked]

    def written(self, run_id: int) -> list[tuple[int, float, str | None]]:
        """When requests of ours that wrote activities of the run ended (wall clock), and their verdicts; by row_id."""
        return [(row[0], row[1], row[2]) for row in self._database.connection.execute(_WRITTEN, {"run_id": run_id})]

    def count_deleted(self, run_id: int) -> int:
        """How many activities of the run have been deleted already; asks only."""
        return int(self._database.connection.execute(_COUNT, {"run_id": run_id, "code": "deleted"}).scalar_one())

    def note_undone(self, run_id: int, account_id: int, hints: Mapping[int, str], code: str) -> None:
        """Rows, by row_id, are gone or marked: they and whatever was known as them are `undone`, and nothing keeps them.

        code: `deleted` or `marked`. The hints are for the results.
        """
        rows = iter(hints.items())
        while some := dict(islice(rows, _AT_ONCE)):
            with self._database.writing(account_id) as connection:
                for row_ids, hint in _by_hint(some):
                    family = list(connection.execute(_FAMILY, {"row_ids": row_ids}).scalars())
                    values = [{"row_id": row_id, "code": code, "hint": hint} for row_id in family]
                    connection.execute(_UNDO, values)
                    for portion in _portions(family):
                        connection.execute(_RELEASE, {"row_ids": portion})
                    place = {"row_ids": row_ids, "account_id": account_id, "run_id": run_id}
                    connection.execute(_FORGET_KEYS, place)
                    connection.execute(_NO_WITNESS, place)

    def has_undone(self, run_id: int) -> bool:
        """Whether rows of a run, or rows that its own are known as, were taken back; asks only."""
        return self._database.connection.execute(_HAS_UNDONE, {"run_id": run_id}).first() is not None

    def under_way(self, scope_id: int) -> dict[int, int]:
        """Runs of a mapping with rows whose deletion was asked for and has not been seen yet, and how many; asks only."""
        found = self._database.connection.execute(_UNDER_WAY, {"scope_id": scope_id})
        return {row[0]: row[1] for row in found}


def _by_hint(hints: Mapping[int, str]) -> Iterator[tuple[list[int], str]]:
    groups: dict[str, list[int]] = {}
    for row_id, hint in hints.items():
        groups.setdefault(hint, []).append(row_id)
    for hint, row_ids in groups.items():
        yield row_ids, hint


def _portions(values: Sequence[int]) -> Iterator[Sequence[int]]:
    waiting = iter(values)
    while some := list(islice(waiting, _AT_ONCE)):
        yield some
