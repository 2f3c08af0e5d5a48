"""The results file and the failed file of a run."""

from __future__ import annotations

import csv
import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from etl.reconciler.names import DELIMITED, WORKBOOK, FileKind
from etl.reconciler.results import write_failed, write_results
from etl.records import ETL_COLUMNS, Outcome, ResultLine

from .conftest import MakeLine, MakeTable


def always(_: Path) -> bool:
    return True


def read(path: Path) -> list[list[str]]:
    """All rows as texts, header first, of either kind."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return list(csv.reader(stream))
    sheet = openpyxl.load_workbook(path).worksheets[0]
    return [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]


BOTH_KINDS = pytest.mark.parametrize("kind", [WORKBOOK, DELIMITED], ids=["xlsx", "csv"])


@BOTH_KINDS
def test_every_line_is_there_in_order(
    tmp_path: Path, make_table: MakeTable, make_line: MakeLine, kind: FileKind
) -> None:
    """A results file holds one line per data row with its outcome, id and cells, in both kinds alike."""
    target = tmp_path / f"r{kind.suffix}"
    lines = [
        make_line(["SV-1", "+91 98765 43210"], activity_id="id-1"),
        make_line(["SV-2", None], row=3, status=Outcome.WAITING, activity_id=None, error="The run was stopped."),
    ]

    assert write_results(target, make_table(), lines, kind, always) == target
    assert read(target) == [
        [*ETL_COLUMNS, "Visit ID", "Remarks"],
        ["2", "created", "id-1", "", "", "", "41", "SV-1", "+91 98765 43210"],
        ["3", "waiting", "", "The run was stopped.", "", "", "41", "SV-2", ""],
    ]


@BOTH_KINDS
def test_verified_results_say_what_was_found(
    tmp_path: Path, make_table: MakeTable, make_line: MakeLine, kind: FileKind
) -> None:
    """Behind the run stands what verifying found; rows that were not compared have nothing there."""
    target = tmp_path / f"r{kind.suffix}"
    lines = [
        make_line(["SV-1", "x"], activity_id="id-1", verified='differs: mx_Custom_2: "100" became "200"'),
        make_line(["SV-2", "y"], row=3, status=Outcome.REFUSED, activity_id=None),
    ]

    write_results(target, make_table(), lines, kind, always, more=("etl_verified",))

    assert read(target) == [
        [*ETL_COLUMNS, "etl_verified", "Visit ID", "Remarks"],
        ["2", "created", "id-1", "", "", "", "41", 'differs: mx_Custom_2: "100" became "200"', "SV-1", "x"],
        ["3", "refused", "", "", "", "", "41", "", "SV-2", "y"],
    ]


@BOTH_KINDS
def test_the_failed_file_holds_what_needs_a_person(
    tmp_path: Path, make_table: MakeTable, make_line: MakeLine, kind: FileKind
) -> None:
    """Of all outcomes only invalid, refused and changed rows are in the failed file, never an unconfirmed one."""
    target = tmp_path / f"v.failed{kind.suffix}"
    lines = [make_line(row=row, status=outcome) for row, outcome in enumerate(Outcome, start=2)]

    assert write_failed(target, make_table(), iter(lines), kind, always) == target
    assert [row[1] for row in read(target)[1:]] == ["changed", "invalid", "refused"]


@BOTH_KINDS
def test_no_failed_file_without_failed_rows(
    tmp_path: Path, make_table: MakeTable, make_line: MakeLine, kind: FileKind
) -> None:
    """When no row needs a person, nothing is written."""
    lines = [make_line(), make_line(status=Outcome.UNCONFIRMED)]

    assert write_failed(tmp_path / "v.failed.x", make_table(), lines, kind, always) is None
    assert list(tmp_path.iterdir()) == []


@BOTH_KINDS
def test_results_of_our_own_file_have_our_columns_once(
    tmp_path: Path, make_table: MakeTable, make_line: MakeLine, kind: FileKind
) -> None:
    """The results of a failed file look like those of the first input: the old outcomes are gone, its cells are there."""
    table = make_table([*ETL_COLUMNS, "Visit ID", "Remarks"])
    line = make_line([7, "invalid", None, "bad", "fix", "code", 41, "SV-1", "corrected"], activity_id="id-1")

    write_results(tmp_path / "r", table, [line], kind, always)
    written = (tmp_path / "r").rename(tmp_path / f"r{kind.suffix}")

    assert read(written) == [
        [*ETL_COLUMNS, "Visit ID", "Remarks"],
        ["2", "created", "id-1", "", "", "", "41", "SV-1", "corrected"],
    ]


@BOTH_KINDS
def test_a_short_row_ends_in_empty_cells(
    tmp_path: Path, make_table: MakeTable, make_line: MakeLine, kind: FileKind
) -> None:
    """A row with fewer cells than the header has columns keeps its cells in their places."""
    target = tmp_path / f"r{kind.suffix}"

    write_results(target, make_table(["a", "b"]), [make_line(["x"])], kind, always)

    assert read(target)[1][len(ETL_COLUMNS) :] == ["x", ""]


@BOTH_KINDS
def test_lines_are_taken_one_by_one(tmp_path: Path, make_table: MakeTable, make_line: MakeLine, kind: FileKind) -> None:
    """Lines are written as they come: no line is still held when the next but one is asked for."""

    gone: list[bool] = []

    class Watched(str):
        """A text that can be watched."""

    def lines() -> Iterator[ResultLine]:
        watched = Watched("met the owner " * 50)
        seen = weakref.ref(watched)
        yield make_line([watched, "x"])
        del watched
        yield make_line(["a", "b"], row=3)
        yield make_line(["a", "b"], row=4)
        gc.collect()
        gone.append(seen() is None)

    write_results(tmp_path / f"r{kind.suffix}", make_table(), lines(), kind, always)

    assert gone == [True]
