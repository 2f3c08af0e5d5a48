"""What a fleet decides without looking at anything: ends, turns, windows, and what travels."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.exits import ExitCode
from etl.fleet.ends import (
    BUSY_WAIT,
    DOUBT_WAIT,
    FIRST_WAIT,
    LONGEST_BUSY_WAIT,
    LONGEST_WAIT,
    MOST_LOOKS,
    MOST_TRIES,
    Back,
    Over,
    Trouble,
    Turn,
    Wish,
    what_next,
)
from etl.fleet.order import KeptFile, Order, Window, number_of, shown_number
from etl.fleet.sharing import TURN_BY_READING, Place, Waiting, Way, rows_of_accounts, turn, who_gives_way
from etl.fleet.windows import closes_at, opens_at

NOON = datetime(2026, 6, 3, 12, 0, tzinfo=UTC)
NIGHT = Window("20:00", "06:00", "Asia/Kolkata")  # 14:30 to 00:30 UTC

ENDS = {
    "all in": (Turn(0, ""), Over()),
    "rows for a person": (Turn(4, ""), Over()),
    "all in, though a stop was on its way": (Turn(0, "", wish=Wish.HAND_OVER), Over()),
    "the mapping is wrong": (Turn(2, ""), Over()),
    "the settings are wrong in the midst": (Turn(2, "", runs=(1,)), Back(NOON + FIRST_WAIT, tries=1)),
    "the settings are wrong in the midst for days": (Turn(2, "", runs=(1,), tries=MOST_TRIES), Over()),
    "the settings are wrong as the worker stops": (Turn(2, "", wish=Wish.HAND_OVER), Back()),
    "the settings are wrong as others wait": (Turn(2, "", runs=(1,), wish=Wish.GIVE_WAY), Back(is_behind=True)),
    "all in, its results nowhere": (Turn(0, "", is_unpublished=True), Back(NOON + FIRST_WAIT, tries=1)),
    "rows for a person, the same": (Turn(4, "", is_unpublished=True, tries=1), Back(NOON + 2 * FIRST_WAIT, tries=2)),
    "all in, its results nowhere for days": (Turn(0, "", is_unpublished=True, tries=MOST_TRIES), Over()),
    "all in, its results nowhere, and stopped": (Turn(0, "", wish=Wish.STOP, is_unpublished=True), Over()),
    "the network is down, its results nowhere": (Turn(6, "", is_unpublished=True), Back(NOON + FIRST_WAIT, tries=1)),
    "the sheet cannot be read": (Turn(3, ""), Over()),
    "a defect": (Turn(1, ""), Over()),
    "the activity type is refused": (Turn(5, ""), Over()),
    "keys are refused": (Turn(5, "no such key", trouble=Trouble.KEYS_REFUSED), Back(pauses="no such key")),
    "the quota is spent": (
        Turn(6, "", trouble=Trouble.QUOTA_SPENT, tries=7),
        Back(datetime(2026, 6, 4, 0, 1, tzinfo=UTC), is_behind=True),
    ),
    "the network is down": (Turn(6, ""), Back(NOON + FIRST_WAIT, tries=1)),
    "the network is down again": (Turn(6, "", tries=2), Back(NOON + 4 * FIRST_WAIT, tries=3)),
    "the network is down for a day": (Turn(6, "", tries=30), Back(NOON + LONGEST_WAIT, tries=31)),
    "the network is down for days": (Turn(6, "", tries=MOST_TRIES), Over()),
    "rows in doubt": (Turn(7, ""), Back(NOON + DOUBT_WAIT, tries=1)),
    "rows in doubt that stay so": (Turn(7, "", tries=MOST_LOOKS), Over()),
    "somebody else imports it": (Turn(8, ""), Back(NOON + BUSY_WAIT, tries=1)),
    "somebody else imports it for hours": (Turn(8, "", tries=99), Back(NOON + LONGEST_BUSY_WAIT, tries=100)),
    "the ledger is away": (Turn(2, "", trouble=Trouble.LEDGER), Back(NOON + FIRST_WAIT / 4, tries=1)),
    "the worker is stopped": (Turn(143, "", wish=Wish.HAND_OVER, tries=2), Back()),
    "others wait": (Turn(6, "", wish=Wish.GIVE_WAY), Back(is_behind=True)),
    "the account is paused": (Turn(6, "", wish=Wish.PAUSE), Back()),
    "another worker has it": (Turn(6, "", wish=Wish.LOST), Back()),
    "another worker has it, and it is done": (Turn(0, "", wish=Wish.LOST), Back()),
    "a person stops it": (Turn(6, "", wish=Wish.STOP), Over(is_stopped=True)),
    "its window is closed": (
        Turn(6, "", trouble=Trouble.CLOSED),
        Back(datetime(2026, 6, 3, 14, 30, tzinfo=UTC), is_behind=True),
    ),
}


@pytest.mark.parametrize(("ended", "then"), ENDS.values(), ids=ENDS.keys())
def test_what_becomes_of_a_submission(ended: Turn, then: Over | Back) -> None:
    """The table of the module."""
    assert what_next(ended, NIGHT, NOON) == then


@given(
    st.sampled_from(list(ExitCode)),
    st.sampled_from([None, *Wish]),
    st.sampled_from([None, *Trouble]),
    st.integers(0, 100),
)
def test_nothing_goes_back_for_ever_at_once(code: int, wish: Wish | None, trouble: Trouble | None, tries: int) -> None:
    """What goes back by itself waits, or its tries are counted: no worker runs in a circle."""
    then = what_next(Turn(code, "", wish=wish, trouble=trouble, tries=tries), None, NOON)

    if isinstance(then, Back) and wish is None:
        assert then.pauses is not None or (then.at is not None and then.at > NOON)


WINDOWS = {
    "by day, of a window at night": (NIGHT, NOON, "2026-06-03T14:30", "2026-06-04T00:30"),
    "within it, in the evening": (NIGHT, NOON + timedelta(hours=4), None, "2026-06-04T00:30"),
    "within it, after midnight": (NIGHT, NOON + timedelta(hours=12, minutes=10), None, "2026-06-04T00:30"),
    "after it": (NIGHT, NOON + timedelta(hours=13), "2026-06-04T14:30", "2026-06-05T00:30"),
    "of a window by day": (Window("09:00", "17:00", "UTC"), NOON, None, "2026-06-03T17:00"),
    "with an end alone": (Window(None, "17:00", "UTC"), NOON, None, "2026-06-03T17:00"),
    "with a beginning alone, before it": (Window("20:00", None, "UTC"), NOON, "2026-06-03T20:00", None),
    "with a beginning alone, after it": (Window("09:00", None, "UTC"), NOON, None, None),
    "none": (None, NOON, None, None),
}


@pytest.mark.parametrize(("window", "now", "opens", "closes"), WINDOWS.values(), ids=WINDOWS.keys())
def test_when_something_may_be_sent(
    window: Window | None, now: datetime, opens: str | None, closes: str | None
) -> None:
    """The next opening, None where it is open; the next end."""
    found = opens_at(window, now), closes_at(window, now)

    assert [moment.strftime("%Y-%m-%dT%H:%M") if moment else None for moment in found] == [opens, closes]


def test_a_window_over_the_change_of_clocks_opens_at_its_hour() -> None:
    """20:00 in Berlin is 18:00 UTC in summer, and 19:00 UTC from the last Sunday of October on."""
    window = Window("20:00", "06:00", "Europe/Berlin")
    before, after = datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC)

    assert [opens_at(window, moment).hour for moment in (before, after)] == [18, 19]  # type: ignore[union-attr]


def test_a_free_place_is_for_the_account_that_has_fewest() -> None:
    """One that has none on any worker comes first; accounts with as many are asked together, so that who waited longest is."""
    taken = [Place(1, "a", 0.0), Place(2, "a", 0.0), Place(3, "b", 0.0)]
    running = {"a": 2, "b": 1, "c": 3}

    assert rows_of_accounts(["a", "b", "c", "d"], taken, running) == [["d"], ["c"], ["b"], ["a"]]
    assert rows_of_accounts(["a", "b", "c", "d"], taken, {}) == [["c", "d"], ["b"], ["a"]]


ALONE = [Place(1, "a", 0.0, 1.0)]
THREE = [Place(1, "b", 0.0, 1.0), Place(2, "a", 5.0, 6.0), Place(3, "a", 7.0, 8.0)]
GIVES: dict[str, tuple[list[Place], int, str, dict[str, int], float, tuple[int, tuple[int, ...]] | None]] = {
    "nobody waits": (ALONE, 1, "", {"a": 1}, 1000.0, None),
    "a place is free": (ALONE, 2, "b", {"a": 1}, 1000.0, None),
    "no turn is over": (ALONE, 1, "b", {"a": 1}, 200.0, None),
    "a turn is over": (ALONE, 1, "b", {"a": 1}, 302.0, (1, (10,))),
    "it still reads": ([Place(1, "a", 0.0)], 1, "b", {"a": 1}, 1000.0, None),
    "reading took long": ([Place(1, "a", 0.0, 60.0)], 1, "b", {"a": 1}, 60 + 60 * TURN_BY_READING - 1, None),
    "the longest": ([Place(1, "a", 9.0, 9.5), Place(2, "b", 5.0, 6.0)], 2, "a", {"a": 1, "b": 1}, 999.0, (2, (10,))),
    "two of one account, and one waits that has none": (THREE, 3, "acc", {"a": 2, "b": 1}, 10.0, (3, (11,))),
    "the same, still reading": ([Place(1, "a", 0.0), Place(2, "a", 1.0)], 2, "c", {"a": 2}, 2.0, (2, (10,))),
    "two of one account, and one waits that has one": (THREE, 3, "bb", {"a": 2, "b": 1}, 10.0, None),
    "the same, its turn over": (THREE, 3, "bb", {"a": 2, "b": 1}, 999.0, (2, (10, 11))),
    "two of one account, and one waits that has one elsewhere": (THREE, 3, "c", {"a": 2, "b": 1, "c": 1}, 10.0, None),
    "two of one account on two workers": (ALONE, 1, "b", {"a": 2}, 2.0, (1, (10,))),
    "two of one account, of which one goes": (
        [Place(1, "a", 0.0, 1.0), Place(2, "a", 1.0, 2.0, is_leaving=True)],
        2,
        "bc",
        {"a": 2},
        3.0,
        None,
    ),
    "three of one account, of which one goes": (
        [Place(1, "a", 0.0, 1.0), Place(2, "a", 1.0, 2.0), Place(3, "a", 2.0, 3.0, is_leaving=True)],
        3,
        "bc",
        {"a": 3},
        4.0,
        (2, (10, 11)),
    ),
}


@pytest.mark.parametrize(("taken", "places", "waiting", "running", "now", "gives"), GIVES.values(), ids=GIVES.keys())
def test_who_gives_way(
    taken: list[Place],
    places: int,
    waiting: str,
    running: dict[str, int],
    now: float,
    gives: tuple[int, tuple[int, ...]] | None,
) -> None:
    """Where no place is free: at once what one account has beside another, for one that has none; else a turn that is over."""
    found = who_gives_way(taken, places, [Waiting(10 + n, one) for n, one in enumerate(waiting)], running, now)

    assert found == (Way(*gives) if gives else None)


HELD_UP, SENDS = Waiting(10, "c", sends=False), Waiting(11, "c")
FOR_NOTHING: dict[str, tuple[list[Waiting], float, Way | None]] = {
    "it would do nothing with a place": ([HELD_UP], 10.0, None),
    "another of its account would": ([HELD_UP, SENDS], 10.0, Way(3, (11,))),
    "it would do nothing, and a turn is over": ([HELD_UP], 999.0, Way(2, (10,))),
}


@pytest.mark.parametrize(("waiting", "now", "way"), FOR_NOTHING.values(), ids=FOR_NOTHING.keys())
def test_nobody_gives_a_place_back_for_one_that_can_do_nothing(
    waiting: list[Waiting], now: float, way: Way | None
) -> None:
    """Somebody's `etl run` may hold its input for hours, and each time a sheet would be read again."""
    assert who_gives_way(THREE, 3, waiting, {"a": 2, "b": 1}, now) == way


