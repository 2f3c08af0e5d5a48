"""How a worker ends that was told to stop, in bounded time, whoever does not answer:

all answers come within HAND_OVER_SECONDS   they are written down, and what is left goes back into the queue
some do not                                 it gives its leases up and puts back what it has, rows in the air as they are, in
                                            doubt: whoever goes on verifies them first. Then the process has to end at once
the database is away, too                   LEAVE_SECONDS after it was told it ends as if it had died: its heartbeat is missed
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from etl.ledger.leaving import give_up_leases

if TYPE_CHECKING:
    from collections.abc import Callable

    from etl.clock import Clock

HAND_OVER_SECONDS = 5.0
"""So long answers are waited for. Who told a worker to stop may kill it soon after (docker: 10 s)."""

GIVE_UP_SECONDS = 2.5
"""So long at most it is waited for that its leases are given up; what is left of the time is for putting back what it has."""

LEAVE_SECONDS = 9.0
"""From when it was told to stop on: then it leaves, whatever was waited for until then."""

LEFT = "Not all answers had come when the worker was stopped; what became of those requests is looked for first"

T = TypeVar("T")


@dataclass
class HandingOver:
    """Of one worker, in the loop of its engine. ledger_url: of the ledger whose leases it gives up.

    has_left: threads are at work still on what others may go on with: the process has to end.
    """

    ledger_url: str
    clock: Clock
    has_left: bool = False
    _gone: asyncio.Event = field(default_factory=asyncio.Event)
    _under_way: set[asyncio.Future[Any]] = field(default_factory=set)
    _task: asyncio.Task[None] | None = None

    def begin(self, leave: Callable[[], None]) -> None:
        """The worker was told to stop. leave: ends it where nothing can be written down in time."""
        if self._task is None:
            self._task = asyncio.create_task(self._in_time(leave))

    async def unless_left(self, work: asyncio.Future[T], cancelled: Callable[[], None]) -> T | None:
        """What comes of something in a thread; None where the worker leaves before. cancelled: told when somebody cancels it."""
        self._under_way.add(work)
        gone = asyncio.create_task(self._gone.wait())
        either: list[asyncio.Future[Any]] = [work, gone]
        try:
            while not (work.done() or gone.done()):
                try:
                    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                except asyncio.CancelledError:
                    cancelled()
            return work.result() if work.done() else None
        finally:
            gone.cancel()
            self._under_way.discard(work)

    async def _in_time(self, leave: Callable[[], None]) -> None:
        last = asyncio.create_task(asyncio.sleep(LEAVE_SECONDS))  # runs beside all that is waited for here
        await asyncio.sleep(HAND_OVER_SECONDS)
        if self._under_way:
            self.has_left = True
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.to_thread(give_up_leases, self.ledger_url, self.clock), GIVE_UP_SECONDS)
            self._gone.set()
        await last
        leave()
