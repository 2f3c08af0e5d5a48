"""A worker: takes submissions from the queue, carries out some side by side, and hands them back when it is told to stop.

Threads of one process carry the runs out, as `etl run --jobs` does; the loop of the engine runs in the main thread, with the
`upkeep` beside it. Told to stop, a worker has its runs stop and puts back what it has (`handing_over`).
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

from procrastinate.exceptions import ConnectorException, JobAborted

from etl.exits import ExitCode
from etl.fleet import queries
from etl.fleet.carrying import Carrier, Held, SoFar
from etl.fleet.ends import Back, Over, Turn, Wish, what_next
from etl.fleet.engine import IMPORT, PutBack, PutBackError, app_of_worker
from etl.fleet.handing_over import LEFT, HandingOver
from etl.fleet.laying_out import clear_away
from etl.fleet.order import Order, shown_number
from etl.fleet.sharing import Place, rows_of_accounts, turn
from etl.fleet.upkeep import Upkeep

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from procrastinate import JobContext

    from etl.clock import Clock
    from etl.events import Event, StopSignal
    from etl.fleet.carrying import Attendant
    from etl.fleet.inboxes import Inboxes
    from etl.settings import Settings

DEFAULT_PLACES, MOST_PLACES = 4, 32
DEFAULT_BEAT_SECONDS = 10.0
_NEWER_SECONDS = 60.0
_BETWEEN_TRIES_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """What a worker is. accounts: that it serves. places: most runs at once. folder: for what it works on."""

    accounts: tuple[str, ...]
    folder: Path
    places: int = DEFAULT_PLACES
    beat_seconds: float = DEFAULT_BEAT_SECONDS
    turn_seconds: float = 300.0
    until_empty: bool = False


@dataclass
class Working:
    """One worker, from its start until it is told to stop.

    For those who watch it: held is what it works on, by number; watchers are told of each event of its runs, in their threads;
    finished has the exit codes of what has come to its end. Moments are monotonic: since away_since the database cannot be
    reached, None while it can; beat_at is the last heartbeat that arrived there.

    leave: ends the process behind these words, where what it has could not be put back in time.
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
    leave: Callable[[str], None] | None = None
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
    def has_left(self) -> bool:
        """Whether threads are at work still on what others may go on with: the process has to end."""
        return self._handing_over.has_left

    @property
    def worker(self) -> int | None:
        """Its number at the engine, once it has signed on."""
        return self.jobs.worker if hasattr(self, "jobs") else None

    async def _serve(self, stop: StopSignal) -> None:
        loop = asyncio.get_running_loop()
        self._handing_over = HandingOver(self.settings.ledger_url, self.clock)
        self._app, self.jobs = app_of_worker(self.settings, self._rows)
        self.jobs.away = self._tell_away
        self._carrier = Carrier(self.attendant, self.options.folder, self.clock, self.watchers)
        self._app.task(name=IMPORT, pass_context=True, retry=PutBack())(self._import)
        if self.inboxes is not None:
            self.inboxes.register(self._app, self._serve_inbox)
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
                self._pool.shutdown(wait=not self.has_left)

    async def _once(self) -> None:
        """From signing on until the end, or until others have taken this worker for gone."""
        self._working = asyncio.create_task(self._work())
        watching = asyncio.create_task(Upkeep(self).go_on())
        try:
            await asyncio.wait([self._working, watching], return_when=asyncio.FIRST_COMPLETED)
            if not self._working.done():  # the upkeep has met a defect: without it nothing may go on
                self._end(Wish.HAND_OVER)
            await asyncio.gather(self._working, return_exceptions=True)
        finally:
            watching.cancel()
            (met,) = await asyncio.gather(watching, return_exceptions=True)
        if isinstance(met, Exception):
            raise met

    def _end(self, wish: Wish) -> None:
        """Have all runs stop, and the engine when they have."""
        if wish is Wish.HAND_OVER:
            self._handing_over.begin(self._leave)
        self._ending = wish  # also for what the engine has just taken, and hands over in a moment
        for held in list(self.held.values()):
            held.ask(wish)
        if self.inboxes is not None:
            self.inboxes.stop(str(wish))
        if self._working is not None:
            self._working.cancel()

    def _leave(self) -> None:
        if self.leave is not None:
            self.leave("What it had could not be put back in time. The worker ends as it is; others notice that.")

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
        inboxes = [list(self.inboxes.queues)] if self.inboxes and self.inboxes.has_room else []
        if len(self.held) >= self.options.places:
            return inboxes
        paused = {row["account"] for row in await self.ask(queries.PAUSED)}
        accounts = [one for one in self.options.accounts if one not in paused]
        running = await self.ask(queries.RUNNING, task=IMPORT) if len(accounts) > 1 else []
        places = {row["account"]: int(row["places"]) for row in running}
        return [*inboxes, *rows_of_accounts(accounts, self.taken(), places)]

    def taken(self) -> list[Place]:
        """The places of this worker that are taken."""
        return [
            Place(one.number, one.order.account, one.taken_at, one.sends_since, one.wish is not None)
            for one in self.held.values()
        ]

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
            before = await self._so_far(number)
            work = asyncio.get_running_loop().run_in_executor(self._pool, self._carrier.turn, held, before)
            stopped = lambda: held.ask(Wish.STOP)  # noqa: E731 — nothing else cancels it: see `_end`
            ended = await self._handing_over.unless_left(work, stopped)
            if ended is None:
                ended = Turn(int(ExitCode.STOPPED), LEFT, tuple(held.runs), held.wish, None, before.tries)
                clear_away(number, self.options.folder)
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

    async def _so_far(self, number: int) -> SoFar:
        """As soon as the database is there: what was taken a moment ago must not end by its being away now."""
        while True:
            try:
                found = await self.ask(queries.SO_FAR, submission=number)
            except ConnectorException:
                await asyncio.sleep(_BETWEEN_TRIES_SECONDS)
                continue
            if not found:
                return SoFar()
            (row,) = found
            return SoFar(tuple(row["runs"]), row["exit_code"], row["said"] or "", int(row["tries"]))

    async def _note_end(self, held: Held, ended: Any, then: Over | Back) -> None:
        """Note how a turn ended, as soon as the database is there; and the pause of an account whose keys are refused."""
        tries = then.tries if isinstance(then, Back) else 0
        values = {"runs": list(ended.runs), "exit_code": ended.exit_code, "said": ended.said, "tries": tries}
        while held.wish is not Wish.LOST:
            try:
                await self.do(queries.NOTE_END, submission=held.number, worker=self.worker, **values)
                if isinstance(then, Back) and then.pauses:
                    who = f"a worker on {platform.node()}"
                    await self.ask(queries.PAUSE, account=held.order.account, who=who, why=then.pauses)
            except ConnectorException:
                await asyncio.sleep(_BETWEEN_TRIES_SECONDS)
            else:
                return

    # What the upkeep tells

    def begin_anew(self) -> None:
        """Others have taken this worker for gone."""
        self.attendant.say("Others have taken this worker for gone and have its submissions. It signs on anew.")
        self._is_gone = True
        self._end(Wish.LOST)

    def heard_back(self, now_seconds: float) -> None:
        """The heartbeat has arrived. now_seconds: since 1970, by the clock of the database."""
        self.beat_at = self.clock.monotonic()
        self._db_ahead = now_seconds - self.clock.now().timestamp()

    # Small things

    async def ask(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        """The rows that a statement gives.  Raises: ConnectorException."""
        found: list[dict[str, Any]] = await self._app.connector.execute_query_all_async(statement, **values)
        return found

    async def do(self, statement: str, **values: Any) -> None:
        """Carry a statement out.  Raises: ConnectorException."""
        await self._app.connector.execute_query_async(statement, **values)

    async def _serve_inbox(self, serve: Callable[..., tuple[int, str]], *arguments: Any) -> tuple[int, str]:
        work = asyncio.get_running_loop().run_in_executor(self._pool, serve, *arguments)
        served = await self._handing_over.unless_left(work, lambda: None)
        return served or (int(ExitCode.STOPPED), LEFT)

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
