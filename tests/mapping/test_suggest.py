"""A mapping is proposed from what all cells tell; what they do not tell is asked, never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.mapping.headers import same_form
from etl.mapping.load import load_mapping
from etl.mapping.model import Mapping
from etl.mapping.suggest.known_again import row_key_field
from etl.mapping.suggest.match import likeness
from etl.mapping.suggest.names import slug
from etl.mapping.suggest.proposal import Proposal, ProposedColumn
from etl.mapping.suggest.propose import propose
from etl.mapping.suggest.sample import AccountField, AccountView, Sample, SampleColumn, Wishes
from etl.mapping.suggest.table import EndOfTable, find_header
from etl.mapping.suggest.written import written
from etl.reader.header import letter_of
from etl.records import Cell, Column

INDIA = Wishes(machine_zone="Asia/Kolkata")
LEADS = [f"lead{n}@example.com" for n in range(40)]


def a_sample(**columns: Sequence[Cell]) -> Sample:
    """A sheet with these columns; _ in a name is a space. Each is repeated to forty rows."""
    rows = 40
    filled = {"Email": LEADS} | {name.replace("_", " "): (list(cells) * rows)[:rows] for name, cells in columns.items()}
    made = (SampleColumn(Column(n, letter_of(n), name), tuple(cells)) for n, (name, cells) in enumerate(filled.items()))
    return Sample("visits.xlsx", None, 1, tuple(range(2, rows + 2)), tuple(made), rows)


def column_of(
    sample: Sample, header: str, account: AccountView | None = None, wishes: Wishes = INDIA
) -> ProposedColumn:
    """What is proposed for one column."""
    return next(one for one in propose(sample, account, wishes).columns if one.column.header == header)


MORNING = datetime(2026, 1, 5, 9, 30)  # noqa: DTZ001 — as a cell holds it
DAYS = ["05/01/2026 09:55", "17/01/2026 12:15"]


@pytest.mark.parametrize(
    ("header", "cells", "settings", "evidence"),
    [
        ("Seen", DAYS, {"format": ("%d/%m/%Y %H:%M",)}, '40 of 40 cells fit "%d/%m/%Y %H:%M"'),
        ("Seen", [*DAYS * 9, "soon", "17/01/2026"], {"format": ("%d/%m/%Y %H:%M", "%d/%m/%Y")}, "rows 20, 40 do not"),
        ("Seen", ["2026-01-31T18:30:00Z"], {"format": ("%Y-%m-%dT%H:%M:%S%z",)}, "40 of 40"),
        (
            "Seen",
            [MORNING, *DAYS],
            {"format": ("%d/%m/%Y %H:%M",)},
            "14 are the spreadsheet's own dates",
        ),
        ("Next", ["17-Jan-2026", None], {"type": "date", "format": ("%d-%b-%Y",)}, '20 of 20 cells fit "%d-%b-%Y"'),
        ("Due", [date(2026, 1, 5)], {"type": "date"}, "are the spreadsheet's own dates"),
        ("From", ["9:30 am", "6:15 PM"], {"type": "time", "format": ("%I:%M %p",)}, '"%I:%M %p"'),
        ("From", [time(9, 30)], {"type": "time"}, "own times"),
        ("Price", ["₹ 18,50,000", "1850000", 1700.5], {"type": "number"}, "are numbers"),
        ("Price", ["1.234,50", "12,5"], {"type": "number", "decimal": ","}, "are numbers"),
        ("Price", ["1.500", "2.250"], {"type": "number"}, 'where it means 1234, add decimal: ","'),
        ("Loss", ["(500)", "20"], {"type": "integer", "negative": ("parentheses", "trailing_minus")}, "whole numbers"),
        ("Plot No", [f"{n:05}" for n in range(40)], {}, 'texts like "00000"'),
        (
            "PIN",
            ["411001", "411002", "560001"] * 13,
            {"type": "choice", "options": ["411001", "411002", "560001"]},
            "3 values",
        ),
        (
            "Mobile",
            ["+91 98765 43210", "98765 43211"],
            {"type": "phone", "region": "IN", "form": "leadsquared"},
            "of IN",
        ),
        ("Ref", ["+919876543210"], {"type": "phone", "region": "IN", "form": "leadsquared"}, "phone numbers"),
        ("Paid", ["yes", "No"], {"type": "boolean"}, "yes or no"),
        ("Paid", ["Y", "N"], {"type": "boolean", "words": {"true": ["Y"], "false": ["N"]}}, "yes or no"),
        ("Kind", ["SV", "RV"], {"type": "choice", "options": ["SV", "RV"]}, "hold one of 2 values"),
    ],
)
def test_a_column_is_what_its_cells_are(
    header: str, cells: Sequence[Cell], settings: dict[str, object], evidence: str
) -> None:
    """Type and settings come from reading every cell, and the comment says how many of them they read."""
    found = column_of(a_sample(**{header.replace(" ", "_"): cells}), header)

    assert dict(found.settings) == settings
    assert evidence in "; ".join(found.why)


@pytest.mark.parametrize(
    ("wishes", "form"),
    [
        (replace(INDIA, day_first=True), "%d/%m/%Y"),
        (replace(INDIA, day_first=False), "%m/%d/%Y"),
        (replace(INDIA, answers={"order:B": "month"}), "%m/%d/%Y"),
    ],
    ids=["day-first", "month-first", "as answered"],
)
def test_a_date_that_can_be_read_both_ways_is_asked_about(wishes: Wishes, form: str) -> None:
    """Nothing is proposed for it; the answer decides."""
    sample = a_sample(Date=["05/01/2026", "06/01/2026", "12/11/2026"])

    (question,) = propose(sample, None, INDIA).open_questions
    answered = propose(sample, None, wishes)

    assert question.key == "order:B"
    assert [choice.words for choice in question.choices] == [
        'the day comes first, so that "05/01/2026" is 5 January 2026',
        'the month comes first, so that "05/01/2026" is May 1 2026'.replace("May 1", "1 May"),
    ]
    assert answered.open_questions == ()
    assert column_of(sample, "Date", wishes=wishes).settings["format"] == (form,)


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        (["05/01/2026", "25/01/2026"], "%d/%m/%Y"),
        (["05/01/2026", "01/25/2026"], "%m/%d/%Y"),
        (["13/01/2026"] * 19 + ["02/25/2026"], "%d/%m/%Y"),
        (["13/01/2026", "02/25/2026"], None),
        (["01/01/2026", "02/02/2026"], None),
        (["2026/05/01"], "%Y/%m/%d"),
    ],
    ids=["a day above 12", "a month behind", "a slip among many", "as many of each", "no difference", "year first"],
)
def test_the_order_is_told_only_by_cells_that_tell_it(cells: Sequence[str], form: str | None) -> None:
    """One day above the twelfth is enough; a few slips change nothing; where both orders are typed, nobody knows."""
    proposal = propose(a_sample(Date=cells), None, INDIA)

    assert (proposal.open_questions == ()) == (form is not None)
    assert form is None or column_of(a_sample(Date=cells), "Date").settings["format"] == (form,)


def test_a_column_that_goes_nowhere_stops_nothing() -> None:
    """An ambiguous date that is only a comment needs no answer; the comment holds both forms."""
    sample = a_sample(Visited=["25/01/2026 10:00"], Birth_Date=["05/01/1990"])

    birth = column_of(sample, "Birth Date")

    assert propose(sample, None, INDIA).open_questions == ()
    assert birth.settings["format"] == ("%d/%m/%Y", "%m/%d/%Y")


GROUPS = (2, ("Visit", None, "Lead", None, None, None))
GROUPED = (3, ("Name", "City", "Name", "City", "Date", "Remarks"))
TITLE = (1, ("Visits of June", None, None))
HEAD = (3, ("Visit ID", "Email", "Date"))
ROW = (4, ("SV-1", "a@example.com", "05/01/2026"))


@pytest.mark.parametrize(
    ("rows", "row"),
    [
        ([(1, HEAD[1]), (2, ROW[1])], 1),
        ([TITLE, HEAD, ROW, (5, ROW[1])], 3),
        ([TITLE, (2, ("Region", "West", None)), HEAD, ROW], 3),
        (
            [(1, ("Visit", None, "Lead", None)), (2, ("Name", "City", "Name", "City")), (3, ("A", "Pune", "B", "Goa"))],
            (1, 2),
        ),
        (
            [(1, ("ID", "Date", None, "Who")), (2, (None, None, "City", None)), (3, ("S-1", "5.1.2026", "X", "Y"))],
            (1, 2),
        ),
        ([(1, ("SV-1", "a@example.com", "12")), (2, ("SV-2", "b@example.com", "13"))], None),
        ([TITLE, GROUPS, GROUPED, (4, ("A", "Pune", "B", "Goa", "5.1.2026", "x"))], (2, 3)),
        ([HEAD], None),
        ([], None),
    ],
    ids=[
        "row 1",
        "below a title",
        "below an address",
        "two rows, doubles",
        "two rows, gaps",
        "no header",
        "two rows below a title",
        "no rows",
        "empty",
    ],
)
def test_the_header_is_the_row_of_words_above_values(rows: list[tuple[int, tuple[Cell, ...]]], row: object) -> None:
    """Titles have fewer words, rows of data have values."""
    assert find_header(rows) == row


@pytest.mark.parametrize(
    ("firsts", "text"),
    [
        ([("SV-1", 5), ("SV-2", 5), ("Total", 2)], "Total"),
        ([("SV-1", 5), ("Grand total", 2), ("Printed on 3 June", 1)], "Grand total"),
        ([("SV-1", 5), ("Total", 2), ("SV-2", 5), ("Total", 2)], None),
        ([("SV-1", 5), ("SV-2", 1)], None),
        ([("Total Motors", 5), ("SV-2", 5)], None),
    ],
    ids=["a sum", "a sum and a remark", "sums of parts", "a short row", "a customer"],
)
def test_the_table_ends_at_a_sum_behind_the_last_row(firsts: list[tuple[str, int]], text: str | None) -> None:
    """Never at a row of data, however short, and never at a text that stands among the rows as well."""
    end = EndOfTable(5)
    for number, (first, filled) in enumerate(firsts, 2):
        end.note(number, first, filled)

    assert (end.found.text if end.found else None) == text


FIELDS = (
    AccountField("ActivityNote", "Notes"),
    AccountField("mx_Custom_1", "Type of Visit", "Dropdown", ("Site Visit", "Revisit")),
    AccountField("mx_Custom_2", "Budget (INR)", "Number"),
    AccountField("mx_Custom_3", "Follow Up Date", "Date"),
    AccountField("mx_Custom_4", "Site Manager"),
    AccountField("mx_Custom_5", "Site Engineer"),
    AccountField("mx_Custom_6", "Broker Name", is_mandatory=True),
    AccountField("mx_Custom_7", "Customer Name"),
    AccountField("mx_Custom_8", "Customer Code"),
)
ACME = AccountView("acme", 320, "Site Visit", FIELDS, time_zone="Asia/Kolkata", country="IN")


@pytest.mark.parametrize(
    ("header", "cells", "target", "is_active"),
    [
        ("Visit Type", ["Site Visit", "revisit"], "mx_Custom_1", True),
        ("Visit Type", ["SV", "RV"], "mx_Custom_1", False),
        ("Budget", ["18,50,000", "20,00,000"], "mx_Custom_2", True),
        ("Budget", ["high", "low"], "mx_Custom_2", False),
        ("Follow-up", ["17-Jan-2026"], "mx_Custom_3", True),
        ("Site Head", ["Asha"], "mx_Custom_4", False),
        ("Customer", ["Asha"], "mx_Custom_7", False),
        ("Plot", ["12a"], "mx_Custom_?", False),
    ],
    ids=[
        "a dropdown",
        "other words",
        "a number",
        "no number",
        "a date",
        "half the words",
        "two that are near",
        "nothing like it",
    ],
)
def test_a_field_of_the_account_is_filled_in_where_that_is_sure(
    header: str, cells: Sequence[str], target: str, is_active: bool
) -> None:
    """By name, by the options of dropdowns and by kind; what is doubtful stands as a comment with its confidence."""
    found = column_of(a_sample(**{header.replace(" ", "_"): cells}), header, ACME)

    assert (found.target, found.is_active) == (target, is_active)
    assert ("% sure" in found.why[0]) == (target != "mx_Custom_?")


def test_a_doubtful_field_is_asked_about_and_taken_as_answered() -> None:
    """The answer fills it in, in a mapping that loads; values that are no options are left to a person without asking."""
    sample = a_sample(Site_Head=["Asha"], Visit_Type=["SV", "RV"])

    asked = {question.key for question in propose(sample, ACME, INDIA).questions}
    answered = propose(sample, ACME, replace(INDIA, answers={"target:B": "yes"}))

    assert {key for key in asked if key.startswith("target:")} == {"target:B"}
    assert "mx_Custom_4" in {mapped.target for mapped in loaded(proposal_text(answered)).targets()}


def test_mandatory_fields_that_nothing_fills_are_told() -> None:
    """LeadSquared would refuse every row."""
    assert propose(a_sample(), ACME, INDIA).missing == ("mx_Custom_6 (“Broker Name”)",)


def test_names_are_alike_by_their_words() -> None:
    """Order, units and abbreviations say nothing; one word of several says too little."""
    assert likeness("Plot No.", "Plot Number") == 100
    assert likeness("Budget", "Budget (INR)") == 100
    assert likeness("Visit Type", "Type of Visit") > 95
    assert likeness("Date", "Follow Up Date") < 80


@pytest.mark.parametrize(
    ("fields", "filled", "value", "example"),
    [
        ((AccountField("mx_Custom_9", "Row Key"),), None, "mx_Custom_9", ""),
        ((AccountField("mx_Custom_9", "Custom 9"),), frozenset({"mx_Custom_1"}), "mx_Custom_9", ""),
        ((AccountField("mx_Custom_9", "Custom 9"),), frozenset({"mx_Custom_9"}), None, "mx_Custom_9"),
        ((AccountField("mx_Custom_9", "Custom 9"),), None, None, "mx_Custom_9"),
        ((AccountField("mx_Custom_9", "Competitor"),), frozenset({"Status"}), None, "mx_Custom_20"),
        ((AccountField("mx_Custom_9", "Row Key", max_length=20),), None, None, "mx_Custom_20"),
    ],
    ids=["named for it", "nameless and empty", "nameless and used", "nameless, not known", "somebody's", "too short"],
)
def test_a_row_key_goes_only_into_a_field_that_is_spare(
    fields: tuple[AccountField, ...], filled: frozenset[str] | None, value: str | None, example: str
) -> None:
    """A field with a name of its own is somebody's, empty or not."""
    line = row_key_field(replace(ACME, fields=fields, filled=filled, looked_at=25), ())

    assert (line.value, line.example) == (value, example)


