"""Taking back what a run has created: looked at first, then deleted where that takes nothing else along, or marked.

Like `etl.pipeline` it prints nothing and raises `etl.errors.EtlError`.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from etl.clock import Clock, SystemClock
from etl.delivery.decide import StopCause
from etl.delivery.driver import cause_of
from etl.delivery.undoing import Bucket
from etl.errors import EtlError, NetworkError, QuotaSpentError, StoppedError, UsageError
from etl.events import Note, Started, StopSignal, ignore
from etl.exits import ExitCode
from etl.ledger.steps import Step
from etl.ledger.store import Ledger
from etl.mapping.load import load_mapping
from etl.operations import OPERATIONS
from etl.operations.contract import Proof
from etl.places import place_of
from etl.reconciler.counts import Equation
from etl.records import Outcome
from etl.stages.connect import connect
from etl.stages.handed_over import refuse_handed_over
from etl.stages.lead_cells import lead_links_of
from etl.stages.lock_names import lock_name_of_content
from etl.stages.rewrite import copies_of, names_of, write_again
from etl.stages.undo import Undo
from etl.stages.undo_send import Mark
from etl.stages.verify import Desk, addressing_of
from etl.stages.writer import ResultsWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from etl.events import Event
    from etl.ledger.runs import RunRecord
    from etl.settings import Settings
    from etl.stages.undo_look import Ours, Sorted

_MARKABLE = re.compile(r"mx_[A-Za-z0-9_]+|Status")
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Look:
    """What stands in LeadSquared of a run. counts: its activities by bucket. deleted: so many are gone by this already.

    leads: on how many leads the deletable ones lie. examples: a few of each bucket. without_id: created, under no id.
    """

    run: int
    shown: str
    account: str
    organisation: str
    counts: Mapping[Bucket, int]
    deleted: int
    leads: int
    examples: Mapping[Bucket, tuple[Ours, ...]]
    without_id: int = 0
    others: Mapping[Outcome, int] = field(default_factory=dict)

    @property
    def to_confirm(self) -> int:
        """The number that a person types: what this deletion comes to in all, also where it was broken off and goes on."""
        return self.counts.get(Bucket.ONLY_OURS, 0) + self.counts.get(Bucket.QUEUED, 0) + self.deleted


@dataclass(frozen=True, slots=True)
class Preview:
    """Nothing is changed."""


@dataclass(frozen=True, slots=True)
class Delete:
    """What is only ours is deleted. agrees: whether this is what the person wants, seen the look.

    Raises, when called: UsageError — they typed another number.
    """

    agrees: Callable[[Look], bool]


@dataclass(frozen=True, slots=True)
class MarkAll:
    """Whatever is there is marked: the value is written into the field."""

    target: str
    value: str


Wish: TypeAlias = Preview | Delete | MarkAll


@dataclass(frozen=True, slots=True)
class Undone:
    """How it ended. look: before. deleted, marked, gone: rows that are undone now by this command, or were found gone.

    left: activities of the run that are in LeadSquared as before. equation: of the run. results: written again, if they were.
    """

    look: Look
    exit_code: int
    deleted: int = 0
    marked: int = 0
    gone: int = 0
    left: int = 0
    equation: Equation | None = None
    results: Path | None = None
    stop_reason: str | None = None
    next_step: str = ""


def undo(
    settings: Settings,
    run_id: int,
    wish: Wish,
    *,
    events: Callable[[Event], None] = ignore,
    stop: StopSignal | None = None,
    clock: Clock | None = None,
) -> Undone:
    """Sort what a run has created into buckets; then delete or mark it, read it back, and forget its rows.

    Raises:  UsageError — no such run, nothing that it created, a field that cannot be marked, another number than was typed.
             BusyError — it is at work. RefusedError, NetworkError, LedgerError.
    """
    now, asked = clock or SystemClock(), stop or StopSignal()
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger(settings.ledger_url, settings.ledger_files, now))
        run = _known(run_id, ledger)
        refuse_handed_over(run.run_id, ledger)
        mark = _mark_of(wish, run, ledger) if isinstance(wish, MarkAll) else None
        connection = stack.enter_context(connect(settings.account, ledger, now, asked))
        if connection.record.account_id != run.account_id:
            raise UsageError(
                f"Run {run_id} went to another account than {connection.account.name} ({connection.organisation}). "
                "Name its account with -a, or set its keys."
            )
        events(Started(connection.account.name, connection.organisation, ledger.shown))
        stack.enter_context(
            ledger.lock_input(run.account_id, lock_name_of_content(run.scope_id, run.sheet, run.input_hash))
        )
        ledger.requests.close_lost(run.run_id)
        ledger.runs.clear_stop(run.run_id)
        desk = Desk(ledger, connection, now, events, asked, stack)
        work = Undo(desk, run, addressing_of(run, ledger), _shown(run))
        found = work.look()
        work.note_what_was_deleted(found)
        look = _look(found, run, desk)
        if isinstance(wish, Preview):
            return Undone(look, int(ExitCode.DONE))
        if isinstance(wish, Delete) and not wish.agrees(look):
            return Undone(look, int(ExitCode.STOPPED), stop_reason="not confirmed", next_step="Nothing was deleted.")
        return _carry_out(work, found, look, mark, desk, run)


def _carry_out(work: Undo, found: Sorted, look: Look, mark: Mark | None, desk: Desk, run: RunRecord) -> Undone:
    gone = work.take_note_of_gone(found)
    marked = 0
    cause: StopCause | None = None
    try:
        if mark is None:
            cause = work.delete(found)
        else:
            marked, cause = work.mark(found, mark)
    except QuotaSpentError as error:
        cause = StopCause(ExitCode.STOPPED, error.reason, error.remedy, is_for_today=True)
    except StoppedError as error:
        cause = cause_of(desk.stop) if desk.stop.reason else StopCause(ExitCode.STOPPED, error.message, "")
    except NetworkError as error:
        cause = StopCause(ExitCode.STOPPED, error.message, "Run the same command again: it goes on.")
    finally:
        deleted = desk.ledger.undoings.count_deleted(run.run_id) - look.deleted
        _note_step(desk.ledger, run.run_id, deleted, marked, mark)
        results = _write_results(desk, run)
    left = len(desk.ledger.undoings.created(run.run_id))
    code = cause.exit_code if cause else (ExitCode.NEEDS_A_PERSON if left else ExitCode.DONE)
    return Undone(
        look=look,
        exit_code=int(code),
        deleted=deleted,
        marked=marked,
        gone=gone,
        left=left,
        equation=Equation(run.data_rows, desk.ledger.runs.counts(run.run_id)),
        results=results,
        stop_reason=cause.reason if cause else None,
        next_step=cause.remedy if cause else _next_step(left, run.run_id),
    )


def _next_step(left: int, run_id: int) -> str:
    if not left:
        return "Import the right rows: nothing of this run is called already imported any more."
    return f"{left:,} stay as they are. To mark them: etl undo {run_id} --mark FIELD=VALUE."


def _note_step(ledger: Ledger, run_id: int, deleted: int, marked: int, mark: Mark | None) -> None:
    """What was taken back stands in the run's story, with who did it."""
    if deleted:
        ledger.steps.note(run_id, Step.UNDONE, detail=f"{deleted:,} rows, deleted")
    if mark is not None and marked:
        ledger.steps.note(run_id, Step.UNDONE, detail=f"{marked:,} rows, marked {mark}")


