"""Numbers that their sheet shows with zeros or in percent: in results files they stay what they are."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

from etl.identity import CellsFingerprint
from etl.reconciler.exact_workbook import ExactWorksheet, open_workbook, write_cell
from etl.reconciler.results_delimited import as_text
from etl.reconciler.workbook_styles import Styles
from etl.records import ShownNumber

if TYPE_CHECKING:
    from pathlib import Path

CELLS: dict[str, tuple[ShownNumber, object, str, str]] = {
    "zeros": (ShownNumber(7, "00007"), 7, "00000", "00007"),
    "percent": (ShownNumber(0.15, "15%"), 0.15, "0%", "15%"),
    "percent_with_decimals": (ShownNumber(0.154, "15.4%"), 0.154, "0.0%", "15.4%"),
    "rounded_percent": (ShownNumber(0.154, "15%"), 0.154, "0%", "15.4%"),
    "sign_only": (ShownNumber(15, "15%"), "15%", "@", "15%"),
    "sign_only_rounded": (ShownNumber(14.6, "15%"), "14.6%", "@", "14.6%"),
    "literal": (ShownNumber(7, "INV-0007"), "INV-0007", "@", "INV-0007"),
    "negative_percent": (ShownNumber(-0.025, "-2.5%"), -0.025, "0.0%", "-2.5%"),
}


@pytest.mark.parametrize(("cell", "value", "code", "text"), CELLS.values(), ids=CELLS)
def test_a_shown_number_in_a_results_file(
    tmp_path: Path, cell: ShownNumber, value: object, code: str, text: str
) -> None:
    """A workbook keeps the stored number and how it is shown; a text file what is shown, no digit of a percentage less."""
    path = tmp_path / "visits.results.xlsx"
    with open_workbook(path) as workbook:
        write_cell(workbook.add_worksheet("R", ExactWorksheet), 0, 0, cell, Styles.of(workbook))

    written = load_workbook(path)["R"]["A1"]
    assert (written.value, written.number_format) == (value, code)
    assert as_text(cell) == text


def test_a_text_file_of_shown_numbers(tmp_path: Path) -> None:
    """No row of a .csv says how Python writes such a number."""
    with (tmp_path / "r.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerow([as_text(cell) for cell, *_ in CELLS.values()])

    assert "ShownNumber" not in (tmp_path / "r.csv").read_text(encoding="utf-8")


def test_a_row_stays_known_when_its_format_is_read() -> None:
    """Its cell counts as the stored number, as ledgers have it that know the row from before formats were read."""
    of = CellsFingerprint(["A"]).of

    assert of([ShownNumber(7, "00007")]) == of([7]) == of([7.0])
    assert of([ShownNumber(0.15, "15%")]) == of([0.15])
