"""A worker and the queue, with runs that are made up: who takes what, who gives way, who takes over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from procrastinate import PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job

from etl.errors import UsageError
from etl.fleet import handing_over
from etl.fleet.ends import Back, Turn, Wish
from etl.fleet.engine import PatientJobs
from etl.fleet.order import Window
from etl.fleet.pausing import pause, resume
from etl.fleet.place import ask, do, opened
from etl.fleet.queries import COULD_GO, SO_FAR
from etl.fleet.queueing import submit_again
from etl.fleet.submissions import State, stop, submission
from etl.settings import Settings
from tests.fleet.conftest import Submit
from tests.fleet.hands import Held, at_once, hands, until_asked
from tests.flows.waiting import wait_until

BREAK = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

MANY_MORE = """
INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, args)
SELECT queue_name, task_name, priority + 1, number::text, args FROM procrastinate_jobs, generate_series(1, 200) AS number
 WHERE queue_name = 'big'
"""


def state(settings: Settings, number: int) -> State:
    return submission(settings, number).state


def test_what_is_submitted_is_carried_out_once(settings: Settings, submit: Submit) -> None:
    """By the worker that serves its account; one for an account that nobody serves waits."""
    ours, foreign = submit("prod", "a.csv"), submit("elsewhere", "b.csv")
    with hands(settings, at_once) as start:
        hand = start("prod,pilot", places=2)
        wait_until(lambda: state(settings, ours) is State.ENDED, "the end")

    assert [number for number, _, _ in hand.attendant.ends] == [ours]
    assert state(settings, foreign) is State.WAITING
    assert submission(settings, ours).exit_code == 0


def test_a_submission_that_is_not_over_is_not_taken_twice(submit: Submit) -> None:
    """The same bytes for the same account have the number that they had; others have another."""
    first = submit("prod", "a.csv")

    assert submit("prod", "a.csv") == first
    assert submit("pilot", "a.csv") != first


def test_a_worker_told_to_stop_puts_back_what_it_has(settings: Settings, submit: Submit) -> None:
    """Within a moment, at its old place, not as failed; the next worker goes on."""
    number = submit()
    with hands(settings, until_asked) as start:
        first = start()
        wait_until(lambda: state(settings, number) is State.RUNNING, "the run to begin")
        first.end()
        assert state(settings, number) is State.WAITING
        start()
        wait_until(lambda: state(settings, number) is State.RUNNING, "another worker to take it")

    assert [turn.wish for _, turn, _ in first.attendant.ends] == [Wish.HAND_OVER]


def test_what_is_taken_in_the_moment_of_the_stop_is_put_back(settings: Settings, submit: Submit) -> None:
    """The engine has it already, its run has not begun: a worker that waited for it would never end."""
    number = submit()
    stops: list[Callable[[str], None]] = []
    fetch_as_ever = PatientJobs.fetch_job

    async def fetch(self: PatientJobs, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        job = await fetch_as_ever(self, queues, worker_id)
        if job is not None:
            stops[0]("in this very moment")
        return job

    with patch.object(PatientJobs, "fetch_job", fetch), hands(settings, until_asked) as start:
        with opened(settings) as connection:
            do(connection, "UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 s'")
        hand = start()
        stops.append(hand.stop.request)
        hand.thread.join(20)

        assert not hand.thread.is_alive()
    assert state(settings, number) is State.WAITING


def test_a_worker_that_is_not_answered_hands_over_all_the_same(settings: Settings, submit: Submit) -> None:
    """In bounded time, though a run of it goes on waiting: that run is nobody's any more, and another worker has the job."""
    number, answered = submit(), threading.Event()

    def act(held: Held) -> Turn:
        held.runs.append(7)
        assert answered.wait(30)
        return Turn(0, "done", (7,), held.wish)

    try:
        with hands(settings, act) as start, patch.object(handing_over, "HAND_OVER_SECONDS", 0.3):
            first = start()
            wait_until(lambda: state(settings, number) is State.RUNNING, "the run to begin")
            wait_until(lambda: any(held.runs for held in list(first.working.held.values())), "its thread to be at work")
            told = time.monotonic()
            first.end()
            seconds = time.monotonic() - told
            found = submission(settings, number)
            start()
            wait_until(lambda: state(settings, number) is State.RUNNING, "another worker to take it")
            answered.set()
            wait_until(lambda: state(settings, number) is State.ENDED, "that one to end it")
    finally:
        answered.set()

    assert seconds < 5.0
    assert first.working.has_left
    assert (found.state, found.runs) == (State.WAITING, (7,))
    assert [(turn.exit_code, then) for _, turn, then in first.attendant.ends] == [(6, Back())]


