"""What is written as csv or xlsx is read back equal."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.reader import InputRules, open_input
from etl.reconciler.names import FileKind
from etl.reconciler.results import write_results
from etl.records import Column, Outcome, ResultLine, Table

WIDTH = 3
HEADER = ["first", "second", "third"]
# XML and Excel have no place for the other control characters; "_x0041_" is how Excel writes some of them.
XLSX_TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), min_size=1, max_size=20
).filter(lambda text: "_x" not in text.lower() and not text.startswith("="))
MILLISECONDS = st.integers(0, 999).map(lambda value: value * 1000)
DATES = st.dates(date(1900, 3, 1), date(9999, 12, 31))
TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), MILLISECONDS)
NUMBERS = st.integers(-(10**15), 10**15) | st.floats(-1e15, 1e15, allow_nan=False).map(lambda x: float(f"{x:.12g}"))
XLSX_CELL = st.none() | XLSX_TEXT | NUMBERS | st.booleans() | DATES | st.builds(datetime.combine, DATES, TIMES) | TIMES


def csv_text(exclude: str = "") -> st.SearchStrategy[str]:
    return st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\r" + exclude), max_size=12)


def rows_of(cell: st.SearchStrategy[Any]) -> st.SearchStrategy[list[list[Any]]]:
    return st.lists(st.lists(cell, min_size=WIDTH, max_size=WIDTH), max_size=8)


def written(rows: list[list[str]], delimiter: str, codec: str, line_end: str) -> bytes:
    target = io.StringIO(newline="")
    writer = csv.writer(target, delimiter=delimiter, lineterminator=line_end)
    writer.writerows([HEADER, *rows])
    text = target.getvalue()
    return "\ufeff".encode(codec) + text.encode(codec) if codec.startswith("utf-16-") else text.encode(codec)


def read_back(content: bytes, name: str, encoding: str | None = None) -> list[tuple[int, list[Any]]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        with open_input(path, InputRules(encoding=encoding)) as opened:
            assert [column.header for column in opened.table.columns] == HEADER
            frames = [block.frame for block in opened.blocks(block_rows=3)]
    return [
        (number, cells) for frame in frames for number, cells in zip(frame.index, frame.values.tolist(), strict=True)
    ]


def expected(rows: list[list[Any]]) -> list[tuple[int, list[Any]]]:
    """Rows with their numbers, empty texts as None, without those in which nothing stands."""
    cells = [[None if cell == "" else cell for cell in row] for row in rows]
    return [(number, row) for number, row in enumerate(cells, 2) if any(cell is not None for cell in row)]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "bar"])
@given(rows=rows_of(csv_text()), line_end=st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=25, deadline=None)
def test_csv(rows: list[list[str]], delimiter: str, codec: str, line_end: str) -> None:
    """Any table of texts comes back equal from each Unicode encoding with each delimiter."""
    assert read_back(written(rows, delimiter, codec, line_end), "a.csv") == expected(rows)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "bar"])
@given(rows=rows_of(st.text("aB1 ,;|\t\n\"'éöß€Žœñ", max_size=12)))
@settings(max_examples=25, deadline=None)
def test_csv_in_windows_1252(rows: list[list[str]], delimiter: str) -> None:
    """Any table of Western European texts comes back equal from declared Windows-1252 (undeclared, "ßœ" is UTF-8 too)."""
    content = written(rows, delimiter, "cp1252", "\r\n")

    assert read_back(content, "a.csv", encoding="windows-1252") == expected(rows)


@given(rows=rows_of(XLSX_CELL))
@settings(max_examples=60, deadline=None)
def test_xlsx(rows: list[list[Any]]) -> None:
    """Any text, number, truth value, date and time comes back equal and of its type from a workbook."""
    target = io.BytesIO()
    book = openpyxl.Workbook()
    for row_number, row in enumerate([HEADER, *rows], 1):
        for column, value in enumerate(row, 1):
            cell = book.active.cell(row_number, column, value)
            if isinstance(value, str):
                cell.data_type = "s"  # or "#N/A" would be written as an error
            if isinstance(value, datetime):
                cell.number_format = "dd/mm/yyyy hh:mm"
    book.save(target)
    found = read_back(target.getvalue(), "a.xlsx")

    assert found == expected(rows)
    assert [[kind_of(cell) for cell in row] for _, row in found] == [
        [kind_of(c) for c in row] for _, row in expected(rows)
    ]


@pytest.mark.parametrize("constant_memory", [False, True], ids=["shared-strings", "inline-strings"])
@given(rows=rows_of(st.none() | XLSX_TEXT | st.sampled_from(["_x000D_", "a\tb", "\x0b", "=1+1", "#N/A", "007"])))
@settings(max_examples=30, deadline=None)
def test_xlsx_texts(rows: list[list[Any]], constant_memory: bool) -> None:
    """Any text comes back equal, control characters and what looks like their escapes included."""
    target = io.BytesIO()
    options = {"constant_memory": constant_memory, "in_memory": not constant_memory}
    with xlsxwriter.Workbook(target, options) as book:
        sheet = book.add_worksheet()
        for row_number, row in enumerate([HEADER, *rows]):
            for column, value in enumerate(row):
                if value is not None:
                    sheet.write_string(row_number, column, value)

    assert read_back(target.getvalue(), "a.xlsx") == expected(rows)


AWKWARD = (
    "007", "+91 98765 43210", "+919876543210", "'apostrophe", "=1+1", "@SUM(A1)", "-5", "1e5", "9.19877E+11", "NA", "None",
    "TRUE", "नमस्ते", "👩‍👩‍👧", "e\u0301", "12345678901234567890", "01/02/2026", "_x0041_", "a\tb",
    "two\nlines", " spaces  inside ",
    '"quoted"', "a;b,c|d", "#N/A", "100%", "\u00a0", "\ufeffmark",
)  # fmt: skip
AWKWARD_VALUES = (
    True, False, 0, -1, 999_999_999_999_999, 123456789012345, 0.1, 1e-300, 1e300, -2.5, date(1900, 3, 1),
    date(9999, 12, 31),
    datetime.fromisoformat("2026-02-28T23:59:59.999"), datetime.fromisoformat("1900-03-01T00:00:01"),
    time(0, 0, 0, 1000), time(23, 59, 59),
)  # fmt: skip


def written_by_openpyxl(rows: list[list[Any]]) -> bytes:
    target = io.BytesIO()
    book = openpyxl.Workbook()
    for row_number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            cell = book.active.cell(row_number, column, value)
            cell.data_type = "s" if isinstance(value, str) else cell.data_type
    book.save(target)
    return target.getvalue()


def written_by_xlsxwriter(rows: list[list[Any]]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "remove_timezone": True}) as book:
        sheet = book.add_worksheet()
        shown = {
            datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"}),
            date: book.add_format({"num_format": "dd/mm/yyyy"}),
            time: book.add_format({"num_format": "hh:mm:ss.000"}),
        }
        for row_number, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(row_number, column, value)
                elif isinstance(value, (date, time)):
                    sheet.write_datetime(row_number, column, value, shown[type(value)])
                elif value is not None:
                    sheet.write(row_number, column, value)
    return target.getvalue()


@pytest.mark.parametrize("write", [written_by_openpyxl, written_by_xlsxwriter], ids=["openpyxl", "xlsxwriter"])
@pytest.mark.parametrize("value", [*AWKWARD, *AWKWARD_VALUES], ids=repr)
def test_what_loaders_lose_comes_back_from_a_workbook(value: Any, write: Callable[[list[list[Any]]], bytes]) -> None:
    """Each of the values that the trackers are full of, written by either library, equal and of its type."""
    if value == "_x0041_" and write is written_by_openpyxl:
        pytest.skip("openpyxl does not escape it: Excel, too, shows an A")
    [(row_number, cells)] = read_back(write([HEADER, ["x", value, None]]), "a.xlsx")

    assert (row_number, cells) == (2, ["x", value, None])
    assert kind_of(cells[1]) == kind_of(value)


@pytest.mark.parametrize("text", AWKWARD, ids=repr)
def test_what_loaders_lose_comes_back_from_a_text_file(text: str) -> None:
    """Each of them as the text that stands there."""
    content = written([["x", text, ""]], ",", "utf-8", "\r\n")

    assert read_back(content, "a.csv") == [(2, ["x", text, None])]


@pytest.mark.parametrize("kind", [FileKind(".csv"), FileKind(".xlsx")], ids=["csv", "xlsx"])
@given(rows=rows_of(st.none() | XLSX_TEXT.filter(lambda text: "\r" not in text) | st.sampled_from(AWKWARD)))
@settings(max_examples=15, deadline=None)
def test_our_own_results_come_back(kind: FileKind, rows: list[list[Any]]) -> None:
    """What our own writer of results has written of an input is read back equal, behind our own columns."""
    columns = tuple(Column(position, "ABC"[position], header) for position, header in enumerate(HEADER))
    lines = [
        ResultLine(number, Outcome.REFUSED, None, "e", "h", "c", 1, tuple(row)) for number, row in enumerate(rows, 2)
    ]
    with tempfile.TemporaryDirectory() as folder:
        table = Table(Path(folder) / "visits", None, columns)
        target = Path(folder) / f"visits.results{kind.suffix}"
        path = write_results(target, table, lines, kind, lambda _: False)
        with open_input(path, InputRules()) as opened:
            assert opened.table.is_ours
            frames = [block.frame for block in opened.blocks()]

    found = [cells[-WIDTH:] for frame in frames for cells in frame.values.tolist()]
    assert found == [[None if cell == "" else cell for cell in row] for row in rows]


def kind_of(cell: Any) -> str:
    """The type of a cell; a whole float may come back as an int, as the file does not tell them apart."""
    return "number" if isinstance(cell, (int, float)) and not isinstance(cell, bool) else type(cell).__name__
