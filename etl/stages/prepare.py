"""From files and a mapping to inputs: kept as copies, read and mapped whole, staged in the plan. Nothing is sent here."""

from __future__ import annotations

import gc
import hashlib
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from etl.errors import SourceError, UsageError
from etl.events import Found, Note, Reading, ignore
from etl.findings import listed, shown
from etl.mapping.apply import Applier
from etl.mapping.load import kept_text, load_mapping
from etl.mapping.lookups import LookupTable
from etl.mapping.translation import Translation, UnknownValues
from etl.operations import OPERATIONS
from etl.operations.contract import RequestOptions
from etl.reader import EmptySheetError, InputRules, open_input, sheets_of
from etl.reconciler.names import is_named_results
from etl.stages.input_rules import rules_of
from etl.stages.intake import FROM_STANDARD_INPUT, our_sheets, take_in, why_left_out
from etl.stages.kept_rows import MappedBlock
from etl.stages.refused_files import OF_ONE_FILE
from etl.stages.staging import IntoPlan, Stager

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from etl.events import Event, StopSignal
    from etl.findings import Finding
    from etl.ledger.plan import Plan
    from etl.ledger.store import Ledger
    from etl.mapping.apply import AppliedColumns, AppliedRow
    from etl.mapping.model import Mapping
    from etl.operations.contract import Operation
    from etl.records import Block, Table
    from etl.stages.intake import Taken
    from etl.stages.kept_rows import KeptRows
    from etl.stages.lead_memory import LeadMemory
    from etl.stages.refused_files import RefusedFiles

MOST_FINDINGS = 1_000
"""How many findings of one input a summary carries; all of them stand in the results and failed files."""

MOST_OF_A_LATE_KIND = 3
"""So many of a kind that is met for the first time after those are carried too: a report shows examples of each."""

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
    translation: Translation | None = None

    def applier(self, table: Table) -> Applier:
        """The mapping bound to one input. Raises UsageError: a column that it names is missing, or there twice."""
        return Applier(self.mapping, table, self.lookups, self.translation)

    def as_judged_before(self) -> LoadedMapping:
        """The same for rows of a run that goes on: bounds that move with the clock were looked at when it began."""
        return replace(self, mapping=self.mapping.as_of(None))

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
        return rules_of(self.mapping, sheet)


@dataclass(slots=True)
class PreparedInput:
    """One sheet of one file, read and mapped.

    number: its place in the plan. path: as the person gave it. copy: the kept bytes that everything is read from.
    is_one_of_several: its file has further inputs. before: those of them that were prepared before it. owners: the first
    MOST_OWNERS different `ActivityOwnerEmail` values, each with the first row that has it. leads: what look-ups have found,
    where the mapping finds leads and the account is known. unknown: values that fit no option of their column. kept_rows: what
    the mapping has made of the rows, where they are going to be needed once more.
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
    before: tuple[PreparedInput, ...] = ()
    data_rows: int = 0
    findings: list[Finding] = field(default_factory=list)
    finding_counts: Counter[str] = field(default_factory=Counter)
    owners: dict[str, int] = field(default_factory=dict)
    leads: LeadMemory | None = None
    tell: Callable[[Event], None] = ignore
    unknown: UnknownValues = field(default_factory=UnknownValues)
    kept_rows: KeptRows | None = None

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
        applier = self.mapping.applier(self.table)
        for block in self.blocks():
            rows = applier.apply(block)
            if rows:  # a last block may hold nothing but what is merged in the sheet
                yield self.leads.addressed(rows) if addressed and self.leads is not None else rows

    def to_send(self) -> Iterator[MappedBlock]:
        """The rows that may be sent, block by block, as they are kept or else again from the start.

        Without those whose lead is still to be found.
        """
        if self.kept_rows is not None and self.kept_rows.is_whole:
            yield from self.kept_rows.blocks()
            return
        for rows in self.applied():
            mapped = [(row.row_number, row.values) for row in rows if row.values is not None and row.is_addressed]
            if mapped:
                yield MappedBlock([number for number, _ in mapped], mapped=[values for _, values in mapped])

    def note_owners(self, rows: AppliedColumns) -> None:
        """Remember who is to own the activities of rows, for the live check."""
        if OWNER not in rows.values or len(self.owners) >= MOST_OWNERS:
            return
        for number, owner in zip(rows.numbers, rows.values[OWNER], strict=True):
            if isinstance(owner, str) and owner and number not in rows.findings and len(self.owners) < MOST_OWNERS:
                self.owners.setdefault(owner, number)

    def note(self, findings: Sequence[Finding]) -> None:
        """Tell of findings, count them and keep the first, of each kind too."""
        for finding in findings:
            if len(self.findings) < MOST_FINDINGS or self.finding_counts[finding.code] < MOST_OF_A_LATE_KIND:
                self.findings.append(finding)
            self.finding_counts[finding.code] += 1
        self.tell(Found(self.shown, tuple(findings)))


def load(path: Path, ledger: Ledger, now: datetime | None = None) -> LoadedMapping:
    """The mapping with its lookup tables and its translation, all of them kept as copies. now: for bounds such as -60d.

    Raises: UsageError — the mapping is wrong, or its operation is not there yet.
    """
    mapping = load_mapping(path).as_of(now)
    if mapping.operation not in OPERATIONS:
        raise UsageError(f"{path}: the operation {mapping.operation} is not available in this version of etl.")
    lookups: dict[str, LookupTable] = {}
    digest = hashlib.sha256()
    for lookup in mapping.lookup_files():
        digest.update(ledger.copies.keep(lookup, "lookup").encode())
        lookups[str(lookup)] = _read_lookup(lookup)
    translation = None
    if mapping.translation_path is not None:
        digest.update(ledger.copies.keep(mapping.translation_path, "lookup").encode())
        translation = _read_translation(mapping.translation_path)
    kept = _keep(path, mapping, ledger)
    whole = f"{kept}+{digest.hexdigest()[:16]}" if lookups or translation else kept
    return LoadedMapping(mapping, path, whole, lookups, translation)


def _keep(path: Path, mapping: Mapping, ledger: Ledger) -> str:
    """The hash of the mapping's kept copy; one that extends another is kept as a whole, because its base may change."""
    text = kept_text(mapping)
    if text is None:
        return ledger.copies.keep(path, "mapping")
    with TemporaryDirectory() as folder:
        whole = Path(folder) / path.name
        whole.write_text(text, encoding="utf-8", newline="\n")
        return ledger.copies.keep(whole, "mapping")


