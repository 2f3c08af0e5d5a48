"""Rows known by unique_by that come with other values: brought to their activity, or sent as a new one."""

from __future__ import annotations

import json
import re

import pytest

from tests.flows.conftest import ON_BOTH
from tests.flows.desk import Desk, ids_at
from tests.flows.sheets import MAPPING, read, visit, visits, write
from tests.foreign.server import ForeignServer

UPDATE = MAPPING + "unique_by: [Visit]\non_change: update\n"
SEND_NEW = MAPPING + "unique_by: [Visit]\non_change: send_new\n"


def updates(server: ForeignServer) -> list[dict[str, str]]:
    """Each element of the requests that updated activities, in the order of arrival."""
    bodies = [request.body for request in server.requests if request.path.endswith("/Bulk/CustomActivity/Update")]
    return [element for body in bodies for element in json.loads(body)]


def notes(server: ForeignServer) -> dict[str, str]:
    return {activity.activity_id: activity.note for activity in server.activities}


@ON_BOTH
def test_other_values_go_to_the_activity(desk: Desk, server: ForeignServer) -> None:
    """A visit with another remark updates its activity, under its id in the results; the next day it is known so."""
    desk.mapping(UPDATE)
    desk.has_run(write(desk.folder / "visits.csv", visits(30)))
    write(desk.folder / "visits.csv", [*visits(29), visit(30, Remarks="met twice"), visit(31)])

    ended = desk.run("visits.csv")

    line = read(desk.folder / "visits.results.csv")[29]
    its_id = ids_at(server)["V-00030"]
    assert (ended.code, ended.counts()) == (0, {"created": 1, "updated": 1, "already imported": 29})
    assert (line["etl_status"], line["ProspectActivityId"], line["etl_error"]) == ("updated", its_id, "")
    assert (len(server.activities), notes(server)[its_id]) == (31, "met twice")
    assert not (desk.folder / "visits.failed.csv").exists()

    write(desk.folder / "visits.csv", [*visits(29), visit(30, Remarks="met twice"), visit(31), visit(32)])
    known = desk.run("visits.csv")

    assert known.counts() == {"created": 1, "already imported": 31}


def test_back_and_forth_updates_each_time(desk: Desk, server: ForeignServer) -> None:
    """A, B, A: the activity ends with A, and the same file once more sends nothing."""
    desk.mapping(UPDATE)
    desk.has_run(write(desk.folder / "visits.csv", visits(3)))
    before = notes(server)
    desk.has_run(write(desk.folder / "visits.csv", [*visits(2), visit(3, Remarks="moved")]))
    back = desk.run(write(desk.folder / "visits.csv", visits(3)).name)
    again = desk.run("visits.csv")

    assert back.counts() == {"updated": 1, "already imported": 2}
    assert again.counts() == back.counts()
    assert notes(server) == before
    assert len(updates(server)) == 2


def test_rows_of_one_sheet_update_in_their_order(desk: Desk, server: ForeignServer) -> None:
    """Three rows of one visit: the first makes the activity, the others are brought to it in turn; then all are known."""
    desk.mapping(UPDATE)
    rows = [visit(1, Remarks="planned"), visit(2), visit(1, Remarks="met"), visit(1, Remarks="planned")]
    ended = desk.run(write(desk.folder / "visits.csv", rows).name)
    write(desk.folder / "visits.csv", [*rows, visit(3)])
    known = desk.run("visits.csv")

    assert ended.counts() == {"created": 2, "updated": 2}
    assert known.counts() == {"created": 1, "already imported": 4}
    assert notes(server)[ids_at(server)["V-00001"]] == "planned"
    assert [one["ActivityNote"] for one in updates(server)] == ["met", "planned"]


def test_what_no_update_carries_stays_with_a_person(desk: Desk, server: ForeignServer) -> None:
    """Another lead beside another remark: nothing of the row is sent, and its line says that an update cannot carry it."""
    desk.mapping(UPDATE)
    desk.has_run(write(desk.folder / "visits.csv", visits(3)))
    before = notes(server)
    moved = visit(3, Remarks="met twice", Email="other@example.com")

    ended = desk.run(write(desk.folder / "visits.csv", [*visits(2), moved]).name)

    (line,) = read(desk.folder / "visits.failed.csv")
    assert (ended.code, ended.counts()) == (4, {"already imported": 2, "changed": 1})
    assert "An update cannot carry SearchByValue" in line["etl_hint"]
    assert "met twice" in line["etl_error"]
    assert notes(server) == before


@ON_BOTH
def test_each_version_is_an_activity_of_its_own(desk: Desk, server: ForeignServer) -> None:
    """send_new: A, B and A again are two activities; a copy of a row in the sheet is none."""
    desk.mapping(SEND_NEW)
    desk.has_run(write(desk.folder / "visits.csv", visits(3)))
    changed = visit(3, Remarks="met twice")
    ended = desk.run(write(desk.folder / "visits.csv", [*visits(2), changed, changed]).name)
    back = desk.run(write(desk.folder / "visits.csv", [*visits(3), changed, visit(4)]).name)

    assert ended.counts() == {"created": 1, "already imported": 3}
    assert back.counts() == {"created": 1, "already imported": 4}
    assert len(server.activities) == 5
    assert sorted(notes(server).values()).count("met twice") == 1


