"""Two phone numbers in one cell: the first that exists, or each to a target of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from etl.errors import UsageError
from etl.mapping.apply import Applier
from etl.mapping.load import load_mapping
from tests.mapping.build import a_block, a_mapping, a_table, mapping_text

if TYPE_CHECKING:
    from pathlib import Path

    from etl.records import Cell

EACH = {"type": "phone", "region": "IN", "several": {"split": ["/", ","], "take": "each"}}
ONE, TWO, THREE = "+919876543210", "+919876543211", "+919876543212"


def sent(cell: Cell, **more: object) -> dict[str, str] | list[str]:
    """What goes to the two targets of a column Mobile, or the hints of its row."""
    rule = {"to": ["mx_Custom_3", "mx_Custom_7"], **EACH, **more}
    mapping = a_mapping(columns={"Email": "SearchByValue", "Mobile": rule}, input={"empty_values": ["-"]})
    (row,) = Applier(mapping, a_table("Email", "Mobile")).apply(a_block([["a@example.com", cell]]))
    return (
        {k: v for k, v in row.values.items() if k != "SearchByValue"} if row.values else [f.hint for f in row.findings]
    )


CELLS: dict[str, tuple[Cell, dict[str, str]]] = {
    "two": ("98765 43210 / 98765 43211", {"mx_Custom_3": ONE, "mx_Custom_7": TWO}),
    "other_separator": ("9876543210,9876543211", {"mx_Custom_3": ONE, "mx_Custom_7": TWO}),
    "one": ("9876543210", {"mx_Custom_3": ONE}),
    "number_cell": (9876543210, {"mx_Custom_3": ONE}),
    "same_twice": ("9876543210 / 9876543210", {"mx_Custom_3": ONE}),
    "gap_before": (" / 9876543211", {"mx_Custom_3": TWO}),
    "empty": (None, {}),
    "no_value": ("-", {}),
}


@pytest.mark.parametrize(("cell", "expected"), CELLS.values(), ids=CELLS)
def test_each_number_goes_to_a_target_of_its_own(cell: Cell, expected: dict[str, str]) -> None:
    """The n-th number of a cell goes to the n-th target; targets beyond the last number are left out."""
    assert sent(cell) == expected


def test_more_numbers_than_targets() -> None:
    """No number is dropped in silence: the row is a finding, told once."""
    assert sent("9876543210/9876543211/9876543212") == [
        'B2: "9876543210/9876543211/9876543212" holds 3 numbers, and there are targets for 2. Leave the most important ones '
        "in the cell, or add a target after mx_Custom_7 in the mapping."
    ]


def test_each_number_must_exist() -> None:
    """A second number that is none is a finding, though the first one is right."""
    (hint,) = sent("9876543210 / 12345")

    assert hint == 'B2: "12345" is no phone number of IN. Type one number with all its digits, like +91 98765 43210.'


def test_a_cell_need_not_hold_a_number_for_each_target() -> None:
    """when_empty is about the whole cell; only clear empties what has no number."""
    assert sent("9876543210", when_empty="error") == {"mx_Custom_3": ONE}
    assert sent(None, when_empty="error") == ["B2: The cell is empty, and mx_Custom_3 needs a value. Fill in the cell."]
    assert sent(None, when_empty={"use": "9876543212"}) == {"mx_Custom_3": THREE}
    assert sent("9876543210", when_empty="clear") == {"mx_Custom_3": ONE, "mx_Custom_7": ""}


def test_numbers_that_were_left_out_are_counted() -> None:
    """take: first counts the cells of which another number was not sent."""
    rule = {"to": "mx_Custom_3", **EACH, "several": {"split": "/", "take": "first"}}
    applier = Applier(a_mapping(columns={"Email": "SearchByValue", "Mobile": rule}), a_table("Email", "Mobile"))
    cells = ["9876543210/9876543211", "9876543210/21", "9876543210/09876543210", "9876543210", "9876543210/9876543211"]

    rows = applier.apply(a_block([["a@example.com", cell] for cell in cells]))

    assert [(row.values or {})["mx_Custom_3"] for row in rows] == [ONE] * 5
    assert applier.first_of_several == {"mx_Custom_3": 3}


def test_a_row_is_known_by_its_first_number() -> None:
    """unique_by reads the same column alike, whichever way its numbers are sent."""
    rule = {"to": ["mx_Custom_3", "mx_Custom_7"], **EACH}
    mapping = a_mapping(columns={"Email": "SearchByValue", "Mobile": rule}, unique_by=["Mobile"])

    rows = Applier(mapping, a_table("Email", "Mobile")).apply(
        a_block([["a@example.com", "98765 43210 / 9876543211"], ["a@example.com", 9876543210]])
    )

    assert [row.unique_values for row in rows] == [(ONE,), (ONE,)]


def test_a_lead_is_found_by_its_first_number() -> None:
    """A column by which leads are found splits its cells as the mapping says."""
    mapping = a_mapping(
        operation="add-by-lead-id",
        search_by=None,
        leads={"find_by": "Mobile"},
        columns={"Mobile": {"to": ["mx_Custom_3", "mx_Custom_7"], **EACH}},
    )

    (row,) = Applier(mapping, a_table("Mobile")).apply(a_block([["9876543210 / 9876543211"]]))

    assert [(known.lead_field, known.value) for known in row.known_by] == [("Mobile", ONE)]


REFUSED = {
    "each_for_one": (
        'Mobile: {to: mx_Custom_3, type: phone, several: {split: "/", take: each}}',
        "one for each number",
    ),
    "list_without_each": ("Mobile: {to: [mx_Custom_3, mx_Custom_7], type: phone}", "take: each}"),
    "list_with_first": (
        'Mobile: {to: [mx_Custom_3, mx_Custom_7], type: phone, several: {split: "/", take: first}}',
        "take: each}",
    ),
    "list_of_texts": ("Mobile: {to: [mx_Custom_3, mx_Custom_7]}", "take: each}"),
    "no_phone": ('Mobile: {to: mx_Custom_3, several: {split: "/", take: first}}', "type text"),
    "same_target": (
        'Mobile: {to: [mx_Custom_3, mx_Custom_3], type: phone, several: {split: "/", take: each}}',
        "mx_Custom_3",
    ),
    "unknown_take": ('Mobile: {to: mx_Custom_3, type: phone, several: {split: "/", take: last}}', "one of first, each"),
    "misspelled": (
        'Mobile: {to: mx_Custom_3, type: phone, several: {split: "/", take: first, tak: 1}}',
        'Did you mean "take"?',
    ),
}


@pytest.mark.parametrize(("column", "words"), REFUSED.values(), ids=REFUSED)
def test_settings_that_mean_nothing(tmp_path: Path, column: str, words: str) -> None:
    """A list of targets and take: each belong together, and to phone numbers alone."""
    path = tmp_path / "visits.yaml"
    path.write_text(mapping_text(f"columns:\n  Email: SearchByValue\n  {column}\n"), encoding="utf-8")

    with pytest.raises(UsageError) as refused:
        load_mapping(path)

    assert [words in str(one) for one in refused.value.findings] == [True]
