"""Rows that were all created, gone over at once: the same is kept as of each by itself."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.delivery.outcomes import RowEnd
from etl.ledger.all_created import all_created, kept_guids, stretches
from etl.ledger.schema import opaque
from etl.ledger.waiting import WaitingRow
from etl.records import Outcome

GUIDS = [f"{digit * 8}-1111-4111-8111-{digit * 12}" for digit in "abc1"]


def a_waiting(row_id: int, lineage_run: int | None = None, replaces: int | None = None) -> WaitingRow:
    return WaitingRow(row_id, row_id + 1, b"key", 1, lineage_run=lineage_run, replaces=replaces)


def created(row_id: int, activity_id: str | None) -> RowEnd:
    return RowEnd(row_id, Outcome.CREATED, activity_id=activity_id)


def test_rows_that_were_all_created_are_kept_with_their_ids() -> None:
    """Each with the 16 bytes of its id, in the order sent."""
    ends = [created(7, GUIDS[0]), created(9, GUIDS[1])]

    assert all_created([a_waiting(7), a_waiting(9)], ends) == [opaque(GUIDS[0]), opaque(GUIDS[1])]


@settings(deadline=None)
@given(st.dictionaries(st.integers(1, 30), st.binary(min_size=16, max_size=16)))
def test_stretches_hold_each_row_with_its_id(created: dict[int, bytes]) -> None:
    """Whatever rows they are, each stands once, at its place in a stretch; and no two stretches could be one."""
    found = list(stretches(created))

    told = {
        row_id: ids[16 * place : 16 * place + 16]
        for first, last, ids in ((one["first"], one["last"], one["ids"]) for one in found)
        for place, row_id in enumerate(range(first, last + 1))
    }
    assert told == created
    assert sum(len(one["ids"]) for one in found) == 16 * len(created)
    assert all(one["last"] + 1 < two["first"] for one, two in itertools.pairwise(found))


OTHERWISE = [
    pytest.param([a_waiting(7)], [], id="no rows are told of"),
    pytest.param([a_waiting(7)], [created(8, GUIDS[0])], id="another row"),
    pytest.param([a_waiting(7), a_waiting(8)], [created(7, GUIDS[0])], id="one row of two"),
    pytest.param([a_waiting(7, lineage_run=3)], [created(7, GUIDS[0])], id="corrects a line"),
    pytest.param([a_waiting(7, replaces=3)], [created(7, GUIDS[0])], id="replaces a row"),
    pytest.param([a_waiting(7)], [RowEnd(7, Outcome.UPDATED, GUIDS[0])], id="updated"),
    pytest.param([a_waiting(7)], [RowEnd(7, Outcome.CREATED, GUIDS[0], code="odd")], id="with a code"),
    pytest.param([a_waiting(7)], [RowEnd(7, Outcome.CREATED, GUIDS[0], message_id="m")], id="with a message's id"),
    pytest.param([a_waiting(7)], [created(7, None)], id="no id"),
    pytest.param([a_waiting(7)], [created(7, "id-7")], id="no GUID"),
    pytest.param([a_waiting(7)], [created(7, GUIDS[0].upper())], id="in capitals"),
    pytest.param([a_waiting(7), a_waiting(8)], [created(7, GUIDS[0]), created(8, GUIDS[0])], id="one id twice"),
]


@pytest.mark.parametrize(("sent", "ends"), OTHERWISE)
def test_whatever_is_otherwise_is_looked_at_row_by_row(sent: Sequence[WaitingRow], ends: Sequence[RowEnd]) -> None:
    """Then nothing is said of any row."""
    assert all_created(sent, ends) is None


_NEARLY_GUIDS = st.builds(
    lambda guid, place, other: guid[:place] + other + guid[place + len(other) :],
    st.sampled_from(GUIDS),
    st.integers(0, 36),
    st.sampled_from(["", "-", " ", "f", "F", "g", "\u0661", "\u0130", "ab", "--", "- "]),
)


@settings(deadline=None)
@given(st.lists(st.one_of(_NEARLY_GUIDS, st.uuids().map(str)), max_size=4))
@example([GUIDS[0].replace("-", ""), GUIDS[1]])
@example([GUIDS[0], f"{GUIDS[1][:7]}-b{GUIDS[1][9:]}"])
@example([GUIDS[0][:-1] + "-", "-" + GUIDS[1][1:]])
def test_ids_are_kept_as_each_by_itself(ids: list[str]) -> None:
    """All at once wherever each of them is a GUID in its usual spelling, and then as the same bytes."""
    kept = [opaque(one) for one in ids]
    are_guids = bool(ids) and all(len(one) == 16 for one in kept)

    assert kept_guids(ids) == (kept if are_guids else None)
