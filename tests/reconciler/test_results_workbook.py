"""Results files as .xlsx, read back with another library."""

# ruff: noqa: DTZ001 # a cell of a spreadsheet has no zone

from __future__ import annotations

import tempfile
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from etl.errors import UsageError
from etl.reconciler import exact_workbook
from etl.reconciler.lead_links import LeadLinks
from etl.reconciler.results import Part
from etl.reconciler.results_workbook import write_results_workbook, write_workbook
from etl.records import ETL_COLUMNS, BrokenCell, Cell, Column, Outcome, ResultLine, Table

from .conftest import MakeLine, MakeTable

OURS = len(ETL_COLUMNS)


def sheet_of(path: Path) -> Worksheet:
    sheet = openpyxl.load_workbook(path).active
    assert isinstance(sheet, Worksheet)
    return sheet


def rows_of(path: Path) -> list[list[Any]]:
    """Every row below the header, of all sheets one after another."""
    book = openpyxl.load_workbook(path)
    return [list(row) for sheet in book.worksheets for row in sheet.iter_rows(min_row=2, values_only=True)]


def written_back(path: Path, table: Table, line: ResultLine) -> list[Any]:
    """The input's cells of one line, after writing and reading."""
    write_workbook(path, table, [line])
    return rows_of(path)[0][OURS:]


@pytest.mark.parametrize(
    "cell",
    [
        "00417",
        "+91 98765 43210",
        "1e5",
        "TRUE",
        "=1+1",
        "{=1}",
        "https://example.com",
        "mailto:asha@example.com",
        "<r><t>markup</t></r>",
        'a & b < c > d "quoted"',
        "  spaces  ",
        "line\nbreak",
        "नमस्ते வணக்கம் নমস্কার سلام 😀",
        "#N/A",
        "it's",
        "'quoted",
        7,
        -3,
        919876543210,
        12345678901234567890,
        0.1 + 0.2,
        1e300,
        -2.5,
        True,
        False,
        datetime(2026, 2, 25, 11, 0),
        datetime(2026, 2, 25, 11, 0, 59),
        datetime(2026, 2, 25, 11, 0, 59, 123000),
        time(9, 30),
        time(0, 0),
        None,
    ],
    ids=repr,
)
def test_a_cell_reads_back_equal_and_of_its_type(
    tmp_path: Path, make_table: MakeTable, make_line: MakeLine, cell: Cell
) -> None:
    """What was a text is a text, a number a number with all its digits, a date a date."""
    (read,) = written_back(tmp_path / "r.xlsx", make_table(["Cell"]), make_line([cell]))

    assert (read, type(read)) == (cell, type(cell))


def test_a_day_is_written_without_a_time(tmp_path: Path, make_table: MakeTable, make_line: MakeLine) -> None:
    """A date's format shows no time of day, so that a reader can tell it from a moment at midnight."""
    write_workbook(tmp_path / "r.xlsx", make_table(["a", "b"]), [make_line([date(2026, 3, 5), datetime(2026, 3, 5)])])
    day, midnight = sheet_of(tmp_path / "r.xlsx")[2][OURS:]

    assert (day.value, day.number_format) == (datetime(2026, 3, 5), "yyyy-mm-dd")
    assert (midnight.value, midnight.number_format) == (datetime(2026, 3, 5), "yyyy-mm-dd hh:mm")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (BrokenCell("#REF!"), "#REF!"),
        (date(1899, 12, 31), "1899-12-31"),
        (datetime(1850, 1, 2, 3, 4), "1850-01-02 03:04:00"),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02 03:04:00+00:00"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
        ("half \ud83d", "half \\ud83d"),
    ],
    ids=[
        "broken cell",
        "day before 1900",
        "moment before 1900",
        "zone",
        "infinity",
        "not a number",
        "half a character",
    ],
)
def test_what_a_workbook_has_no_cell_for_becomes_its_text(
    tmp_path: Path, make_table: MakeTable, make_line: MakeLine, cell: Cell, text: str
) -> None:
    """A value that no cell can hold neither stops the file nor changes in silence."""
    assert written_back(tmp_path / "r.xlsx", make_table(["Cell"]), make_line([cell])) == [text]


# openpyxl leaves the escapes _xHHHH_ of control characters as they stand; those are in the next test.
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff_"), min_size=1)
numbers = st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False)
moments = st.datetimes(datetime(1900, 3, 1), datetime(9999, 1, 1)).map(lambda moment: moment.replace(microsecond=0))


