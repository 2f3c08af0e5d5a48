"""A worker and the queue, with runs that are made up: who takes what, who gives way, who takes over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from procrastinate.jobs import Job

from etl.errors import UsageError
from etl.fleet.ends import Turn, Wish
from etl.fleet.engine import PatientJobs
from etl.fleet.order import Window
from etl.fleet.pausing import pause, resume
from etl.fleet.place import do, opened
from etl.fleet.queueing import submit_again
from etl.fleet.submissions import State, stop, submission
from etl.settings import Settings
from tests.fleet.conftest import Submit
from tests.fleet.hands import Held, at_once, hands, until_asked
from tests.flows.waiting import wait_until

BREAK = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
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


def test_one_account_does_not_starve_another(settings: Settings, submit: Submit) -> None:
    """Of two places the second goes to the account that has none, though another one was there first with many files."""
    many = [submit("big", f"{number}.csv") for number in range(4)]
    small = submit("small", "s.csv")
    with hands(settings, until_asked) as start:
        start("big,small", places=2)
        wait_until(lambda: state(settings, small) is State.RUNNING, "the small account to have a place")

        assert [state(settings, one) for one in many] == [State.RUNNING, *[State.WAITING] * 3]


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
