"""Rows under a mapping: what is sent, what is invalid and why, what is ignored, how a row is known again."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING

import pytest

from etl.errors import UsageError
from etl.findings import ColumnMissing, ColumnTwice, DatesMixed, EmptyKey
from etl.mapping.apply import Applier
from etl.mapping.lookups import LookupTable
from etl.records import Block, BrokenCell, Lineage
from tests.mapping.build import a_block, a_mapping, a_table, applied

if TYPE_CHECKING:
    from etl.mapping.apply import AppliedRow
    from etl.records import Cell

ASHA = "asha@example.com"
ETL = ("etl_row", "etl_status", "ProspectActivityId", "etl_error", "etl_hint", "etl_code", "etl_run")


def values(parts: dict[str, object], headers: str, *row: Cell) -> dict[str, str] | None:
    """What one row sends; the e-mail column stands first and is filled."""
    mapping = a_mapping(**parts)
    return applied(mapping, ["Email", *headers.split()], [ASHA, *row])[0].values


def hints(row: AppliedRow) -> list[str]:
    return [f"{finding.code} {finding.hint}" for finding in row.findings]


def test_values_follow_the_order_of_the_mapping() -> None:
    """Columns come first, then values, whatever the order in the file."""
    mapping = a_mapping(
        columns={"B": "mx_Custom_2", "Email": "SearchByValue", "A": ["mx_Custom_1", {"to": "mx_Custom_7"}]},
        values={"mx_Custom_5": {"constant": "Field team"}},
    )

    row = applied(mapping, ["A", "Email", "B"], ["1", ASHA, "2"])[0]

    assert list((row.values or {}).items()) == [
        ("mx_Custom_2", "2"),
        ("SearchByValue", ASHA),
        ("mx_Custom_1", "1"),
        ("mx_Custom_7", "1"),
        ("mx_Custom_5", "Field team"),
    ]


EMPTY = {
    "omit": ({}, None, {}),
    "omit_declared_word": ({}, " n/a ", {}),
    "blank": ({}, "  ", {}),
    "clear": ({"when_empty": "clear"}, None, {"mx_Custom_1": ""}),
    "use": ({"when_empty": {"use": "7"}, "type": "number"}, "-", {"mx_Custom_1": "7"}),
    "not_declared": ({}, "NA", {"mx_Custom_1": "NA"}),
    "zero_is_no_empty_cell": ({}, 0, {"mx_Custom_1": "0"}),
    "false_is_no_empty_cell": ({}, False, {"mx_Custom_1": "FALSE"}),
}


@pytest.mark.parametrize(("rule", "cell", "expected"), EMPTY.values(), ids=EMPTY)
def test_an_empty_cell(rule: dict[str, object], cell: Cell, expected: dict[str, str]) -> None:
    """Only an empty cell and the declared texts mean "no value"; the mapping says what happens then."""
    columns = {"Email": "SearchByValue", "A": {"to": "mx_Custom_1", **rule}}

    sent = values({"columns": columns, "input": {"empty_values": ["-", "n/a"]}}, "A", cell)

    assert sent == {"SearchByValue": ASHA, **expected}


def test_all_findings_of_a_row_are_told() -> None:
    """A row with several wrong cells is corrected once: each wrong cell is told, with cell, value and remedy."""
    mapping = a_mapping(
        columns={
            "Email": "SearchByValue",
            "Budget": {"to": "mx_Custom_1", "type": "number"},
            "Kind": {"to": "mx_Custom_2", "type": "choice", "options": ["SV"]},
        }
    )

    row = applied(mapping, ["Email", "Budget", "Kind"], [None, "many", "SV"], [ASHA, "many", "XX"])

    assert [one.values for one in row] == [None, None]
    assert hints(row[0]) == [
        "empty_cell A2: The cell is empty, and SearchByValue needs a value. Fill in the cell.",
        'number_format B2: "many" is not a number that can be read in one way only. '
        "Type plain digits with a point before the decimals, like 1500.50.",
    ]
    assert [finding.code for finding in row[1].findings] == ["number_format", "choice_unknown"]
    assert str(row[1].findings[1].place) == 'visits.xlsx, Visits!C3 "Kind"'


def test_an_error_value_is_told_once_for_a_column_with_two_targets() -> None:
    """`#N/A` in a mapped cell is a finding, and none in a cell that nothing maps."""
    mapping = a_mapping(columns={"Email": "SearchByValue", "A": ["mx_Custom_1", "mx_Custom_2"]}, unique_by="A")

    rows = applied(mapping, ["Email", "A", "B"], [ASHA, BrokenCell("#N/A"), None], [ASHA, "x", BrokenCell("#REF!")])

    assert hints(rows[0]) == [
        "error_value B2: The cell holds the spreadsheet's error #N/A, not a value. "
        "Mend the formula, or type the value itself."
    ]
    assert rows[1].values == {"SearchByValue": ASHA, "mx_Custom_1": "x", "mx_Custom_2": "x"}
    assert rows[1].cells == (ASHA, "x", BrokenCell("#REF!"))


def test_equal_cells_of_different_kinds_are_read_apart() -> None:
    """1, 1.0, TRUE and "1" are equal to Python and stay what they are to us."""
    mapping = a_mapping(columns={"Email": "SearchByValue", "A": "mx_Custom_1"})

    rows = applied(mapping, ["Email", "A"], *[[ASHA, cell] for cell in (1, True, 1.0, "1", False, 0, "0.0")])

    assert [(row.values or {})["mx_Custom_1"] for row in rows] == ["1", "TRUE", "1", "1", "FALSE", "0", "0.0"]


LENGTHS = {
    "field_full": ("mx_Custom_1", {}, 200, None),
    "field_over": ("mx_Custom_1", {}, 201, "too_long"),
    "note_full": ("ActivityNote", {}, 2000, None),
    "note_over": ("ActivityNote", {}, 2001, "too_long"),
    "declared": ("mx_Custom_1", {"max_length": 5}, 6, "too_long"),
    "declared_longer": ("mx_Custom_1", {"max_length": 500}, 500, None),
}


@pytest.mark.parametrize(("target", "rule", "length", "code"), LENGTHS.values(), ids=LENGTHS)
def test_a_text_has_a_most_length(target: str, rule: dict[str, object], length: int, code: str | None) -> None:
    """200 characters go into a field and 2,000 into a note, unless the mapping knows better."""
    mapping = a_mapping(columns={"Email": "SearchByValue", "A": {"to": target, **rule}})

    row = applied(mapping, ["Email", "A"], [ASHA, "x" * length])[0]

    assert [finding.code for finding in row.findings] == ([code] if code else [])


def test_a_text_is_cut_where_the_mapping_says_so_and_counted() -> None:
    """`when_too_long: cut` sends the beginning, and `cut` tells how many cells that were."""
    rule = {"to": "mx_Custom_1", "max_length": 3, "when_too_long": "cut"}
    applier = Applier(a_mapping(columns={"Email": "SearchByValue", "A": rule}), a_table("Email", "A"))

    rows = applier.apply(a_block([[ASHA, "abcd"], [ASHA, "abcd"], [ASHA, "abc"]]))

    assert [(row.values or {})["mx_Custom_1"] for row in rows] == ["abc", "abc", "abc"]
    assert applier.cut == {"mx_Custom_1": 2}


SOURCES: dict[str, tuple[dict[str, object], list[Cell], str | None]] = {
    "text": ({"text": "{A} at {B}"}, ["SV", "Lake View"], "SV at Lake View"),
    "text_of_the_file": ({"text": "{file} {sheet} {row}"}, [None, None], "visits.xlsx Visits 2"),
    "text_with_braces": ({"text": "{{{A}}}"}, ["x", None], "{x}"),
    "text_with_a_gap": ({"text": "{A} at {B}"}, ["SV", None], "SV at"),
    "text_of_empty_cells": ({"text": "{A} at {B}"}, [None, "-"], None),
    "text_of_numbers_and_dates": ({"text": "{A}/{B}"}, [417.0, datetime(2026, 2, 3, 14, 30)], "417/2026-02-03 14:30"),  # noqa: DTZ001
    "text_without_columns": ({"text": "plain"}, [None, None], "plain"),
    "join": ({"join": ["A", "B"]}, [" x ", "y"], "x y"),
    "join_with_a_gap": ({"join": ["A", "B"]}, [None, "y"], "y"),
    "join_of_nothing": ({"join": ["A", "B"]}, ["-", None], None),
    "join_typed": (
        {"join": ["A", "B"], "type": "datetime", "format": "%d/%m/%Y %H:%M"},
        ["03/02/2026", "14:30"],
        "2026-02-03 09:00:00",
    ),
    "join_of_true_date_and_time": (
        {"join": ["A", "B"], "type": "datetime", "format": "%d/%m/%Y %H:%M"},
        [date(2026, 2, 3), time(14, 30)],
        "2026-02-03 09:00:00",
    ),
    "join_of_true_date_and_typed_time": (
        {"join": ["A", "B"], "type": "datetime", "format": "%d-%b-%y %I:%M %p"},
        [date(2026, 2, 3), "2:30 pm"],
        "2026-02-03 09:00:00",
    ),
    "join_of_true_ones_without_format": (
        {"join": ["A", "B"], "type": "datetime"},
        [date(2026, 2, 3), time(14, 30, 5)],
        "2026-02-03 09:00:05",
    ),
    "first_of": ({"first_of": ["A", "B"]}, ["x", "y"], "x"),
    "first_of_with_a_gap": ({"first_of": ["A", "B"]}, ["-", 7], "7"),
    "first_of_nothing": ({"first_of": ["A", "B"]}, [None, " "], None),
    "constant": ({"constant": "Field team"}, [None, None], "Field team"),
    "constant_typed": ({"constant": "1,500", "type": "number"}, [None, None], "1500"),
}


@pytest.mark.parametrize(("rule", "cells", "expected"), SOURCES.values(), ids=SOURCES)
def test_values_that_no_single_column_holds(rule: dict[str, object], cells: list[Cell], expected: str | None) -> None:
    """Texts, joins, first ones and constants are built from cells as a person sees them, then typed."""
    settings = {"time_zone": "Asia/Kolkata", "empty_values": ["-"]}

    sent = values({"values": {"mx_Custom_1": rule}, "input": settings}, "A B", *cells)

    assert (sent or {}).get("mx_Custom_1") == expected


BLAMED: dict[str, tuple[dict[str, object], list[Cell], str]] = {
    "first_of": ({"first_of": ["A", "B"], "type": "number"}, [None, "x"], "number_format C2"),
    "join": ({"join": ["A", "B"]}, ["x", BrokenCell("#N/A")], "error_value C2"),
    "join_typed": ({"join": ["A", "B"], "type": "date"}, ["x", "y"], "date_format B2"),
    "text": ({"text": "{A}{B}"}, ["x", 10**16], "digits_lost C2"),
    "join_loses_seconds": (
        {"join": ["A", "B"], "type": "datetime", "format": "%d/%m/%Y %H:%M"},
        [date(2026, 2, 3), time(14, 30, 5)],
        "date_format B2",
    ),
}


@pytest.mark.parametrize(("rule", "cells", "expected"), BLAMED.values(), ids=BLAMED)
def test_a_built_value_points_at_the_cell_to_mend(rule: dict[str, object], cells: list[Cell], expected: str) -> None:
    """A finding about a value of several columns names the cell that is wrong."""
    mapping = a_mapping(values={"mx_Custom_1": rule}, input={"time_zone": "UTC"})

    row = applied(mapping, ["Email", "A", "B"], [ASHA, *cells])[0]

    assert [hint.split(":")[0] for hint in hints(row)] == [expected]


def test_columns_may_be_listed_by_letter() -> None:
    """Where a header is not enough, the letter is; aliases and white space do not matter."""
    columns = [
        {"column": "Email", "to": "SearchByValue"},
        {"letter": "B", "to": "mx_Custom_1"},
        {"letter": "C", "to": "mx_Custom_2"},
        {"column": "टिप्पणी", "aliases": ["Remark"], "to": "ActivityNote"},
    ]

    row = applied(a_mapping(columns=columns), ["Email", "X", "X", "Remark"], [ASHA, "1", "2", "3"])[0]

    assert row.values == {"SearchByValue": ASHA, "mx_Custom_1": "1", "mx_Custom_2": "2", "ActivityNote": "3"}


def test_headers_match_when_a_person_sees_no_difference() -> None:
    """Unicode forms, line breaks and spaces are not told apart; upper and lower case are."""
    mapping = a_mapping(columns={"Email": "SearchByValue", "Visite\u0301  le": "mx_Custom_1"})

    assert applied(mapping, ["Email", "Visité le"], [ASHA, "x"])[0].values == {
        "SearchByValue": ASHA,
        "mx_Custom_1": "x",
    }


def refused(mapping: object, *headers: str) -> UsageError:
    with pytest.raises(UsageError) as error:
        Applier(mapping, a_table(*headers))  # type: ignore[arg-type] # what a_mapping gives
    return error.value


def test_missing_columns_are_told_at_once_with_the_nearest_header() -> None:
    """Every missing column is told before anything is read, with the header that was probably meant."""
    mapping = a_mapping(
        columns={"E-mail": "SearchByValue", "Budget": "mx_Custom_1"},
        values={"mx_Custom_2": {"text": "{Site} {row}"}},
        input={"only": {"Status": "Done"}},
        unique_by="Visit ID",
    )

    error = refused(mapping, "Email", "budget", "Visit ID")

    assert [finding.problem for finding in error.findings] == [
        ColumnMissing("E-mail", ("Email", "budget", "Visit ID"), "Email"),
        ColumnMissing("Budget", ("Email", "budget", "Visit ID"), "budget"),
        ColumnMissing("Site", ("Email", "budget", "Visit ID"), None),
        ColumnMissing("Status", ("Email", "budget", "Visit ID"), None),
    ]
    assert error.message == (
        "visits.xlsx, Visits!row 1: the mapping needs 4 columns that cannot be told here. Nothing was sent."
    )


def test_a_mapped_column_that_is_there_twice() -> None:
    """Two equal headers stop the run when they are mapped, and do no harm otherwise."""
    mapping = a_mapping(columns={"Email": "SearchByValue", "A": {"to": "mx_Custom_1", "aliases": ["Alt"]}})

    assert [finding.problem for finding in refused(mapping, "Email", "A", "Alt").findings] == [
        ColumnTwice("A", ("B", "C"))
    ]
    assert refused(mapping, "Email", "A", "A").findings[0].problem.remedy == (
        "Rename one of them, or name the right one in the mapping by its letter, like letter: B."
    )
    assert Applier(mapping, a_table("Email", "A", "X", "X")).unmapped == a_table("Email", "A", "X", "X").columns[2:]


def test_a_letter_beyond_the_table() -> None:
    """A letter that the file does not have is a missing column."""
    columns = [{"column": "Email", "to": "SearchByValue"}, {"letter": "AB", "to": "mx_Custom_1"}]

    assert refused(a_mapping(columns=columns), "Email").findings[0].problem == ColumnMissing("AB", ("Email",), None)


def test_unmapped_columns_are_those_that_nothing_names() -> None:
    """A column that only filters, tells rows apart or is part of a text counts as used."""
    mapping = a_mapping(
        values={"mx_Custom_1": {"join": ["A", "B"]}}, input={"only": {"Status": "Done"}}, unique_by=["Id"]
    )

    applier = Applier(mapping, a_table("Id", "Email", "A", "B", "Status", "Extra", ""))

    assert [column.letter for column in applier.unmapped] == ["F", "G"]


def test_only_the_named_values_are_imported() -> None:
    """`only` ignores other rows, names the rule, and wants no other columns of them."""
    mapping = a_mapping(input={"only": {"Status": ["Done", "1"], "Site": ["A", ""]}})

    rows = applied(
        mapping,
        ["Email", "Status", "Site"],
        [ASHA, "Done ", "A"],
        [None, "Planned", "A"],
        [ASHA, 1, None],
        [ASHA, None, "A"],
        [ASHA, "done", "A"],
        [ASHA, "Done", "B"],
    )

    assert [row.ignored for row in rows] == [
        None,
        '"Status" is "Planned"; imported are only: Done, 1',
        None,
        '"Status" is empty; imported are only: Done, 1',
        '"Status" is "done"; imported are only: Done, 1',
        '"Site" is "B"; imported are only: A, ',
    ]
    assert [row.values is None for row in rows] == [False, True, False, True, True, True]
    assert rows[1].findings == ()
    assert rows[1].cells == (None, "Planned", "A")


def test_a_row_is_not_ignored_for_a_broken_cell() -> None:
    """Where the deciding cell holds an error, nobody knows whether the row is wanted: a person must look."""
    rows = applied(
        a_mapping(input={"only": {"Status": "Done"}}), ["Email", "Status"], [ASHA, BrokenCell("#REF!")], [ASHA, "Done"]
    )

    assert [(row.ignored, [finding.code for finding in row.findings]) for row in rows] == [
        (None, ["error_value"]),
        (None, []),
    ]


def test_the_table_ends_where_the_mapping_says() -> None:
    """From the row whose first cell is `stop_at` on, rows are ignored, in later blocks too."""
    rules = {"stop_at": "Total", "only": {"Status": "Done"}}
    applier = Applier(a_mapping(input=rules), a_table("No", "Email", "Status"))

    first = applier.apply(
        a_block([[1, ASHA, "Done"], ["Totals", ASHA, "Done"], [" Total", None, "Open"], [2, ASHA, "Done"]])
    )
    later = applier.apply(a_block([[3, ASHA, "Open"]], first_row=6))

    why = 'the table ends at row 4, which starts with " Total"'
    assert [row.ignored for row in [*first, *later]] == [None, None, why, why, why]


UNIQUE: dict[str, tuple[object, Cell, Cell]] = {
    "number_and_text": ("mx_Custom_1", 17, "17"),
    "whole_float": ("mx_Custom_1", 17.0, " 17 "),
    "unicode_forms": ("mx_Custom_1", "e\u0301", "\u00e9"),
    "typed_number": ({"to": "mx_Custom_1", "type": "number"}, 1500.5, "1,500.50"),
    "date": ({"to": "mx_Custom_1", "type": "date", "format": "%d/%m/%Y"}, date(2026, 2, 3), "03/02/2026"),
    "datetime": (
        {"to": "mx_Custom_1", "type": "datetime", "format": "%d/%m/%Y %H:%M"},
        datetime(2026, 2, 3, 14, 30),  # noqa: DTZ001
        "03/02/2026 14:30",
    ),
    "phone": (
        {"to": "mx_Custom_1", "type": "phone", "region": "IN", "form": "as_typed"},
        9876543210,
        "+91 98765 43210",
    ),
    "choice": ({"to": "mx_Custom_1", "type": "choice", "options": ["SV"]}, "SV", " SV "),
}


@pytest.mark.parametrize(("rule", "one", "other"), UNIQUE.values(), ids=UNIQUE)
def test_a_key_is_the_same_from_a_csv_and_a_workbook(rule: object, one: Cell, other: Cell) -> None:
    """The values that tell rows apart have one spelling each, however the file keeps them."""
    mapping = a_mapping(
        columns={"Email": "SearchByValue", "A": rule}, unique_by=["A"], input={"time_zone": "Asia/Kolkata"}
    )

    rows = applied(mapping, ["Email", "A"], [ASHA, one], [ASHA, other])

    assert rows[0].unique_values is not None
    assert rows[0].unique_values == rows[1].unique_values


def test_a_key_stays_when_a_wrong_time_zone_is_corrected() -> None:
    """Correcting the zone changes what is sent, and not which row it is."""
    columns = {"Email": "SearchByValue", "At": "ActivityDateTime"}
    wrong, right = (
        applied(
            a_mapping(columns=columns, unique_by=["At"], input={"time_zone": zone}),
            ["Email", "At"],
            [ASHA, "2026-02-03 14:30"],
        )[0]
        for zone in ("UTC", "Asia/Kolkata")
    )

    assert wrong.unique_values == right.unique_values == ("2026-02-03 14:30:00",)
    assert wrong.values != right.values


def test_an_empty_key_is_a_finding() -> None:
    """Every part of the key must be there; without unique_by there is no key."""
    mapping = a_mapping(unique_by=["Id", "Line"])

    rows = applied(
        mapping, ["Email", "Id", "Line"], [ASHA, "7", None], [ASHA, "7", "2"], [ASHA, BrokenCell("#N/A"), "1"]
    )

    assert [finding.problem for finding in rows[0].findings] == [EmptyKey("Line")]
    assert [row.unique_values for row in rows] == [None, ("7", "2"), None]
    assert [finding.code for finding in rows[2].findings] == ["error_value"]
    assert applied(a_mapping(), ["Email"], [ASHA])[0].unique_values is None


def our_row(run: Cell, row: Cell, *cells: Cell) -> list[Cell]:
    return [row, "invalid", None, "wrong", "mend it", "x", run, *cells]


def test_lines_of_our_own_files_keep_their_lineage() -> None:
    """Our columns are not input: they give the lineage, and neither cells nor unmapped columns hold them."""
    headers = [*ETL, "Email", "Extra"]
    mapping = a_mapping(input={"stop_at": "4"})
    applier = Applier(mapping, a_table(*headers))

    rows = applier.apply(
        a_block([our_row("41", 3, ASHA, "a"), our_row(41.0, "4", ASHA, "b"), our_row(None, None, ASHA, "c")])
    )

    assert [row.lineage for row in rows] == [Lineage(41, 3), Lineage(41, 4), None]
    assert [row.cells for row in rows] == [(ASHA, "a"), (ASHA, "b"), (ASHA, "c")]
    assert [column.header for column in applier.columns] == ["Email", "Extra"]
    assert [column.header for column in applier.unmapped] == ["Extra"]
    assert all(row.values for row in rows)


@pytest.mark.parametrize(
    ("rules", "is_left_out"),
    [({"stop_at": "Total"}, True), ({"hidden": "skip"}, True), ({"only": {"Email": [ASHA]}}, False), ({}, False)],
    ids=["stop_at", "hidden", "only", "no rule"],
)
def test_rows_that_were_left_out_stay_so_in_our_own_files(rules: dict[str, object], is_left_out: bool) -> None:
    """What the sheet showed by a row's place cannot be seen in its results any more; what its cells tell is asked again."""
    left_out, cleared = our_row(41, 3, ASHA), our_row(41, 4, ASHA)
    left_out[1], cleared[1] = "ignored", None

    rows = Applier(a_mapping(input=rules), a_table(*ETL, "Email")).apply(a_block([left_out, cleared]))

    assert [row.ignored is not None for row in rows] == [is_left_out, False]
    assert "empty its etl_status" in (rows[0].ignored or "empty its etl_status")


