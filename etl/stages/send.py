"""One input sent: begun or continued or found finished, delivered, concluded. Under the lock of its input."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from etl import __version__
from etl.delivery.decide import StopCause
from etl.delivery.driver import cause_of
from etl.errors import BusyError, EtlError, LedgerError, QuotaSpentError, RefusedError, StoppedError, UsageError
from etl.events import InputFinished, Note, Planned
from etl.exits import ExitCode, code_of_error
from etl.findings import OutOfBounds
from etl.ledger.runs import NewRun
from etl.ledger.steps import Step
from etl.records import Outcome
from etl.stages import pilot
from etl.stages.conclude import Files, summary_of, write_files
from etl.stages.deliver import forecast
from etl.stages.elsewhere import note_what_came_meanwhile, note_what_is_there
from etl.stages.explain import explain_changes
from etl.stages.forecast import budget_of, is_change, match, planned, unsent_summary
from etl.stages.guards import ask_about_size, refuse_invalid, unsent
from etl.stages.handed_over import refuse_handed_over, refuse_lines_handed_over
from etl.stages.lead_memory import remember_leads
from etl.stages.leads_of_rows import find_leads, is_to_find_anew
from etl.stages.limits_told import tell_learned_limits
from etl.stages.lock_names import lock_name_of_content, lock_name_of_path
from etl.stages.proposal import propose_pilot
from etl.stages.revise import is_to_revise, revise
from etl.stages.rounds import Rounds
from etl.stages.rows_that_wait import say_how_many_wait
from etl.stages.undone_rows import tell_what_is_being_deleted, was_taken_back
from etl.stages.whose_keys import forget

if TYPE_CHECKING:
    from etl.events import InputSummary
    from etl.ledger.plan import Plan
    from etl.ledger.runs import RunRecord
    from etl.stages.prepare import PreparedInput
    from etl.stages.session import Session


def send_all(prepared: list[PreparedInput], session: Session) -> list[InputSummary]:
    """Send the inputs one after the other. What stops one for reasons of the account stops those behind it too.

    Raises: EtlError — only where there is a single input; otherwise it becomes that input's summary.
    """
    close_dead_runs(session)
    learned = tell_learned_limits(session)
    for one in prepared:
        remember_leads(one, session.ledger, session.connection.record.account_id)
    summaries: list[InputSummary] = []
    stopped: list[tuple[PreparedInput, StopCause]] = []
    for one in prepared:
        earlier = next((cause for other, cause in stopped if stops_also(one, other, cause)), None)
        summary, cause = send_or_say_why_not(one, session, earlier, is_only=len(prepared) == 1)
        if cause is not None:
            stopped.append((one, cause))
        summaries.append(summary)
        session.events(InputFinished(summary))
    tell_learned_limits(session, learned)
    return summaries


def stops_also(prepared: PreparedInput, other: PreparedInput, cause: StopCause) -> bool:
    """Whether what has stopped another input of the same account stops this one, before it has begun.

    A refusal may be for the activity type of a mapping, so it says nothing of what goes through another one.
    """
    is_refusal = cause.exit_code is ExitCode.REFUSED
    return not cause.is_of_input and (not is_refusal or other.mapping.path == prepared.mapping.path)


def close_dead_runs(session: Session) -> None:
    """Give back the slots that processes held which have died in the middle of a run. A live one still holds its lock."""
    account_id = session.connection.record.account_id
    for run in session.ledger.runs.with_requests_in_the_air(account_id):
        try:
            with session.ledger.lock_input(account_id, lock_name_of_content(run.scope_id, run.sheet, run.input_hash)):
                session.ledger.requests.close_lost(run.run_id)
        except BusyError:
            continue


def send_or_say_why_not(
    prepared: PreparedInput, session: Session, earlier: StopCause | None, *, is_only: bool
) -> tuple[InputSummary, StopCause | None]:
    """An input sent, or why it was not. earlier: what has stopped others before it, and stops this one too.

    Returns: also why it stopped early. Raises: EtlError — where it is the only input.
    """
    if earlier is not None:
        return _unsent(prepared, session, earlier), earlier
    try:
        summary, cause = send(prepared, session)
    except QuotaSpentError as error:
        cause = StopCause(ExitCode.STOPPED, error.reason, error.remedy, is_for_today=True)
        return _unsent(prepared, session, cause), cause
    except StoppedError:
        cause = cause_of(session.stop)
        return _unsent(prepared, session, cause), cause
    except EtlError as error:
        if isinstance(error, RefusedError):
            _ask_whose_keys_next_time(session)
        if is_only:
            raise
        if error.run is not None:
            return _broken_off(prepared, error.run, session, error), None
        return not_sent_for(prepared, session.plan, error), None
    if cause is not None and cause.exit_code is ExitCode.REFUSED:
        _ask_whose_keys_next_time(session)
    return summary, cause


def _ask_whose_keys_next_time(session: Session) -> None:
    forget(session.connection.record, session.ledger)


def not_sent_for(prepared: PreparedInput, plan: Plan, error: EtlError) -> InputSummary:
    """An input that an error has kept from being sent, with what the error has found."""
    prepared.note(error.findings)
    cause = StopCause(code_of_error(error), error.message, "Then run the same command again.")
    return unsent_summary(prepared, plan, cause, None)


def _broken_off(prepared: PreparedInput, run_id: int, session: Session, error: EtlError) -> InputSummary:
    """An input that an error has met in the midst of its sending, as the ledger has it.  Raises: LedgerError."""
    prepared.note(error.findings)
    cause = StopCause(code_of_error(error), error.message, "Then run the same command again: it continues.")
    return summary_of(prepared, run_id, cause, session.ledger, Files(None, None))


def _unsent(prepared: PreparedInput, session: Session, cause: StopCause) -> InputSummary:
    """An input that nothing was sent of, and for how many of its rows the cause is one."""
    waiting = session.plan.counts(prepared.number).get(Outcome.WAITING, 0)
    said = say_how_many_wait(cause, waiting, prepared, session.clock.now())
    return unsent_summary(prepared, session.plan, said, None)


def send(prepared: PreparedInput, session: Session) -> tuple[InputSummary, StopCause | None]:
    """Send what is left of one input. Returns: its summary, and why it stopped early, if it did.

    Raises: BusyError — another process is importing it. UsageError — `--duplicate` names another number.
    """
    account_id = session.connection.record.account_id
    mapping = prepared.mapping
    scope_id = session.ledger.accounts.scope(account_id, mapping.mapping.name, mapping.event)
    with ExitStack() as locks:
        for identity in _lock_names(prepared, scope_id):
            locks.enter_context(session.ledger.lock_input(account_id, identity))
        known = session.ledger.runs.latest_of(scope_id, prepared.hash, prepared.sheet, mapping.hash)
        if known is not None and _is_the_same(known, session.options.duplicate):
            refuse_handed_over(known.run_id, session.ledger)
            session.ledger.requests.close_lost(known.run_id)
            reason = _why_anew(prepared, known, session)
            if reason is None:
                return _go_on(prepared, known, session, locks)
            session.events(Note(reason))
        return _begin(prepared, scope_id, session, locks)


def _why_anew(prepared: PreparedInput, known: RunRecord, session: Session) -> str | None:
    """Why a run of this input must not simply go on, in words; None if it may."""
    if session.ledger.runs.is_overtaken(known.run_id):
        return f"Rows that waited in run {known.run_id} went out with a later one: compared anew."
    if was_taken_back(known, session):
        return f"Rows of run {known.run_id}, which had this input, were taken back since (etl undo): compared anew."
    is_done = known.state == "finished" and not session.ledger.runs.has_doubts(known.run_id)
    has_turns = is_change(prepared) or is_to_revise(prepared)
    if is_done and has_turns and session.ledger.runs.others_sent_since(known.run_id):
        return f"Other updates went out since run {known.run_id}, which had this input: compared anew."
    if is_to_find_anew(prepared, known, session):
        return f"Leads of rows of run {known.run_id} are to be looked up: compared anew."
    return None


def _lock_names(prepared: PreparedInput, scope_id: int) -> tuple[str, str]:
    """An input is locked by its content and by its path: neither a copy of it nor its next state may run beside it."""
    by_content = lock_name_of_content(scope_id, prepared.sheet, prepared.hash)
    return by_content, lock_name_of_path(scope_id, prepared.sheet, prepared.path)


def _is_the_same(known: RunRecord, duplicate: int | None) -> bool:
    return duplicate is None or known.duplicate == duplicate


def _begin(
    prepared: PreparedInput, scope_id: int, session: Session, locks: ExitStack
) -> tuple[InputSummary, StopCause | None]:
    tell_what_is_being_deleted(prepared.shown, scope_id, session)
    match(prepared, session.plan, scope_id, session.options.duplicate)
    refuse_lines_handed_over(prepared, scope_id, session.ledger)
    note_what_is_there(prepared, session)
    cause = find_leads(prepared, session)
    if cause is not None:
        return unsent_summary(prepared, session.plan, cause, None), cause
    cause = refuse_invalid(prepared, session.plan, session.options)
    if cause is not None:
        return unsent(prepared, session, cause, session.options), cause
    new = NewRun(
        scope_id=scope_id,
        account_id=session.connection.record.account_id,
        operation=prepared.mapping.mapping.operation,
        input_hash=prepared.hash,
        input_path=str(prepared.path.absolute()),
        sheet=prepared.sheet,
        mapping_hash=prepared.mapping.hash,
        mapping_path=str(prepared.mapping.path.absolute()),
        data_rows=prepared.data_rows,
        duplicate=session.options.duplicate,
        etl_version=__version__,
        on_behalf_of=session.options.on_behalf_of,
    )
    ahead = planned(prepared, session.plan, None, session.connection.allowance)
    cause = ask_about_size(prepared, ahead.rows_to_send, scope_id, session)
    if cause is not None:
        return unsent(prepared, session, cause, session.options), cause
    run_id = session.ledger.runs.begin(new, session.plan, prepared.number)
    _tell_what_goes_out(replace(ahead, run=run_id), prepared, scope_id, session)
    return _deliver(prepared, run_id, session, locks)


def _go_on(
    prepared: PreparedInput, known: RunRecord, session: Session, locks: ExitStack
) -> tuple[InputSummary, StopCause | None]:
    session.ledger.runs.clear_stop(known.run_id)
    tell_what_is_being_deleted(prepared.shown, known.scope_id, session)
    prepared.mapping = prepared.mapping.as_judged_before()
    if prepared.finding_counts[OutOfBounds.code]:
        prepared.kept_rows = None  # without rows that are out of bounds only by now
    if known.state == "finished" and not _has_more_to_tell(prepared, known.run_id, session):
        session.events(Note(f"This input was imported before, by run {known.run_id}; nothing is left to send."))
        return _conclude(prepared, known.run_id, None, session), None
    session.events(Note(f"Run {known.run_id} goes on where it stopped."))
    session.ledger.steps.note(known.run_id, Step.CONTINUED, session.options.on_behalf_of)
    try:
        note_what_came_meanwhile(prepared, known, session)
    except (QuotaSpentError, StoppedError) as error:
        return _only_look_back(prepared, known.run_id, error, session, locks)
    ahead = forecast(session.ledger.runs.counts_to_send(known.run_id), prepared.mapping, session.connection.allowance)
    counts = session.ledger.runs.counts(known.run_id)
    going = Planned(
        prepared.shown,
        known.run_id,
        known.data_rows,
        counts,
        prepared.unmapped,
        ahead.rows,
        ahead.requests,
        ahead.seconds,
    )
    _tell_what_goes_out(going, prepared, known.scope_id, session)
    return _deliver(prepared, known.run_id, session, locks)


def _tell_what_goes_out(ahead: Planned, prepared: PreparedInput, scope_id: int, session: Session) -> None:
    """The plan, with what is left of the day's quota; and that a pilot would be wise, where it is the first time."""
    account_id = session.connection.record.account_id
    budget = budget_of(session.connection.allowance, session.ledger, account_id)
    session.events(replace(ahead, budget=budget, account=session.connection.account.name))
    propose_pilot(prepared, ahead.rows_to_send, scope_id, session.ledger, session.options, session.events)


