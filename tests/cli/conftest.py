"""A world to run commands in: an empty home, a clock that stands still, and a pipeline that does what a test says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from etl.cli.log import Log
from etl.cli.main import main
from etl.cli.world import World
from etl.events import Event, InputSummary, RunOptions, StopSignal, Summary
from etl.reconciler.counts import Equation
from etl.records import Outcome
from etl.settings import Directories, Settings

KEYS = {"LSQ_ACCESS_KEY": "u$r-very-secret", "LSQ_SECRET_KEY": "s3cret-very-secret"}


class StillClock:
    """A clock that a test moves by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime(2026, 6, 3, 9, 30, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds

    def boot_id(self) -> str:
        return "boot"

    def through_sleep(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class FakePipeline:
    """Stands where `etl.pipeline` stands: notes what it was asked, and acts as told.

    acts: called with the events listener and the options before the summary is handed back; may raise.
    """

    summary: Summary
    acts: Callable[[Callable[[Event], None], RunOptions, StopSignal | None], None] = lambda _events, _options, _stop: (
        None
    )
    asked: list[dict[str, Any]] = field(default_factory=list)

    def check(
        self,
        settings: Settings,
        files: Sequence[Path],
        mapping: Path,
        *,
        options: RunOptions,
        events: Callable[[Event], None] = lambda _event: None,
        stop: StopSignal | None = None,
    ) -> Summary:
        self.asked.append({"settings": settings, "files": files, "mapping": mapping, "options": options})
        self.acts(events, options, stop)
        return self.summary

    def run(
        self,
        settings: Settings,
        files: Sequence[Path],
        mapping: Path,
        *,
        options: RunOptions,
        events: Callable[[Event], None] = lambda _event: None,
        stop: StopSignal | None = None,
    ) -> Summary:
        self.asked.append({"settings": settings, "files": files, "mapping": mapping, "options": options})
        self.acts(events, options, stop)
        return self.summary


def input_summary(counts: dict[Outcome, int] | None = None, **changes: Any) -> InputSummary:
    """How visits.xlsx ended: by default 240 rows, all created, exit code 0."""
    counts = {Outcome.CREATED: 240} if counts is None else counts
    equation = Equation(sum(counts.values()), counts)
    ended = InputSummary("visits.xlsx", 41, equation, 0, Path("visits.run41.results.xlsx"), None)
    return replace(ended, **changes)


@dataclass
class Shell:
    """Types commands into a world."""

    world: World
    pipeline: FakePipeline
    clock: StillClock

    def type(self, *arguments: str, **environ: str) -> int:
        """Run `etl` with these arguments and variables; gives the exit code."""
        environment = {**self.world.environ, **environ}
        return main(replace(self.world, arguments=arguments, environ=environment))

    @property
    def options(self) -> RunOptions:
        """What the pipeline was asked for last."""
        options: RunOptions = self.pipeline.asked[-1]["options"]
        return options

    @property
    def log_text(self) -> str:
        return self.world.log.path.read_text(encoding="utf-8") if self.world.log.path.exists() else ""


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell in a folder with visits.xlsx and visits.yaml, and the account of the variables."""
    for name in ("work", "config", "state"):
        (tmp_path / name).mkdir()
    cwd = tmp_path / "work"
    monkeypatch.chdir(cwd)
    (cwd / "visits.xlsx").touch()
    (cwd / "visits.yaml").touch()
    directories = Directories(config=tmp_path / "config", state=tmp_path / "state")
    clock = StillClock()
    pipeline = FakePipeline(Summary((input_summary(),), 0))
    world = World((), dict(KEYS), cwd, clock, directories, Log(directories.log, clock), lambda: pipeline)
    return Shell(world, pipeline, clock)
