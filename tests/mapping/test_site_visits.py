"""The example mapping on the sample: what goes out, and what each wrong cell is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from etl.mapping.apply import Applier
from etl.mapping.load import load_mapping
from etl.reader import InputRules, open_input

if TYPE_CHECKING:
    from etl.mapping.apply import AppliedRow

ROOT = Path(__file__).parents[2]
MAPPING = load_mapping(ROOT / "mappings" / "site_visits.yaml")


def rows_of(name: str) -> list[AppliedRow]:
    with open_input(ROOT / "sample_data" / name, InputRules()) as opened:
        applier = Applier(MAPPING, opened.table)
        rows = [row for block in opened.blocks() for row in applier.apply(block)]
    assert applier.finish() == ()
    assert [column.header for column in applier.unmapped] == ["Date"]
    return rows


@pytest.mark.parametrize("name", ["site_visits.csv", "site_visits.xlsx"])
def test_the_slips_of_the_sample_are_found(name: str) -> None:
    """Each cell that went wrong is told at its place, and nothing else is; planned visits are ignored."""
    rows = rows_of(name)

    assert [(finding.code, finding.hint.split(":")[0]) for row in rows for finding in row.findings] == [
        ("date_format", "C16"),
        ("date_format", "C29"),
        ("empty_cell", "E43"),
        ("email_format", "E60"),
        ("choice_unknown", "H75"),
        ("number_format", "K92"),
        ("text_damaged", "F108"),
        ("too_long", "N123"),
        ("date_format", "L139"),
        ("empty_key", "A186"),
    ]
    assert sum(row.ignored is not None for row in rows) == 12


def test_the_csv_and_the_workbook_send_the_same() -> None:
    """A true date-time of the workbook and its text in the CSV, a number and its digits, become one payload and key."""
    from_csv, from_workbook = rows_of("site_visits.csv"), rows_of("site_visits.xlsx")

    assert [(row.values, row.unique_values) for row in from_csv] == [
        (row.values, row.unique_values) for row in from_workbook
    ]


def test_the_first_row_as_it_is_sent() -> None:
    """The comments of the example tell the truth."""
    row = rows_of("site_visits.csv")[0]

    assert row.unique_values == ("SV-0001",)
    assert row.values is not None
    assert {target: row.values[target] for target in row.values if target != "ActivityNote"} == {
        "SearchByValue": "pooja.north@example.com",
        "ActivityOwnerEmail": "imran@example.com",
        "ActivityDateTime": "2026-01-05 04:25:00",
        "mx_Custom_1": "Revisit",
        "mx_Custom_2": "2050000",
        "mx_Custom_3": "+91-9876543225",
        "mx_Custom_6": "01140",
        "mx_Custom_7": "Pooja",
        "mx_Custom_5": "RV at River Side",
    }
