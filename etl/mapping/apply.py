"""Rows of an input become what is sent: the mapping applied to one block after the other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import compress
from typing import TYPE_CHECKING, cast

from etl.findings import Finding, NothingToChange, Problem
from etl.mapping.bind import bind
from etl.mapping.fetched_lines import as_fetched
from etl.mapping.fields import fields_of
from etl.mapping.lead_columns import LEAD, LeadReader, identity_of
from etl.mapping.lineage import lineage_of
from etl.mapping.operation_needs import FOUND_LEAD, NEEDS
from etl.mapping.reading import CutText
from etl.mapping.row_keys import key_columns
from etl.mapping.sieve import Sieve
from etl.mapping.sources import OneColumn, Rows
from etl.records import Lineage, Place

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingOf
    from collections.abc import Sequence

    from etl.mapping.fields import Field
    from etl.mapping.lead_columns import KnownBy
    from etl.mapping.lookups import LookupTable
    from etl.mapping.model import Mapping
    from etl.mapping.reading import Result
    from etl.records import Block, Cell, Column, Table


@dataclass(frozen=True, slots=True)
class AppliedRow:
    """One row after the mapping: sent (values), invalid (findings) or ignored, and how it is known again.

    values: target → text in the order of the mapping. findings: all of the row. ignored: by which rule, in words.
    unique_values: canonical texts of the unique_by columns; None without unique_by, and where one of them is unusable.
    lineage: in our own files, the run and row that the line comes from. cells: the row without our own columns.
    known_by: what the row knows of its lead, where that is looked up. of_lead: attributes for a lead that is new.
    """

    row_number: int
    values: dict[str, str] | None
    findings: tuple[Finding, ...]
    ignored: str | None
    unique_values: tuple[str, ...] | None
    lineage: Lineage | None
    cells: tuple[Cell, ...]
    known_by: KnownBy = ()
    of_lead: MappingOf[str, str] | None = None

    @property
    def is_addressed(self) -> bool:
        """Whether it is known where the row belongs; not so while its lead is still to be found."""
        return not self.known_by or FOUND_LEAD in (self.values or {})

    @property
    def payload(self) -> MappingOf[str, str]:
        """What the row's fingerprint is made of: what it sends, and a lead that is looked up as the sheet knows it.

        Not as it is found: whether or where it is found, and whether it was merged since, must not make the row a new one.
        """
        values = self.values or {}
        if not self.known_by:
            return values
        sent = {target: text for target, text in values.items() if target != FOUND_LEAD}
        return sent | {"leads.find_by": identity_of(self.known_by)}


class Applier:
    """A mapping bound to one input. Blocks go through `apply` in order, each once; then `finish` tells of columns.

    columns: the person's columns, those that `AppliedRow.cells` hold. unmapped: those that nothing in the mapping names.
    cut: target → how many texts were cut to its length so far.
    """

    def __init__(self, mapping: Mapping, table: Table, lookups: MappingOf[str, LookupTable] | None = None) -> None:
        """lookups: the table in each of `mapping.lookup_files()`, by the path as a text.

        Raises:  UsageError — a column that the mapping names is missing, or there more than once.
        """
        self._table = table
        self._bound = bind(mapping, table)
        self._sieve = Sieve(mapping, table, self._bound)
        self._fields = fields_of(mapping, table, self._bound, lookups or {})
        self._keys = key_columns(mapping, self._bound)
        self._leads = LeadReader(mapping, self._bound) if mapping.leads else None
        self._changes = NEEDS[mapping.operation].changes
        self._addresses = frozenset(mapping.required())
        self.columns: tuple[Column, ...] = self._bound.input
        self.unmapped: tuple[Column, ...] = self._bound.unmapped
        self.cut: Counter[str] = Counter()

    def apply(self, block: Block) -> list[AppliedRow]:
        """Every row of the block, once, in order."""
        rows = self._rows(block)
        reasons, doubts = self._sieve.sift(rows)
        faults = _Faults(self._table)
        for index, problems in doubts.items():
            for column, problem in problems:
                faults.add(rows.numbers[index], column, problem)
        kept = _kept(rows, reasons)
        known_by = self._known_by(kept, faults)
        applied = self._applied(kept, faults)
        if known_by:
            applied = [_with_lead(row, known) for row, known in zip(applied, known_by, strict=True)]
        return applied if len(applied) == len(reasons) else self._with_ignored(applied, rows, reasons)

    def finish(self) -> tuple[Finding, ...]:
        """What whole columns tell after the last block; if there is anything, nothing may be sent."""
        findings = []
        for field in self._fields:
            problem = field.days.problem()
            if problem is not None:
                column = field.source.column if isinstance(field.source, OneColumn) else None
                findings.append(Finding(_place(self._table, None, column), problem))
        return tuple(dict.fromkeys(findings))

    def _rows(self, block: Block) -> Rows:
        letters = [column.letter for column in self._table.columns]
        cells = {letter: block.frame[letter].tolist() for letter in letters}
        if self._bound.fingerprint is not None:
            cells = {letter: [as_fetched(cell) for cell in column] for letter, column in cells.items()}
        return Rows(block.frame.index.tolist(), cells)

    def _applied(self, rows: Rows, faults: _Faults) -> list[AppliedRow]:
        values = self._values(rows, faults)
        keys = self._unique_values(rows, faults)
        lineages = self._lineages(rows, faults)
        found = faults.of_row
        return [
            AppliedRow(number, sent, (), None, key, lineage, cells)
            if number not in found
            else AppliedRow(number, None, tuple(found[number]), None, key, lineage, cells)
            for number, sent, key, lineage, cells in zip(
                rows.numbers, values, keys, lineages, self._cells(rows), strict=True
            )
        ]

    def _values(self, rows: Rows, faults: _Faults) -> list[dict[str, str]]:
        """Target → text of each row. A row with a fault holds its problems here, and is never sent."""
        targets = [field.target for field in self._fields]
        columns = [self._read(field, rows, faults) for field in self._fields]
        filled = [
            {target: text for target, text in zip(targets, line, strict=True) if text is not None}
            if None in line
            else dict(zip(targets, line, strict=True))
            for line in zip(*columns, strict=True)
        ]
        if self._changes:
            for number, sent in zip(rows.numbers, filled, strict=True):
                if sent.keys() <= self._addresses:
                    faults.add(number, None, NothingToChange())
        return cast("list[dict[str, str]]", filled)

    def _read(self, field: Field, rows: Rows, faults: _Faults) -> list[Result]:
        """What the cells of a target give, its problems noted."""
        results = field.memos.read(field.source.given(rows))
        if not _PLAIN.issuperset(map(type, results)):
            for index, result in enumerate(results):
                if isinstance(result, Problem):
                    faults.add(rows.numbers[index], field.source.blamed(rows, index), result)
                elif isinstance(result, CutText):
                    self.cut[field.target] += 1
        return results

    def _unique_values(self, rows: Rows, faults: _Faults) -> list[tuple[str, ...] | None]:
        if not self._keys:
            return [None] * len(rows.numbers)
        columns = [memos.read(rows.cells[column.letter]) for column, memos in self._keys]
        lines = zip(rows.numbers, zip(*columns, strict=True), strict=True)
        return [self._unique(number, line, faults) for number, line in lines]

    def _unique(self, row_number: int, line: tuple[Result, ...], faults: _Faults) -> tuple[str, ...] | None:
        texts = tuple(text for text in line if isinstance(text, str))
        if len(texts) == len(line):
            return texts
        for (column, _), result in zip(self._keys, line, strict=True):
            if isinstance(result, Problem):
                faults.add(row_number, column, result)
        return None

    def _known_by(self, rows: Rows, faults: _Faults) -> list[KnownBy]:
        """What each row knows of its lead; [] where no leads are looked up."""
        if self._leads is None:
            return []
        known_by = []
        for number, (known, problems) in zip(rows.numbers, self._leads.read(rows), strict=True):
            known_by.append(known)
            for column, problem in problems:
                faults.add(number, column, problem)
        return known_by

    def _lineages(self, rows: Rows, faults: _Faults) -> list[Lineage | None]:
        own = self._bound.own
        if not own:
            return [None] * len(rows.numbers)
        runs, lines = rows.cells[own["etl_run"].letter], rows.cells[own["etl_row"].letter]
        found = [lineage_of(run, line) for run, line in zip(runs, lines, strict=True)]
        for number, lineage in zip(rows.numbers, found, strict=True):
            if isinstance(lineage, Problem):
                faults.add(number, own["etl_row"], lineage)
        return [lineage if isinstance(lineage, Lineage) else None for lineage in found]

    def _cells(self, rows: Rows) -> list[tuple[Cell, ...]]:
        if not self._bound.input:
            return [()] * len(rows.numbers)
        return list(zip(*(rows.cells[column.letter] for column in self._bound.input), strict=True))

    def _with_ignored(self, applied: list[AppliedRow], rows: Rows, reasons: Sequence[str | None]) -> list[AppliedRow]:
        """The applied rows with the ignored ones between them, where they stand in the file."""
        imported = iter(applied)
        return [
            next(imported) if why is None else AppliedRow(number, None, (), why, None, None, cells)
            for number, why, cells in zip(rows.numbers, reasons, self._cells(rows), strict=True)
        ]


def _with_lead(row: AppliedRow, known: KnownBy) -> AppliedRow:
    """The row with what it knows of its lead; attributes of that are for a new lead, and are not sent."""
    if row.values is None:
        return row
    of_lead = {name.removeprefix(LEAD): text for name, text in row.values.items() if name.startswith(LEAD)}
    sent = {name: text for name, text in row.values.items() if not name.startswith(LEAD)} if of_lead else row.values
    return replace(row, values=sent, known_by=known, of_lead=of_lead or None)


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
