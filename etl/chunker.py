"""Activities into chunks: what travels together in one request, in row order."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from etl.records import Activity


@dataclass(frozen=True, slots=True)
class Chunk:
    """The activities of one request, in row order. number: 1 for the first chunk of a run."""

    number: int
    activities: tuple[Activity, ...]


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
    if size < 1:
        raise ValueError(f"a chunk of {size} activities")
    numbers = count(1)
    open_chunks: dict[int | None, list[Activity]] = {}
    for activity in activities:
        together = company(activity)
        most = size if together is None else min(size, together)
        if most < 1:
            raise ValueError(f"a chunk of {most} activities")
        chunk = open_chunks.setdefault(together, [])
        chunk.append(activity)
        if len(chunk) == most:
            yield Chunk(next(numbers), tuple(open_chunks.pop(together)))
    for chunk in sorted(open_chunks.values(), key=lambda rows: rows[0].row_number):
        yield Chunk(next(numbers), tuple(chunk))
