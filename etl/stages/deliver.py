"""The sending of one run: waiting rows into parcels, parcels through the driver, progress told on the way."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING

from etl.chunker import requests_needed
from etl.delivery.driver import Consignment, Driver
from etl.delivery.parcels import Parcel
from etl.delivery.throttle import capacity_for
from etl.events import Progress, RequestAnswered, RequestSent
from etl.identity import row_key
from etl.ledger.waiting import WaitingRow
from etl.records import Activity, Outcome, Window
from etl.stages.arrange import arranged, needs_addresses
from etl.stages.connect import allowance_of
from etl.stages.lead_memory import with_any_address

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etl.chunker import Group
    from etl.delivery.driver import Delivered
    from etl.delivery.outcomes import RowEnd
    from etl.delivery.verdict import Verdict
    from etl.ledger.plan import Plan, PlannedRow
    from etl.ledger.requests import Allowance
    from etl.ledger.store import Ledger
    from etl.mapping.apply import AppliedRow
    from etl.records import Limit
    from etl.stages.arrange import Going
    from etl.stages.prepare import LoadedMapping, PreparedInput
    from etl.stages.session import Session


class Packing:
    """Activities into requests, the same ones for a dry run, a run and its continuation."""

    def __init__(self, mapping: LoadedMapping) -> None:
        self._mapping = mapping
        self.key_field = mapping.mapping.row_key_field

    def activity(self, row: AppliedRow, memory_key: bytes, ordinal: int) -> Activity:
        """The row's payload, with its row key where the mapping has a field for it."""
        values = dict(row.values or {})
        if self.key_field:
            values[self.key_field] = row_key(self._mapping.mapping.name, self._mapping.event, memory_key, ordinal)
        return Activity(row.row_number, values, self._mapping.event)

    def body(self, activities: Sequence[Activity]) -> bytes:
        """The exact bytes of a request."""
        return self._mapping.operation.request(activities, self._mapping.request_options).body

    def pack(self, number: int, rows: tuple[WaitingRow, ...], activities: tuple[Activity, ...]) -> Parcel:
        request = self._mapping.operation.request(activities, self._mapping.request_options)
        return Parcel(number, rows, activities, request)


def dry_bodies(prepared: PreparedInput, plan: Plan) -> Iterator[bytes]:
    """The bodies that a run would send, in order."""
    packing = Packing(prepared.mapping)
    needs = needs_addresses(prepared.mapping.operation)

    def blocks() -> Iterator[list[Going]]:
        for rows in prepared.applied():
            first, last = rows[0].row_number, rows[-1].row_number
            planned = plan.to_send(prepared.number, first, last, with_addresses=needs)
            yield [
                (_unsent(known), packing.activity(with_any_address(row), known.memory_key, known.ordinal))
                for row in rows
                if (known := planned.get(row.row_number))
            ]

    for chunk, _ in arranged(blocks(), prepared.mapping.operation, plan.gathering):
        yield packing.body(chunk.activities)


def _unsent(row: PlannedRow) -> WaitingRow:
    """A planned row as the ledger would have it if the run had begun."""
    return WaitingRow(0, row.row_number, row.memory_key, row.ordinal, row.together, row.address)


class Parcels:
    """The rows of a run that wait, read again from the kept copy and packed."""

    def __init__(self, prepared: PreparedInput, run_id: int, ledger: Ledger) -> None:
        self._prepared = prepared
        self._run_id = run_id
        self._ledger = ledger
        self._packing = Packing(prepared.mapping)

    def __iter__(self) -> Iterator[Parcel]:
        operation = self._prepared.mapping.operation
        for chunk, rows in arranged(self._blocks(), operation, self._ledger.runs.gathering):
            yield self._packing.pack(chunk.number, rows, chunk.activities)

    def _blocks(self) -> Iterator[list[Going]]:
        for rows in self._prepared.applied():
            waiting = self._ledger.runs.waiting(self._run_id, rows[0].row_number, rows[-1].row_number)
            yield [
                (known, self._packing.activity(row, known.memory_key, known.ordinal))
                for row in rows
                if (known := waiting.get(row.row_number)) and row.is_addressed
            ]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is about to go out, and how long it takes at the account's limit."""

    rows: int
    requests: int
    seconds: float


