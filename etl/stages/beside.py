"""The second ledger, noticed by the results that it has left beside an input: they name a run that is not in this one.

A run's number says little by itself, since every ledger counts from 1. So the ids in such a file are compared with those
of the run's rows; only where a file has none, its name and its place decide.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from etl.errors import EtlError, UsageError
from etl.events import Note, RunOptions
from etl.mapping.convert.cells import cell_as_seen
from etl.mapping.lineage import lineage_of
from etl.reader import InputRules, open_input, sheets_of
from etl.reconciler.names import ResultNames
from etl.reconciler.sent import same_text
from etl.records import Lineage
from etl.stages.forecast import known_scope
from etl.stages.writer import names_of_input

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from etl.events import Event
    from etl.ledger.runs import RunRecord
    from etl.ledger.store import Ledger
    from etl.reader import OpenInput
    from etl.records import Cell, Table
    from etl.settings import Account
    from etl.stages.prepare import PreparedInput

_ENOUGH_IDS = 20
"""So many ids of one run are compared: one that is ours will do, and a person may have changed some."""


_LARGEST = 2**63 - 1
"""No number of ours is larger, nor could the ledger be asked about it."""


def refuse_strangers(inputs: Sequence[PreparedInput], ledger: Ledger, account_id: int) -> None:
    """Stop where the input, or a results or failed file beside it, is of a run that this ledger does not know.

    Raises: UsageError — naming file, run and ledger. Files that cannot be read, and lines of no run, say nothing.
    """
    for prepared in inputs:
        mapping = prepared.mapping
        scope_id = ledger.accounts.scope(account_id, mapping.mapping.name, mapping.event)
        for stranger in _strangers(prepared, ledger, scope_id):
            raise UsageError(f"{stranger.finding} Nothing was sent. {stranger.remedy}")


def note_strangers(
    inputs: Sequence[PreparedInput], ledger: Ledger, account: Account | None, events: Callable[[Event], None]
) -> None:
    """Say of which inputs a run would stop for that reason. LeadSquared is not asked which account this is."""
    for prepared in inputs:
        for stranger in islice(_strangers(prepared, ledger, known_scope(prepared, ledger, account)), 1):
            events(Note(f"A run would stop: {stranger.finding} {stranger.remedy}"))


@dataclass(frozen=True, slots=True)
class _Stranger:
    """A file with lines of a run that is not this ledger's. finding, remedy: in words."""

    finding: str
    remedy: str


@dataclass(slots=True)
class _Run:
    """What a file shows of one run. ids: ProspectActivityId by row number, the first few."""

    number: int
    ids: dict[int, str] = field(default_factory=dict)


def _strangers(prepared: PreparedInput, ledger: Ledger, scope_id: int | None) -> Iterator[_Stranger]:
    """In the order in which the files are found; what lies behind the first one is read only when it is asked for."""
    for path, content in _files(prepared):
        if ledger.runs.output_hash(path.absolute()) == _hash_of(content):
            continue
        for run in _runs_in(content, path):
            if not _is_known(run, path, prepared, ledger, scope_id):
                yield _stranger(run, path, prepared, ledger)


def _files(prepared: PreparedInput) -> Iterator[tuple[Path, Path]]:
    """The files that may be of earlier runs: their path, and where their content is read from."""
    if prepared.table.is_ours:
        yield prepared.path, prepared.copy
    names = names_of_input(prepared, None, RunOptions())
    stem = re.escape(names.latest.stem.removesuffix(".results"))
    ours = re.compile(rf"{stem}(\.run\d+)?\.(results|failed)(\.\d+)?\.(csv|xlsx)")
    found: list[str] = []
    with suppress(OSError):
        found = sorted(one.name for one in prepared.path.parent.iterdir() if ours.fullmatch(one.name))
    for name in found:
        path = prepared.path.with_name(name)
        if path != prepared.path:
            yield path, path


