"""From files and a mapping to inputs: kept as copies, read and mapped whole, staged in the plan. Nothing is sent here."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from etl.errors import SourceError, UsageError
from etl.events import Note, Reading, ignore
from etl.identity import CellsFingerprint, lead_mark, payload_fingerprint, unique_key
from etl.ledger.plan import StagedRow
from etl.mapping.apply import Applier
from etl.mapping.load import load_mapping
from etl.mapping.lookups import LookupTable
from etl.operations import OPERATIONS
from etl.operations.contract import RequestOptions
from etl.reader import InputRules, open_input, sheets_of
from etl.reconciler.names import is_named_new_leads, is_named_results
from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from etl.events import Event, StopSignal
    from etl.findings import Finding
    from etl.ledger.plan import Plan
    from etl.ledger.store import Ledger
    from etl.mapping.apply import AppliedRow
    from etl.mapping.model import Mapping
    from etl.operations.contract import Operation
    from etl.records import Block, Column, Table
    from etl.stages.lead_memory import LeadMemory

MOST_FINDINGS = 1_000
"""How many findings of one input a summary carries; all of them stand in the results and failed files."""


OWNER = "ActivityOwnerEmail"
MOST_OWNERS = 1_000
"""How many different owners of one input are remembered; a team that is larger than that is checked in part."""


@dataclass(frozen=True, slots=True)
class LoadedMapping:
    """A mapping with all it needs. hash: of the kept copy, and of its lookup files if it has some."""

    mapping: Mapping
    path: Path
    hash: str
    lookups: dict[str, LookupTable]

    @property
    def operation(self) -> Operation:
        return OPERATIONS[self.mapping.operation]

    @property
    def event(self) -> int:
        """The activity type's number; 0 for an operation that has none."""
        return self.mapping.event or 0

    @property
    def request_options(self) -> RequestOptions:
        return RequestOptions(self.mapping.search_by, self.mapping.skip_dropdown_validation)

    def rules(self, sheet: str | None) -> InputRules:
        """How one sheet is to be read."""
        said = self.mapping.input
        return InputRules(sheet, said.header_row, said.encoding, said.delimiter)


@dataclass(slots=True)
class PreparedInput:
    """One sheet of one file, read and mapped.

    number: its place in the plan. path: as the person gave it. copy: the kept bytes that everything is read from.
    is_one_of_several: its file has further inputs, so its results are named after the sheet too. owners: the first
    MOST_OWNERS different `ActivityOwnerEmail` values, each with the first row that has it. leads: what look-ups have found,
    where the mapping finds leads and the account is known.
    """

    number: int
    path: Path
    sheet: str | None
    hash: str
    copy: Path
    mapping: LoadedMapping
    table: Table
    unmapped: tuple[str, ...]
    is_one_of_several: bool = False
    data_rows: int = 0
    findings: list[Finding] = field(default_factory=list)
    finding_counts: Counter[str] = field(default_factory=Counter)
    owners: dict[str, int] = field(default_factory=dict)
    leads: LeadMemory | None = None

    @property
    def shown(self) -> str:
        """The input as messages name it."""
        return f"{self.path.name} [{self.sheet}]" if self.is_one_of_several else self.path.name

    def blocks(self) -> Iterator[Block]:
        """The data rows, again from the start."""
        with open_input(self.copy, self.mapping.rules(self.sheet), self.path) as opened:
            yield from opened.blocks()

    def applied(self, *, addressed: bool = True) -> Iterator[list[AppliedRow]]:
        """The mapped rows, block by block, again from the start.

        addressed: with the ids of leads that were looked up, where one was found.
        """
        applier = Applier(self.mapping.mapping, self.table, self.mapping.lookups)
        for block in self.blocks():
            rows = applier.apply(block)
            yield self.leads.addressed(rows) if addressed and self.leads is not None else rows

    def note_owner(self, row: AppliedRow) -> None:
        """Remember who is to own the row's activity, for the live check."""
        owner = row.values.get(OWNER) if row.values else None
        if owner and len(self.owners) < MOST_OWNERS:
            self.owners.setdefault(owner, row.row_number)

    def note(self, findings: Sequence[Finding]) -> None:
        """Count findings and keep the first of them."""
        self.finding_counts.update(finding.code for finding in findings)
        self.findings.extend(findings[: max(0, MOST_FINDINGS - len(self.findings))])


def load(path: Path, ledger: Ledger) -> LoadedMapping:
    """The mapping with its lookup tables, all of them kept as copies.

    Raises: UsageError — the mapping is wrong, or its operation is not there yet.
    """
    mapping = load_mapping(path)
    if mapping.operation not in OPERATIONS:
        raise UsageError(f"{path}: the operation {mapping.operation} is not available in this version of etl.")
    lookups: dict[str, LookupTable] = {}
    digest = hashlib.sha256()
    for lookup in mapping.lookup_files():
        digest.update(ledger.copies.keep(lookup, "lookup").encode())
        lookups[str(lookup)] = _read_lookup(lookup)
    kept = ledger.copies.keep(path, "mapping")
    return LoadedMapping(mapping, path, f"{kept}+{digest.hexdigest()[:16]}" if lookups else kept, lookups)


