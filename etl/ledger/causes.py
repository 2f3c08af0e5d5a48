"""Why rows of a run are not in LeadSquared, counted by what the ledger noted, each with its first rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, text

from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from etl.ledger.database import Database

# What LeadSquared says differs from row to row, so its texts are told apart here and put together by who knows their shape.
_COUNTED = text("""
SELECT outcome, code, CASE WHEN outcome IN ('refused', 'unconfirmed') THEN error END AS words,
       COUNT(*) AS rows_of_it, MIN(row_number) AS first_row
FROM rows WHERE run_id = :run_id AND outcome IN :outcomes GROUP BY 1, 2, 3""").bindparams(
    bindparam("outcomes", expanding=True)
)

_FIRST = text("""
SELECT row_number FROM rows
WHERE run_id = :run_id AND outcome = :outcome AND COALESCE(code, '') = COALESCE(:code, '')
  AND (CAST(:words AS TEXT) IS NULL OR error = :words)
ORDER BY row_number LIMIT :most""")


@dataclass(frozen=True, slots=True)
class NotedCause:
    """Rows of one outcome with one code; of refused ones and those in doubt, also with one text. code: as it was noted."""

    outcome: Outcome
    code: str | None
    words: str | None
    rows: int
    first_row: int


class Causes:
    """Asks only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counted(self, run_id: int, outcomes: Collection[Outcome]) -> Iterator[NotedCause]:
        """All rows of a run with one of these outcomes, by cause; in no order."""
        values = {"run_id": run_id, "outcomes": [outcome.value for outcome in outcomes]}
        for row in self._database.connection.execute(_COUNTED, values):
            yield NotedCause(Outcome(row[0]), row[1], row[2], row[3], row[4])

    def first_rows(self, run_id: int, cause: NotedCause, most: int) -> list[int]:
        """The numbers of the first rows with the outcome, the code and the words of a cause."""
        values = {
            "run_id": run_id,
            "outcome": cause.outcome.value,
            "code": cause.code,
            "words": cause.words,
            "most": most,
        }
        return list(self._database.connection.execute(_FIRST, values).scalars())
