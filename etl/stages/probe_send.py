"""Sending the test activities of a trial, and what the answer looks like row by row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl.delivery import verdict as verdicts
from etl.errors import NetworkError, RefusedError
from etl.ledger.requests import BudgetSpent, NoSlot, RequestEnd
from etl.operations.add_by_lead_id import AddByLeadId
from etl.operations.contract import RequestOptions
from etl.reconciler.match import Numbering, RowRefused, match
from etl.records import Activity, Window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from etl.clock import Clock
    from etl.delivery.verdict import AnswerItem, Verdict
    from etl.ledger.store import Ledger
    from etl.reconciler.match import RowVerdict
    from etl.records import ApiRequest, Exchange
    from etl.stages.connect import Connection

_OPERATION = AddByLeadId()
_ATTEMPTS = 5
_DEFAULT_WAIT_SECONDS = 5.0  # LeadSquared API: all published limits count in windows of five seconds


@dataclass(frozen=True, slots=True)
class Tried:
    """One test activity: the lead it is addressed to, its note, and what else it carries."""

    lead_id: str
    note: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sent:
    """A request of a trial and its answer.

    refusal: LeadSquared's words where the request as a whole was refused. items: the rows of the answer as they came.
    row_verdicts: what it says of each row, in sent order; empty where it tells no rows. ended_at: by the wall clock.
    """

    rows: int
    ended_at: datetime
    refusal: str | None = None
    items: Sequence[AnswerItem] = ()
    row_verdicts: Sequence[RowVerdict] = field(default_factory=tuple)
    numbering: Numbering = Numbering.UNKNOWN

    @property
    def is_numbered(self) -> bool:
        """Whether the answer has shown how this account numbers rows."""
        return self.numbering is not Numbering.UNKNOWN

    @property
    def shape(self) -> str:
        """Which rows the answer tells."""
        if not self.items:
            return "no_rows"
        if len(self.items) < self.rows:
            return "fewer_rows"
        return "rows"

    @property
    def is_in_order(self) -> bool:
        """Whether the rows of the answer come in the order of their numbers, as far as they have some."""
        numbers = [item.row_number for item in self.items if item.row_number is not None]
        return numbers == sorted(numbers)

    @property
    def is_refused(self) -> bool:
        """Whether no row of it was taken, and LeadSquared says so."""
        told = self.row_verdicts
        return self.refusal is not None or (bool(told) and all(isinstance(verdict, RowRefused) for verdict in told))

    @property
    def reason(self) -> str | None:
        """Why it was refused, as a whole or in its first refused row."""
        told = (verdict.reason for verdict in self.row_verdicts if isinstance(verdict, RowRefused))
        return self.refusal or next(told, None)

    def item(self, position: int) -> AnswerItem | None:
        """The row of the answer about the row at this position: the one that failed where it is the only one."""
        failed = [item for item in self.items if item.done is not True]
        if len(self.items) == self.rows and len(failed) == 1:
            return failed[0]
        return self.items[position] if len(self.items) == self.rows else None


def send(connection: Connection, ledger: Ledger, clock: Clock, event: int, tried: Sequence[Tried]) -> Sent:
    """Send some test activities together, under the account's limits; again only where it is certain that nothing arrived.

    Raises: RefusedError — keys, host or activity type are refused. NetworkError — no answer came; day's budget spent.
    """
    rows = [
        Activity(number, {"RelatedProspectId": one.lead_id, "ActivityNote": one.note, **one.values}, event)
        for number, one in enumerate(tried, start=1)
    ]
    request = _OPERATION.request(rows, RequestOptions())
    for _ in range(_ATTEMPTS):
        exchange = _exchange(connection, ledger, clock, request)
        found = verdicts.judge(exchange, _OPERATION, len(rows))
        wait = _wait(found)
        if wait is None:
            return _sent(found, len(rows), clock)
        clock.sleep(wait)
    raise NetworkError("LeadSquared takes no request now: it is over its limit, or cannot be reached. Try again later.")


def _exchange(connection: Connection, ledger: Ledger, clock: Clock, request: ApiRequest) -> Exchange:
    """Send once, with a slot that counts in the bulk limit too."""
    account_id = connection.record.account_id
    while isinstance(taken := ledger.requests.reserve_read(account_id, connection.allowance, Window.BULK), NoSlot):
        clock.sleep(taken.until - clock.monotonic())
    if isinstance(taken, BudgetSpent):
        raise NetworkError("The day's budget of requests is spent. Try again after 00:00 UTC.", is_final=True)
    exchange: Exchange | None = None
    try:
        exchange = connection.client.send(request)
    finally:
        server_at = verdicts.server_time(exchange) if exchange is not None else None
        ledger.requests.settle(
            RequestEnd(taken.request_id, clock.monotonic(), "probe", None, None, server_at=server_at)
        )
    return exchange


def _wait(found: Verdict) -> float | None:
    """How long until the same request may go again; None where its verdict is final.

    Raises: RefusedError, NetworkError — the trial cannot go on.
    """
    match found:
        case verdicts.Throttled(retry_after_seconds=asked, limit=limit):
            return asked if asked is not None else (limit.seconds if limit else _DEFAULT_WAIT_SECONDS)
        case verdicts.NotSent():
            return _DEFAULT_WAIT_SECONDS
        case verdicts.Stop(reason=reason, remedy=remedy):
            raise RefusedError(f"{reason}. {remedy}")
        case verdicts.Unknown(late=True, reason=reason):
            raise NetworkError(f"The trial has ended early, an answer was lost: {reason}. Try again later.")
    return None


def _sent(found: Verdict, rows: int, clock: Clock) -> Sent:
    match found:
        case verdicts.Answered(items=items):
            matched = match(items, rows, Numbering.UNKNOWN)
            return Sent(rows, clock.now(), None, items, matched.rows, matched.numbering)
        case verdicts.Refused(reason=reason):
            return Sent(rows, clock.now(), reason)
    return Sent(rows, clock.now())
