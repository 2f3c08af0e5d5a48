"""Activities into chunks."""

from __future__ import annotations

from collections import Counter
from itertools import chain, count, islice
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.chunker import (
    MOST_OPEN_CHUNKS,
    Chunk,
    Group,
    chunks,
    chunks_in_order,
    chunks_of_one_address,
    cut,
    requests_needed,
    with_any,
)
from etl.records import Activity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Company = Callable[[Activity], int | None]
    Address = Callable[[Activity], bytes]


def activities_numbered(numbers: Iterator[int] | range) -> Iterator[Activity]:
    return (Activity(number, {"SearchByValue": f"lead{number}@example.com"}, event=320) for number in numbers)


@given(rows=st.integers(0, 200), size=st.integers(1, 30))
def test_chunks_put_together_are_the_input(rows: int, size: int) -> None:
    """No row is lost, doubled or moved; no chunk is empty or too big, and only the last one is not full."""
    activities = list(activities_numbered(range(rows)))

    made = list(chunks(activities, size))

    assert list(chain.from_iterable(chunk.activities for chunk in made)) == activities
    assert all(len(chunk.activities) == size for chunk in made[:-1])
    assert all(1 <= len(chunk.activities) <= size for chunk in made)
    assert [chunk.number for chunk in made] == list(range(1, len(made) + 1))


def test_chunks_are_made_while_the_input_is_still_read() -> None:
    """A chunk is handed over as soon as it is full, so an input without end has a first chunk."""
    made = list(islice(chunks(activities_numbered(count(2)), size=2), 2))

    rows = tuple(activities_numbered(range(2, 6)))
    assert made == [Chunk(1, rows[:2]), Chunk(2, rows[2:])]


@given(companies=st.lists(st.sampled_from([None, 25, 5, 1]), max_size=120))
def test_what_failed_before_travels_apart(companies: list[int | None]) -> None:
    """Each chunk holds rows of one company only, in row order and no more than that company allows; no row is lost."""
    activities = list(activities_numbered(range(len(companies))))

    made = list(chunks(activities, 25, lambda activity: companies[activity.row_number]))

    kinds = [{companies[row.row_number] for row in chunk.activities} for chunk in made]
    assert all(len(kind) == 1 for kind in kinds)
    assert all(len(chunk.activities) <= (next(iter(kind)) or 25) for chunk, kind in zip(made, kinds, strict=True))
    for company in (None, 25, 5, 1):
        together = [row for chunk in made for row in chunk.activities if companies[row.row_number] == company]
        assert together == [row for row in activities if companies[row.row_number] == company]


@given(
    rows=st.integers(0, 120),
    apart=st.dictionaries(st.integers(0, 120), st.sampled_from([5, 1]), max_size=5),
    blocks=st.lists(st.integers(1, 40)),
)
def test_blocks_are_cut_like_their_rows(rows: int, apart: dict[int, int], blocks: list[int]) -> None:
    """However the rows come, and wherever some of them travel apart."""
    coming = iter(range(rows))
    made = cut([list(islice(coming, size)) for size in [*blocks, 120]], 7, apart.get)

    one_by_one = chunks(activities_numbered(range(rows)), 7, lambda one: apart.get(one.row_number))

    assert list(made) == [[one.row_number for one in chunk.activities] for chunk in one_by_one]


def test_chunk_without_room_is_refused() -> None:
    """A size below one is our own mistake."""
    with pytest.raises(ValueError, match=r"^a chunk of 0 activities$"):
        list(chunks([], 0))


MARKS = st.lists(st.tuples(st.sampled_from([None, None, None, 5, 1]), st.integers(0, 9)), max_size=150)
"""Company and address of each row."""


def marked(rows: list[tuple[int | None, int]]) -> tuple[list[Activity], Company, Address]:
    """Activities, and what tells their company and address."""

    def company(activity: Activity) -> int | None:
        return rows[activity.row_number][0]

    def address(activity: Activity) -> bytes:
        return str(rows[activity.row_number][1]).encode()

    return list(activities_numbered(range(len(rows)))), company, address


