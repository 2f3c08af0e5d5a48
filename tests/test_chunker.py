"""Activities into chunks."""

from __future__ import annotations

from itertools import chain, count, islice
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.chunker import Chunk, chunks
from etl.records import Activity

if TYPE_CHECKING:
    from collections.abc import Iterator


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


def test_chunk_without_room_is_refused() -> None:
    """A size below one is our own mistake."""
    with pytest.raises(ValueError, match=r"^a chunk of 0 activities$"):
        list(chunks([], 0))