def test_a_worker_that_can_write_nothing_down_ends_all_the_same(settings: Settings, submit: Submit) -> None:
    """The database is away when it is told to stop: it ends as if it had died, which others notice."""
    number, left = submit(), threading.Event()

    async def nothing(*_: object, **__: object) -> None:
        raise ConnectorException

    with (
        hands(settings, until_asked) as start,
        patch.object(handing_over, "HAND_OVER_SECONDS", 0.3),
        patch.object(handing_over, "LEAVE_SECONDS", 0.6),
    ):
        hand = start()
        wait_until(lambda: state(settings, number) is State.RUNNING, "the run to begin")
        hand.working.leave = lambda _words: left.set()
        with patch.object(PsycopgConnector, "execute_query_async", nothing):
            hand.stop.request("the test wants it")
            assert left.wait(10)
            assert state(settings, number) is State.RUNNING


def test_one_account_does_not_starve_another(settings: Settings, submit: Submit) -> None:
    """Of two places the second goes to the account that has none, though another one was there first with many files."""
    many = [submit("big", f"{number}.csv") for number in range(4)]
    small = submit("small", "s.csv")
    with hands(settings, until_asked) as start:
        start("big,small", places=2)
        wait_until(lambda: state(settings, small) is State.RUNNING, "the small account to have a place")

        assert [state(settings, one) for one in many] == [State.RUNNING, *[State.WAITING] * 3]


def test_extra_places_of_one_account_go_at_once_to_one_that_has_none(settings: Settings, submit: Submit) -> None:
    """On one worker and on several: no turn is waited for, one place is left to each, and nobody gives more than is needed."""
    many = [submit("big", f"{number}.csv") for number in range(5)]
    with hands(settings, until_asked) as start:
        two = [start("big,small", places=2), start("big,small")]
        wait_until(lambda: sum(len(one.working.held) for one in two) == 3, "one account to have all places")
        small = [submit("small", f"{number}.csv") for number in range(2)]
        wait_until(lambda: state(settings, small[0]) is State.RUNNING, "the other one to have a place")
        beat = two[0].working.beat_at
        wait_until(lambda: two[0].working.beat_at != beat, "another look")

        ended = [turn.wish for one in two for _, turn, _ in one.attendant.ends]
        assert ended == [Wish.GIVE_WAY]
        assert sorted(state(settings, one) for one in many) == [State.RUNNING] * 2 + [State.WAITING] * 3
        assert state(settings, small[1]) is State.WAITING


def test_many_files_of_one_account_hide_no_other(settings: Settings, submit: Submit) -> None:
    """Who has waited longest is looked at first, but not alone."""
    submit("big", "b.csv")
    small = submit("small", "s.csv")
    with opened(settings) as connection:
        do(connection, MANY_MORE)
        found = ask(connection, COULD_GO, {"accounts": ["big", "small"]})

    assert found[-1]["submission"] == small


NOTED = "INSERT INTO ends (submission, exit_code, runs) VALUES (%(submission)s, %(exit_code)s, %(runs)s::bigint[])"
BUSY_ALL = """
INSERT INTO ends (submission, exit_code) SELECT id, 8 FROM procrastinate_jobs WHERE id <> %(number)s ON CONFLICT DO NOTHING
"""
LAST_TIME: dict[str, tuple[int | None, list[int], bool]] = {
    "it has begun and not ended": (None, [7], True),
    "the network was down": (6, [7], True),
    "it was stopped": (143, [7], True),
    "rows were in doubt": (7, [7], True),
    "all done before anything was begun": (0, [], True),
    "somebody else had its input": (8, [], False),
    "somebody else had its input, later": (8, [7], False),
    "all done but its results": (0, [7], False),
    "all tried but its results": (4, [7], False),
}


