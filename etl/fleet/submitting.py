"""Handing inputs to a fleet: read and mapped whole first, kept in the ledger, and put into the queue, each once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from etl.clock import Clock, SystemClock
from etl.events import StopSignal, ignore
from etl.fleet.engine import app_for_a_moment
from etl.fleet.laying_out import kept_input, kept_mapping
from etl.fleet.order import Order
from etl.fleet.place import opened, refuse_without_engine
from etl.fleet.queueing import put_into_queue
from etl.fleet.tables import make_tables
from etl.ledger.steps import this_actor
from etl.ledger.store import Ledger
from etl.records import Outcome
from etl.stages.prepare import inputs, load, stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from etl.events import Event
    from etl.findings import Finding
    from etl.fleet.order import Window
    from etl.settings import Settings
    from etl.stages.prepare import LoadedMapping


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person may ask of a submission beside file, mapping and account: see the options of `etl submit`.

    results: a folder or a URL that workers reach, as text.
    """

    results: str | None = None
    window: Window | None = None
    duplicate: int | None = None
    rows_ok: int | None = None
    preflight: bool = True
    all_or_nothing: bool = False
    on_behalf_of: str | None = None
    submitter: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that may be submitted. data_rows: of all its sheets; invalid: those of them that will not be sent.

    findings: the first thousand of each sheet; finding_counts: all, by code.
    """

    file: Path
    order: Order
    data_rows: int
    invalid: int
    findings: tuple[Finding, ...]
    finding_counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Submitted:
    """A file in the queue. is_new: it was not there already, submitted before and not over yet."""

    number: int
    is_new: bool
    checked: Checked


_NO_WISHES = Wishes()


def submit(
    settings: Settings,
    files: Sequence[Path],
    mapping: Path | Sequence[Path],
    account_of: Callable[[LoadedMapping], str],
    wishes: Wishes = _NO_WISHES,
    events: Callable[[Event], None] = ignore,
    clock: Clock | None = None,
) -> list[Submitted]:
    """Check all files, and when all of them can be imported put them into the queue.

    mapping: of all files, or of each in turn. account_of: the name of the account that rows go into through a mapping.
    Raises: UsageError, SourceError — a mapping or a file is wrong; nothing was submitted. LedgerError — no database.
    """
    refuse_without_engine(settings)
    now = clock or SystemClock()
    make_tables(settings)
    mappings = [mapping] * len(files) if isinstance(mapping, Path) else list(mapping)
    with Ledger(settings.ledger_url, settings.ledger_files, now) as ledger:
        loaded = {path: load(path, ledger, now.now()) for path in dict.fromkeys(mappings)}
        accounts = {path: account_of(one) for path, one in loaded.items()}
        checked = [
            _checked(file, loaded[path], accounts[path], wishes, ledger, events)
            for file, path in zip(files, mappings, strict=True)
        ]
        with opened(settings) as connection, app_for_a_moment(settings).open() as app:
            stays = ledger.moving.refuse_if_gone
            return [Submitted(*put_into_queue(one.order, connection, app, stays), checked=one) for one in checked]


def _checked(
    file: Path, mapping: LoadedMapping, account: str, wishes: Wishes, ledger: Ledger, events: Callable[[Event], None]
) -> Checked:
    """Read and map a file to its last row, as a run does before it sends.  Raises: UsageError, SourceError."""
    plan = ledger.plan()
    found = inputs([file], mapping, ledger, events)
    for one in found:
        stage(one, plan, events, StopSignal())
    user, machine = this_actor()
    kept, lookups = kept_mapping(mapping, ledger)
    order = Order(
        account=account,
        origin=str(found[0].path),
        input=kept_input(found[0].path, found[0].hash),
        mapping=kept,
        mapping_name=mapping.mapping.name,
        lookups=lookups,
        window=wishes.window,
        results=wishes.results,
        duplicate=wishes.duplicate,
        rows_ok=wishes.rows_ok,
        preflight=wishes.preflight,
        all_or_nothing=wishes.all_or_nothing,
        on_behalf_of=wishes.on_behalf_of,
        submitter=wishes.submitter,
        who=f"{user} on {machine}",
    )
    return Checked(
        file=file,
        order=order,
        data_rows=sum(one.data_rows for one in found),
        invalid=sum(plan.counts(one.number).get(Outcome.INVALID, 0) for one in found),
        findings=tuple(finding for one in found for finding in one.findings),
        finding_counts=dict(sum((one.finding_counts for one in found), Counter())),
    )
