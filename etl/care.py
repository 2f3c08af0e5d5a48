"""Looking after what is there: past runs, their results once more, a stop, and what the ledger may forget.

Works on the ledger alone: no account, no network. Like `etl.pipeline` it prints nothing and raises `etl.errors.EtlError`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from etl.clock import Clock, SystemClock
from etl.errors import LedgerError, UsageError
from etl.ledger.file_system import mount_of
from etl.ledger.mark import Mark
from etl.ledger.store import Ledger, sqlite_path
from etl.places import place_of
from etl.reconciler.names import DELIMITED, WORKBOOK, ResultNames
from etl.reconciler.story import story
from etl.stages.past_runs import PastRun, is_at_work, past_run, run_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from etl.ledger.file_system import Mount
    from etl.ledger.listing import Decision, LedgerSize, ListedRun, VerdictCount
    from etl.ledger.prune import Prunable
    from etl.ledger.runs import RunRecord
    from etl.reconciler.story import Told
    from etl.settings import Account, Settings
    from etl.stages.for_update import ForUpdate

_SHOWN_AS_KNOWN = 5


@dataclass(frozen=True, slots=True)
class RunList:
    """Runs, the newest first. total: how many there are in all that were asked for."""

    ledger: str
    runs: tuple[PastRun, ...]
    total: int


@dataclass(frozen=True, slots=True)
class RunInFull:
    """Everything about one run. kept_input: the kept copy of its input, None where it was pruned or is gone."""

    ledger: str
    run: PastRun
    verdicts: tuple[VerdictCount, ...]
    unconfirmed_since: float | None
    decisions: tuple[Decision, ...]
    kept_input: Path | None
    story: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The files of a run, written again. is_elsewhere: they could not go where they lay, for that folder is gone.

    submission: that of the run, like s17, whose results lie in the ledger alone and go to whoever asks for them.
    """

    results: Path | None
    failed: Path | None
    is_elsewhere: bool
    submission: str | None = None


@dataclass(frozen=True, slots=True)
class StopAnswer:
    """Whether a run was asked to stop. continue_with: the words behind `etl` that carry it on, where it is not at work."""

    is_asked: bool
    is_finished: bool
    continue_with: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LedgerFacts:
    """What is known of the ledger itself. version, size: None where there is none yet. *_bytes: on the disk.

    moved_to: where it went with `etl ledger move`; None while it is this one.
    """

    shown: str
    version: int | None
    size: LedgerSize | None
    ledger_bytes: int
    file_bytes: int
    mount: Mount | None
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was forgotten. given_back_bytes: by how much the ledger's file is smaller. problem: why it is not."""

    forgotten: Prunable
    given_back_bytes: int
    problem: str | None


def runs(settings: Settings, most: int | None = 20, account: str | None = None, clock: Clock | None = None) -> RunList:
    """The newest runs. most: how many, None for all. account: only those of accounts with that name.

    Raises: UsageError — nobody has imported into an account of that name. LedgerError — the ledger cannot be used.
    """
    if not _is_there(settings):
        return RunList(settings.ledger_shown, (), 0)
    with opened(settings, clock) as ledger:
        if account is not None:
            check_account(account, ledger)
        listed = ledger.listing.runs(most, account)
        total = ledger.listing.how_many(account)
        return RunList(ledger.shown, tuple(past_run(one, ledger) for one in listed), total)


def run_in_full(settings: Settings, run_id: int, clock: Clock | None = None) -> RunInFull:
    """Everything about one run.

    Raises: UsageError — there is no such run. LedgerError — the ledger cannot be used.
    """
    with opened(settings, clock) as ledger:
        listed = known_run(run_id, ledger)
        copy = ledger.copies.path(listed.input_hash)
        decisions = tuple(ledger.listing.decisions(run_id))
        return RunInFull(
            ledger=ledger.shown,
            run=past_run(listed, ledger),
            verdicts=tuple(ledger.listing.verdicts(run_id)),
            unconfirmed_since=ledger.listing.unconfirmed_since(run_id),
            decisions=decisions,
            kept_input=copy if ledger.copies.has(listed.input_hash) else None,
            story=_story(listed, ledger, decisions),
        )


def _story(listed: ListedRun, ledger: Ledger, decisions: Sequence[Decision]) -> tuple[Told, ...]:
    family = [listed.run_id, *(one.run_id for one in ledger.revisions.revised_by(listed.run_id))]
    sent = [one for one in ledger.listing.sent_beside(listed.run_id) if one.is_ours]
    return story(listed, ledger.steps.of(family), sent, decisions)


