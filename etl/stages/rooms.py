"""Where the inputs of a command are worked on: each room has a connection of its own to the ledger, for one thread at a time.

What an input is planned to become stands in a table that only its connection sees, so an input stays in its room from the
reading to the end. Writing from several rooms is to the ledger as writing from several processes.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Self

from etl.ledger.store import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from etl.clock import Clock
    from etl.ledger.plan import Plan
    from etl.settings import Settings
    from etl.stages.prepare import PreparedInput

MOST_ROOMS = 24
"""A connection keeps a handful of files open; more groups of inputs than this share rooms."""


@dataclass(slots=True)
class Room:
    """A ledger and the plan on it. lock: held by who works in it."""

    ledger: Ledger
    plan: Plan
    lock: Lock = field(default_factory=Lock)


class Rooms:
    """The rooms of one command. The first is there from the beginning. Use it as a context manager."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Raises: LedgerError — the ledger cannot be opened."""
        self._settings = settings
        self._clock = clock
        self._stack = ExitStack()
        self._rooms = [self._open()]
        self._numbers: dict[int, int] = {}

    @property
    def first(self) -> Room:
        """The room that is always there."""
        return self._rooms[0]

    @property
    def is_one(self) -> bool:
        """Whether all inputs are in the first room."""
        return len(self._rooms) == 1

    def share_out(self, groups: Sequence[Iterable[PreparedInput]]) -> None:
        """Give each group of inputs a room, one of its own where there are not too many."""
        for number, group in enumerate(groups):
            room = number % MOST_ROOMS
            if room == len(self._rooms):
                self._rooms.append(self._open())
            self._numbers |= {one.number: room for one in group}

    def of(self, prepared: PreparedInput) -> Room:
        """The room of an input."""
        return self._rooms[self._numbers.get(prepared.number, 0)]

    def _open(self) -> Room:
        ledger = self._stack.enter_context(Ledger(self._settings.ledger_url, self._settings.ledger_files, self._clock))
        return Room(ledger, ledger.plan())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
