"""What `etl undo` means for an import: rows that were taken back go out again, rows whose deletion is queued do not yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.events import Note

if TYPE_CHECKING:
    from etl.ledger.runs import RunRecord
    from etl.stages.session import Session


def was_taken_back(known: RunRecord, session: Session) -> bool:
    """Whether rows of a run, or what they are known as, are not what they were: its input has to be compared anew."""
    return session.ledger.undoings.has_undone(known.run_id)


def tell_what_is_being_deleted(shown: str, scope_id: int, session: Session) -> None:
    """Rows that LeadSquared was asked to delete and still has count as imported: sent now, they could be deleted with them."""
    for run_id, rows in session.ledger.undoings.under_way(scope_id).items():
        many = "1 row" if rows == 1 else f"{rows:,} rows"
        session.events(
            Note(
                f"{shown}: {many} of run {run_id} are being deleted by LeadSquared (etl undo {run_id} --delete looks again). "
                "Until they are gone they count as imported and are not sent."
            )
        )
