"""What a check or run tells while it goes on, and what it hands back at the end. The core prints nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from etl.findings import Finding
    from etl.reconciler.counts import Equation
    from etl.records import Outcome


@dataclass(frozen=True, slots=True)
class Started:
    """Which account, organisation and ledger this is about: the first line of every run."""

    account: str
    organisation: str
    ledger: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something the person should know and need not act on."""

    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """An input is being read and mapped: rows so far."""

    input: str
    rows: int


@dataclass(frozen=True, slots=True)
class LookUps:
    """Leads that have to be looked up before rows can be sent; what that takes at most, at the account's limit."""

    leads: int
    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Planned:
    """What a run would do or is about to do with one input; nothing of it has been sent yet.

    counts: outcomes as they stand before the start (`waiting` rows go out). seconds_at_limit: at the account's limit.
    look_ups: what finding the leads takes before that, None where none are to be found.
    """

    input: str
    run: int | None
    data_rows: int
    counts: Mapping[Outcome, int]
    unmapped: tuple[str, ...]
    rows_to_send: int
    requests: int
    seconds_at_limit: float
    look_ups: LookUps | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the sending of one input stands. done and total count the rows that go out in this session."""

    input: str
    done: int
    total: int
    counts: Mapping[Outcome, int]
    rows_per_second: float
    eta_seconds: float | None
    in_flight: int


@dataclass(frozen=True, slots=True)
class ReadingBack:
    """Rows whose answer was lost are looked for. rows: still in doubt; found: so far.

    seconds: until the next look. at_most: until the first of them can be called absent, None if that depends on others.
    """

    input: str
    rows: int
    found: int
    seconds: float
    at_most: float | None


@dataclass(frozen=True, slots=True)
class Auditing:
    """Created rows are compared with what LeadSquared holds: so many of them so far."""

    input: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class FindingLeads:
    """Leads are looked up before anything is sent: so many of them so far. seconds: at most, for the rest, at the limit."""

    input: str
    done: int
    total: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Fetching:
    """Activities are being fetched: so many leads of all, or, not is_by_lead, so many activities of all."""

    output: str
    done: int
    total: int
    activities: int
    is_by_lead: bool


@dataclass(frozen=True, slots=True)
class RequestSent:
    """A request left, with so many rows."""

    request: int
    rows: int


@dataclass(frozen=True, slots=True)
class RequestAnswered:
    """A request came back, or did not; verdict in one word and LeadSquared's own words where it has some."""

    request: int
    verdict: str
    detail: str


@dataclass(frozen=True, slots=True)
class InputSummary:
    """How one input ended. run is None where nothing was recorded (check, dry run).

    findings: the first thousand; finding_counts: all of them, by code. next_step: what to do now, in one sentence.
    """

    input: str
    run: int | None
    equation: Equation
    exit_code: int
    results: Path | None
    failed: Path | None
    findings: tuple[Finding, ...] = ()
    finding_counts: Mapping[str, int] = field(default_factory=dict)
    stop_reason: str | None = None
    next_step: str = ""

    @property
    def finding_count(self) -> int:
        """How many findings there are in all."""
        return sum(self.finding_counts.values())


@dataclass(frozen=True, slots=True)
class InputFinished:
    """One input is done."""

    result: InputSummary


Event: TypeAlias = (
    Started
    | Note
    | Reading
    | Planned
    | Progress
    | ReadingBack
    | Auditing
    | Fetching
    | FindingLeads
    | RequestSent
    | RequestAnswered
    | InputFinished
)


@dataclass(frozen=True, slots=True)
class Summary:
    """How a whole command ended: its inputs in order, and the exit code of them together."""

    inputs: tuple[InputSummary, ...]
    exit_code: int


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a person may ask of a check or run beside files and mapping.

    results: where the results go (one input only). dry_run_out: receives the request bodies, one a line.
    duplicate: the number of known rows to send once more on purpose. preflight: before anything is sent, ask LeadSquared
    whether the mapping fits the account. live: a check asks the same, and more.
    """

    results: Path | None = None
    dry_run: bool = False
    dry_run_out: BinaryIO | None = None
    duplicate: int | None = None
    rehearse: bool = False
    preflight: bool = True
    live: bool = False


@dataclass
class StopSignal:
    """A way to ask a running import to stop after what is in flight. Safe to call from a signal handler or thread."""

    reason: str | None = None
    signal_number: int | None = None
    _listeners: list[Callable[[], None]] = field(default_factory=list)

    def request(self, reason: str, signal_number: int | None = None) -> None:
        """Ask for the stop. The first reason stays."""
        if self.reason is None:
            self.reason = reason
            self.signal_number = signal_number
        for listener in self._listeners:
            listener()

    def on_request(self, listener: Callable[[], None]) -> None:
        """Be told as soon as a stop is asked for; at once if it has been already."""
        self._listeners.append(listener)
        if self.reason is not None:
            listener()


def ignore(event: Event) -> None:
    """Listen to nothing."""