def test_a_line_that_no_run_has_had_is_a_new_row() -> None:
    """The failed file of a check names rows and no run: its lines are read like any others."""
    line = Applier(a_mapping(), a_table(*ETL, "Email")).apply(a_block([our_row(None, 3, ASHA)]))[0]

    assert (line.values, line.lineage) == ({"SearchByValue": ASHA}, None)


@pytest.mark.parametrize(("run", "row"), [("41", None), ("41", "three"), ("4.1E+1", 3)])
def test_a_damaged_lineage_is_a_finding(run: Cell, row: Cell) -> None:
    """A line whose origin cannot be told might be sent twice: a person must look."""
    line = Applier(a_mapping(), a_table(*ETL, "Email")).apply(a_block([our_row(run, row, ASHA)]))[0]

    assert [finding.code for finding in line.findings] == ["lineage_damaged"]
    assert line.lineage is None


def test_only_and_letters_hold_in_our_own_files() -> None:
    """`only` still counts in a results file, and a letter means the column of the original file."""
    columns = [{"column": "Email", "to": "SearchByValue"}, {"letter": "B", "to": "mx_Custom_1"}]
    mapping = a_mapping(columns=columns, input={"only": {"Status": "Done"}})
    table = a_table(*ETL, "Email", "Status")

    rows = Applier(mapping, table).apply(a_block([our_row(1, 2, ASHA, "Done"), our_row(1, 3, ASHA, "Open")]))

    assert [row.values for row in rows] == [{"SearchByValue": ASHA, "mx_Custom_1": "Done"}, None]
    assert rows[1].ignored is not None


