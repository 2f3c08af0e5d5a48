"""The database's clock read off this machine's: never too early where that would matter, whatever the ways there take."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.clock import SystemClock
from etl.ledger.shared_clock import BOOT, Instant, SharedClock

TRUE_BEGAN = 1_780_000_000.0
"""The database's time at the beginning, in seconds since 1970."""


@dataclass
class Laptop(SystemClock):
    """A machine whose calendar is wrong by some hours and whose `monotonic` begins anywhere. true: seconds that have passed."""

    off_hours: float = 0.0
    began: float = 5_000.0
    true: float = 0.0
    dozed: float = 0.0
    wall_ahead: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return datetime.fromtimestamp(TRUE_BEGAN + self.true + 3_600 * self.off_hours, UTC) + self.wall_ahead

    def monotonic(self) -> float:
        return self.began + self.true - self.dozed

    def through_sleep(self) -> float:
        return self.began + self.true

    def doze(self, seconds: float) -> None:
        self.true += seconds
        self.dozed += seconds

    def ask(
        self,
        shared: SharedClock,
        there: float,
        back: float,
        ahead: float = 0.0,
        boot: str | None = BOOT,
        naps: tuple[float, float] = (0.0, 0.0),
    ) -> bool:
        """Ask the database for its time, so long on the way there and back. ahead: so far off its clock was set.

        naps: so long the machine sleeps besides, on either way.
        """
        asked = Instant.of(self)
        self.true += there
        self.doze(naps[0])
        told = TRUE_BEGAN + self.true + ahead
        self.true += back
        self.doze(naps[1])
        return shared.observe(asked, told, Instant.of(self), boot)


ways = st.lists(st.tuples(st.floats(0, 5), st.floats(0, 5), st.floats(0, 100)), min_size=1, max_size=8)


@given(ways=ways, off=st.floats(-30, 30), ago=st.floats(0, 50))
def test_what_is_told_is_never_too_early(ways: list[tuple[float, float, float]], off: float, ago: float) -> None:
    """Moments of this process come to the ledger no earlier than they were, and its moments to here no earlier than they are.

    What counts as now is never ahead of the database, and not far behind it.
    """
    laptop = Laptop(off_hours=off)
    shared = SharedClock(laptop)
    for there, back, pause in ways:
        assert laptop.ask(shared, there, back)
        laptop.true += pause

    now = TRUE_BEGAN + laptop.true
    tick = 1e-6 * 10
    assert shared.monotonic() <= now + tick
    assert shared.to_ledger(laptop.monotonic() - ago) >= now - ago - tick
    assert shared.to_here(now + ago) >= laptop.monotonic() + ago - tick
    best = min(there + back for there, back, _ in ways)
    drifted = 0.001 * (laptop.true + 10)
    assert now - shared.monotonic() <= best + 2 * drifted + 1e-3


NAP = st.one_of(st.just(0.0), st.floats(0, 40), st.floats(0, 90_000))


@given(ways=st.lists(st.tuples(st.floats(0, 5), st.floats(0, 5), NAP, NAP, NAP), min_size=1, max_size=6))
def test_nor_is_it_where_the_machine_sleeps(ways: list[tuple[float, float, float, float, float]]) -> None:
    """Within a reading or after it: an answer that came just now did not come before the lid was shut."""
    laptop = Laptop()
    shared = SharedClock(laptop)
    for there, back, nap_there, nap_back, nap in ways:
        assert laptop.ask(shared, there, back, naps=(nap_there, nap_back))
        laptop.doze(nap)
        laptop.true += 0.1

        now, tick = TRUE_BEGAN + laptop.true, 1e-6 * 10
        assert shared.to_ledger(laptop.monotonic()) >= now - tick
        assert shared.monotonic() <= now + tick
        assert shared.to_here(now) >= laptop.monotonic() - tick

    laptop.ask(shared, 0.01, 0.01)
    assert abs(shared.to_ledger(laptop.monotonic()) - TRUE_BEGAN - laptop.true) < 0.1, "it is not added for ever"


def test_of_a_clock_that_was_set_nothing_is_known_by_what_it_was_before() -> None:
    """By less than a slow reading tells: it does not contradict, and is another clock's all the same."""
    laptop = Laptop()
    shared = SharedClock(laptop)
    laptop.ask(shared, 0.01, 0.01)

    assert laptop.ask(shared, 4.0, 4.0, 3.0, "another")
    assert shared.to_ledger(laptop.monotonic()) >= TRUE_BEGAN + laptop.true + 3.0


