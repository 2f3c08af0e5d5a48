"""What Prometheus is told of the database's facts, asked when somebody scrapes: queue, limits, quotas, rows in doubt.

Every worker tells the same of an account: max by (account).
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillLookingError
from threading import Lock
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from etl import __version__
from etl.errors import EtlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client import Metric

    from etl.fleet.lookout import Lookout
    from etl.fleet.overview import AccountNow, Overview

PATIENCE_SECONDS = 4.0
"""So long a scrape waits for the database; Prometheus gives up after 10 s unless told otherwise, and then events are lost too."""

_STATES = ("waiting", "later", "running")


class Facts(Collector):
    """The database's facts, asked at each scrape; where it does not answer in time, etl_database_up is 0 and they are left out.

    places: asked for how many places the worker has, and how many of them are taken.
    """

    def __init__(self, lookout: Lookout, places: Callable[[], tuple[int, int]]) -> None:
        self._lookout = lookout
        self._places = places
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="facts")
        self._asked: Future[Overview] | None = None
        self._lock = Lock()

    def describe(self) -> Iterator[Metric]:
        """Nothing is asked of the database when this is registered."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        with self._lock:
            overview = self._look()
        yield InfoMetricFamily("etl_worker", "The version of etl at work here.", value={"version": __version__})
        places, taken = self._places()
        yield GaugeMetricFamily(
            "etl_worker_places", "Submissions that this worker may be at side by side.", value=places
        )
        yield GaugeMetricFamily("etl_worker_places_taken", "Submissions that this worker is at.", value=taken)
        yield GaugeMetricFamily(
            "etl_database_up",
            "1 where the database of ledger and queue answered this scrape.",
            value=overview is not None,
        )
        if overview is not None:
            yield from _of(overview)

    def close(self) -> None:
        """Ask no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._lookout.close()

    def _look(self) -> Overview | None:
        """One question at a time: a scrape that finds the last one unanswered waits for that."""
        if self._asked is None:
            self._asked = self._pool.submit(self._lookout.look)
        try:
            found = self._asked.result(PATIENCE_SECONDS)
        except StillLookingError:
            return None
        except EtlError:
            self._asked = None
            return None
        self._asked = None
        return found


def _of(overview: Overview) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "etl_workers",
        "Workers of the fleet whose heartbeat is fresh.",
        value=sum(one.is_fresh for one in overview.workers),
    )
    yield GaugeMetricFamily(
        "etl_counted_timestamp_seconds",
        "Of which moment etl_rows_waiting and etl_rows_unconfirmed are, in seconds since 1970.",
        value=overview.counted_at,
    )
    queue = GaugeMetricFamily("etl_queue_submissions", "Submissions that are not over.", labels=["account", "state"])
    for one in overview.accounts:
        for state, number in zip(_STATES, (one.queue.now, one.queue.later, one.running), strict=True):
            queue.add_metric([one.name, state], number)
    yield queue
    for name, told, value in _GAUGES:
        family = GaugeMetricFamily(name, told, labels=["account"])
        for one in overview.accounts:
            found = value(one)
            if found is not None:
                family.add_metric([one.name], found)
        yield family


_GAUGES: tuple[tuple[str, str, Callable[[AccountNow], float | None]], ...] = (
    (
        "etl_queue_age_seconds",
        "For how long the first of the submissions that could be taken has waited; 0 where none waits.",
        lambda one: one.queue.oldest_seconds or 0.0,
    ),
    ("etl_account_paused", "1 where nothing of the account is begun: etl pause.", lambda one: one.paused is not None),
    ("etl_account_served", "1 where a worker with a fresh heartbeat serves the account.", lambda one: one.is_served),
    (
        "etl_limit_used_ratio",
        "Part of the account's limit that went out in the last minute, from all machines; 1 is all of it.",
        lambda one: one.share,
    ),
    (
        "etl_requests_today",
        "Requests of the UTC day, from all machines, reads among them.",
        lambda one: one.spent_today,
    ),
    (
        "etl_quota_requests_left",
        "Requests for sending that the day's budget (daily_requests) still has; without a budget there is no series.",
        lambda one: one.quota_left,
    ),
    ("etl_rows_waiting", "Rows of runs that were begun which are still to be sent.", lambda one: one.rows_waiting),
    (
        "etl_rows_unconfirmed",
        "Rows that were sent and of which it is not known whether they arrived.",
        lambda one: one.rows_unconfirmed,
    ),
)