def test_what_can_do_nothing_is_known_by_its_last_turn(settings: Settings, submit: Submit) -> None:
    """And as many as there are of it hide none of the same account that can."""
    numbers = {name: submit("small", f"{place}.csv") for place, name in enumerate(LAST_TIME)}
    new = numbers["it was never taken"] = submit("small", "new.csv")
    with opened(settings) as connection:
        for name, (code, runs, _) in LAST_TIME.items():
            values = {"submission": numbers[name], "exit_code": code, "runs": runs}
            do(connection, NOTED, values)
        found = {row["submission"]: row["sends"] for row in ask(connection, COULD_GO, {"accounts": ["small"]})}
        do(connection, MANY_MORE.replace("'big'", "'small'"))
        do(connection, BUSY_ALL, {"number": new})
        hidden = ask(connection, COULD_GO, {"accounts": ["small"]})

    assert found == {numbers[name]: sends for name, (*_, sends) in LAST_TIME.items()} | {new: True}
    assert new in [row["submission"] for row in hidden if row["sends"]]


def test_a_turn_ends_where_others_wait_and_goes_on_behind_them(settings: Settings, submit: Submit) -> None:
    """The only place goes to who waits, once the turn is over, and comes back."""
    long, short = submit("big", "long.csv"), 0
    order: list[int] = []

    def act(held: Held) -> Turn:
        order.append(held.number)
        return until_asked(held) if held.number == long else at_once(held)

    with hands(settings, act) as start:
        start("big,small", turn_seconds=0.2)
        wait_until(lambda: state(settings, long) is State.RUNNING, "the long run to begin")
        short = submit("small", "short.csv")
        wait_until(lambda: len(order) >= 3, "the long run to have its second turn")

    assert order[:3] == [long, short, long]


def test_nobody_gives_way_where_a_place_is_free(settings: Settings, submit: Submit) -> None:
    """Turns do not matter then."""
    numbers = [submit("big", "a.csv"), submit("big", "b.csv")]
    with hands(settings, until_asked) as start:
        hand = start("big", places=3, turn_seconds=0.0)
        wait_until(lambda: len(hand.working.held) == 2, "both to run")
        wait_until(lambda: hand.working.beat_at is not None, "a look")

        assert hand.attendant.ends == []
        assert {state(settings, one) for one in numbers} == {State.RUNNING}


def test_what_a_dead_worker_had_goes_on_elsewhere(settings: Settings, submit: Submit) -> None:
    """Three heartbeats later, and in one hand alone though two look."""
    number = submit()
    with opened(settings) as connection:
        dead = connection.execute("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id").fetchone()
        assert dead is not None
        taken = {"worker": dead["id"], "number": number}
        do(connection, "UPDATE procrastinate_jobs SET status='doing', worker_id=%(worker)s WHERE id=%(number)s", taken)
        do(
            connection,
            "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '40 s' WHERE id=%(worker)s",
            taken,
        )
    with hands(settings, until_asked) as start:
        both = [start(), start()]
        wait_until(lambda: sum(len(one.working.held) for one in both) == 1, "one of them to take it")

        assert sum(any("is gone" in said for said in one.attendant.said) for one in both) <= 1


def test_a_worker_that_was_taken_for_gone_lets_go_and_begins_anew(settings: Settings, submit: Submit) -> None:
    """What it had is another's: it stops that run, leaves the job alone, signs on again, and works on."""
    number = submit()
    with hands(settings, until_asked) as start:
        frozen = start()
        wait_until(lambda: state(settings, number) is State.RUNNING, "the run to begin")
        with opened(settings) as connection:
            do(connection, "DELETE FROM procrastinate_workers")
        wait_until(lambda: len(frozen.attendant.ends) == 1, "it to let go")
        wait_until(lambda: len(frozen.working.held) == 1, "it to take the job again under its new name")

    assert frozen.attendant.ends[0][1].wish is Wish.LOST


def test_who_was_away_too_long_does_not_say_how_it_ended(settings: Settings, submit: Submit) -> None:
    """Its run comes to an end before it has noticed that another worker has the submission."""
    number, go_on = submit(), threading.Event()

    def act(held: Held) -> Turn:
        held.sends_since = 0.0
        assert go_on.wait(30)
        return Turn(6, "the network was down")

    with hands(settings, act) as start:
        hand = start()
        wait_until(lambda: state(settings, number) is State.RUNNING, "the run to begin")
        with opened(settings) as connection:
            do(connection, "INSERT INTO procrastinate_workers DEFAULT VALUES")
            do(connection, "UPDATE procrastinate_jobs SET worker_id = (SELECT max(id) FROM procrastinate_workers)")
            do(connection, "INSERT INTO ends (submission, exit_code, said) VALUES (%(n)s, 0, 'done')", {"n": number})
        go_on.set()
        wait_until(lambda: len(hand.attendant.ends) == 1, "its end")

    assert submission(settings, number).said == "done"


