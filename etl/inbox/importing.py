"""The importing of files that were taken: those that may have rows in common one after another, others side by side.

Each file is a `pipeline.run` of its own, so that one that cannot be read keeps no other one back. Files through one mapping
into one account may have rows in common; side by side the second one would find such a row in the air and call it
unconfirmed, so they wait for each other. Into different accounts, and through different mappings, they do not.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from etl import pipeline
from etl.errors import EtlError
from etl.events import RunOptions
from etl.exits import ExitCode, code_of_stop
from etl.inbox.finished import seen_of
from etl.inbox.judge import Verdict, judge, judge_error
from etl.inbox.words import What

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from decimal import Decimal
    from pathlib import Path

    from etl.clock import Clock
    from etl.events import Event, StopSignal, Summary
    from etl.findings import Finding
    from etl.inbox.folders import Bundle
    from etl.inbox.ways import Way

_LOOK_SECONDS = 1.0
"""So often the thread that waits looks up: on some systems a signal is heard only then."""

_INTERRUPTED = 2


@dataclass(frozen=True, slots=True)
class Job:
    """A file that was taken, and its way. finished: the runs that have had its content before, each with the places of its
    results and failed file; none for what goes on."""

    bundle: Bundle
    way: Way
    finished: Mapping[int, tuple[Path | None, Path | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ended:
    """How the import of one file ended. defect: a mistake of ours that has ended it."""

    job: Job
    verdict: Verdict
    summary: Summary | None = None
    findings: tuple[Finding, ...] = ()
    defect: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Importing:
    """Carries out jobs. jobs: most of them at once. ok_below: a share in percent."""

    jobs: int
    ok_below: Decimal | None
    events: Callable[[Event], None]
    stop: StopSignal
    clock: Clock
    on_behalf_of: str | None = None

    def all(self, jobs: Sequence[Job]) -> Iterator[Ended]:
        """Import them; each is handed back as soon as it has ended, to be filed in the caller's thread."""
        chains: dict[tuple[str, str], list[Job]] = {}
        for job in jobs:
            chains.setdefault(job.way.chain, []).append(job)
        ended: SimpleQueue[Ended] = SimpleQueue()
        with ThreadPoolExecutor(max(1, self.jobs), thread_name_prefix="inbox") as pool:
            try:
                for chain in chains.values():
                    pool.submit(self._chain, chain, ended)
                for _ in jobs:
                    yield _next(ended)
            except BaseException:  # Ctrl-C where nobody has taken it over: the threads have to hear of it
                self.stop.request("interrupted", _INTERRUPTED)
                raise

    def _chain(self, chain: Sequence[Job], ended: SimpleQueue[Ended]) -> None:
        for job in chain:
            ended.put(self._one(job))

    def _one(self, job: Job) -> Ended:
        if self.stop.reason is not None:
            code = code_of_stop(self.stop.signal_number)
            return Ended(job, Verdict(What.GOES_ON, code, f"not begun: {self.stop.reason}"))
        rules, before = job.way.route.rules, seen_of(job.bundle.file)
        options = RunOptions(rows_ok=rules.rows_ok, all_or_nothing=rules.all_or_nothing, on_behalf_of=self.on_behalf_of)
        try:
            summary = pipeline.run(
                job.way.settings,
                [job.bundle.file],
                job.way.route.mapping,
                options=options,
                events=self.events,
                stop=self.stop,
                clock=self.clock,
            )
        except EtlError as error:
            is_still_written = seen_of(job.bundle.file) != before
            return Ended(job, judge_error(error, is_still_written=is_still_written), None, error.findings)
        except Exception as defect:  # noqa: BLE001 — it is raised again once all other files are where they belong
            return Ended(job, Verdict(What.GOES_ON, ExitCode.DEFECT, "a defect of etl has ended it"), defect=defect)
        may_be_empty = rules.no_rows == "ok"
        verdict = judge(summary, finished=job.finished, may_be_empty=may_be_empty, ok_below=self.ok_below)
        return Ended(job, verdict, summary)


def _next(ended: SimpleQueue[Ended]) -> Ended:
    while True:
        try:
            return ended.get(timeout=_LOOK_SECONDS)
        except Empty:
            continue
