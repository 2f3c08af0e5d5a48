"""Our own files are input again."""

# ruff: noqa: DTZ001 # a cell of a spreadsheet has no zone

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path

import pytest

from etl.reader import InputRules, open_input
from etl.reconciler.columns import input_positions
from etl.reconciler.names import DELIMITED, WORKBOOK, FileKind
from etl.reconciler.results import write_failed, write_results
from etl.records import ETL_COLUMNS, Cell, Outcome, ResultLine, Table

from .conftest import MakeLine, MakeTable

TEXTS = ["00417", "+91 98765 43210", "9.19877E+11", "=1+1", "नमस्ते", "a\nb", " a ", "NA", "TRUE", None]
TYPED = [7, 0.1 + 0.2, True, date(2026, 3, 5), datetime(2026, 2, 25, 11, 0), time(9, 30), 919876543210, "₹ 4,50,000"]


def read(path: Path) -> tuple[Table, list[tuple[Cell, ...]]]:
    """The table and the rows of a file as the reader gives them."""
    with open_input(path, InputRules()) as opened:
        rows = [row for block in opened.blocks() for row in block.frame.itertuples(index=False, name=None)]
        return opened.table, rows


def always(_: Path) -> bool:
    return True


@pytest.mark.parametrize(
    ("kind", "cells"),
    [(WORKBOOK, [*TEXTS, *TYPED]), (DELIMITED, TEXTS)],
    ids=["xlsx", "csv"],
)
def test_the_reader_gives_back_what_was_read_first(
    tmp_path: Path, make_table: MakeTable, make_line: MakeLine, kind: FileKind, cells: list[Cell]
) -> None:
    """A results file is known as ours, and its input cells are the cells of the first input, value and type alike."""
    headers = [f"column {number}" for number in range(len(cells))]
    path = write_results(tmp_path / f"v{kind.suffix}", make_table(headers), [make_line(cells)], kind, always)

    table, (row,) = read(path)

    assert table.is_ours
    assert [table.columns[position].header for position in input_positions(table)] == headers
    kept = [row[position] for position in input_positions(table)]
    assert [(cell, type(cell)) for cell in kept] == [(cell, type(cell)) for cell in cells]


@pytest.mark.parametrize("kind", [WORKBOOK, DELIMITED], ids=["xlsx", "csv"])
def test_results_of_a_failed_file_keep_its_cells(
    tmp_path: Path, make_table: MakeTable, make_line: MakeLine, kind: FileKind
) -> None:
    """Input, failed file, results of the failed file: the columns and cells of the first input arrive unchanged."""
    cells = ["SV-0001", "31/02/2026 10:00", "+91 98765 43210"]
    lines = [make_line(cells, row=7, status=Outcome.INVALID, activity_id=None, error="No date.", code="bad_date")]
    failed = write_failed(
        tmp_path / f"v.failed{kind.suffix}", make_table(["Visit ID", "Visited On", "Mobile"]), lines, kind, always
    )
    assert failed is not None
    table, (row,) = read(failed)
    again = [ResultLine(7, Outcome.CREATED, "id-1", None, None, None, 42, row)]

    table, (row,) = read(write_results(tmp_path / f"r{kind.suffix}", table, again, kind, always))

    assert [column.header for column in table.columns] == [*ETL_COLUMNS, "Visit ID", "Visited On", "Mobile"]
    assert [str(cell) for cell in row if cell is not None] == ["7", "created", "id-1", "42", *cells]
