"""Results files as .csv."""

# ruff: noqa: DTZ001 # a cell of a spreadsheet has no zone

from __future__ import annotations

import csv
from datetime import date, datetime, time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.reconciler.results_delimited import write_delimited
from etl.records import ETL_COLUMNS, BrokenCell, Column, Outcome, ResultLine, Table

from .conftest import MakeLine, MakeTable


def test_bytes_are_those_excel_expects(tmp_path: Path, make_table: MakeTable, make_line: MakeLine) -> None:
    """The file starts with the byte order mark, its lines end in CR LF, and cells stand as they came."""
    path = tmp_path / "r.csv"
    lines = [
        make_line(["00417", "नमस्ते, Asha"], activity_id="a-1"),
        make_line(
            ["+919876543210", 'a "b"\nc'],
            row=3,
            status=Outcome.INVALID,
            activity_id=None,
            error="=bad",
            hint="F3: fix",
            code="not_a_date",
        ),
    ]

    write_delimited(path, make_table(), lines, ",")

    assert (
        path.read_bytes()
        == (
            "\ufeffetl_row,etl_status,ProspectActivityId,etl_error,etl_hint,etl_code,etl_run,Visit ID,Remarks\r\n"
            '2,created,a-1,,,,41,00417,"नमस्ते, Asha"\r\n'
            '3,invalid,,\'=bad,F3: fix,not_a_date,41,+919876543210,"a ""b""\nc"\r\n'
        ).encode()
    )


def test_the_delimiter_is_the_one_asked_for(tmp_path: Path, make_table: MakeTable, make_line: MakeLine) -> None:
    """A list separator other than the comma is used and quoted against."""
    write_delimited(tmp_path / "r.csv", make_table(["Visit ID"]), [make_line(["a;b"])], ";")

    assert (tmp_path / "r.csv").read_text(encoding="utf-8-sig").splitlines()[1].endswith(';41;"a;b"')


def test_typed_cells_are_written_the_iso_way(tmp_path: Path, make_table: MakeTable, make_line: MakeLine) -> None:
    """A workbook's cells in a .csv: no day can be taken for a month, no digit is lost, an empty cell stays empty."""
    cells = [
        12345678901234567890,
        0.1 + 0.2,
        True,
        date(2026, 3, 5),
        datetime(2026, 3, 5, 9, 30),
        time(9, 30),
        BrokenCell("#N/A"),
        None,
    ]
    write_delimited(tmp_path / "r.csv", make_table([f"c{n}" for n in range(8)]), [make_line(cells)], ",")

    written = (tmp_path / "r.csv").read_text(encoding="utf-8-sig").splitlines()[1].split(",")[len(ETL_COLUMNS) :]

    assert written == [
        "12345678901234567890",
        "0.30000000000000004",
        "TRUE",
        "2026-03-05",
        "2026-03-05 09:30:00",
        "09:30:00",
        "#N/A",
        "",
    ]


def test_half_a_character_does_not_cost_the_file(tmp_path: Path, make_table: MakeTable, make_line: MakeLine) -> None:
    """Half of a UTF-16 pair, which no UTF-8 file can hold, is written out by its number."""
    write_delimited(tmp_path / "r.csv", make_table(["Visit ID"]), [make_line(["a\ud83d"])], ",")

    assert (tmp_path / "r.csv").read_bytes().endswith(b"a\\ud83d\r\n")


@settings(deadline=None)
@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2), max_size=5))
def test_any_text_comes_back(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    """Reading the file gives back every text of the input, whatever is in it."""
    path = tmp_path_factory.mktemp("csv") / "r.csv"
    table = Table(Path("v.csv"), None, (Column(0, "A", "a"), Column(1, "B", "b")))
    lines = [ResultLine(2, Outcome.CREATED, "i", None, None, None, 1, tuple(row)) for row in rows]

    write_delimited(path, table, lines, ",")

    with path.open(encoding="utf-8-sig", newline="") as stream:
        assert [row[len(ETL_COLUMNS) :] for row in csv.reader(stream)][1:] == rows
