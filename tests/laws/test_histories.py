"""Some seeded histories of the soak, short ones: the invariants hold, and what is meant to go wrong in them does."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.laws.history import play
from tests.laws.shared import in_databases
from tests.laws.soak import EXPECTED, never_happened
from tests.laws.ways import LEAD_FIELD, WAYS
from tests.postgresql import Server

GROUPS = 3
SIZE = 14
TELLING = {
    38: "a read without margins, where answers tell no time of the server",
    1435: "a row in doubt that another ledger has sent since is sent again",
    2246: "how long things take to show is measured by a clock that stood still",
    2591: "a row whose holder ended while the plan was made stays in doubt",
    3224: "a long look takes what it shows last as proof for what it read first",
    420: "an id that another row holds already is believed; an id of another row is not given back",
}
"""Full histories, all of add-by-lead-field, that show a defect which the short ones do not happen to meet."""

IN_A_DATABASE = (0, 2, 10)

TOO_LONG = frozenset({21, 28, 38, 42})
"""Seeds whose histories read lead by lead, or for very long: they are for the soak."""

ANYWHERE = (
    "verified found",
    "verified absent",
    "run continued",
    "already imported",
    "read by time",
)
"""Paths so common that each group of histories takes them."""


def seeds(group: int) -> list[int]:
    usable = [seed for seed in range(GROUPS * SIZE + len(TOO_LONG)) if seed not in TOO_LONG]
    return usable[group * SIZE : (group + 1) * SIZE]


@pytest.mark.parametrize("group", range(GROUPS))
def test_the_invariants_hold(group: int) -> None:
    """Whatever goes wrong: nothing is stored twice, and what is called stored is stored; undisturbed, all comes to an end."""
    tally: Counter[str] = Counter()
    for seed in seeds(group):
        tally += play(seed, is_short=True)

    assert not never_happened(tally, [*ANYWHERE, *WAYS])


def test_they_hold_in_a_database_that_machines_share(postgresql: Server) -> None:
    """A few of them with the ledger in PostgreSQL: processes are halted and overtaken there, go on elsewhere, lose commits."""
    tally: Counter[str] = Counter()
    with in_databases(postgresql):
        for seed in IN_A_DATABASE:
            tally += play(seed, is_short=True)

    assert not never_happened(tally, ["verified found", "run continued", "one halted, and another machine"])


@pytest.mark.parametrize("seed", TELLING, ids=TELLING.values())
def test_a_history_that_has_caught_a_defect(seed: int) -> None:
    """What the short histories do not meet is met here."""
    play(seed, operation=LEAD_FIELD, has_cable=False)


def test_a_seed_replays_exactly() -> None:
    """The same seed gives the same history, told in the same words."""
    told: list[list[str]] = [[], []]
    for lines in told:
        play(4, lines.append, is_short=True)

    assert told[0] == told[1]


def test_what_never_happened_is_named() -> None:
    """The soak fails on a fault or a path that never occurred."""
    tally = Counter(dict.fromkeys(EXPECTED, 1))
    assert not never_happened(tally)

    tally["probe"] = 0

    assert never_happened(tally) == ["probe"]
