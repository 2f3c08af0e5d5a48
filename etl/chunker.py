"""Activities into chunks: what travels together in one request, in row order."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count, islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from etl.records import Activity


@dataclass(frozen=True, slots=True)
class Chunk:
    """The activities of one request, in row order. number: 1 for the first chunk of a run."""

    number: int
    activities: tuple[Activity, ...]


def chunks(activities: Iterable[Activity], size: int, first_number: int = 1) -> Iterator[Chunk]:
    """Cut the activities into chunks of `size`, the last one maybe smaller; no more than one chunk is held at once.

    Raises:  ValueError — size below 1.
    """
    if size < 1:
        raise ValueError(f"a chunk of {size} activities")
    waiting = iter(activities)
    for number in count(first_number):
        together = tuple(islice(waiting, size))
        if not together:
            return
        yield Chunk(number, together)