def _only_look_back(
    prepared: PreparedInput, run_id: int, error: QuotaSpentError | StoppedError, session: Session, locks: ExitStack
) -> tuple[InputSummary, StopCause | None]:
    """A run that may not send now: what was in doubt is read back from what is kept of the quota for that."""
    rounds = Rounds(prepared, run_id, session, locks)
    if isinstance(error, QuotaSpentError):
        cause = rounds.look_back() or StopCause(ExitCode.STOPPED, error.reason, error.remedy, is_for_today=True)
    else:
        cause = cause_of(session.stop)
    return _end(prepared, run_id, cause, session, rounds.other_runs)


def _has_more_to_tell(prepared: PreparedInput, run_id: int, session: Session) -> bool:
    """Whether a run whose every row was tried has rows in doubt, or changed ones of which nobody has seen yet why."""
    if session.ledger.runs.has_doubts(run_id):
        return True
    return is_to_revise(prepared) and session.ledger.runs.has_unexplained(run_id)


def _deliver(
    prepared: PreparedInput, run_id: int, session: Session, locks: ExitStack
) -> tuple[InputSummary, StopCause | None]:
    rounds = Rounds(prepared, run_id, session, locks)
    try:
        cause = pilot.go(rounds, prepared.shown, session)
        if cause is None and is_to_revise(prepared):
            cause = revise(prepared, rounds.run, session, locks)
        return _end(prepared, run_id, cause, session, rounds.other_runs)
    except EtlError as error:
        error.run = run_id
        if isinstance(error, LedgerError):
            error.is_midway = True
        raise


