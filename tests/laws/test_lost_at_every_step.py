"""A run on a ledger that machines share comes to its end whatever disturbs it at whatever step: nothing lost, nothing doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.laws.lost import Disturbance, all_of, overtaken, survive, undisturbed
from tests.laws.shared import in_databases
from tests.laws.test_crash_at_every_step import IN_DOUBT, PLAIN, Case
from tests.postgresql import Server

SENDING = range(9, 18)
"""So many commits lie before the first request of this run, and so many before its last answer is written."""


@pytest.fixture(scope="module")
def databases(postgresql: Server) -> Iterator[None]:
    with in_databases(postgresql):
        yield


def some_of(case: Case, most: int) -> list[Disturbance]:
    """Some of everything that can happen, at even distances; all of them are in `make soak`."""
    every = list(all_of(undisturbed(case)))
    return every[:: len(every) // most]


@pytest.mark.usefixtures("databases")
def test_whatever_step_it_dies_at_or_loses_a_commit_at() -> None:
    """The same machine goes on at once, another one when the lease is over; who only lost a connection goes on by itself."""
    tally: Counter[str] = Counter()
    for disturbance in some_of(PLAIN, 9):
        tally += survive(PLAIN, disturbance)
    tally += survive(PLAIN, Disturbance("dies", 25, is_elsewhere=True))

    assert tally["had to wait for a lease"] and tally["went on by itself"] and tally["lease renewed"]


@pytest.mark.usefixtures("databases")
@pytest.mark.parametrize("what", ["lost there", "lost back"])
def test_commits_that_are_lost_while_it_sends(what: str) -> None:
    """What was not committed was not sent; what was is found out about, and the run goes on."""
    tally: Counter[str] = Counter()
    for nth in SENDING[::4]:
        tally += survive(PLAIN, Disturbance(what, nth))
    tally += survive(IN_DOUBT, Disturbance(what, SENDING[0]))

    assert tally["went on by itself"]


@pytest.mark.usefixtures("databases")
def test_commits_of_which_nobody_can_tell() -> None:
    """The run ends, and takes none of them for not written: whoever goes on reads back what may have been sent."""
    tally: Counter[str] = Counter()
    for nth in SENDING[1::3]:
        tally += survive(PLAIN, Disturbance("lost for good", nth))

    assert tally["ended by LedgerError"] == 3 and not tally["ended by LedgerLostError"]


@pytest.mark.usefixtures("databases")
def test_who_wakes_up_behind_an_intent_does_not_send_it() -> None:
    """Halted right behind the commit of an intent, it finds the lease taken over: what it meant to send went out meanwhile."""
    tally: Counter[str] = Counter()
    for nth in (10, 11, 12):
        tally += overtaken(PLAIN, nth)

    assert tally["halted"] == tally["overtaken"] == 3
    assert tally["lease renewed"] > 30, "none of these commits held an intent: the other one had nothing to read back"
