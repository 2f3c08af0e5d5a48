"""What a past run has in LeadSquared, as a sheet to correct: from the ledger and the kept copies, beside the results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from etl.errors import UsageError
from etl.mapping.bind import bind
from etl.mapping.load import load_mapping
from etl.mapping.operation_needs import OperationName
from etl.places import place_of
from etl.reconciler.for_update import ID_COLUMN, CorrectionColumns, write_for_update
from etl.reconciler.lines import RunWords
from etl.reconciler.names import DELIMITED, WORKBOOK, for_update_beside
from etl.records import STORED, Outcome
from etl.stages.rewrite import copies_of, kept_source, names_of
from etl.stages.writer import hash_of

if TYPE_CHECKING:
    from etl.ledger.runs import RunRecord
    from etl.ledger.store import Ledger
    from etl.reconciler.names import FileKind
    from etl.records import Table

IN_LEADSQUARED = STORED | {Outcome.ALREADY_IMPORTED}
"""Outcomes of rows that LeadSquared holds as the input has them, from this run or from an earlier one."""


@dataclass(frozen=True, slots=True)
class ForUpdate:
    """The sheet of a run's activities. rows: its lines. without_id: rows in LeadSquared whose ids nobody told."""

    path: Path
    rows: int
    without_id: int


def write_what_arrived(run: RunRecord, ledger: Ledger, folder: Path | None, out: Path | None) -> ForUpdate:
    """Write the rows of a run that are in LeadSquared, each with its id.

    Args:    folder: where it goes if not beside the results. out: the one place that was asked for, .xlsx or .csv.
    Raises:  UsageError — no row has an id, or the file cannot be written there. LedgerError — a kept copy is gone.
    """
    with_id = without_id = 0
    for row in ledger.runs.lines(run.run_id):
        if row.outcome in IN_LEADSQUARED:
            with_id, without_id = with_id + bool(row.activity_id), without_id + (not row.activity_id)
    if not with_id:
        raise UsageError(_nothing(run.run_id, without_id))
    source = kept_source(run, ledger)
    table = source.table()
    columns = CorrectionColumns.of(table, _id_position(run, table, ledger))
    target, kind = _place(run, folder, out)
    every = source.lines(ledger.runs.lines(run.run_id), RunWords(run.run_id, run.run_id, run.stop_reason))
    lines = (line for line in every if line.status in IN_LEADSQUARED and line.activity_id)

    def may_replace(path: Path) -> bool:
        return ledger.runs.output_hash(path.absolute()) == hash_of(path)

    path = write_for_update(target, table, columns, lines, kind, may_replace)
    ledger.runs.note_output(path.absolute(), hash_of(path), run.run_id)
    return ForUpdate(path, with_id, without_id)


def _place(run: RunRecord, folder: Path | None, out: Path | None) -> tuple[Path, FileKind]:
    if out is not None:
        return out, WORKBOOK if out.suffix.lower() == WORKBOOK.suffix else DELIMITED
    names = names_of(run, folder)
    return for_update_beside(names, run.run_id), names.kind


def _id_position(run: RunRecord, table: Table, ledger: Ledger) -> int | None:
    """The column of the input in which an update found its ids; None for other operations, or where no column has them."""
    if run.operation != OperationName.UPDATE:
        return None
    mapping = load_mapping(ledger.copies.path(copies_of(run)[1]), place_of(run.mapping_path))
    bound = bind(mapping, table)
    columns = (
        bound.column(mapped.header, mapped.letter)
        for mapped in mapping.targets()
        if mapped.target == ID_COLUMN and (mapped.header or mapped.letter)
    )
    return next((column.position for column in columns), None)


def _nothing(run_id: int, without_id: int) -> str:
    if without_id:
        return (
            f"Run {run_id} has {without_id:,} rows in LeadSquared, but their ids are not known, so no update can name them. "
            "etl fetch brings activities with their ids."
        )
    return f"No row of run {run_id} is in LeadSquared, so there is nothing to update. etl runs {run_id} says what became of it."