def test_an_update_reads_the_id_that_leadsquared_gave() -> None:
    """For an update ProspectActivityId of our own file is input; a column of the person goes first."""
    guid, other = "0f8fad5b-d9cb-469f-a165-70867728950e", "1f8fad5b-d9cb-469f-a165-70867728950e"
    mapping = a_mapping(
        operation="update",
        search_by=None,
        activity=None,
        columns={"ProspectActivityId": "ProspectActivityId", "Site": "mx_Custom_1"},
    )
    ours: list[Cell] = [2, "created", guid, None, None, None, 1]

    alone = Applier(mapping, a_table(*ETL, "Site")).apply(a_block([[*ours, "x"]]))[0]
    both = Applier(mapping, a_table(*ETL, "ProspectActivityId", "Site")).apply(a_block([[*ours, other, "x"]]))[0]

    assert alone.values == {"ProspectActivityId": guid, "mx_Custom_1": "x"}
    assert both.values == {"ProspectActivityId": other, "mx_Custom_1": "x"}
    assert both.cells == (other, "x")


def lookups(*rows: list[Cell]) -> dict[str, LookupTable]:
    """people.csv beside a mapping that was built in Python."""
    return {"people.csv": LookupTable.read(a_table("Name", "Email", file="people.csv"), [a_block(rows)])}


