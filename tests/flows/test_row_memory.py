"""What is in LeadSquared is known again, however the sheet comes back: only what is not there yet goes out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.conftest import ON_BOTH
from tests.flows.desk import Desk, carried_rows, ids_at, stored
from tests.flows.sheets import MAPPING, correct, read, save_again, visit, visits, write
from tests.foreign.server import ForeignServer

BY_VISIT = MAPPING + "unique_by: [Visit]\n"


def the_same(folder: Path) -> str:
    return "visits.xlsx"


def renamed(folder: Path) -> str:
    (folder / "visits.xlsx").rename(folder / "june.xlsx")
    return "june.xlsx"


def saved_again(folder: Path) -> str:
    before = (folder / "visits.xlsx").read_bytes()
    save_again(folder / "visits.xlsx")
    assert (folder / "visits.xlsx").read_bytes() != before
    return "visits.xlsx"


def exported_as_csv(folder: Path) -> str:
    write(folder / "visits.csv", visits(30))
    return "visits.csv"


def its_results(folder: Path) -> str:
    return "visits.results.xlsx"


def sorted_backwards(folder: Path) -> str:
    write(folder / "visits.xlsx", visits(30)[::-1])
    return "visits.xlsx"


def mapping_with_a_comment(folder: Path) -> str:
    (folder / "visits.yaml").write_text(MAPPING + "# looked through in June\n", encoding="utf-8")
    return "visits.xlsx"


def mapping_with_a_further_field(folder: Path) -> str:
    further = MAPPING + "values:\n  mx_Custom_9: {constant: Field team}\n"
    (folder / "visits.yaml").write_text(further, encoding="utf-8")
    return "visits.xlsx"


COMES_BACK = [
    the_same,
    renamed,
    saved_again,
    exported_as_csv,
    its_results,
    sorted_backwards,
    mapping_with_a_comment,
    mapping_with_a_further_field,
]


@pytest.mark.parametrize("comes_back", [pytest.param(one, id=one.__name__) for one in COMES_BACK])
def test_a_sheet_that_is_there_is_not_sent_again(
    desk: Desk, server: ForeignServer, comes_back: Callable[[Path], str]
) -> None:
    """Nothing is sent, exit code 0, and each row of the results names the id that it has."""
    desk.has_run(write(desk.folder / "visits.xlsx", visits(30)))
    sent = len(carried_rows(server))

    file = comes_back(desk.folder)
    ended = desk.run(file)

    results = next(line.split()[-1] for line in ended.out.splitlines() if "Results:" in line)
    ids = ids_at(server)
    assert ended.code == 0, ended.said
    assert len(carried_rows(server)) == sent
    assert sum(ended.counts().values()) == 30
    assert set(ended.counts()) <= {"created", "already imported"}
    assert {row["Visit"]: row["ProspectActivityId"] for row in read(desk.folder / results)} == ids


def test_tomorrow_s_export_sends_only_what_is_new(desk: Desk, server: ForeignServer) -> None:
    """Yesterday's rows in today's sheet stay out, and the counts say so before the first request."""
    desk.has_run(write(desk.folder / "visits.csv", visits(40)))
    write(desk.folder / "visits.csv", visits(55))

    ended = desk.run("visits.csv")

    assert (ended.code, ended.counts()) == (0, {"created": 15, "already imported": 40})
    assert stored(server) == dict.fromkeys((f"V-{number:05}" for number in range(1, 56)), 1)
    assert "55 data rows. 15 rows go out in 1 request" in ended.err
    assert "Not sent: 40 already imported" in ended.err


def test_the_failed_file_run_twice_sends_its_rows_once(desk: Desk, server: ForeignServer) -> None:
    """The second time the corrected failed file is known, whether it was saved again meanwhile or not."""
    desk.has_run(write(desk.folder / "visits.xlsx", [visit(1), visit(2, Remarks=""), visit(3, Remarks="")]))
    correct(desk.folder / "visits.failed.xlsx", {"V-00002": {"Remarks": "met"}, "V-00003": {"Remarks": "met again"}})
    desk.run("visits.failed.xlsx")
    sent = len(carried_rows(server))

    save_again(desk.folder / "visits.failed.xlsx")
    second = desk.run("visits.failed.xlsx")

    assert (second.code, second.counts()) == (0, {"already imported": 2})
    assert len(carried_rows(server)) == sent
    assert stored(server) == {"V-00001": 1, "V-00002": 1, "V-00003": 1}


@ON_BOTH
def test_the_failed_file_and_then_the_original_corrected_send_a_row_once(desk: Desk, server: ForeignServer) -> None:
    """Who corrects the failed file, and the original too, has one activity a row."""
    desk.has_run(write(desk.folder / "visits.csv", [visit(1), visit(2, Remarks="")]))
    for file in ("visits.failed.csv", "visits.csv"):
        correct(desk.folder / file, {"V-00002": {"Remarks": "met"}})

    ends = [desk.run(file) for file in ("visits.failed.csv", "visits.csv")]

    assert [ended.code for ended in ends] == [0, 0]
    assert ends[1].counts() == {"already imported": 2}
    assert stored(server) == {"V-00001": 1, "V-00002": 1}


def test_results_caught_by_a_glob_send_nothing(desk: Desk, server: ForeignServer) -> None:
    """`visits*.csv` catches the sheet and its results under both names: only the sheet's two new rows go out."""
    desk.has_run(write(desk.folder / "visits.csv", visits(30)))
    write(desk.folder / "visits.csv", visits(32))

    ended = desk.run(*sorted(path.name for path in desk.folder.glob("visits*.csv")))

    assert ended.code == 0, ended.said
    assert ended.counts() == {"created": 2, "already imported": 30}
    assert ended.err.count("is a results file as etl wrote it: left out") == 2
    assert stored(server) == dict.fromkeys((f"V-{number:05}" for number in range(1, 33)), 1)


