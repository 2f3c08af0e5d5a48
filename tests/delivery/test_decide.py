"""The machine as tables: a state and an event in, the next state and what to do out."""

from __future__ import annotations

import pytest

from etl.delivery.decide import (
    MOST_PASSED_OVER,
    Begun,
    Event,
    Fetch,
    Fetched,
    Finish,
    Instruction,
    Job,
    JobGone,
    LearnLimit,
    PauseAccount,
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

NOW = 100.0
ONE, TWO, THREE, FOUR = (Job(number) for number in (1, 2, 3, 4))
A1, A2, B3, AB4, C5 = (
    Job(number, frozenset(letter.encode() for letter in letters))
    for number, letters in enumerate(("a", "a", "b", "ab", "c"), start=1)
)
"""Jobs for addresses."""
ASKED = StopCause(ExitCode.INTERRUPTED, "asked to", "again")
TOLD = Answered(())
LOST = Unknown("connection reset", late=False)
NO_LINE = NotSent("connection refused")


def back(job: Job, verdict: Verdict, *, doubtful: bool = False, now: float = NOW, chance: float = 0.0) -> Returned:
    return Returned(now, job, verdict, doubtful, chance)


def flying(*jobs: Job) -> State:
    return State(capacity=2, in_flight=frozenset(jobs))


STEPS: dict[str, tuple[State, Event, tuple[Instruction, ...]]] = {
    "at the beginning": (State(2), Begun(NOW), (Fetch(),)),
    "a chunk is there": (State(2, is_fetching=True), Fetched(NOW, ONE), (Reserve(ONE),)),
    "no chunk at all": (State(2, is_fetching=True), SourceDry(NOW), (Finish(None),)),
    "no further chunk, one in flight": (flying(ONE)._replace(is_fetching=True), SourceDry(NOW), ()),
    "slot taken": (State(2, reserving=ONE), SlotTaken(NOW), (Send(ONE), Fetch())),
    "slot taken, one ready": (State(2, reserving=ONE, ready=(TWO,)), SlotTaken(NOW), (Send(ONE), Reserve(TWO))),
    "slot taken, full": (State(1, reserving=ONE, ready=(TWO,)), SlotTaken(NOW), (Send(ONE),)),
    "slot taken, nothing answered yet": (State(2, reserving=ONE, is_proven=False), SlotTaken(NOW), (Send(ONE),)),
    "the first answer": (flying(ONE)._replace(is_proven=False, ready=(TWO,)), back(ONE, TOLD), (Reserve(TWO),)),
    "no slot": (State(2, reserving=ONE), SlotDenied(NOW, 103.0), (WakeAt(103.0),)),
    "no slot, and it is time already": (State(2, reserving=ONE), SlotDenied(NOW, NOW), (Reserve(ONE),)),
    "woken too early": (State(2, ready=(ONE,), slot_from=103.0), Woken(NOW), (WakeAt(103.0),)),
    "woken in time": (State(2, ready=(ONE,), slot_from=103.0), Woken(103.0), (Reserve(ONE),)),
    "woken during a pause": (
        State(2, ready=(ONE,), slot_from=103.0, not_before=140.0),
        Woken(103.0),
        (WakeAt(140.0),),
    ),
    "an answer may have freed a slot": (
        flying(ONE)._replace(ready=(TWO,), slot_from=240.0),
        back(ONE, TOLD),
        (Reserve(TWO),),
    ),
    "nothing left of the job": (State(2, reserving=ONE), JobGone(NOW), (Fetch(),)),
    "nothing left of the last job": (State(2, reserving=ONE, is_dry=True), JobGone(NOW), (Finish(None),)),
    "the last answer": (flying(ONE)._replace(is_dry=True), back(ONE, TOLD), (Finish(None),)),
    "an answer, another in flight": (flying(ONE, TWO)._replace(is_dry=True), back(ONE, TOLD), ()),
    "an answer makes room": (flying(ONE, TWO), back(ONE, TOLD), (Fetch(),)),
    "not sent": (flying(ONE), back(ONE, NO_LINE), (WakeAt(101.0),)),
    "not sent, with chance": (flying(ONE), back(ONE, NO_LINE, chance=0.5), (WakeAt(101.125),)),
    "not sent for the third time": (
        flying(ONE)._replace(failures=2, failing_since=97.0),
        back(ONE, NO_LINE),
        (WakeAt(104.0),),
    ),
    "refused for its rate": (flying(ONE), back(ONE, Throttled(None, None)), (PauseAccount(105.0), WakeAt(105.0))),
    "refused for its rate, limit named": (
        flying(ONE),
        back(ONE, Throttled(None, Limit(10, 2.0))),
        (LearnLimit(Limit(10, 2.0)), PauseAccount(102.0), WakeAt(102.0)),
    ),
    "refused for its rate, wait named": (
        flying(ONE),
        back(ONE, Throttled(30.0, None)),
        (PauseAccount(130.0), WakeAt(130.0)),
    ),
    "refused for its rate again": (
        flying(ONE)._replace(refusals=1, refused_since=90.0),
        back(ONE, Throttled(None, None)),
        (PauseAccount(110.0), WakeAt(110.0)),
    ),
    "a longer pause stays": (
        flying(ONE)._replace(not_before=150.0, refusals=1, refused_since=90.0),
        back(ONE, Throttled(None, None)),
        (PauseAccount(150.0), WakeAt(150.0)),
    ),
    "account refused, others in flight": (flying(ONE, TWO), back(ONE, Stop("keys", "fix", certain=True)), ()),
    "stop with nothing in flight": (State(2, ready=(ONE,)), StopAsked(NOW, ASKED), (Finish(ASKED),)),
    "stop with one in flight": (flying(ONE)._replace(ready=(TWO,)), StopAsked(NOW, ASKED), ()),
    "the last one comes back after the stop": (flying(ONE)._replace(cause=ASKED), back(ONE, TOLD), (Finish(ASKED),)),
    "not sent after the stop": (flying(ONE)._replace(cause=ASKED), back(ONE, NO_LINE), (Finish(ASKED),)),
    "budget spent": (State(2, reserving=ONE), StopAsked(NOW, ASKED), (Finish(ASKED),)),
    "a chunk comes after the stop": (State(2, is_fetching=True, cause=ASKED), Fetched(NOW, ONE), (Finish(ASKED),)),
    "stop while a chunk is being read": (State(2, is_fetching=True), StopAsked(NOW, ASKED), ()),
    "its address is in flight": (flying(A1)._replace(is_dry=True), Fetched(NOW, A2), ()),
    "its address is in flight, there may be others": (flying(A1), Fetched(NOW, A2), (Fetch(),)),
    "another one goes before it": (flying(A1)._replace(ready=(A2,)), Fetched(NOW, B3), (Reserve(B3),)),
    "nothing overtakes what is passed over": (
        flying(A1)._replace(capacity=3, ready=(A2, AB4)),
        Fetched(NOW, Job(6, frozenset([b"b"]))),
        (Fetch(),),
    ),
    "its time has come": (flying(A1)._replace(ready=(A2, B3)), back(A1, LOST, doubtful=True), (Reserve(A2),)),
    "it goes again before the next": (
        flying(A1, C5)._replace(ready=(A2,), is_dry=True, capacity=3),
        back(Job(1), NO_LINE, now=0.0),
        (WakeAt(1.0),),
    ),
    "the first that may go, when there is a slot": (
        flying(C5)._replace(ready=(A1, A2, B3), slot_from=NOW),
        Woken(NOW),
        (Reserve(A1),),
    ),
    "many are passed over": (
        flying(A1)._replace(ready=(A2,) * (MOST_PASSED_OVER - 1)),
        Fetched(NOW, Job(90, frozenset([b"a"]))),
        (),
    ),
    "one fewer is passed over": (
        flying(A1)._replace(ready=(A2,) * (MOST_PASSED_OVER - 2)),
        Fetched(NOW, Job(90, frozenset([b"a"]))),
        (Fetch(),),
    ),
    "careful, one in flight": (flying(ONE, TWO)._replace(is_careful=True), back(ONE, LOST, doubtful=True), ()),
}


@pytest.mark.parametrize(
    ("state", "event", "instructions"), [pytest.param(*step, id=name) for name, step in STEPS.items()]
)
def test_what_to_do_next(state: State, event: Event, instructions: tuple[Instruction, ...]) -> None:
    """Each event has its instructions, in this order."""
    assert decide(state, event)[1] == instructions


AGAIN = [
    pytest.param(NO_LINE, True, id="not sent"),
    pytest.param(Throttled(None, None), True, id="refused for its rate"),
    pytest.param(TOLD, False, id="answered"),
    pytest.param(LOST, False, id="lost"),
    pytest.param(Refused("bad", "MXx"), False, id="refused"),
    pytest.param(Stop("keys", "fix", certain=True), False, id="stop"),
]


@pytest.mark.parametrize(("verdict", "again"), AGAIN)
def test_only_what_was_not_carried_out_goes_again(verdict: Verdict, *, again: bool) -> None:
    """A job is ready again after two verdicts only; after any other it never is."""
    state, _ = decide(flying(TWO)._replace(ready=(ONE, THREE), is_dry=True, not_before=200.0), back(TWO, verdict))

    assert goes_again(verdict) is again
    assert state.ready == ((ONE, TWO, THREE) if again else (ONE, THREE))


def through(state: State, *events: Event) -> State:
    for event in events:
        state, _ = decide(state, event)
    return state


def test_a_job_that_comes_back_is_known_by_its_number() -> None:
    """Whoever brings it back need not know where its rows belong: what waits for it goes on waiting."""
    state = through(flying(A1)._replace(ready=(A2,), is_dry=True), back(Job(1), NO_LINE), Woken(NOW + 1))

    assert state.reserving is not None
    assert state.reserving.addresses == A1.addresses
    assert state.ready == (A2,)
    assert through(state, SlotTaken(NOW + 1), Woken(NOW + 1)).ready == (A2,)


def test_failures_at_one_moment_are_one_failure() -> None:
    """Connections that fail together make one wait, and all their jobs are ready again in order."""
    state = through(flying(TWO, ONE), back(TWO, NO_LINE), back(ONE, NO_LINE, now=NOW + 0.1))

    assert (state.failures, state.not_before, state.ready) == (1, 101.0, (ONE, TWO))


def test_any_other_answer_ends_the_trouble() -> None:
    """After an answer failures and refusals are counted from the beginning."""
    troubled = flying(ONE)._replace(failures=3, failing_since=1.0, refusals=2, refused_since=2.0)

    state = through(troubled, back(ONE, LOST, doubtful=True))

    assert (state.failures, state.failing_since, state.refusals, state.refused_since) == (0, None, 0, None)


def test_a_refusal_for_the_rate_is_a_connection() -> None:
    """Who is refused has reached somebody: failures before it do not count towards giving up the network."""
    refused = through(flying(ONE)._replace(failures=5, failing_since=NOW - 59), back(ONE, Throttled(None, None)))
    state = through(refused._replace(in_flight=frozenset({ONE})), back(ONE, NO_LINE, now=NOW + 20))

    assert state.cause is None
    assert (state.failures, state.failing_since) == (1, NOW + 20)


def test_a_lost_connection_does_not_end_a_row_of_refusals() -> None:
    """Refusals for the rate with failures among them are still nothing but refusals: they are given up in the end."""
    state = flying(ONE)._replace(refusals=9, refused_since=NOW - 599)
    state = through(state, back(ONE, NO_LINE))
    state = through(state._replace(in_flight=frozenset({ONE})), back(ONE, Throttled(None, None), now=NOW + 2))

    assert state.cause is not None


GIVEN_UP = [
    pytest.param(
        flying(ONE)._replace(failing_since=NOW - 60), back(ONE, NO_LINE), "cannot be reached", id="a minute offline"
    ),
    pytest.param(
        flying(ONE)._replace(refused_since=NOW - 600),
        back(ONE, Throttled(None, None)),
        "refused all requests for their rate",
        id="ten minutes refused",
    ),
    pytest.param(flying(ONE), back(ONE, Throttled(901.0, None)), "asks for another 901 s", id="a long wait asked for"),
    pytest.param(flying(ONE), back(ONE, Stop("keys wrong", "fix", certain=True)), "keys wrong", id="account refused"),
]


@pytest.mark.parametrize(("state", "event", "reason"), GIVEN_UP)
def test_when_to_give_up(state: State, event: Event, reason: str) -> None:
    """Trouble that lasts ends the run with its reason and a remedy."""
    after, instructions = decide(state, event)

    assert after.cause is not None
    assert reason in after.cause.reason
    assert after.cause.remedy
    assert instructions[-1] == Finish(after.cause)


NOT_YET = [
    pytest.param(flying(ONE)._replace(failing_since=NOW - 59.9), back(ONE, NO_LINE), id="not a minute offline"),
    pytest.param(
        flying(ONE)._replace(refused_since=NOW - 599), back(ONE, Throttled(None, None)), id="not ten minutes refused"
    ),
    pytest.param(flying(ONE), back(ONE, Throttled(900.0, None)), id="the longest wait"),
    pytest.param(flying(ONE)._replace(doubts=2), back(ONE, LOST, doubtful=True), id="sick is no cause"),
]


@pytest.mark.parametrize(("state", "event"), NOT_YET)
def test_when_to_go_on(state: State, event: Event) -> None:
    """Just below each bound the run goes on."""
    assert decide(state, event)[0].cause is None


def test_the_first_cause_stays() -> None:
    """What comes after the first reason to stop does not take its place."""
    state = through(
        flying(ONE, TWO)._replace(cause=ASKED),
        back(ONE, Stop("keys", "fix", certain=True)),
        StopAsked(NOW, StopCause(ExitCode.STOPPED, "budget", "later")),
    )

    assert state.cause == ASKED


def test_three_doubts_in_a_row_break_off_and_an_answer_clears_them() -> None:
    """Doubts in a row are counted; with the third nothing more goes out; an answer of those in the air ends the sickness."""
    jobs = [Job(number) for number in range(1, 6)]
    state = State(capacity=5, in_flight=frozenset(jobs))
    seen = []
    verdicts: list[Verdict] = [LOST, LOST, LOST, LOST, TOLD]
    for job, verdict in zip(jobs, verdicts, strict=True):
        state = through(state, back(job, verdict, doubtful=verdict is LOST))
        seen.append((state.doubts, state.is_sick))

    assert seen == [(1, False), (2, False), (3, True), (4, True), (0, False)]


SICK = [
    pytest.param(flying(ONE)._replace(doubts=2), id="the third in a row"),
    pytest.param(flying(ONE)._replace(doubts=1, is_careful=True), id="the second while careful"),
    pytest.param(flying(ONE)._replace(doubts=2, ready=(TWO,)), id="with a chunk left behind"),
]


@pytest.mark.parametrize("state", SICK)
def test_who_is_sick_gets_nothing_more(state: State) -> None:
    """The delivery is over without a cause: what became of the rows is to be read back, then it goes on."""
    after, instructions = decide(state, back(ONE, LOST, doubtful=True))

    assert after.cause is None
    assert instructions == (Finish(None, is_sick=True),)


def test_the_sick_are_not_left_before_all_has_come_back() -> None:
    """Requests in the air are waited for."""
    state = flying(ONE, TWO)._replace(doubts=2)

    assert decide(state, back(ONE, LOST, doubtful=True))[1] == ()


PROOFS = [
    pytest.param(TOLD, False, True, id="answered"),
    pytest.param(Refused("bad row", "MXx"), False, True, id="one row refused"),
    pytest.param(TOLD, True, False, id="answered, nothing told"),
    pytest.param(LOST, True, False, id="lost"),
    pytest.param(NO_LINE, False, False, id="not sent"),
    pytest.param(Throttled(None, None), False, False, id="refused for its rate"),
]


@pytest.mark.parametrize(("verdict", "doubtful", "is_proven"), PROOFS)
def test_only_a_told_answer_proves_the_host(verdict: Verdict, *, doubtful: bool, is_proven: bool) -> None:
    """Requests go side by side only after one of them has told something about its rows."""
    state = through(flying(ONE)._replace(is_proven=False), back(ONE, verdict, doubtful=doubtful))

    assert state.is_proven is is_proven


def test_a_slot_for_no_job_is_a_defect() -> None:
    """The driver and the machine may not lose step with each other unnoticed."""
    with pytest.raises(ValueError, match="a slot was taken for no job"):
        decide(State(2), SlotTaken(NOW))
