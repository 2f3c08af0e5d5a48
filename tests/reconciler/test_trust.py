"""What confirmed rows teach about the reads of an account."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.reconciler.sent import SentRow
from etl.reconciler.trust import Kept, Trust, trust_of
from etl.records import SeenActivity

UNKNOWN, KEPT, CHANGED = Kept.UNKNOWN, Kept.KEPT, Kept.CHANGED
KEY_FIELD = "mx_Custom_20"
AT = datetime(2026, 2, 25, 5, 30, tzinfo=UTC)
ROW = SentRow(1, 1, "asha@example.com", "met the owner", AT, {"mx_Custom_1": "Site Visit"}, "etl-abc")
SHOWN = SeenActivity(
    "id-1", "lead-1", ROW.note, {"mx_Custom_1": "Site Visit", KEY_FIELD: "etl-abc", "Owner": "u"}, AT, AT, "user-1"
)
EMPTY = SentRow(2, 1, "asha@example.com", None, None, {}, None)

Pair = tuple[SentRow, SeenActivity]


def pair(row: dict[str, Any] | None = None, seen: dict[str, Any] | None = None) -> Pair:
    return replace(ROW, **row or {}), replace(SHOWN, **seen or {})


def shown_values(**values: str) -> dict[str, Any]:
    return {"values": dict(SHOWN.values) | values}


GOOD = pair()
NO_KEY = pair(seen={"values": {"mx_Custom_1": "Site Visit"}})
CUT_KEY = pair(seen=shown_values(mx_Custom_20="etl-a"))

KEYS = [
    pytest.param([], UNKNOWN, UNKNOWN, id="nothing confirmed"),
    pytest.param([GOOD], UNKNOWN, KEPT, id="shown"),
    pytest.param([pair(seen=shown_values(mx_Custom_20=" ETL-ABC "))], UNKNOWN, KEPT, id="shown in another case"),
    pytest.param([pair({"key": None})], UNKNOWN, UNKNOWN, id="no key sent"),
    pytest.param([NO_KEY], UNKNOWN, CHANGED, id="not shown"),
    pytest.param([CUT_KEY], UNKNOWN, CHANGED, id="cut"),
    pytest.param([GOOD, NO_KEY, GOOD], UNKNOWN, CHANGED, id="one of several not shown"),
    pytest.param([GOOD], CHANGED, CHANGED, id="shown, but lost before"),
    pytest.param([], CHANGED, CHANGED, id="nothing confirmed, lost before"),
    pytest.param([NO_KEY], KEPT, CHANGED, id="not shown, but kept before"),
    pytest.param([], KEPT, UNKNOWN, id="kept before, perhaps in another field"),
]


@pytest.mark.parametrize(("pairs", "before", "expected"), KEYS)
def test_keys_are_trusted_when_each_confirmed_row_shows_its_own(
    pairs: list[Pair], before: Kept, expected: Kept
) -> None:
    """One key that does not come back spoils all, for good; and keys of another day's field prove nothing."""
    assert trust_of(pairs, KEY_FIELD, None, Trust(keys=before)).keys is expected


VALUES = [
    pytest.param([], UNKNOWN, UNKNOWN, id="nothing confirmed"),
    pytest.param([GOOD], UNKNOWN, KEPT, id="as sent"),
    pytest.param([(EMPTY, SHOWN)], UNKNOWN, UNKNOWN, id="nothing sent that could come back"),
    pytest.param([(EMPTY, SHOWN)], KEPT, KEPT, id="nothing sent, kept before"),
    pytest.param([pair(seen={"note": None})], UNKNOWN, KEPT, id="a read without notes"),
    pytest.param([pair({"values": {}}, {"note": None})], UNKNOWN, UNKNOWN, id="a note alone, a read without notes"),
    pytest.param([pair({"note": None}, {"note": "more"})], UNKNOWN, KEPT, id="a note that was not sent"),
    pytest.param([pair(seen={"note": "met the owner "})], UNKNOWN, CHANGED, id="a blank more in the note"),
    pytest.param([pair(seen={"note": ""})], UNKNOWN, CHANGED, id="the note gone"),
    pytest.param([pair(seen=shown_values(mx_Custom_1="site visit"))], UNKNOWN, CHANGED, id="a value in another case"),
    pytest.param([pair(seen={"values": {}})], UNKNOWN, CHANGED, id="a value gone"),
    pytest.param([pair(seen=shown_values(mx_Custom_1="x") | {"note": None})], UNKNOWN, CHANGED, id="value, no notes"),
    pytest.param([NO_KEY], UNKNOWN, KEPT, id="the key gone"),
    pytest.param([GOOD, pair(seen={"note": "met"}), GOOD], UNKNOWN, CHANGED, id="one of several cut"),
    pytest.param([GOOD], CHANGED, CHANGED, id="as sent, but changed before"),
    pytest.param([pair(seen={"note": "met"})], KEPT, CHANGED, id="cut, but kept before"),
]


