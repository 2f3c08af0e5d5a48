"""A run under way keeps to what another process on the same ledger has learned meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl.events import Event, RequestSent
from etl.records import Limit, Window
from tests.laws.quick import open_ledger
from tests.stages.office import office, once

LEARNED = {"fewer in the same window": Limit(5, 5), "the same in a longer window": Limit(25, 20)}


@pytest.mark.parametrize("limit", LEARNED.values(), ids=LEARNED)
def test_a_limit_that_another_process_learns_is_taken_over(tmp_path: Path, limit: Limit) -> None:
    """From its next slot on a run sends no more than the account was said to allow, though nothing of its own was refused."""
    desk, sheet_rows = office(tmp_path), 2_500
    sent: list[float] = []

    def learn(event: Event) -> None:
        if not isinstance(event, RequestSent):
            return
        sent.append(desk.world.seconds)
        if len(sent) == 30:
            with open_ledger(tmp_path / "home", desk.world.clock) as elsewhere:
                elsewhere.accounts.learn_limit(1, Window.BULK, limit)

    desk.happens = learn
    desk.run(desk.sheet(sheet_rows))

    later = [moment for moment in sent if moment > sent[29]]
    assert len(later) >= 10
    assert all(sum(first <= moment < first + limit.seconds for moment in later) <= limit.count for first in later)
    assert desk.stored == once(sheet_rows)
