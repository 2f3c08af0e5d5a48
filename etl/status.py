"""What became of a sheet over all its rounds: as it was first run, its failed files, its corrected lines, its later states.

Works on the ledger and the file alone: no account, no network. A sheet is known by its content, by the lines of our own
files, which name run and row, and where neither helps by the place where it lay.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from etl.care import opened
from etl.clock import Clock, SystemClock
from etl.errors import EtlError
from etl.exits import ExitCode, worst
from etl.mapping.lineage import lineage_of
from etl.reader import InputRules, open_input, sheets_of
from etl.reader.packed import unpacked
from etl.records import NEEDS_A_PERSON, Lineage, Outcome
from etl.stages.past_runs import past_run, run_command

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from etl.ledger.rounds import Missing
    from etl.ledger.steps import StepTaken
    from etl.ledger.store import Ledger
    from etl.settings import Settings
    from etl.stages.past_runs import NextCommand, PastRun

MOST_ROW_NUMBERS = 10


class KnownBy(StrEnum):
    """How a file was recognised."""

    CONTENT = "content"  # this very content was run
    LINES = "lines"  # it is one of our own files, and its lines name their run
    PLACE = "place"  # another content was run from this place: the file was changed since, or is gone
    NOTHING = "nothing"  # this ledger has never had it


@dataclass(frozen=True, slots=True)
class Round:
    """One run that had the sheet or lines of it. went_in: rows of the sheet that are in LeadSquared by it. by: who ran it."""

    run: PastRun
    went_in: int
    by: str | None


@dataclass(frozen=True, slots=True)
class SheetStatus:
    """One sheet through one mapping into one account. run: the round whose rows are counted, all of the sheet.

    by_day: rows by the UTC day on which they went in. elsewhere: in LeadSquared, sent by another ledger.
    ignored: left out by the mapping's own words. undone: taken back by `etl undo`.
    """

    run: PastRun
    by_day: tuple[tuple[date, int], ...]
    elsewhere: int
    ignored: int
    undone: int
    missing: tuple[Missing, ...]
    rounds: tuple[Round, ...]
    next_command: NextCommand | None

    @property
    def data_rows(self) -> int:
        return self.run.listed.data_rows

    @property
    def missing_rows(self) -> int:
        return sum(one.rows for one in self.missing)

    @property
    def exit_code(self) -> ExitCode:
        """As a run would end that left the sheet so."""
        outcomes = {one.outcome for one in self.missing}
        if Outcome.WAITING in outcomes:
            return ExitCode.STOPPED
        if Outcome.UNCONFIRMED in outcomes:
            return ExitCode.UNCONFIRMED
        return ExitCode.NEEDS_A_PERSON if outcomes & NEEDS_A_PERSON else ExitCode.DONE


@dataclass(frozen=True, slots=True)
class FileStatus:
    """What is known of a file. input_hash: None where it is gone. is_ours: it is a results or failed file of ours."""

    ledger: str
    known_by: KnownBy
    input_hash: str | None
    is_ours: bool
    sheets: tuple[SheetStatus, ...]

    @property
    def exit_code(self) -> ExitCode:
        if self.known_by in {KnownBy.PLACE, KnownBy.NOTHING} and self.input_hash is not None:
            return ExitCode.STOPPED  # as it is now it was never run
        return worst(one.exit_code for one in self.sheets)


def status(settings: Settings, file: Path, clock: Clock | None = None) -> FileStatus:
    """What became of a file, which may be gone by now.

    Raises: SourceError — it is there and cannot be read. LedgerError — the ledger cannot be used.
    """
    content_hash = hash_of_content(file) if file.exists() else None
    with opened(settings, clock or SystemClock()) as ledger:
        by_content = ledger.rounds.of_content(content_hash) if content_hash else []
        origins_of_lines, is_ours = runs_of_lines(file, ledger) if content_hash else ([], False)
        by_place = ledger.rounds.of_path(str(file.absolute())) if not by_content and not origins_of_lines else []
        known_by = _known_by(by_content, origins_of_lines, by_place)
        runs = by_content or origins_of_lines or by_place
        origins = ledger.rounds.origins(runs) if runs else []
        sheets = tuple(_sheet_status(run_id, ledger) for run_id in origins)
    return FileStatus(ledger.shown, known_by, content_hash, is_ours, sheets)


def _known_by(content: Sequence[int], lines: Sequence[int], place: Sequence[int]) -> KnownBy:
    if content:
        return KnownBy.CONTENT
    if lines:
        return KnownBy.LINES
    return KnownBy.PLACE if place else KnownBy.NOTHING


def hash_of_content(file: Path) -> str:
    """The hash under which a run would keep it: of what is in it, where it is packed."""
    with unpacked(file, file) as content, content.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def runs_of_lines(file: Path, ledger: Ledger) -> tuple[list[int], bool]:
    """The runs that the lines of one of our own files name, as far as this ledger has them; and whether it is one."""
    found: set[int] = set()
    is_ours = False
    for sheet in sheets_of(file) or (None,):
        with suppress(EtlError), open_input(file, InputRules(sheet), file) as input_:
            if not input_.table.is_ours:
                continue
            is_ours = True
            letters = {column.header: column.letter for column in input_.table.columns}
            run, row = letters["etl_run"], letters["etl_row"]
            for block in input_.blocks():
                lines = zip(block.frame[run].tolist(), block.frame[row].tolist(), strict=True) if block.numbers else ()
                found |= {line.run for typed in lines if isinstance(line := lineage_of(*typed), Lineage)}
    return ledger.rounds.existing(found) if found else [], is_ours


def _sheet_status(run_id: int, ledger: Ledger) -> SheetStatus:
    listed = ledger.listing.run(run_id)
    assert listed is not None  # noqa: S101 — the ledger has just named it
    days: Counter[date] = Counter()
    by_run: Counter[int] = Counter()
    elsewhere = 0
    for one in ledger.rounds.went_in(run_id):
        by_run[one.of_run] += one.rows
        if one.at is None:
            elsewhere += one.rows
        else:
            days[datetime.fromtimestamp(one.at, UTC).date()] += one.rows
    numbers = ledger.rounds.of_sheet(run_id, listed.scope_id)
    steps = ledger.steps.of(numbers)
    rounds = tuple(_rounds(numbers, by_run, steps, ledger))
    missing = tuple(ledger.rounds.missing(run_id, MOST_ROW_NUMBERS))
    own = next(one.run for one in rounds if one.run.listed.run_id == run_id)
    return SheetStatus(
        run=own,
        by_day=tuple(sorted(days.items())),
        elsewhere=elsewhere,
        ignored=listed.counts.get(Outcome.IGNORED, 0),
        undone=listed.counts.get(Outcome.UNDONE, 0),
        missing=missing,
        rounds=rounds,
        next_command=_next(own, rounds) if missing else None,
    )


def _rounds(
    numbers: Sequence[int], by_run: Counter[int], steps: Sequence[StepTaken], ledger: Ledger
) -> Iterator[Round]:
    revised: Counter[int] = Counter()
    for number in numbers:
        for one in ledger.revisions.revised_by(number):
            revised[number] += by_run.get(one.run_id, 0)
    for number in numbers:
        listed = ledger.listing.run(number)
        if listed is not None:
            by = next((str(step.by) for step in steps if step.run_id == number), None)
            yield Round(past_run(listed, ledger), by_run.get(number, 0) + revised[number], by)


def _next(own: PastRun, rounds: Sequence[Round]) -> NextCommand | None:
    """What the latest round of the sheet's lines asks for; a later state of the sheet at its place counts as one."""
    for one in reversed(rounds):
        if one.run.next_command is not None:
            return one.run.next_command
    return own.next_command


def first_command(file: SheetStatus) -> tuple[str, ...]:
    """The words behind `etl` that import the file as it is now, as the run before did."""
    return run_command(file.run.listed)
