"""Bulk update (LeadSquared API: Update Activities in Bulk)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from etl.simulator.account import Account, Arrival, Operation
from etl.simulator.bodies import bulk_rows
from etl.simulator.bulk import UPDATED, Examined, RowProblem, carry_out
from etl.simulator.changed_activity import activity_to_change, change_activity
from etl.simulator.messages import Reply
from etl.simulator.row_checks import change_problem
from etl.simulator.switches import UpdateAnswers


def answer(account: Account, arrival: Arrival) -> Reply:
    """Change each row's activity, in the order of the rows. Type, owner and time are no members here and are ignored."""
    rows = bulk_rows(account, arrival.request)
    merged = _answered_before(rows) if account.switches.update_answers is UpdateAnswers.MERGED else frozenset()
    return carry_out(account, [_examine(account, arrival, row) for row in rows], UPDATED, merged)


def _examine(account: Account, arrival: Arrival, row: dict[str, Any]) -> Examined:
    found = activity_to_change(account, row)
    if isinstance(found, RowProblem):
        return found
    problem = change_problem(account, row, found.event)
    return problem or partial(change_activity, account, arrival, found.activity_id, row)


def _answered_before(rows: Iterable[dict[str, Any]]) -> frozenset[int]:
    """The numbers of rows that name an activity which a row before them has named."""
    seen: set[str] = set()
    repeated = []
    for number, row in enumerate(rows, start=1):
        name = str(row.get("ProspectActivityId")).strip().lower()
        if name in seen:
            repeated.append(number)
        seen.add(name)
    return frozenset(repeated)


OPERATION = Operation(
    method="POST",
    path="/v2/ProspectActivity.svc/Bulk/CustomActivity/Update",
    bulk=True,
    writes=True,
    answer=answer,
)
