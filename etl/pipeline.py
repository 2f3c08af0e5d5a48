"""An import from start to finish. `check` and `run` are also the interface for Python: settings in, a summary out.

    from etl import pipeline
    summary = pipeline.run(settings, [Path("visits.xlsx")], Path("mappings/visits.yaml"), events=print)

Nothing is printed and nothing exits; events tell what happens, errors are `etl.errors.EtlError`.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from etl.clock import Clock, SystemClock
from etl.delivery.driver import cause_of
from etl.delivery.wire import ThreadedWire
from etl.errors import QuotaSpentError
from etl.events import RunOptions, Started, StopSignal, Summary, ignore
from etl.exits import worst
from etl.ledger.store import Ledger
from etl.stages.beside import note_strangers, refuse_strangers
from etl.stages.conclude import check_place
from etl.stages.connect import connect
from etl.stages.forecast import foresee, foresee_with_leads, known_scope, unsent_summary, write_dry_run
from etl.stages.live_check import is_affordable, live_check
from etl.stages.prepare import inputs, load, stage
from etl.stages.rehearse import practice_account, rehearsal
from etl.stages.send import send_all
from etl.stages.session import Inquiry, Pilot, Session
from etl.stages.untranslated import list_unknown_values

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from etl.events import Event, InputSummary
    from etl.ledger.plan import Plan
    from etl.settings import Settings
    from etl.stages.prepare import PreparedInput

_NO_OPTIONS = RunOptions()


def check(
    settings: Settings,
    files: Sequence[Path],
    mapping: Path,
    *,
    options: RunOptions = _NO_OPTIONS,
    events: Callable[[Event], None] = ignore,
    stop: StopSignal | None = None,
    clock: Clock | None = None,
) -> Summary:
    """Read, map and compare with the ledger; write the failed files; send nothing.

    LeadSquared is asked nothing but with `options.live`: whether mapping and sheets fit the account, which must be set,
    and for the leads of sheets that do not know their ids. stop: asks for an end of that, or of the reading.
    With `options.dry_run` the request bodies that a run would send are written instead of the failed files.
    Returns: counts as they would stand before a run, with the findings.
    Raises:  UsageError, SourceError, LedgerError; with `options.live` RefusedError and NetworkError — see etl.errors.
    """
    now = clock or SystemClock()
    asked = stop or StopSignal()
    with Ledger(settings.ledger_url, settings.ledger_files, now) as ledger:
        plan = ledger.plan()

        def is_remembered(one: PreparedInput) -> bool:
            return options.live or known_scope(one, ledger, settings.account) is not None

        found = inputs(files, load(mapping, ledger, now.now()), ledger, events)
        prepared = _prepare(found, plan, events, asked, is_remembered)
        if asked.reason is not None:
            return _together([unsent_summary(one, plan, cause_of(asked), None) for one in prepared])
        note_strangers(prepared, ledger, settings.account, events)
        if not options.dry_run:
            _list_unknown_values(prepared, ledger, options, events)
        if options.live:
            with connect(settings.account, ledger, now) as connection:
                return _ask_the_account(prepared, Inquiry(connection, ledger, plan, now, options, events, asked))
        look = write_dry_run if options.dry_run else foresee
        summaries = [look(one, plan, ledger, settings.account, options, events) for one in prepared]
    return _together(summaries)


def run(
    settings: Settings,
    files: Sequence[Path],
    mapping: Path,
    *,
    options: RunOptions = _NO_OPTIONS,
    events: Callable[[Event], None] = ignore,
    stop: StopSignal | None = None,
    clock: Clock | None = None,
) -> Summary:
    """Send each row that LeadSquared does not have yet, once, and write what became of every row.

    settings.account may be None for a rehearsal or a dry run. stop: asks for an end after what is in flight.
    Returns: one summary per input; its exit code is what the command line exits with.
    Raises:  UsageError, SourceError, RefusedError, NetworkError, BusyError, LedgerError — see etl.errors.
    """
    if options.dry_run:
        return check(settings, files, mapping, options=options, events=events, stop=stop, clock=clock)
    now = clock or SystemClock()
    with ExitStack() as stack:
        if options.rehearse:
            settings = stack.enter_context(rehearsal())
        ledger = stack.enter_context(Ledger(settings.ledger_url, settings.ledger_files, now))
        plan = ledger.plan()
        asked = stop or StopSignal()
        prepared = _prepare(inputs(files, load(mapping, ledger, now.now()), ledger, events), plan, events, asked)
        for one in prepared:
            check_place(one, options)
        if asked.reason is not None:
            return _together([unsent_summary(one, plan, cause_of(asked), None) for one in prepared])
        _list_unknown_values(prepared, ledger, options, events)
        account = stack.enter_context(practice_account(prepared)) if options.rehearse else settings.account
        connection = stack.enter_context(connect(account, ledger, now, asked))
        events(Started(connection.account.name, connection.organisation, ledger.shown))
        if not options.rehearse:
            refuse_strangers(prepared, ledger, connection.record.account_id)
            if options.preflight and prepared and is_affordable(connection.account):
                with suppress(QuotaSpentError):  # then nothing is sent either, and how the rows stand is told below
                    live_check(prepared, connection, ledger, events, is_thorough=False)

        def open_wire(capacity: int) -> ThreadedWire:
            return ThreadedWire(connection.client.send, capacity, now)

        pilot = Pilot(options.pilot) if options.pilot else None
        session = Session(connection, ledger, plan, now, options, events, asked, open_wire, pilot)
        return _together(send_all(prepared, session))


def _ask_the_account(prepared: Sequence[PreparedInput], inquiry: Inquiry) -> Summary:
    """The live check in full."""
    connection = inquiry.connection
    inquiry.events(Started(connection.account.name, connection.organisation, inquiry.ledger.shown))
    if prepared:
        live_check(prepared, connection, inquiry.ledger, inquiry.events, is_thorough=True)
    return _together([foresee_with_leads(one, inquiry) for one in prepared])


def _prepare(
    found: list[PreparedInput],
    plan: Plan,
    events: Callable[[Event], None],
    stop: StopSignal,
    is_remembered: Callable[[PreparedInput], bool] = lambda _: True,
) -> list[PreparedInput]:
    """All inputs read and mapped to their last row, before anything is sent of the first.

    is_remembered: whether rows of an input may be known, or will be.
    """
    for one in found:
        stage(one, plan, events, stop, is_remembered=is_remembered(one))
    return found


def _list_unknown_values(
    prepared: Sequence[PreparedInput], ledger: Ledger, options: RunOptions, events: Callable[[Event], None]
) -> None:
    for one in prepared:
        list_unknown_values(one, ledger, options, events)


def _together(summaries: Sequence[InputSummary]) -> Summary:
    return Summary(tuple(summaries), int(worst(one.exit_code for one in summaries)))