@settings(max_examples=50, deadline=None)
@given(st.lists(texts | numbers | st.booleans() | moments | st.none(), min_size=3, max_size=3))
def test_any_cell_comes_back(cells: list[Cell]) -> None:
    """Reading the file gives back every cell of the input."""
    table = Table(Path("v.xlsx"), "V", tuple(Column(n, "A", f"c{n}") for n in range(3)))
    with tempfile.TemporaryDirectory() as folder:
        line = ResultLine(2, Outcome.CREATED, "i", None, None, None, 1, tuple(cells))

        assert written_back(Path(folder, "r.xlsx"), table, line) == cells


def test_control_characters_are_escaped_as_excel_does(
    tmp_path: Path, make_table: MakeTable, make_line: MakeLine
) -> None:
    """A carriage return survives XML, and a text that looks like an escape is not one (ECMA-376: ST_Xstring)."""
    read = written_back(tmp_path / "r.xlsx", make_table(["a", "b"]), make_line(["a\r\nb\x01", "_x000D_"]))

    assert read == ["a_x000D_\nb_x0001_", "_x005F_x000D_"]


def test_our_columns_stand_first_and_frozen(tmp_path: Path, make_table: MakeTable, make_line: MakeLine) -> None:
    """The header is bold and filtered, and stays in view together with the outcome columns."""
    write_workbook(tmp_path / "r.xlsx", make_table(), [make_line(), make_line(row=3)])
    sheet = sheet_of(tmp_path / "r.xlsx")

    assert [cell.value for cell in sheet[1]] == [*ETL_COLUMNS, "Visit ID", "Remarks"]
    assert all(cell.font.bold for cell in sheet[1])
    assert sheet.freeze_panes == "H2"
    assert sheet.auto_filter.ref == "A1:I3"
    assert sheet.title == "Visits"


def test_what_verifying_found_is_frozen_and_readable_too(
    tmp_path: Path, make_table: MakeTable, make_line: MakeLine
) -> None:
    """The verified column looks like ours: bold, frozen, as text, wrapped within its width and its row tall enough."""
    lines = [make_line(), make_line(row=3, verified="differs: " + "x" * 60)]
    write_workbook(tmp_path / "r.xlsx", make_table(), lines, more=("etl_verified",))
    sheet = sheet_of(tmp_path / "r.xlsx")

    assert [cell.value for cell in sheet[1]] == [*ETL_COLUMNS, "etl_verified", "Visit ID", "Remarks"]
    assert sheet["H1"].fill.fgColor.rgb == sheet["A1"].fill.fgColor.rgb != sheet["I1"].fill.fgColor.rgb
    assert sheet.freeze_panes == "I2"
    assert sheet.auto_filter.ref == "A1:J3"
    assert (sheet["H3"].number_format, sheet["H3"].alignment.wrap_text) == ("@", True)
    assert round(sheet.column_dimensions["H"].width) == 31
    assert [sheet.row_dimensions[row].height for row in (2, 3)] == [None, 45]


def test_our_cells_are_defused_texts_and_the_inputs_are_left(
    tmp_path: Path, make_table: MakeTable, make_line: MakeLine
) -> None:
    """An answer that looks like a formula is a text with an apostrophe; the same text in the input stays as it was."""
    line = make_line(["=1+1", "x"], activity_id="123", error="=1+1", hint="@x", status=Outcome.REFUSED, code="+1")
    write_workbook(tmp_path / "r.xlsx", make_table(), [line])

    assert rows_of(tmp_path / "r.xlsx") == [[2, "refused", "123", "'=1+1", "'@x", "'+1", 41, "=1+1", "x"]]
    assert sheet_of(tmp_path / "r.xlsx")["H2"].data_type == "s"


def test_texts_stay_texts_when_a_person_corrects_them(
    tmp_path: Path, make_table: MakeTable, make_line: MakeLine
) -> None:
    """Texts, and the empty cells of a column of texts, have the text format: `00417` or `05/03/2026` stay as typed."""
    table = make_table(["Plot", "Budget"])
    write_workbook(tmp_path / "r.xlsx", table, [make_line(["00417", 5]), make_line([None, 5], row=3)])
    sheet = sheet_of(tmp_path / "r.xlsx")

    assert sheet["H2"].number_format == "@"
    assert sheet.column_dimensions["H"].number_format == "@"
    assert sheet.column_dimensions["I"].number_format == "General"
    assert sheet["I2"].number_format == "0"


def test_each_status_has_its_colour(tmp_path: Path, make_table: MakeTable, make_line: MakeLine) -> None:
    """Every outcome's cell is filled; what is fine, what needs a person and what is open can be told apart."""
    lines = [make_line(row=row, status=outcome) for row, outcome in enumerate(Outcome, start=2)]
    write_workbook(tmp_path / "r.xlsx", make_table(), lines)

    cells = sheet_of(tmp_path / "r.xlsx")["B"][1:]
    fills = {cell.value: cell.fill.fgColor.rgb for cell in cells}

    assert [cell.value for cell in cells] == [outcome.value for outcome in Outcome]
    assert all(cell.fill.fill_type == "solid" for cell in cells)
    assert len({fills["created"], fills["invalid"], fills["changed"], fills["unconfirmed"], fills["waiting"]}) == 5


