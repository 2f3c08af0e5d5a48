"""What is told after each request: the rows that came to their end, each counted once under what became of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from etl.delivery.outcomes import RowEnd
from etl.delivery.verdict import Answered
from etl.events import Progress
from etl.records import Limit, Outcome
from etl.stages.pace import Pace
from etl.stages.telling import ProgressTeller
from tests.clocks import ManualClock

C, R, W, U = Outcome.CREATED, Outcome.REFUSED, Outcome.WAITING, Outcome.UNCONFIRMED


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        pytest.param([C] * 4, {W: 6, C: 4}, id="all stored"),
        pytest.param([R] * 4, {W: 6, C: 0, R: 4}, id="all refused"),
        pytest.param([C, R, C, U], {W: 6, C: 2, R: 1, U: 1}, id="of each kind"),
        pytest.param([W] * 4, {W: 10, C: 0}, id="all wait again"),
        pytest.param([W, C, W, W], {W: 9, C: 1}, id="most wait again"),
        pytest.param([], {W: 10, C: 0}, id="of none is anything known"),
    ],
)
def test_each_row_is_counted_under_what_became_of_it(outcomes: list[Outcome], expected: dict[Outcome, int]) -> None:
    """Those that wait again are as if they had not been sent."""
    clock = ManualClock()
    told: list[Any] = []
    runs = SimpleNamespace(counts=lambda _: {W: 10, C: 0})
    connection = SimpleNamespace(allowance=SimpleNamespace(daily_requests=None))
    session: Any = SimpleNamespace(
        ledger=SimpleNamespace(runs=runs), clock=clock, events=told.append, connection=connection
    )
    limit = Limit(25, 5.0)
    teller = ProgressTeller(
        session,
        1,
        1,
        shown="v.csv",
        rows_a_request=4,
        total=10,
        pace=Pace(limit, clock.monotonic()),
        limit=lambda: limit,
    )

    teller.settled(7, Answered(()), [RowEnd(row, outcome) for row, outcome in enumerate(outcomes)], 3)

    progress = told[-1]
    assert isinstance(progress, Progress)
    assert (progress.counts, progress.done) == (expected, 10 - expected[W])
