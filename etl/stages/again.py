"""How rows go again that reading back has not shown: apart from all others, in smaller and smaller company."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.delivery.outcomes import REFUSED_HINT, RowEnd
from etl.records import Outcome

if TYPE_CHECKING:
    from etl.ledger.doubts import Doubt, DoubtfulRow


def end_of_absent(row: DoubtfulRow, doubt: Doubt) -> RowEnd:
    """A row that is not there goes again; one that was refused while it was alone is refused."""
    if is_refused_alone(doubt):
        return RowEnd(row.row_id, Outcome.REFUSED, code="refused", error=doubt.detail, hint=REFUSED_HINT)
    is_refusal = doubt.verdict == "refused"
    return RowEnd(row.row_id, Outcome.WAITING, together=_company(row.together, doubt.size, is_refusal=is_refusal))


def is_refused_alone(doubt: Doubt) -> bool:
    """Whether a refusal of the whole request can be about no other row."""
    return doubt.verdict == "refused" and doubt.size == 1


def _company(before: int | None, size: int, *, is_refusal: bool) -> int:
    """How many rows at most travel together next: a fifth after a refusal, and after the second time that nothing came back.

    A chunk that was merely lost goes apart from others once as it is: most losses are the network's, not a row's.
    """
    if before is None and not is_refusal:
        return 25
    return 5 if size > 5 else 1