@pytest.mark.parametrize(
    ("cells", "header", "value"),
    [
        ([f"SV-{n:04}" for n in range(40)], "Visit ID", ["Visit ID"]),
        ([f"SV-{n:04}" for n in range(39)] + [None], "Visit ID", ["Visit ID"]),
        ([f"SV-{n % 30:04}" for n in range(40)], "Visit ID", None),
        ([f"X{n}" for n in range(40)], "Slot", ["Slot"]),
        ([f"X{n % 39}" for n in range(40)], "Slot", None),
        ([f"remark number {n}" for n in range(40)], "Said", None),
    ],
    ids=[
        "an id",
        "one is missing",
        "many twice",
        "not called so, all different",
        "not called so, one twice",
        "sentences",
    ],
)
def test_rows_are_known_again_by_what_names_each_of_them(cells: Sequence[Cell], header: str, value: object) -> None:
    """All there, all different, and looking like an id; a column that is called one may have a slip."""
    line = propose(a_sample(**{header.replace(" ", "_"): cells}), None, INDIA).unique_by

    assert line is not None
    assert line.value == value


@pytest.mark.parametrize(
    ("columns", "operation"),
    [
        ({}, "add-by-lead-field"),
        ({"Email": [*LEADS[:20], *[None] * 20], "Mobile": ["+919876543210"]}, "add-by-lead-id"),
        ({"Lead_Id": ["08a10806-99c4-568f-ad9b-3fd781df83f5"]}, "add-by-lead-id"),
        (
            {"Opportunity_Id": ["08a10806-99c4-568f-ad9b-3fd781df83f5"], "Owner": ["a@example.com"]},
            "add-by-opportunity",
        ),
        ({"Activity_Id": ["08a10806-99c4-568f-ad9b-3fd781df83f5"], "Remarks": ["x"]}, "update"),
    ],
    ids=["e-mail", "e-mail or phone", "lead id", "opportunity", "activity"],
)
def test_the_operation_follows_from_what_a_row_knows(columns: dict[str, Sequence[Cell]], operation: str) -> None:
    """An id goes before an address, an address in nearly every row before a look-up."""
    assert propose(a_sample(**columns), None, INDIA).operation == operation