@given(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=6),
    st.lists(st.sampled_from("abcd"), max_size=6),
    st.sets(st.integers(0, 5)),
)
def test_no_account_loses_its_only_place_before_its_turn_is_over(
    held: list[str], waiting: list[str], going: set[int]
) -> None:
    """Nor more than one by one, however many wait; and who has none gets one as long as another account has two."""
    taken = [Place(n, one, float(n), n + 0.5, is_leaving=n in going) for n, one in enumerate(held)]
    stay = Counter(place.account for place in taken if not place.is_leaving)
    way = who_gives_way(
        taken, len(taken), [Waiting(10 + n, one) for n, one in enumerate(waiting)], Counter(held), now=1.0
    )

    if way is not None:
        assert stay[held[way.gives]] > 1
        assert all(not stay[waiting[number - 10]] for number in way.to)
    else:
        assert max(stay.values(), default=0) < 2 or all(stay[one] for one in waiting)


@given(st.floats(1_767_225_600, 3_800_000_000), st.floats(1.0, 1e8))
def test_who_waits_longer_comes_first(moment: float, later: float) -> None:
    """And the engine can hold it: 32 bits."""
    assert turn(moment) > turn(moment + later + 1) > -(2**31)


def test_an_order_comes_back_as_it_was_sent() -> None:
    """Through JSON; and one of a newer form is left to newer workers."""
    kept = KeptFile("visits.csv", "ab" * 32)
    order = Order("prod", "/desk/visits.csv", kept, kept, "visits", (kept,), NIGHT, "s3://b/r", 3, rows_ok=9)
    data = json.loads(json.dumps(order.as_data()))

    assert Order.of_data(data) == order
    data["order"]["version"] = 2
    with pytest.raises(ValueError, match="an order of form 2; this version of etl knows 1"):
        Order.of_data(data)


@pytest.mark.parametrize(
    ("typed", "number"),
    [("s17", 17), ("S17", 17), ("17", None), ("s", None), ("s0", None), ("s1.5", None), ("s१", None)],
)
def test_submissions_are_called_by_a_letter_and_a_number(typed: str, number: int | None) -> None:
    """So that nobody takes one for a run."""
    assert number_of(typed) == number
    assert number is None or shown_number(number) == typed.lower()
