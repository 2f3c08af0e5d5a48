"""Before a run with `on_change: update`: which rows it would bring to activities that are there, and with which requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.chunker import chunks_in_order
from etl.identity import lead_mark
from etl.mapping.model import OnChange
from etl.records import Activity
from etl.stages.comparison import Comparison
from etl.stages.revisable import ADDRESS, UPDATE, carried, why_not

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.ledger.plan import Plan
    from etl.ledger.store import Ledger
    from etl.stages.prepare import PreparedInput


def revisions_ahead(prepared: PreparedInput, plan: Plan, ledger: Ledger) -> Iterator[Activity]:
    """The updates that a run of a planned input would send, in row order.

    Rows that change what an earlier row of their own sheet is to make are not among them: that has no id yet.
    """
    if prepared.mapping.mapping.on_change is not OnChange.UPDATE or not plan.has_changed(prepared.number):
        return
    comparison = Comparison(prepared.mapping, ledger)
    for rows in prepared.applied(addressed=False):
        changed = ledger.revisions.changed_in_plan(prepared.number, rows[0].row_number, rows[-1].row_number)
        for row in rows:
            line = changed.get(row.row_number)
            if line is None or line.activity_id is None:
                continue
            values = carried(row)
            if why_not(values, line, comparison.differences(row, line)) is None:
                yield Activity(row.row_number, {ADDRESS: line.activity_id, **values}, prepared.mapping.event)


def let_revisions_wait(prepared: PreparedInput, plan: Plan, ledger: Ledger) -> int:
    """Count rows that would go to activities that are there as waiting in the plan. Returns: how many they are."""
    found = [activity.row_number for activity in revisions_ahead(prepared, plan, ledger)]
    plan.let_wait(prepared.number, found)
    is_in_turn = prepared.mapping.mapping.on_change is OnChange.UPDATE
    return len(found) + (plan.let_followers_wait(prepared.number) if is_in_turn else 0)


def revision_bodies(prepared: PreparedInput, plan: Plan, ledger: Ledger) -> Iterator[bytes]:
    """The bodies that would go out for them."""
    activities = revisions_ahead(prepared, plan, ledger)
    size = UPDATE.rows_per_request
    for chunk in chunks_in_order(activities, size, lambda _: None, lambda one: lead_mark(one.values[ADDRESS])):
        yield UPDATE.request(chunk.activities, prepared.mapping.request_options).body


def requests_for(rows: int) -> int:
    """In how many requests so many updates go, where no two are of one activity."""
    return -(-rows // UPDATE.rows_per_request)
