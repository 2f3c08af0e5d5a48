"""The rounds of sending and reading back: a sick server, bounds, and what an earlier process has left."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from etl.records import Limit, Outcome
from etl.simulator import BulkFailureMode, Fault, FaultKind
from etl.stages.rounds import MOST_PROBES_IN_A_ROW, MOST_SICK_IN_A_ROW, PAUSES_WHEN_SICK
from tests.laws.virtual import Crash, Steps
from tests.stages.office import MAPPING, ONE_BY_ONE, Office, office, once, outcomes, results, visit

CREATED, UNCONFIRMED, WAITING = Outcome.CREATED, Outcome.UNCONFIRMED, Outcome.WAITING
K = FaultKind
SICK = "Requests come back without telling anything"


def an_office(folder: Path, *faults: Fault, **switches: object) -> Office:
    made = office(folder, *faults, **switches)
    made.waits = (4.0, 8.0)
    return made


def _die() -> None:
    raise Crash


SICKNESSES = {"drops": K.DROP_BEFORE, "answers 502": K.BAD_GATEWAY_BEFORE}
TALKS_NONSENSE = {"drops after storing": K.DROP_AFTER, "answers something else": K.HTML_ANSWER}
TWELVE = frozenset(range(1, 13))
"""So many requests go, without latency, before three answers are in."""


@pytest.mark.parametrize("kind", SICKNESSES.values(), ids=SICKNESSES.keys())
def test_a_sick_server_is_given_a_pause_and_then_one_request_at_a_time(tmp_path: Path, kind: FaultKind) -> None:
    """Twelve requests went before three answers were in; then it waits, and when LeadSquared is well the others go out."""
    desk = an_office(tmp_path, Fault(kind, requests=TWELVE))

    summary = desk.run(desk.sheet(400))

    assert outcomes(summary) == {CREATED: 400}
    assert desk.stored == once(400)
    assert [note for note in desk.notes if SICK in note] == [f"{SICK}; 5 s pause, then one at a time."]
    sent = desk.sent_at()
    assert sent[11] - sent[0] < 1
    assert sent[12] - sent[11] >= PAUSES_WHEN_SICK[0]
    assert desk.ended_at()[12] <= sent[13], "the first one after the pause goes alone"


@pytest.mark.parametrize("kind", TALKS_NONSENSE.values(), ids=TALKS_NONSENSE.keys())
def test_a_server_that_works_and_only_tells_nothing_is_no_reason_to_pause(tmp_path: Path, kind: FaultKind) -> None:
    """Its rows are found at once; the next request goes without a pause, but alone until an answer tells something."""
    desk = an_office(tmp_path, Fault(kind, requests=TWELVE))

    summary = desk.run(desk.sheet(400))

    assert outcomes(summary) == {CREATED: 400}
    assert desk.stored == once(400)
    assert desk.notes == []
    assert desk.codes["read_back"] == 300
    assert desk.ended_at()[12] <= desk.sent_at()[13]


def test_a_server_that_stays_sick_is_given_up(tmp_path: Path) -> None:
    """After four breaks with longer and longer pauses the run stops with exit code 6; what is left waits for the next one."""
    desk = an_office(tmp_path, Fault(K.BAD_GATEWAY_BEFORE, share=1.0))

    summary = desk.run(desk.sheet(600))

    assert summary.exit_code == 6
    assert summary.stop_reason == "LeadSquared is not well: request after request told nothing about its rows"
    assert len([note for note in desk.notes if SICK in note]) == MOST_SICK_IN_A_ROW
    requests = len(desk.sizes)
    assert outcomes(summary) == {UNCONFIRMED: 25 * requests, WAITING: 600 - 25 * requests}
    sent = desk.sent_at()
    longest = [later - earlier for earlier, later in pairwise(sent) if later - earlier > 4]
    assert [round(seconds) for seconds in longest] == [5, 15, 45, 90]


def test_what_a_sick_server_left_is_sent_by_the_same_command_later(tmp_path: Path) -> None:
    """The next run reads back, probes, and ends with every row stored once."""
    desk = an_office(tmp_path, Fault(K.BAD_GATEWAY_BEFORE, share=1.0))
    desk.limit = Limit(5, 5)
    sheet = desk.sheet(200)
    stopped = desk.run(sheet)
    desk.world.heal()

    summary = desk.run(sheet)

    assert stopped.exit_code in {6, 7}
    assert outcomes(summary) == {CREATED: 200}
    assert desk.stored == once(200)


def test_probes_are_bounded(tmp_path: Path) -> None:
    """Where every probe is lost too, some are tried, for different leads, and the rows stay unconfirmed: exit code 7."""
    desk = an_office(tmp_path, Fault(K.DROP_BEFORE, share=1.0))
    rows = [visit(n, Email="one@example.com" if n <= 20 else f"lead{n}@example.com") for n in range(1, 26)]

    summary = desk.run(desk.sheet(rows))

    assert desk.sizes == [25] + [1] * MOST_PROBES_IN_A_ROW
    leads = {rows[row - 2]["Email"] for (row,) in desk.rows_of_requests[1:]}
    assert len(leads) == MOST_PROBES_IN_A_ROW
    assert (outcomes(summary), summary.exit_code) == ({UNCONFIRMED: 25}, 7)
    assert all("no later activity of ours" in line["etl_error"] for line in results(summary))
    assert not desk.stored


def test_rounds_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where rounds settle no row the run stops with exit code 6; the same command goes on from there."""
    monkeypatch.setattr("etl.stages.rounds.MOST_FRUITLESS_ROUNDS", 1)
    rows = [visit(n, **({"Email": "nobody@example.com"} if n == 17 else {})) for n in range(1, 26)]
    desk = an_office(tmp_path, bulk_failure_mode=BulkFailureMode.ALL_OR_NOTHING)
    sheet = desk.sheet(rows)

    stopped = desk.run(sheet)
    ended = desk.run(sheet)

    assert (stopped.exit_code, stopped.stop_reason) == (6, "rows had to be sent again too often in this run")
    assert outcomes(stopped) == {WAITING: 25}
    assert outcomes(ended) == {CREATED: 24, Outcome.REFUSED: 1}
    assert desk.sizes == [25, 5, 5, 5, 5, 5, 1, 1, 1, 1, 1]