@given(rows=MARKS, size=st.integers(1, 6))
def test_rows_of_one_address_share_requests_with_no_others(rows: list[tuple[int | None, int]], size: int) -> None:
    """As few requests as there can be for each address and company, in row order; the forecast knows how many."""
    activities, company, address = marked(rows)
    together = sorted(activities, key=lambda one: (address(one), one.row_number))

    made = list(chunks_of_one_address(together, size, company, address))

    kinds = [{(address(row), company(row)) for row in chunk.activities} for chunk in made]
    assert all(len(kind) == 1 for kind in kinds)
    of_kind = Counter((address(row), company(row)) for row in activities)
    fewest = sum(-(-count // min(size, kind[1] or size)) for kind, count in of_kind.items())
    assert len(made) == fewest
    groups = Counter(Group(count, kind[1]) for kind, count in of_kind.items())
    assert requests_needed(groups, size, travels_by=True, keeps_order=False) == fewest
    assert [chunk.number for chunk in made] == list(range(1, len(made) + 1))
    for kind in of_kind:
        mine = [row for chunk, own in zip(made, kinds, strict=True) if own == {kind} for row in chunk.activities]
        assert mine == [row for row in activities if (address(row), company(row)) == kind]


@given(rows=MARKS, size=st.integers(1, 6))
def test_no_address_stands_twice_in_a_request_and_each_keeps_its_order(
    rows: list[tuple[int | None, int]], size: int
) -> None:
    """Whatever company its rows travel in; no row is lost, and none travels in more company than it may."""
    activities, company, address = marked(rows)

    made = list(chunks_in_order(activities, size, company, address))

    for chunk in made:
        assert len({address(row) for row in chunk.activities}) == len(chunk.activities)
        (kind,) = {company(row) for row in chunk.activities}
        assert 1 <= len(chunk.activities) <= min(size, kind or size)
        assert sorted(row.row_number for row in chunk.activities) == [row.row_number for row in chunk.activities]
    sent = [row for chunk in made for row in chunk.activities]
    assert sorted(sent, key=lambda one: one.row_number) == activities
    for one in {address(row) for row in activities}:
        assert [row for row in sent if address(row) == one] == [row for row in activities if address(row) == one]
    assert [chunk.number for chunk in made] == list(range(1, len(made) + 1))


@given(rows=st.integers(0, 200), size=st.integers(1, 30))
def test_addresses_that_all_differ_cost_nothing(rows: int, size: int) -> None:
    """Then chunks are cut as if there were no order to keep."""
    activities = list(activities_numbered(range(rows)))

    made = chunks_in_order(activities, size, with_any, lambda one: str(one.row_number).encode())

    assert list(made) == list(chunks(activities, size))


PATTERNS = {
    "each twice": ([number // 2 for number in range(200)], 8),
    "each four times": ([number // 4 for number in range(400)], 16),
    "all of one": ([0] * 200, 200),
    "one in between": ([0 if number % 25 == 0 else number for number in range(200)], 8),
}


@pytest.mark.parametrize(("addresses", "requests"), [pytest.param(*one, id=name) for name, one in PATTERNS.items()])
def test_chunks_are_full_where_there_are_enough_addresses(addresses: list[int], requests: int) -> None:
    """No more requests than the rows, or the most frequent address, need; the forecast says so before."""
    activities, company, address = marked([(None, one) for one in addresses])

    made = list(chunks_in_order(activities, 25, company, address))

    assert len(made) == requests
    groups = Counter(Group(count) for count in Counter(addresses).values())
    assert requests_needed(groups, 25, travels_by=False, keeps_order=True) == requests


def test_few_rows_are_held_whatever_the_order() -> None:
    """A sheet that begins with very many rows of one address does not fill the memory."""
    taken = count(1)
    activities = (activity for activity in activities_numbered(range(5_000)) if next(taken))
    made = chunks_in_order(
        activities, 25, with_any, lambda one: b"one" if one.row_number < 4_000 else b"%d" % next(taken)
    )

    first = next(iter(made))

    assert len(first.activities) == 1
    assert next(taken) <= MOST_OPEN_CHUNKS + 3


def test_a_forecast_counts_companies_by_themselves() -> None:
    """Groups of one company fill requests together where nothing tells them apart."""
    groups = {Group(30): 2, Group(1, together=5): 7}

    assert requests_needed(groups, 25, travels_by=False, keeps_order=False) == 3 + 2
    assert requests_needed(groups, 25, travels_by=False, keeps_order=True) == 30 + 2
    assert requests_needed(groups, 25, travels_by=True, keeps_order=False) == 4 + 7
    assert requests_needed({}, 25, travels_by=False, keeps_order=True) == 0