def test_equal_rows_are_counted(desk: Desk, server: ForeignServer) -> None:
    """Three equal rows are three activities; of five tomorrow two go out, and no more the day after."""
    write(desk.folder / "visits.csv", [visit(7)] * 3)
    first = desk.run("visits.csv")
    write(desk.folder / "visits.csv", [visit(7), visit(8), *[visit(7)] * 4])
    second = desk.run("visits.csv")

    assert first.counts() == {"created": 3}
    assert second.counts() == {"created": 3, "already imported": 3}
    assert stored(server) == {"V-00007": 5, "V-00008": 1}
    ids = [row["ProspectActivityId"] for row in read(desk.folder / "visits.results.csv")]
    assert sorted(ids) == sorted(activity.activity_id for activity in server.activities)


def test_equal_keys_with_other_values_are_reported(desk: Desk, server: ForeignServer) -> None:
    """A visit known by unique_by with another remark is `changed`, says what differs, and is not sent; exit code 4."""
    desk.mapping(BY_VISIT)
    desk.has_run(write(desk.folder / "visits.csv", visits(30)))
    write(desk.folder / "visits.csv", [*visits(29), visit(30, Remarks="met twice"), visit(31)])

    ended = desk.run("visits.csv")

    (changed,) = read(desk.folder / "visits.failed.csv")
    assert (ended.code, ended.counts()) == (4, {"created": 1, "already imported": 29, "changed": 1})
    assert len(server.activities) == 31
    assert (changed["etl_status"], changed["ProspectActivityId"]) == ("changed", ids_at(server)["V-00030"])
    assert "met twice" in changed["etl_error"] and "ActivityNote" in changed["etl_error"]


def test_known_rows_go_out_again_only_by_their_exact_number(desk: Desk, server: ForeignServer) -> None:
    """A wrong number is refused with the right one; the right one sends them once more, and once only."""
    desk.has_run(write(desk.folder / "visits.csv", visits(30)))

    wrong = desk.run("visits.csv", "--duplicate", "31")
    held_after_wrong = len(server.activities)
    right = desk.run("visits.csv", "--duplicate", "30")
    repeated = desk.run("visits.csv", "--duplicate", "30")

    assert wrong.code == 2
    assert "--duplicate 30" in wrong.err
    assert held_after_wrong == 30
    assert (right.code, right.counts()) == (0, {"created": 30})
    assert (repeated.code, len(server.activities)) == (0, 60)
    assert set(stored(server).values()) == {2}
