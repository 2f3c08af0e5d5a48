"""`--pilot`: the first rows go out alone, are read back and shown, and the others wait for a person's word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from etl.events import PilotOver, PilotProposed, RunOptions
from etl.records import Outcome
from etl.simulator import Fault, FaultKind
from tests.laws.virtual import import_files
from tests.stages.office import MAPPING, UNIQUE, Office, office, once, outcomes, visit, visits

PILOT = RunOptions(pilot=3)


def over(desk: Office) -> list[PilotOver]:
    return [event for _, event in desk.heard if isinstance(event, PilotOver)]


def saying(answer: bool, asked: list[PilotOver]) -> Callable[[PilotOver], bool]:
    """A person who answers so; what was shown before is noted."""

    def answers(shown: PilotOver) -> bool:
        asked.append(shown)
        return answer

    return answers


def test_the_first_rows_go_out_and_are_shown(tmp_path: Path) -> None:
    """Three rows are stored, read back and shown; the run stops by its own wish, and the next command sends the rest."""
    desk = office(tmp_path)
    sheet = desk.sheet(60)

    stopped = desk.run(sheet, options=PILOT)
    (shown,) = over(desk)
    sizes = desk.sizes
    done = desk.run(sheet)

    assert (stopped.exit_code, outcomes(stopped)) == (6, {Outcome.CREATED: 3, Outcome.WAITING: 57})
    assert (stopped.stop_reason, sizes) == ("the pilot is over: 3 rows have gone out", [3])
    assert [(row.row_number, row.lead, row.activity_id) for row in shown.rows] == [
        (number + 1, f"lead{number}@example.com", desk.ids[f"V{number:03}"]) for number in (1, 2, 3)
    ]
    assert all('"note 1"' in row.shows and 'mx_Custom_1 "V001"' in row.shows for row in shown.rows[:1])
    assert shown.others == 57
    assert (done.exit_code, done.run, desk.stored) == (0, stopped.run, once(60))


@pytest.mark.parametrize("answer", [True, False])
def test_a_person_is_asked_once(tmp_path: Path, answer: bool) -> None:
    """Yes sends the others in the same run; no leaves them waiting."""
    desk, asked = office(tmp_path), list[PilotOver]()

    summary = desk.run(desk.sheet(60), options=RunOptions(pilot=3, go_on=saying(answer, asked)))

    assert [one.others for one in asked] == [57]
    assert summary.exit_code == (0 if answer else 6)
    assert desk.stored == once(60 if answer else 3)


def test_it_is_waited_until_the_rows_are_visible(tmp_path: Path) -> None:
    """An index that lags by half a minute is looked at again; a row that never shows is said to be missing."""
    desk = office(tmp_path, by_event_delay_seconds=30.0, by_lead_delay_seconds=30.0)

    desk.run(desk.sheet(60), options=PILOT)

    (shown,) = over(desk)
    assert 30 <= desk.world.seconds - desk.sent_at()[0] < 60
    assert all("mx_Custom_1" in row.shows for row in shown.rows)

    never = office(tmp_path / "never", by_event_delay_seconds=1e9, by_lead_delay_seconds=1e9)
    never.run(never.sheet(60), options=PILOT)

    assert {row.shows for row in over(never)[0].rows} == {"missing"}


def test_a_lost_answer_of_the_pilot_is_read_back_first(tmp_path: Path) -> None:
    """Its rows are found, and no row beyond the pilot goes out for that."""
    desk = office(tmp_path, Fault.at(FaultKind.DROP_AFTER, 1))

    stopped = desk.run(desk.sheet(60), options=PILOT)

    assert outcomes(stopped) == {Outcome.CREATED: 3, Outcome.WAITING: 57}
    assert (desk.stored, len(over(desk)[0].rows)) == (once(3), 3)


def test_rows_that_are_proved_missing_go_again_within_the_pilot(tmp_path: Path) -> None:
    """A request that did not arrive is repeated for its own rows alone."""
    desk = office(tmp_path, Fault.at(FaultKind.DROP_BEFORE, 1))

    stopped = desk.run(desk.sheet(60), options=PILOT)

    assert outcomes(stopped) == {Outcome.CREATED: 3, Outcome.WAITING: 57}
    assert desk.stored == once(3)


def test_refused_rows_are_shown_with_the_reason(tmp_path: Path) -> None:
    """A lead that LeadSquared does not know is what a pilot is for."""
    desk = office(tmp_path)

    desk.run(desk.sheet([visit(1), visit(2, Email="nobody@example.com"), *visits(60, first=3)]), options=PILOT)

    refused = over(desk)[0].rows[1]
    assert (refused.row_number, refused.lead, refused.outcome) == (3, "nobody@example.com", Outcome.REFUSED)
    assert refused.shows.startswith("refused: ")


def test_a_small_sheet_is_all_pilot(tmp_path: Path) -> None:
    """Nothing is left to ask about: the rows are shown, and the run is done."""
    desk = office(tmp_path)

    summary = desk.run(desk.sheet(2), options=PILOT)

    assert (summary.exit_code, over(desk)[0].others, len(over(desk)[0].rows)) == (0, 0, 2)


def test_it_goes_on_into_the_next_input(tmp_path: Path) -> None:
    """The number counts for the command: two rows of the first sheet, and one of the second."""
    desk = office(tmp_path)
    (tmp_path / "visits.yaml").write_text(MAPPING, encoding="utf-8")
    sheets = [desk.sheet(2, "first.csv"), desk.sheet(visits(60, first=3), "second.csv")]

    first, second = import_files(
        desk.world, tmp_path / "home", sheets, tmp_path / "visits.yaml", options=PILOT, events=desk._hear
    )

    assert (outcomes(first), outcomes(second)) == ({Outcome.CREATED: 2}, {Outcome.CREATED: 1, Outcome.WAITING: 57})
    assert [len(one.rows) for one in over(desk)] == [2, 1]


def test_it_holds_for_rows_that_update_what_is_there(tmp_path: Path) -> None:
    """With `on_change: update` three activities get their new values, and the others wait."""
    desk = office(tmp_path, mapping=MAPPING + UNIQUE + "on_change: update\n")
    desk.run(desk.sheet(40))
    changed = desk.sheet([visit(number, Remarks="moved") for number in range(1, 41)])

    stopped = desk.run(changed, options=PILOT)
    moved = sum(one["ActivityNote"] == "moved" for one in desk.simulator.activities())
    done = desk.run(changed)

    (shown,) = over(desk)
    assert (stopped.exit_code, moved, shown.others) == (6, 3, 37)
    assert all("moved" in row.shows for row in shown.rows)
    assert (done.exit_code, outcomes(done), desk.stored) == (0, {Outcome.UPDATED: 40}, once(40))


def test_a_pilot_is_proposed_once(tmp_path: Path) -> None:
    """The first time that a mapping sends to an account, with its activity type; never again, and not for some rows."""
    desk = office(tmp_path)

    desk.run(desk.sheet(10))
    few = [event for _, event in desk.heard if isinstance(event, PilotProposed)]
    other = office(tmp_path / "other")
    other.run(other.sheet(11))
    other.run(other.sheet(40))

    proposed = [event for _, event in other.heard if isinstance(event, PilotProposed)]
    assert (few, proposed) == ([], [PilotProposed("visits.csv", "visits", 320, 10)])