def results(
    settings: Settings,
    run_id: int,
    here: Path,
    out: Path | None = None,
    clock: Clock | None = None,
    accounts: Iterable[Account] = (),
) -> Rewritten:
    """Write the results and the failed file of a run again.

    Args:    here: the folder they go to where the one in which they lay is gone, and those of what was submitted to a fleet.
             out: one more copy, at this place.
             accounts: as they are set up now, for where they show their leads.
    Raises:  UsageError — no such run, or they cannot be written there. LedgerError — a kept copy was pruned or is gone.
    """
    from etl.stages.lead_cells import lead_links_of  # noqa: PLC0415 — loads what maps
    from etl.stages.rewrite import names_of, where_they_lay, write_again  # noqa: PLC0415 — loads what reads and maps
    from etl.stages.submitted import submission_in  # noqa: PLC0415 — as above
    from etl.stages.writer import ResultsWriter  # noqa: PLC0415 — as above

    _check_ending(out)
    with opened(settings, clock) as ledger:
        ledger.will_read_in_order()
        run = _record(run_id, ledger)
        submission = submission_in(run.input_path)
        is_elsewhere = out is None and (submission is not None or not where_they_lay(run).parent.is_dir())
        if out is None:
            names = names_of(run, here if is_elsewhere else None)
        else:
            names = ResultNames.for_input(
                place_of(run.input_path), None, rehearsal=False, is_workbook=False, results=out
            )
        try:
            writer = ResultsWriter(ledger, lead_links=lead_links_of(accounts))
            files = write_again(run, names, writer, ledger, is_their_place=out is None)
        except OSError as error:
            raise UsageError(f"The results of run {run_id} cannot be written: {error}.") from error
        return Rewritten(files.results, files.failed, is_elsewhere, submission)


def for_update(
    settings: Settings, run_id: int, here: Path, out: Path | None = None, clock: Clock | None = None
) -> ForUpdate:
    """Write the rows of a run that are in LeadSquared, with their ids, as a sheet to correct and run as an update.

    Args:    here: the folder it goes to where the one in which the results lay is gone. out: the place, instead.
    Raises:  UsageError — no such run, no row with an id, or it cannot be written. LedgerError — a kept copy is gone.
    """
    from etl.stages.for_update import write_what_arrived  # noqa: PLC0415 — as above
    from etl.stages.rewrite import where_they_lay  # noqa: PLC0415 — as above
    from etl.stages.submitted import submission_in  # noqa: PLC0415 — as above

    _check_ending(out)
    with opened(settings, clock) as ledger:
        run = _record(run_id, ledger)
        is_there = submission_in(run.input_path) is None and where_they_lay(run).parent.is_dir()
        return write_what_arrived(run, ledger, None if is_there else here, out)


def stop(settings: Settings, run_id: int, clock: Clock | None = None) -> StopAnswer:
    """Ask the process that is at work on a run to stop; returns at once.

    Raises: UsageError — no such run, or its input is being imported by another run. LedgerError — the ledger cannot be used.
    """
    with opened(settings, clock) as ledger:
        listed = known_run(run_id, ledger)
        is_finished = listed.state == "finished"
        if not is_at_work(listed, ledger):
            return StopAnswer(is_asked=False, is_finished=is_finished, continue_with=run_command(listed))
        newest = ledger.listing.same_content(listed)[-1]
        if is_finished and newest != run_id:
            raise UsageError(
                f"Run {run_id} has finished; the same input is being imported by run {newest}. To stop that: etl stop {newest}"
            )
        ledger.listing.ask_to_stop(run_id)
        return StopAnswer(is_asked=True, is_finished=is_finished, continue_with=())


def facts(settings: Settings, clock: Clock | None = None) -> LedgerFacts:
    """What is known of the ledger itself: also where there is none yet."""
    path = sqlite_path(settings.ledger_url)
    mount = mount_of(path) if path is not None else None
    if not _is_there(settings):
        return LedgerFacts(settings.ledger_shown, None, None, 0, 0, mount)
    with opened(settings, clock) as ledger:
        version, size = ledger.version(), ledger.listing.size()
        on_disk, moved_to = ledger.bytes_on_disk(), ledger.moving.moved_to()
        return LedgerFacts(ledger.shown, version, size, on_disk, ledger.copies.bytes_on_disk(), mount, moved_to)


