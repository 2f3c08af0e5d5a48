"""The rows of a run as results need them: each with what is known of the row that holds its activity, and of its request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from etl.ledger.schema import opaque_text
from etl.records import NEEDS_A_PERSON, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from etl.ledger.database import Database

_PAGE_ROWS = 5_000

_LINES = """
SELECT line.row_number, line.outcome, COALESCE(line.activity_id, holder.activity_id) AS activity_id,
       line.code, CASE WHEN line.outcome = 'unconfirmed' THEN COALESCE(line.error, holder.error) ELSE line.error END AS error,
       line.hint,
       line.run_id AS run_id,
       holder.row_number AS holder_row, holder.run_id AS holder_run, requests.sent_at, requests.ended_at,
       CASE WHEN holder.replaces IS NULL THEN line.verified ELSE holder.verified END AS verified,
       COALESCE(line.message_id, holder.message_id) AS message_id
FROM rows AS line
LEFT JOIN rows AS holder ON holder.row_id = line.known_row_id
LEFT JOIN requests ON requests.request_id = COALESCE(line.request_id, holder.request_id)
WHERE line.run_id = :run_id AND line.row_number > :after{which} ORDER BY line.row_number LIMIT :most"""

ALL = _LINES.format(which="")
FAILED = _LINES.format(
    which=f" AND line.outcome IN ({', '.join(repr(outcome.value) for outcome in sorted(NEEDS_A_PERSON))})"
)
"""Which rows of a run: every one, or those that need a person."""

_OUTCOMES = {outcome.value: outcome for outcome in Outcome}

KeptLine: TypeAlias = "tuple[Any, ...]"
"""The fields of a `RowLine`, outcome and activity_id as they are kept: a million of them is read before one is looked at."""


class RowLine(NamedTuple):
    """One row as results need it. run_id: its own, which with row_number leads back to it; the holder's are beside it.

    verified: what `etl verify --all` found, None where it was not asked. message_id: what LeadSquared called it.
    """

    row_number: int
    outcome: Outcome
    activity_id: str | None
    code: str | None
    error: str | None
    hint: str | None
    run_id: int
    holder_row: int | None
    holder_run: int | None
    sent_at: float | None
    ended_at: float | None
    verified: str | None = None
    message_id: str | None = None


def row_line(kept: KeptLine) -> RowLine:
    """A row in the words of everybody else."""
    outcome, activity_id = kept[1:3]
    return RowLine(kept[0], _OUTCOMES[outcome], None if activity_id is None else opaque_text(activity_id), *kept[3:])


def pages(database: Database, which: str, run_id: int) -> Iterator[Sequence[KeptLine]]:
    """Rows of a run in the order of the sheet, some thousand at a time. which: ALL or FAILED."""
    after = 0
    while True:
        page = database.ask(which, {"run_id": run_id, "after": after, "most": _PAGE_ROWS})
        yield page
        if len(page) < _PAGE_ROWS:
            return
        after = page[-1][0]


def some(database: Database, run_id: int, row_number: int) -> Iterator[RowLine]:
    """The row with this number, or the next one behind it."""
    return map(row_line, database.ask(ALL, {"run_id": run_id, "after": row_number - 1, "most": 1}))
