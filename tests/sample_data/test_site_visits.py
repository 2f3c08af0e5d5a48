"""The sample of 240 visits: what it must show."""

# ruff: noqa: DTZ007 # a cell of a spreadsheet has no zone

from __future__ import annotations

import csv
import re
import unicodedata
from datetime import date, datetime
from functools import cache
from pathlib import Path

import openpyxl
import phonenumbers
from field_team import COLUMNS, SheetCell, SheetRow
from site_visits import PLANNED, REPEATED, SLIPS

SAMPLE_DATA = Path(__file__).parents[2] / "sample_data"
ADDRESS = re.compile(r"[a-z]+(\.[a-z]+)?@example\.(com|org|net)")
BUDGET = re.compile(r"\d+|₹ \d{1,2}(,\d\d){1,2},\d{3}")


def cells_of(workbook: Path) -> list[tuple[object, ...]]:
    return list(openpyxl.load_workbook(workbook)["Visits"].iter_rows(values_only=True))


@cache
def from_workbook() -> list[SheetRow]:
    """The rows of the workbook that is part of the project."""
    header, *rows = cells_of(SAMPLE_DATA / "site_visits.xlsx")
    assert header == COLUMNS
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]  # type: ignore[arg-type] # openpyxl: any object


@cache
def from_csv() -> list[dict[str, str]]:
    """The rows of the .csv that is part of the project."""
    with (SAMPLE_DATA / "site_visits.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def as_shown(header: str, cell: SheetCell) -> str:
    """A cell as Excel shows it with the formats of this workbook."""
    if isinstance(cell, datetime):
        return cell.strftime({"Date": "%d/%m/%Y", "Follow-up": "%d-%b-%Y"}.get(header, "%d/%m/%Y %H:%M"))
    return "" if cell is None else str(cell)


def test_both_files_hold_the_same_rows() -> None:
    """The .csv is the workbook as Excel shows it to a person who writes dd/mm/yyyy."""
    shown = [{header: as_shown(header, cell) for header, cell in row.items()} for row in from_workbook()]

    assert len(shown) == 240
    assert from_csv() == shown


def test_the_slips_are_where_they_are_said_to_be() -> None:
    """Each wrong cell stands in its row as typed, and one row is there twice."""
    rows = from_workbook()

    assert {number: {header: rows[number][header] for header in slip} for number, slip in SLIPS.items()} == SLIPS
    assert {number: rows[number] for number in REPEATED} == {number: rows[of] for number, of in REPEATED.items()}
    assert len(SLIPS[121]["Remarks"]) > 2000  # type: ignore[arg-type] # this slip is a text


def test_nothing_else_is_wrong() -> None:
    """Every row that is not one of the slips is a visit that can be imported."""
    rows = from_csv()
    sound = [row for number, row in enumerate(rows) if number not in SLIPS and number not in REPEATED]

    for row in sound:
        assert datetime.strptime(row["Visited On"], "%d/%m/%Y %H:%M").strftime("%d/%m/%Y") == row["Date"]
        assert not row["Follow-up"] or datetime.strptime(row["Follow-up"], "%d-%b-%Y")
        assert ADDRESS.fullmatch(row["Email"])
        assert not row["Email"].startswith("nobody@")
        assert ADDRESS.fullmatch(row["Executive"])
        assert phonenumbers.is_valid_number(phonenumbers.parse(row["Mobile"], "IN")), row["Mobile"]
        assert row["Visit Type"] in {"SV", "RV", "VC"}
        assert re.fullmatch(r"0\d{4}", row["Plot No"])
        assert BUDGET.fullmatch(row["Budget"])
        assert 0 < len(row["Remarks"]) <= 2000
    assert len({row["Visit ID"] for row in sound}) == len(sound)


def test_planned_visits_are_a_dozen_and_sound() -> None:
    """Twelve visits have not taken place, none of them wrong otherwise."""
    planned = {number for number, row in enumerate(from_csv()) if row["Status"] == "Planned"}

    assert planned == PLANNED
    assert len(planned) == 12
    assert not planned & (SLIPS.keys() | REPEATED.keys())


def test_true_dates_tell_of_no_swap() -> None:
    """In each column that mixes texts and true dates some true dates have a day beyond 12: nobody swapped them."""
    for header in ("Visited On", "Follow-up"):
        cells = [row[header] for row in from_workbook()]
        true_days = {cell.day for cell in cells if isinstance(cell, date)}

        assert min(true_days) <= 12 < max(true_days)
        assert sum(isinstance(cell, str) for cell in cells) > len(cells) / 4


def test_budgets_are_amounts_texts_and_numbers() -> None:
    """The team typed rupees, digits as text, and true numbers."""
    cells = [row["Budget"] for row in from_workbook()]

    assert any(isinstance(cell, int) for cell in cells)
    assert any(isinstance(cell, str) and cell.isdigit() for cell in cells)
    assert "₹ 18,50,000" in cells


def test_mobiles_are_typed_three_ways() -> None:
    """The same numbers come with +91, with 0, and bare."""
    shapes = {re.sub(r"\d", "9", str(row["Mobile"])) for row in from_workbook()}

    assert shapes == {"+99 99999 99999", "99999999999", "99999 99999", "9.99999E+99"}


def test_several_scripts_and_line_breaks_occur() -> None:
    """Names and remarks are written in Latin, Devanagari, Tamil, Bengali and Arabic script."""
    for header in ("Customer", "Remarks"):
        letters = {letter for row in from_csv() for letter in row[header] if letter.isalpha()}
        scripts = {unicodedata.name(letter).split()[0] for letter in letters}

        assert {"LATIN", "DEVANAGARI", "TAMIL", "BENGALI", "ARABIC"} <= scripts
    assert any("\n" in row["Remarks"] for row in from_csv())
