"""Who is told how a submission ended, and when: once, as soon as its last row was tried."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest

from etl.cli.attendant import CliAttendant
from etl.events import Summary
from etl.fleet.ends import Back, Over, Turn, Wish
from tests.fleet.conftest import an_order

RUN = Summary((), 0)
TOLD: dict[str, tuple[Turn, Over | Back, Summary | None, bool]] = {
    "all in": (Turn(0, "3 created"), Over(), RUN, True),
    "all in, its results nowhere": (Turn(0, "3 created", is_unpublished=True), Back(), RUN, True),
    "the same, another worker has it": (Turn(0, "", wish=Wish.LOST, is_unpublished=True), Back(), RUN, False),
    "its results nowhere, once more": (Turn(0, "3 created", is_unpublished=True), Back(), None, False),
    "its results put away at last": (Turn(0, "3 created"), Over(), None, False),
    "its results given up": (Turn(0, "3 created", is_unpublished=True), Over(), None, True),
    "in the midst, its results nowhere": (Turn(6, "", is_unpublished=True), Back(), RUN, False),
    "no mapping": (Turn(2, "no such mapping"), Over(), None, True),
    "keys refused": (Turn(5, "no such key"), Back(pauses="no such key"), None, True),
}


@pytest.mark.parametrize(("turn", "then", "summary", "is_told"), TOLD.values(), ids=TOLD.keys())
def test_who_submitted_is_told_once(
    turn: Turn, then: Over | Back, summary: Summary | None, is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results that wait for their place keep nobody from being told, and are no second ending."""
    told: list[Any] = []
    attendant = CliAttendant(Mock(), is_quiet=True, is_verbose=False, is_told=True)
    monkeypatch.setattr(attendant, "_tell_others", lambda *what: told.append(what))

    attendant.ended(17, an_order(), turn, then, summary)

    assert len(told) == is_told
