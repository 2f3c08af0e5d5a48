"""The results of a run written again from the ledger and the kept copies; its input may be long gone."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from etl.errors import LedgerError
from etl.mapping.load import load_mapping
from etl.reader import InputRules
from etl.reconciler.lines import RunWords
from etl.reconciler.names import ResultNames
from etl.stages.writer import Source

if TYPE_CHECKING:
    from etl.ledger.runs import RunRecord
    from etl.ledger.store import Ledger
    from etl.stages.writer import Files, ResultsWriter

_NEIGHBOUR = re.compile(r"\.\d+$")


def write_again(
    run: RunRecord, names: ResultNames, writer: ResultsWriter, ledger: Ledger, *, is_their_place: bool
) -> Files:
    """Results and failed file of a run under these names, as its rows stand now.

    Raises: LedgerError — a kept copy was pruned or is gone. UsageError — they cannot be written there.
    """
    return writer.write(kept_source(run, ledger), names, _words(run), is_their_place=is_their_place)


def bring_up_to_date(run_id: int, writer: ResultsWriter, ledger: Ledger) -> None:
    """Write an earlier run's results again where they lay, if all that takes is there.

    Its failed file is left to the person who corrects it.
    """
    run = ledger.runs.get(run_id)
    if run is None or run.results_path is None or not where_they_lay(run).parent.is_dir():
        return
    names = names_of(run)
    if names.of_run is None and writer.is_of_later_run(names.latest, run_id):
        return  # a later run has its results at the only place that this one had
    if all(ledger.copies.has(content_hash) for content_hash in copies_of(run)):
        writer.write_results(kept_source(run, ledger), names, _words(run))


def where_they_lay(run: RunRecord) -> Path:
    """The run's latest results, whether they are there or not.

    Ledgers of version 0.1 hold some paths as they were typed; such results lay beside their input, unless `--results` was.
    """
    beside = Path(run.input_path)
    if run.results_path is None:
        return ResultNames.for_input(beside, run.run_id, rehearsal=False).latest
    lay = Path(run.results_path)
    return lay if lay.is_absolute() else beside.with_name(lay.name)


def copies_of(run: RunRecord) -> tuple[str, str]:
    """The hashes of the input and of the mapping that results are written from; behind a plus stand lookup files."""
    return run.input_hash, run.mapping_hash.partition("+")[0]


def kept_source(run: RunRecord, ledger: Ledger) -> Source:
    """What a run's results are written from.

    Raises: LedgerError — a kept copy was pruned or is gone.
    """
    kept_input, kept_mapping = copies_of(run)
    for content_hash, name in ((kept_input, run.input_path), (kept_mapping, run.mapping_path)):
        if not ledger.copies.has(content_hash):
            raise LedgerError(_gone(run, name, ledger))
    mapping = load_mapping(ledger.copies.path(kept_mapping), Path(run.mapping_path))
    rules = InputRules(run.sheet, mapping.input.header_row, mapping.input.encoding, mapping.input.delimiter)
    return Source(Path(run.input_path), ledger.copies.path(kept_input), rules)


def names_of(run: RunRecord, folder: Path | None = None) -> ResultNames:
    """The names under which the run's results were written: the usual ones, or the one place that was asked for.

    folder: where they go now, where that is not the folder in which they lay.
    """
    names = _names_there(run)
    if folder is None:
        return names
    of_run = folder / names.of_run.name if names.of_run else None
    return replace(names, latest=folder / names.latest.name, failed=folder / names.failed.name, of_run=of_run)


def _names_there(run: RunRecord) -> ResultNames:
    """A sheet of several, a file of ours and a neighbour with a number have usual names too: the ones that fit count."""
    original = Path(run.input_path)
    lay = where_they_lay(run)
    first = {lay, lay.with_stem(_NEIGHBOUR.sub("", lay.stem))}
    for is_ours in (False, True):
        for sheet in (None, run.sheet):
            names = ResultNames.for_input(original, run.run_id, rehearsal=False, sheet=sheet, is_ours=is_ours)
            if names.latest.absolute() in first:
                return names
    return ResultNames.for_input(original, None, rehearsal=False, results=lay)


def _words(run: RunRecord) -> RunWords:
    return RunWords(run.run_id, run.run_id, run.stop_reason)


def _gone(run: RunRecord, name: str, ledger: Ledger) -> str:
    what = f"The results of run {run.run_id} cannot be written again: the kept copy of {Path(name).name}"
    listed = ledger.listing.run(run.run_id)
    if listed is not None and listed.pruned_at is not None:
        return f"{what} was pruned. The results file of that time is all there is; the rows are known as before."
    return f"{what} is gone from {ledger.copies.folder}. Put that folder back from a backup."
