"""Rows of an input become what is sent: the mapping applied to one block after the other."""

from __future__ import annotations

from collections import Counter
from itertools import compress
from typing import TYPE_CHECKING

from etl.findings import ChoiceUnknown, Finding, NothingToChange, Problem
from etl.mapping.applied import AppliedColumns, AppliedRow
from etl.mapping.bind import bind
from etl.mapping.convert.phones import FirstOfSeveral
from etl.mapping.fetched_lines import as_fetched
from etl.mapping.fields import fields_of, unused_translations
from etl.mapping.lead_columns import LeadReader
from etl.mapping.lineage import lineage_of
from etl.mapping.model import OnMerged
from etl.mapping.operation_needs import NEEDS
from etl.mapping.out_of_sight import hidden_among, merged_questions
from etl.mapping.reading import CutText
from etl.mapping.row_keys import key_columns
from etl.mapping.sieve import Sieve
from etl.mapping.sources import OneColumn, Rows
from etl.mapping.translation import UnknownValues
from etl.records import Lineage, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Mapping as MappingOf

    from etl.mapping.fields import Field
    from etl.mapping.lead_columns import KnownBy
    from etl.mapping.lookups import LookupTable
    from etl.mapping.model import Mapping
    from etl.mapping.reading import Result
    from etl.mapping.translation import Translation
    from etl.records import Block, Cell, Column, FormatCurrency, MergedRange, Table


__all__ = ["AppliedColumns", "AppliedRow", "Applier"]


