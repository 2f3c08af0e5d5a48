"""When a missing row may be called absent: each condition at its boundary; stretches of time put together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.delivery.absence import Absence, End, Moment, Reach, Seen, Stretch, Waits, absence, merged, over_at

HERE, BEFORE = "boot-2", "boot-1"
BOOT_SEEN = 40.0
ENDED = 1_000.0
WAITS = Waits(visibility=90.0, late=300.0)

PROMPT = End(Moment(ENDED, HERE), after=7, late=False)
LATE = replace(PROMPT, late=True)
OF_ANOTHER_BOOT = End(Moment(ENDED, BEFORE), after=7, late=False)
LATE_OF_ANOTHER_BOOT = replace(OF_ANOTHER_BOOT, late=True)


def seen(request: int, mono: float = ENDED + 1, boot: str = HERE) -> Seen:
    return Seen(request, Moment(mono, boot))


def shows(witness: Seen | None, *, back: bool = True) -> Reach:
    """A read that shows the latest confirmed activity there is."""
    return Reach(witness, witness, reaches_back=back)


@dataclass(frozen=True)
class Case:
    """A doubtful request, what the read shows, the moment of this boot at which it is asked, and the answer."""

    end: End
    reach: Reach
    now: float
    answer: Absence


AGES = ENDED + 100_000
"""So late that no wait is wanting."""

TABLE = {
    "just before its time is over": Case(PROMPT, shows(seen(8)), ENDED + 89.9, Absence.TOO_EARLY),
    "its time is over": Case(PROMPT, shows(seen(8)), ENDED + 90, Absence.PROVED),
    "late: just before both waits are over": Case(LATE, shows(seen(8, ENDED + 300)), ENDED + 389.9, Absence.TOO_EARLY),
    "late: both waits are over": Case(LATE, shows(seen(8, ENDED + 300)), ENDED + 390, Absence.PROVED),
    "another boot: counted from when this one was seen": Case(
        OF_ANOTHER_BOOT, shows(seen(8)), BOOT_SEEN + 89.9, Absence.TOO_EARLY
    ),
    "another boot: its time is over": Case(OF_ANOTHER_BOOT, shows(seen(8)), BOOT_SEEN + 90, Absence.PROVED),
    "another boot, late: too early": Case(
        LATE_OF_ANOTHER_BOOT, shows(seen(8, BOOT_SEEN + 300)), BOOT_SEEN + 389.9, Absence.TOO_EARLY
    ),
    "another boot, late: its time is over": Case(
        LATE_OF_ANOTHER_BOOT, shows(seen(8, BOOT_SEEN + 300)), BOOT_SEEN + 390, Absence.PROVED
    ),
    "too early, whatever is wanting besides": Case(PROMPT, shows(None, back=False), ENDED + 89.9, Absence.TOO_EARLY),
    "nothing of ours is confirmed": Case(PROMPT, shows(None), AGES, Absence.NO_WITNESS),
    "the last one confirmed was written before the end": Case(PROMPT, shows(seen(7)), AGES, Absence.NO_WITNESS),
    "the first one written after the end": Case(PROMPT, shows(seen(8)), AGES, Absence.PROVED),
    "late: sent just before LeadSquared must be done": Case(
        LATE, shows(seen(8, ENDED + 299.9)), AGES, Absence.NO_WITNESS
    ),
    "late: sent when LeadSquared must be done": Case(LATE, shows(seen(8, ENDED + 300)), AGES, Absence.PROVED),
    "late: the clock alone makes no later one": Case(LATE, shows(seen(7, ENDED + 300)), AGES, Absence.NO_WITNESS),
    "late, all in another boot: sent too soon": Case(
        LATE_OF_ANOTHER_BOOT, shows(seen(8, ENDED + 299.9, BEFORE)), AGES, Absence.NO_WITNESS
    ),
    "late, all in another boot: sent late enough": Case(
        LATE_OF_ANOTHER_BOOT, shows(seen(8, ENDED + 300, BEFORE)), AGES, Absence.PROVED
    ),
    "late in another boot, seen in this one: too soon": Case(
        LATE_OF_ANOTHER_BOOT, shows(seen(8, BOOT_SEEN + 299.9)), AGES, Absence.NO_WITNESS
    ),
    "late in another boot, seen in this one: late enough": Case(
        LATE_OF_ANOTHER_BOOT, shows(seen(8, BOOT_SEEN + 300)), AGES, Absence.PROVED
    ),
    "late, seen in a boot that is neither": Case(
        LATE_OF_ANOTHER_BOOT, shows(seen(8, AGES, "boot-x")), AGES, Absence.NO_WITNESS
    ),
    "late in this boot, seen in an earlier one": Case(LATE, shows(seen(8, AGES, BEFORE)), AGES, Absence.NO_WITNESS),
    "not late: numbers tell the order across boots": Case(
        OF_ANOTHER_BOOT, shows(seen(8, 1.0, "boot-x")), AGES, Absence.PROVED
    ),
    "confirmed, and the read shows nothing of ours": Case(
        PROMPT, Reach(None, seen(8), reaches_back=True), AGES, Absence.UNSEEN
    ),
    "confirmed, and the read shows only one from before": Case(
        PROMPT, Reach(seen(7), seen(9), reaches_back=True), AGES, Absence.UNSEEN
    ),
    "the read shows a later one, though not the latest": Case(
        PROMPT, Reach(seen(8), seen(9), reaches_back=True), AGES, Absence.PROVED
    ),
    "late: the read shows one from before LeadSquared was done": Case(
        LATE, Reach(seen(8, ENDED + 299.9), seen(9, ENDED + 300), reaches_back=True), AGES, Absence.UNSEEN
    ),
    "the read may not reach back": Case(PROMPT, shows(seen(8), back=False), AGES, Absence.OUT_OF_REACH),
    "unseen is told before the reach": Case(PROMPT, Reach(None, seen(8), reaches_back=False), AGES, Absence.UNSEEN),
}


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in TABLE.items()])
def test_a_missing_row_is_absent_only_when_all_of_it_holds(case: Case) -> None:
    """Absence is proved by time, a fresh read and its reach together; else the first that is wanting is named."""
    assert absence(case.end, case.reach, WAITS, Moment(case.now, HERE), BOOT_SEEN) is case.answer


OVER = [
    pytest.param(PROMPT, ENDED + 90, id="this boot"),
    pytest.param(LATE, ENDED + 390, id="this boot, late"),
    pytest.param(OF_ANOTHER_BOOT, BOOT_SEEN + 90, id="another boot"),
    pytest.param(LATE_OF_ANOTHER_BOOT, BOOT_SEEN + 390, id="another boot, late"),
]


@pytest.mark.parametrize(("end", "moment"), OVER)
def test_the_moment_from_which_a_row_can_be_absent(end: End, moment: float) -> None:
    """The visibility wait runs from the end; the late wait before it; another boot's end lies before what we saw of ours."""
    assert over_at(end, WAITS, HERE, BOOT_SEEN) == moment


