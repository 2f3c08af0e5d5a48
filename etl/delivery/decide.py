"""What to do next: `decide(state, event) → state, instructions`. Pure; it reads no clock, draws no chance, touches nothing.

A job is a chunk on its way. Its life: fetched → ready → reserving (slot and intent, one commit) → in flight → returned.
A job that certainly was not carried out (no connection, refused for its rate) is ready again, before all later ones;
any other returned job is over, and what became of its rows is in the ledger.

Jobs with an address in common go one after the other, the next when the one before is over: it is passed over until then,
and so is what is behind it with an address of its own. Whether it may go at all the ledger says, which knows every row.

    nothing answered yet                           one at a time: the host has to show what it is
    three requests in a row that tell nothing      break off as sick; whoever reads back goes on carefully
    careful                                        one at a time; two that tell nothing break off again
    an answer that tells something                 all as before
    no connection for NETWORK_PATIENCE_SECONDS,
    nothing but refusals for the rate for
    THROTTLE_PATIENCE_SECONDS                      stop; the same command continues later
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeAlias

from etl.delivery import backoff
from etl.delivery.verdict import NotSent, Stop, Throttled, Verdict
from etl.exits import ExitCode
from etl.records import Limit

DOUBTS_IN_A_ROW = 3
DOUBTS_WHILE_CAREFUL = 2
NETWORK_PATIENCE_SECONDS = 60.0
THROTTLE_PATIENCE_SECONDS = 600.0
LONGEST_WISH_SECONDS = 900.0
"""A longer Retry-After is no pause but a reason to stop in a way that can be continued."""
MOST_PASSED_OVER = 32
"""So many chunks may be kept that have to wait for others; no further ones are read before one of them has gone."""


@dataclass(frozen=True, slots=True)
class Job:
    """A chunk on its way, by its number. addresses: where its rows belong, if the order of their coming matters there."""

    number: int
    addresses: frozenset[bytes] = field(default=frozenset(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class StopCause:
    """Why a run stops before its end, and what a person can do. is_for_today: it goes on by itself on the next UTC day.

    is_of_input: other inputs of the same command have nothing to do with it.
    """

    exit_code: ExitCode
    reason: str
    remedy: str
    is_for_today: bool = False
    is_of_input: bool = False


_CERTAINLY_NOT_CARRIED_OUT = (NotSent, Throttled)

# Events: what has happened. `now` is monotonic; `chance` in [0, 1) spreads waits.


@dataclass(frozen=True, slots=True)
class Begun:
    """The delivery begins."""

    now: float


@dataclass(frozen=True, slots=True)
class Fetched:
    """The next chunk has been read and mapped."""

    now: float
    job: Job


@dataclass(frozen=True, slots=True)
class SourceDry:
    """There are no further chunks."""

    now: float


@dataclass(frozen=True, slots=True)
class SlotTaken:
    """Slot and intent of the job are written."""

    now: float


@dataclass(frozen=True, slots=True)
class SlotDenied:
    """There is no slot before `until`."""

    now: float
    until: float


@dataclass(frozen=True, slots=True)
class JobGone:
    """All rows of the job turned out to be known: nothing of it is left to send."""

    now: float


@dataclass(frozen=True, slots=True)
class Returned:
    """A request is over and settled. doubtful: it told nothing about any of its rows."""

    now: float
    job: Job
    verdict: Verdict
    doubtful: bool
    chance: float


@dataclass(frozen=True, slots=True)
class StopAsked:
    """Somebody, or a spent budget, asks for the stop."""

    now: float
    cause: StopCause


@dataclass(frozen=True, slots=True)
class Woken:
    """The moment of the last `WakeAt` has come."""

    now: float


Event: TypeAlias = Begun | Fetched | SourceDry | SlotTaken | SlotDenied | JobGone | Returned | StopAsked | Woken

# Instructions: what the driver is to do.


@dataclass(frozen=True, slots=True)
class Fetch:
    """Read the next chunk; answer with Fetched or SourceDry."""


@dataclass(frozen=True, slots=True)
class Reserve:
    """Take a slot and write the intent; answer with SlotTaken, SlotDenied, JobGone or StopAsked."""

    job: Job


@dataclass(frozen=True, slots=True)
class Send:
    """Send the job's request now; its end comes back as Returned."""

    job: Job