def test_a_database_that_goes_away_as_something_is_taken_ends_nothing(settings: Settings, submit: Submit) -> None:
    """The engine has the job, and the first question about it is not answered."""
    number, asked = submit(), threading.Event()
    ask_as_ever = PsycopgConnector.execute_query_all_async

    async def away_once(self: PsycopgConnector, query: str, **values: object) -> list[dict[str, Any]]:
        if query == SO_FAR and not asked.is_set():
            asked.set()
            raise ConnectorException
        found: list[dict[str, Any]] = await ask_as_ever(self, query, **values)
        return found

    with patch.object(PsycopgConnector, "execute_query_all_async", away_once), hands(settings, at_once) as start:
        start()
        wait_until(lambda: state(settings, number) not in {State.WAITING, State.RUNNING}, "its end")

    assert asked.is_set()
    assert (state(settings, number), submission(settings, number).exit_code) == (State.ENDED, 0)


def test_a_person_stops_what_runs_and_what_waits(settings: Settings, submit: Submit) -> None:
    """For good, until it is submitted again under another number."""
    running, waiting = submit("prod", "a.csv"), submit("prod", "b.csv")
    with hands(settings, until_asked) as start:
        hand = start()
        wait_until(lambda: state(settings, running) is State.RUNNING, "the run to begin")
        stop(settings, waiting)
        stop(settings, running)
        wait_until(lambda: state(settings, running) is State.STOPPED, "its end")
        with pytest.raises(UsageError, match="is over already"):
            stop(settings, running)
        again = submit_again(settings, waiting)
        wait_until(lambda: state(settings, again) is State.RUNNING, "the other one to go on")

    assert state(settings, waiting) is State.STOPPED
    assert hand.attendant.ends[0][1].wish is Wish.STOP


def test_a_paused_account_waits_whole(settings: Settings, submit: Submit) -> None:
    """What runs is stopped, what waits is not begun, and all goes on where the pause ends."""
    running, other = submit("prod", "a.csv"), submit("pilot", "b.csv")
    with hands(settings, until_asked) as start:
        start("prod,pilot", places=2)
        wait_until(lambda: state(settings, running) is State.RUNNING, "the run to begin")
        assert pause(settings, "prod", "asha on desk", "migration") is None
        wait_until(lambda: state(settings, running) is State.PAUSED, "the run to stop")
        before = pause(settings, "prod", "ravi on desk", "another reason")
        assert (before.who, before.why) == ("asha on desk", "migration") if before else False
        assert state(settings, other) is State.RUNNING
        resume(settings, "prod")
        wait_until(lambda: state(settings, running) is State.RUNNING, "it to go on")

    with pytest.raises(UsageError, match="prod is not paused"):
        resume(settings, "prod")


def test_a_window_that_is_closed_is_waited_for(settings: Settings, submit: Submit) -> None:
    """What may be sent at night alone is not taken by day."""
    now = datetime.now(UTC)
    opens, closes = ((now + timedelta(hours=hours)).strftime("%H:%M") for hours in (11, 12))
    number = submit(window=Window(opens, closes, "UTC"))

    found = submission(settings, number)
    assert found.state is State.LATER
    assert found.not_before is not None
    assert f"{datetime.fromtimestamp(found.not_before, UTC):%H:%M}" == opens


def test_the_database_may_be_away(settings: Settings, submit: Submit) -> None:
    """Connections that break are made again, and runs go on meanwhile; nothing is begun twice."""
    number = submit()
    began = threading.Event()

    def act(held: Held) -> Turn:
        began.set()
        return until_asked(held)

    with hands(settings, act) as start:
        hand = start()
        wait_until(began.is_set, "the run to begin")
        with opened(settings) as connection:
            do(connection, BREAK)
        hand.working.beat_at = None
        wait_until(lambda: hand.working.beat_at is not None, "its heart to beat again")

        assert (state(settings, number), hand.attendant.ends) == (State.RUNNING, [])
