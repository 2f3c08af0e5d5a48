"""Finding out what LeadSquared holds: rows in doubt settled, created rows checked, row memory rebuilt. Nothing is sent.

Like `etl.pipeline` it prints nothing and raises `etl.errors.EtlError`.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from etl.clock import Clock, SystemClock
from etl.delivery.decide import StopCause
from etl.delivery.outcomes import RowEnd
from etl.errors import BusyError, EtlError, LedgerError, UsageError
from etl.events import InputSummary, Note, Started, StopSignal, ignore
from etl.exits import ExitCode
from etl.ledger.steps import Step
from etl.ledger.store import Ledger
from etl.operations import OPERATIONS
from etl.reconciler.counts import Equation
from etl.records import Outcome
from etl.stages.audit import Audit
from etl.stages.audit_findings import Finding
from etl.stages.by_id import ids_named_by
from etl.stages.conclude import next_step, outcome_code
from etl.stages.connect import connect
from etl.stages.elsewhere import KeyMemory, read_keys
from etl.stages.handed_over import refuse_handed_over
from etl.stages.lead_cells import lead_links_of
from etl.stages.lock_names import lock_name_of_content
from etl.stages.rewrite import names_of, write_again
from etl.stages.verify import Desk, Verifier, addressing_of
from etl.stages.writer import Files, ResultsWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from etl.events import Event
    from etl.ledger.runs import RunRecord
    from etl.settings import Settings


class Assumption(StrEnum):
    """What a person may decide of rows that cannot be read back."""

    STORED = "stored"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Verified:
    """How a verification ended. findings: created rows by what was found, where they were checked; else empty."""

    result: InputSummary
    findings: Mapping[Finding, int] = field(default_factory=dict)
    assumed: int = 0

    @property
    def exit_code(self) -> int:
        """What the command exits with: a bad finding needs a person even where every row has its end."""
        if self.result.exit_code not in {ExitCode.DONE, ExitCode.NEEDS_A_PERSON}:
            return self.result.exit_code
        if self.findings.get(Finding.NOT_READ):
            return int(ExitCode.UNCONFIRMED)
        bad = sum(self.findings.get(one, 0) for one in (Finding.DIFFERS, Finding.MISSING, Finding.TWICE))
        return int(ExitCode.NEEDS_A_PERSON) if bad else self.result.exit_code


@dataclass(frozen=True, slots=True)
class Check:
    """Which created rows are to be checked: all, or so many drawn at random."""

    sample: int | None = None


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuilding found. activities: read; keys: of them with a row key that was not known yet."""

    activities: int
    keys: int


def verify(
    settings: Settings,
    run_id: int,
    *,
    check: Check | None = None,
    assume: Assumption | None = None,
    events: Callable[[Event], None] = ignore,
    stop: StopSignal | None = None,
    clock: Clock | None = None,
) -> Verified:
    """Settle the rows of a run that are in doubt, as far as reading back can, and write its results again.

    check: also compare created rows with what LeadSquared holds. assume: what a person decides of rows that stay in doubt.
    Raises:  UsageError — no such run, or it went to another account. BusyError — it is at work. RefusedError, NetworkError,
             LedgerError.
    """
    now, asked = clock or SystemClock(), stop or StopSignal()
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger(settings.ledger_url, settings.ledger_files, now))
        run = _known(run_id, ledger)
        refuse_handed_over(run.run_id, ledger)
        connection = stack.enter_context(connect(settings.account, ledger, now, asked))
        if connection.record.account_id != run.account_id:
            raise UsageError(
                f"Run {run_id} went to another account than {connection.account.name} ({connection.organisation}). "
                "Name its account with -a, or set its keys."
            )
        events(Started(connection.account.name, connection.organisation, ledger.shown))
        name = lock_name_of_content(run.scope_id, run.sheet, run.input_hash)
        stack.enter_context(ledger.lock_input(run.account_id, name))
        runs = [run, *ledger.revisions.revised_by(run.run_id)]
        for one in runs:
            ledger.requests.close_lost(one.run_id)
        ledger.revisions.tell_lines(run.run_id)
        desk = Desk(ledger, connection.to_read_back, now, events, asked, stack)
        cause = _settle(desk, run, assume)
        assumed = sum(_assume(desk, one, assume) for one in runs) if assume is not None else 0
        counts: Counter[Finding] = Counter()
        for one in runs if check is not None else ():
            if cause is None:
                audit = Audit(desk, one, addressing_of(one, ledger), _shown(one))
                cause = audit.go(check.sample if check else None)
                counts += audit.counts
        verified = Verified(_summary(desk, run, cause), dict(counts), assumed)
        ledger.steps.note(run.run_id, Step.VERIFIED, detail=_told(verified))
        return verified


