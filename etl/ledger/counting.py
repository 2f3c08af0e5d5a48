"""How many rows of runs stand at each outcome, asked for as cheaply as a ledger can tell it.

Nearly all rows of a run stand at one outcome, and to group them SQLite sorts them all. So the others alone are grouped; that
one has what is left of the number of all rows, which lies in an index. One statement asks for both, as of one moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from etl.ledger.database import Database

_USUAL = "SELECT outcome FROM rows WHERE run_id = :run_id ORDER BY row_number LIMIT 1"

# Behind '' stand all rows of the run. Of the usual outcome no row is counted, or only some of it: what is said of it is left out.
_COUNTS = """
SELECT outcome, COUNT(*) FROM rows WHERE run_id = :run_id AND outcome <> :usual GROUP BY outcome
UNION ALL SELECT '', COUNT(*) FROM rows WHERE run_id = :run_id"""

_TALLY = """
SELECT outcome, COUNT(*), COUNT(message_id), COUNT(verified) FROM rows
WHERE run_id = :run_id AND (outcome <> :usual OR message_id IS NOT NULL OR verified IS NOT NULL) GROUP BY outcome
UNION ALL SELECT '', COUNT(*), 0, 0 FROM rows WHERE run_id = :run_id"""

_REVISED_ARE_VERIFIED = """
SELECT 1 FROM runs JOIN rows ON rows.run_id = runs.run_id
WHERE runs.revises = :run_id AND rows.verified IS NOT NULL LIMIT 1"""

_COUNTS_OF_MANY = """
SELECT run_id, outcome, COUNT(*) FROM rows WHERE run_id IN :row_ids AND outcome <> 'created' GROUP BY run_id, outcome
UNION ALL SELECT run_id, '', COUNT(*) FROM rows WHERE run_id IN :row_ids GROUP BY run_id"""


@dataclass(frozen=True, slots=True)
class Tally:
    """What results need to know of a run's rows before they are read one by one.

    has_message_ids: LeadSquared named ids of something for some, without saying of what. has_verified: what LeadSquared holds
    of some was compared with them, be it as this run created them or as one that revises it has changed them.
    """

    counts: Mapping[Outcome, int]
    has_message_ids: bool
    has_verified: bool


def counts(database: Database, run_id: int) -> dict[Outcome, int]:
    """How many rows of the run stand at each outcome; outcomes without a row are left out."""
    usual = _usual(database, run_id)
    found = database.ask(_COUNTS, {"run_id": run_id, "usual": usual})
    return _with_usual(dict(found), usual)


def tally(database: Database, run_id: int) -> Tally:
    """The same, with what else is noted of some rows."""
    usual = _usual(database, run_id)
    found = database.ask(_TALLY, {"run_id": run_id, "usual": usual})
    are_named, are_checked = (any(row[column] for row in found) for column in (2, 3))
    are_checked = are_checked or bool(database.ask(_REVISED_ARE_VERIFIED, {"run_id": run_id}))
    return Tally(_with_usual({row[0]: row[1] for row in found}, usual), are_named, are_checked)


def counts_of_many(database: Database, run_ids: Iterable[int]) -> dict[int, dict[Outcome, int]]:
    """The counts of each of some runs, by its number; runs without a row are left out."""
    by_run: dict[int, dict[str, int]] = {}
    for run_id, name, rows in _asked_of_many(database, sorted(run_ids)):
        by_run.setdefault(run_id, {})[name] = rows
    return {run_id: _with_usual(found, Outcome.CREATED.value) for run_id, found in by_run.items()}


def _asked_of_many(database: Database, run_ids: Sequence[int]) -> Sequence[tuple[int, str, int]]:
    return database.ask(_COUNTS_OF_MANY, {"row_ids": run_ids}) if run_ids else ()


def _usual(database: Database, run_id: int) -> str:
    """The outcome that most rows of the run stand at, as its first one tells; if it is another one, counting takes longer."""
    first = database.ask(_USUAL, {"run_id": run_id})
    return str(first[0][0]) if first else Outcome.CREATED.value


def _with_usual(found: dict[str, int], usual: str) -> dict[Outcome, int]:
    """The counts of all outcomes in the order of their names, from those of the others and of all rows."""
    rest = found.pop("") - sum(rows for name, rows in found.items() if name != usual)
    every = found | {usual: rest}
    return {Outcome(name): every[name] for name in sorted(every) if every[name]}
