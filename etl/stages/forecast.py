"""What would become of an input, before anything is sent: the end of `check` and `--dry-run`, the beginning of `run`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from etl.delivery.decide import StopCause
from etl.errors import UsageError
from etl.events import InputFinished, InputSummary, Planned
from etl.exits import ExitCode
from etl.ledger.requests import Allowance
from etl.reconciler.counts import Equation
from etl.records import Outcome, Window
from etl.settings.model import DEFAULT_LIMIT
from etl.stages.arrange import needs_addresses
from etl.stages.conclude import ResultsWriter, needs_a_person
from etl.stages.connect import allowance_of, host_to_ask
from etl.stages.deliver import dry_bodies, forecast
from etl.stages.find_leads import look_ups
from etl.stages.lead_memory import remember_leads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from etl.events import Event, RunOptions
    from etl.ledger.plan import Plan
    from etl.ledger.store import Ledger
    from etl.settings import Account
    from etl.stages.prepare import PreparedInput


def match(prepared: PreparedInput, plan: Plan, scope_id: int | None, duplicate: int | None) -> None:
    """Find the rows that LeadSquared has from us, and number those that go out.

    Raises: UsageError — `--duplicate` names another number than that of the known rows.
    """
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
    plan.match(prepared.number, scope_id, has_unique_key=has_unique_key, of_changes=is_change(prepared))


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
    allowance = _allowance(account, ledger)
    ahead = planned(prepared, plan, None, allowance)
    record = ledger.accounts.known_as(host_to_ask(account), account.name) if account else None
    remember_leads(prepared, ledger, record.account_id if record else None)
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
    events(_foreseen(prepared, plan, ledger, account))
    failed = None
    if needs_a_person(plan.counts(prepared.number)):
        failed = ResultsWriter(ledger).write_unsent(prepared, plan.lines(prepared.number))
    summary = unsent_summary(prepared, plan, None, failed)
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
    events(_foreseen(prepared, plan, ledger, account))
    if options.dry_run_out is not None:
        for body in dry_bodies(prepared, plan):
            options.dry_run_out.write(body + b"\n")
        options.dry_run_out.flush()
    summary = unsent_summary(prepared, plan, None, None)
    events(InputFinished(summary))
    return summary


def unsent_summary(prepared: PreparedInput, plan: Plan, cause: StopCause | None, failed: Path | None) -> InputSummary:
    """How an input stands of which nothing was sent; cause: why a run did not come to it."""
    counts = plan.counts(prepared.number)
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