def test_without_any_lead_one_has_to_be_named() -> None:
    """A column and a lead field by hand; until then nothing is written."""
    sample = replace(a_sample(Code=[f"C{n}" for n in range(40)]), columns=a_sample(Code=["C1"]).columns[1:])

    (question,) = propose(sample, None, INDIA).open_questions
    answered = propose(sample, None, replace(INDIA, find_lead=("Code", "mx_Customer_Code")))

    assert question.key == "find_lead"
    assert (answered.search_by, answered.active[0].target) == ("mx_Customer_Code", "SearchByValue")


def test_a_day_and_its_time_of_day_are_put_together() -> None:
    """Two columns make the time of the activity."""
    proposal = propose(a_sample(Date=["25/01/2026"], Time=["18:30"]), None, INDIA)

    assert proposal.joined == {"ActivityDateTime": {"join": ["Date", "Time"], "format": "%d/%m/%Y %H:%M"}}
    assert loaded(proposal_text(proposal)).values["ActivityDateTime"].join == ("Date", "Time")


@pytest.mark.parametrize(
    ("file", "name"),
    [("site_visits.xlsx", "site-visits"), ("Visits 2026-06.csv", "visits"), ("a.csv.gz", "a"), ("2026.csv", "2026")],
)
def test_the_name_stays_from_export_to_export(file: str, name: str) -> None:
    """Dates at its end are of this file alone."""
    assert slug(file) == name


def proposal_text(proposal: Proposal) -> str:
    """The file as it is written."""
    return written(proposal, "x.yaml")


def loaded(text: str) -> Mapping:
    """The mapping that the file is."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.yaml"
        path.write_text(text, encoding="utf-8")
        return load_mapping(path)


HEADERS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).map(same_form).filter(bool)


@settings(max_examples=25, deadline=None)
@given(header=HEADERS, value=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12))
def test_whatever_a_sheet_says_the_mapping_loads(header: str, value: str) -> None:
    """Headers and cells with signs of YAML in them come back as they are."""
    account = replace(
        ACME, fields=(AccountField("mx_Custom_1", header, "Dropdown", tuple({value.strip() or "x", "y"})),)
    )
    sample = a_sample()
    column = SampleColumn(Column(1, "B", header), tuple([value, "y"] * 20))
    sample = replace(sample, columns=(sample.columns[0], column), file=f"{value}.xlsx")
    proposal = propose(sample, account, INDIA)

    mapping = loaded(proposal_text(proposal))

    assert {one.column.header for one in proposal.active} == {mapped.header for mapped in mapping.targets()}
