"""The end of one input: its results and failed files, the results of earlier runs that it corrects, its summary."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from etl.events import InputSummary, RunOptions
from etl.exits import ExitCode
from etl.mapping.load import load_mapping
from etl.reader import InputRules, open_input
from etl.reconciler.counts import Equation
from etl.reconciler.lines import RunWords, result_line
from etl.reconciler.names import WORKBOOK, ResultNames
from etl.reconciler.put_in_place import check_folder, copy_in_place
from etl.reconciler.results import write_failed, write_results
from etl.reconciler.results_workbook import check_columns
from etl.records import NEEDS_A_PERSON, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from etl.delivery.decide import StopCause
    from etl.ledger.runs import RowLine, RunRecord
    from etl.ledger.store import Ledger
    from etl.records import ResultLine, Table
    from etl.stages.prepare import PreparedInput


@dataclass(frozen=True, slots=True)
class Source:
    """What a results file is written from: the kept copy of an input, and how it is read."""

    path: Path
    copy: Path
    rules: InputRules

    def table(self) -> Table:
        with open_input(self.copy, self.rules, self.path) as opened:
            return opened.table

    def lines(self, rows: Iterable[RowLine], words: RunWords) -> Iterator[ResultLine]:
        """Each row of the ledger with its cells. Both come in the order of the sheet."""
        waiting = iter(rows)
        row = next(waiting, None)
        with open_input(self.copy, self.rules, self.path) as opened:
            for block in opened.blocks():
                numbers = block.frame.index.tolist()
                cells = block.frame.itertuples(index=False, name=None)
                for number, values in zip(numbers, cells, strict=True):
                    if row is not None and row.row_number == number:
                        yield result_line(row, values, words)
                        row = next(waiting, None)


def source_of(prepared: PreparedInput) -> Source:
    """What this input's results are written from."""
    return Source(prepared.path, prepared.copy, prepared.mapping.rules(prepared.sheet))


@dataclass(frozen=True, slots=True)
class Files:
    """Where the results of a run lie; failed is None where no row needs a person, both are where they cannot be written."""

    results: Path | None
    failed: Path | None


class ResultsWriter:
    """Writes results files and remembers by hash what it wrote, so that nobody's own changes are ever overwritten.

    is_rehearsal: the files of the rehearsal before, which this ledger does not know, may always be replaced.
    """

    def __init__(self, ledger: Ledger, *, is_rehearsal: bool = False) -> None:
        self._ledger = ledger
        self._is_rehearsal = is_rehearsal

    def write(self, source: Source, names: ResultNames, words: RunWords) -> Files:
        """Results and failed file of a run, as its rows stand in the ledger now."""
        table = source.table()
        results = self.write_results(source, names, words)
        failed = None
        if needs_a_person(self._ledger.runs.counts(words.run)):  # else there is no need to read the input once more
            lines = source.lines(self._ledger.runs.lines(words.run), words)
            failed = write_failed(names.failed, table, lines, names.kind, self._is_ours)
        if failed is None:
            self._remove_outdated(names.failed)
        else:
            self._note(failed, words.run)
        self._ledger.runs.note_files(words.run, results, failed)
        return Files(results, failed)

    def write_results(self, source: Source, names: ResultNames, words: RunWords) -> Path:
        """The results alone: under the run's number, and as the latest unless a later run has its results there."""
        lines = source.lines(self._ledger.runs.lines(words.run), words)
        first = names.of_run or names.latest
        results = self._note(write_results(first, source.table(), lines, names.kind, self._is_ours), words.run)
        if names.of_run is not None and not self._is_of_later_run(names.latest, words.run):
            results = self._note(copy_in_place(results, names.latest, self._is_ours), words.run)
        return results

    def write_unsent(self, prepared: PreparedInput, lines: Iterable[RowLine]) -> Path | None:
        """The failed file of a check: no run, nothing sent. A file of ours is its own failed file, and stays as it is."""
        if prepared.table.is_ours:
            return None
        names = _names(prepared, None, RunOptions())
        source = source_of(prepared)
        words = RunWords(run=0, shown_run=None, stop_reason="this was a check")
        failed = write_failed(names.failed, source.table(), source.lines(lines, words), names.kind, self._is_ours)
        return None if failed is None else self._note(failed, 0)

    def _note(self, path: Path, run_id: int) -> Path:
        self._ledger.runs.note_output(path.absolute(), _hash_of(path), run_id)
        return path

    def _is_ours(self, path: Path) -> bool:
        """Whether the file is as we wrote it: then a newer state may take its place."""
        known = self._ledger.runs.output_hash(path.absolute())
        return self._is_rehearsal or (known is not None and known == _hash_of(path))

    def _is_of_later_run(self, path: Path, run_id: int) -> bool:
        writer = self._ledger.runs.output_run(path.absolute())
        return path.exists() and writer is not None and writer > run_id

    def _remove_outdated(self, failed: Path) -> None:
        """Every row has arrived by now: a failed file that nobody has touched would only mislead."""
        if failed.exists() and self._is_ours(failed):
            failed.unlink(missing_ok=True)


