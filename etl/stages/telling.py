"""What is told while a run sends: each request, and after each how far it is, how fast, and when it will be done."""

from __future__ import annotations

from collections import Counter
from math import ceil
from typing import TYPE_CHECKING

from etl.delivery.verdict import Throttled
from etl.events import EtaBasis, Progress, RequestAnswered, RequestSent
from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from etl.delivery.outcomes import RowEnd
    from etl.delivery.verdict import Verdict
    from etl.records import Limit
    from etl.stages.pace import Pace
    from etl.stages.session import Session

_MEASURED_AFTER_SECONDS = 10.0
_LOOK_SECONDS = 1.0
"""The ledger is asked no more often than that what is left of the day's quota, and which limit refusals have taught."""


class ProgressTeller:
    """Counts what comes back and tells it as events.

    account_id, run_id: of the run. shown: its input. rows_a_request: how many travel together. total: rows that go out now.
    limit: asks for the one that counts now, and allows the least: refusals may teach a smaller one on the way.
    """

    def __init__(  # noqa: PLR0913 — what is told of a run, each by its name
        self,
        session: Session,
        account_id: int,
        run_id: int,
        *,
        shown: str,
        rows_a_request: float,
        total: int,
        pace: Pace,
        limit: Callable[[], Limit],
    ) -> None:
        self._session = session
        self._account_id = account_id
        self._shown = shown
        self._rows_a_request = rows_a_request
        self._total = total
        self._counts = session.ledger.runs.counts(run_id)
        self._pace = pace
        self._began = session.clock.monotonic()
        self._done = 0
        self._quota_left: int | None = None
        self._limit = limit
        self._looked_at: float | None = None

    def sent(self, request_id: int, rows: int) -> None:
        self._pace.sent(self._session.clock.monotonic())
        self._session.events(RequestSent(request_id, rows, self._shown))

    def settled(self, request_id: int, verdict: Verdict, ends: Sequence[RowEnd], in_flight: int) -> None:
        ended = _counted([end.outcome for end in ends])
        ended.pop(Outcome.WAITING, None)
        rows = sum(ended.values())
        if rows:
            self._counts[Outcome.WAITING] = self._counts.get(Outcome.WAITING, 0) - rows
        for outcome, times in ended.items():
            self._counts[outcome] = self._counts.get(outcome, 0) + times
        now = self._session.clock.monotonic()
        self._done += rows
        self._pace.ended(now, rows)
        self._pace.refusals += isinstance(verdict, Throttled)
        detail = str(getattr(verdict, "reason", ""))
        self._session.events(RequestAnswered(request_id, type(verdict).__name__.lower(), detail, self._shown))
        self._session.events(self._progress(now, in_flight))

    def _progress(self, now: float, in_flight: int) -> Progress:
        if self._looked_at is None or now - self._looked_at >= _LOOK_SECONDS:
            self._looked_at = now
            self._pace.limit = self._limit()
            self._quota_left = self._quota()
        quota = self._quota_left
        seconds, basis = self._left(now, quota)
        return Progress(
            self._shown,
            self._done,
            self._total,
            dict(self._counts),
            self._pace.rows_per_second(now),
            seconds,
            in_flight,
            rows_per_second_now=self._pace.rows_per_second_now(now),
            limit_used=self._pace.limit_used(now),
            refusals=self._pace.refusals,
            quota_left=quota,
            eta_basis=basis,
        )

    def _left(self, now: float, quota: int | None) -> tuple[float, EtaBasis]:
        """Seconds until all is sent, and what that is reckoned from; until the day's quota is spent where that is sooner."""
        left, limit = self._total - self._done, self._pace.limit
        requests = ceil(left / self._rows_a_request)
        seconds, basis = requests * limit.seconds / limit.count, EtaBasis.LIMIT
        rate = self._pace.rows_per_second(now)
        if rate > 0 and now - self._began > _MEASURED_AFTER_SECONDS and left / rate > seconds:
            seconds, basis = left / rate, EtaBasis.RATE
        if quota is not None and quota < requests:
            return seconds * quota / requests, EtaBasis.QUOTA
        return seconds, basis

    def _quota(self) -> int | None:
        daily = self._session.connection.allowance.daily_requests
        return None if daily is None else self._session.ledger.requests.budget(self._account_id, daily).left_today


def _counted(outcomes: list[Outcome]) -> dict[Outcome, int]:
    """How often there is each. Mostly there is but one; to look one up costs more than to see that it is the same."""
    if outcomes and outcomes.count(outcomes[0]) == len(outcomes):
        return {outcomes[0]: len(outcomes)}
    return dict(Counter(outcomes))