def test_widths_follow_the_content_within_bounds(tmp_path: Path, make_table: MakeTable, make_line: MakeLine) -> None:
    """A column is as wide as its longest line, not endless, and its header can be read."""
    table = make_table(["No", "Remarks", "Site"])
    line = make_line(["1", "x" * 5000, "one\nlonger than one"], error="e" * 300, hint="h" * 300)
    write_workbook(tmp_path / "r.xlsx", table, [line])
    widths = sheet_of(tmp_path / "r.xlsx").column_dimensions

    assert [round(widths[letter].width) for letter in "CDEHIJ"] == [38, 31, 41, 9, 33, 17]


def test_rows_beyond_a_sheet_go_on_in_the_next(tmp_path: Path, make_table: MakeTable, make_line: MakeLine) -> None:
    """No row is lost at the end of a sheet: further sheets have the same header, filter and frozen columns."""
    lines = [make_line(row=row) for row in range(2, 9)]
    write_workbook(tmp_path / "r.xlsx", make_table(), lines, sheet_rows=4)
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")

    assert book.sheetnames == ["Visits", "Visits (2)", "Visits (3)"]
    assert [sheet.auto_filter.ref for sheet in book.worksheets] == ["A1:I4", "A1:I4", "A1:I2"]
    assert {sheet.freeze_panes for sheet in book.worksheets} == {"H2"}
    assert {sheet["H1"].value for sheet in book.worksheets} == {"Visit ID"}
    assert [row[0] for row in rows_of(tmp_path / "r.xlsx")] == list(range(2, 9))


def test_a_text_too_long_for_a_cell_is_cut_and_said(tmp_path: Path, make_table: MakeTable, make_line: MakeLine) -> None:
    """What fits is kept, whole characters only, and the error column names the cut column before its own text."""
    line = make_line(["x" * 40_000, "😀" * 16_384], status=Outcome.INVALID, error="Too long.")
    write_workbook(tmp_path / "r.xlsx", make_table(), [line])
    (row,) = rows_of(tmp_path / "r.xlsx")

    assert row[OURS:] == ["x" * 32_767, "😀" * 16_383]
    assert row[3] == (
        'A workbook cell holds 32,767 characters: the text of "Visit ID" and "Remarks" is cut here; '
        "the input has it whole. Too long."
    )


def test_the_longest_text_that_fits_is_not_cut(tmp_path: Path, make_table: MakeTable, make_line: MakeLine) -> None:
    """Exactly 32,767 characters are a whole cell."""
    write_workbook(tmp_path / "r.xlsx", make_table(["a"]), [make_line(["अ" * 32_767])])
    (row,) = rows_of(tmp_path / "r.xlsx")

    assert row[3] is None
    assert row[OURS:] == ["अ" * 32_767]


def test_too_many_columns_are_refused(tmp_path: Path, make_table: MakeTable) -> None:
    """Columns that do not fit into a sheet beside ours, those that may come later too, are refused: cells would be missing."""
    with pytest.raises(UsageError, match=r"visits\.xlsx has so many columns .* 16,386, .* 16,384\. Name a \.csv"):
        write_workbook(tmp_path / "r.xlsx", make_table(["x"] * (16_384 - OURS)), [])


def test_an_input_without_rows_has_a_header(tmp_path: Path, make_table: MakeTable) -> None:
    """The results of an empty input are a header."""
    write_workbook(tmp_path / "r.xlsx", make_table(), [])

    assert rows_of(tmp_path / "r.xlsx") == []
    assert sheet_of(tmp_path / "r.xlsx")["H1"].value == "Visit ID"


@pytest.mark.parametrize("sheet", [None, "a/b", "x" * 40], ids=["none", "refused by Excel", "too long"])
def test_a_sheet_always_has_a_name(tmp_path: Path, make_table: MakeTable, sheet: str | None) -> None:
    """A sheet that cannot be named as the input's still gets a name that Excel accepts."""
    write_workbook(tmp_path / "r.xlsx", make_table(sheet=sheet), [])

    assert sheet_of(tmp_path / "r.xlsx").title in {"Results", "x" * 31}


