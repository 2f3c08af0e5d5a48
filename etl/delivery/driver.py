"""Carries out what `decide` says: reads chunks, takes slots, sends, settles. One thread; only the wire has others.

What can be done at one moment is one commit: the ends of all requests whose answers are there, and the slots and intents
of all that may go now; these are sent when it is done. A commit costs more than all else that is written for a request.
Meanwhile nobody else can write to the ledger, so nothing that may take long is done then: no parcel is read, and nobody is
told anything, who might keep us waiting (a pipe that is full, a terminal that was halted).

The same loop runs over threads and real time and, with another wire and clock, in virtual time.
"""

from __future__ import annotations

from collections import deque
from copy import copy
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from etl.delivery import decide as machine
from etl.delivery.all_stored import ALL_STORED, all_stored, stored_ends
from etl.delivery.outcomes import is_doubtful, row_ends
from etl.delivery.parcels import Packer, Parcel, without
from etl.delivery.quota import next_day
from etl.delivery.throttle import shared, smallest
from etl.delivery.verdict import Answered, Throttled, Unknown, Verdict, judge, server_time
from etl.delivery.wire import Arrival
from etl.errors import LedgerLostError
from etl.exits import ExitCode, code_of_stop
from etl.identity import lead_mark
from etl.ledger.requests import (
    Allowance,
    BudgetSpent,
    Intent,
    LeaseLost,
    NoSlot,
    PlaceTakenError,
    RequestEnd,
    Reserved,
    StopWanted,
)
from etl.operations.contract import AnswerNames
from etl.reconciler.match import Numbering, after_full, match
from etl.records import STORED, ApiAnswer, LineEnd, Outcome, TransportFailure, Window

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from etl.clock import Clock
    from etl.delivery.outcomes import RowEnd
    from etl.delivery.wire import Wire
    from etl.events import StopSignal
    from etl.ledger.store import Ledger
    from etl.operations.contract import Operation
    from etl.reconciler.match import RowVerdict
    from etl.records import Exchange, Limit

STOP_LOOK_SECONDS = 1.0
"""While a slot is waited for, so often it is looked whether another process has asked this run to stop."""

DETAIL_CHARACTERS = 500
"""How much of LeadSquared's own words about a request the ledger keeps."""


class Observer(Protocol):
    """Who wants to know what happens."""

    def sent(self, request_id: int, rows: int) -> None:
        """A request left."""
        ...

    def settled(self, request_id: int, verdict: Verdict, ends: Sequence[RowEnd], in_flight: int) -> None:
        """A request is over, and what became of its rows is in the ledger, for good. May ask for a stop there."""
        ...


@dataclass(frozen=True, slots=True)
class Consignment:
    """What is to be delivered: whose rows, through which operation, in which parcels, under which allowance.

    addressed_by: the target that says where a row belongs.
    share: part of the limits to use, for limits learned on the way. is_proven: the host has shown that it is LeadSquared.
    is_careful: LeadSquared was not well when it was last sent to.
    """

    account_id: int
    scope_id: int
    run_id: int
    operation: Operation
    addressed_by: str
    parcels: Iterator[Parcel]
    packer: Packer
    allowance: Allowance
    capacity: int
    share: float = 1.0
    is_proven: bool = True
    is_careful: bool = False


@dataclass(frozen=True, slots=True)
class Delivered:
    """How a delivery ended. cause: why it stopped, if it did. is_sick: LeadSquared told nothing, rows were left behind."""

    cause: machine.StopCause | None
    is_sick: bool


_CHANGED_BY_A_COMMIT = (
    *("_numbering", "_allowance", "_learned", "_parcels", "_request_ids", "_sent_at", "_taught_at", "_ahead"),
    *("_to_send", "_held_back", "_to_tell", "_is_stop_told"),
)
"""What of a driver may differ after a commit, or after the attempt at one."""


@dataclass(slots=True)
class _Point:
    """Where a delivery is. arrival: what has come back and is to be settled. end: what the machine calls its end."""

    state: machine.State
    events: deque[machine.Event]
    arrival: Arrival | None = None
    wake_at: float | None = None
    end: machine.Finish | None = None

    def copied(self, driver: Driver, names: Sequence[str]) -> _Before:
        """All as it is now, to be as before where a commit does not come about."""
        here = replace(self, events=deque(self.events))
        return _Before(here, {name: copy(getattr(driver, name)) for name in names})


