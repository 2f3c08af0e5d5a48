"""What a bulk operation makes of its examined rows: which are carried out, and what the answer says of each."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from etl.simulator.account import Account, Refused
from etl.simulator.answers import json_reply
from etl.simulator.messages import Reply
from etl.simulator.switches import BulkFailureMode, BulkOrder, BulkSuccessShape

CREATED, UPDATED = "ActivityCreated", "ActivityUpdated"


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why a row is refused, in LeadSquared's words."""

    exception_type: str
    message: str

    def as_refusal(self) -> Refused:
        """The same for a request as a whole."""
        return Refused(500, self.exception_type, self.message)


Change: TypeAlias = Callable[[], dict[str, Any]]
"""Carries one row out and returns what its answer row holds besides number and flag."""

Examined: TypeAlias = RowProblem | Change


def carry_out(account: Account, examined: Sequence[Examined], flag: str, merged: Container[int] = ()) -> Reply:
    """Carry out the good rows and answer. flag: `ActivityCreated` or `ActivityUpdated`. Raises Refused by switch.

    merged: numbers of the rows that another row answers for.
    """
    mode = account.switches.bulk_failure_mode
    problems = [row for row in examined if isinstance(row, RowProblem)]
    account.stats.rows_refused += len(problems)
    if problems and mode is BulkFailureMode.ALL_OR_NOTHING:
        raise problems[0].as_refusal()
    answered = []
    for number, row in enumerate(examined, start=1):
        if isinstance(row, RowProblem):
            if mode is BulkFailureMode.ABORT_MIDWAY:
                raise row.as_refusal()
            answer_row = _refused_row(row, mode)
        else:
            answer_row = row()
            account.stats.rows_stored += flag == CREATED
        if answer_row is not None and number not in merged:
            answered.append({**answer_row, "RowNumber": number, flag: not isinstance(row, RowProblem)})
    return _answer(account, answered, flag)


def _refused_row(problem: RowProblem, mode: BulkFailureMode) -> dict[str, Any] | None:
    """What the answer holds for a refused row besides number and flag; None: the row is left out."""
    if mode is BulkFailureMode.INLINE_OMITTED:
        return None
    if mode is BulkFailureMode.INLINE_BARE:
        return {}
    if mode is BulkFailureMode.INLINE_EXCEPTIONMESSAGE:
        return {"ExceptionType": problem.exception_type, "ExceptionMessage": problem.message}
    return {"ErrorMessage": problem.message}


def _answer(account: Account, answered: list[dict[str, Any]], flag: str) -> Reply:
    shape = account.switches.bulk_success_shape
    if shape is BulkSuccessShape.COUNT:
        return json_reply({"Status": "Success", "Message": {"Count": sum(row[flag] for row in answered)}})
    if shape is BulkSuccessShape.FEWER_ROWS:
        answered = answered[:-1]
    return json_reply({"Response": _ordered(account, answered)})


def _ordered(account: Account, answered: list[dict[str, Any]]) -> list[dict[str, Any]]:
    order = account.switches.bulk_order
    if order is BulkOrder.SHUFFLED:
        return account.dice.sample(answered, len(answered))
    if order is BulkOrder.ZERO_BASED:
        return [{**row, "RowNumber": row["RowNumber"] - 1} for row in answered]
    return answered
