"""What a verdict makes of the rows of its request. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from etl.delivery.verdict import Answered, NotSent, Refused, Stop, Throttled, Unknown
from etl.reconciler.match import RowDone, RowRefused, RowStored
from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.delivery.verdict import Verdict
    from etl.reconciler.match import RowVerdict


class RowEnd(NamedTuple):
    """What became of one row of a request. A tuple, because each row that is sent has one.

    outcome: WAITING: certainly not carried out, it may go again. together: with how many others at most, and apart from all
    else, it goes again; None: with any. message_id: an id that LeadSquared answered with, without saying of what.
    """

    row_id: int
    outcome: Outcome
    activity_id: str | None = None
    code: str | None = None
    error: str | None = None
    hint: str | None = None
    together: int | None = None
    message_id: str | None = None


ID_UNKNOWN = "id_unknown"
"""The code of rows in doubt that LeadSquared called stored, in an answer that names no ProspectActivityId."""

REFUSED_HINT = (
    "Correct what LeadSquared names and run the failed file, or this file again after correcting it in place."
)

_ID_NOT_NAMED = "LeadSquared called it stored and named no ProspectActivityId: it is looked for by reading back."


def row_ends(
    verdict: Verdict, matched: Sequence[RowVerdict], row_ids: Sequence[int], stores_as: Outcome = Outcome.CREATED
) -> tuple[RowEnd, ...]:
    """One end for each row. matched: the answer's verdict on each row, in the order sent; empty unless it was answered.

    stores_as: what the operation makes of a row that LeadSquared has stored.
    """
    if isinstance(verdict, Answered):
        return tuple(_answered(row_id, row, stores_as) for row_id, row in zip(row_ids, matched, strict=True))
    return tuple(_together(verdict, row_id) for row_id in row_ids)


def _answered(row_id: int, row: RowVerdict, stores_as: Outcome) -> RowEnd:
    if isinstance(row, RowDone):
        return RowEnd(row_id, stores_as, activity_id=row.activity_id)
    if isinstance(row, RowStored):
        return RowEnd(row_id, Outcome.UNCONFIRMED, code=ID_UNKNOWN, error=_ID_NOT_NAMED, message_id=row.message_id)
    if isinstance(row, RowRefused):
        return RowEnd(row_id, Outcome.REFUSED, code="refused", error=row.reason, hint=REFUSED_HINT)
    return RowEnd(row_id, Outcome.UNCONFIRMED, code="unconfirmed", error=row.reason)


def _together(verdict: NotSent | Throttled | Refused | Stop | Unknown, row_id: int) -> RowEnd:
    """The end of a row whose request was not answered row by row.

    A refusal of the request as a whole proves nothing about any row: some may have been stored before LeadSquared met the
    bad one. Reading back settles it, also for a row that travelled alone.
    """
    if isinstance(verdict, NotSent | Throttled):
        return RowEnd(row_id, Outcome.WAITING)
    if isinstance(verdict, Stop) and verdict.certain:
        return RowEnd(row_id, Outcome.WAITING)
    return RowEnd(row_id, Outcome.UNCONFIRMED, code="unconfirmed", error=verdict.reason)


def is_doubtful(verdict: Verdict, ends: Sequence[RowEnd]) -> bool:
    """Whether a request has told us nothing at all, so that another one may fare no better.

    LeadSquared's own words about a bad row are an answer: the server is well, though the rows have to be read back.
    """
    if isinstance(verdict, Refused) and verdict.is_mx:
        return False
    went_out = not isinstance(verdict, NotSent | Throttled | Stop)
    return went_out and all(end.outcome is Outcome.UNCONFIRMED and end.code != ID_UNKNOWN for end in ends)