def _hash_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _names(prepared: PreparedInput, run_id: int | None, options: RunOptions) -> ResultNames:
    """Where the files of this input go."""
    sheet = prepared.sheet if prepared.is_one_of_several else None
    is_ours = prepared.table.is_ours
    return ResultNames.for_input(prepared.path, run_id, options.rehearse, sheet, options.results, is_ours)


def check_place(prepared: PreparedInput, options: RunOptions) -> None:
    """Make sure, before anything is sent, that the results have a place.

    Raises: UsageError — the folder is missing or cannot be written to, or a sheet has not enough columns.
    """
    names = _names(prepared, None, options)
    if names.kind == WORKBOOK:
        check_columns(prepared.table)
    check_folder(names.latest)


def write_files(
    prepared: PreparedInput, run_id: int, cause: StopCause | None, ledger: Ledger, options: RunOptions
) -> Files:
    """The files of this run, and the files of earlier runs whose lines this input has corrected."""
    names = _names(prepared, run_id, options)
    words = RunWords(run_id, None if options.rehearse else run_id, cause.reason if cause else None)
    writer = ResultsWriter(ledger, is_rehearsal=options.rehearse and options.results is None)
    files = writer.write(source_of(prepared), names, words)
    for earlier in ledger.runs.earlier_runs_of_lines(run_id):
        _bring_up_to_date(earlier, writer, ledger)
    return files


def _bring_up_to_date(earlier: int, writer: ResultsWriter, ledger: Ledger) -> None:
    """Write an earlier run's results again where they lay. Its failed file is left to the person who corrects it."""
    run = ledger.runs.get(earlier)
    if run is None or run.results_path is None or not Path(run.results_path).parent.is_dir():
        return
    mapping = load_mapping(ledger.copies.path(run.mapping_hash.split("+")[0]), Path(run.mapping_path))
    said = mapping.input
    rules = InputRules(run.sheet, said.header_row, said.encoding, said.delimiter)
    source = Source(Path(run.input_path), ledger.copies.path(run.input_hash), rules)
    writer.write_results(
        source, _names_of(run, Path(run.results_path)), RunWords(run.run_id, run.run_id, run.stop_reason)
    )


def _names_of(run: RunRecord, results: Path) -> ResultNames:
    """The names under which the run's results were written: the usual ones, or the one place that was asked for."""
    usual = ResultNames.for_input(Path(run.input_path), run.run_id, rehearsal=False)
    if usual.latest.absolute() == results.absolute():
        return usual
    return ResultNames.for_input(Path(run.input_path), None, rehearsal=False, results=results)


def needs_a_person(counts: Mapping[Outcome, int]) -> bool:
    """Whether there are rows for the failed file."""
    return any(counts.get(outcome, 0) for outcome in NEEDS_A_PERSON)


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
    counts = ledger.runs.counts(run_id)
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