def _write_results(desk: Desk, run: RunRecord) -> Path | None:
    """The results say what was taken back. What is written there is all in the ledger, too."""
    if run.results_path is None:
        return None
    try:
        writer = ResultsWriter(desk.ledger, lead_links=lead_links_of([desk.connection.account]))
        files = write_again(run, names_of(run), writer, desk.ledger, is_their_place=True)
    except (EtlError, OSError) as error:
        desk.events(Note(f"The results could not be written again: {error}"))
        return None
    return files.results


def _known(run_id: int, ledger: Ledger) -> RunRecord:
    run = ledger.runs.get(run_id)
    if run is None:
        raise UsageError(f"There is no run {run_id} in the ledger {ledger.shown}. etl runs lists them.")
    if OPERATIONS[run.operation].proof is Proof.VALUES:
        raise UsageError(
            f"Run {run_id} changed activities that were there before, and what they held then nobody has kept. It created "
            "nothing that could be taken back. etl fetch shows what they hold now."
        )
    return run


def _mark_of(wish: MarkAll, run: RunRecord, ledger: Ledger) -> Mark:
    """The mark, if it can be one.

    Raises: UsageError — the field is none that an update carries, or holds what the rows themselves sent.
    """
    named = f"--mark {wish.target}={wish.value}"
    if not _MARKABLE.fullmatch(wish.target):
        raise UsageError(
            f"{named}: name a field of the activity type, like mx_Custom_19, or Status. {wish.target} is none."
        )
    if not wish.value.strip() or len(wish.value) > 200:
        raise UsageError(f"{named}: the value has 1 to 200 characters, like wrong-import.")
    mapping = load_mapping(ledger.copies.path(copies_of(run)[1]), place_of(run.mapping_path))
    if wish.target in {mapped.target for mapped in mapping.targets()}:
        raise UsageError(
            f"{named}: the rows of this import have their own values in {wish.target}, which the mark would overwrite. Name a "
            "spare field of the activity type."
        )
    return Mark(wish.target, wish.value, mapping.row_key_field)


def _look(found: Sorted, run: RunRecord, desk: Desk) -> Look:
    created = desk.ledger.undoings.created(run.run_id)
    counts = desk.ledger.runs.counts(run.run_id)
    ours = found.of(Bucket.ONLY_OURS)
    return Look(
        run=run.run_id,
        shown=_shown(run),
        account=desk.connection.account.name,
        organisation=desk.connection.organisation,
        counts=dict(found.counts),
        deleted=desk.ledger.undoings.count_deleted(run.run_id),
        leads=len({one.activity.lead_id.casefold() for one in ours if one.activity is not None}),
        examples={bucket: tuple(found.of(bucket)[:_EXAMPLES]) for bucket in Bucket},
        without_id=sum(row.activity_id is None for row in created),
        others={outcome: count for outcome, count in counts.items() if outcome is not Outcome.CREATED},
    )


def _shown(run: RunRecord) -> str:
    name = Path(run.input_path).name
    return f"{name} [{run.sheet}]" if run.sheet else name
