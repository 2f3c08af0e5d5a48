"""The sending of one run: waiting rows into parcels, parcels through the driver, progress told on the way."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from etl.chunker import requests_needed
from etl.delivery.driver import Consignment, Driver
from etl.delivery.parcels import Parcel
from etl.delivery.throttle import capacity_for
from etl.ledger.waiting import WaitingRow
from etl.records import Window
from etl.stages.arrange import arranged, needs_addresses
from etl.stages.connect import allowance_of
from etl.stages.lead_memory import with_any_address
from etl.stages.limits_told import note_limits_held
from etl.stages.outgoing import Packing
from etl.stages.pace import Pace
from etl.stages.refused_in_a_row import Watched
from etl.stages.telling import ProgressTeller

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etl.chunker import Group
    from etl.delivery.driver import Delivered
    from etl.ledger.plan import Plan, PlannedRow
    from etl.ledger.requests import Allowance
    from etl.ledger.store import Ledger
    from etl.records import Limit
    from etl.stages.arrange import Going
    from etl.stages.prepare import LoadedMapping, PreparedInput
    from etl.stages.refused_in_a_row import RefusedInARow
    from etl.stages.session import Session


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
    """The rows of a run that wait, read again from the kept copy and packed. last_row: none below that one."""

    def __init__(self, prepared: PreparedInput, run_id: int, ledger: Ledger, last_row: int | None = None) -> None:
        self._prepared = prepared
        self._run_id = run_id
        self._ledger = ledger
        self._last_row = last_row
        self._packing = Packing(prepared.mapping)

    def __iter__(self) -> Iterator[Parcel]:
        operation = self._prepared.mapping.operation
        for chunk, rows in arranged(self._blocks(), operation, self._ledger.runs.gathering):
            yield self._packing.pack(chunk.number, rows, chunk.activities)

    def _blocks(self) -> Iterator[list[Going]]:
        for block in self._prepared.to_send():
            first, last = block.numbers[0], block.numbers[-1]
            if self._last_row is not None:
                if first > self._last_row:
                    return
                last = min(last, self._last_row)
            yield self._packing.waiting(self._ledger.runs.waiting(self._run_id, first, last), block)


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
    return Forecast(rows, requests, at_the_limit(requests, slowest(allowance, operation.window)))


def at_the_limit(requests: int, limit: Limit) -> float:
    """Seconds for so many requests, the first window's worth at once."""
    return max(0, (requests - 1) // limit.count) * limit.seconds


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


def deliver(
    prepared: PreparedInput,
    run_id: int,
    session: Session,
    pace: Pace | None = None,
    *,
    is_careful: bool = False,
    last_row: int | None = None,
    refused: RefusedInARow | None = None,
) -> Delivered:
    """Send every row of the run that waits, one request at a time if LeadSquared was not well.

    pace: of the rounds before. last_row: rows below that one are left for later. refused: counts the rows that are.
    Returns: why it stopped early, if it did.
    """
    note_limits_held(session)
    lot = replace(consignment(prepared, run_id, session, last_row), is_careful=is_careful)
    chance = random.Random()  # noqa: S311 — spreads waits, guards nothing
    teller = ProgressTeller(
        session,
        lot.account_id,
        run_id,
        shown=prepared.shown,
        rows_a_request=_rows_a_request(session.ledger.runs.counts_to_send(run_id), prepared.mapping, lot),
        total=session.ledger.runs.count_to_send(run_id, last_row),
        pace=pace or pace_of(prepared, session),
        limit=lambda: limit_of(prepared, session),
    )
    wire = session.open_wire(lot.capacity)
    try:
        observer = Watched(teller, refused) if refused is not None else teller
        return Driver(lot, session.ledger, wire, session.clock, chance, observer, session.stop).deliver()
    finally:
        wire.close()


def pace_of(prepared: PreparedInput, session: Session) -> Pace:
    """A new count of how fast an input goes."""
    return Pace(limit_of(prepared, session), session.clock.monotonic())


def limit_of(prepared: PreparedInput, session: Session) -> Limit:
    """Of the limits that an input's requests count in, the one that allows the least, as far as it is known by now."""
    connection = session.connection
    allowance = allowance_of(connection.account, session.ledger, connection.record)
    return slowest(allowance, prepared.mapping.operation.window)


def consignment(prepared: PreparedInput, run_id: int, session: Session, last_row: int | None = None) -> Consignment:
    """What the driver needs to know of one run. last_row: rows below that one are not in it."""
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
        parcels=iter(Parcels(prepared, run_id, session.ledger, last_row)),
        packer=Packing(prepared.mapping),
        allowance=allowance,
        capacity=capacity_for(slowest(allowance, operation.window)),
        share=connection.account.share,
        is_proven=connection.is_proven,
    )
