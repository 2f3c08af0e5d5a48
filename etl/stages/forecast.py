"""What would become of an input, before anything is sent: the end of `check` and `--dry-run`, the beginning of `run`."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from etl.delivery.decide import StopCause
from etl.delivery.driver import cause_of
from etl.errors import UsageError
from etl.events import InputFinished, InputSummary, Note, Planned
from etl.exits import ExitCode
from etl.ledger.requests import Allowance
from etl.ledger.versions import OtherValues
from etl.mapping.model import OnChange
from etl.reconciler.counts import Equation
from etl.records import Outcome, Window
from etl.settings.model import DEFAULT_LIMIT
from etl.stages.arrange import needs_addresses
from etl.stages.conclude import ResultsWriter, needs_a_person
from etl.stages.connect import allowance_of, host_to_ask
from etl.stages.deliver import at_the_limit, dry_bodies, forecast, slowest
from etl.stages.find_leads import look_ups
from etl.stages.lead_memory import remember_leads
from etl.stages.leads_of_rows import find_leads
from etl.stages.proposal import propose_pilot, tell_unusual_size
from etl.stages.revisions_ahead import let_revisions_wait, requests_for, revision_bodies

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from etl.events import Budget, Event, RunOptions
    from etl.ledger.plan import Plan
    from etl.ledger.store import Ledger
    from etl.settings import Account
    from etl.stages.prepare import PreparedInput
    from etl.stages.session import Inquiry


_OTHER_VALUES = {
    OnChange.REPORT: OtherValues.CHANGED,
    OnChange.UPDATE: OtherValues.IN_TURN,
    OnChange.SEND_NEW: OtherValues.NEW,
}


def match(prepared: PreparedInput, plan: Plan, scope_id: int | None, duplicate: int | None) -> None:
    """Find the rows that LeadSquared has from us, and number those that go out.

    Raises: UsageError — `--duplicate` names another number than that of the known rows.
    """
    with plan.at_one_moment():
        _find_known(prepared, plan, scope_id)
        if duplicate is not None:
            _send_again(prepared, plan, duplicate)
        plan.number_equals(prepared.number, scope_id)
        plan.set_apart(prepared.number, scope_id, prepared.mapping.operation.rows_per_request)


def _match_in_order(prepared: PreparedInput, plan: Plan, scope_id: int | None, duplicate: int | None) -> None:
    """As `match`, where the inputs before this one have not really been sent."""
    _find_known(prepared, plan, scope_id)
    plan.match_earlier_inputs(prepared.number, has_unique_key=bool(prepared.mapping.mapping.unique_by))
    if duplicate is not None:
        _send_again(prepared, plan, duplicate)
    plan.number_equals(prepared.number, scope_id)
    plan.set_apart(prepared.number, scope_id, prepared.mapping.operation.rows_per_request)


def _find_known(prepared: PreparedInput, plan: Plan, scope_id: int | None) -> None:
    has_unique_key = bool(prepared.mapping.mapping.unique_by)
    plan.match(
        prepared.number,
        scope_id,
        has_unique_key=has_unique_key,
        of_changes=is_change(prepared),
        other_values=_OTHER_VALUES[prepared.mapping.mapping.on_change],
    )


def is_change(prepared: PreparedInput) -> bool:
    """Whether its rows change activities that are there: what counts of those is the last that they were told."""
    return prepared.mapping.operation.stores_as is Outcome.UPDATED


def _send_again(prepared: PreparedInput, plan: Plan, duplicate: int) -> None:
    known = plan.counts(prepared.number).get(Outcome.ALREADY_IMPORTED, 0)
    if known != duplicate:
        raise UsageError(
            f"--duplicate {duplicate}: {known} rows of {prepared.shown} are in LeadSquared already, not {duplicate}. "
            f"Nothing was sent. To send them all once more on purpose, type --duplicate {known}."
            if known
            else f"--duplicate {duplicate}: no row of {prepared.shown} is in LeadSquared from here. Leave --duplicate out."
        )
    plan.send_again(prepared.number)


def known_scope(prepared: PreparedInput, ledger: Ledger, account: Account | None) -> int | None:
    """The scope of earlier imports, found without asking LeadSquared; None where there is nothing to compare with."""
    if account is None:
        return None
    record = ledger.accounts.known_as(host_to_ask(account), account.name)
    if record is None:
        return None
    return ledger.accounts.scope(record.account_id, prepared.mapping.mapping.name, prepared.mapping.event)


def planned(prepared: PreparedInput, plan: Plan, run: int | None, allowance: Allowance) -> Planned:
    """The plan of one input as an event."""
    by_address = needs_addresses(prepared.mapping.operation)
    groups = plan.counts_to_send(prepared.number, by_address=by_address)
    ahead = forecast(groups, prepared.mapping, allowance)
    return Planned(
        prepared.shown,
        run,
        prepared.data_rows,
        plan.counts(prepared.number),
        prepared.unmapped,
        ahead.rows,
        ahead.requests,
        ahead.seconds,
    )


def _foreseen(prepared: PreparedInput, plan: Plan, ledger: Ledger, account: Account | None) -> Planned:
    """The plan, with the look-ups that a run needs before it: of leads that nothing is remembered of."""
    record = ledger.accounts.known_as(host_to_ask(account), account.name) if account else None
    remember_leads(prepared, ledger, record.account_id if record else None)
    allowance = _allowance(account, ledger)
    budget = budget_of(allowance, ledger, record.account_id if record else None)
    return _with_revisions(
        replace(_with_look_ups(prepared, plan, allowance), budget=budget), prepared, plan, ledger, allowance
    )


def _with_revisions(
    ahead: Planned, prepared: PreparedInput, plan: Plan, ledger: Ledger, allowance: Allowance
) -> Planned:
    """The plan with the rows that go to activities that are there; they wait from here on."""
    rows = let_revisions_wait(prepared, plan, ledger)
    if not rows:
        return ahead
    requests = ahead.requests + requests_for(rows)
    seconds = at_the_limit(requests, slowest(allowance, prepared.mapping.operation.window))
    counts = plan.counts(prepared.number)
    return replace(
        ahead, counts=counts, rows_to_send=ahead.rows_to_send + rows, requests=requests, seconds_at_limit=seconds
    )


def budget_of(allowance: Allowance, ledger: Ledger, account_id: int | None) -> Budget | None:
    """What is left of the day's budget, where the account has one."""
    daily = allowance.daily_requests
    return None if daily is None else ledger.requests.budget(account_id, daily)


