"""Runs that went to another ledger are left alone here: by the same command, by their corrected lines, by verify and undo."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from etl.errors import UsageError

if TYPE_CHECKING:
    from etl.ledger.store import Ledger
    from etl.stages.prepare import PreparedInput


def refuse_handed_over(run_id: int, ledger: Ledger) -> None:
    """Raises: UsageError — the run went to another ledger, or is one of another ledger's of which rows are known here."""
    given = ledger.handovers.given(run_id)
    if given is not None:
        at = datetime.fromtimestamp(given.at, UTC)
        raise UsageError(
            f"Run {run_id} was handed over at {at:%Y-%m-%d %H:%M} UTC, and goes on in the ledger that took the package: here its "
            f"rows could go out a second time. Nothing was sent. If nobody has taken the package, and nobody will: etl "
            f"handoff take-back {run_id}. Else have it handed back from there, and take that package here."
        )
    if ledger.handovers.is_only_known(run_id):
        raise UsageError(
            f"Run {run_id} is another ledger's: rows of it are known here, so that they are not sent again, and nothing else of "
            "it is. Ask whoever keeps that ledger. Nothing was sent."
        )


def refuse_lines_handed_over(prepared: PreparedInput, scope_id: int, ledger: Ledger) -> None:
    """Refuse a results or failed file whose rows would go out, where their run went to another ledger.

    Raises: UsageError — who took the run corrects its rows: here they could go out a second time.
    """
    if not prepared.table.is_ours:
        return
    run_id = ledger.handovers.given_line(prepared.number, scope_id)
    if run_id is not None:
        raise UsageError(
            f"{prepared.shown} has lines of run {run_id}, which was handed over: its rows are corrected and sent from the ledger "
            "that took the package, and from here they could go out a second time. Nothing was sent. If nobody has taken it, "
            f"and nobody will: etl handoff take-back {run_id}."
        )