LOOKED_UP = {
    "found": ("Asha R", "asha@example.com"),
    "spaces": (" Asha  R ", "asha@example.com"),
    "same_value_twice": ("Ravi", "ravi@example.com"),
    "number": (7, "seven@example.com"),
    "two_values": ("Neha", "lookup_ambiguous"),
    "missing": ("asha r", "lookup_missing"),
    "name_without_value": ("Om", "lookup_missing"),
    "value_of_wrong_type": ("Bad", "email_format"),
}


@pytest.mark.parametrize(("cell", "expected"), LOOKED_UP.values(), ids=LOOKED_UP)
def test_a_name_is_looked_up(cell: Cell, expected: str) -> None:
    """A lookup gives the one value beside a name; none or two different ones are findings."""
    mapping = a_mapping(columns={"By": {"to": "SearchByValue", "lookup": "people.csv"}})
    tables = lookups(
        ["Asha R", "asha@example.com"],
        ["Ravi", "ravi@example.com"],
        [" Ravi", "ravi@example.com "],
        [7.0, "seven@example.com"],
        ["Neha", "neha@example.com"],
        ["Neha", "neha.s@example.com"],
        ["Om", None],
        ["Bad", "nobody"],
    )

    row = Applier(mapping, a_table("By"), tables).apply(a_block([[cell]]))[0]

    assert (row.values or {}).get("SearchByValue") == (expected if "@" in expected else None)
    assert [finding.code for finding in row.findings] == ([] if "@" in expected else [expected])


