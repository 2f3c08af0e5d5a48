"""The sheet of values that fit no option."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from openpyxl import load_workbook

from etl.mapping.translation import Translation, UnknownValue
from etl.reader import InputRules, open_input
from etl.reconciler.to_translate import write_to_translate
from etl.records import Column

if TYPE_CHECKING:
    from pathlib import Path

TYPE, STATUS = Column(0, "A", "Visit Type"), Column(3, "D", "")
VALUES = [
    UnknownValue(TYPE, "sv", dict.fromkeys(["SV", "RV", "=A1"]), "SV", {"mx_Custom_1": 12, "mx_Custom_2": 3}),
    UnknownValue(TYPE, "=cmd()", dict.fromkeys(["SV", "RV", "=A1"]), None, {"mx_Custom_1": 1}),
    UnknownValue(STATUS, "007", dict.fromkeys(["Done"]), None, {"mx_Custom_3": 2}),
]


def test_the_sheet(tmp_path: Path) -> None:
    """One line a value, "use this" empty; a column without a header goes by its letter. Nothing is a formula."""
    path = tmp_path / "visits.to-translate.xlsx"

    write_to_translate(path, VALUES)

    book = load_workbook(path)
    assert [(sheet.title, sheet.sheet_state) for sheet in book] == [("to translate", "visible"), ("options", "hidden")]
    assert [[cell.value for cell in row] for row in book["to translate"]] == [
        ["column", "value", "how often", "nearest option", "use this"],
        ["Visit Type", "sv", 12, "SV", None],
        ["Visit Type", "=cmd()", 1, None, None],
        ["D", "007", 2, None, None],
    ]
    assert all(cell.data_type != "f" for row in book["to translate"] for cell in row)


def test_use_this_offers_the_options(tmp_path: Path) -> None:
    """Each cell under "use this" has the options of its own column as a list."""
    path = tmp_path / "visits.to-translate.xlsx"

    write_to_translate(path, VALUES)

    book = load_workbook(path)
    offered = {str(one.sqref): one.formula1 for one in book["to translate"].data_validations.dataValidation}
    assert offered == {"E2": "options!$A$1:$A$3", "E3": "options!$A$1:$A$3", "E4": "options!$B$1:$B$1"}
    assert [[cell.value for cell in row] for row in book["options"]] == [["SV", "Done"], ["RV", None], ["=A1", None]]


def test_the_same_values_give_the_same_file(tmp_path: Path) -> None:
    """Two checks of one sheet write the same bytes."""
    one, two = tmp_path / "one.xlsx", tmp_path / "two.xlsx"

    write_to_translate(one, VALUES)
    write_to_translate(two, VALUES)

    assert one.read_bytes() == two.read_bytes()
    assert load_workbook(one).properties.created == datetime(2000, 1, 1)  # noqa: DTZ001 (a workbook's own)


def test_a_filled_sheet_is_a_translation_file(tmp_path: Path) -> None:
    """The file itself is read as a translation: only its visible sheet, only lines that are filled in."""
    path = tmp_path / "values.xlsx"
    write_to_translate(path, VALUES)
    book = load_workbook(path)
    book["to translate"]["E2"] = "SV"
    book.save(path)

    with open_input(path, InputRules()) as opened:
        said = Translation.read(opened.table, opened.blocks())

    assert said.of_column == {"Visit Type": {"sv": "SV"}}
