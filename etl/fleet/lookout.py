"""Looking at a fleet: workers and queue are asked of the engine's tables, accounts of the ledger. Asks only."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from etl.delivery.quota import reserve
from etl.fleet import queries
from etl.fleet.counting import OpenRowsCount
from etl.fleet.overview import AccountNow, Overview, Paused, Queue, Work, WorkerNow
from etl.fleet.place import ask, is_installed, opened
from etl.fleet.submissions import TASK

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from psycopg.rows import DictRow

    from etl.clock import Clock
    from etl.ledger.standing import Standing
    from etl.ledger.store import Ledger
    from etl.settings import Settings

_WORKERS = """
SELECT hands.worker AS number, hands.machine, hands.pid, hands.accounts, hands.places, hands.beat_seconds, hands.etl_version,
       extract(epoch FROM clock_timestamp() - worker.last_heartbeat)::double precision AS beat_age,
       extract(epoch FROM clock_timestamp() - hands.since)::double precision AS up
  FROM hands JOIN procrastinate_workers worker ON worker.id = hands.worker
 ORDER BY hands.machine, hands.pid, hands.worker
"""

_WORK = """
SELECT job.id AS submission, job.worker_id AS worker, job.queue_name AS account, job.args #>> '{order,input,place}' AS place,
       job.abort_requested, ends.runs,
       extract(epoch FROM clock_timestamp() - (SELECT max(at) FROM procrastinate_events event
                            WHERE event.job_id = job.id AND event.type = 'started'))::double precision AS seconds
  FROM procrastinate_jobs job LEFT JOIN ends ON ends.submission = job.id
 WHERE job.status = 'doing' AND job.task_name = %(task)s
 ORDER BY job.id
"""

# Since when it could have been taken: since it was handed in, or since the moment before which it could not.
_QUEUE = """
WITH waiting AS (
    SELECT job.queue_name AS account, coalesce(job.scheduled_at > clock_timestamp(), FALSE) AS is_later, job.scheduled_at,
           greatest(job.scheduled_at, (SELECT min(at) FROM procrastinate_events event
                                        WHERE event.job_id = job.id AND event.type = 'deferred')) AS since
      FROM procrastinate_jobs job WHERE job.status = 'todo' AND job.task_name = %(task)s)
SELECT account, count(*) FILTER (WHERE NOT is_later) AS now, count(*) FILTER (WHERE is_later) AS later,
       extract(epoch FROM clock_timestamp() - min(since) FILTER (WHERE NOT is_later))::double precision AS oldest,
       extract(epoch FROM min(scheduled_at) FILTER (WHERE is_later))::double precision AS next_at
  FROM waiting GROUP BY account