def _read_lookup(path: Path) -> LookupTable:
    with open_input(path, InputRules()) as opened:
        return LookupTable.read(opened.table, opened.blocks())


def _read_translation(path: Path) -> Translation:
    with open_input(path, InputRules()) as opened:
        return Translation.read(opened.table, opened.blocks())


def inputs(
    files: Sequence[Path],
    mapping: LoadedMapping | Sequence[LoadedMapping],
    ledger: Ledger,
    events: Callable[[Event], None] = ignore,
    refused: RefusedFiles | None = None,
) -> list[PreparedInput]:
    """The inputs that the files hold, each with its header read and fitted to the mapping.

    mapping: of all files, or of each in turn. refused: takes files that cannot be read, or do not fit; without it they end
    the command.

    Of several files, results that are just as we wrote them are left out: a pattern has caught them, and they hold
    nothing that their input does not.
    Raises: SourceError — a file cannot be read. UsageError — a mapped column is missing, or there twice.
    """
    numbers = count()
    found: list[PreparedInput] = []
    mappings = [mapping] * len(files) if isinstance(mapping, LoadedMapping) else mapping
    for file, its_mapping in zip(files, mappings, strict=True):
        reason = why_left_out(file) if len(files) > 1 else None
        if reason is not None:
            events(Note(f"{file.name} {reason}: left out."))
            continue
        try:
            of_file = _inputs_of(file, numbers, its_mapping, ledger, events)
        except OF_ONE_FILE as error:
            if refused is None:
                raise
            refused.take(next(numbers), file.name, error)
            continue
        if len(files) > 1 and _is_untouched_results(of_file[0], ledger):
            events(Note(f"{file.name} is a results file as etl wrote it: left out."))
            continue
        found += of_file
    return found


def _inputs_of(
    file: Path, numbers: Iterator[int], mapping: LoadedMapping, ledger: Ledger, events: Callable[[Event], None]
) -> list[PreparedInput]:
    """The inputs of one file: the sheets that the mapping names, or all of ours in a file of ours."""
    taken = take_in(file, ledger)
    if file == FROM_STANDARD_INPUT:
        events(Note(f"Standard input is called {taken.path.name}: its results are named so, in this folder."))
    found: list[PreparedInput] = []
    sheets = _sheets(taken, mapping)
    for sheet in sheets:
        try:
            one = _input(next(numbers), taken, sheet, mapping)
        except EmptySheetError:
            if not mapping.mapping.all_sheets or len(sheets) == 1:
                raise
            events(Note(f"{taken.path.name} [{sheet}] is empty: left out."))
            continue
        if one.table.is_ours and not found:  # the sheet rules are for the input that it came from
            found = [_input(next(numbers), taken, ours, mapping) for ours in our_sheets(taken)]
            break
        found.append(one)
    if not found:
        raise EmptySheetError(
            f"{taken.path}: all its sheets are empty. Export it again, with headers and the rows below."
        )
    for place, one in enumerate(found):
        one.tell = events
        one.is_one_of_several = len(found) > 1
        one.before = tuple(found[:place])
    return found


