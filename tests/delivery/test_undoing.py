"""Windows of deletion: nothing foreign ever lies in one, whatever LeadSquared means by it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.delivery.undoing import Held, OnLead, Span, windows

JUNE = datetime(2026, 6, 1, 10, tzinfo=UTC)
IMPORTED = datetime(2026, 9, 3, 12, tzinfo=UTC)

moments = st.integers(0, 40 * 24).map(lambda hours: JUNE + timedelta(hours=hours))


def at(name: str, days: float, written: float = 0) -> Held:
    return Held(name, JUNE + timedelta(days=days), IMPORTED + timedelta(days=written))


def span(first: float, last: float) -> Span:
    return Span(JUNE + timedelta(days=first), JUNE + timedelta(days=last, seconds=1))


WRITTEN = Span(IMPORTED, IMPORTED + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        pytest.param([], OnLead((Span(JUNE, WRITTEN.until),), frozenset("ab"), frozenset()), id="nothing else"),
        pytest.param(
            [at("x", 40, -30)], OnLead((span(0, 9), WRITTEN), frozenset("ab"), frozenset()), id="one in between"
        ),
        pytest.param([at("x", 1, -30)], OnLead((), frozenset(), frozenset("ab")), id="near one, so near what stays"),
        pytest.param([at("x", -90, 1)], OnLead((), frozenset(), frozenset("ab")), id="written when ours were"),
        pytest.param([Held("x", None, IMPORTED)], OnLead((), frozenset(), frozenset("ab")), id="without its time"),
    ],
)
def test_windows(others: list[Held], expected: OnLead) -> None:
    """The fewest windows that are clean of others; ours with a time near others stay, and so does what lies near those."""
    assert windows([at("a", 0), at("b", 9), *others], {"a", "b"}) == expected


def test_what_is_going_anyway_is_in_nobodys_way() -> None:
    """An activity whose deletion was asked for before blocks nothing."""
    assert windows([at("a", 0), at("b", 1)], {"a"}, spared={"b"}).taken == {"a"}


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(moments, moments), min_size=1, max_size=4),
    st.lists(st.tuples(moments, moments), max_size=3),
    st.integers(-14, 14),
    st.booleans(),
    st.booleans(),
)
def test_nothing_foreign_is_ever_deleted(
    ours: list[tuple[datetime, datetime]],
    others: list[tuple[datetime, datetime]],
    zone_hours: int,
    cuts_days: bool,
    is_of_writing: bool,
) -> None:
    """Whichever time the window is about, with its ends in another zone and cut to days: only what was taken goes."""
    held = [Held(f"a{place}", *times) for place, times in enumerate(ours)]
    held += [Held(f"x{place}", *times) for place, times in enumerate(others)]
    found = windows(held, {one.activity_id for one in held if one.activity_id.startswith("a")})

    deleted: set[str] = set()
    plain: set[str] = set()
    for one in found.spans:
        since, until = (end + timedelta(hours=zone_hours) for end in (one.since, one.until))
        if cuts_days:
            since, until = datetime.combine(since, time.min, UTC), datetime.combine(until, time.max, UTC)
        for activity in held:
            moment = activity.times[is_of_writing]
            deleted |= (
                {activity.activity_id} if since <= moment + timedelta(milliseconds=999) and moment <= until else set()
            )
            plain |= {activity.activity_id} if one.has(moment) else set()

    assert deleted <= found.taken
    assert plain == found.taken
    assert found.taken | found.blocked == {one.activity_id for one in held if one.activity_id.startswith("a")}
