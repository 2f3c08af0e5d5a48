"""Activities into chunks: what travels together in one request, in row order."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from itertools import count, groupby
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from etl.records import Activity

Row = TypeVar("Row")

MOST_OPEN_CHUNKS = 64
"""So many chunks of one company are filled side by side, where rows of one address may not share any."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The activities of one request, in row order. number: 1 for the first chunk of a run."""

    number: int
    activities: tuple[Activity, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that are alike to a forecast. together: with how many others at most each travels, apart from all else."""

    rows: int
    together: int | None = None


def with_any(_activity: Activity) -> None:
    """It travels with any others."""


def chunks(
    activities: Iterable[Activity], size: int, company: Callable[[Activity], int | None] = with_any
) -> Iterator[Chunk]:
    """Cut the activities into chunks of `size` at most; an incomplete one for each company comes last.

    company: None for an activity that travels with any others; else with how many at most, and only with those of which
    the same is true: what failed before is kept apart. Of each company no more than one chunk is held at once.
    Raises:  ValueError — size or company below 1.
    """
    yield from _numbered(cut(([activity] for activity in activities), size, company), count(1))


def cut(blocks: Iterable[Sequence[Row]], size: int, company: Callable[[Row], int | None]) -> Iterator[list[Row]]:
    """The same for rows of any kind that come in blocks; one whose rows all travel with any others is not looked at by row."""
    if size < 1:
        raise ValueError(f"a chunk of {size} activities")
    open_chunks: dict[int | None, list[Row]] = {}  # in the order of their first rows, which is that of the rows
    for block in blocks:
        if set(map(company, block)) == {None}:
            yield from _cut_at_once(block, size, open_chunks)
            continue
        for row in block:
            together = company(row)
            chunk = open_chunks.setdefault(together, [])
            chunk.append(row)
            if len(chunk) == _most(size, together):
                yield open_chunks.pop(together)
    yield from open_chunks.values()


def _cut_at_once(block: Sequence[Row], size: int, open_chunks: dict[int | None, list[Row]]) -> Iterator[list[Row]]:
    begin = 0
    while begin < len(block):
        chunk = open_chunks.setdefault(None, [])
        end = begin + size - len(chunk)
        chunk += block[begin:end]
        begin = end
        if len(chunk) == size:
            yield open_chunks.pop(None)


def chunks_of_one_address(
    activities: Iterable[Activity],
    size: int,
    company: Callable[[Activity], int | None],
    address: Callable[[Activity], bytes | None],
) -> Iterator[Chunk]:
    """The same for activities of which those of one address come one behind the other, and share chunks with no others."""
    numbers = count(1)
    for _, of_one_address in groupby(activities, address):
        for chunk in chunks(of_one_address, size, company):
            yield replace(chunk, number=next(numbers))


def chunks_in_order(
    activities: Iterable[Activity],
    size: int,
    company: Callable[[Activity], int | None],
    address: Callable[[Activity], bytes | None],
) -> Iterator[Chunk]:
    """The same with no address twice in one chunk, and the chunks of one address in the order of its rows.

    A row whose address stands in a chunk already goes into the one behind it, so that chunks get full wherever there are
    enough addresses. Held at once: MOST_OPEN_CHUNKS of each company.
    """
    numbers = count(1)
    rows_of: dict[int | None, _OpenChunks] = {}
    for activity in activities:
        together, mark = company(activity), address(activity)
        own = rows_of.setdefault(together, _OpenChunks(_most(size, together)))
        for other in rows_of.values():
            if other is not own:
                yield from _numbered(other.let_go_with(mark), numbers)
        yield from _numbered(own.take(activity, mark), numbers)
    left = [chunk for own in rows_of.values() for chunk in own.chunks]
    yield from _numbered(sorted(left, key=lambda rows: rows[0].row_number), numbers)


def requests_needed(groups: Mapping[Group, int], size: int, *, travels_by: bool, keeps_order: bool) -> int:
    """How many requests so many groups of rows take. groups: how often there is each; size: most rows in a request.

    travels_by: each group takes requests of its own. keeps_order: no request holds two rows of one group.
    """
    if travels_by:
        return sum(times * -(-group.rows // _most(size, group.together)) for group, times in groups.items())
    total: dict[int | None, int] = {}
    longest: dict[int | None, int] = {}
    for group, times in groups.items():
        total[group.together] = total.get(group.together, 0) + group.rows * times
        longest[group.together] = max(group.rows, longest.get(group.together, 0))
    return sum(
        max(-(-rows // _most(size, together)), longest[together] if keeps_order else 0)
        for together, rows in total.items()
    )


def _most(size: int, together: int | None) -> int:
    most = size if together is None else min(size, together)
    if most < 1:
        raise ValueError(f"a chunk of {most} activities")
    return most


def _numbered(made: Iterable[list[Activity]], numbers: Iterator[int]) -> Iterator[Chunk]:
    for rows in made:
        yield Chunk(next(numbers), tuple(rows))


@dataclass(slots=True)
class _OpenChunks:
    """Chunks of one company that are being filled, in the order in which they go. most: rows in one of them.

    gone: how many went before them. last: the place, counted from the first that ever was, of the last one with an address.
    Every address of a chunk but the first stands in the one before it too, so none is full before the first is.
    """

    most: int
    chunks: deque[list[Activity]] = field(default_factory=deque)
    marks: deque[list[bytes | None]] = field(default_factory=deque)
    gone: int = 0
    last: dict[bytes | None, int] = field(default_factory=dict)

    def take(self, activity: Activity, mark: bytes | None) -> Iterator[list[Activity]]:
        """Put a row behind the last one of its address. Yields: the chunk that is full, or too much, by now."""
        place = self.last.get(mark, self.gone - 1) + 1
        if place - self.gone == len(self.chunks):
            self.chunks.append([])
            self.marks.append([])
        self.chunks[place - self.gone].append(activity)
        self.marks[place - self.gone].append(mark)
        self.last[mark] = place
        if len(self.chunks[0]) == self.most or len(self.chunks) > MOST_OPEN_CHUNKS:
            yield self._let_go()

    def let_go_with(self, mark: bytes | None) -> Iterator[list[Activity]]:
        """All chunks up to the last one with this address, so that a row of it may go in other company."""
        while mark in self.last:
            yield self._let_go()

    def _let_go(self) -> list[Activity]:
        for mark in self.marks.popleft():
            if self.last[mark] == self.gone:
                del self.last[mark]
        self.gone += 1
        return self.chunks.popleft()