def _read_lookup(path: Path) -> LookupTable:
    with open_input(path, InputRules()) as opened:
        return LookupTable.read(opened.table, opened.blocks())


def inputs(
    files: Sequence[Path], mapping: LoadedMapping, ledger: Ledger, events: Callable[[Event], None] = ignore
) -> list[PreparedInput]:
    """The inputs that the files hold, each with its header read and fitted to the mapping.

    Of several files, results that are just as we wrote them are left out: a pattern has caught them, and they hold
    nothing that their input does not.
    Raises: SourceError — a file cannot be read. UsageError — a mapped column is missing, or there twice.
    """
    numbers = count()
    found: list[PreparedInput] = []
    for file in files:
        if len(files) > 1 and is_named_new_leads(file):
            events(Note(f"{file.name} holds leads for LeadSquared's own import: left out."))
            continue
        kept = ledger.copies.keep(file, "input")
        copy = ledger.copies.path(kept)
        sheets = _sheets(copy, mapping)
        for sheet in sheets:
            found.append(_input(next(numbers), file, sheet, kept, copy, mapping))
            found[-1].is_one_of_several = len(sheets) > 1
            if found[-1].table.is_ours:
                break  # the sheet rules are for the input that it came from
        if len(files) > 1 and _is_untouched_results(found[-1], ledger):
            events(Note(f"{file.name} is a results file as etl wrote it: left out."))
            found.pop()
    return found


def _is_untouched_results(prepared: PreparedInput, ledger: Ledger) -> bool:
    written = ledger.runs.output_hash(prepared.path.absolute())
    return prepared.table.is_ours and is_named_results(prepared.path) and written == prepared.hash


def _sheets(copy: Path, mapping: LoadedMapping) -> tuple[str | None, ...]:
    if mapping.mapping.all_sheets:
        return sheets_of(copy) or (None,)
    return mapping.mapping.input.sheet or (None,)


def _input(number: int, file: Path, sheet: str | None, kept: str, copy: Path, mapping: LoadedMapping) -> PreparedInput:
    with open_input(copy, mapping.rules(sheet), file) as opened:
        table = opened.table
    applier = Applier(mapping.mapping, table, mapping.lookups)
    unmapped = tuple(column.header for column in applier.unmapped)
    return PreparedInput(number, file, table.sheet, kept, copy, mapping, table, unmapped)


def stage(prepared: PreparedInput, plan: Plan, events: Callable[[Event], None], stop: StopSignal) -> None:
    """Read and map the whole input into the plan, so that its last row is known to be readable before the first goes out.

    A wish to stop ends the reading at the next block; nothing of the input has been sent or noted then.
    Raises: SourceError — a row cannot be read, or a whole column is not what it claims to be.
    """
    applier = Applier(prepared.mapping.mapping, prepared.table, prepared.mapping.lookups)
    stager = _Stager(applier.columns, prepared.mapping.operation.addressed_by(prepared.mapping.request_options))
    for block in prepared.blocks():
        rows = applier.apply(block)
        plan.stage(prepared.number, [stager.staged(row) for row in rows])
        prepared.data_rows += len(rows)
        for row in rows:
            prepared.note_owner(row)
            if row.findings:
                prepared.note(row.findings)
        events(Reading(prepared.shown, prepared.data_rows))
        if stop.reason is not None:
            return
    for target, texts in applier.cut.items():
        events(Note(f"{prepared.shown}: {texts} texts for {target} were too long and were cut, as the mapping asks."))
    fatal = applier.finish()
    if fatal:
        raise SourceError(f"{prepared.path} was not imported; nothing was sent.", fatal)


class _Stager:
    """Mapped rows into staged ones."""

    def __init__(self, columns: Sequence[Column], addressed_by: str) -> None:
        self._addressed_by = addressed_by
        self._cells = CellsFingerprint([column.header for column in columns])

    def staged(self, row: AppliedRow) -> StagedRow:
        run, line = (row.lineage.run, row.lineage.row) if row.lineage else (None, None)
        if row.values is None:
            return self._left_out(row, run, line)
        payload = payload_fingerprint(row.payload)
        key = unique_key(row.unique_values) if row.unique_values is not None else payload
        cells = self._cells.of(row.cells)
        lead = lead_mark(row.values.get(self._addressed_by, ""))
        return StagedRow(row.row_number, Outcome.WAITING, key, payload, cells, run, line, lead=lead)

    def _left_out(self, row: AppliedRow, run: int | None, line: int | None) -> StagedRow:
        if row.ignored is not None:
            return StagedRow(
                row.row_number, Outcome.IGNORED, lineage_run=run, lineage_row=line, code="ignored", error=row.ignored
            )
        codes = ", ".join(dict.fromkeys(finding.code for finding in row.findings))
        error = " ".join(dict.fromkeys(finding.problem.error for finding in row.findings))
        hint = " ".join(finding.hint for finding in row.findings)
        return StagedRow(
            row.row_number,
            Outcome.INVALID,
            lineage_run=run,
            lineage_row=line,
            code=codes,
            error=error,
            hint=hint,
        )