def prunable(settings: Settings, before: datetime, clock: Clock | None = None) -> Prunable:
    """What a pruning would forget of the runs that ended before that moment; changes nothing.

    Raises: UsageError — the moment lies in the future. LedgerError — the ledger cannot be used.
    """
    with opened(settings, clock) as ledger:
        return ledger.pruning.prunable(_past(before, clock))


def prune(settings: Settings, before: datetime, clock: Clock | None = None) -> Pruned:
    """Forget request bodies, error texts and kept copies of the runs that ended before that moment.

    Raises: UsageError — the moment lies in the future. LedgerError — the ledger cannot be used.
    """
    moment = _past(before, clock)
    with opened(settings, clock) as ledger:
        planned = ledger.pruning.prunable(moment)
        held = {run_id: ledger.pruning.forget_run(run_id, moment) for run_id in planned.runs}
        files, file_bytes = ledger.pruning.forget_copies(moment)
        done = tuple(run_id for run_id, size in held.items() if size is not None)
        in_ledger = sum(size for size in held.values() if size is not None)
        forgotten = replace(planned, runs=done, ledger_bytes=in_ledger, files=files, file_bytes=file_bytes)
        size = ledger.bytes_on_disk()
        try:
            ledger.pruning.give_back()
        except LedgerError as error:  # the forgetting itself is done; the room serves new runs
            return Pruned(forgotten, 0, error.message)
        return Pruned(forgotten, max(0, size - ledger.bytes_on_disk()), None)


def _is_there(settings: Settings) -> bool:
    """Whether there is a ledger, or was one: then opening it will say what is wrong."""
    path = sqlite_path(settings.ledger_url)
    return path is None or path.exists() or Mark(path, settings.ledger_files).is_there()


def opened(settings: Settings, clock: Clock | None) -> Ledger:
    """The ledger of these settings, which must be there.

    Raises: LedgerError — it is not, or it cannot be used.
    """
    if not _is_there(settings):
        raise LedgerError(
            f"There is no ledger {settings.ledger_shown} yet: nothing was imported with these settings. The first import makes "
            "it; ETL_LEDGER or `ledger` in the settings file names another one."
        )
    return Ledger(settings.ledger_url, settings.ledger_files, clock or SystemClock())


def known_run(run_id: int, ledger: Ledger) -> ListedRun:
    """A run by its number. Raises: UsageError — there is none; the latest are named."""
    listed = ledger.listing.run(run_id)
    if listed is None:
        raise _no_such_run(run_id, ledger)
    return listed


def _no_such_run(run_id: int, ledger: Ledger) -> UsageError:
    latest = ledger.listing.runs(_SHOWN_AS_KNOWN)
    if not latest:
        return UsageError(f"There is no run {run_id}: the ledger {ledger.shown} holds none yet.")
    known = ", ".join(f"{one.run_id} ({Path(one.input_path).name})" for one in latest)
    return UsageError(
        f"There is no run {run_id} in the ledger {ledger.shown}. The latest: {known}. etl runs lists them."
    )


def _record(run_id: int, ledger: Ledger) -> RunRecord:
    """The run; of one that brings another's rows to their activities, that other one, whose results tell of both."""
    run = ledger.runs.get(run_id)
    if run is None:
        raise _no_such_run(run_id, ledger)
    return run if run.revises is None else _record(run.revises, ledger)


def _check_ending(out: Path | None) -> None:
    if out is not None and out.suffix.lower() not in {WORKBOOK.suffix, DELIMITED.suffix}:
        raise UsageError(f"-o {out}: results can be .xlsx or .csv. Give a name with one of these endings.")


def check_account(name: str, ledger: Ledger) -> None:
    """Raises: UsageError — no run of the ledger went to an account of that name; the nearest is named."""
    names = ledger.listing.account_names()
    if name not in names:
        from difflib import get_close_matches  # noqa: PLC0415 — for a name that is wrong, not for each listing

        nearest = get_close_matches(name, names, n=1)
        hint = f"Did you mean {nearest[0]}? " if nearest else ""
        known = f"Known here: {', '.join(names)}." if names else "Nothing was imported yet."
        raise UsageError(
            f"-a {name}: no run of the ledger {ledger.shown} went to an account of that name. {hint}{known}"
        )


def _past(before: datetime, clock: Clock | None) -> float:
    if before > (clock or SystemClock()).now():
        raise UsageError(
            f"--before {before:%Y-%m-%d} lies in the future. Name a day up to today; it begins at 00:00 UTC."
        )
    return before.timestamp()
