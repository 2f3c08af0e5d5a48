"""What went in during a span of time, for an auditor: each input with who, when and what, each row with its id.

Works on the ledger alone, unless what LeadSquared holds is to be compared. Prints nothing, raises `etl.errors.EtlError`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from etl.care import check_account, opened
from etl.clock import Clock, SystemClock
from etl.events import Note, StopSignal, ignore
from etl.exits import ExitCode
from etl.ledger.steps import Step, this_actor
from etl.proof import held_by_leadsquared
from etl.reconciler.audit_workbook import AuditLine, AuditRow, write_audit
from etl.reconciler.counts import Equation
from etl.reconciler.put_in_place import put_in_place
from etl.records import Outcome
from etl.stages.past_runs import past_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from etl.events import Event
    from etl.ledger.listing import ListedRun
    from etl.ledger.steps import StepTaken
    from etl.ledger.store import Ledger
    from etl.settings import Settings


@dataclass(frozen=True, slots=True)
class Span:
    """Days, both included, in UTC."""

    first: date
    last: date

    @property
    def seconds(self) -> tuple[float, float]:
        """From the first moment until the first that is too late, since 1970."""
        begin = datetime(self.first.year, self.first.month, self.first.day, tzinfo=UTC)
        end = datetime(self.last.year, self.last.month, self.last.day, tzinfo=UTC) + timedelta(days=1)
        return begin.timestamp(), end.timestamp()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an audit is to hold, and where. account: only inputs for accounts of that name. verify: count at LeadSquared."""

    span: Span
    out: Path
    account: str | None = None
    verify: bool = False


@dataclass(frozen=True, slots=True)
class Audited:
    """An audit that was written. exit_code: 4 where LeadSquared does not hold what we call created, 7 where it cannot tell."""

    ledger: str
    path: Path
    lines: tuple[AuditLine, ...]
    exit_code: ExitCode = ExitCode.DONE

    @property
    def data_rows(self) -> int:
        return sum(line.data_rows for line in self.lines)


def audit(
    settings: Settings,
    wanted: Wanted,
    *,
    events: Callable[[Event], None] = ignore,
    stop: StopSignal | None = None,
    clock: Clock | None = None,
) -> Audited:
    """Write every input that was received in a span of days.

    To verify, settings must have an account; inputs that went to others are told as not verified.
    Raises:  UsageError — no such account, or the file cannot be written. LedgerError; with verify RefusedError and
             NetworkError.
    """
    now = clock or SystemClock()
    with opened(settings, now) as ledger:
        if wanted.account is not None:
            check_account(wanted.account, ledger)
        first, end = wanted.span.seconds
        runs = [
            run
            for run in reversed(ledger.listing.runs(None, wanted.account))
            if first <= run.started_at < end and run.revises is None
        ]
        lines = [_line(run, ledger) for run in runs]
    if wanted.verify:
        lines = _verified(lines, settings, events, stop or StopSignal(), now)
    about = _about(settings, wanted, lines, now)
    with opened(settings, now) as ledger:
        place = put_in_place(wanted.out, lambda draft: write_audit(draft, about, lines, _rows(lines, ledger)), _is_free)
    return Audited(settings.ledger_shown, place, tuple(lines), _exit_code(lines))


def _is_free(_path: Path) -> bool:
    """An audit never takes the place of another file: what was shown to somebody stays as it was."""
    return False


def _line(run: ListedRun, ledger: Ledger) -> AuditLine:
    steps = ledger.steps.of([run.run_id])
    began = next((step for step in steps if step.step is Step.BEGUN), None)
    return AuditLine(
        run=run.run_id,
        received=run.started_at,
        ended=run.ended_at,
        by=began.by.user if began else None,
        machine=began.by.machine if began else None,
        on_behalf_of=began.by.on_behalf_of if began else None,
        continued_by=_continued_by(steps),
        input=run.input_path,
        sheet=run.sheet,
        sha256=run.input_hash,
        data_rows=run.data_rows,
        counts=run.counts,
        state=past_run(run, ledger).state.value + (f": {run.stop_reason}" if run.stop_reason else ""),
        account="/".join(run.accounts),
        organisation=run.organisation,
        mapping=run.mapping_name,
        mapping_path=run.mapping_path,
        mapping_sha256=run.mapping_hash,
        operation=run.operation,
        event=run.event,
    )


def _continued_by(steps: Sequence[StepTaken]) -> str:
    return "; ".join(dict.fromkeys(str(step.by) for step in steps if step.step is Step.CONTINUED))


def _rows(lines: Sequence[AuditLine], ledger: Ledger) -> Iterator[AuditRow]:
    for line in lines:
        for row in ledger.runs.lines(line.run):
            yield AuditRow(
                *(line.run, row.row_number, row.outcome, row.activity_id, row.code, row.sent_at),
                *(row.holder_run, row.holder_row),
            )


def _verified(
    lines: Sequence[AuditLine], settings: Settings, events: Callable[[Event], None], stop: StopSignal, clock: Clock
) -> list[AuditLine]:
    """The lines with what LeadSquared holds of each input, as far as it can be asked."""
    found: list[AuditLine] = []
    held = held_by_leadsquared(settings, [line.run for line in lines], events=events, stop=stop, clock=clock)
    for line in lines:
        counted = held.get(line.run)
        if isinstance(counted, str) or counted is None:
            found.append(replace(line, not_verified=counted or "not verified: broken off before it"))
        else:
            found.append(replace(line, held={finding.value: rows for finding, rows in counted.items()}))
    for line in found:
        if line.not_verified:
            events(Note(f"Run {line.run}: {line.not_verified}."))
    return found


def _exit_code(lines: Sequence[AuditLine]) -> ExitCode:
    checked = [line.held for line in lines if line.held is not None]
    if any(held.get(name) for held in checked for name in ("differs", "missing", "twice")):
        return ExitCode.NEEDS_A_PERSON
    is_open = any(held.get("not read") for held in checked) or any(line.not_verified for line in lines)
    return ExitCode.UNCONFIRMED if is_open else ExitCode.DONE


def _about(settings: Settings, wanted: Wanted, lines: Sequence[AuditLine], clock: Clock) -> list[tuple[str, str]]:
    """What the workbook holds and who made it, when, and from what; with the sum of all inputs."""
    user, machine = this_actor()
    counts = {outcome: sum(line.counts.get(outcome, 0) for line in lines) for outcome in Outcome}
    total = Equation(sum(line.data_rows for line in lines), counts)
    about = [
        ("days (UTC)", f"{wanted.span.first} to {wanted.span.last}, both included; by when the run began"),
        ("accounts", wanted.account or "all in the ledger"),
        ("inputs", f"{len(lines):,}"),
        ("all together", str(total)),
        ("ledger", settings.ledger_shown),
        ("made (UTC)", f"{clock.now():%Y-%m-%d %H:%M:%S} by {user} on {machine}"),
        (
            "an input",
            "one sheet of one file, as it was when its run began; the same content run again is the same input",
        ),
        ("by, machine", "user and computer of the operating system; 'on behalf of' is what was typed with etl run"),
        ("outcomes", "as the ledger has them now: rows that were corrected later count as they stand today"),
        ("from run, from row", "the row that holds the activity, where an earlier or equal row has brought it in"),
    ]
    if any(line.held is not None or line.not_verified for line in lines):
        about.append(
            ("checked", "created and updated rows read back from LeadSquared for this audit, as etl verify --all does")
        )
    return about
