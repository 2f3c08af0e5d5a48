"""`on_change: update`: rows that are known and came with other values, brought to their activities.

Once everything of a run that is new has gone out, its changed rows become a run of their own, which `revises` the first
one and whose operation is `update`: order, doubts, reading back and going on are those of any update. What an update
cannot carry is not sent half: such a row stays `changed`, and its line says why.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from etl import __version__
from etl.events import Note
from etl.identity import lead_mark
from etl.ledger.revisions import Revision
from etl.ledger.runs import NewRun
from etl.mapping.model import Mapping, OnChange
from etl.mapping.operation_needs import OperationName
from etl.stages import pilot
from etl.stages.comparison import Comparison
from etl.stages.prepare import LoadedMapping, PreparedInput
from etl.stages.revisable import ADDRESS, carried, why_not
from etl.stages.rounds import Rounds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import ExitStack

    from etl.delivery.decide import StopCause
    from etl.ledger.runs import RunRecord
    from etl.ledger.store import Ledger
    from etl.mapping.apply import AppliedRow
    from etl.stages.session import Session

MOST_PASSES = 4
"""A row of which another process has meanwhile sent other values is compared once more, but not for ever."""

_HASH_SUFFIX = "+update"


@dataclass(slots=True, kw_only=True)
class RevisedInput(PreparedInput):
    """The rows of an input that a revising run brings to their activities, each with the id of its own.

    original: the whole input. run_id: the revising run.
    """

    original: PreparedInput
    run_id: int
    ledger: Ledger

    def applied(self, *, addressed: bool = True) -> Iterator[list[AppliedRow]]:  # noqa: ARG002 — as of any input
        """Those rows alone, block by block. addressed: they always are: the ledger knows their activities."""
        for rows in self.original.applied(addressed=False):
            ids = self.ledger.revisions.activity_ids(self.run_id, rows[0].row_number, rows[-1].row_number)
            found = [_revised(row, ids[row.row_number]) for row in rows if row.row_number in ids]
            if found:
                yield found


def is_to_revise(prepared: PreparedInput) -> bool:
    """Whether changed rows of an input are to be brought to their activities."""
    return prepared.mapping.mapping.on_change is OnChange.UPDATE


def revise(prepared: PreparedInput, run: RunRecord, session: Session, locks: ExitStack) -> StopCause | None:
    """Bring the changed rows of a run to their activities, those first that an earlier process has left behind.

    Returns: why it stopped before the end, if it did.
    """
    for run_id in session.ledger.revisions.undone(run.run_id):
        session.ledger.runs.clear_stop(run_id)
        session.ledger.requests.close_lost(run_id)
        cause = _go(prepared, run_id, session, locks)
        if cause is not None:
            return cause
    for _ in range(MOST_PASSES):
        session.ledger.revisions.tell_lines(run.run_id)
        rows = _collect(prepared, run.run_id, session.ledger)
        if not rows:
            break
        run_id = session.ledger.revisions.begin(_new_run(prepared, run, rows, session.options.on_behalf_of))
        known = "1 row is known and has" if rows == 1 else f"{rows:,} rows are known and have"
        session.events(Note(f"{known} other values now: updated in LeadSquared (run {run_id})."))
        cause = _go(prepared, run_id, session, locks)
        if cause is not None:
            return cause
    return None


def _go(prepared: PreparedInput, run_id: int, session: Session, locks: ExitStack) -> StopCause | None:
    given = {one.name: getattr(prepared, one.name) for one in fields(PreparedInput)}
    given |= {"mapping": _as_update(prepared.mapping), "leads": None, "kept_rows": None}
    revised = RevisedInput(**given, original=prepared, run_id=run_id, ledger=session.ledger)
    cause = pilot.go(Rounds(revised, run_id, session, locks), prepared.shown, session)
    session.ledger.runs.end(run_id, cause.reason if cause else None, int(cause.exit_code) if cause else None)
    return cause


def _collect(prepared: PreparedInput, run_id: int, ledger: Ledger) -> int:
    """Note which changed rows can be brought to their activities. Returns: how many there are."""
    ledger.revisions.forget_collected()
    comparison = Comparison(prepared.mapping, ledger)
    count = 0
    if not ledger.runs.has_unexplained(run_id):
        return count
    for rows in prepared.applied(addressed=False):
        changed = ledger.revisions.changed_in_run(run_id, rows[0].row_number, rows[-1].row_number)
        found = [
            Revision(line.row_id, line.holder_id, lead_mark(line.activity_id))
            for row in rows
            if (line := changed.get(row.row_number)) is not None
            and line.activity_id is not None
            and why_not(carried(row), line, comparison.differences(row, line)) is None
        ]
        ledger.revisions.collect(found)
        count += len(found)
    return count


def _new_run(prepared: PreparedInput, run: RunRecord, rows: int, on_behalf_of: str | None) -> NewRun:
    return NewRun(
        scope_id=run.scope_id,
        account_id=run.account_id,
        operation=OperationName.UPDATE,
        input_hash=run.input_hash,
        input_path=run.input_path,
        sheet=run.sheet,
        mapping_hash=f"{prepared.mapping.hash}{_HASH_SUFFIX}",
        mapping_path=run.mapping_path,
        data_rows=rows,
        duplicate=None,
        etl_version=__version__,
        revises=run.run_id,
        on_behalf_of=on_behalf_of,
    )


def _revised(row: AppliedRow, activity_id: str) -> AppliedRow:
    return row._replace(values={ADDRESS: activity_id, **carried(row)}, known_by=())


def _as_update(loaded: LoadedMapping) -> LoadedMapping:
    """The mapping as far as its rows update what is there: no lead is addressed, and no row key is set anew."""
    of_adding = {"search_by": None, "leads": None, "unique_by": (), "row_key_field": None, "on_change": OnChange.REPORT}
    mapping: Mapping = loaded.mapping.model_copy(update={"operation": OperationName.UPDATE, **of_adding})
    return replace(loaded, mapping=mapping, hash=f"{loaded.hash}{_HASH_SUFFIX}")
