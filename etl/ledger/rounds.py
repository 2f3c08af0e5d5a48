"""What became of one sheet over all its rounds: the runs that had it or lines of it, and when each of its rows went in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, text

from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from etl.ledger.database import Database

_OF_CONTENT = text("""
SELECT MAX(run_id) FROM runs WHERE input_hash = :input_hash AND revises IS NULL
GROUP BY scope_id, COALESCE(sheet, '') ORDER BY 1""")

_OF_PATH = text("""
SELECT MAX(run_id) FROM runs WHERE input_path = :path AND revises IS NULL
GROUP BY scope_id, COALESCE(sheet, '') ORDER BY 1""")

_EXISTING = text("SELECT run_id FROM runs WHERE run_id IN :run_ids ORDER BY run_id").bindparams(
    bindparam("run_ids", expanding=True)
)

# The runs whose lines these runs had, and so on up to where the rows came from. Another ledger's numbers may be in a line,
# but then its scope is another one.
_ABOVE = text("""
WITH RECURSIVE above (run_id) AS (
    SELECT run_id FROM runs WHERE run_id IN :run_ids
    UNION
    SELECT DISTINCT rows.lineage_run FROM above JOIN rows ON rows.run_id = above.run_id
    JOIN runs ON runs.run_id = rows.lineage_run AND runs.scope_id = rows.scope_id)
SELECT run_id FROM above WHERE NOT EXISTS (
    SELECT 1 FROM rows JOIN runs ON runs.run_id = rows.lineage_run AND runs.scope_id = rows.scope_id
    WHERE rows.run_id = above.run_id) ORDER BY run_id""").bindparams(bindparam("run_ids", expanding=True))

# lines: those whose file has lines of a run before; sheets: those of the same place, where it was corrected itself.
_ROUNDS = text("""
WITH RECURSIVE lines (run_id) AS (
    SELECT run_id FROM runs WHERE run_id = :run_id
    UNION
    SELECT runs.run_id FROM lines JOIN rows ON rows.lineage_run = lines.run_id
    JOIN runs ON runs.run_id = rows.run_id AND runs.scope_id = :scope_id),
sheets AS (
    SELECT other.run_id FROM runs AS mine JOIN runs AS other
    ON other.scope_id = mine.scope_id AND other.input_path = mine.input_path
        AND COALESCE(other.sheet, '') = COALESCE(mine.sheet, '')
    WHERE mine.run_id = :run_id)
SELECT run_id FROM runs WHERE revises IS NULL AND (run_id IN (SELECT run_id FROM lines) OR run_id IN (SELECT run_id FROM sheets))
ORDER BY run_id""")

_WENT_IN = text("""
SELECT COALESCE(holder.run_id, line.run_id) AS of_run, requests.sent_at, COUNT(*) AS how_many
FROM rows AS line
LEFT JOIN rows AS holder ON holder.row_id = line.known_row_id
LEFT JOIN requests ON requests.request_id = COALESCE(holder.request_id, line.request_id)
WHERE line.run_id = :run_id AND line.outcome IN ('created', 'updated', 'already_imported')
GROUP BY 1, 2""")

_MISSING = text("""
SELECT outcome, COALESCE(code, ''), COUNT(*) FROM rows WHERE run_id = :run_id
AND outcome NOT IN ('created', 'updated', 'already_imported', 'ignored', 'undone') GROUP BY 1, 2""")

_MISSING_ROWS = text("""
SELECT row_number FROM rows WHERE run_id = :run_id AND outcome = :outcome AND COALESCE(code, '') = :code
ORDER BY row_number LIMIT :most""")


@dataclass(frozen=True, slots=True)
class WentIn:
    """Rows of a sheet that are in LeadSquared. of_run: which sent them. at: when, None for what another ledger has sent."""

    of_run: int
    at: float | None
    rows: int


@dataclass(frozen=True, slots=True)
class Missing:
    """Rows of a sheet that are not, or not certainly, in LeadSquared as they stand in it. first_rows: some numbers."""

    outcome: Outcome
    code: str | None
    rows: int
    first_rows: tuple[int, ...]


class Rounds:
    """Asks only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_content(self, input_hash: str) -> list[int]:
        """The newest run of this content for each account, mapping and sheet; those that revise left out."""
        return list(self._database.connection.execute(_OF_CONTENT, {"input_hash": input_hash}).scalars())

    def of_path(self, path: str) -> list[int]:
        """The same of whatever lay at this place."""
        return list(self._database.connection.execute(_OF_PATH, {"path": path}).scalars())

    def existing(self, run_ids: Collection[int]) -> list[int]:
        """Which of these numbers are runs of this ledger."""
        return list(self._database.connection.execute(_EXISTING, {"run_ids": list(run_ids)}).scalars())

    def origins(self, run_ids: Sequence[int]) -> list[int]:
        """The runs from which the lines of these runs come in the end; a run that had no lines of ours is its own."""
        return list(self._database.connection.execute(_ABOVE, {"run_ids": list(run_ids)}).scalars())

    def of_sheet(self, run_id: int, scope_id: int) -> list[int]:
        """All runs that had this run's sheet, itself or lines of its results and failed files, in the order of time."""
        place = {"run_id": run_id, "scope_id": scope_id}
        return list(self._database.connection.execute(_ROUNDS, place).scalars())

    def went_in(self, run_id: int) -> list[WentIn]:
        """When the rows of a run's sheet went into LeadSquared, and with which run; in no order."""
        return [WentIn(*row) for row in self._database.connection.execute(_WENT_IN, {"run_id": run_id})]

    def missing(self, run_id: int, most: int) -> list[Missing]:
        """The rows of a run's sheet that are not in LeadSquared, by cause, with the numbers of the first ones."""
        found = []
        for outcome, code, rows in self._database.connection.execute(_MISSING, {"run_id": run_id}).all():
            place = {"run_id": run_id, "outcome": outcome, "code": code, "most": most}
            first = self._database.connection.execute(_MISSING_ROWS, place).scalars()
            found.append(Missing(Outcome(outcome), code or None, rows, tuple(first)))
        return sorted(found, key=lambda one: (-one.rows, one.outcome.value, one.code or ""))
