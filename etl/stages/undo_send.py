"""Requests that take rows back, one after the other: slot and intent first, then the request, then how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from etl.api.deletion import Queued, deletion, heard
from etl.delivery import verdict as verdicts
from etl.delivery.backoff import after_throttling
from etl.delivery.driver import STOPPED_FROM_OUTSIDE, TAKEN_OVER, quota_spent
from etl.errors import NetworkError, QuotaSpentError, RefusedError, StoppedError
from etl.events import RequestAnswered, RequestSent
from etl.ledger.requests import BudgetSpent, LeaseLost, NoSlot, RequestEnd, Reserved, StopWanted
from etl.ledger.undoing import DELETE, UndoIntent
from etl.operations import OPERATIONS
from etl.operations.contract import RequestOptions
from etl.reconciler.match import Numbering, RowDone, RowRefused, match
from etl.records import Activity, ApiAnswer
from etl.stages.connect import allowance_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from etl.delivery.undoing import Span
    from etl.ledger.requests import Allowance
    from etl.ledger.runs import RunRecord
    from etl.records import ApiRequest, Exchange, Window
    from etl.stages.verify import Desk

_ATTEMPTS = 6
_LONGEST_WISH_SECONDS = 900.0
_UNKNOWN_IN_A_ROW = 3
_PAUSE_SECONDS = 5.0
_MARK_INSTEAD = "Marking is possible all the same: etl undo {run} --mark FIELD=VALUE."

Said = TypeVar("Said")


@dataclass(frozen=True, slots=True)
class Mark:
    """What is written into an activity: the field, the value, and the row key's field, which no longer names a row."""

    target: str
    value: str
    key_field: str | None = None

    def __str__(self) -> str:
        return f"{self.target}={self.value}"

    def values(self, run_id: int) -> dict[str, str]:
        """By target. An activity that keeps its row key would pass for the right row's."""
        freed = {self.key_field: f"undone by etl, run {run_id}"} if self.key_field not in {None, self.target} else {}
        return {self.target: self.value} | {name: value for name, value in freed.items() if name}


@dataclass(frozen=True, slots=True)
class MarkRow:
    """A row whose activity is to be marked."""

    row_id: int
    row_number: int
    activity_id: str


