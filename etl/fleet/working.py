"""A worker: takes submissions from the queue, carries out some side by side, and hands them back when it is told to stop.

Threads of one process carry the runs out, as `etl run --jobs` does; the loop of the engine runs in the main thread, with a watch
beside it that looks every few seconds:

    the heartbeat, also while the worker is ending and waits for answers in the air (the engine's own stops then)
    what workers had that are gone           back into the queue, where it was
    accounts that were paused                their runs are stopped, and wait
    submissions that wait for a free place   a run whose turn is over gives its place back (`sharing`)
    the queue says that a run is another's   it is stopped; what keeps it from sending before that is the ledger's lease
"""

from __future__ import annotations

import asyncio
import os
import platform
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.exceptions import ConnectorException, JobAborted

from etl import __version__
from etl.fleet import queries
from etl.fleet.carrying import Carrier, Held
from etl.fleet.ends import Back, Over, Wish, what_next
from etl.fleet.engine import IMPORT, INBOX, app_of_worker
from etl.fleet.order import Order, shown_number
from etl.fleet.sharing import Place, rows_of_accounts, turn, who_gives_way

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from procrastinate import JobContext
    from procrastinate.jobs import Job

    from etl.clock import Clock
    from etl.events import Event, StopSignal
    from etl.fleet.carrying import Attendant
    from etl.fleet.inboxes import Inboxes
    from etl.settings import Settings

DEFAULT_PLACES, MOST_PLACES = 4, 32
DEFAULT_BEAT_SECONDS = 10.0
ROOM_SECONDS = 60.0
"""For so long a place that was given back is the submission's for which it was; then another worker may give one."""

_NEWER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """What a worker is. accounts: that it serves. places: most runs at once. folder: for what it works on."""

    accounts: tuple[str, ...]
    folder: Path
    places: int = DEFAULT_PLACES
    beat_seconds: float = DEFAULT_BEAT_SECONDS
    turn_seconds: float = 300.0
    until_empty: bool = False


class PutBackError(Exception):
    """How a task tells the engine that its job goes on later. at: None for at once; priority: None keeps its place."""

    def __init__(self, at: datetime | None = None, priority: int | None = None) -> None:
        super().__init__("back into the queue")
        self.at = at
        self.priority = priority


