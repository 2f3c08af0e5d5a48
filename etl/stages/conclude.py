"""The end of one input: its results and failed files, the results of earlier runs that it corrects, its summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.errors import NetworkError, UsageError
from etl.events import InputSummary
from etl.exits import ExitCode
from etl.reconciler.counts import Equation
from etl.reconciler.lines import RunWords
from etl.reconciler.names import WORKBOOK
from etl.reconciler.put_in_place import check_folder
from etl.records import Outcome
from etl.stages.lead_cells import lead_links_of
from etl.stages.rewrite import bring_up_to_date, parts_of
from etl.stages.writer import Files, ResultsWriter, RunPart, names_of_input, needs_a_person, source_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from etl.delivery.decide import StopCause
    from etl.events import RunOptions
    from etl.ledger.store import Ledger
    from etl.settings import Account
    from etl.stages.prepare import PreparedInput

__all__ = [
    "Files",
    "ResultsWriter",
    "check_place",
    "needs_a_person",
    "next_step",
    "outcome_code",
    "summary_of",
    "write_files",
]


def check_place(prepared: PreparedInput, options: RunOptions) -> None:
    """Make sure, before anything is sent, that the results have a place.

    Raises: UsageError — the folder is missing or cannot be written to, or what it is has not enough columns or sheets.
    """
    names = names_of_input(prepared, None, options)
    if names.kind == WORKBOOK:
        from etl.reconciler.results_workbook import check_columns  # noqa: PLC0415 — loads what writes workbooks

        check_columns(prepared.table)
    elif prepared.is_one_of_several:
        raise UsageError(
            f"--results {names.latest}: {prepared.path.name} has several sheets to import, and a .csv holds one table. "
            "Name an .xlsx: it has a sheet of results for each of them."
        )
    check_folder(names.latest)


def write_files(
    prepared: PreparedInput,
    run_id: int,
    cause: StopCause | None,
    ledger: Ledger,
    options: RunOptions,
    others: Collection[int] = (),
    account: Account | None = None,
) -> Files:
    """The files of this run, and the files of earlier runs whose lines this input has corrected. others: further such runs.

    account: that of the run, for where it shows its leads.

    Raises: UsageError — they cannot be written, for whatever reason the system has; everything is in the ledger still.
    """
    names = names_of_input(prepared, run_id, options)
    words = RunWords(run_id, None if options.rehearse else run_id, cause.reason if cause else None)
    writer = ResultsWriter(
        ledger, is_rehearsal=options.rehearse and options.results is None, lead_links=lead_links_of([account])
    )
    try:
        own = RunPart(source_of(prepared), words)
        run = ledger.runs.get(run_id)
        files = writer.write(own, names, parts_of(run, own, ledger) if run else ())
        for earlier in {*ledger.runs.earlier_runs_of_lines(run_id), *others}:
            bring_up_to_date(earlier, writer, ledger)
    except (OSError, NetworkError) as error:  # a file that is open elsewhere, a disk or a store that fails
        raise UsageError(f"the results of {prepared.shown} cannot be written: {error}.") from error
    return files


def outcome_code(counts: Mapping[Outcome, int], cause: StopCause | None, *, holds: bool) -> ExitCode:
    """The exit code of one input."""
    if not holds:
        return ExitCode.DEFECT
    if cause is not None:
        return cause.exit_code
    if counts.get(Outcome.UNCONFIRMED, 0):
        return ExitCode.UNCONFIRMED
    if needs_a_person(counts):
        return ExitCode.NEEDS_A_PERSON
    return ExitCode.DONE


def summary_of(
    prepared: PreparedInput, run_id: int, cause: StopCause | None, ledger: Ledger, files: Files
) -> InputSummary:
    """How the input ended, counted in the ledger."""
    run = ledger.runs.get(run_id)
    counts = ledger.runs.counts(run_id) if files.counts is None else files.counts
    equation = Equation(run.data_rows if run else prepared.data_rows, counts)
    code = outcome_code(counts, cause, holds=equation.holds)
    return InputSummary(
        input=prepared.shown,
        run=run_id,
        equation=equation,
        exit_code=int(code),
        results=files.results,
        failed=files.failed,
        findings=tuple(prepared.findings),
        finding_counts=dict(prepared.finding_counts),
        stop_reason=cause.reason if cause else None,
        next_step=next_step(code, cause, files.failed),
    )


def next_step(code: ExitCode, cause: StopCause | None, failed: Path | None) -> str:
    """What to do now, in one sentence."""
    if cause is not None:
        return cause.remedy
    if code is ExitCode.NEEDS_A_PERSON and failed is not None:
        return f"Correct {failed.name} and run it through the same mapping: only its rows go out."
    if code is ExitCode.DEFECT:
        return "The rows do not add up: this is a defect of etl. Keep the ledger and report it."
    return code.next_step
