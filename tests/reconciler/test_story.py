"""The story of a run in order, from what the ledger holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from etl import care
from etl.ledger.steps import Step, this_actor
from etl.records import Outcome
from tests.past import Past, open_past


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    with open_past(tmp_path) as opened:
        yield opened


def told(past: Past, run_id: int) -> list[str]:
    return [one.what for one in care.run_in_full(past.settings, run_id, past.clock).story]


def test_a_run_is_told_from_beginning_to_end(past: Past) -> None:
    """Begun, sent, stopped, continued, finished, verified, written: each once, in order, and by whom."""
    run_id = past.run(
        Outcome.CREATED, Outcome.WAITING, stop_reason="interrupted by Ctrl-C", on_behalf_of="Priya, Finance"
    )
    past.clock.move(60)  # too short a pause to be told from the requests alone
    past.book.ledger.steps.note(run_id, Step.CONTINUED, "Anil")
    past.book.send(run_id)
    past.days_pass(0.001)
    past.book.ledger.runs.end(run_id, None, None)
    past.book.ledger.runs.note_files(run_id, past.desk / "visits.results.csv", None)
    past.book.ledger.steps.note(run_id, Step.VERIFIED, detail="2 held; nothing is in doubt")

    assert told(past, run_id) == [
        "Begun with 2 data rows, by etl 0",
        "First request sent",
        "Stopped: interrupted by Ctrl-C",
        "Continued",
        "First request sent after the pause",
        "Finished: every row was tried",
        f"Results written: {past.desk}/visits.results.csv",
        "Verified by reading back: 2 held; nothing is in doubt",
    ]
    by = [one.by for one in care.run_in_full(past.settings, run_id, past.clock).story]
    user, machine = this_actor()
    assert (by[0], by[3]) == (
        f"{user} on {machine}, on behalf of Priya, Finance",
        f"{user} on {machine}, on behalf of Anil",
    )


def test_a_run_from_before_steps_were_noted_has_a_story_too(past: Past) -> None:
    """Beginning, requests and end are known all the same; by whom is not made up."""
    run_id = past.run(Outcome.CREATED, stop_reason="time up")
    past.book.do("DELETE FROM run_steps")

    assert told(past, run_id) == ["Begun with 1 data row, by etl 0", "First request sent", "Stopped: time up"]
    assert {one.by for one in care.run_in_full(past.settings, run_id, past.clock).story} == {None}