class _PutBack(BaseRetryStrategy):
    """The engine's way of putting a job back: as a retry of one that has failed."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:  # noqa: ARG002 — the engine's signature
        if isinstance(exception, PutBackError):
            return RetryDecision(retry_at=exception.at, priority=exception.priority)
        return None


@dataclass
class Working:
    """One worker, from its start until it is told to stop.

    For those who watch it: held is what it works on, by number; watchers are told of each event of its runs, in their threads;
    finished has the exit codes of what has come to its end. Moments are monotonic: since away_since the database cannot be
    reached, None while it can; beat_at is the last heartbeat that arrived there.
    """

    settings: Settings
    options: WorkerOptions
    attendant: Attendant
    clock: Clock
    inboxes: Inboxes | None = None
    held: dict[int, Held] = field(default_factory=dict)
    finished: list[int] = field(default_factory=list)
    watchers: list[Callable[[Held, Event], None]] = field(default_factory=list)
    away_since: float | None = None
    beat_at: float | None = None
    _paused: frozenset[str] = frozenset()
    _db_ahead: float = 0.0
    _is_gone: bool = False
    _ending: Wish | None = None
    _working: asyncio.Task[None] | None = None

    def serve(self, stop: StopSignal) -> None:
        """Work until `stop` is asked for; then all runs are handed back."""
        factory = asyncio.SelectorEventLoop if sys.platform == "win32" else None  # psycopg cannot use Windows' own
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(self._serve(stop))

    @property
    def worker(self) -> int | None:
        """Its number at the engine, once it has signed on."""
        return self._jobs.worker if hasattr(self, "_jobs") else None

    async def _serve(self, stop: StopSignal) -> None:
        loop = asyncio.get_running_loop()
        self._app, self._jobs = app_of_worker(self.settings, self._rows)
        self._jobs.away = self._tell_away
        self._carrier = Carrier(self.attendant, self.options.folder, self.clock, self.watchers)
        self._app.task(name=IMPORT, pass_context=True, retry=_PutBack())(self._import)
        if self.inboxes is not None:
            self.inboxes.register(self._app, self._in_thread)
        threads = self.options.places + (self.inboxes.most_at_once if self.inboxes else 0)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="submission")

        def hand_over() -> None:
            with suppress(RuntimeError):  # it has ended: whoever asks again, asks a loop that is closed
                loop.call_soon_threadsafe(self._end, Wish.HAND_OVER)

        stop.on_request(hand_over)
        async with self._app.open_async():
            try:
                self._is_gone = stop.reason is None
                while self._is_gone and stop.reason is None:
                    self._is_gone = False
                    self._ending = None
                    if self.inboxes is not None:
                        self.inboxes.go_on()
                    await self._once()
            finally:
                self._pool.shutdown()

    async def _once(self) -> None:
        """From signing on until the end, or until others have taken this worker for gone."""
        self._working = asyncio.create_task(self._work())
        watching = asyncio.create_task(self._watch())
        try:
            await asyncio.wait([self._working, watching], return_when=asyncio.FIRST_COMPLETED)
            self._end(Wish.HAND_OVER)  # where the watch has met a defect: without it nothing may go on
            await asyncio.gather(self._working, return_exceptions=True)
        finally:
            watching.cancel()
            (met,) = await asyncio.gather(watching, return_exceptions=True)
        if isinstance(met, Exception):
            raise met

    def _end(self, wish: Wish) -> None:
        """Have all runs stop, and the engine when they have."""
        self._ending = wish  # also for what the engine has just taken, and hands over in a moment
        for held in list(self.held.values()):
            held.ask(wish)
        if self.inboxes is not None:
            self.inboxes.stop(str(wish))
        if self._working is not None:
            self._working.cancel()

    async def _work(self) -> None:
        """The engine's worker."""
        beat = self.options.beat_seconds
        await self._app.run_worker_async(
            queues=list(self._queues),
            name=f"{platform.node()}:{os.getpid()}",
            concurrency=self.options.places + (self.inboxes.most_at_once if self.inboxes else 0),
            wait=not self.options.until_empty,
            fetch_job_polling_interval=min(5.0, beat / 2),
            abort_job_polling_interval=min(5.0, beat / 2),
            install_signal_handlers=False,
            update_heartbeat_interval=beat,
            stalled_worker_timeout=beat * queries.STALLED_BEATS,
        )

    @property
    def _queues(self) -> Sequence[str]:
        return (*self.options.accounts, *(self.inboxes.queues if self.inboxes else ()))

    # What the engine asks

    async def _rows(self) -> list[list[str]]:
        """Which queues to ask for the next free place, in their order. A paused account is not asked."""
        found = await self._ask(queries.PAUSED)
        self._paused = frozenset(row["account"] for row in found)
        inboxes = [list(self.inboxes.queues)] if self.inboxes and self.inboxes.has_room else []
        if len(self.held) >= self.options.places:
            return inboxes
        accounts = [one for one in self.options.accounts if one not in self._paused]
        return [*inboxes, *rows_of_accounts(accounts, self._taken())]

    def _taken(self) -> list[Place]:
        return [Place(one.number, one.order.account, one.taken_at, one.sends_since) for one in self.held.values()]

    async def _import(self, context: JobContext, order: dict[str, Any]) -> None:
        """The task: one turn of one submission. Raises: PutBackError — it goes on later. JobAborted — a person has stopped it."""
        number = context.job.id or 0
        try:
            known = Order.of_data({"order": order})
        except ValueError as error:
            self.attendant.say(f"{shown_number(number)}: {error}. It is left to a worker that is newer.")
            raise PutBackError(self._moment(timedelta(seconds=_NEWER_SECONDS))) from error
        held = self.held[number] = Held(number, known, self.clock.monotonic())
        if self._ending is not None:
            held.ask(self._ending)
        try:
            tries = await self._tries(number)
            work = asyncio.get_running_loop().run_in_executor(self._pool, self._carrier.turn, held, tries)
            while True:
                try:
                    ended = await asyncio.shield(work)
                    break
                except asyncio.CancelledError:
                    held.ask(Wish.STOP)  # nothing else cancels it: see `_end`
            then = what_next(ended, known.window, self.clock.now())
            await self._note_end(held, ended, then)
            await asyncio.get_running_loop().run_in_executor(
                None, self.attendant.ended, number, known, ended, then, held.summary
            )
        finally:
            del self.held[number]
        if isinstance(then, Back):
            now = (self.clock.now() + timedelta(seconds=self._db_ahead)).timestamp()
            behind = turn(now + 1) if then.is_behind else None  # behind what came within this very second, too
            raise PutBackError(None if then.at is None else then.at + timedelta(seconds=self._db_ahead), behind)
        self.finished.append(ended.exit_code)
        if then.is_stopped:
            raise JobAborted

    async def _tries(self, number: int) -> int:
        found = await self._ask(queries.TRIES, submission=number)
        return int(found[0]["tries"]) if found else 0

    async def _note_end(self, held: Held, ended: Any, then: Over | Back) -> None:
        """Note how a turn ended, as soon as the database is there; and the pause of an account whose keys are refused."""
        tries = then.tries if isinstance(then, Back) else 0
        values = {"runs": list(ended.runs), "exit_code": ended.exit_code, "said": ended.said, "tries": tries}
        while held.wish is not Wish.LOST:
            try:
                await self._do(queries.NOTE_END, submission=held.number, **values)
                if isinstance(then, Back) and then.pauses:
                    who = f"a worker on {platform.node()}"
                    await self._ask(queries.PAUSE, account=held.order.account, who=who, why=then.pauses)
            except ConnectorException:
                await asyncio.sleep(1.0)
            else:
                return

    # The watch

    async def _watch(self) -> None:
        """Look every half heartbeat, for as long as there is something to look after."""
        while True:
            await asyncio.sleep(self.options.beat_seconds / 2)
            try:
                await self._look()
            except ConnectorException:
                continue  # it is told of by who else asks

    async def _look(self) -> None:
        worker = self._jobs.worker
        if worker is None:
            return
        await self._jobs.update_heartbeat(worker)
        if not await self._ask(queries.IS_KNOWN, worker=worker):
            self.attendant.say("Others have taken this worker for gone and have its submissions. It signs on anew.")
            self._is_gone = True
            self._end(Wish.LOST)
            return
        self.beat_at = self.clock.monotonic()
        (now,) = await self._ask(queries.NOW)
        self._db_ahead = float(now["now"]) - self.clock.now().timestamp()
        await self._do(queries.SIGN_ON, **self._hand(worker))
        await self._drop_what_is_lost(worker)
        for row in await self._ask(queries.RESCUE, task=IMPORT):
            self.attendant.say(
                f"{shown_number(row['submission'])} was left by a worker that is gone: back into the queue."
            )
        await self._ask(queries.LET_GO, task=INBOX)
        await self._note_runs()
        self._paused = frozenset(row["account"] for row in await self._ask(queries.PAUSED))
        for held in list(self.held.values()):
            if held.order.account in self._paused:
                held.ask(Wish.PAUSE)
        if self.inboxes is not None and self._paused:
            self.inboxes.stop(str(Wish.PAUSE), self._paused)
        await self._make_room()

    async def _drop_what_is_lost(self, worker: int) -> None:
        """Stop the runs of submissions that the queue has given to others meanwhile."""
        numbers = list(self.held)
        ours = {row["id"] for row in await self._ask(queries.STILL_OURS, numbers=numbers, worker=worker)}
        for number in numbers:
            if number not in ours and number in self.held:
                self.held[number].ask(Wish.LOST)

    async def _note_runs(self) -> None:
        for held in list(self.held.values()):
            if held.runs:
                await self._do(queries.NOTE_RUNS, submission=held.number, runs=list(held.runs))

    async def _make_room(self) -> None:
        """Give a place back where somebody waits for one and a turn is over."""
        taken = self._taken()
        if len(taken) < self.options.places:
            return
        waiting = await self._ask(queries.COULD_GO, accounts=list(self.options.accounts))
        gives_way = who_gives_way(
            taken,
            self.options.places,
            [row["account"] for row in waiting],
            self.clock.monotonic(),
            self.options.turn_seconds,
        )
        if gives_way is None or self.held[gives_way.submission].wish is not None:
            return
        for row in waiting:
            if await self._ask(queries.CLAIM_ROOM, submission=row["submission"], seconds=ROOM_SECONDS):
                self.held[gives_way.submission].ask(Wish.GIVE_WAY)
                return

    def _hand(self, worker: int) -> dict[str, Any]:
        return {
            "worker": worker,
            "machine": platform.node() or "unknown",
            "pid": os.getpid(),
            "accounts": list(self.options.accounts),
            "places": self.options.places,
            "beat": self.options.beat_seconds,
            "version": __version__,
        }

    # Small things

    async def _ask(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self._app.connector.execute_query_all_async(statement, **values)
        return found

    async def _do(self, statement: str, **values: Any) -> None:
        await self._app.connector.execute_query_async(statement, **values)

    async def _in_thread(self, act: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, act, *arguments)

    def _moment(self, ahead: timedelta) -> datetime:
        return self.clock.now() + ahead + timedelta(seconds=self._db_ahead)

    def _tell_away(self, words: str | None) -> None:
        self.away_since = None if words is None else self.clock.monotonic()
        if words is None:
            self.attendant.say("The database is there again.")
        else:
            self.attendant.say(
                f"The database cannot be reached: {' '.join(words.split())}. Nothing is begun until it is back."
            )
