"""The waiting between looks: its rhythm, and everything that may end it early."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from etl.delivery.decide import NETWORK_PATIENCE_SECONDS
from etl.errors import RefusedError
from etl.events import InputSummary, ReadingBack
from etl.records import Outcome
from etl.simulator import Aim, Fault, FaultKind, Read
from etl.stages.lock_names import lock_name_of_content
from etl.stages.read_back import NOT_ALLOWED
from tests.laws.quick import open_ledger
from tests.laws.virtual import Crash, Steps
from tests.laws.world import Outage
from tests.stages.office import ONE_BY_ONE, Office, office, once, outcomes, results, visit, visits

CREATED, UNCONFIRMED, WAITING = Outcome.CREATED, Outcome.UNCONFIRMED, Outcome.WAITING
K = FaultKind
LOST = Fault.at(K.DROP_BEFORE, 1)


def an_office(folder: Path, *faults: Fault, waits: tuple[float, float] = (20.0, 20.0), **switches: object) -> Office:
    made = office(folder, *faults, **switches)
    made.waits = waits
    return made


def at_tick(number: int, act: Callable[[], object]) -> Callable[[object], None]:
    """Do something once, when the countdown ticks for the nth time."""
    ticks: list[object] = []

    def hear(event: object) -> None:
        if isinstance(event, ReadingBack):
            ticks.append(event)
            if len(ticks) == number:
                act()

    return hear


# The rhythm


def test_the_countdown_ticks_each_second(tmp_path: Path) -> None:
    """It names the rows in doubt, the seconds to the next look, and when the first of them can be called absent."""
    desk = an_office(tmp_path, LOST, waits=(40.0, 60.0))
    desk.limit = ONE_BY_ONE

    desk.run(desk.sheet(60))

    first = desk.countdown[0][1]
    assert (first.input, first.rows, first.found) == ("visits.csv", 25, 0)
    ticks = [moment for moment, _ in desk.countdown]
    assert all(later - earlier < 5.5 for earlier, later in pairwise(ticks))
    assert all(0 < event.seconds <= 30 for _, event in desk.countdown)
    steps = [
        (later.seconds - earlier.seconds, after - before)
        for (before, earlier), (after, later) in pairwise(desk.countdown)
        if later.seconds < earlier.seconds
    ]
    assert all(round(fell + passed, 3) == 0 and passed <= 1.0 + 1e-5 for fell, passed in steps)
    left = [event.at_most for _, event in desk.countdown if event.at_most is not None]
    assert left == sorted(left, reverse=True)
    assert 20 < left[0] <= 40
    assert left[-1] <= 1.0


def test_looks_come_at_growing_distances(tmp_path: Path) -> None:
    """After 2, 4, 8, 16, 30 and 30 seconds, and when the time of the rows is over: some reads, not one a second."""
    desk = an_office(tmp_path, LOST, waits=(120.0, 60.0))
    asked: list[tuple[float, int]] = []

    def count(event: object) -> None:
        if isinstance(event, ReadingBack):
            asked.append((desk.world.seconds, desk.asked()))

    desk.happens = count
    desk.run(desk.sheet(1))

    looks: dict[int, float] = {}
    for moment, number in asked:
        looks.setdefault(number, moment)
    pauses = [round(later - earlier) for earlier, later in pairwise(looks.values())]
    assert pauses[:6] == [2, 4, 8, 16, 30, 30]
    assert sum(pauses) >= 150
    assert desk.asked() <= 12


# What ends it early


@dataclass(frozen=True)
class End:
    """What happens at the fifth tick of the countdown, and what the run comes to."""

    happens: Callable[[Office], object]
    exit_code: int
    reason: str


def _ask_to_stop(desk: Office, number: int | None) -> None:
    desk.stop.request("asked to stop by a test", number)


def _stop_from_outside(desk: Office) -> None:
    desk.ask("UPDATE runs SET stop_asked_at = 1.0")


def _network_gone(desk: Office) -> None:
    desk.world.outages.append(Outage(desk.world.seconds, desk.world.seconds + 1e6, "no route to host"))


def _keys_revoked(desk: Office) -> None:
    desk.world.keys = ("another", "pair")


ENDS = {
    "Ctrl-C": End(lambda desk: _ask_to_stop(desk, 2), 130, "asked to stop by a test"),
    "SIGTERM": End(lambda desk: _ask_to_stop(desk, 15), 143, "asked to stop by a test"),
    "from Python": End(lambda desk: _ask_to_stop(desk, None), 6, "asked to stop by a test"),
    "etl stop": End(_stop_from_outside, 6, "somebody asked for it with `etl stop`"),
    "network gone": End(_network_gone, 6, "no route to host"),
    "keys revoked": End(_keys_revoked, 5, "Check the key pair"),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_what_ends_the_waiting_leaves_the_rows_in_doubt(tmp_path: Path, end: End) -> None:
    """Nothing is sent after it, the rows stay unconfirmed, and the same command settles them when all is well again."""
    desk = an_office(tmp_path, LOST)
    desk.happens = at_tick(5, lambda: end.happens(desk))
    sheet = desk.sheet(5)

    stopped = desk.run(sheet)
    sent = list(desk.sizes)
    desk.happens = at_tick(0, lambda: None)
    desk.world.outages.clear()
    options = desk.simulator.options
    desk.world.keys = (options.access_key, options.secret_key)
    desk.stop = type(desk.stop)()
    ended = desk.run(sheet)

    assert (stopped.exit_code, outcomes(stopped)) == (end.exit_code, {UNCONFIRMED: 5})
    assert end.reason in (stopped.stop_reason or "")
    assert sent == [5]
    assert (ended.exit_code, outcomes(ended)) == (0, {CREATED: 5})
    assert desk.stored == once(5)


def test_a_stop_is_obeyed_within_a_second(tmp_path: Path) -> None:
    """Also by who waits for half a minute until the next look."""
    desk = an_office(tmp_path, LOST)
    moments: list[float] = []
    desk.happens = at_tick(5, lambda: (moments.append(desk.world.seconds), _stop_from_outside(desk)))

    desk.run(desk.sheet(5))

    assert desk.world.seconds - moments[0] <= 1.1


def test_a_network_that_comes_back_is_waited_for(tmp_path: Path) -> None:
    """An outage shorter than our patience costs time only."""
    desk = an_office(tmp_path, LOST)
    desk.happens = at_tick(
        3,
        lambda: desk.world.outages.append(
            Outage(desk.world.seconds, desk.world.seconds + 0.8 * NETWORK_PATIENCE_SECONDS, "no route to host")
        ),
    )

    summary = desk.run(desk.sheet(5))

    assert (summary.exit_code, outcomes(summary)) == (0, {CREATED: 5})
    assert desk.stored == once(5)


def test_reads_that_fail_are_repeated(tmp_path: Path) -> None:
    """Every second read is answered 502: the looks take longer, and find all the same."""
    desk = an_office(
        tmp_path,
        Fault.at(K.DROP_AFTER, 2),
        Fault.at(K.BAD_GATEWAY_BEFORE, *range(1, 40, 2), aim=Aim.READS),
    )

    summary = desk.run(desk.sheet(60))

    assert outcomes(summary) == {CREATED: 60}


def test_a_spent_budget_stops_the_looking(tmp_path: Path) -> None:
    """Reads count in the day's budget like everything else: exit code 6, and the next day goes on."""
    desk = an_office(tmp_path, LOST)
    desk.daily = 4
    sheet = desk.sheet(5)
    began = desk.world.seconds

    stopped = desk.run(sheet)
    took = desk.world.seconds - began
    desk.daily = None
    ended = desk.run(sheet)

    assert (stopped.exit_code, outcomes(stopped)) == (6, {UNCONFIRMED: 5})
    assert "budget of requests is spent (4 today)" in (stopped.stop_reason or "")
    assert took < 20, "the day's budget does not come back within a minute"
    assert (desk.sizes[0], outcomes(ended)) == (5, {CREATED: 5})