def test_a_missing_name_is_told_with_the_nearest() -> None:
    """The finding names the lookup file and the name that was probably meant."""
    mapping = a_mapping(columns={"By": {"to": "SearchByValue", "lookup": "people.csv"}})

    row = Applier(mapping, a_table("By"), lookups(["Asha R", ASHA])).apply(a_block([["Asha T"]]))[0]

    assert hints(row) == [
        'lookup_missing A2: people.csv has no value for "Asha T". Did you mean "Asha R"? '
        "Correct the name, or add it to people.csv."
    ]


def test_a_lookup_file_needs_two_columns() -> None:
    """A list of names alone has nothing to take."""
    with pytest.raises(UsageError, match=r"people\.csv: a lookup file needs two columns"):
        LookupTable.read(a_table("Name", file="people.csv"), [])


def moment(day: int, month: int) -> datetime:
    return datetime(2026, month, day, 9)  # noqa: DTZ001 (a cell of a spreadsheet has no zone)


MIXED: dict[str, tuple[str, list[Cell], bool]] = {
    "swapped": ("%d/%m/%Y %H:%M", [moment(5, 2), "13/02/2026 10:00", moment(11, 2), "28/02/2026 10:00"], True),
    "true_day_above_12": ("%d/%m/%Y %H:%M", [moment(5, 2), moment(13, 2), "14/02/2026 10:00"], False),
    "text_day_up_to_12": ("%d/%m/%Y %H:%M", [moment(5, 2), "13/02/2026 10:00", "05/02/2026 10:00"], False),
    "only_texts": ("%d/%m/%Y %H:%M", ["13/02/2026 10:00"], False),
    "only_true_ones": ("%d/%m/%Y %H:%M", [moment(5, 2)], False),
    "month_first": ("%m/%d/%Y %H:%M", [moment(5, 2), "02/13/2026 10:00"], True),
    "month_in_words": ("%d-%b-%Y %H:%M", [moment(5, 2), "13-Feb-2026 10:00"], False),
    "year_first": ("%Y-%m-%d %H:%M", [moment(5, 2), "2026-02-13 10:00"], False),
}


