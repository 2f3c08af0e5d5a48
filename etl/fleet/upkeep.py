"""What a worker looks after every half heartbeat, beside its runs:

the heartbeat, also while the worker is ending and waits for answers in the air (the engine's own stops then)
what workers had that are gone           back into the queue, where it was
accounts that were paused                their runs are stopped, and wait
submissions that wait for a free place   a run that has to make room gives its place back (`sharing`)
the queue says that a run is another's   it is stopped; what keeps it from sending before that is the ledger's lease
"""

from __future__ import annotations

import asyncio
import os
import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from procrastinate.exceptions import ConnectorException

from etl import __version__
from etl.fleet import queries
from etl.fleet.ends import Wish
from etl.fleet.engine import IMPORT, INBOX
from etl.fleet.order import shown_number
from etl.fleet.sharing import Waiting, who_gives_way

if TYPE_CHECKING:
    from etl.fleet.working import Working

ROOM_SECONDS = 60.0
"""For so long a place that was given back is the submission's for which it was; then another worker may give one."""


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Of one worker."""

    working: Working

    async def go_on(self) -> None:
        """Look for as long as there is something to look after."""
        while True:
            await asyncio.sleep(self.working.options.beat_seconds / 2)
            try:
                await self._look()
            except ConnectorException:
                continue  # it is told of by who else asks

    async def _look(self) -> None:
        working = self.working
        worker = working.worker
        if worker is None:
            return
        await working.jobs.update_heartbeat(worker)
        if not await working.ask(queries.IS_KNOWN, worker=worker):
            working.begin_anew()
            return
        (now,) = await working.ask(queries.NOW)
        working.heard_back(float(now["now"]))
        await working.do(queries.SIGN_ON, **self._hand(worker))
        await self._drop_what_is_lost(worker)
        for row in await working.ask(queries.RESCUE, task=IMPORT):
            working.attendant.say(
                f"{shown_number(row['submission'])} was left by a worker that is gone: back into the queue."
            )
        await working.ask(queries.LET_GO, task=INBOX)
        await self._note_runs()
        await self._stop_what_is_paused()
        await self._make_room()

    async def _drop_what_is_lost(self, worker: int) -> None:
        """Stop the runs of submissions that the queue has given to others meanwhile."""
        held = self.working.held
        numbers = list(held)
        ours = {row["id"] for row in await self.working.ask(queries.STILL_OURS, numbers=numbers, worker=worker)}
        for number in numbers:
            if number not in ours and number in held:
                held[number].ask(Wish.LOST)

    async def _note_runs(self) -> None:
        for held in list(self.working.held.values()):
            if held.runs:
                await self.working.do(queries.NOTE_RUNS, submission=held.number, runs=list(held.runs))

    async def _stop_what_is_paused(self) -> None:
        paused = {row["account"] for row in await self.working.ask(queries.PAUSED)}
        for held in list(self.working.held.values()):
            if held.order.account in paused:
                held.ask(Wish.PAUSE)
        if self.working.inboxes is not None and paused:
            self.working.inboxes.stop(str(Wish.PAUSE), paused)

    async def _make_room(self) -> None:
        """Give a place back where somebody waits for one who is to have it."""
        working = self.working
        places, taken = working.options.places, working.taken()
        if len(taken) < places:
            return
        waiting = [
            Waiting(row["submission"], row["account"], row["sends"])
            for row in await working.ask(queries.COULD_GO, accounts=list(working.options.accounts))
        ]
        if not waiting:
            return
        running = {row["account"]: int(row["places"]) for row in await working.ask(queries.RUNNING, task=IMPORT)}
        way = who_gives_way(taken, places, waiting, running, working.clock.monotonic(), working.options.turn_seconds)
        held = working.held.get(way.gives) if way is not None else None
        if way is None or held is None or held.wish is not None:
            return
        for submission in way.to:
            if await working.ask(queries.CLAIM_ROOM, submission=submission, seconds=ROOM_SECONDS):
                held.ask(Wish.GIVE_WAY)
                return

    def _hand(self, worker: int) -> dict[str, Any]:
        options = self.working.options
        return {
            "worker": worker,
            "machine": platform.node() or "unknown",
            "pid": os.getpid(),
            "accounts": list(options.accounts),
            "places": options.places,
            "beat": options.beat_seconds,
            "version": __version__,
        }
