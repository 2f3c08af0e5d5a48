"""The results of a run written again from the ledger and the kept copies; its input may be long gone."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from etl.errors import LedgerError
from etl.mapping.load import load_mapping
from etl.places import place_of
from etl.reader import sheets_of
from etl.reconciler.lines import RunWords
from etl.reconciler.names import WORKBOOK, ResultNames, as_file_name
from etl.stages.input_rules import rules_of
from etl.stages.writer import RunPart, Source

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
    own = RunPart(kept_source(run, ledger), _words(run))
    parts = parts_of(run, own, ledger) if is_their_place else ()
    return writer.write(own, names, parts, is_their_place=is_their_place)


def bring_up_to_date(run_id: int, writer: ResultsWriter, ledger: Ledger) -> None:
    """Write an earlier run's results again where they lay, if all that takes is there.

    Its failed file is left to the person who corrects it.
    """
    run = ledger.runs.get(run_id)
    if run is None or run.results_path is None or not where_they_lay(run).parent.is_dir():
        return
    names = names_of(run)
    if not all(ledger.copies.has(content_hash) for content_hash in copies_of(run)):
        return
    own = RunPart(kept_source(run, ledger), _words(run))
    parts = parts_of(run, own, ledger)
    newest = run_id if names.is_of_one else max(part.run for part in parts)
    if names.of_run is None and writer.is_of_later_run(names.latest, newest):
        return  # a later run has its results at the only place that this one had
    writer.write_results(own, names, parts)


def parts_of(run: RunRecord, own: RunPart, ledger: Ledger) -> list[RunPart]:
    """What stands in the results of a run's workbook: the newest run of each of its sheets, this one's by `own`.

    In the order of the sheets. A workbook is what one file was at one time, seen by one mapping.
    """
    others = [one for one in ledger.runs.of_one_workbook(run) if one.sheet != run.sheet] if run.sheet else []
    if not others:
        return [own]
    places = {sheet: place for place, sheet in enumerate(sheets_of(own.source.copy))}
    found = [(places.get(run.sheet or "", len(places)), own)]
    for other in others:
        source = replace(own.source, rules=replace(own.source.rules, sheet=other.sheet))
        words = _words(other) if own.words.shown_run is not None else replace(_words(other), shown_run=None)
        found.append((places.get(other.sheet or "", len(places)), RunPart(source, words)))
    return [part for _, part in sorted(found, key=lambda one: one[0])]


def where_they_lay(run: RunRecord) -> Path:
    """The run's latest results, whether they are there or not.

    Ledgers of version 0.1 hold some paths as they were typed; such results lay beside their input, unless `--results` was.
    """
    beside = place_of(run.input_path)
    if run.results_path is None:
        return ResultNames.for_input(beside, run.run_id, False, is_workbook=run.sheet is not None).latest
    lay = place_of(run.results_path)
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
    mapping = load_mapping(ledger.copies.path(kept_mapping), place_of(run.mapping_path))
    return Source(place_of(run.input_path), ledger.copies.path(kept_input), rules_of(mapping, run.sheet), mapping)


def names_of(run: RunRecord, folder: Path | None = None) -> ResultNames:
    """The names under which the run's results were written: the usual ones, or the one place that was asked for.

    folder: where they go now, where that is not the folder in which they lay.
    """
    names = _names_there(run)
    return names if folder is None else _in_folder(names, folder)


def _in_folder(names: ResultNames, folder: Path) -> ResultNames:
    of_run = folder / names.of_run.name if names.of_run else None
    return replace(names, latest=folder / names.latest.name, failed=folder / names.failed.name, of_run=of_run)


def _names_there(run: RunRecord) -> ResultNames:
    """A file of ours and a neighbour with a number have usual names too, and so had a sheet of several in version 0.1."""
    original = place_of(run.input_path)
    lay = where_they_lay(run)
    first = {lay, lay.with_stem(_NEIGHBOUR.sub("", lay.stem))}
    for is_ours in (False, True):
        is_workbook = run.sheet is not None
        names = ResultNames.for_input(original, run.run_id, False, is_workbook=is_workbook, is_ours=is_ours)
        if names.latest.absolute() in first:
            return names
    if run.sheet:
        of_sheet = original.with_name(f"{original.stem}.{as_file_name(run.sheet)}{original.suffix}")
        names = ResultNames.for_input(of_sheet, run.run_id, False, is_workbook=True)
        if names.latest.absolute() in first:
            return replace(names, is_of_one=True)
    return _usual_there(run, lay) or ResultNames.for_input(
        original, None, rehearsal=False, is_workbook=False, results=lay
    )


def _usual_there(run: RunRecord, lay: Path) -> ResultNames | None:
    """Usual names all the same, in another folder or after a copy of the input of another name: the failed file tells."""
    results = lay.with_stem(_NEIGHBOUR.sub("", lay.stem))
    if run.failed_path is None or not results.stem.endswith(".results"):
        return None
    copy = results.with_stem(results.stem.removesuffix(".results"))
    names = ResultNames.for_input(copy, run.run_id, False, is_workbook=results.suffix.lower() == WORKBOOK.suffix)
    failed = place_of(run.failed_path)
    return names if failed.with_stem(_NEIGHBOUR.sub("", failed.stem)).name == names.failed.name else None


def _words(run: RunRecord) -> RunWords:
    return RunWords(run.run_id, run.run_id, run.stop_reason)


def _gone(run: RunRecord, name: str, ledger: Ledger) -> str:
    what = f"The results of run {run.run_id} cannot be written again: the kept copy of {Path(name).name}"
    listed = ledger.listing.run(run.run_id)
    if listed is not None and listed.pruned_at is not None:
        return f"{what} was pruned. The results file of that time is all there is; the rows are known as before."
    return f"{what} is gone from {ledger.copies.lies_in}. Put that back from a backup."