def _with_look_ups(prepared: PreparedInput, plan: Plan, allowance: Allowance) -> Planned:
    ahead = planned(prepared, plan, None, allowance)
    if prepared.leads is None:
        return ahead
    needed = look_ups(
        prepared, prepared.leads, lambda first, last: plan.to_send(prepared.number, first, last), allowance
    )
    return replace(ahead, look_ups=needed)


def foresee(
    prepared: PreparedInput,
    plan: Plan,
    ledger: Ledger,
    account: Account | None,
    options: RunOptions,
    events: Callable[[Event], None],
) -> InputSummary:
    """What a run would do with this input; the failed file is written, nothing is sent and no run is begun."""
    _match_in_order(prepared, plan, known_scope(prepared, ledger, account), options.duplicate)
    ahead = _foreseen(prepared, plan, ledger, account)
    events(ahead)
    if account is not None:
        scope_id = known_scope(prepared, ledger, account)
        propose_pilot(prepared, ahead.rows_to_send, scope_id, ledger, options, events)
        tell_unusual_size(prepared, ahead.rows_to_send, scope_id, ledger, options, account.name, events)
    return _foretold(prepared, plan, ahead.counts, ledger, events)


def foresee_with_leads(prepared: PreparedInput, inquiry: Inquiry) -> InputSummary:
    """As `foresee`, with the leads looked up as a run would: a run behind it asks for those alone that were not found.

    Of leads that are missing the file for LeadSquared's own import is written too: the failed file speaks of it.
    Raises: RefusedError, NetworkError — LeadSquared cannot be asked. UsageError — the file of new leads has no place.
    """
    plan, ledger = inquiry.plan, inquiry.ledger
    account_id = inquiry.connection.record.account_id
    scope_id = ledger.accounts.scope(account_id, prepared.mapping.mapping.name, prepared.mapping.event)
    _match_in_order(prepared, plan, scope_id, inquiry.options.duplicate)
    remember_leads(prepared, ledger, account_id)
    cause = cause_of(inquiry.stop) if inquiry.stop.reason is not None else find_leads(prepared, inquiry)
    if cause is not None:
        summary = unsent_summary(prepared, plan, cause, None)
        inquiry.events(InputFinished(summary))
        return summary
    if held := ledger.found_leads.count_to_be_held(prepared.number):
        rows = "1 row waits for its lead" if held == 1 else f"{held:,} rows wait for their leads"
        inquiry.events(Note(f"{prepared.shown}: {rows}, which LeadSquared does not have yet (lead_missing)."))
    allowance = inquiry.connection.allowance
    ahead = replace(_with_look_ups(prepared, plan, allowance), budget=budget_of(allowance, ledger, account_id))
    ahead = _with_revisions(ahead, prepared, plan, ledger, allowance)
    inquiry.events(ahead)
    propose_pilot(prepared, ahead.rows_to_send, scope_id, ledger, inquiry.options, inquiry.events)
    name = inquiry.connection.organisation
    tell_unusual_size(prepared, ahead.rows_to_send, scope_id, ledger, inquiry.options, name, inquiry.events)
    return _foretold(prepared, plan, ahead.counts, ledger, inquiry.events)