@pytest.mark.parametrize(
    "off", [-26.0, -0.0001, 0.0, 3.0], ids=["a day behind", "a little off", "right", "hours ahead"]
)
def test_a_wrong_calendar_is_put_right(off: float) -> None:
    """From the first reading on the process goes by the database's calendar, where its own is off by more than half a second."""
    laptop = Laptop(off_hours=off)
    shared = SharedClock(laptop)

    laptop.ask(shared, 0.01, 0.01)

    right = datetime.fromtimestamp(TRUE_BEGAN + laptop.true, UTC)
    assert abs(laptop.now() - right) < timedelta(seconds=0.6)
    assert abs(shared.now() - right) < timedelta(seconds=0.1)


def test_a_machine_that_slept_is_told_so_by_the_next_reading() -> None:
    """`monotonic` stood still meanwhile: the next reading contradicts the last one, and is believed."""
    laptop = Laptop()
    shared = SharedClock(laptop)
    laptop.ask(shared, 0.01, 0.01)

    laptop.doze(7_200)
    asleep = shared.monotonic()
    laptop.ask(shared, 0.01, 0.01)

    assert TRUE_BEGAN + laptop.true - asleep > 7_000, "only the reading tells"
    assert TRUE_BEGAN + laptop.true - shared.monotonic() < 0.1


@given(ways=ways, naps=st.lists(st.floats(0, 90_000), min_size=8, max_size=8), drift=st.floats(-0.0009, 0.0009))
def test_no_clock_counts_as_set_that_was_not(
    ways: list[tuple[float, float, float]], naps: list[float], drift: float
) -> None:
    """Whatever the ways take, however long the machine sleeps between readings, and though the clocks part as clocks do."""
    laptop = Laptop()
    shared = SharedClock(laptop)
    for (there, back, pause), nap in zip(ways, naps, strict=False):
        assert laptop.ask(shared, there, back, drift * laptop.true)
        laptop.true += pause
        laptop.doze(nap)

    assert shared.boot_id() == BOOT


AT_ONCE = st.lists(st.tuples(st.floats(0, 0.4), st.floats(0, 0.4), st.floats(0, 100)), min_size=1, max_size=8)


@given(
    before=AT_ONCE,
    there=st.floats(0, 150),
    by=st.one_of(st.floats(5, 1e6), st.floats(-1e6, -160)),
    nap=st.floats(0, 500),
)
def test_a_clock_that_was_set_is_noticed_once(
    before: list[tuple[float, float, float]], there: float, by: float, nap: float
) -> None:
    """Ahead or back, by more than readings cannot tell, though a lock was waited for: nothing of that reading is believed.

    As soon as its clock has another name it is, and moments are those of the clock as it is now.
    """
    laptop = Laptop()
    shared = SharedClock(laptop)
    for out, back, pause in before:
        assert laptop.ask(shared, out, back)
        laptop.true += pause
    laptop.doze(nap)
    kept = shared.to_ledger(laptop.monotonic())

    assert not laptop.ask(shared, there, 0.01, by)
    assert shared.boot_id() == BOOT
    assert abs(shared.to_ledger(laptop.monotonic()) - kept - there) < 1.0

    assert laptop.ask(shared, 0.01, 0.01, by, "another")
    assert shared.boot_id() == "another"
    assert abs(shared.monotonic() - TRUE_BEGAN - laptop.true - by) < 0.1
    assert laptop.ask(shared, 0.01, 0.01, by, "another")


def test_who_first_read_it_behind_that_believes_its_new_name() -> None:
    """A process that began in between never saw it jump; its moments are of the clock before, and then of the new one."""
    laptop = Laptop()
    shared = SharedClock(laptop)

    assert laptop.ask(shared, 0.01, 0.01, 400)
    assert laptop.ask(shared, 0.01, 0.01, 400, "another")
    assert shared.boot_id() == "another"


def test_where_there_is_no_ledger_yet_no_clock_is_set() -> None:
    """Nothing is kept of moments there, and nowhere to note it: the reading is believed."""
    laptop = Laptop()
    shared = SharedClock(laptop)
    laptop.ask(shared, 0.01, 0.01, boot=None)

    assert laptop.ask(shared, 0.01, 0.01, 400, None)
    assert shared.boot_id() == BOOT
    assert not laptop.ask(shared, 0.01, 0.01, 900)


def test_moments_of_the_ledger_belong_to_no_machine() -> None:
    """All machines name the same boot for what is in the ledger, and their own for what they are told of it."""
    one, other = SharedClock(Laptop()), SharedClock(Laptop(began=9.0))

    assert one.boot_id() == other.boot_id()
    assert one.boot_here() == SystemClock().boot_id()