MOMENTS = st.integers(0, 2_000).map(float)
SIGHTS = st.none() | st.builds(seen, st.integers(5, 10), MOMENTS, st.sampled_from([HERE, BEFORE]))
ENDS = st.builds(End, st.builds(Moment, MOMENTS, st.sampled_from([HERE, BEFORE])), st.integers(5, 9), st.booleans())


@given(end=ENDS, freshest=SIGHTS, confirmed=SIGHTS, back=st.booleans(), now=MOMENTS, wait=MOMENTS)
def test_waiting_never_takes_a_proof_back(
    end: End, freshest: Seen | None, confirmed: Seen | None, now: float, wait: float, *, back: bool
) -> None:
    """What a read proves now, the same read proves later; and nothing is proved before its time or without a witness."""
    reach = Reach(freshest, confirmed, back)

    first = absence(end, reach, WAITS, Moment(now, HERE), BOOT_SEEN)
    second = absence(end, reach, WAITS, Moment(now + wait, HERE), BOOT_SEEN)

    assert first in {second, Absence.TOO_EARLY}
    if first is Absence.PROVED:
        assert now >= over_at(end, WAITS, HERE, BOOT_SEEN)
        assert freshest is not None
        assert freshest.request > end.after
        assert back


POINTS = st.integers(0, 30)
STRETCHES = st.lists(st.tuples(POINTS, POINTS).map(lambda two: Stretch(float(min(two)), float(max(two)))), max_size=8)


def halves(stretches: list[Stretch]) -> set[float]:
    """The moments of some stretches, to half a second."""
    return {step / 2 for one in stretches for step in range(int(2 * one.since), int(2 * one.until) + 1)}


@given(stretches=STRETCHES)
def test_stretches_put_together_are_the_same_moments_once(stretches: list[Stretch]) -> None:
    """No moment is lost or added; what touches is one; the stretches left are in order and apart."""
    whole = list(merged(stretches))

    assert halves(whole) == halves(stretches)
    assert all(one.until < other.since for one, other in pairwise(whole))
    assert all(one.since <= one.until for one in whole)
