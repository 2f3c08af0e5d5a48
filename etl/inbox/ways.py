"""The ways of an inbox: each route with its mapping and its account at hand, and which of them a file takes.

A file takes the way of the route whose patterns fit its name. One of our own files, a corrected failed file or a results
workbook, is known by its content under any name: it takes the way of the run that its lines come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from etl.errors import UsageError
from etl.mapping.model import OnChange
from etl.quoting import listed
from etl.records import Outcome
from etl.settings.toml_file import ENVIRONMENT_ACCOUNT
from etl.stages.account_of import account_of
from etl.stages.prepare import load
from etl.status import hash_of_content, runs_of_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.clock import Clock
    from etl.inbox.routes import Route, Routes
    from etl.ledger.listing import ListedRun
    from etl.ledger.store import Ledger
    from etl.settings import Account, Settings
    from etl.stages.prepare import LoadedMapping


@dataclass(frozen=True, slots=True)
class Way:
    """A route that can be gone: with its mapping as it is now, and the settings of its account."""

    route: Route
    loaded: LoadedMapping
    settings: Settings
    account: Account

    @property
    def chain(self) -> tuple[str, str]:
        """Files with the same may have rows in common, so they go one after another."""
        return self.account.name, self.loaded.mapping.name

    @property
    def is_certain(self) -> bool:
        """Whether the account's name tells which it is; that of the LSQ_* variables is whatever they are set to."""
        return self.account.name != ENVIRONMENT_ACCOUNT

    def has_imported(self, run: ListedRun) -> bool:
        """Whether that is a run of this mapping into an account of this name."""
        loaded = self.loaded
        is_mapping = (run.mapping_name, run.event) == (loaded.mapping.name, loaded.event)
        return is_mapping and self.account.name in run.accounts


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a file before it is imported. way: None where it is not clear, why_not says why.

    hash: of its content, unpacked. repeats: the run that has had it already, all of it. finished: runs that have had it.
    is_ours: it is one of our own files, of the runs `lines_of`.
    """

    way: Way | None
    hash: str = ""
    why_not: str = ""
    repeats: int | None = None
    finished: frozenset[int] = frozenset()
    is_ours: bool = False
    lines_of: tuple[int, ...] = ()


def open_ways(routes: Routes, settings: Sequence[Settings], ledger: Ledger, clock: Clock) -> list[Way]:
    """All routes with what they need, so that a fault of one is told before anything is taken.

    settings: of each route in turn. Raises: UsageError — a mapping or an account is wrong.
    """
    loaded = {route.mapping: load(route.mapping, ledger, clock.now()) for route in routes.routes}
    ways = []
    for route, of_route in zip(routes.routes, settings, strict=True):
        account = account_of(loaded[route.mapping], of_route)
        if account is None:
            raise UsageError(f"{routes.path}: no account is set for {route.name}. Add a line account: … to it.")
        ways.append(Way(route, loaded[route.mapping], of_route, account))
    return ways


def recognise(file: Path, name: str, ways: Sequence[Way], ledger: Ledger) -> Known:
    """Which way a file takes, and whether it was imported before. name: as it was dropped.

    Raises: SourceError — it cannot be unpacked, or the lines of one of our files cannot be read.
    """
    content_hash = hash_of_content(file)
    runs, is_ours = runs_of_lines(file, ledger)
    way, why_not = _way_of_runs(runs, ways, ledger) if runs else _way_of_name(name, ways)
    if way is None:
        return Known(None, content_hash, why_not, is_ours=is_ours, lines_of=tuple(runs))
    before = [
        run
        for number in ledger.rounds.of_content(content_hash)
        if (run := ledger.listing.run(number)) is not None and way.has_imported(run)
    ]
    repeats = next((run.run_id for run in before if _is_all_of_it(run, way, ledger)), None)
    finished = frozenset(run.run_id for run in before if _is_finished(run))
    return Known(way, content_hash, "", repeats, finished, is_ours, tuple(runs))


def _way_of_name(name: str, ways: Sequence[Way]) -> tuple[Way | None, str]:
    fitting = [way for way in ways if way.route.takes(name)]
    if len(fitting) == 1:
        return fitting[0], ""
    if fitting:
        both = listed([way.route.name for way in fitting])
        return None, f"several routes take files of its name: {both}. Make their patterns differ"
    return None, "no route takes a file of its name. Rename it, or add a pattern to a route"


def _way_of_runs(runs: Sequence[int], ways: Sequence[Way], ledger: Ledger) -> tuple[Way | None, str]:
    """The way of the runs that lines of ours come from. Of routes with one mapping and account that of the first input."""
    listed_runs = [run for number in runs if (run := ledger.listing.run(number)) is not None]
    fitting = [way for way in ways if all(way.has_imported(run) for run in listed_runs)]
    if not fitting:
        one = listed_runs[0]
        account = "/".join(one.accounts)
        return None, (
            f"its lines come from run {one.run_id}, through the mapping {one.mapping_name} into {account}, and no route does "
            "that. Add one, or run it by hand"
        )
    names = [Path(run.input_path).name for number in ledger.rounds.origins(runs) if (run := ledger.listing.run(number))]
    by_name = [way for way in fitting if any(way.route.takes(name) for name in names)]
    return (by_name or fitting)[0], ""


def _is_finished(run: ListedRun) -> bool:
    is_open = any(run.counts.get(outcome) for outcome in (Outcome.WAITING, Outcome.UNCONFIRMED))
    return run.state == "finished" and not is_open


def _is_all_of_it(run: ListedRun, way: Way, ledger: Ledger) -> bool:
    """Whether the run has had the whole file, and the file once more would change nothing.

    Where that is not certain (an account that only LeadSquared can tell, several sheets, leads that are looked up anew, rows
    that were taken back, updates that another one has overtaken), the file is imported once more: nothing goes out twice.
    """
    mapping = way.loaded.mapping
    if (
        not way.is_certain
        or not _is_finished(run)
        or run.mapping_hash != way.loaded.hash
        or ledger.undoings.has_undone(run.run_id)
    ):
        return False
    if mapping.all_sheets or len(mapping.input.sheet) > 1 or mapping.leads is not None:
        return False
    has_turns = way.loaded.operation.stores_as is Outcome.UPDATED or mapping.on_change is OnChange.UPDATE
    return not (has_turns and ledger.runs.others_sent_since(run.run_id))
