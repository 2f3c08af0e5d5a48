"""The translation file: what stands for the values of a column."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from etl.errors import UsageError
from etl.mapping.apply import Applier
from etl.mapping.translation import MOST_UNKNOWN, Translation
from tests.mapping.build import a_block, a_mapping, a_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etl.mapping.apply import AppliedRow
    from etl.records import Cell

KINDS = {"SV": "Site Visit", "RV": "Revisit"}
TYPE = {"to": "mx_Custom_1", "type": "choice", "options": KINDS}


def translation(*lines: Sequence[Cell], headers: Sequence[str] = ("column", "value", "use this")) -> Translation:
    """A translation file with these lines."""
    return Translation.read(a_table(*headers, file="values.xlsx"), [a_block(list(lines))])


def applier(columns: object, said: Translation | None, *headers: str, **parts: object) -> Applier:
    return Applier(a_mapping(columns=columns, **parts), a_table(*headers), translation=said)


def sent(rule: Mapping[str, object], said: Translation, cell: Cell) -> str | list[str] | None:
    """What a cell of the column Visit Type becomes, or the codes of its findings."""
    one = applier({"Email": "SearchByValue", "Visit Type": rule}, said, "Email", "Visit Type")
    (row,) = one.apply(a_block([["a@example.com", cell]]))
    return row.values.get("mx_Custom_1") if row.values else [finding.code for finding in row.findings]


SAID = translation(
    ["Visit Type", "site-visit", "SV"],
    ["Visit Type", 1, "RV"],
    ["Visit Type", True, "RV"],
    ["Visit Type", "wrong", "XV"],
    ["Visit Type", "open", None],
    ["Visit Type", None, "SV"],
    ["Other", "x", "SV"],
)
CELLS: dict[str, tuple[Cell, str | list[str] | None]] = {
    "translated": ("site-visit", "Site Visit"),
    "white_space_does_not_count": ("  site-visit ", "Site Visit"),
    "number_cell": (1, "Revisit"),
    "whole_float": (1.0, "Revisit"),
    "truth_cell": (True, "Revisit"),
    "own_option": ("SV", "Site Visit"),
    "other_case": ("Site-Visit", ["choice_unknown"]),
    "of_another_column": ("x", ["choice_unknown"]),
    "not_decided_yet": ("open", ["choice_unknown"]),
    "stands_for_no_option": ("wrong", ["translation_refused"]),
    "empty": (None, None),
}


@pytest.mark.parametrize(("cell", "expected"), CELLS.values(), ids=CELLS)
def test_a_value_is_translated_before_it_is_converted(cell: Cell, expected: str | list[str] | None) -> None:
    """What is used for a value is read as if it stood in the cell; all other cells are read as ever."""
    assert sent(TYPE, SAID, cell) == expected


def test_the_finding_names_cell_and_file() -> None:
    """A line of the translation file that helps nothing is told with the cell's own value."""
    one = applier({"Email": "SearchByValue", "Visit Type": TYPE}, SAID, "Email", "Visit Type")
    (row,) = one.apply(a_block([["a@example.com", "wrong"]]))

    assert [finding.hint for finding in row.findings] == [
        'B2: "wrong" stands for "XV" by values.xlsx, which cannot be sent: "XV" is none of the options of this column. '
        'Correct "use this" of "wrong" in values.xlsx.'
    ]


def test_each_value_of_a_multichoice_is_translated() -> None:
    """The values of one cell are translated one by one, the whole cell first; one may stand for several."""
    rule = {"to": "mx_Custom_1", "type": "multichoice", "separator": ";", "options": KINDS}
    said = translation(["Visit Type", "site", "SV"], ["Visit Type", "both", "SV;RV"], ["Visit Type", "a;b", "RV"])

    assert [sent(rule, said, cell) for cell in ("site; RV", "both", "a;b", "RV;x")] == [
        "Site Visit;Revisit",
        "Site Visit;Revisit",
        "Revisit",
        ["choice_unknown"],
    ]


def test_other_types_are_translated_too() -> None:
    """Texts, numbers and dates of a column may have a translation as well."""
    said = translation(["Visit Type", "n/a yet", "0"], ["Visit Type", "asap", "2026-02-03"])

    assert sent({"to": "mx_Custom_1", "type": "number"}, said, "n/a yet") == "0"
    assert sent({"to": "mx_Custom_1", "type": "date"}, said, "asap") == "2026-02-03"
    assert sent({"to": "mx_Custom_1"}, said, "asap") == "2026-02-03"


@pytest.mark.parametrize("name", ["Visit Type", "Kind of Visit", " kind  of visit"], ids=["mapping", "sheet", "alias"])
def test_a_column_is_named_as_in_the_sheet_or_in_the_mapping(name: str) -> None:
    """A column that was found by an alias is translated by any of its names."""
    rule = {**TYPE, "aliases": ["Kind of Visit", "kind of visit"]}
    one = applier(
        {"Email": "SearchByValue", "Visit Type": rule}, translation([name, "x", "SV"]), "Email", "Kind of Visit"
    )

    (row,) = one.apply(a_block([["a@example.com", "x"]]))

    assert row.values == {"SearchByValue": "a@example.com", "mx_Custom_1": "Site Visit"}


