"""What a verdict makes of the rows of its request. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.delivery.verdict import Answered, NotSent, Refused, Stop, Throttled, Unknown
from etl.reconciler.match import RowDone, RowRefused
from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.delivery.verdict import Verdict
    from etl.reconciler.match import RowVerdict


@dataclass(frozen=True, slots=True)
class RowEnd:
    """What became of one row of a request. WAITING: certainly not carried out, it may go again."""

    row_id: int
    outcome: Outcome
    activity_id: str | None = None
    code: str | None = None
    error: str | None = None
    hint: str | None = None


REFUSED_HINT = (
    "Correct what LeadSquared names and run the failed file, or this file again after correcting it in place."
)


def row_ends(verdict: Verdict, matched: Sequence[RowVerdict], row_ids: Sequence[int]) -> tuple[RowEnd, ...]:
    """One end for each row. matched: the answer's verdict on each row, in the order sent; empty unless it was answered."""
    if isinstance(verdict, Answered):
        return tuple(_answered(row_id, row) for row_id, row in zip(row_ids, matched, strict=True))
    return tuple(_together(verdict, row_id, alone=len(row_ids) == 1) for row_id in row_ids)


def _answered(row_id: int, row: RowVerdict) -> RowEnd:
    if isinstance(row, RowDone):
        return RowEnd(row_id, Outcome.CREATED, activity_id=row.activity_id)
    if isinstance(row, RowRefused):
        return RowEnd(row_id, Outcome.REFUSED, code="refused", error=row.reason, hint=REFUSED_HINT)
    return RowEnd(row_id, Outcome.UNCONFIRMED, code="unconfirmed", error=row.reason)


def _together(verdict: NotSent | Throttled | Refused | Stop | Unknown, row_id: int, *, alone: bool) -> RowEnd:
    """The end of a row whose request was not answered row by row.

    A refusal of several rows proves nothing about any of them: some may have been stored before LeadSquared met the bad
    one. A row that travelled alone is what was refused.
    """
    if isinstance(verdict, NotSent | Throttled):
        return RowEnd(row_id, Outcome.WAITING)
    if isinstance(verdict, Stop) and verdict.certain:
        return RowEnd(row_id, Outcome.WAITING)
    if isinstance(verdict, Refused) and alone:
        return RowEnd(row_id, Outcome.REFUSED, code="refused", error=verdict.reason, hint=REFUSED_HINT)
    return RowEnd(row_id, Outcome.UNCONFIRMED, code="unconfirmed", error=verdict.reason)


def is_doubtful(verdict: Verdict, ends: Sequence[RowEnd]) -> bool:
    """Whether a request has told us nothing at all about its rows, so that another one may fare no better."""
    went_out = not isinstance(verdict, NotSent | Throttled | Stop)
    return went_out and all(end.outcome is Outcome.UNCONFIRMED for end in ends)
