"""Guards before harm: what stops an import before its first row goes out, unless a person has said that it is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from etl.delivery.decide import StopCause
from etl.errors import UsageError
from etl.exits import ExitCode
from etl.records import Outcome
from etl.stages import proposal
from etl.stages.forecast import unsent_summary
from etl.stages.proposal import PROPOSED_ROWS, unusual_size
from etl.stages.writer import ResultsWriter, needs_a_person

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from etl.events import InputSummary, RunOptions
    from etl.ledger.plan import Plan
    from etl.ledger.store import Ledger
    from etl.stages.prepare import PreparedInput
    from etl.stages.session import Session

    class Room(Protocol):
        """Where an input is worked on."""

        @property
        def plan(self) -> Plan: ...

        @property
        def ledger(self) -> Ledger: ...


NOT_CONFIRMED = "it was not confirmed that so many rows are to go out"


def ask_about_size(prepared: PreparedInput, rows: int, scope_id: int, session: Session) -> StopCause | None:
    """Ask whether so many rows are meant, where that is unusual. A pilot asks by itself, with its rows to look at.

    Returns: why nothing goes out, where a person said no. Raises: UsageError — nobody is there to be asked.
    """
    options = session.options
    if options.rehearse or options.pilot is not None or (options.rows_ok is not None and rows <= options.rows_ok):
        return None
    connection = session.connection
    host = (connection.account.base_url or "").partition("://")[2].removesuffix(".leadsquared.com")
    unusual = unusual_size(prepared, rows, scope_id, session.ledger, (connection.organisation, host))
    if unusual is None:
        return None
    session.events(unusual)
    if options.may_send is not None:
        if options.may_send(unusual):
            return None
        remedy = f"Nothing was sent. A first look at few rows: --pilot {PROPOSED_ROWS}."
        return StopCause(ExitCode.STOPPED, NOT_CONFIRMED, remedy, is_of_input=True)
    if not unusual.largest and options.rows_ok is None and rows <= proposal.FIRST_UNATTENDED_ROWS:
        return None
    typed = f"--rows-ok {options.rows_ok}: more rows than that would go out. " if options.rows_ok is not None else ""
    raise UsageError(
        f"{typed}{prepared.shown}: {rows:,} rows are far more than usual, and nobody is there to be asked. Nothing was sent. If "
        f"they are meant, type --rows-ok {rows}; or see first what {PROPOSED_ROWS} rows do: --pilot {PROPOSED_ROWS}."
    )


def refuse_invalid(prepared: PreparedInput, plan: Plan, options: RunOptions) -> StopCause | None:
    """Why nothing of an input goes out: rows of it are invalid, and command or mapping say how many may be."""
    counts = plan.counts(prepared.number)
    return _too_many(counts, prepared, is_all_or_nothing=options.all_or_nothing)


def _too_many(counts: Mapping[Outcome, int], prepared: PreparedInput, *, is_all_or_nothing: bool) -> StopCause | None:
    invalid = counts.get(Outcome.INVALID, 0)
    meant = sum(counts.values()) - counts.get(Outcome.IGNORED, 0)
    bound = prepared.mapping.mapping.stop_when.invalid if prepared.mapping.mapping.stop_when else None
    if not invalid:
        return None
    rows = "1 row is" if invalid == 1 else f"{invalid:,} rows are"
    if is_all_or_nothing:
        reason = f"{rows} invalid, and --all-or-nothing sends all rows or none"
    elif bound is not None and bound.is_passed(invalid, meant):
        reason = f"{rows} invalid of {meant:,}, more than the mapping allows (stop_when: {{invalid: {bound}}})"
    else:
        return None
    remedy = "Nothing was sent. Correct these rows in the sheet itself, and run the same command again."
    return StopCause(ExitCode.NEEDS_A_PERSON, reason, remedy, is_of_input=True)


def nothing_at_all(
    prepared: Sequence[PreparedInput], room_of: Callable[[PreparedInput], Room], options: RunOptions
) -> list[InputSummary] | None:
    """`--all-or-nothing`: the summaries of all inputs, none of which is sent, where one of them has invalid rows; else None."""
    if not options.all_or_nothing:
        return None
    causes = {one.number: refuse_invalid(one, room_of(one).plan, options) for one in prepared}
    if not any(causes.values()):
        return None
    other = StopCause(
        ExitCode.NEEDS_A_PERSON,
        "another input of this command has invalid rows, and --all-or-nothing sends all rows or none",
        "Nothing was sent. Correct those rows, and run the same command again.",
    )
    return [unsent(one, room_of(one), causes[one.number] or other, options) for one in prepared]


def unsent(prepared: PreparedInput, room: Room, cause: StopCause, options: RunOptions) -> InputSummary:
    """An input that a guard has kept from being sent, with its failed file."""
    counts = room.plan.counts(prepared.number)
    failed = None
    if needs_a_person(counts) and not options.rehearse:
        failed = ResultsWriter(room.ledger).write_unsent(prepared, room.plan.lines)
    return unsent_summary(prepared, room.plan, cause, failed)
