"""What a check or run tells while it goes on, and what it hands back at the end. The core prints nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from math import ceil
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from etl.deadlines import Deadline
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
class Found:
    """Findings of an input, as they come. Together they are all there are; a summary carries the first of them alone."""

    input: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Budget:
    """What the account may spend in a UTC day, and how much of that is left today for sending. now: in UTC.

    reserve: how many of a day's requests are for reading back alone.
    """

    daily_requests: int
    left_today: int
    now: datetime
    reserve: int = 0

    def last_day(self, requests: int, seconds: float) -> date:
        """The UTC day on which the last of so many requests goes out, which take so long, with nothing else being sent."""
        beyond = max(0, requests - self.left_today)
        if not beyond:
            return (self.now + timedelta(seconds=seconds)).date()
        return self.now.date() + timedelta(days=ceil(beyond / max(1, self.daily_requests - self.reserve)))


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
    look_ups: what finding the leads takes before that, None where none are to be found. budget: of the day, if there is one.
    account: that it goes into, where a run is about to begin.
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
    budget: Budget | None = None
    account: str | None = None


class EtaBasis(StrEnum):
    """What the time that is left is reckoned from."""

    LIMIT = "limit"  # the account's limit: nothing slower has shown
    RATE = "rate"  # the rows per second so far
    QUOTA = "quota"  # the day's quota is spent before all rows are sent, and then it ends


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the sending of one input stands. done and total count the rows that go out in this session.

    rows_per_second: on the average; _now: of late. eta_seconds: until all is sent, or until the day's quota is spent.
    limit_used: how much of the account's limit went out of late from here, 1 for all of it. refusals: for the rate, so far.
    quota_left: requests that may be sent today still, None without a quota.
    """

    input: str
    done: int
    total: int
    counts: Mapping[Outcome, int]
    rows_per_second: float
    eta_seconds: float | None
    in_flight: int
    rows_per_second_now: float | None = None
    limit_used: float | None = None
    refusals: int = 0
    quota_left: int | None = None
    eta_basis: EtaBasis = EtaBasis.LIMIT


@dataclass(frozen=True, slots=True)
class PilotRow:
    """One of the first rows of a run, sent alone. lead: as it was addressed. shows: what LeadSquared shows of it, in words."""

    row_number: int
    lead: str
    activity_id: str | None
    outcome: Outcome
    shows: str


@dataclass(frozen=True, slots=True)
class PilotProposed:
    """The mapping has not sent anything to this account yet: so many first rows would show what it sets off there.

    activity_type: its number, None where the mapping names none.
    """

    input: str
    mapping: str
    activity_type: int | None
    rows: int


@dataclass(frozen=True, slots=True)
class UnusualSize:
    """Far more rows are about to go out than ever before. activity: its name, or its number in words.

    organisation, host: where to; host is "" before LeadSquared was asked. largest: rows of the largest run so far.
    pilot: so many first rows would show what they set off.
    """

    input: str
    rows: int
    activity: str
    organisation: str
    host: str
    largest: int
    pilot: int


PILOT_OVER = "the pilot is over"
"""How the reason of a stop begins where a pilot has had its rows and the others wait for a person."""


@dataclass(frozen=True, slots=True)
class PilotOver:
    """The first rows have gone out and were read back. others: how many rows of the run could go out now."""

    input: str
    run: int
    rows: tuple[PilotRow, ...]
    others: int


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
    """A request left, with so many rows of this input."""

    request: int
    rows: int
    input: str = ""


@dataclass(frozen=True, slots=True)
class RequestAnswered:
    """A request came back, or did not; verdict in one word and LeadSquared's own words where it has some."""

    request: int
    verdict: str
    detail: str
    input: str = ""


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
    | Found
    | Reading
    | Planned
    | Progress
    | PilotProposed
    | PilotOver
    | UnusualSize
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
    whether the mapping fits the account. live: a check asks the same, and more. pilot: so many rows go out first, and are
    read back and shown; go_on: asked then whether the others may go, None where nobody is there to be asked. jobs: so many
    inputs are sent side by side, in threads, which tell their events themselves.
    rows_ok: so many rows are meant, though that be unusual; may_send: asked where they are not, None where nobody is there.
    all_or_nothing: nothing is sent of any input where a row of one is invalid.
    on_behalf_of: for whom it is done, in the words of the person who does it; recorded.
    """

    results: Path | None = None
    dry_run: bool = False
    dry_run_out: BinaryIO | None = None
    duplicate: int | None = None
    rehearse: bool = False
    preflight: bool = True
    live: bool = False
    pilot: int | None = None
    jobs: int = 1
    go_on: Callable[[PilotOver], bool] | None = None
    rows_ok: int | None = None
    may_send: Callable[[UnusualSize], bool] | None = None
    all_or_nothing: bool = False
    on_behalf_of: str | None = None


@dataclass
class StopSignal:
    """A way to ask a running import to stop after what is in flight. Safe to call from a signal handler or thread.

    deadlines: moments that ask for it by themselves when they come. remedy: what to do once it has stopped.
    """

    deadlines: Sequence[Deadline] = ()
    signal_number: int | None = None
    remedy: str = "Run the same command: it continues."
    _reason: str | None = None
    _listeners: list[Callable[[], None]] = field(default_factory=list)

    @property
    def reason(self) -> str | None:
        """Why to stop, None while there is no reason to. Who waits has to ask now and then: a deadline wakes nobody."""
        for deadline in self.deadlines if self._reason is None else ():
            time_up = deadline.passed()
            if time_up is not None:
                self._reason, self.remedy = time_up.reason, time_up.remedy
                break
        return self._reason

    def request(self, reason: str, signal_number: int | None = None) -> None:
        """Ask for the stop. The first reason stays."""
        if self._reason is None:
            self._reason = reason
            self.signal_number = signal_number
        for listener in self._listeners:
            listener()

    def on_request(self, listener: Callable[[], None]) -> None:
        """Be told as soon as a stop is asked for; at once if it has been already."""
        self._listeners.append(listener)
        if self._reason is not None:
            listener()


def ignore(event: Event) -> None:
    """Listen to nothing."""