@dataclass
class UndoSender:
    """Sends for one run. Raises, wherever it sends: RefusedError, NetworkError, QuotaSpentError, StoppedError."""

    desk: Desk
    run: RunRecord
    event: int
    unknown_in_a_row: int = 0
    refused: dict[int, str] = field(default_factory=dict)  # marks, by row_id: LeadSquared's words

    def delete(self, lead_id: str, span: Span, row_ids: Sequence[int]) -> None:
        """Ask for the deletion of what lies in one window of a lead, which are these rows."""
        request = deletion(lead_id, self.event, span.since, span.until)
        found = self._send(request, row_ids, DELETE, heard)
        match found:
            case Queued():
                self.unknown_in_a_row = 0
            case verdicts.Refused(reason=reason) | verdicts.Stop(reason=reason):
                instead = _MARK_INSTEAD.format(run=self.run.run_id)
                raise RefusedError(f"LeadSquared refused to delete: {reason}. {instead}")
            case verdicts.Unknown(reason=reason):
                self._count_unknown(reason)

    def mark(self, rows: Sequence[MarkRow], mark: Mark) -> None:
        """Write the mark into some activities; where they are refused together, into fewer at a time."""
        operation = OPERATIONS["update"]
        values = mark.values(self.run.run_id)
        sent = [Activity(one.row_number, {"ProspectActivityId": one.activity_id, **values}, self.event) for one in rows]
        request = operation.request(sent, RequestOptions())

        def judged(exchange: Exchange) -> verdicts.Verdict:
            return verdicts.judge(exchange, operation, len(rows))

        found = self._send(request, [one.row_id for one in rows], str(mark), judged)
        match found:
            case verdicts.Answered(items=items):
                self._take_answers(rows, items)
            case verdicts.Refused(reason=reason) if len(rows) > 1:
                size = max(1, len(rows) // 5)
                for begin in range(0, len(rows), size):
                    self.mark(rows[begin : begin + size], mark)
            case verdicts.Refused(reason=reason):
                self.refused[rows[0].row_id] = reason
            case verdicts.Stop(reason=reason, remedy=remedy):
                raise RefusedError(f"{reason}. {remedy}")
            case verdicts.Unknown(reason=reason):
                self._count_unknown(reason)

    def _take_answers(self, rows: Sequence[MarkRow], items: Sequence[verdicts.AnswerItem]) -> None:
        """What is refused is told; what is not answered shows itself on reading back, as all else does."""
        self.unknown_in_a_row = 0
        numbering = Numbering(self.desk.ledger.accounts.numbering(self.run.account_id))
        told = match(items, len(rows), numbering, [one.activity_id for one in rows]).rows
        for row, verdict in zip(rows, told, strict=True):
            if isinstance(verdict, RowRefused):
                self.refused[row.row_id] = verdict.reason
            elif isinstance(verdict, RowDone):
                self.refused.pop(row.row_id, None)

    def _count_unknown(self, reason: str) -> None:
        self.unknown_in_a_row += 1
        if self.unknown_in_a_row >= _UNKNOWN_IN_A_ROW:
            raise NetworkError(
                f"LeadSquared is not well: request after request told nothing ({reason}). What was asked for is in the ledger; "
                "run the same command when it is well: it reads back and goes on."
            )

    def _send(self, request: ApiRequest, row_ids: Sequence[int], way: str, hear: Callable[[Exchange], Said]) -> Said:
        """Send, again only where it is certain that nothing was carried out. Returns: what the answer means."""
        for attempt in range(1, _ATTEMPTS + 1):
            number = self._reserve(request, row_ids, way)
            self.desk.events(RequestSent(number, len(row_ids)))
            exchange: Exchange | None = None
            try:
                if not self.desk.ledger.may_send():
                    raise StoppedError(TAKEN_OVER.reason, TAKEN_OVER.remedy)
                exchange = self.desk.connection.client.send(request, self.desk.ledger.permit())
            finally:
                found = None if exchange is None else hear(exchange)
                self._settle(number, exchange, found)
            wait = self._pause(found, request.window, attempt)
            if wait is None:
                assert found is not None  # noqa: S101 — there was an answer, or this line is not reached
                return found
            self._rest(wait)
        raise NetworkError(
            "LeadSquared takes no request now: it is over its limit, or cannot be reached. Try again later."
        )

    def _reserve(self, request: ApiRequest, row_ids: Sequence[int], way: str) -> int:
        intent = UndoIntent(self.run.account_id, self.run.run_id, request.window, row_ids, request.body, way)
        while True:
            self._check_stop()
            taken = self.desk.ledger.requests.reserve_undoing(intent, self._allowance())
            match taken:
                case Reserved(request_id=number):
                    return number
                case NoSlot(until=until):
                    self._rest(until - self.desk.clock.monotonic())
                case BudgetSpent():
                    cause = quota_spent(taken, self.desk.clock.now())
                    raise QuotaSpentError(cause.reason, cause.remedy)
                case StopWanted():
                    raise StoppedError(STOPPED_FROM_OUTSIDE.reason, STOPPED_FROM_OUTSIDE.remedy)
                case LeaseLost():
                    raise StoppedError(TAKEN_OVER.reason, TAKEN_OVER.remedy)

    def _settle(self, number: int, exchange: Exchange | None, found: object) -> None:
        verdict = "unknown" if found is None else type(found).__name__.lower()
        detail = getattr(found, "reason", None)
        status = exchange.status if isinstance(exchange, ApiAnswer) else None
        self.desk.ledger.requests.settle(
            RequestEnd(
                number,
                self.desk.clock.monotonic(),
                verdict,
                str(detail) if detail else None,
                status,
                late=bool(getattr(found, "late", False)),
                server_at=verdicts.server_time(exchange) if exchange is not None else None,
                trip=exchange.trip if isinstance(exchange, ApiAnswer) else None,
            )
        )
        self.desk.events(RequestAnswered(number, verdict, str(detail or "")))

    def _allowance(self) -> Allowance:
        """What the account may spend, with what refusals have taught meanwhile."""
        connection = self.desk.connection
        return allowance_of(connection.account, self.desk.ledger, connection.record)

    def _pause(self, found: object, window: Window, attempt: int) -> float | None:
        """How long until the same request may go again; None where its verdict is final."""
        match found:
            case verdicts.Throttled(retry_after_seconds=asked, limit=limit):
                wait = after_throttling(asked, limit.seconds if limit else None, attempt, 0.0)
                if wait > _LONGEST_WISH_SECONDS:
                    raise NetworkError(
                        f"LeadSquared asks to wait {wait:.0f} s. Run the same command later: it goes on."
                    )
                if limit is not None:
                    self.desk.ledger.accounts.learn_limit(self.run.account_id, window, limit)
                self.desk.ledger.accounts.pause(self.run.account_id, self.desk.clock.monotonic() + wait)
                return wait
            case verdicts.NotSent():
                return _PAUSE_SECONDS
        return None

    def _rest(self, seconds: float) -> None:
        until = self.desk.clock.monotonic() + seconds
        while (left := until - self.desk.clock.monotonic()) > 0:
            self._check_stop()
            self.desk.clock.sleep(min(1.0, left))

    def _check_stop(self) -> None:
        stop = self.desk.stop
        if stop.reason is not None:
            raise StoppedError(stop.reason, stop.remedy, stop.signal_number)


def in_chunks(rows: Sequence[MarkRow], size: int) -> list[Sequence[MarkRow]]:
    """So many at a time."""
    return [rows[begin : begin + size] for begin in range(0, len(rows), size)]


def shows(values: Mapping[str, str], mark: Mark) -> bool:
    """Whether an activity's values show the mark."""
    return values.get(mark.target) == mark.value