def _is_untouched_results(prepared: PreparedInput, ledger: Ledger) -> bool:
    written = ledger.runs.output_hash(prepared.path.absolute())
    return prepared.table.is_ours and is_named_results(prepared.path) and written == prepared.hash


def _sheets(taken: Taken, mapping: LoadedMapping) -> tuple[str | None, ...]:
    if mapping.mapping.all_sheets:
        return sheets_of(taken.copy) or (None,)
    return mapping.mapping.input.sheet or (None,)


def _input(number: int, taken: Taken, sheet: str | None, mapping: LoadedMapping) -> PreparedInput:
    with open_input(taken.copy, mapping.rules(sheet), taken.path) as opened:
        table = opened.table
    applier = mapping.applier(table)
    unmapped = tuple(column.header for column in applier.unmapped)
    return PreparedInput(number, taken.path, table.sheet, taken.hash, taken.copy, mapping, table, unmapped)


@contextmanager
def _without_search_for_cycles() -> Iterator[None]:
    """Rows hold no references in circles; to search thousands of new ones for some takes a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_without_search_for_cycles()
def stage(
    prepared: PreparedInput,
    plan: Plan,
    events: Callable[[Event], None],
    stop: StopSignal,
    *,
    is_remembered: bool = True,
) -> None:
    """Read and map the whole input into the plan, so that its last row is known to be readable before the first goes out.

    A wish to stop ends the reading at the next block; nothing of the input has been sent or noted then.
    is_remembered: False for a forecast of an input of which no ledger knows anything.
    Raises: SourceError — a row cannot be read, or a whole column is not what it claims to be.
    """
    applier = prepared.mapping.applier(prepared.table)
    has_failures = prepared.number > 0 or plan.knows_failures()  # those of inputs before it are still to come
    stager = Stager(applier.columns, prepared.mapping, is_remembered=is_remembered, has_failures=has_failures)
    into_plan = IntoPlan(plan, prepared.number)
    for note in prepared.table.notes:
        events(Note(f"{prepared.shown}: {note}."))
    for block in prepared.blocks():
        rows = applier.by_columns(block)
        is_much = into_plan.add(stager.waiting(rows), stager.left_out(rows))
        prepared.data_rows += rows.count
        prepared.note_owners(rows)
        if prepared.kept_rows is not None:
            prepared.kept_rows.add(rows)
        if rows.findings:
            for number in rows.numbers:
                if number in rows.findings:
                    prepared.note(rows.findings[number])
        if is_much:
            into_plan.flush()
            events(Reading(prepared.shown, prepared.data_rows))
        if stop.reason is not None:
            break
    into_plan.flush()
    events(Reading(prepared.shown, prepared.data_rows))
    if stop.reason is not None:
        return
    prepared.unknown = applier.unknown
    for told in _notes_of(prepared, applier):
        events(Note(told))
    fatal = applier.finish()
    if fatal:
        raise SourceError(f"{prepared.path} was not imported; nothing was sent.", fatal)
    if prepared.kept_rows is not None:
        prepared.kept_rows.finish()


def _notes_of(prepared: PreparedInput, applier: Applier) -> Iterator[str]:
    """What a person should know of how the sheet was read, when all of it was."""
    for column in applier.hidden_columns:
        yield f"{prepared.shown}: the sheet hides column {column.letter} ({column.header}), which the mapping reads."
    if applier.unused_translations:
        names = listed([shown(name) for name in applier.unused_translations])
        yield f"{prepared.mapping.mapping.translate} has lines for columns that fill no target by themselves: {names}."
    for target, cells in applier.first_of_several.items():
        which = "1 cell has" if cells == 1 else f"{cells:,} cells have"
        yield f"{prepared.shown}: {which} more than one number for {target}; the first that exists is sent."
    for target, texts in applier.cut.items():
        yield f"{prepared.shown}: {texts} texts for {target} were too long and were cut, as the mapping asks."