def _runs_in(content: Path, shown: Path) -> Iterable[_Run]:
    """The runs that the lines of a file name; none where it is not ours, and of one that breaks off those before that."""
    runs: dict[int, _Run] = {}
    with suppress(EtlError, OSError):
        for sheet in sheets_of(content) or (None,):
            with open_input(content, InputRules(sheet), shown) as opened:
                if not opened.table.is_ours:
                    break
                if opened.table.sheet == sheet:
                    _note_lines(runs, opened)
    return runs.values()


def _note_lines(runs: dict[int, _Run], opened: OpenInput) -> None:
    columns = [_letter(header, opened.table) for header in ("etl_run", "etl_row", "ProspectActivityId")]
    for block in opened.blocks():
        empty: list[Cell] = [None] * len(block.frame)
        cells = [block.frame[letter].tolist() if letter else empty for letter in columns]
        for run, row, activity_id in zip(*cells, strict=True):
            _note_line(runs, lineage_of(run, row), cell_as_seen(activity_id).strip())


def _letter(header: str, table: Table) -> str | None:
    """The first column of that name is ours."""
    return next((column.letter for column in table.columns if column.header == header), None)


def _note_line(runs: dict[int, _Run], lineage: object, activity_id: str) -> None:
    if isinstance(lineage, Lineage) and max(lineage.run, lineage.row) <= _LARGEST:
        run = runs.setdefault(lineage.run, _Run(lineage.run))
        if activity_id and len(run.ids) < _ENOUGH_IDS:
            run.ids[lineage.row] = activity_id


def _is_known(run: _Run, path: Path, prepared: PreparedInput, ledger: Ledger, scope_id: int | None) -> bool:
    """Whether a run that a file names is this ledger's own run of that number.

    scope_id: None where it cannot be told, because LeadSquared was not asked which account this is.
    """
    record = ledger.runs.get(run.number)
    if record is None:
        return False
    if run.ids:
        ours = ledger.runs.activity_ids(run.number, run.ids.keys())
        return any(same_text(ours.get(row, "")) == same_text(activity_id) for row, activity_id in run.ids.items())
    if ledger.runs.output_run(path.absolute()) == run.number:
        return True  # we wrote it there, and a person has changed it since
    return scope_id in {None, record.scope_id} and _is_named_after(record, path, prepared)


def _is_named_after(record: RunRecord, path: Path, prepared: PreparedInput) -> bool:
    """Whether the run's input has the name of this one. A file of ours that a person has renamed says nothing by its name."""
    named = _original(path)
    if path == prepared.path and named == path.stem:
        return True
    original = Path(record.input_path)
    return named in {_original(original), _original(original, record.sheet)}


def _original(path: Path, sheet: str | None = None) -> str:
    """The name that results of a file have in front: its own, or that of the input whose results it is itself."""
    latest = ResultNames.for_input(path, None, rehearsal=False, is_workbook=False, is_ours=True).latest
    stem = latest.stem.removesuffix(".results")
    return f"{stem}.{sheet}" if sheet else stem


def _stranger(run: _Run, path: Path, prepared: PreparedInput, ledger: Ledger) -> _Stranger:
    record = ledger.runs.get(run.number)
    there = (
        f"the ledger {ledger.shown} has no run {run.number}"
        if record is None
        else f"run {run.number} of the ledger {ledger.shown} is another import, of {Path(record.input_path).name}"
    )
    is_input = path == prepared.path
    where = path.name if is_input else f"{path.name}, beside {prepared.path.name},"
    lost = (
        f"If that one is lost, build row memory first: etl ledger rebuild --event {prepared.mapping.event} --since DATE."
        if prepared.mapping.mapping.row_key_field
        else "If that one is lost, put it back from a backup: without a row_key_field LeadSquared cannot tell what it held."
    )
    away = (
        f"To import {path.name} as new rows all the same, delete its etl_ columns."
        if is_input
        else f"After that, or if {path.name} has nothing to do with this input, move it to another folder."
    )
    return _Stranger(
        f"{where} has lines of run {run.number}, and {there}: rows that another ledger has sent could go out twice.",
        f"Use the ledger that sent them (ETL_LEDGER, or `ledger` in the settings file). {lost} {away}",
    )


def _hash_of(content: Path) -> str | None:
    """None where it cannot be read."""
    with suppress(OSError), content.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
    return None