def _end(
    prepared: PreparedInput, run_id: int, cause: StopCause | None, session: Session, others: frozenset[int]
) -> tuple[InputSummary, StopCause | None]:
    """Note how the run ended, and write its files."""
    cause = _in_its_words(cause, run_id, prepared, session)
    session.ledger.runs.end(run_id, cause.reason if cause else None, int(cause.exit_code) if cause else None)
    return _conclude(prepared, run_id, cause, session, others), cause


def _in_its_words(cause: StopCause | None, run_id: int, prepared: PreparedInput, session: Session) -> StopCause | None:
    if cause is None:
        return None
    waiting = session.ledger.runs.counts(run_id).get(Outcome.WAITING, 0)
    return say_how_many_wait(cause, waiting, prepared, session.clock.now())


def _conclude(
    prepared: PreparedInput,
    run_id: int,
    cause: StopCause | None,
    session: Session,
    others: frozenset[int] = frozenset(),
) -> InputSummary:
    """Write the files. If that fails, all is in the ledger still, and the same command writes them later."""
    if is_to_revise(prepared):
        session.ledger.revisions.tell_lines(run_id)
    if cause is None or not is_to_revise(prepared):  # a run that goes on may bring them to their activities
        explain_changes(prepared, run_id, session.ledger)
    try:
        files = write_files(
            prepared, run_id, cause, session.ledger, session.options, others, session.connection.account
        )
    except UsageError as error:
        remedy = "Mend that and run the same command again: it sends nothing twice and writes the results."
        cause = cause or StopCause(ExitCode.STOPPED, f"all is recorded, but {error.message}", remedy)
        files = Files(None, None)
    return summary_of(prepared, run_id, cause, session.ledger, files)
