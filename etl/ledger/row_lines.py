"""The rows of a run as results need them: each with what is known of the row that holds its activity, and of its request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from etl.ledger.schema import opaque_text
from etl.records import NEEDS_A_PERSON, STORED, Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from etl.ledger.database import Database

_PAGE_ROWS = 5_000


def _listed(outcomes: Collection[Outcome]) -> str:
    return f"({', '.join(repr(outcome.value) for outcome in sorted(outcomes))})"


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
WHERE {which} ORDER BY line.row_number"""

_OF_RUN = "line.run_id = :run_id AND line.row_number > :after"

ALL = f"{_LINES.format(which=_OF_RUN)} LIMIT :most"
FAILED = f"{_LINES.format(which=f'{_OF_RUN} AND line.outcome IN {_listed(NEEDS_A_PERSON)}')} LIMIT :most"
"""Which rows of a run: every one, or those that need a person."""

_OF_ROWS = _LINES.format(which="line.row_id IN :row_ids")

# The last column leads to the rows of which more is to be told.
_SHORT = f"""
SELECT row_number, outcome, activity_id,
       CASE WHEN outcome IN {_listed(STORED)} AND known_row_id IS NULL
                 AND COALESCE(code, error, hint, verified, message_id) IS NULL THEN NULL ELSE row_id END
FROM rows WHERE run_id = :run_id AND row_number > :after ORDER BY row_number LIMIT :most"""

_WORTH_IT = 4  # one of so many rows may have more to tell before it is dearer to ask for these by themselves

_OUTCOMES = {outcome.value: outcome for outcome in Outcome}

KeptLine: TypeAlias = "tuple[Any, ...]"
"""The fields of a `RowLine`, outcome and activity_id as they are kept: a million of them is read before one is looked at."""

ShortLine: TypeAlias = "tuple[int, str, bytes | None, KeptLine | None]"
"""Number, outcome and activity_id of a row, as they are kept; then the whole line, None where a row is in LeadSquared and that
is all that results tell of it."""


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


def shown_line(short: ShortLine, run_id: int) -> RowLine:
    """The same of a short line, of this run. Where it is all there is, when the row was sent is left out: nothing tells it."""
    number, outcome, activity_id, line = short
    return row_line(line or (number, outcome, activity_id, None, None, None, run_id, None, None, None, None))


def pages(database: Database, which: str, run_id: int) -> Iterator[Sequence[KeptLine]]:
    """Rows of a run in the order of the sheet, some thousand at a time. which: ALL or FAILED."""
    after = 0
    while True:
        page = database.ask(which, _values(run_id, after))
        yield page
        if len(page) < _PAGE_ROWS:
            return
        after = page[-1][0]


def short_pages(database: Database, run_id: int) -> Iterator[Sequence[ShortLine]]:
    """All rows of a run as `pages` has them, as short as they can be: nearly all there are were simply stored.

    Of the others the whole lines are asked for besides; from where these are many on, of all rows.
    """
    after = 0
    are_few = True
    while True:
        values = _values(run_id, after)
        if are_few:
            page = database.ask(_SHORT, values)
            row_ids = [row[3] for row in page if row[3] is not None]
            are_few = len(row_ids) * _WORTH_IT <= len(page)
            if row_ids:
                lines = {line[0]: line for line in database.ask(_OF_ROWS, {"row_ids": row_ids})}
                page = [row if row[3] is None else (*lines[row[0]][:3], lines[row[0]]) for row in page]
        else:
            page = [(*line[:3], line) for line in database.ask(ALL, values)]
        yield page
        if len(page) < _PAGE_ROWS:
            return
        after = page[-1][0]


def _values(run_id: int, after: int) -> dict[str, int]:
    return {"run_id": run_id, "after": after, "most": _PAGE_ROWS}


def some(database: Database, run_id: int, row_number: int) -> Iterator[RowLine]:
    """The row with this number, or the next one behind it."""
    return map(row_line, database.ask(ALL, {"run_id": run_id, "after": row_number - 1, "most": 1}))