def test_nothing_temporary_stays_after_an_error(
    tmp_path: Path, make_table: MakeTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the lines break off, the row files that the library keeps are gone too."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()

    def lines() -> Any:
        yield ResultLine(2, Outcome.CREATED, "i", None, None, None, 1, ("a", "b"))
        raise RuntimeError("the ledger went away")

    with pytest.raises(RuntimeError, match="the ledger went away"):
        write_workbook(tmp_path / "r.xlsx", make_table(), lines())

    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_full_disk_is_an_error_of_the_system(
    tmp_path: Path, make_table: MakeTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that cannot be finished is told by the system's own error, and leaves nothing temporary either."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    (tmp_path / "r.xlsx").mkdir()

    with pytest.raises(IsADirectoryError, match=r"r\.xlsx"):
        write_workbook(tmp_path / "r.xlsx", make_table(), [])

    assert list((tmp_path / "temporary").iterdir()) == []


def test_spaces_at_the_ends_of_a_text_are_marked(tmp_path: Path, make_table: MakeTable, make_line: MakeLine) -> None:
    """Excel drops white space around a text that is not marked to keep it (XML: xml:space)."""
    write_workbook(tmp_path / "r.xlsx", make_table(["a"]), [make_line(["  a "])])

    with zipfile.ZipFile(tmp_path / "r.xlsx") as parts:
        assert b'<t xml:space="preserve">  a </t>' in parts.read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize(
    ("error", "hint", "height"),
    [(None, None, None), ("short", "short", None), ("e" * 60, None, 45), ("e", "a\nb", 30), ("e" * 9000, None, 405)],
    ids=["nothing", "one line", "long error", "two lines", "endless"],
)
def test_a_row_is_as_tall_as_what_it_tells(
    tmp_path: Path, make_table: MakeTable, make_line: MakeLine, error: str | None, hint: str | None, height: int | None
) -> None:
    """Error and hint can be read without dragging rows; a row without them has the usual height."""
    write_workbook(tmp_path / "r.xlsx", make_table(), [make_line(error=error, hint=hint)])

    assert sheet_of(tmp_path / "r.xlsx").row_dimensions[2].height == height


def test_late_errors_widen_their_columns(tmp_path: Path, make_table: MakeTable, make_line: MakeLine) -> None:
    """Our columns are as wide as their content even when the first error comes after thousands of good rows."""
    lines = [make_line(row=row) for row in range(2, 1200)]
    write_workbook(tmp_path / "r.xlsx", make_table(), [*lines, make_line(row=1200, error="e" * 300)])

    assert round(sheet_of(tmp_path / "r.xlsx").column_dimensions["D"].width) == 31


LEAD = "0F8FAD5B-d9cb-469f-a165-70867728950e"


def test_the_id_of_a_lead_is_a_link_and_a_text(
    tmp_path: Path, make_table: MakeTable, make_line: MakeLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where leads are shown is known: their ids become links, other texts do not, and no more than a sheet can hold."""
    monkeypatch.setattr(exact_workbook, "MOST_LINKS", 2)
    lines = [make_line([text, "x"], row=row) for row, text in enumerate((LEAD, "nobody", f" {LEAD}", LEAD), start=2)]
    links = LeadLinks("https://app.example.com/Lead?LeadID={id}&x=1", place=0)
    part = Part(make_table(["Lead", "Remarks"]), lines, links=links)
    write_results_workbook(tmp_path / "r.xlsx", [part], "r.failed.xlsx")
    sheet = sheet_of(tmp_path / "r.xlsx")

    assert [cell.value for cell in sheet["H"][1:]] == [LEAD, "nobody", f" {LEAD}", LEAD]
    address = f"https://app.example.com/Lead?LeadID={LEAD}&x=1"
    assert [cell.hyperlink and cell.hyperlink.target for cell in sheet["H"][1:]] == [address, None, address, None]
    assert [cell.data_type for cell in sheet["H"][1:]] == ["s"] * 4
    assert {cell.number_format for cell in sheet["H"][1:]} == {"@"}


def test_the_rows_of_one_input_go_on_beyond_a_sheet(tmp_path: Path, make_table: MakeTable, make_line: MakeLine) -> None:
    """`Rows`, `Rows (2)` …, then the others; the first one is what opens. A mapping that needs the sheet's name keeps it."""
    lines = [make_line(row=row) for row in range(2, 6)]
    lines.append(make_line(row=6, status=Outcome.INVALID))
    part = Part(make_table(), lines)
    write_results_workbook(tmp_path / "r.xlsx", [part], "r.failed.xlsx", sheet_rows=4)
    write_results_workbook(tmp_path / "n.xlsx", [replace(part, keeps_name=True)], "n.failed.xlsx")
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")

    assert book.sheetnames == ["Rows", "Rows (2)", "To correct"]
    assert book.active is book["Rows"]
    assert openpyxl.load_workbook(tmp_path / "n.xlsx").sheetnames == ["Visits", "To correct"]