def forecast(groups: Mapping[Group, int], mapping: LoadedMapping, allowance: Allowance) -> Forecast:
    """Requests and seconds for so many rows: the first window's worth goes out at once, every further one takes a window.

    groups: how often there is each size of group, as the ledger counts them.
    """
    operation = mapping.operation
    requests = requests_needed(
        groups,
        operation.rows_per_request,
        travels_by=operation.travels_by is not None,
        keeps_order=operation.keeps_order,
    )
    rows = sum(group.rows * times for group, times in groups.items())
    limit = slowest(allowance, operation.window)
    return Forecast(rows, requests, max(0, (requests - 1) // limit.count) * limit.seconds)


def slowest(allowance: Allowance, window: Window) -> Limit:
    """Of the limits that a request counts in, the one that allows the least."""
    counted = [allowance.limits[Window.GENERAL]]
    if window is Window.BULK:
        counted.append(allowance.limits[Window.BULK])
    return min(counted, key=lambda limit: limit.count / limit.seconds)


def _rows_a_request(groups: Mapping[Group, int], mapping: LoadedMapping, lot: Consignment) -> float:
    """How many rows travel in a request, on the average where it depends on where they belong."""
    if not needs_addresses(lot.operation):
        return lot.operation.rows_per_request
    ahead = forecast(groups, mapping, lot.allowance)
    return max(1.0, ahead.rows / max(1, ahead.requests))


class ProgressTeller:
    """Counts what comes back and tells it as events."""

    def __init__(self, prepared: PreparedInput, lot: Consignment, session: Session) -> None:
        limit = slowest(lot.allowance, lot.operation.window)
        self._tell = session.events
        self._shown = prepared.shown
        self._rows_a_request = _rows_a_request(session.ledger.runs.counts_to_send(lot.run_id), prepared.mapping, lot)
        self._total = session.ledger.runs.count_to_send(lot.run_id)
        self._counts = session.ledger.runs.counts(lot.run_id)
        self._seconds_a_request = limit.seconds / limit.count
        self._clock = session.clock
        self._started = session.clock.monotonic()
        self._done = 0

    def sent(self, request_id: int, rows: int) -> None:
        self._tell(RequestSent(request_id, rows))

    def settled(self, request_id: int, verdict: Verdict, ends: Sequence[RowEnd], in_flight: int) -> None:
        for end in ends:
            if end.outcome is not Outcome.WAITING:
                self._done += 1
                self._counts[Outcome.WAITING] = self._counts.get(Outcome.WAITING, 0) - 1
                self._counts[end.outcome] = self._counts.get(end.outcome, 0) + 1
        detail = str(getattr(verdict, "reason", ""))
        self._tell(RequestAnswered(request_id, type(verdict).__name__.lower(), detail))
        self._tell(self._progress(in_flight))

    def _progress(self, in_flight: int) -> Progress:
        seconds = self._clock.monotonic() - self._started
        rate = self._done / seconds if seconds > 0 else 0.0
        left = self._total - self._done
        at_the_limit = ceil(left / self._rows_a_request) * self._seconds_a_request
        eta = max(at_the_limit, left / rate) if rate > 0 and seconds > 10 else at_the_limit
        return Progress(self._shown, self._done, self._total, dict(self._counts), rate, eta, in_flight)


def deliver(prepared: PreparedInput, run_id: int, session: Session, *, is_careful: bool = False) -> Delivered:
    """Send every row of the run that waits, one request at a time if LeadSquared was not well.

    Returns: why it stopped early, if it did.
    """
    lot = replace(consignment(prepared, run_id, session), is_careful=is_careful)
    chance = random.Random()  # noqa: S311 — spreads waits, guards nothing
    teller = ProgressTeller(prepared, lot, session)
    wire = session.open_wire(lot.capacity)
    try:
        return Driver(lot, session.ledger, wire, session.clock, chance, teller, session.stop).deliver()
    finally:
        wire.close()


def consignment(prepared: PreparedInput, run_id: int, session: Session) -> Consignment:
    """What the driver needs to know of one run."""
    run = session.ledger.runs.get(run_id)
    if run is None:
        raise LookupError(f"run {run_id} is not in the ledger")
    operation, connection = prepared.mapping.operation, session.connection
    allowance = allowance_of(connection.account, session.ledger, connection.record)  # refusals may have taught since
    return Consignment(
        account_id=run.account_id,
        scope_id=run.scope_id,
        run_id=run_id,
        operation=operation,
        addressed_by=operation.addressed_by(prepared.mapping.request_options),
        parcels=iter(Parcels(prepared, run_id, session.ledger)),
        packer=Packing(prepared.mapping),
        allowance=allowance,
        capacity=capacity_for(slowest(allowance, operation.window)),
        share=connection.account.share,
        is_proven=connection.is_proven,
    )
