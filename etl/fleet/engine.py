"""The engine, Procrastinate: its app over the database of the fleet, and the patience that it lacks.

What it has is used as it is: queue (one for each account), locks, retries, periodic tasks, heartbeats, wishes to abort. What is
added here, because it ends the worker or the wrong job otherwise:

    the database is away          a worker of the engine stops; ours waits until it is back, and its runs go on meanwhile
    a job that is another's now   the engine ends a job by its number, whoever has it; ours leaves it to whom it belongs
    turns                         the engine takes the first job of all queues; ours asks for them in the order of `sharing`
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision, SyncPsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.manager import JobManager

from etl.fleet.place import pool_arguments
from etl.ledger.libpq import SURELY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence
    from datetime import datetime

    from procrastinate.jobs import Job, Status
    from procrastinate.manager import NotificationCallback
    from psycopg import AsyncConnection, Connection

    from etl.settings import Settings

IMPORT = "etl.import"
"""The engine's name for the task of carrying out one order. It stands in the queue: it must not change."""

INBOX = "etl.inbox"
"""The same for serving an inbox once."""

_BETWEEN_TRIES_SECONDS = 1.0
_CONNECTIONS = 4
"""Of the engine, in one worker: it asks for little, and runs have connections of their own."""

_WHOSE = "SELECT status::text AS status, worker_id FROM procrastinate_jobs WHERE id = %(number)s"


class PutBackError(Exception):
    """How a task tells the engine that its job goes on later. at: None for at once; priority: None keeps its place."""

    def __init__(self, at: datetime | None = None, priority: int | None = None) -> None:
        super().__init__("back into the queue")
        self.at = at
        self.priority = priority


class PutBack(BaseRetryStrategy):
    """The engine's way of putting a job back: as a retry of one that has failed."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:  # noqa: ARG002 — the engine's signature
        if isinstance(exception, PutBackError):
            return RetryDecision(retry_at=exception.at, priority=exception.priority)
        return None


def app_for_a_moment(settings: Settings) -> App:
    """The engine for one command, to be opened by `with`: it defers and cancels."""
    return App(connector=SyncPsycopgConnector(**pool_arguments(settings, 1), configure=_surely))


def _surely(connection: Connection[Any]) -> None:
    """A new connection: what the queue has taken survives a crash, and no more is asked of a standby than its role says."""
    connection.execute(SURELY)
    connection.commit()


async def _surely_too(connection: AsyncConnection[Any]) -> None:
    await connection.execute(SURELY)
    await connection.commit()


def app_of_worker(
    settings: Settings, rows: Callable[[], Awaitable[Sequence[Sequence[str]]]]
) -> tuple[App, PatientJobs]:
    """The engine for a worker, and its dealings with the queue. rows: as `PatientJobs` has them."""
    for noisy in ("procrastinate", "psycopg"):  # they tell of each vain try with a traceback; `away` tells of it once
        logging.getLogger(noisy).addHandler(logging.NullHandler())
    app = App(connector=PsycopgConnector(**pool_arguments(settings, _CONNECTIONS), configure=_surely_too))
    app.job_manager = jobs = PatientJobs(app.connector, rows)
    return app, jobs


class PatientJobs(JobManager):
    """The engine's dealings with the queue.

    rows: which accounts to ask for a job, and if there is none, which then, and so on; asked anew each time.
    away: told whenever the database cannot be reached, and with None when it is there again.
    """

    def __init__(self, connector: Any, rows: Callable[[], Awaitable[Sequence[Sequence[str]]]]) -> None:
        super().__init__(connector)
        self._rows = rows
        self.worker: int | None = None
        self.away: Callable[[str | None], None] = lambda _: None
        self._is_away = False

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:  # noqa: ARG002 — see `rows`
        """The next job for a free place; None too where the database cannot be reached now: it is asked again soon."""
        try:
            for accounts in await self._rows():
                job = await super().fetch_job(list(accounts), worker_id)
                if job is not None:
                    self._note(None)
                    return job
        except ConnectorException as error:
            self._note(error)
            return None
        self._note(None)
        return None

    async def register_worker(self) -> int:
        self.worker = await super().register_worker()
        return self.worker

    async def unregister_worker(self, worker_id: int) -> None:
        """Sign off; where the database is away the missing heartbeat tells the same, later."""
        try:
            await super().unregister_worker(worker_id)
        except ConnectorException as error:
            self._note(error)

    async def update_heartbeat(self, worker_id: int) -> None:
        try:
            await super().update_heartbeat(worker_id)
            self._note(None)
        except ConnectorException as error:
            self._note(error)

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """End a job that is still ours."""
        await self._until_done(job, lambda: super(PatientJobs, self).finish_job(job, status, delete_job))

    async def retry_job(self, job: Job, *args: Any, **kwargs: Any) -> None:
        """Put a job that is still ours back into the queue."""
        await self._until_done(job, lambda: super(PatientJobs, self).retry_job(job, *args, **kwargs))

    async def defer_periodic_job(self, job: Job, periodic_id: str, defer_timestamp: int) -> int | None:
        try:
            return await super().defer_periodic_job(job, periodic_id, defer_timestamp)
        except ConnectorException as error:
            self._note(error)  # another worker does it, or nobody: what is served each few minutes comes again
            return None

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        while True:
            try:
                await super().listen_for_jobs(on_notification=on_notification, queues=queues)
            except ConnectorException as error:
                self._note(error)
            await asyncio.sleep(_BETWEEN_TRIES_SECONDS)

    async def is_ours(self, job: Job) -> bool:
        """Whether the engine still has a job for this worker's. Raises: ConnectorException — the database is away."""
        found = await self.connector.execute_query_all_async(_WHOSE, number=job.id)
        return bool(found) and found[0]["status"] == "doing" and found[0]["worker_id"] == self.worker

    async def _until_done(self, job: Job, act: Callable[[], Awaitable[None]]) -> None:
        """Note the end of a job as soon as the database is there, unless somebody else has the job by then."""
        while True:
            try:
                if await self.is_ours(job):
                    await act()
            except ConnectorException as error:
                self._note(error)
                await asyncio.sleep(_BETWEEN_TRIES_SECONDS)
            else:
                self._note(None)
                return

    def _note(self, error: Exception | None) -> None:
        if (error is not None) is not self._is_away:
            self._is_away = error is not None
            self.away(None if error is None else str(error.__cause__ or error))