FORBIDDEN = {
    "both reads": frozenset({Read.BY_EVENT, Read.BY_LEAD}),
    "by time, and the leads": frozenset({Read.BY_EVENT, Read.LEADS}),
}


@pytest.mark.parametrize("forbidden", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_where_nothing_may_be_read_a_person_decides(tmp_path: Path, forbidden: frozenset[Read]) -> None:
    """Exit code 7 without waiting, one note, and every row names the command that settles it."""
    desk = an_office(tmp_path, Fault.at(K.DROP_AFTER, 2), reads_forbidden=forbidden)

    summary = desk.run(desk.sheet(60))

    assert (summary.exit_code, outcomes(summary)) == (7, {CREATED: 35, UNCONFIRMED: 25})
    assert desk.notes == [NOT_ALLOWED]
    assert not desk.countdown
    open_lines = [line for line in results(summary) if line["etl_status"] == "unconfirmed"]
    assert all("etl verify RUN --assume" in line["etl_error"] for line in open_lines)
    assert all("do not enter" in line["etl_hint"].lower() for line in open_lines)
    assert desk.stored == once(60)


# Whose rows


def _die() -> None:
    raise Crash


def _two_sheets(folder: Path) -> tuple[Office, Path]:
    """A process died with one request in the air; another sheet has some of its rows, and ten of its own."""
    desk = an_office(folder, waits=(10.0, 20.0))
    with pytest.raises(Crash):
        desk.run(desk.sheet(20, name="first.csv"), steps=Steps(at={("receive", 1): _die}))
    return desk, desk.sheet(visits(30, first=11), name="second.csv")


def test_rows_taken_for_those_of_another_run_are_settled_with_them(tmp_path: Path) -> None:
    """The other run's rows are read back, too; nothing that was in doubt there goes out from here."""
    desk, second = _two_sheets(tmp_path)

    summary = desk.run(second)

    assert outcomes(summary) == {CREATED: 10, Outcome.ALREADY_IMPORTED: 10}
    assert desk.stored == once(30)
    assert dict(desk.ask("SELECT outcome, COUNT(*) FROM rows WHERE run_id = 1 GROUP BY outcome")) == {"created": 20}


def test_rows_of_a_run_that_is_at_work_are_left_to_it(tmp_path: Path) -> None:
    """Who holds its lock settles them; here they stay unconfirmed and nothing of them is sent."""
    desk = an_office(tmp_path, Fault.at(K.DROP_AFTER, 1), reads_forbidden=frozenset(Read))
    assert outcomes(desk.run(desk.sheet(20, name="first.csv"))) == {UNCONFIRMED: 20}
    desk.switch(reads_forbidden=frozenset())
    second = desk.sheet(visits(30, first=11), name="second.csv")
    with open_ledger(tmp_path / "home", desk.world.clock) as other:
        run = other.runs.get(1)
        assert run is not None
        name = lock_name_of_content(run.scope_id, run.sheet, run.input_hash)
        with other.lock_input(run.account_id, name):
            beside = desk.run(second)
    afterwards = desk.run(second)

    assert outcomes(beside) == {CREATED: 10, UNCONFIRMED: 10}
    assert outcomes(afterwards) == {CREATED: 10, Outcome.ALREADY_IMPORTED: 10}
    assert desk.stored == once(30)


def test_a_run_that_is_over_is_not_waited_for_again(tmp_path: Path) -> None:
    """Rows that stay open do so without an endless countdown, each time the command is given."""
    desk = an_office(tmp_path, Fault(K.DROP_BEFORE, share=1.0), waits=(5.0, 5.0))
    sheet = desk.sheet([visit(1)])
    spans: list[float] = []
    for _ in range(2):
        began = desk.world.seconds
        last: InputSummary = desk.run(sheet)
        spans.append(desk.world.seconds - began)

    assert outcomes(last) == {UNCONFIRMED: 1}
    assert max(spans) < 300


def test_keys_refused_at_the_first_look_stop_before_sending(tmp_path: Path) -> None:
    """The next command looks back first; with revoked keys that ends it, and what waits is not sent."""
    desk = an_office(tmp_path)
    sheet = desk.sheet(60)
    with pytest.raises(Crash):
        desk.run(sheet, steps=Steps(at={("receive", 1): _die}))
    before = list(desk.sizes)
    _keys_revoked(desk)

    try:
        code = desk.run(sheet).exit_code
    except RefusedError:
        code = 5

    assert code == 5
    assert desk.sizes == before
