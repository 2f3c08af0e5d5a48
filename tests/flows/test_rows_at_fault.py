"""Four rows are wrong, each in its own way: they alone are answered so, and corrected they alone go out."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import pytest

from tests.flows.conftest import Serve
from tests.flows.desk import Desk, carried_rows, ids_at, stored
from tests.flows.sheets import Value, correct, read, visit, write
from tests.foreign.server import ForeignServer

NOBODY = "nobody@example.com"
LONG = "x" * 201
CORRECTIONS = {
    "V-00003": {"Email": "lead3@example.com"},
    "V-00005": {"Visited On": "05/06/2026 10:30"},
    "V-00007": {"Remarks": "met at the gate"},
    LONG: {"Visit": "V-00009"},
}
ALL = [f"V-{number:05}" for number in range(1, 31)]
WRONG = ["V-00003", "V-00005", "V-00007", "V-00009"]

each_kind = pytest.mark.parametrize("kind", ["csv", "xlsx"])


@pytest.fixture
def account(serve: Serve) -> ForeignServer:
    """A server that does not know one of the leads."""
    return serve(unknown_leads=[NOBODY])


def sheet_with_faults(path: Path) -> Path:
    """30 rows, of which the third, fifth, seventh and ninth are wrong; in a workbook the good dates are true dates."""
    faults: dict[int, dict[str, Value]] = {
        3: {"Email": NOBODY},
        5: {"Visited On": "31/02/2026 10:30"},
        7: {"Remarks": ""},
        9: {"Visit": LONG},
    }
    rows = [visit(number, **faults.get(number, {})) for number in range(1, 31)]
    if path.suffix == ".xlsx":
        rows = [row | {"Visited On": _true_date(str(row["Visited On"]))} for row in rows]
    return write(path, rows)


def _true_date(text: str) -> Value:
    try:
        return datetime.strptime(text, "%d/%m/%Y %H:%M")  # noqa: DTZ007 — a cell has no zone
    except ValueError:
        return text


@each_kind
def test_a_wrong_row_is_answered_alone(desk: Desk, account: ForeignServer, kind: str) -> None:
    """Each wrong row says what is wrong, where and what to do; the 26 others arrive; exit code 4."""
    sheet_with_faults(desk.folder / f"visits.{kind}")

    ended = desk.run(f"visits.{kind}")

    rows = {row["Visit"]: row for row in read(desk.folder / f"visits.results.{kind}")}
    failed = read(desk.folder / f"visits.failed.{kind}")
    assert (ended.code, ended.counts()) == (4, {"created": 26, "invalid": 3, "refused": 1})
    assert stored(account) == dict.fromkeys(sorted(set(ALL) - set(WRONG)), 1)
    assert [(row["etl_row"], row["etl_status"]) for row in failed] == [
        ("4", "refused"),
        ("6", "invalid"),
        ("8", "invalid"),
        ("10", "invalid"),
    ]
    unknown, no_date, empty, long = (rows[name] for name in CORRECTIONS)
    assert NOBODY in unknown["etl_error"] and "No lead found" in unknown["etl_error"]
    assert "Correct what LeadSquared names" in unknown["etl_hint"]
    assert no_date["etl_hint"].startswith('B6: "31/02/2026 10:30"') and "dd/mm/yyyy" in no_date["etl_hint"]
    assert empty["etl_hint"].startswith("C8: ") and "Fill in" in empty["etl_hint"]
    assert long["etl_hint"].startswith("D10: ") and "201" in long["etl_hint"] and "Shorten" in long["etl_hint"]
    assert all(row["etl_code"] for row in failed)
    assert not any(row["ProspectActivityId"] for row in failed)
    assert f"visits.failed.{kind}" in ended.out


@each_kind
def test_the_corrected_failed_file_sends_exactly_its_rows(desk: Desk, account: ForeignServer, kind: str) -> None:
    """The four rows go out, exit code 0, and the results of the first run now name an id in every line.

    The row that LeadSquared had refused travels apart from those that were only ours to correct.
    """
    desk.has_run(sheet_with_faults(desk.folder / f"visits.{kind}"))
    sent_before = len(carried_rows(account))
    correct(desk.folder / f"visits.failed.{kind}", CORRECTIONS)

    ended = desk.run(f"visits.failed.{kind}")

    assert (ended.code, ended.counts()) == (0, {"created": 4})
    assert stored(account) == dict.fromkeys(ALL, 1)
    assert len(carried_rows(account)) == sent_before + 2
    ids = ids_at(account)
    corrected = read(desk.folder / f"visits.run2.results.{kind}")
    assert [(row["Visit"], row["ProspectActivityId"]) for row in corrected] == [(name, ids[name]) for name in WRONG]
    for name in (f"visits.results.{kind}", f"visits.run1.results.{kind}"):
        first = read(desk.folder / name)
        assert [row["ProspectActivityId"] for row in first] == [ids[visit_name] for visit_name in ALL], name
        assert {row["etl_status"] for row in first} == {"created"}, name
        assert not any(row["etl_error"] or row["etl_code"] for row in first), name


@each_kind
def test_the_original_corrected_in_place_sends_exactly_those_rows(
    desk: Desk, account: ForeignServer, kind: str
) -> None:
    """The same file, its four cells typed over, sends four rows and knows the others; the failed file goes away."""
    desk.has_run(sheet_with_faults(desk.folder / f"visits.{kind}"))
    correct(desk.folder / f"visits.{kind}", CORRECTIONS)

    ended = desk.run(f"visits.{kind}")

    rows = read(desk.folder / f"visits.results.{kind}")
    ids = ids_at(account)
    assert (ended.code, ended.counts()) == (0, {"created": 4, "already imported": 26})
    assert stored(account) == dict.fromkeys(ALL, 1)
    assert [row["ProspectActivityId"] for row in rows] == [ids[name] for name in ALL]
    assert {row["etl_status"] for row in rows if row["Visit"] in WRONG} == {"created"}
    assert not (desk.folder / f"visits.failed.{kind}").exists()


def test_the_failed_file_run_uncorrected_sends_only_what_was_refused(desk: Desk, account: ForeignServer) -> None:
    """Invalid rows stay invalid without a request; the refused one may be tried again, and is refused again."""
    desk.has_run(sheet_with_faults(desk.folder / "visits.csv"))

    ended = desk.run("visits.failed.csv")

    assert (ended.code, ended.counts()) == (4, {"invalid": 3, "refused": 1})
    assert len(account.activities) == 26


def test_check_writes_the_failed_file_and_asks_nobody(desk: Desk, account: ForeignServer) -> None:
    """`etl check` finds the three rows that are wrong by themselves, and no request leaves."""
    sheet_with_faults(desk.folder / "visits.csv")

    ended = desk.etl("check", "visits.csv", "-m", "visits.yaml")

    assert ended.code == 4
    assert [row["etl_row"] for row in read(desk.folder / "visits.failed.csv")] == ["6", "8", "10"]
    assert "27 rows would go out in 2 requests" in ended.out
    assert account.requests == []


def test_the_failed_file_of_a_check_can_be_corrected_and_run(desk: Desk, account: ForeignServer) -> None:
    """What `etl check` wrote is input like any failed file: its three rows go out."""
    sheet_with_faults(desk.folder / "visits.csv")
    desk.etl("check", "visits.csv", "-m", "visits.yaml")
    correct(desk.folder / "visits.failed.csv", CORRECTIONS)

    ended = desk.run("visits.failed.csv")

    assert (ended.code, ended.counts()) == (0, {"created": 3})


def test_cells_of_the_input_come_back_untouched(desk: Desk, server: ForeignServer) -> None:
    """What we did not write stays as it was in the results: a plus, leading zeros, line breaks, quotes, spaces."""
    odd: dict[str, Value] = {"Phone": "+919876543210", "Plot": "00417", "Note": 'line 1\nline "2"; ', "Sum": "=1+1"}
    rows = [visit(number) | odd for number in (1, 2)]
    write(desk.folder / "visits.csv", rows)

    ended = desk.run("visits.csv")

    with (desk.folder / "visits.results.csv").open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert ended.code == 0
    assert [{name: line[name] for name in rows[0]} for line in lines] == rows
    assert "Columns that the mapping does not use: Phone, Plot, Note, Sum" in ended.err
