"""The machine under any order of events: what never happens, and what happens in the end. Some jobs have addresses."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from etl.delivery.decide import (
    Begun,
    Event,
    Fetch,
    Fetched,
    Finish,
    Instruction,
    Job,
    JobGone,
    Reserve,
    Returned,
    Send,
    SlotDenied,
    SlotTaken,
    SourceDry,
    State,
    StopAsked,
    StopCause,
    WakeAt,
    Woken,
    decide,
    goes_again,
)
from etl.delivery.verdict import Answered, NotSent, Refused, Stop, Throttled, Unknown, Verdict
from etl.exits import ExitCode
from etl.records import Limit

VERDICTS: list[tuple[Verdict, bool]] = [
    (Answered(()), False),
    (Answered(()), True),
    (Unknown("lost", late=False), True),
    (Refused("bad", "MXx"), True),
    (NotSent("refused"), False),
    (Throttled(None, Limit(10, 5.0)), False),
    (Throttled(20.0, None), False),
    (Stop("keys", "fix", certain=True), False),
]
CAUSE = StopCause(ExitCode.INTERRUPTED, "asked", "again")


class Delivery(RuleBasedStateMachine):
    """Plays a driver that answers anything at any time, and keeps books of its own on every job."""

    @initialize(
        capacity=st.integers(1, 4),
        chunks=st.lists(st.frozensets(st.sampled_from([b"a", b"b", b"c"]), max_size=2), max_size=8),
        is_proven=st.booleans(),
    )
    def begin(self, capacity: int, chunks: list[frozenset[bytes]], *, is_proven: bool) -> None:
        self.now = 100.0
        self.capacity = capacity
        self.chunks_left = chunks
        self.sent_for: dict[bytes, int] = {}
        self.fetched = 0
        self.state = State(capacity, is_proven=is_proven)
        self.flying: set[Job] = set()
        self.waiting: set[Job] = set()
        self.ended: list[Job] = []
        self.reserving: Job | None = None
        self.is_fetching = False
        self.is_stopped = False
        self.is_finished = False
        self.wake_at: float | None = None
        self.tell(Begun(self.now))

    def tell(self, event: Event) -> None:
        self.wake_at = None
        self.state, instructions = decide(self.state, event)
        self.is_stopped = self.state.cause is not None
        for instruction in instructions:
            self.carry_out(instruction)

    def carry_out(self, instruction: Instruction) -> None:
        assert not self.is_finished, "an instruction after the end"
        match instruction:
            case Fetch():
                assert not self.is_stopped, "read on after a stop"
                assert self.reserving is None
                self.is_fetching = True
            case Reserve(job=job):
                assert not self.is_stopped, "asked for a slot after a stop"
                assert self.now >= self.state.not_before, "asked for a slot during a pause"
                self.check_is_first(job)
                self.waiting.remove(job)
                self.reserving = job
            case Send(job=job):
                assert not self.is_stopped, "sent after a stop"
                assert job not in self.flying, "sent while in flight"
                assert job not in self.ended, "sent again after its end"
                assert not (self.state.is_careful and self.flying), "two at a time while careful"
                assert self.state.is_proven or not self.flying, "two at a time to a host that has told nothing"
                for address in job.addresses:
                    assert self.sent_for.get(address, 0) <= job.number, "sent before an earlier one of its address"
                    self.sent_for[address] = job.number
                assert not any(job.addresses & other.addresses for other in self.flying), "one address twice in flight"
                self.flying.add(job)
            case WakeAt(moment=moment):
                assert moment > self.now
                self.wake_at = moment
            case Finish(cause=cause, is_sick=is_sick):
                assert not self.flying, "finished with requests in flight"
                assert self.reserving is None
                is_early = cause is not None or is_sick
                assert is_early or (not self.waiting and not self.chunks_left), "finished with jobs left"
                self.is_finished = True

    def check_is_first(self, job: Job) -> None:
        """It overtakes only jobs that have to wait for one in flight, directly or behind another one."""
        taken = frozenset[bytes]().union(*(one.addresses for one in self.flying))
        for earlier in sorted(self.waiting, key=lambda one: one.number):
            if earlier == job:
                assert not taken & job.addresses, "goes though it has to wait"
                return
            assert taken & earlier.addresses, "a later job overtakes one that could go"
            taken |= earlier.addresses

    def _is_idle(self) -> bool:
        return not self.is_finished and not self.is_fetching and self.reserving is None

    @precondition(lambda self: not self.is_finished and self.is_fetching)
    @rule()
    def answer_fetch(self) -> None:
        self.is_fetching = False
        if not self.chunks_left:
            self.tell(SourceDry(self.now))
            return
        self.fetched += 1
        job = Job(self.fetched, self.chunks_left.pop())
        self.waiting.add(job)
        self.tell(Fetched(self.now, job))

    def _take_reserved(self) -> Job:
        job = self.reserving
        assert job is not None
        self.reserving = None
        return job

    @precondition(lambda self: self.reserving is not None)
    @rule()
    def take_slot(self) -> None:
        self._take_reserved()
        self.tell(SlotTaken(self.now))

    @precondition(lambda self: self.reserving is not None)
    @rule(seconds=st.sampled_from([0.0, 0.5, 5.0, 145.0]))
    def deny_slot(self, seconds: float) -> None:
        self.waiting.add(self._take_reserved())
        self.tell(SlotDenied(self.now, self.now + seconds))

    @precondition(lambda self: self.reserving is not None)
    @rule()
    def find_job_gone(self) -> None:
        self.ended.append(self._take_reserved())
        self.tell(JobGone(self.now))

    @precondition(lambda self: self.reserving is not None)
    @rule()
    def find_budget_spent(self) -> None:
        self.waiting.add(self._take_reserved())
        self.tell(StopAsked(self.now, CAUSE))
        assert self.is_stopped

    @precondition(lambda self: self._is_idle() and self.flying)
    @rule(verdict=st.sampled_from(VERDICTS), which=st.integers(0, 3), seconds=st.sampled_from([0.0, 0.1, 30.0]))
    def come_back(self, verdict: tuple[Verdict, bool], which: int, seconds: float) -> None:
        self.now += seconds
        job = sorted(self.flying, key=lambda one: one.number)[which % len(self.flying)]
        self.flying.remove(job)
        if goes_again(verdict[0]):
            self.waiting.add(job)
        else:
            self.ended.append(job)
        self.tell(Returned(self.now, Job(job.number), verdict[0], verdict[1], 0.0))

    @precondition(lambda self: not self.is_finished and self.reserving is None)
    @rule()
    def ask_to_stop(self) -> None:
        self.tell(StopAsked(self.now, CAUSE))
        assert self.is_stopped

    @precondition(lambda self: self._is_idle() and self.wake_at is not None)
    @rule(is_early=st.booleans())
    def wake(self, *, is_early: bool) -> None:
        assert self.wake_at is not None
        self.now += (self.wake_at - self.now) * (0.5 if is_early else 1.0)
        self.tell(Woken(self.now))

    @precondition(lambda self: self.is_finished)
    @rule()
    def rest(self) -> None:
        """Nothing happens after the end."""

    @invariant()
    def never_more_in_flight_than_allowed(self) -> None:
        assert len(self.flying) <= self.capacity

    @invariant()
    def no_job_is_lost_or_there_twice(self) -> None:
        assert self.state.in_flight == self.flying
        assert self.state.reserving == self.reserving
        assert set(self.state.ready) == self.waiting
        assert len(self.state.ready) == len(self.waiting)
        assert len(self.ended) == len(set(self.ended))
        assert len(self.ended) + len(self.flying) + len(self.waiting) + (self.reserving is not None) == self.fetched

    @invariant()
    def something_will_happen(self) -> None:
        assert self.is_finished or self.is_fetching or self.reserving or self.flying or self.wake_at is not None

    def teardown(self) -> None:
        """Left to itself with a server that is well, the machine comes to its end, with every job ended or the stop told."""
        if not hasattr(self, "state"):
            return
        for _ in range(200):
            if self.is_finished:
                break
            if self.is_fetching:
                self.answer_fetch()
            elif self.reserving is not None:
                self.take_slot()
            elif self.flying:
                self.come_back((Answered(()), False), 0, 0.0)
            else:
                self.wake(is_early=False)
        assert self.is_finished
        if not self.is_stopped and not self.state.is_sick:
            assert sorted(job.number for job in self.ended) == list(range(1, self.fetched + 1))


TestDelivery = Delivery.TestCase
TestDelivery.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)