"""


class Lookout:
    """Looks at a fleet again and again. budgets: requests a day, by account. only: those accounts alone, None for all.

    Not for several threads at once.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        budgets: Mapping[str, int | None],
        only: Iterable[str] | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._budgets = budgets
        self._only = None if only is None else frozenset(only)
        self._count = OpenRowsCount(clock)
        self._ledger: Ledger | None = None

    def look(self) -> Overview:
        """How it stands now.  Raises: UsageError, LedgerError."""
        workers, left, queues, pauses = self._engine_facts()
        try:
            standing = self._standing()
            counted = self._count.now(standing)
            known, spent = standing.accounts(), standing.spent_today()
            names = {work.account for worker in workers for work in worker.work} | queues.keys() | pauses.keys()
            names |= {name for worker in workers for name in worker.accounts}
            names |= {name for name, numbers in known.items() if any(one in counted.by_account for one in numbers)}
            accounts = tuple(
                self._account(name, known.get(name, ()), workers, queues, pauses, standing, counted.by_account, spent)
                for name in sorted(names if self._only is None else names & self._only | self._only)
            )
        except BaseException:
            self.close()
            raise
        return Overview(self._settings.ledger_shown, self._clock.now().timestamp(), counted.at, workers, accounts, left)

    def close(self) -> None:
        """Let go of the ledger; the next look opens it again."""
        ledger, self._ledger = self._ledger, None
        if ledger is not None:
            with suppress(Exception):  # what is broken need not be closed well
                ledger.close()

    def _standing(self) -> Standing:
        if self._ledger is None:
            from etl.ledger.store import Ledger  # noqa: PLC0415 — loads SQLAlchemy

            self._ledger = Ledger(self._settings.ledger_url, self._settings.ledger_files, self._clock)
        return self._ledger.standing

    def _engine_facts(
        self,
    ) -> tuple[tuple[WorkerNow, ...], tuple[Work, ...], dict[str, Queue], dict[str, Paused]]:
        with opened(self._settings) as connection:
            if not is_installed(connection):
                return (), (), {}, {}
            workers, work, queue = (
                ask(connection, statement, {"task": TASK}) for statement in (_WORKERS, _WORK, _QUEUE)
            )
            pauses = ask(connection, queries.PAUSED)
        queues = {
            row["account"]: Queue(row["now"], row["later"], _seconds(row["oldest"]), row["next_at"]) for row in queue
        }
        found, left = _workers(workers, work)
        return found, left, queues, {row["account"]: Paused(row["who"], row["why"], row["since"]) for row in pauses}

    def _account(  # noqa: PLR0913, PLR0917 — one line of the overview, of all that was asked
        self,
        name: str,
        numbers: Sequence[int],
        workers: Sequence[WorkerNow],
        queues: Mapping[str, Queue],
        pauses: Mapping[str, Paused],
        standing: Standing,
        counted: Mapping[int, Any],
        spent: Mapping[int, int],
    ) -> AccountNow:
        late = [(standing.of_late(one), standing.limits(one)) for one in numbers]
        shares = [share for sent, limits in late if (share := sent.share_of(limits)) is not None]
        spent_today = sum(spent.get(one, 0) for one in numbers)
        budget = self._budgets.get(name)
        return AccountNow(
            name,
            running=sum(work.account == name for worker in workers for work in worker.work),
            queue=queues.get(name, Queue()),
            paused=pauses.get(name),
            is_served=any(name in worker.accounts for worker in workers if worker.is_fresh),
            share=max(shares, default=None),
            refused=sum(sent.refused for sent, _ in late),
            rows_per_second=sum(sent.rows_per_second for sent, _ in late),
            rows_waiting=sum(counted[one].waiting for one in numbers if one in counted),
            rows_unconfirmed=sum(counted[one].unconfirmed for one in numbers if one in counted),
            spent_today=spent_today,
            quota_left=None if budget is None else max(0, budget - reserve(budget) - spent_today),
        )


def _workers(rows: Sequence[DictRow], work: Sequence[DictRow]) -> tuple[tuple[WorkerNow, ...], tuple[Work, ...]]:
    """The workers with what each is at; and work of none of them."""
    of_worker: defaultdict[int | None, list[Work]] = defaultdict(list)
    for row in work:
        name = PurePosixPath(row["place"] or "").name
        of_worker[row["worker"]].append(
            Work(
                row["submission"],
                row["account"],
                name,
                _seconds(row["seconds"]) or 0.0,
                tuple(row["runs"] or ()),
                row["abort_requested"],
            )
        )
    workers = tuple(
        WorkerNow(
            row["number"],
            row["machine"],
            row["pid"],
            tuple(sorted(row["accounts"])),
            row["places"],
            _seconds(row["beat_age"]) or 0.0,
            row["beat_seconds"],
            _seconds(row["up"]) or 0.0,
            row["etl_version"],
            tuple(of_worker.pop(row["number"], ())),
        )
        for row in rows
    )
    return workers, tuple(one for left in of_worker.values() for one in left)


def _seconds(value: float | None) -> float | None:
    """Not below zero: moments of one database may be read in another order."""
    return None if value is None else max(0.0, value)