@pytest.mark.parametrize("then", [SEND_NEW, UPDATE], ids=["send_new", "update"])
def test_a_changed_on_change_sends_nothing_that_is_there(desk: Desk, server: ForeignServer, then: str) -> None:
    """A mapping that reported until now and does something else today knows all that was sent; and so does the way back."""
    desk.mapping(MAPPING + "unique_by: [Visit]\n")
    desk.has_run(write(desk.folder / "visits.csv", visits(5)))
    desk.mapping(then)
    forth = desk.run(write(desk.folder / "visits.csv", [*visits(5), visit(6)]).name)
    desk.mapping(MAPPING + "unique_by: [Visit]\n")
    back = desk.run(write(desk.folder / "visits.csv", [*visits(6), visit(7)]).name)

    assert forth.counts() == {"created": 1, "already imported": 5}
    assert back.counts() == {"created": 1, "already imported": 6}
    assert (len(server.activities), len(updates(server))) == (7, 0)


def test_a_corrected_line_of_the_results_updates_its_activity(desk: Desk, server: ForeignServer) -> None:
    """A remark corrected in the results file itself goes to the activity of that line."""
    desk.mapping(UPDATE)
    desk.has_run(write(desk.folder / "visits.csv", visits(4)))
    text = (desk.folder / "visits.results.csv").read_text(encoding="utf-8-sig")
    remark = visit(4)["Remarks"]
    assert text.count(remark) == 1
    (desk.folder / "visits.results.csv").write_text(text.replace(remark, "came by"), encoding="utf-8")

    ended = desk.run("visits.results.csv")

    assert ended.counts() == {"updated": 1, "already imported": 3}
    assert notes(server)[ids_at(server)["V-00004"]] == "came by"


def test_check_and_dry_run_foresee_it(desk: Desk, server: ForeignServer) -> None:
    """Both say before that a row goes out as an update and what would be sent; what an update cannot carry is not counted."""
    desk.mapping(UPDATE)
    desk.has_run(write(desk.folder / "visits.csv", visits(4)))
    rows = [
        *visits(2),
        visit(3, Remarks="met twice"),
        visit(4, Email="other@example.com"),
        visit(5),
        visit(5, Remarks="late"),
    ]
    write(desk.folder / "visits.csv", rows)

    checked = desk.etl("check", "visits.csv", "-m", "visits.yaml")
    dry = desk.run("visits.csv", "--dry-run")

    assert (checked.code, checked.counts()) == (4, {"already imported": 2, "waiting": 3, "changed": 1})
    assert "3 rows would go out in 2 requests" in checked.out
    bodies = [json.loads(line) for line in dry.out.splitlines() if line.startswith("[")]
    assert [len(body) for body in bodies] == [1, 1]
    assert (bodies[1][0]["ProspectActivityId"], bodies[1][0]["ActivityNote"]) == (
        ids_at(server)["V-00003"],
        "met twice",
    )
    assert updates(server) == []


def test_verify_tells_of_the_updates_of_its_run(desk: Desk, server: ForeignServer) -> None:
    """Asked for either number, it checks created rows and those that were given other values; all are held."""
    desk.mapping(UPDATE)
    desk.has_run(write(desk.folder / "visits.csv", visits(4)))
    desk.has_run(write(desk.folder / "visits.csv", [*visits(3), visit(4, Remarks="met twice"), visit(5)]))

    both = [desk.etl("verify", number, "--all") for number in ("2", "3")]
    first = desk.etl("verify", "1", "--all")

    for ended in (*both, first):
        assert ended.code == 0, ended.err
    assert both[0].counts() == both[1].counts() == {"created": 1, "updated": 1, "already imported": 3}
    assert "2 held" in both[0].out
    assert len(updates(server)) == 1


def test_the_list_of_runs_says_whose_updates_they_are(desk: Desk, server: ForeignServer) -> None:
    """The run that brought rows to their activities names the run whose results tell of them."""
    desk.mapping(UPDATE)
    desk.has_run(write(desk.folder / "visits.csv", visits(2)))
    desk.has_run(write(desk.folder / "visits.csv", [visit(1), visit(2, Remarks="met twice")]))

    listed, in_full, again = desk.etl("runs"), desk.etl("runs", "3"), desk.etl("results", "3")

    assert re.search(r"^ +3 .* 1 updated +finished +\(with run 2\)$", listed.out, re.MULTILINE)
    assert "Revises:      run 2" in in_full.out
    assert again.code == 0, again.err
    assert [line["etl_status"] for line in read(desk.folder / "visits.results.csv")] == ["already_imported", "updated"]
