"""An import from start to finish. `check` and `run` are also the interface for Python: settings in, a summary out.

    from etl import pipeline
    summary = pipeline.run(settings, [Path("visits.xlsx")], Path("mappings/visits.yaml"), events=print)

Nothing is printed and nothing exits; events tell what happens, errors are `etl.errors.EtlError`.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from etl.clock import Clock, SystemClock
from etl.delivery.driver import cause_of
from etl.events import RunOptions, Started, StopSignal, Summary, ignore
from etl.exits import worst
from etl.ledger.store import Ledger
from etl.stages.account_of import account_of
from etl.stages.beside import note_strangers
from etl.stages.conclude import check_place
from etl.stages.connect import connect
from etl.stages.forecast import foresee, foresee_with_leads, known_scope, unsent_summary, write_dry_run
from etl.stages.prepare import inputs, load, stage
from etl.stages.refused_files import OF_ONE_FILE, RefusedFiles
from etl.stages.session import Inquiry, Pilot
from etl.stages.untranslated import list_unknown_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from etl.events import Event, InputSummary
    from etl.ledger.plan import Plan
    from etl.settings import Account, Settings
    from etl.stages.destinations import Command, Destination
    from etl.stages.prepare import LoadedMapping, PreparedInput
    from etl.stages.rooms import Rooms

_NO_OPTIONS = RunOptions()


def check(
    settings: Settings,
    files: Sequence[Path],
    mapping: Path | Sequence[Path],
    *,
    options: RunOptions = _NO_OPTIONS,
    events: Callable[[Event], None] = ignore,
    stop: StopSignal | None = None,
    clock: Clock | None = None,
) -> Summary:
    """Read, map and compare with the ledger; write the failed files; send nothing.

    LeadSquared is asked nothing but with `options.live`: whether mapping and sheets fit the account, which must be set,
    and for the leads of sheets that do not know their ids. stop: asks for an end of that, or of the reading.
    mapping: of all files, or of each in turn.
    With `options.dry_run` the request bodies that a run would send are written instead of the failed files.
    Of several files, one that cannot be read does not keep the others from being checked: it has a summary of its own.
    Returns: counts as they would stand before a run, with the findings.
    Raises:  UsageError, SourceError, LedgerError; with `options.live` RefusedError and NetworkError — see etl.errors.
    """
    by_mapping: dict[Path, list[Path]] = {}
    for file, path in zip(files, [mapping] * len(files) if isinstance(mapping, Path) else mapping, strict=True):
        by_mapping.setdefault(path, []).append(file)
    wanted = _Check(settings, options, events, stop or StopSignal(), clock or SystemClock(), len(files) > 1)
    checked = [_check_of_one_mapping(of_one, path, wanted) for path, of_one in by_mapping.items()]
    return checked[0] if len(checked) == 1 else _together([one for summary in checked for one in summary.inputs])


@dataclass(frozen=True, slots=True)
class _Check:
    """What all parts of one `check` share. is_of_several: it has more than one file."""

    settings: Settings
    options: RunOptions
    events: Callable[[Event], None]
    stop: StopSignal
    clock: Clock
    is_of_several: bool


def _check_of_one_mapping(files: Sequence[Path], mapping: Path, wanted: _Check) -> Summary:
    settings, options, events, asked, now = wanted.settings, wanted.options, wanted.events, wanted.stop, wanted.clock
    refused = RefusedFiles(events) if wanted.is_of_several and not options.dry_run else None
    with Ledger(settings.ledger_url, settings.ledger_files, now) as ledger:
        plan = ledger.plan()

        def is_remembered(one: PreparedInput) -> bool:
            needs_keys = options.live or options.dry_run  # to look rows up, or to write what is sent
            return needs_keys or known_scope(one, ledger, settings.account) is not None

        loaded = load(mapping, ledger, now.now())
        settings = replace(settings, account=account_of(loaded, settings))
        found = inputs(files, loaded, ledger, events, refused)
        prepared = _prepare(found, plan, wanted, is_remembered, refused)

        def together(summaries: Sequence[InputSummary]) -> Summary:
            return _together(summaries if refused is None else refused.among(prepared, summaries))

        if asked.reason is not None:
            return together([unsent_summary(one, plan, cause_of(asked), None) for one in prepared])
        note_strangers(prepared, ledger, settings.account, events)
        if not options.dry_run:
            _list_unknown_values(prepared, ledger, options, events)
        if options.live:
            with connect(settings.account, ledger, now, asked) as connection:
                inquiry = Inquiry(connection, ledger, plan, now, options, events, asked)
                return together(_ask_the_account(prepared, inquiry))
        look = write_dry_run if options.dry_run else foresee
        return together([look(one, plan, ledger, settings.account, options, events) for one in prepared])


def run(
    settings: Settings,
    files: Sequence[Path],
    mapping: Path | Sequence[Path],
    *,
    options: RunOptions = _NO_OPTIONS,
    events: Callable[[Event], None] = ignore,
    stop: StopSignal | None = None,
    clock: Clock | None = None,
) -> Summary:
    """Send each row that LeadSquared does not have yet, once, and write what became of every row.

    mapping: of all files, or of each in turn. Where one names an account (`account:`), its files go into that.
    settings.account may be None for a rehearsal or a dry run. stop: asks for an end after what is in flight.
    Returns: one summary per input; its exit code is what the command line exits with.
    Raises:  UsageError, SourceError, RefusedError, NetworkError, BusyError, LedgerError — see etl.errors.
    """
    if options.dry_run:
        return check(settings, files, mapping, options=options, events=events, stop=stop, clock=clock)
    from etl.stages.destinations import Command  # noqa: PLC0415 — a check sends nothing, and loads none of it
    from etl.stages.guards import nothing_at_all  # noqa: PLC0415 — as above
    from etl.stages.kept_rows import keep_rows  # noqa: PLC0415 — as above
    from etl.stages.rehearse import practice_account, rehearsal  # noqa: PLC0415 — as above
    from etl.stages.rooms import Rooms  # noqa: PLC0415 — as above
    from etl.stages.shared_rows import by_file  # noqa: PLC0415 — as above

    now = clock or SystemClock()
    with ExitStack() as stack:
        if options.rehearse:
            settings = stack.enter_context(rehearsal())
        rooms = stack.enter_context(Rooms(settings, now))
        ledger = rooms.first.ledger
        asked = stop or StopSignal()
        prepared = inputs(files, _loaded(files, mapping, ledger, now), ledger, events)
        groups = by_file(prepared)
        if options.jobs > 1 and len(groups) > 1:
            rooms.share_out(groups)
        keep_rows(prepared)
        for one in prepared:
            account_of(one.mapping, settings)
            stage(one, rooms.of(one).plan, events, asked)
        for one in prepared:
            check_place(one, options)
        if asked.reason is not None:
            return _together([unsent_summary(one, rooms.of(one).plan, cause_of(asked), None) for one in prepared])
        _list_unknown_values(prepared, ledger, options, events)
        kept_back = nothing_at_all(prepared, rooms.of, options)
        if kept_back is not None:
            return _together(kept_back)
        practice = stack.enter_context(practice_account(prepared)) if options.rehearse else None
        pilot = Pilot(options.pilot) if options.pilot else None
        command = Command(now, options, events, asked, pilot)
        accounts = {one.number: practice or account_of(one.mapping, settings) for one in prepared}
        destinations = _destinations(prepared, accounts, command, stack)
        return _together(_send(prepared, destinations, rooms, command))


def _loaded(files: Sequence[Path], mapping: Path | Sequence[Path], ledger: Ledger, clock: Clock) -> list[LoadedMapping]:
    """The mapping of each file."""
    paths = [mapping] * len(files) if isinstance(mapping, Path) else list(mapping)
    loaded = {path: load(path, ledger, clock.now()) for path in dict.fromkeys(paths)}
    return [loaded[path] for path in paths]


def _destinations(
    prepared: Sequence[PreparedInput], accounts: Mapping[int, Account | None], command: Command, stack: ExitStack
) -> list[Destination]:
    """One for each account, with its inputs, in the order in which the accounts are met first; none asked yet."""
    from etl.stages.destinations import Destination  # noqa: PLC0415 — as above

    by_name: dict[str | None, list[PreparedInput]] = {}
    for one in prepared:
        account = accounts[one.number]
        by_name.setdefault(account.name if account else None, []).append(one)
    is_only = len(by_name) < 2
    found = [Destination(accounts[group[0].number], command, group, is_only) for group in by_name.values()]
    for destination in found:
        stack.callback(destination.close)
    return found


def _send(
    prepared: Sequence[PreparedInput], destinations: Sequence[Destination], rooms: Rooms, command: Command
) -> list[InputSummary]:
    """Send all inputs, side by side where they have rooms of their own or go into different accounts."""
    from etl.stages.send import send_all  # noqa: PLC0415 — as above
    from etl.stages.shared_rows import by_file, in_chains  # noqa: PLC0415 — as above
    from etl.stages.side_by_side import SideBySide  # noqa: PLC0415 — as above

    if len(destinations) > 1 or not rooms.is_one:
        places = {one.number: place for place, its in enumerate(destinations) for one in its.inputs}
        return SideBySide(in_chains(by_file(prepared), rooms, places), destinations, rooms, command).go()
    for only in destinations:
        only.open_in(rooms.first)
        return send_all(list(prepared), only.session(rooms.first, command.events))
    return []


def _ask_the_account(prepared: Sequence[PreparedInput], inquiry: Inquiry) -> list[InputSummary]:
    """The live check in full."""
    from etl.stages.live_check import live_check  # noqa: PLC0415 — for those who ask, and few checks do

    connection = inquiry.connection
    inquiry.events(Started(connection.account.name, connection.organisation, inquiry.ledger.shown))
    if prepared:
        live_check(prepared, connection, inquiry.ledger, inquiry.events, is_thorough=True)
    return [foresee_with_leads(one, inquiry) for one in prepared]


def _prepare(
    found: Sequence[PreparedInput],
    plan: Plan,
    wanted: _Check,
    is_remembered: Callable[[PreparedInput], bool],
    refused: RefusedFiles | None,
) -> list[PreparedInput]:
    """The inputs that could be read to their last row. is_remembered: whether rows of an input may be known, or will be."""
    prepared = []
    for one in found:
        try:
            stage(one, plan, wanted.events, wanted.stop, is_remembered=is_remembered(one))
        except OF_ONE_FILE as error:
            if refused is None:
                raise
            plan.forget(one.number)
            refused.take(one.number, one.shown, error)
        else:
            prepared.append(one)
    return prepared


def _list_unknown_values(
    prepared: Sequence[PreparedInput], ledger: Ledger, options: RunOptions, events: Callable[[Event], None]
) -> None:
    for one in prepared:
        list_unknown_values(one, ledger, options, events)


def _together(summaries: Sequence[InputSummary]) -> Summary:
    return Summary(tuple(summaries), int(worst(one.exit_code for one in summaries)))