@pytest.mark.parametrize("has_arrived", [True, False], ids=["arrived", "lost"])
def test_the_next_command_first_tells_what_became_of_the_rows(tmp_path: Path, *, has_arrived: bool) -> None:
    """What a dead process had sent is read back before anything new goes out; what is not shown yet is not believed lost."""
    faults = () if has_arrived else (Fault.at(K.DROP_BEFORE, 1),)
    desk = an_office(tmp_path, *faults)
    desk.limit = ONE_BY_ONE
    sheet = desk.sheet(60)
    with pytest.raises(Crash):
        desk.run(sheet, steps=Steps(at={("sent", 1): _die}))
    before = len(desk.sizes)

    summary = desk.run(sheet)

    assert before == 1
    told = [note for note in desk.notes if note.startswith("Read back")]
    assert told == (["Read back: 25 rows are in LeadSquared, 0 are not."] if has_arrived else [])
    assert outcomes(summary) == {CREATED: 60}
    assert desk.sizes == ([25, 25, 10] if has_arrived else [25, 25, 10, 25])
    assert desk.stored == once(60)


def test_what_was_written_together_and_never_sent_goes_once(tmp_path: Path) -> None:
    """Three intents are one commit; killed behind the first sending, all their rows are in doubt, and end in LeadSquared once."""
    desk = an_office(tmp_path)
    sheet = desk.sheet(60)
    with pytest.raises(Crash):
        desk.run(sheet, steps=Steps(at={("sent", 1): _die}))
    in_doubt = desk.ask("SELECT COUNT(*) FROM rows WHERE outcome = 'unconfirmed'")

    summary = desk.run(sheet)

    assert in_doubt == [(60,)]
    assert outcomes(summary) == {CREATED: 60}
    assert desk.stored == once(60)


def test_nothing_in_doubt_asks_nothing(tmp_path: Path) -> None:
    """A run that was answered well reads nothing back, and neither does the same command afterwards."""
    desk = an_office(tmp_path)
    sheet = desk.sheet(60)

    desk.run(sheet)
    desk.run(sheet)

    assert desk.asked() == 0
    assert desk.sizes == [25, 25, 10]


def test_a_row_key_costs_one_count_before_sending(tmp_path: Path) -> None:
    """Where keys would tell a second ledger, one small request asks whether there is anything to read at all."""
    desk = an_office(tmp_path)
    desk.mapping = MAPPING + "row_key_field: mx_Custom_20\n"

    desk.run(desk.sheet(60))

    assert desk.asked() == 1