def held_by_leadsquared(
    settings: Settings,
    run_ids: Sequence[int],
    *,
    events: Callable[[Event], None] = ignore,
    stop: StopSignal | None = None,
    clock: Clock | None = None,
) -> dict[int, Mapping[Finding, int] | str]:
    """What LeadSquared holds of the created and updated rows of some runs: reads, and no row gets another outcome by it.

    Returns: by run its rows by what was found; a sentence where that could not be asked. Runs that a wish to stop has left
             out are missing.
    Raises:  RefusedError, NetworkError, LedgerError — nothing can be asked at all.
    """
    now, asked = clock or SystemClock(), stop or StopSignal()
    found: dict[int, Mapping[Finding, int] | str] = {}
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger(settings.ledger_url, settings.ledger_files, now))
        connection = stack.enter_context(connect(settings.account, ledger, now, asked))
        events(Started(connection.account.name, connection.organisation, ledger.shown))
        for run_id in run_ids:
            if asked.reason is not None:
                break
            run = _known(run_id, ledger)
            if run.account_id != connection.record.account_id:
                found[run_id] = f"not verified: it went to another account than {connection.account.name}"
                continue
            counted = _held(run, Desk(ledger, connection.to_read_back, now, events, asked, stack))
            if counted is not None:
                found[run_id] = counted
    return found


def _held(run: RunRecord, desk: Desk) -> Mapping[Finding, int] | str | None:
    """What is held of one run, those that revise for it included; None where it was broken off."""
    counts: Counter[Finding] = Counter()
    name = lock_name_of_content(run.scope_id, run.sheet, run.input_hash)
    try:
        with desk.ledger.lock_input(run.account_id, name):
            for one in (run, *desk.ledger.revisions.revised_by(run.run_id)):
                audit = Audit(desk, one, addressing_of(one, desk.ledger), _shown(one))
                if audit.go(None) is not None:
                    return None
                counts += audit.counts
    except BusyError:
        return "not verified: a process is at work on it"
    except LedgerError as error:
        return f"not verified: {error.message}"
    desk.ledger.steps.note(run.run_id, Step.VERIFIED, detail=f"{_in_words(counts)} (etl audit)")
    return counts


def _in_words(counts: Mapping[Finding, int]) -> str:
    return ", ".join(f"{count:,} {finding.value}" for finding, count in counts.items() if count) or "no created rows"


def rebuild(
    settings: Settings,
    event: int,
    since: datetime,
    *,
    events: Callable[[Event], None] = ignore,
    clock: Clock | None = None,
) -> Rebuilt:
    """Read the row keys that activities of a type show, and keep them: rows that carry them are not sent again from here.

    Raises: UsageError — this user may not read activities. RefusedError, NetworkError, LedgerError.
    """
    now = clock or SystemClock()
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger(settings.ledger_url, settings.ledger_files, now))
        connection = stack.enter_context(connect(settings.account, ledger, now))
        events(Started(connection.account.name, connection.organisation, ledger.shown))
        read = read_keys(event, since, None, KeyMemory(ledger, connection, now))
        if read is None:
            raise UsageError(
                "The user of these keys may not read activities back (RetrieveByActivityEvent): row memory cannot be rebuilt. "
                "Give the user that right, or use an administrator's keys."
            )
        return Rebuilt(*read)