@dataclass(frozen=True, slots=True)
class _Before:
    """A delivery before a commit. own: of the driver itself, by name."""

    point: _Point
    own: Mapping[str, Any]

    def restore(self, at: _Point, driver: Driver) -> None:
        for name in ("state", "events", "arrival", "wake_at", "end"):
            setattr(at, name, getattr(self.point, name))
        for name, value in self.own.items():
            setattr(driver, name, value)


class _Settled(NamedTuple):
    """A parcel that has come back, by its number, and what was written of its request and its rows."""

    number: int
    request_id: int
    verdict: Verdict
    ends: Sequence[RowEnd]


class Driver:
    """Delivers one consignment."""

    def __init__(
        self,
        consignment: Consignment,
        ledger: Ledger,
        wire: Wire,
        clock: Clock,
        chance: random.Random,
        observer: Observer,
        stop: StopSignal,
    ) -> None:
        self._consignment = consignment
        self._ledger = ledger
        self._wire = wire
        self._clock = clock
        self._chance = chance
        self._observer = observer
        self._stop = stop
        self._numbering = Numbering(ledger.accounts.numbering(consignment.account_id))
        self._allowance = consignment.allowance
        self._learned: Mapping[Window, Limit] = {}
        self._parcels: dict[int, Parcel] = {}
        self._request_ids: dict[int, int] = {}
        self._sent_at: dict[int, float] = {}
        self._taught_at = float("-inf")  # when a refusal last taught a smaller limit
        self._ahead: deque[Parcel] = deque()
        self._is_read_out = False
        self._to_send: list[int] = []
        self._held_back: deque[Arrival] = deque()
        self._to_tell: list[tuple[int, Verdict, Sequence[RowEnd], int]] = []
        self._is_stop_told = False
        self._just_come: list[Arrival] = []
        self._is_one_by_one = False  # the next commit: somebody else had the place of a row of the last one

    def deliver(self) -> Delivered:
        """Send all parcels, or stop for a cause. When it returns, nothing is in flight and all is in the ledger."""
        self._stop.on_request(self._wire.nudge)
        lot = self._consignment
        state = machine.State(capacity=lot.capacity, is_proven=lot.is_proven, is_careful=lot.is_careful)
        at = _Point(state, deque([machine.Begun(self._clock.monotonic())]))
        while True:
            at.wake_at = at.end = None
            self._read_ahead(lot.capacity)
            if not self._commit(at):
                continue
            self._tell_all()
            self._send_all(is_over=self._is_over(at.state))
            if at.end is not None:
                return Delivered(at.end.cause, at.end.is_sick)
            if at.state.is_fetching:  # all that was ready is on its way, or was known
                self._read_ahead(lot.capacity)
                at.events.append(self._fetch())
                continue
            at.arrival = at.arrival or self._there_already() or self._wire.wait(self._next_look(at.wake_at))
            if at.arrival is None:
                at.events.append(self._looked_up())

    def _commit(self, at: _Point) -> bool:
        """All that can be done at this moment, as one commit.

        Returns: False where the ledger's database went away in its midst, or where each request is to be looked at by itself:
        nothing of it was written, and all is as before.
        """
        self._just_come.clear()
        before = at.copied(self, _CHANGED_BY_A_COMMIT)
        try:
            with self._ledger.requests.together(puts_off=not self._is_one_by_one):
                self._do_all(at)
        except (LedgerLostError, PlaceTakenError) as error:
            before.restore(at, self)
            self._held_back += self._just_come  # the wire gives each only once
            self._is_one_by_one = isinstance(error, PlaceTakenError)
            return False
        self._is_one_by_one = False
        return True

    def _do_all(self, at: _Point) -> None:
        """What has come back is settled together: what the ledger does for many rows costs it less than for some."""
        self._decide(at)
        left = self._consignment.capacity
        while at.arrival is not None and left > 0:
            arrivals = list(islice(self._all_there(at.arrival), left))
            left -= len(arrivals)
            at.wake_at = None
            for settled in self._settle_all(arrivals):
                at.events.append(self._take_back(settled, len(at.state.in_flight) - 1))
                self._decide(at)
            at.arrival = None if at.end or at.state.is_fetching else self._there_already()

    def _decide(self, at: _Point) -> None:
        """Let the machine say what follows from what has happened, and do it."""
        while at.events:
            at.state, instructions = machine.decide(at.state, self._stop_first(at.events))
            for instruction in instructions:
                if isinstance(instruction, machine.Finish):
                    at.end = instruction
                elif isinstance(instruction, machine.WakeAt):
                    at.wake_at = instruction.moment
                elif (answer := self._carry_out(instruction)) is not None:
                    at.events.append(answer)

    def _stop_first(self, events: deque[machine.Event]) -> machine.Event:
        """The next event, but a wish to stop goes before all others: nothing is sent after it."""
        has_slot = isinstance(events[0], machine.SlotTaken)  # its intent is written: it counts as sent already
        return self._stop_asked() if self._is_stop_wanted and not has_slot else events.popleft()

    @property
    def _is_stop_wanted(self) -> bool:
        """Whether somebody has asked for the stop and the machine does not know yet."""
        return self._stop.reason is not None and not self._is_stop_told

    def _stop_asked(self) -> machine.Event:
        self._is_stop_told = True
        return machine.StopAsked(self._clock.monotonic(), cause_of(self._stop))

    def _looked_up(self) -> machine.Event:
        """Nothing has come back until now."""
        if not self._is_stop_told and self._ledger.runs.is_stop_asked(self._consignment.run_id):
            self._is_stop_told = True
            return machine.StopAsked(self._clock.monotonic(), STOPPED_FROM_OUTSIDE)
        return machine.Woken(self._clock.monotonic())

    def _all_there(self, arrival: Arrival | None) -> Iterator[Arrival]:
        """This one, and all that is there with it."""
        while arrival is not None:
            yield arrival
            arrival = self._there_already()

    def _there_already(self) -> Arrival | None:
        """What has come back and can be settled without waiting."""
        if self._held_back:
            return self._held_back.popleft()
        arrival = self._wire.more()
        if arrival is not None:
            self._just_come.append(arrival)
        return arrival

    def _next_look(self, wake_at: float | None) -> float | None:
        """When to look up from waiting: for a slot that is far off, other processes may ask for a stop meanwhile."""
        soon = self._clock.monotonic() + STOP_LOOK_SECONDS
        return wake_at if wake_at is None or self._is_stop_told else min(wake_at, soon)

    def _carry_out(self, instruction: machine.Instruction) -> machine.Event | None:
        match instruction:
            case machine.Fetch():
                return None if self._has_to_read else self._fetch()
            case machine.Reserve(job=job):
                return self._reserve(job)
            case machine.Send(job=job):
                self._to_send.append(job.number)
            case machine.PauseAccount(until=until):
                self._ledger.accounts.pause(self._consignment.account_id, until)
            case machine.LearnLimit(limit=limit):
                self._learn(limit)
        return None

    def _read_ahead(self, parcels: int) -> None:
        """Have parcels ready: reading them may take long, and must not keep others from the ledger."""
        wanted = parcels - len(self._ahead)
        if wanted > 0 and not self._is_read_out:
            self._ahead += islice(self._consignment.parcels, wanted)
            self._is_read_out = len(self._ahead) < parcels

    @property
    def _has_to_read(self) -> bool:
        """Whether the next parcel has to be read first."""
        return not self._ahead and not self._is_read_out

    def _fetch(self) -> machine.Event:
        if not self._ahead:
            return machine.SourceDry(self._clock.monotonic())
        parcel = self._ahead.popleft()
        self._parcels[parcel.number] = parcel
        addresses = parcel.addresses if self._consignment.operation.keeps_order else frozenset()
        return machine.Fetched(self._clock.monotonic(), machine.Job(parcel.number, addresses))

    def _reserve(self, job: machine.Job) -> machine.Event:
        if self._is_stop_wanted:
            return self._stop_asked()
        self._take_over_limits()
        parcel: Parcel | None = self._parcels[job.number]
        while parcel is not None:
            reservation = self._ledger.requests.reserve(self._intent(parcel), self._allowance)
            now = self._clock.monotonic()
            match reservation:
                case Reserved(request_id=request_id):
                    self._parcels[job.number] = parcel
                    self._request_ids[job.number] = request_id
                    return machine.SlotTaken(now)
                case NoSlot(until=until):
                    self._parcels[job.number] = parcel
                    return machine.SlotDenied(now, until)
                case BudgetSpent():
                    return machine.StopAsked(now, quota_spent(reservation, self._clock.now()))
                case StopWanted():
                    return machine.StopAsked(now, STOPPED_FROM_OUTSIDE)
                case LeaseLost():
                    return machine.StopAsked(now, TAKEN_OVER)
            parcel = without(parcel, reservation.row_ids, self._consignment.packer)
        del self._parcels[job.number]
        return machine.JobGone(self._clock.monotonic())

    def _intent(self, parcel: Parcel) -> Intent:
        lot = self._consignment
        window = lot.operation.window
        return Intent(lot.account_id, lot.scope_id, lot.run_id, window, parcel.rows, parcel.request.body)

    def _tell_all(self) -> None:
        """Tell of the requests whose ends are committed by now."""
        told, self._to_tell = self._to_tell, []
        for request_id, verdict, ends, in_flight in told:
            self._observer.settled(request_id, verdict, ends, in_flight)

    def _is_over(self, state: machine.State) -> bool:
        """Whether nothing more is to be sent, not even what has its slot. What is left of the day's quota may be used."""
        is_stopped = state.cause is not None and not state.cause.is_for_today
        return is_stopped or state.is_sick or self._stop.reason is not None

    def _send_all(self, *, is_over: bool) -> None:
        """Send the requests whose intents are committed by now; what a stop has overtaken comes back as not sent."""
        run_id = self._consignment.run_id
        for number in self._to_send:
            parcel, now = self._parcels[number], self._clock.monotonic()
            is_over = is_over or self._stop.reason is not None or self._ledger.runs.is_stop_asked(run_id)
            if is_over or not self._ledger.may_send():
                kept = TransportFailure(LineEnd.NOT_SENT, "etl was stopped before it was sent")
                self._held_back.append(Arrival(number, kept, now))
                continue
            self._sent_at[number] = now
            self._wire.send(number, parcel.request)
            self._observer.sent(self._request_ids[number], len(parcel.rows))  # last: who is told may keep us waiting
        self._to_send.clear()

    def _settle_all(self, arrivals: Sequence[Arrival]) -> list[_Settled]:
        """Write what became of requests that have come back."""
        judged = [self._judged(arrival) for arrival in arrivals]
        settled = self._ledger.requests.settle_all([end for _, end in judged])
        return [
            _Settled(arrival.number, end.request_id, verdict, rows)
            for arrival, (verdict, end), rows in zip(arrivals, judged, settled, strict=True)
        ]

    def _judged(self, arrival: Arrival) -> tuple[Verdict, RequestEnd]:
        exchange = arrival.exchange
        verdict, ends = self._read_answer(exchange, self._parcels[arrival.number])
        end = RequestEnd(
            self._request_ids.pop(arrival.number),
            arrival.ended,
            verdict.__class__.__name__.lower(),
            _detail(verdict),
            exchange.status if isinstance(exchange, ApiAnswer) else None,
            ends,
            late=isinstance(verdict, Unknown) and verdict.late,
            server_at=server_time(exchange),
            trip=exchange.trip if isinstance(exchange, ApiAnswer) else None,
            refused_within=self._refused_within(verdict, self._sent_at.pop(arrival.number, arrival.ended)),
        )
        return verdict, end

    def _take_back(self, settled: _Settled, in_flight: int) -> machine.Event:
        number, request_id, verdict, ends = settled
        self._note_failures(self._parcels[number], ends)
        self._to_tell.append((request_id, verdict, ends, in_flight))
        now, chance = self._clock.monotonic(), self._chance.random()
        returned = machine.Returned(now, machine.Job(number), verdict, is_doubtful(verdict, ends), chance)
        self._forget_if_over(number, verdict)
        return returned

    def _refused_within(self, verdict: Verdict, sent: float) -> float | None:
        """Whether a refusal for the rate says nothing that explains it: the seconds of the shortest window, if so.

        The number that it names explains it where it teaches something, or was taught only after the request had left.
        """
        if not isinstance(verdict, Throttled):
            return None
        is_news = verdict.limit is not None and self._with_limit(verdict.limit) != self._allowance
        explains = is_news or (verdict.limit is not None and sent <= self._taught_at)
        return None if explains else self._allowance.shortest_seconds

    def _note_failures(self, parcel: Parcel, ends: Sequence[RowEnd]) -> None:
        """Keep which leads and rows were refused, so that next time they drag no others along; and which no longer are."""
        if {end.outcome for end in ends} <= STORED and {row.together for row in parcel.rows} == {None}:
            return  # as nearly always
        account_id = self._consignment.account_id
        ended = {end.row_id: end.outcome for end in ends}
        for row, activity in zip(parcel.rows, parcel.activities, strict=True):
            outcome = ended.get(row.row_id)
            is_refused = outcome is Outcome.REFUSED
            if not is_refused and (row.together is None or outcome not in STORED):
                continue
            marks = (lead_mark(activity.values.get(self._consignment.addressed_by, "")), row.memory_key)
            if is_refused:
                self._ledger.failures.note(account_id, marks)
            else:
                self._ledger.failures.forget(account_id, marks)

    def _read_answer(self, exchange: Exchange, parcel: Parcel) -> tuple[Verdict, tuple[RowEnd, ...]]:
        """What an answer means, and what it makes of the rows."""
        operation = self._consignment.operation
        row_ids = [row.row_id for row in parcel.rows]
        stored = all_stored(exchange, operation, len(row_ids))
        if stored is not None:
            self._note_numbering(after_full(self._numbering, stored.numbering))
            return ALL_STORED, stored_ends(row_ids, stored.ids, operation.stores_as)
        verdict = judge(exchange, operation, len(row_ids))
        return verdict, row_ends(verdict, self._match(verdict, parcel), row_ids, operation.stores_as)

    def _match(self, verdict: Verdict, parcel: Parcel) -> tuple[RowVerdict, ...]:
        if not isinstance(verdict, Answered):
            return ()
        matched = match(verdict.items, len(parcel.rows), self._numbering, self._named_ids(parcel))
        self._note_numbering(matched.numbering)
        return matched.rows

    def _note_numbering(self, numbering: Numbering) -> None:
        if numbering is not self._numbering:
            self._ledger.accounts.note_numbering(self._consignment.account_id, numbering.value)
            self._numbering = numbering

    def _named_ids(self, parcel: Parcel) -> list[str] | None:
        """The ids that the request names, where its answer names none."""
        names = self._consignment.operation.answer
        if not isinstance(names, AnswerNames) or names.activity_id is not None:
            return None
        return [activity.values[self._consignment.addressed_by] for activity in parcel.activities]

    def _forget_if_over(self, number: int, verdict: Verdict) -> None:
        if not machine.goes_again(verdict):
            del self._parcels[number]

    def _learn(self, limit: Limit) -> None:
        """Keep the limit that a refusal named, and keep to it from here on."""
        for window in self._windows_meant(limit):
            self._ledger.accounts.learn_limit(self._consignment.account_id, window, limit)
        if (taught := self._with_limit(limit)) != self._allowance:
            self._allowance, self._taught_at = taught, self._clock.monotonic()

    def _take_over_limits(self) -> None:
        """Keep to what refusals have taught other processes, or other inputs of this one, since this delivery began."""
        learned = self._ledger.accounts.learned_limits(self._consignment.account_id)
        if learned == self._learned:
            return
        self._learned = learned
        share, limits = self._consignment.share, dict(self._allowance.limits)
        for window, limit in learned.items():
            limits[window] = smallest(limits[window], shared(limit, share))
        self._allowance = Allowance(limits, self._allowance.daily_requests)

    def _windows_meant(self, limit: Limit) -> tuple[Window, ...]:
        """Which limits a refusal teaches that names this one: of a bulk request it does not say which of the two it means.

        None where one of them is that already: it was kept to, and teaches nothing of the other.
        """
        counted = tuple(Window) if self._consignment.operation.window is Window.BULK else (Window.GENERAL,)
        ours = shared(limit, self._consignment.share)
        return () if ours in [self._allowance.limits[window] for window in counted] else counted

    def _with_limit(self, limit: Limit) -> Allowance:
        """The allowance under a limit that was named."""
        ours = shared(limit, self._consignment.share)
        meant = {window: smallest(self._allowance.limits[window], ours) for window in self._windows_meant(limit)}
        return Allowance({**self._allowance.limits, **meant}, self._allowance.daily_requests)


STOPPED_FROM_OUTSIDE = machine.StopCause(
    ExitCode.STOPPED, "somebody asked for it with `etl stop`", "Run the same command: it continues.", is_of_input=True
)


TAKEN_OVER = machine.StopCause(
    ExitCode.STOPPED,
    "this machine was not heard of for so long (asleep, or cut off from the ledger) that another process has taken over",
    "That one goes on with it; etl runs shows how far it is.",
    is_of_input=True,
)


def cause_of(stop: StopSignal) -> machine.StopCause:
    """A wish to stop as the cause of a stop; a signal's number decides the exit code."""
    return machine.StopCause(code_of_stop(stop.signal_number), stop.reason or "asked to stop", stop.remedy)


def quota_spent(spent: BudgetSpent, now: datetime) -> machine.StopCause:
    """The day's quota as the cause of a stop; how many rows wait is for who knows the input to say."""
    remedy = f"Run the same command after {next_day(now, None, None)}: it continues."
    return machine.StopCause(ExitCode.STOPPED, spent.in_words, remedy, is_for_today=True)


def _detail(verdict: Verdict) -> str | None:
    reason = getattr(verdict, "reason", None)
    return reason[:DETAIL_CHARACTERS] if isinstance(reason, str) else None