@dataclass(frozen=True, slots=True)
class PauseAccount:
    """Let no process send to this account before `until`."""

    until: float


@dataclass(frozen=True, slots=True)
class LearnLimit:
    """Keep the limit that the account has named."""

    limit: Limit


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Nothing can be done before `moment` unless something returns."""

    moment: float


@dataclass(frozen=True, slots=True)
class Finish:
    """All is over. cause is None when every chunk was sent.

    is_sick: LeadSquared tells nothing, so chunks were left behind; first what became of the others is to be read back.
    """

    cause: StopCause | None
    is_sick: bool = False


Instruction: TypeAlias = Fetch | Reserve | Send | PauseAccount | LearnLimit | WakeAt | Finish


class State(NamedTuple):
    """Where a delivery stands. A tuple, because it is copied several times for each request.

    capacity: most requests in flight at once. not_before, slot_from: moments before which nothing may, or can, be sent.
    failures, refusals: connections that failed, and refusals for the rate, each in a row, and since when.
    doubts: requests in a row that told nothing. is_careful: one at a time, until one tells something.
    is_sick: too many told nothing; nothing more is sent.
    is_proven: an answer has told something about its rows; before that a wrong host would be handed one request only.
    """

    capacity: int
    ready: tuple[Job, ...] = ()
    reserving: Job | None = None
    in_flight: frozenset[Job] = frozenset()
    is_fetching: bool = False
    is_dry: bool = False
    not_before: float = 0.0
    slot_from: float = 0.0
    failures: int = 0
    failing_since: float | None = None
    refusals: int = 0
    refused_since: float | None = None
    doubts: int = 0
    is_proven: bool = True
    is_careful: bool = False
    is_sick: bool = False
    cause: StopCause | None = None

    @property
    def room(self) -> int:
        """How many more requests may be in flight now."""
        return (1 if self.is_careful or not self.is_proven else self.capacity) - len(self.in_flight)


Decision: TypeAlias = tuple[State, tuple[Instruction, ...]]


def decide(state: State, event: Event) -> Decision:
    """Take in what has happened, and say what to do now. The instructions are to be carried out in their order."""
    after, at_once = _take_in(state, event)
    further, more = _go_on(after, event.now)
    return further, (*at_once, *more)


def goes_again(verdict: Verdict) -> bool:
    """Whether a job that came back with this verdict is ready again: it certainly was not carried out."""
    return isinstance(verdict, _CERTAINLY_NOT_CARRIED_OUT)


def _take_in(state: State, event: Event) -> Decision:
    match event:
        case Returned():
            came = state._replace(in_flight=state.in_flight - {event.job}, slot_from=0.0)
            return _take_back(came, _knowing_addresses(event, state) if goes_again(event.verdict) else event)
        case Fetched(job=job):
            return state._replace(is_fetching=False, ready=(*state.ready, job)), ()
        case SourceDry():
            return state._replace(is_fetching=False, is_dry=True), ()
        case SlotTaken():
            return _send(state)
        case SlotDenied(until=until):
            return _put_back(state, state.reserving)._replace(reserving=None, slot_from=until), ()
        case JobGone():
            return state._replace(reserving=None), ()
        case StopAsked(cause=cause):
            put_back = _put_back(state, state.reserving)._replace(reserving=None)
            return put_back._replace(cause=state.cause or cause), ()
        case Begun() | Woken():
            return state, ()


def _knowing_addresses(event: Returned, state: State) -> Returned:
    """The same of the job as it was sent, which knows its addresses."""
    return replace(event, job=next((one for one in state.in_flight if one == event.job), event.job))


def _send(state: State) -> Decision:
    if state.reserving is None:
        raise ValueError("a slot was taken for no job")
    job = state.reserving
    sent = state._replace(reserving=None, in_flight=state.in_flight | {job})
    return sent, (Send(job),)


def _put_back(state: State, job: Job | None) -> State:
    """The job is ready again, in front of all with a higher number."""
    if job is None:
        return state
    return state._replace(ready=tuple(sorted((job, *state.ready), key=lambda one: one.number)))


def _take_back(state: State, event: Returned) -> Decision:
    match event.verdict:
        case NotSent(reason=reason):
            return _not_sent(_put_back(state, event.job), event, reason)
        case Throttled():
            return _throttled(_put_back(state, event.job), event, event.verdict)
        case Stop(reason=reason, remedy=remedy):
            return state._replace(cause=state.cause or StopCause(ExitCode.REFUSED, reason, remedy)), ()
        case _:
            calm = _calm(state)
            return _doubt(calm) if event.doubtful else _well(calm), ()


def _not_sent(state: State, event: Returned, reason: str) -> Decision:
    since = event.now if state.failing_since is None else state.failing_since
    if event.now < state.not_before:
        return state, ()  # one of several that failed together: they are one failure
    failures = state.failures + 1
    cause = state.cause
    if event.now - since >= NETWORK_PATIENCE_SECONDS:
        remedy = "Check the network and the host, then run the same command: it continues."
        cause = cause or StopCause(ExitCode.STOPPED, f"LeadSquared cannot be reached: {reason}", remedy)
    until = event.now + backoff.after_failure(failures, event.chance)
    return state._replace(failures=failures, failing_since=since, not_before=until, cause=cause), ()


def _throttled(state: State, event: Returned, verdict: Throttled) -> Decision:
    since = event.now if state.refused_since is None else state.refused_since
    is_one_of_several = event.now < state.not_before and verdict.retry_after_seconds is None
    refusals = state.refusals + (0 if is_one_of_several and state.refusals else 1)
    window = verdict.limit.seconds if verdict.limit else None
    wait = backoff.after_throttling(verdict.retry_after_seconds, window, refusals, event.chance)
    until = max(state.not_before, event.now + wait)
    learned: tuple[Instruction, ...] = (LearnLimit(verdict.limit),) if verdict.limit else ()
    cause = state.cause
    if wait > LONGEST_WISH_SECONDS or event.now - since >= THROTTLE_PATIENCE_SECONDS:
        reason = f"LeadSquared has refused all requests for their rate and asks for another {wait:.0f} s"
        remedy = "The account's limit or day's quota is used up. Run the same command later: it continues."
        cause = cause or StopCause(ExitCode.STOPPED, reason, remedy)
    reached = state._replace(failures=0, failing_since=None)  # somebody has refused, so there is a connection
    troubled = reached._replace(refusals=refusals, refused_since=since, not_before=until, cause=cause)
    return troubled, (*learned, PauseAccount(until))


def _doubt(state: State) -> State:
    doubts = state.doubts + 1
    return state._replace(
        doubts=doubts, is_sick=doubts >= (DOUBTS_WHILE_CAREFUL if state.is_careful else DOUBTS_IN_A_ROW)
    )


def _calm(state: State) -> State:
    """Nothing fails in a row any more. Most answers change nothing of that, and to copy a state is dear."""
    if not state.failures and not state.refusals:
        return state
    return state._replace(failures=0, failing_since=None, refusals=0, refused_since=None)


def _well(state: State) -> State:
    if state.is_proven and not (state.doubts or state.is_careful or state.is_sick):
        return state
    return state._replace(doubts=0, is_proven=True, is_careful=False, is_sick=False)


def _go_on(state: State, now: float) -> Decision:
    """The one next thing to do, if there is one."""
    if state.reserving is not None or state.is_fetching:
        return state, ()
    if state.cause is not None or state.is_sick:
        return state, () if state.in_flight else (Finish(state.cause, state.is_sick),)
    if not state.ready and state.is_dry:
        return state, () if state.in_flight else (Finish(None),)
    if state.room <= 0:
        return state, ()
    open_from = max(state.not_before, state.slot_from)
    if open_from > now:
        return state, (WakeAt(open_from),)
    job = _next_ready(state)
    if job is not None:
        others = tuple(one for one in state.ready if one != job)
        return state._replace(reserving=job, ready=others), (Reserve(job),)
    if state.is_dry or len(state.ready) >= MOST_PASSED_OVER:
        return state, ()
    return state._replace(is_fetching=True), (Fetch(),)


def _next_ready(state: State) -> Job | None:
    """The first job that has no address in common with one in flight, nor with one before it."""
    if not state.ready or not state.ready[0].addresses:  # as for most operations
        return state.ready[0] if state.ready else None
    taken: set[bytes] = set().union(*(job.addresses for job in state.in_flight))
    for job in state.ready:
        if taken.isdisjoint(job.addresses):
            return job
        taken |= job.addresses
    return None
