"""Results files as the ledger stands, written from the kept copy of their input; nobody's own file is ever overwritten."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import chain
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING

from etl.events import RunOptions
from etl.ledger.row_lines import shown_line
from etl.reader import InputRules, OffersTexts, open_input
from etl.reconciler.lines import RunWords, result_line
from etl.reconciler.names import DELIMITED, WORKBOOK, ResultNames
from etl.reconciler.own_texts import own_texts
from etl.reconciler.put_in_place import copy_in_place, take_away
from etl.reconciler.results import Part, write_failed_together, write_results_together
from etl.reconciler.results_delimited import texts_of
from etl.reconciler.side_by_side import side_by_side
from etl.records import MESSAGE_COLUMN, NEEDS_A_PERSON, VERIFIED_COLUMN
from etl.stages.lead_cells import lead_links, names_its_sheet
from etl.stages.run_facts import summary_facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from etl.ledger.counting import Tally
    from etl.ledger.row_lines import RowLine, ShortLine
    from etl.ledger.store import Ledger
    from etl.mapping.model import Mapping as RowMapping
    from etl.records import Outcome, ResultLine, Table
    from etl.stages.prepare import PreparedInput


@dataclass(frozen=True, slots=True)
class Source:
    """What a results file is written from: the kept copy of an input, how it is read, and what its columns mean."""

    path: Path
    copy: Path
    rules: InputRules
    mapping: RowMapping | None = None

    def table(self) -> Table:
        with open_input(self.copy, self.rules, self.path) as opened:
            return opened.table

    def lines(self, rows: Iterable[RowLine], words: RunWords) -> Iterator[ResultLine]:
        """Each row of the ledger with its cells. Both come in the order of the sheet."""
        waiting = iter(rows)
        row = next(waiting, None)
        with open_input(self.copy, self.rules, self.path) as opened:
            for block in opened.blocks():
                if row is None or not block.numbers or row.row_number > block.numbers[-1]:
                    continue  # none of its rows is asked for
                cells = zip(*block.columns.values(), strict=True)
                for number, values in zip(block.numbers, cells, strict=True):
                    if row is not None and row.row_number == number:
                        yield result_line(row, values, words)
                        row = next(waiting, None)

    def texts(
        self, table: Table, pages: Iterable[Sequence[ShortLine]], words: RunWords, more: tuple[str, ...], delimiter: str
    ) -> Iterator[str]:
        """The same lines as the text of a .csv, some hundred at a time. more: as `own_headers`.

        Where the input is such a text itself, what stands in it goes on as it is.
        """
        with open_input(self.copy, self.rules, self.path) as opened:
            written = None
            if isinstance(opened, OffersTexts) and not table.is_ours:
                written = opened.rows_as_written(delimiter)
            if written is not None:
                for rows, texts in side_by_side(pages, written):
                    own = own_texts(rows, words, more, delimiter)
                    yield "\r\n".join([*map(add, own, texts), ""])
                return
        shown = (shown_line(short, words.run) for short in chain.from_iterable(pages))
        yield from texts_of(self.lines(shown, words), table, delimiter, more)


@dataclass(frozen=True, slots=True)
class RunPart:
    """What one run has to say in a results file."""

    source: Source
    words: RunWords

    @property
    def run(self) -> int:
        return self.words.run


def source_of(prepared: PreparedInput) -> Source:
    """What this input's results are written from."""
    rules = prepared.mapping.rules(prepared.sheet)
    return Source(prepared.path, prepared.copy, rules, prepared.mapping.mapping)


def names_of_input(prepared: PreparedInput, run_id: int | None, options: RunOptions) -> ResultNames:
    """Where the files of this input go."""
    sheet = prepared.sheet if prepared.is_one_of_several else None
    is_ours = prepared.table.is_ours
    return ResultNames.for_input(
        prepared.path,
        run_id,
        options.rehearse,
        is_workbook=prepared.table.sheet is not None,
        sheet=sheet,
        results=options.results,
        is_ours=is_ours,
    )


@dataclass(frozen=True, slots=True)
class Files:
    """Where the results of a run lie; failed is None where no row needs a person, both are where they cannot be written.

    counts: how the run's rows stood as these were written; None where that has to be asked.
    """

    results: Path | None
    failed: Path | None
    counts: Mapping[Outcome, int] | None = None