@pytest.mark.parametrize(("form", "cells", "stops"), MIXED.values(), ids=MIXED)
@pytest.mark.parametrize("size", [1, 10], ids=["row_by_row", "one_block"])
def test_day_and_month_that_were_swapped_while_typing(form: str, cells: list[Cell], stops: bool, size: int) -> None:
    """True dates with small days beside texts with large ones stop the run, whatever the blocks."""
    columns = {"Email": "SearchByValue", "At": {"to": "ActivityDateTime", "format": form}}
    applier = Applier(a_mapping(columns=columns, input={"time_zone": "Asia/Kolkata"}), a_table("Email", "At"))

    for start in range(0, len(cells), size):
        applier.apply(a_block([[ASHA, cell] for cell in cells[start : start + size]], first_row=2 + start))

    assert [(finding.code, str(finding.place)) for finding in applier.finish()] == (
        [("dates_mixed", 'visits.xlsx, Visits!B "At"')] if stops else []
    )


def test_ignored_rows_say_nothing_about_swapped_days() -> None:
    """Dates of rows that are not imported do not stop those that are."""
    columns = {"Email": "SearchByValue", "At": {"to": "mx_Custom_1", "type": "date", "format": "%d/%m/%Y"}}
    applier = Applier(a_mapping(columns=columns, input={"only": {"S": "x"}}), a_table("Email", "At", "S"))

    applier.apply(a_block([[ASHA, date(2026, 2, 5), "x"], [ASHA, "13/02/2026", "y"]]))

    assert applier.finish() == ()


def test_the_swap_is_told_with_examples() -> None:
    """The finding shows a true date and a text, and what to do."""
    problem = DatesMixed("2026-05-02", "13/02/2026")

    assert f"{problem.error} {problem.remedy}" == (
        "Day and month were probably swapped while typing: no true date of this column has a day above 12 (like "
        '2026-05-02), and every text has one (like "13/02/2026"). Format the whole column as text and type the dates '
        "again in one form; nothing of this file was sent."
    )


def test_an_empty_block_gives_no_rows() -> None:
    """A block without rows is no mistake."""
    assert Applier(a_mapping(), a_table("Email")).apply(Block(a_block([[ASHA]]).frame.iloc[:0])) == []


def test_a_row_without_any_of_the_columns_is_no_header() -> None:
    """Where none of the columns is there, the headers most likely stand in another row, and the message says what finds it."""
    mapping = a_mapping(columns={"Email": "SearchByValue", "Site": "mx_Custom_1"})

    assert "write header_row: auto under input" in refused(mapping, "Visits of May", "").message
    assert "header_row" not in refused(mapping, "Email", "").message
    assert "header_row" not in refused(mapping, "E-mail", "").message
