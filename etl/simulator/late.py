"""What will be carried out later, when whoever asked for it has long been told something else."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from itertools import count
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from etl.simulator.account import Moment

Work: TypeAlias = "Callable[[Moment], None]"
"""Carries something out, as at the moment it is told."""


class LateWork:
    """Work by the time it is due. Nothing here has a clock: who does asks for what is due."""

    def __init__(self) -> None:
        self._queue: list[tuple[float, int, Work]] = []
        self._tickets = count()

    def add(self, due_seconds: float, work: Work) -> None:
        """Keep it until then, behind what is due at the same time already."""
        heapq.heappush(self._queue, (due_seconds, next(self._tickets), work))

    def due_by(self, now: float) -> Iterator[tuple[float, Work]]:
        """Hand out what is due, earliest first, with the time it was due; also what is added meanwhile."""
        while self._queue and self._queue[0][0] <= now:
            due_seconds, _, work = heapq.heappop(self._queue)
            yield due_seconds, work
