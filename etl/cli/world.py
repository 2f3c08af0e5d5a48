"""What the commands take from outside: environment, working folder, time, directories, and the parts that load slowly."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from etl.cli.log import Log
from etl.clock import Clock, SystemClock
from etl.quoting import as_typed
from etl.settings import Directories, user_directories

if TYPE_CHECKING:
    from datetime import datetime

    from etl.care import LedgerFacts, Pruned, Rewritten, RunInFull, RunList, StopAnswer
    from etl.events import Event, RunOptions, StopSignal, Summary
    from etl.fetch import Fetched, OfLeads, OfType, Output
    from etl.ledger.prune import Prunable
    from etl.proof import Assumption, Check, Rebuilt, Verified
    from etl.repair import Undone, Wish
    from etl.settings import Account, Settings
    from etl.stages.for_update import ForUpdate


class Pipeline(Protocol):
    """What the commands ask of `etl.pipeline`."""

    def check(
        self,
        settings: Settings,
        files: Sequence[Path],
        mapping: Path | Sequence[Path],
        *,
        options: RunOptions,
        events: Callable[[Event], None] = ...,
        stop: StopSignal | None = None,
    ) -> Summary: ...

    def run(
        self,
        settings: Settings,
        files: Sequence[Path],
        mapping: Path | Sequence[Path],
        *,
        options: RunOptions,
        events: Callable[[Event], None] = ...,
        stop: StopSignal | None = None,
    ) -> Summary: ...


class Care(Protocol):
    """What the commands ask of `etl.care`."""

    def runs(self, settings: Settings, most: int | None = ..., account: str | None = ...) -> RunList: ...

    def run_in_full(self, settings: Settings, run_id: int) -> RunInFull: ...

    def results(
        self,
        settings: Settings,
        run_id: int,
        here: Path,
        out: Path | None = ...,
        *,
        accounts: Iterable[Account] = ...,
    ) -> Rewritten: ...

    def for_update(self, settings: Settings, run_id: int, here: Path, out: Path | None = ...) -> ForUpdate: ...

    def stop(self, settings: Settings, run_id: int) -> StopAnswer: ...

    def facts(self, settings: Settings) -> LedgerFacts: ...

    def prunable(self, settings: Settings, before: datetime) -> Prunable: ...

    def prune(self, settings: Settings, before: datetime) -> Pruned: ...


class Proof(Protocol):
    """What the commands ask of `etl.proof`."""

    def verify(
        self,
        settings: Settings,
        run_id: int,
        *,
        check: Check | None = ...,
        assume: Assumption | None = ...,
        events: Callable[[Event], None] = ...,
        stop: StopSignal | None = ...,
    ) -> Verified: ...

    def rebuild(
        self, settings: Settings, event: int, since: datetime, *, events: Callable[[Event], None] = ...
    ) -> Rebuilt: ...


class Repair(Protocol):
    """What the commands ask of `etl.repair`."""

    def undo(
        self,
        settings: Settings,
        run_id: int,
        wish: Wish,
        *,
        events: Callable[[Event], None] = ...,
        stop: StopSignal | None = ...,
    ) -> Undone: ...


class Fetch(Protocol):
    """What the commands ask of `etl.fetch`."""

    def fetch(
        self,
        settings: Settings,
        question: OfLeads | OfType,
        output: Output,
        *,
        events: Callable[[Event], None] = ...,
        stop: StopSignal | None = ...,
    ) -> Fetched: ...


def load_pipeline() -> Pipeline:
    """The pipeline with all it stands on; pandas and SQLAlchemy take half a second that `etl --help` must not."""
    from etl import pipeline  # noqa: PLC0415 — see above

    return pipeline


def load_care() -> Care:
    """What looks after past runs and the ledger; for the same reason not before it is needed."""
    from etl import care  # noqa: PLC0415 — see above

    return care


def load_proof() -> Proof:
    """What finds out what LeadSquared holds; for the same reason not before it is needed."""
    from etl import proof  # noqa: PLC0415 — see above

    return proof


def load_repair() -> Repair:
    """What takes back what a run has created; for the same reason not before it is needed."""
    from etl import repair  # noqa: PLC0415 — see above

    return repair


def load_fetch() -> Fetch:
    """What brings activities into a file; for the same reason not before it is needed."""
    from etl import fetch  # noqa: PLC0415 — see above

    return fetch


@dataclass(frozen=True, slots=True)
class World:
    """Everything outside that a command touches.

    arguments: what was typed behind `etl`. pipeline, care, proof, repair, fetch: load these when a command really needs them.
    """

    arguments: tuple[str, ...]
    environ: Mapping[str, str]
    cwd: Path
    clock: Clock
    directories: Directories
    log: Log
    pipeline: Callable[[], Pipeline]
    care: Callable[[], Care] = load_care
    proof: Callable[[], Proof] = load_proof
    repair: Callable[[], Repair] = load_repair
    fetch: Callable[[], Fetch] = load_fetch

    @property
    def has_colour(self) -> bool:
        """Whether colour is welcome (no-color.org: any text in NO_COLOR says no)."""
        return not self.environ.get("NO_COLOR")

    @property
    def has_terminal(self) -> bool:
        """Whether a person watches stderr on a terminal that can redraw a line."""
        return sys.stderr.isatty() and self.environ.get("TERM") != "dumb"

    @property
    def same_command(self) -> str:
        """The command as it would be typed again."""
        return as_typed(self.arguments)


def this_world() -> World:
    """The world as this process has it."""
    directories = user_directories()
    clock = SystemClock()
    log = Log(directories.log, clock)
    return World(tuple(sys.argv[1:]), os.environ, Path.cwd(), clock, directories, log, load_pipeline)
