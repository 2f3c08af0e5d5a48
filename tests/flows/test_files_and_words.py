"""Where results go, what several files in one command come to, and how much is said."""

from __future__ import annotations

import shutil

import pytest

from tests.flows.desk import Desk, stored, without_privileges
from tests.flows.sheets import read, visit, visits, write
from tests.foreign.server import ForeignServer


def test_results_go_where_they_are_wanted(desk: Desk, server: ForeignServer) -> None:
    """`--results PATH` names the one results file; nothing is written beside the input."""
    write(desk.folder / "visits.csv", [visit(1), visit(2, Remarks="")])
    (desk.folder / "out").mkdir()

    ended = desk.run("visits.csv", "--results", "out/june.xlsx")

    assert ended.code == 4
    assert [row["etl_status"] for row in read(desk.folder / "out" / "june.xlsx")] == ["created", "invalid"]
    assert [row["etl_status"] for row in read(desk.folder / "out" / "june.failed.xlsx")] == ["invalid"]
    assert sorted(path.name for path in desk.folder.iterdir()) == ["out", "visits.csv", "visits.yaml"]


@pytest.mark.parametrize(
    "wanted", [pytest.param("nowhere/june.csv", id="no such folder"), pytest.param("june.pdf", id="no spreadsheet")]
)
def test_results_that_cannot_be_written_stop_before_sending(desk: Desk, server: ForeignServer, wanted: str) -> None:
    """A place that cannot take results is exit code 2, and no row has left."""
    write(desk.folder / "visits.csv", visits(30))

    ended = desk.run("visits.csv", "--results", wanted)

    assert ended.code == 2
    assert wanted.rpartition("/")[2] in ended.err and "--results" in ended.err
    assert server.activities == []


@pytest.mark.skipif(bool(without_privileges()) and not shutil.which("setpriv"), reason="root may write everywhere")
def test_a_read_only_folder_stops_before_sending(desk: Desk, server: ForeignServer) -> None:
    """Where no results can be written beside the input, no row leaves, and the message says so; --results helps."""
    sheets = desk.folder / "archive"
    sheets.mkdir()
    write(sheets / "visits.csv", visits(30))
    sheets.chmod(0o555)
    command = ("run", "archive/visits.csv", "-m", "visits.yaml")

    refused = desk.end_of(desk.start(*command, in_front=without_privileges()))
    held = len(server.activities)
    elsewhere = desk.end_of(desk.start(*command, "--results", "june.csv", in_front=without_privileges()))
    sheets.chmod(0o755)

    assert refused.code == 2, refused.said
    assert "archive" in refused.err and "--results" in refused.err
    assert held == 0
    assert elsewhere.code == 0, elsewhere.said
    assert len(read(desk.folder / "june.csv")) == len(server.activities) == 30


def test_a_quiet_command_says_nothing_when_all_is_well(desk: Desk, server: ForeignServer) -> None:
    """`--quiet` prints nothing on success, and still tells what needs a person."""
    write(desk.folder / "visits.csv", visits(30))
    well = desk.run("visits.csv", "--quiet")
    write(desk.folder / "visits.csv", [visit(31, Remarks="")])
    not_well = desk.run("visits.csv", "--quiet")

    assert (well.code, well.out, well.err) == (0, "", "")
    assert (not_well.code, not_well.err) == (4, "")
    assert "visits.failed.csv" in not_well.out


def test_of_several_files_each_is_imported_and_the_worst_end_counts(desk: Desk, server: ForeignServer) -> None:
    """One good sheet and one with a wrong row: both are imported, exit code 4, each has its own equation."""
    write(desk.folder / "north.csv", visits(30))
    write(desk.folder / "south.xlsx", [*visits(60, first=31), visit(61, Remarks="")])

    ended = desk.run("south.xlsx", "north.csv")

    assert ended.code == 4
    assert ended.out.count("data rows = ") == 2
    assert len(stored(server)) == len(server.activities) == 60
    assert len(read(desk.folder / "north.results.csv")) == 30
    assert len(read(desk.folder / "south.results.xlsx")) == 31


def test_of_several_files_a_wrong_one_stops_all_before_sending(desk: Desk, server: ForeignServer) -> None:
    """A file that cannot be used is found before the first row of another leaves."""
    write(desk.folder / "north.csv", visits(30))
    write(desk.folder / "south.csv", [{"Email": "lead1@example.com"}])

    ended = desk.run("north.csv", "south.csv")

    assert ended.code == 2
    assert "south.csv" in ended.err
    assert server.activities == []


def test_the_first_line_names_account_organisation_and_ledger(desk: Desk, server: ForeignServer) -> None:
    """Whose account this is and where it is recorded stands before anything else; how long it takes comes next."""
    write(desk.folder / "visits.csv", visits(60))

    lines = desk.run("visits.csv", "--no-preflight").err.splitlines()

    assert lines[0] == f"Account env · organisation FOREIGN (70071) · ledger {desk.ledger}"
    assert lines[1] == "visits.csv: 60 data rows. 60 rows go out in 3 requests, about 0 s at the account's limit."