def _foretold(
    prepared: PreparedInput,
    plan: Plan,
    counts: Mapping[Outcome, int],
    ledger: Ledger,
    events: Callable[[Event], None],
) -> InputSummary:
    """The end of a check: the failed file, where rows need a person, and the summary. counts: of the rows as planned."""
    failed = None
    if needs_a_person(counts):
        failed = ResultsWriter(ledger).write_unsent(prepared, plan.lines)
    summary = _unsent(prepared, counts, None, failed)
    events(InputFinished(summary))
    return summary


def write_dry_run(
    prepared: PreparedInput,
    plan: Plan,
    ledger: Ledger,
    account: Account | None,
    options: RunOptions,
    events: Callable[[Event], None],
) -> InputSummary:
    """Write the bodies that a run would send, one a line, to `options.dry_run_out`."""
    _match_in_order(prepared, plan, known_scope(prepared, ledger, account), options.duplicate)
    revisions = list(revision_bodies(prepared, plan, ledger)) if options.dry_run_out is not None else []
    events(_foreseen(prepared, plan, ledger, account))
    if options.dry_run_out is not None:
        for body in chain(dry_bodies(prepared, plan), revisions):
            options.dry_run_out.write(body + b"\n")
        options.dry_run_out.flush()
    summary = unsent_summary(prepared, plan, None, None)
    events(InputFinished(summary))
    return summary


def unsent_summary(prepared: PreparedInput, plan: Plan, cause: StopCause | None, failed: Path | None) -> InputSummary:
    """How an input stands of which nothing was sent; cause: why a run did not come to it."""
    return _unsent(prepared, plan.counts(prepared.number), cause, failed)


def _unsent(
    prepared: PreparedInput, counts: Mapping[Outcome, int], cause: StopCause | None, failed: Path | None
) -> InputSummary:
    code = _code_of(counts, cause)
    return InputSummary(
        input=prepared.shown,
        run=None,
        equation=Equation(prepared.data_rows, counts),
        exit_code=int(code),
        results=None,
        failed=failed,
        findings=tuple(prepared.findings),
        finding_counts=dict(prepared.finding_counts),
        stop_reason=cause.reason if cause else None,
        next_step=cause.remedy if cause else "",
    )


def _code_of(counts: Mapping[Outcome, int], cause: StopCause | None) -> ExitCode:
    if cause is not None:
        return cause.exit_code
    return ExitCode.NEEDS_A_PERSON if needs_a_person(counts) else ExitCode.DONE


def _allowance(account: Account | None, ledger: Ledger) -> Allowance:
    if account is None:
        return Allowance({Window.BULK: DEFAULT_LIMIT, Window.GENERAL: DEFAULT_LIMIT}, None)
    record = ledger.accounts.known_as(host_to_ask(account), account.name)
    return allowance_of(account, ledger, record)