def _known(run_id: int, ledger: Ledger) -> RunRecord:
    """The run; of one that brings another's rows to their activities, that other one, whose results tell of both."""
    run = ledger.runs.get(run_id)
    if run is None:
        raise UsageError(f"There is no run {run_id} in the ledger {ledger.shown}. etl runs lists them.")
    return run if run.revises is None else _known(run.revises, ledger)


def _told(verified: Verified) -> str:
    """What came out of a verification, for the run's story: `480 held, 2 missing; 1 unconfirmed left`."""
    left = verified.result.equation.outcomes.get(Outcome.UNCONFIRMED, 0)
    found = _in_words(verified.findings) if verified.findings else ""
    parts = [found, f"{left:,} still unconfirmed" if left else "nothing is in doubt"]
    if verified.result.stop_reason:
        parts.append(f"broken off: {verified.result.stop_reason}")
    return "; ".join(part for part in parts if part)


def _shown(run: RunRecord) -> str:
    name = Path(run.input_path).name
    return f"{name} [{run.sheet}]" if run.sheet else name


def _settle(desk: Desk, run: RunRecord, assume: Assumption | None) -> StopCause | None:
    """Read back what is in doubt. Who has decided already is not kept waiting, nor by a LeadSquared that does not answer."""
    verifier = Verifier(desk, run, _shown(run))
    if not desk.ledger.runs.has_doubts(run.run_id):
        return None
    if assume is None:
        return verifier.settle().cause
    look = verifier.look()
    if isinstance(look, StopCause):
        desk.events(Note(f"{look.reason}. What was decided is applied to all rows in doubt."))
    return None


def _assume(desk: Desk, run: RunRecord, assume: Assumption) -> int:
    """Apply a person's decision to the rows of this run that are still in doubt, and keep that it was one."""
    today, stores_as = f"{desk.clock.now():%Y-%m-%d}", OPERATIONS[run.operation].stores_as
    addressing = addressing_of(run, desk.ledger)
    ends: dict[int, list[RowEnd]] = {}
    for doubt in desk.ledger.doubts.of_run(run.run_id):
        if doubt.run_id == run.run_id:
            named = ids_named_by(doubt, addressing) if assume is Assumption.STORED else {}
            ends[doubt.request_id] = [
                _decided(row.row_id, assume, today, stores_as)._replace(activity_id=named.get(row.row_id))
                for row in doubt.rows
            ]
    settled = desk.ledger.requests.settle_read_back(ends)
    if settled:
        desk.ledger.doubts.note_decision(run.run_id, assume.value, len(settled))
    return len(settled)


def _decided(row_id: int, assume: Assumption, today: str, stores_as: Outcome) -> RowEnd:
    if assume is Assumption.STORED:
        hint = f"Not read back: a person decided on {today} that it is in LeadSquared (etl verify --assume stored)."
        return RowEnd(row_id, stores_as, code="assumed", hint=hint)
    hint = f"A person decided on {today} that it is not in LeadSquared (etl verify --assume absent)."
    return RowEnd(row_id, Outcome.WAITING, code="assumed", hint=hint)


def _summary(desk: Desk, run: RunRecord, cause: StopCause | None) -> InputSummary:
    """How the run stands now, its results written again."""
    ledger = desk.ledger
    files = Files(None, None)
    try:
        writer = ResultsWriter(ledger, lead_links=lead_links_of([desk.connection.account]))
        files = write_again(run, names_of(run), writer, ledger, is_their_place=True)
    except (EtlError, OSError) as error:
        desk.events(Note(f"The results could not be written again: {error}"))
    counts = ledger.runs.counts(run.run_id)
    equation = Equation(run.data_rows, counts)
    code = outcome_code(counts, cause, holds=equation.holds)
    step = next_step(code, cause, files.failed)
    if cause is None and counts.get(Outcome.WAITING, 0):
        code, step = ExitCode.STOPPED, "Rows wait to be sent: run the same import again."
    return InputSummary(
        input=_shown(run),
        run=run.run_id,
        equation=equation,
        exit_code=int(code),
        results=files.results,
        failed=files.failed,
        stop_reason=cause.reason if cause else None,
        next_step=step,
    )