def test_keys_and_filters_go_by_the_sheet() -> None:
    """A translation never changes how a row is known again, nor which rows are imported, nor the input's own cells."""
    one = applier(
        {"Email": "SearchByValue", "Visit Type": TYPE},
        SAID,
        "Email",
        "Visit Type",
        unique_by=["Visit Type"],
        input={"only": {"Visit Type": ["site-visit"]}},
    )
    rows: list[AppliedRow] = one.apply(a_block([["a@example.com", "site-visit"], ["a@example.com", "SV"]]))

    assert rows[0].values is not None
    assert rows[0].unique_values == ("site-visit",)
    assert rows[0].cells == ("a@example.com", "site-visit")
    assert rows[1].ignored is not None


def test_columns_that_are_named_in_vain() -> None:
    """Lines for columns that fill no target by themselves are told, so that a misspelled column is noticed."""
    said = translation(["Vist Type", "x", "SV"], ["Visit Type", "x", "SV"], ["Site", "y", "z"])
    values = {"mx_Custom_2": {"text": "{Site}"}}
    one = applier({"Email": "SearchByValue", "Visit Type": TYPE}, said, "Email", "Visit Type", "Site", values=values)

    assert one.unused_translations == ("Vist Type", "Site")


def test_two_lines_that_disagree() -> None:
    """One value cannot stand for two: the lines are named. The same twice is no harm."""
    lines = [["A", "x", "1"], ["A", "y", "1"], ["A", " x", "2"]]

    with pytest.raises(UsageError, match=r'rows 2 and 4: "x" of column "A" stands for "1" and for "2". Leave one'):
        translation(*lines)
    assert translation(*lines[:2], lines[0]).of_column == {"A": {"x": "1", "y": "1"}}


def test_the_columns_of_the_file_may_stand_in_any_order() -> None:
    """A file that was filled in from our own list has more columns, and is used as it is."""
    said = translation(["SV", 12, "x", "A"], headers=("Use this", "how often", "VALUE", " Column "))

    assert said.of_column == {"A": {"x": "SV"}}


def test_a_file_without_the_columns() -> None:
    """What is missing is named with what is there."""
    with pytest.raises(UsageError) as refused:
        translation(["x", "y"], headers=("value", "meaning"))

    assert str(refused.value) == (
        'values.xlsx: a translation file needs the columns "column", "value" and "use this"; "column" is missing. '
        'There are: "value", "meaning".'
    )


def test_unknown_values_are_counted() -> None:
    """Each value that fits no option is kept once, with how often it stands there and what was probably meant."""
    other = {"to": "mx_Custom_2", "type": "choice", "options": ["SVX"]}
    columns = {"Email": "SearchByValue", "Status": {**TYPE, "to": "mx_Custom_3"}, "Visit Type": [TYPE, other]}
    one = applier(columns, None, "Email", "Visit Type", "Status")

    one.apply(a_block([["a@example.com", "sv", "SV"], ["a@example.com", " sv", "??"], ["a@example.com", "b", None]]))

    assert [(v.column.header, v.value, v.times, v.nearest, [*v.options]) for v in one.unknown.lines()] == [
        ("Visit Type", "sv", 2, "SV", ["SV", "RV", "SVX"]),
        ("Visit Type", "b", 1, None, ["SV", "RV", "SVX"]),
        ("Status", "??", 1, None, ["SV", "RV"]),
    ]


def test_unknown_values_are_bounded() -> None:
    """A column of names that was mapped as a choice does not fill the memory."""
    one = applier({"Email": "SearchByValue", "Visit Type": TYPE}, None, "Email", "Visit Type")

    one.apply(a_block([["a@example.com", f"name {n}"] for n in range(MOST_UNKNOWN + 1)]))

    assert (len(one.unknown), one.unknown.left_out) == (MOST_UNKNOWN, True)


def test_what_cannot_be_translated_is_not_listed() -> None:
    """Values of joins and look-ups are no values of one column."""
    values = {"mx_Custom_2": {"join": ["A", "B"], "type": "choice", "options": ["x"]}}
    one = applier({"Email": "SearchByValue"}, None, "Email", "A", "B", values=values)

    (row,) = one.apply(a_block([["a@example.com", "y", "z"]]))

    assert [finding.code for finding in row.findings] == ["choice_unknown"]
    assert len(one.unknown) == 0


def test_the_path_is_beside_the_mapping() -> None:
    """A translation file lies beside its mapping, like a lookup file."""
    assert a_mapping(translate="values.xlsx").placed_in(Path("maps")).translation_path == Path("maps/values.xlsx")
    assert a_mapping().translation_path is None