class ResultsWriter:
    """Writes results files and remembers by hash what it wrote, so that nobody's own changes are ever overwritten.

    is_rehearsal: the files of the rehearsal before, which this ledger does not know, may always be replaced.
    lead_links: where accounts show their leads, by the account's name.
    """

    def __init__(
        self, ledger: Ledger, *, is_rehearsal: bool = False, lead_links: Mapping[str, str] | None = None
    ) -> None:
        self._ledger = ledger
        self._is_rehearsal = is_rehearsal
        self._lead_links = lead_links or {}

    def write(
        self, own: RunPart, names: ResultNames, parts: Sequence[RunPart] = (), *, is_their_place: bool = True
    ) -> Files:
        """Results and failed file of a run, as its rows stand in the ledger now.

        parts: all runs of its workbook in the order of the sheets, `own` among them; none where it stands alone.
        is_their_place: that is where they lie from now on, to be brought up to date; else it is one more copy.
        """
        parts = parts or [own]
        tallies = self._tallies(parts)
        results = self._write_results(own, names, parts, tallies)
        # Else there is no need to read the input once more.
        failing = [part for part in parts if needs_a_person(tallies[part.run].counts)]
        failed = None
        if failing:
            failed = write_failed_together(
                names.failed, [self._failed_lines(part) for part in failing], names.kind, self._is_ours
            )
        if failed is None:
            self._remove_outdated(names.failed)
        else:
            self._note(failed, _newest(parts))
        of_this_run = failed if own.run in {part.run for part in failing} else None
        if is_their_place:
            # Whole paths: the next command may be typed in another folder.
            self._ledger.runs.note_files(own.run, results.absolute(), of_this_run.absolute() if of_this_run else None)
        return Files(results, of_this_run, tallies[own.run].counts)

    def write_results(self, own: RunPart, names: ResultNames, parts: Sequence[RunPart] = ()) -> Path:
        """The results alone: under the run's number, and as the latest unless a later run has its results there."""
        return self._write_results(own, names, parts, self._tallies([own, *parts]))

    def _write_results(
        self, own: RunPart, names: ResultNames, parts: Sequence[RunPart], tallies: Mapping[int, Tally]
    ) -> Path:
        together = [own] if names.is_of_one or not parts else parts
        if names.of_run is None:
            return self._written(names.latest, names, together, tallies)
        of_run = self._written(names.of_run, names, [own], tallies)
        newest = _newest(together)
        if self.is_of_later_run(names.latest, newest):
            return of_run
        if len(together) > 1:
            return self._written(names.latest, names, together, tallies)
        content_hash = self._ledger.runs.output_hash(of_run.absolute())  # noted just now, and that of the copy too
        return self._note(copy_in_place(of_run, names.latest, self._may_replace(newest)), newest, content_hash)

    def _tallies(self, parts: Iterable[RunPart]) -> dict[int, Tally]:
        """How the rows of each run stand: asked once for all that is written of it."""
        return {run: self._ledger.runs.tally(run) for run in dict.fromkeys(part.run for part in parts)}

    def _written(self, place: Path, names: ResultNames, parts: Sequence[RunPart], tallies: Mapping[int, Tally]) -> Path:
        newest = _newest(parts)
        sheets = [self._lines(part, names, tallies[part.run]) for part in parts]
        may_replace = self._may_replace(newest)
        return self._note(write_results_together(place, sheets, names.kind, may_replace, names.failed.name), newest)

    def _lines(self, part: RunPart, names: ResultNames, tally: Tally) -> Part:
        runs = self._ledger.runs
        message = (MESSAGE_COLUMN,) if tally.has_message_ids else ()
        more = (*message, VERIFIED_COLUMN) if tally.has_verified else message
        table = part.source.table()
        lines = part.source.lines(runs.lines(part.run), part.words)
        if names.kind.suffix == DELIMITED.suffix:
            pages = runs.short_pages(part.run)
            texts = part.source.texts(table, pages, part.words, more, names.kind.delimiter)
            return Part(table, lines, more, texts=texts)
        listed = self._ledger.listing.run(part.run) if names.kind == WORKBOOK else None
        if listed is None:
            return Part(table, lines, more)
        mapping = part.source.mapping
        summary = summary_facts(listed, part.words, names.latest.absolute(), mapping, self._ledger)
        template = next((self._lead_links[name] for name in listed.accounts if name in self._lead_links), None)
        links = lead_links(template, mapping, table)
        is_named = names.sheet is not None or (mapping is not None and names_its_sheet(mapping))
        return Part(table, lines, more, summary, links, keeps_name=is_named)

    def _failed_lines(self, part: RunPart) -> Part:
        """Without the further columns of ours: what they tell is of rows that need nobody."""
        return Part(part.source.table(), part.source.lines(self._ledger.runs.failed_lines(part.run), part.words))

    def _may_replace(self, run_id: int) -> Callable[[Path], bool]:
        return lambda path: self._is_ours(path) and not self.is_of_later_run(path, run_id)

    def write_unsent(self, prepared: PreparedInput, lines: Callable[[int], Iterable[RowLine]]) -> Path | None:
        """The failed file of a check: no run, nothing sent. A file of ours is its own failed file, and stays as it is.

        lines: of an input, by its number; those of the inputs before this one in its workbook come into the file again.
        """
        if prepared.table.is_ours:
            return None
        names = names_of_input(prepared, None, RunOptions())
        words = RunWords(run=0, shown_run=None, stop_reason="this was a check")
        parts = [
            Part(source.table(), source.lines(lines(one.number), words))
            for one in (*prepared.before, prepared)
            for source in (source_of(one),)
        ]
        failed = write_failed_together(names.failed, parts, names.kind, self._is_ours)
        return None if failed is None else self._note(failed, 0)

    def _note(self, path: Path, run_id: int, content_hash: str | None = None) -> Path:
        self._ledger.runs.note_output(path.absolute(), content_hash or hash_of(path), run_id)
        return path

    def _is_ours(self, path: Path) -> bool:
        """Whether the file is as we wrote it: then a newer state may take its place."""
        known = self._ledger.runs.output_hash(path.absolute())
        return self._is_rehearsal or (known is not None and known == hash_of(path))

    def is_of_later_run(self, path: Path, run_id: int) -> bool:
        """Whether the file at this path holds the results of a later run."""
        writer = self._ledger.runs.output_run(path.absolute())
        return path.exists() and writer is not None and writer > run_id

    def _remove_outdated(self, failed: Path) -> None:
        """Every row has arrived by now: a failed file that nobody has touched would only mislead."""
        if failed.exists() and self._is_ours(failed):
            take_away(failed)


def _newest(parts: Sequence[RunPart]) -> int:
    return max(part.run for part in parts)


def hash_of(path: Path) -> str:
    """The SHA-256 of a file, by which it is known whether somebody has changed it."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def needs_a_person(counts: Mapping[Outcome, int]) -> bool:
    """Whether there are rows for the failed file."""
    return any(counts.get(outcome, 0) for outcome in NEEDS_A_PERSON)
