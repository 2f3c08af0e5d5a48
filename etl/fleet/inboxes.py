"""Inboxes that workers serve every so often, as periodic tasks of the engine: `etl inbox`, without cron.

A folder of a machine is served by the workers of that machine, one at a URL by those of any; never by two at once.
"""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from etl.events import StopSignal
from etl.fleet.engine import INBOX
from etl.fleet.queries import NOTE_INBOX
from etl.places import is_url

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence
    from pathlib import Path

    from procrastinate import App

_HOUR = 60


@dataclass
class Inboxes:
    """Those that one worker serves. minutes: between two times.

    serve: serves one to its end, in a thread; the exit code and how it ended, in words. accounts_of: into which it imports.
    """

    folders: Sequence[Path]
    minutes: int
    serve: Callable[[Path, StopSignal], tuple[int, str]]
    accounts_of: Callable[[Path], Collection[str]]
    _running: dict[str, tuple[Path, StopSignal]] = field(default_factory=dict)
    _ended_for: str | None = None

    @property
    def most_at_once(self) -> int:
        """Threads beside those of submissions: one. A night's files go side by side within it."""
        return 1

    @property
    def has_room(self) -> bool:
        """Whether another one may be begun."""
        return len(self._running) < self.most_at_once

    @property
    def queues(self) -> tuple[str, ...]:
        """The engine's queues of them, one each."""
        return tuple(map(queue_of, self.folders))

    def register(self, app: App, in_thread: Callable[..., Awaitable[tuple[int, str]]]) -> None:
        """Have the engine defer each of them every so often, and this worker carry that out."""

        async def serve(timestamp: int, queue: str) -> None:  # noqa: ARG001 — the engine tells the moment for which it was
            folder = next(one for one in self.folders if queue_of(one) == queue)
            stop = StopSignal()
            if self._ended_for is not None:
                stop.request(self._ended_for)
            self._running[queue] = (folder, stop)
            try:
                code, said = await in_thread(self.serve, folder, stop)
            finally:
                del self._running[queue]
            await app.connector.execute_query_async(NOTE_INBOX, name=str(folder), exit_code=code, said=said)

        task = app.task(name=INBOX)(serve)
        for queue in self.queues:
            configured: dict[str, Any] = {"queue": queue, "lock": queue, "queueing_lock": queue}
            app.periodic(cron=self._cron, periodic_id=queue, **configured, task_kwargs={"queue": queue})(task)

    def go_on(self) -> None:
        """The worker begins, or begins anew."""
        self._ended_for = None

    def stop(self, reason: str, accounts: Collection[str] | None = None) -> None:
        """Have those that are being served stop. accounts: only such as import into one of these; None for all, for good."""
        if accounts is None:
            self._ended_for = reason
        for folder, stop in list(self._running.values()):
            if accounts is None or any(one in accounts for one in self.accounts_of(folder)):
                stop.request(reason)

    @property
    def _cron(self) -> str:
        """The same minutes of each hour, or hours of each day; the engine reckons in UTC, to which these are the same."""
        if self.minutes < _HOUR:
            return f"*/{self.minutes} * * * *"
        return f"0 */{self.minutes // _HOUR} * * *"


def queue_of(folder: Path) -> str:
    """The queue of an inbox: by its URL; for a folder of a machine by that machine, too."""
    place = str(folder) if is_url(folder) else f"{platform.node()}:{folder}"
    return f"inbox-{hashlib.sha256(place.encode()).hexdigest()[:16]}"
