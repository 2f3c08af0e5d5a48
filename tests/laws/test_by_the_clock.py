"""What ends a run by the clock: the day's quota, and the time that a command was given. Every row is sent once all the same."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from etl.deadlines import MaxRuntime, NotAfter
from etl.events import Progress, StopSignal
from etl.records import Limit, Outcome
from etl.simulator import Fault, FaultKind, Latency, RateLimit
from tests.laws.world import BEGAN
from tests.stages.office import MAPPING, Office, office, once, outcomes

KOLKATA = MAPPING + "input: {time_zone: Asia/Kolkata}\n"
SLOW = Limit(1, 60)
"""A request a minute: so 20 of them take 20 minutes."""


def until_midnight(desk: Office) -> None:
    """The rest of the UTC day passes while nobody is at work."""
    tomorrow = (desk.world.wall() + timedelta(days=1)).replace(hour=0, minute=0, second=1, microsecond=0)
    desk.world.pass_time((tomorrow - desk.world.wall()).total_seconds())


LOST_LAST = {
    "all answered": ((), 0),
    "the last answer of the day is lost": ((Fault.at(FaultKind.DROP_AFTER, 12),), 0),
    "the last request of the day is lost": ((Fault.at(FaultKind.DROP_BEFORE, 12),), 25),
}


@pytest.mark.parametrize(("faults", "in_doubt"), LOST_LAST.values(), ids=LOST_LAST)
def test_two_quota_days(tmp_path: Path, faults: tuple[Fault, ...], in_doubt: int) -> None:
    """The quota ends the day, what can be seen is read back from what is kept for that, and the next day sends the rest."""
    desk = office(tmp_path, *faults, mapping=KOLKATA)
    desk.daily, sheet = 16, desk.sheet(400)  # 16 requests; 4 of 16 are for reading back

    first = desk.run(sheet)
    sent = len(desk.sizes)
    desk.run(sheet)
    sent_again = len(desk.sizes)
    until_midnight(desk)
    done = desk.run(sheet)

    counts = outcomes(first)
    assert (first.exit_code, done.exit_code) == (6, 0)
    assert first.next_step == "100 rows wait; run the same command after 00:00 UTC (05:30 in Asia/Kolkata)."
    assert "and 4 kept for reading back" in str(first.stop_reason)
    assert (counts[Outcome.WAITING], counts.get(Outcome.UNCONFIRMED, 0)) == (100, in_doubt)
    assert (sent, sent_again) == (12, 12)
    assert desk.asked_in_all >= 16
    assert desk.stored == once(400)


def test_a_lid_that_is_shut_gives_no_hour_on_top(tmp_path: Path) -> None:
    """`--max-runtime` counts what the machine sleeps; the same command goes on, and every row is there once."""
    desk = office(tmp_path)
    desk.limit, sheet = SLOW, desk.sheet(300)
    begins = desk.world.seconds
    desk.stop = StopSignal((MaxRuntime(20 * 60, "20m", desk.world.clock),))
    desk.world.at(begins + 5 * 60, lambda: desk.world.clock.doze(3_600))

    stopped = desk.run(sheet)
    sent = desk.world.written[-1].seconds
    desk.stop = StopSignal()
    done = desk.run(sheet)

    assert (stopped.exit_code, stopped.stop_reason) == (6, "its time is up (--max-runtime 20m)")
    assert sent <= begins + 5 * 60
    assert 0 < stopped.equation.outcomes[Outcome.CREATED] <= 6 * 25
    assert (done.exit_code, desk.stored) == (0, once(300))


@pytest.mark.parametrize("set_by", [0.0, -300.0, 300.0], ids=["clock kept", "clock set back", "clock set forward"])
def test_no_request_leaves_after_the_time_of_day(tmp_path: Path, set_by: float) -> None:
    """`--not-after` holds by the wall clock of that moment, and what is in flight is finished."""
    desk = office(tmp_path)
    desk.limit, sheet = SLOW, desk.sheet(450)
    clock = desk.world.clock
    at = clock.now() + timedelta(minutes=10, seconds=30)
    desk.stop = StopSignal((NotAfter(at, "06:30", clock),))
    desk.world.at(desk.world.seconds + 120, lambda: clock.set_wall(set_by))

    stopped = desk.run(sheet)
    last = BEGAN + timedelta(seconds=desk.world.written[-1].seconds + clock.ahead_seconds)
    desk.stop = StopSignal()
    done = desk.run(sheet)

    assert (stopped.exit_code, stopped.stop_reason) == (6, "it is 06:30 (--not-after)")
    assert last < at or set_by > 0
    assert outcomes(stopped).keys() == {Outcome.CREATED, Outcome.WAITING}
    assert (done.exit_code, desk.stored) == (0, once(450))


def test_a_wait_ends_early(tmp_path: Path) -> None:
    """Rows whose late wait would outlast the command's time stay in doubt; the next command settles them."""
    desk = office(tmp_path, Fault.at(FaultKind.BAD_GATEWAY_BEFORE, 1))
    sheet, begins = desk.sheet(25), desk.world.seconds
    desk.stop = StopSignal((MaxRuntime(150, "150s", desk.world.clock),))

    stopped = desk.run(sheet)
    took = desk.world.seconds - begins
    desk.stop = StopSignal()
    done = desk.run(sheet)

    assert stopped.exit_code == 6
    assert took <= 152
    assert (done.exit_code, desk.stored) == (0, once(25))


def test_progress_knows_the_quota(tmp_path: Path) -> None:
    """What is left of the day goes down request by request, and the time that is left ends with it."""
    desk = office(tmp_path)
    desk.limit, desk.daily, sheet = SLOW, 16, desk.sheet(400)

    desk.run(sheet)

    told = [event for _, event in desk.heard if isinstance(event, Progress)]
    left = [event.quota_left or 0 for event in told]
    assert left == sorted(left, reverse=True) and left[-1] == 0
    assert {event.eta_basis for event in told} == {"quota"}


def test_what_a_refusal_took_grows_back(tmp_path: Path) -> None:
    """A refusal that nothing explains halves what goes out in a window; within ten minutes it is all of the limit again."""
    desk = office(tmp_path, Fault.at(FaultKind.THROTTLE, 5), options={"limit": RateLimit(4, 40.0)})
    desk.limit, sheet = Limit(4, 40), desk.sheet(1_000)

    done = desk.run(sheet)

    first = desk.world.written[0].seconds
    windows = Counter(int((one.seconds - first) // 40) for one in desk.world.written)
    sizes = [windows[number] for number in range(600 // 40)]
    grown = sizes.index(4, 1)
    assert (done.exit_code, desk.stored) == (0, once(1_000))
    assert sizes[:4] == [4, 2, 2, 2]
    assert sizes[1:grown] == sorted(sizes[1:grown])
    assert 200 < grown * 40 < 600


def test_progress_measures_by_the_limit_that_a_refusal_has_named(tmp_path: Path) -> None:
    """From the second after it was learned: how much of it is used, and how long the rest takes at it."""
    desk = office(tmp_path, options={"limit": RateLimit(4, 40.0), "latency": Latency(0.3, 0.6)})
    desk.limit = Limit(10, 40)

    desk.run(desk.sheet(700))

    told = [event for _, event in desk.heard if isinstance(event, Progress) and event.refusals]
    late = [event for event in told if 200 < event.done < event.total]
    assert {event.refusals for event in late} == {2}
    assert min(event.limit_used or 0.0 for event in late) > 0.8
    assert all((event.eta_seconds or 0) >= (event.total - event.done) / 25 * 10 - 0.1 for event in late)