class Applier:
    """A mapping bound to one input. Blocks go through `apply` in order, each once; then `finish` tells of columns.

    columns: the person's columns, those that `AppliedRow.cells` hold. unmapped: those that nothing in the mapping names.
    cut: target → how many texts were cut to its length so far. first_of_several: target → how many cells had further phone
    numbers, which were left out. unknown: values that fit no option of their column. unused_translations: columns that the
    translation file names in vain. hidden_columns: those that the mapping names and the sheet does not show.
    """

    def __init__(
        self,
        mapping: Mapping,
        table: Table,
        lookups: MappingOf[str, LookupTable] | None = None,
        translation: Translation | None = None,
    ) -> None:
        """lookups: the table in each of `mapping.lookup_files()`, by the path as a text. translation: of `translate`.

        Raises:  UsageError — a column that the mapping names is missing, or there more than once.
        """
        self._table = table
        self._bound = bind(mapping, table)
        self._sieve = Sieve(mapping, table, self._bound)
        self._fields = fields_of(mapping, table, self._bound, lookups or {}, translation)
        self._keys = key_columns(mapping, self._bound)
        self._leads = LeadReader(mapping, self._bound) if mapping.leads else None
        self._changes = NEEDS[mapping.operation].changes
        self._addresses = frozenset(mapping.required())
        self.columns: tuple[Column, ...] = self._bound.input
        self.unmapped: tuple[Column, ...] = self._bound.unmapped
        self.hidden_columns = hidden_among(dict.fromkeys(self._bound.named.values()), table)
        self.cut: Counter[str] = Counter()
        self.first_of_several: Counter[str] = Counter()
        self.unknown = UnknownValues()
        self.unused_translations = unused_translations(mapping, self._bound, translation)
        self._merged: tuple[MergedRange, ...] = ()
        self._formats: tuple[FormatCurrency, ...] = ()
        self._merged_is_empty = mapping.input.merged is OnMerged.EMPTY or table.is_ours

    def apply(self, block: Block) -> list[AppliedRow]:
        """Every row of the block, once, in order."""
        return self.by_columns(block).rows()

    def by_columns(self, block: Block) -> AppliedColumns:
        """The same by columns."""
        rows = self._rows(block)
        self._merged += block.merged
        self._formats += block.currencies
        reasons, doubts = self._sieve.sift(rows)
        faults = _Faults(self._table)
        for index, problems in doubts.items():
            for column, problem in problems:
                faults.add(rows.numbers[index], column, problem)
        kept = _kept(rows, reasons)
        known_by = self._known_by(kept, faults)
        values = self._values(kept, faults)
        keys = self._unique_values(kept, faults)
        lineages = self._lineages(kept, faults)
        ignored = self._ignored(rows, reasons) if kept is not rows else {}
        return AppliedColumns(kept.numbers, values, faults.of_row, keys, lineages, self._cells(kept), known_by, ignored)

    def finish(self) -> tuple[Finding, ...]:
        """What whole columns tell after the last block; if there is anything, nothing may be sent."""
        findings = []
        for field in self._fields:
            for problem in filter(None, (field.days.problem(), self._currencies_of(field))):
                column = field.source.column if isinstance(field.source, OneColumn) else None
                findings.append(Finding(_place(self._table, None, column), problem))
        return tuple(dict.fromkeys([*findings, *self._questions()]))

    def _currencies_of(self, field: Field) -> Problem | None:
        """What is wrong with the currencies of a column's amounts, those of formats included."""
        if field.currencies is None:
            return None
        if isinstance(field.source, OneColumn):
            for shown in self._formats:
                if shown.letter == field.source.column.letter and shown.row <= self._sieve.last_row:
                    field.currencies.note_format(shown.sign, shown.row)
        return field.currencies.problem()

    def _questions(self) -> Iterator[Finding]:
        """What the mapping must say of a sheet that hides rows or merges cells."""
        hidden = self._sieve.hidden.question()
        if hidden is not None:
            yield Finding(_place(self._table, None, None), hidden)
        if self._merged_is_empty:
            return
        named = dict.fromkeys(self._bound.named.values())
        for column, merged in merged_questions(self._merged, named, self._table, self._sieve.last_row):
            yield Finding(_place(self._table, None, column), merged)

    def _rows(self, block: Block) -> Rows:
        cells = block.columns
        if self._bound.fingerprint is not None:
            cells = {letter: [as_fetched(cell) for cell in column] for letter, column in cells.items()}
        return Rows(block.numbers, cells, block.hidden)

    def _values(self, rows: Rows, faults: _Faults) -> dict[str, Sequence[Result]]:
        """Target → what each row gives it. A row with a fault holds its problems here, and is never sent."""
        values = {field.target: self._read(field, rows, faults) for field in self._fields}
        if self._changes:
            changes = [column for target, column in values.items() if target not in self._addresses]
            for number, *texts in zip(rows.numbers, *changes, strict=True):
                if texts.count(None) == len(texts):
                    faults.add(number, None, NothingToChange())
        return values

    def _read(self, field: Field, rows: Rows, faults: _Faults) -> Sequence[Result]:
        """What the cells of a target give, its problems noted."""
        given = field.source.given(rows)
        results = field.memos.read(given)
        if results is not given and not _PLAIN.issuperset(map(type, results)):
            for index, result in enumerate(results):
                if isinstance(result, Problem):
                    faults.add(rows.numbers[index], field.source.blamed(rows, index), result)
                    if isinstance(result, ChoiceUnknown) and field.translates is not None:
                        self.unknown.note(field.translates, field.target, result)
                elif isinstance(result, CutText):
                    self.cut[field.target] += 1
                elif isinstance(result, FirstOfSeveral):
                    self.first_of_several[field.target] += 1
        return results

    def _unique_values(self, rows: Rows, faults: _Faults) -> list[Sequence[Result]]:
        """The unique_by columns as canonical texts, or what is wrong with a cell."""
        columns = [memos.read(rows.cells[column.letter]) for column, memos in self._keys]
        wrong = [not _PLAIN.issuperset(map(type, results)) for results in columns]
        if any(wrong):
            for number, line in zip(rows.numbers, zip(*columns, strict=True), strict=True):
                for (column, _), result in zip(self._keys, line, strict=True):
                    if isinstance(result, Problem):
                        faults.add(number, column, result)
        return columns

    def _known_by(self, rows: Rows, faults: _Faults) -> list[KnownBy] | None:
        """What each row knows of its lead; None where no leads are looked up."""
        if self._leads is None:
            return None
        known_by = []
        for number, (known, problems) in zip(rows.numbers, self._leads.read(rows), strict=True):
            known_by.append(known)
            for column, problem in problems:
                faults.add(number, column, problem)
        return known_by

    def _lineages(self, rows: Rows, faults: _Faults) -> list[Lineage | None] | None:
        own = self._bound.own
        if not own:
            return None
        runs, lines = rows.cells[own["etl_run"].letter], rows.cells[own["etl_row"].letter]
        found = [lineage_of(run, line) for run, line in zip(runs, lines, strict=True)]
        for number, lineage in zip(rows.numbers, found, strict=True):
            if isinstance(lineage, Problem):
                faults.add(number, own["etl_row"], lineage)
        return [lineage if isinstance(lineage, Lineage) else None for lineage in found]

    def _cells(self, rows: Rows) -> list[Sequence[Cell]]:
        return [rows.cells[column.letter] for column in self._bound.input]

    def _ignored(self, rows: Rows, reasons: Sequence[str | None]) -> dict[int, tuple[str, tuple[Cell, ...]]]:
        columns = self._cells(rows)
        return {
            number: (why, tuple([column[index] for column in columns]))
            for index, (number, why) in enumerate(zip(rows.numbers, reasons, strict=True))
            if why is not None
        }


_PLAIN = frozenset({str, type(None)})


class _Faults:
    """The findings of some rows, by row number, each once."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.of_row: dict[int, list[Finding]] = {}

    def add(self, row_number: int, column: Column | None, problem: Problem) -> None:
        finding = Finding(_place(self._table, row_number, column), problem)
        findings = self.of_row.setdefault(row_number, [])
        if finding not in findings:  # one column may fill two targets and be part of the key
            findings.append(finding)


def _place(table: Table, row_number: int | None, column: Column | None) -> Place:
    letter, header = (column.letter, column.header or None) if column is not None else (None, None)
    return Place(str(table.file), table.sheet, row_number, letter, header)


def _kept(rows: Rows, reasons: Sequence[str | None]) -> Rows:
    """The rows that are not ignored."""
    if not any(reasons):
        return rows
    chosen = [why is None for why in reasons]
    return Rows(
        list(compress(rows.numbers, chosen)),
        {letter: list(compress(cells, chosen)) for letter, cells in rows.cells.items()},
    )