@pytest.mark.parametrize(("pairs", "before", "expected"), VALUES)
def test_values_are_trusted_when_each_confirmed_row_comes_back_exactly(
    pairs: list[Pair], before: Kept, expected: Kept
) -> None:
    """One note or value that comes back otherwise spoils all, for good; what is not told says nothing."""
    assert trust_of(pairs, KEY_FIELD, None, Trust(values=before)).values is expected


TIMES = [
    pytest.param([], UNKNOWN, UNKNOWN, id="nothing confirmed"),
    pytest.param([GOOD], UNKNOWN, KEPT, id="as sent"),
    pytest.param([pair(seen={"created_on": AT.replace(microsecond=999_000)})], UNKNOWN, KEPT, id="milliseconds"),
    pytest.param([pair({"time": None})], UNKNOWN, UNKNOWN, id="no time sent"),
    pytest.param([pair(seen={"created_on": None})], UNKNOWN, UNKNOWN, id="no time shown"),
    pytest.param([GOOD, pair(seen={"created_on": AT + timedelta(seconds=1)})], UNKNOWN, CHANGED, id="one later"),
    pytest.param([GOOD], CHANGED, CHANGED, id="as sent, but changed before"),
]


@pytest.mark.parametrize(("pairs", "before", "expected"), TIMES)
def test_times_are_trusted_when_each_activity_has_the_time_sent(
    pairs: list[Pair], before: Kept, expected: Kept
) -> None:
    """The vendor does not promise that `CreatedOn` is the activity's own time."""
    assert trust_of(pairs, KEY_FIELD, None, Trust(times=before)).times is expected


def by(user: str | None) -> Pair:
    return pair(seen={"created_by": user})


CREATORS = [
    pytest.param([by("user-1")], "USER-1", [], "user-1", id="the user of our keys"),
    pytest.param([by("user-1"), by(None)], "user-1", [], "user-1", id="and one that does not tell"),
    pytest.param([], "user-1", [], None, id="nothing confirmed"),
    pytest.param([by(None)], "user-1", [], None, id="none tells"),
    pytest.param([by("user-1")], None, [], None, id="user of our keys not known"),
    pytest.param([by("user-1"), by("user-2")], "user-1", [], None, id="two users"),
    pytest.param([by("user-2")], "user-1", [], None, id="another user"),
    pytest.param([], "user-1", ["user-1"], "user-1", id="the same user before"),
    pytest.param([by("user-1")], "user-1", ["user-2"], None, id="another user before"),
]


@pytest.mark.parametrize(("pairs", "user_id", "before", "expected"), CREATORS)
def test_creators_count_when_confirmed_rows_name_our_user_alone(
    pairs: list[Pair], user_id: str | None, before: list[str], expected: str | None
) -> None:
    """Another user's activities are known as such only where ours have been seen under our own user, and no other."""
    assert trust_of(pairs, KEY_FIELD, user_id, Trust(creators=frozenset(before))).creator == expected


pairs_of_any_kind = st.lists(
    st.sampled_from([GOOD, NO_KEY, CUT_KEY, by("user-2"), by(None), pair(seen={"note": "met"}), pair({"key": None})])
)


@given(first=pairs_of_any_kind, second=pairs_of_any_kind)
def test_what_was_learned_before_is_as_if_it_were_learned_now(first: list[Pair], second: list[Pair]) -> None:
    """Two reads teach what one read of both teaches; only that keys are kept is learned anew each time."""
    together = trust_of([*first, *second], KEY_FIELD, "user-1", Trust())

    in_turn = trust_of(second, KEY_FIELD, "user-1", trust_of(first, KEY_FIELD, "user-1", Trust()))

    assert replace(in_turn, keys=together.keys) == together
    assert (in_turn.keys is CHANGED) == (together.keys is CHANGED)
