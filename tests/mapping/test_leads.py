"""`leads` of a mapping: the columns by which leads are found, what each row knows of its lead, and how it is known again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from etl.errors import UsageError
from etl.identity import payload_fingerprint
from etl.mapping.lead_columns import LeadColumn, identity_of, lead_columns
from etl.mapping.load import load_mapping
from etl.mapping.model import Mapping
from etl.mapping.operation_needs import FOUND_LEAD
from tests.mapping.build import a_mapping, applied

TOP = "version: 1\nname: visits\noperation: add-by-lead-id\nactivity: {event: 320}\n"


def finding(leads: Any, **columns: Any) -> Mapping:
    """A mapping that finds leads by these columns."""
    shown = {"Visit": "mx_Custom_1", **columns}
    return a_mapping(operation="add-by-lead-id", search_by=None, leads={"find_by": leads}, columns=shown)


@pytest.mark.parametrize(
    ("find_by", "columns", "expected"),
    [
        pytest.param("Mobile", {}, LeadColumn("Mobile", "Mobile"), id="by its name"),
        pytest.param("E-Mail Id", {}, LeadColumn("E-Mail Id", "EmailAddress"), id="by its letters"),
        pytest.param("Who", {}, None, id="nothing tells"),
        pytest.param({"column": "Who", "field": "mx_Code"}, {}, LeadColumn("Who", "mx_Code"), id="said"),
        pytest.param("Who", {"Who": "Lead.mx_Code"}, LeadColumn("Who", "mx_Code"), id="by the attribute it fills"),
        pytest.param(
            "Who",
            {"Who": {"to": "mx_Custom_3", "type": "phone", "region": "IN"}},
            LeadColumn("Who", "Phone", "IN"),
            id="by type",
        ),
        pytest.param(
            "Mobile",
            {"Mobile": {"to": "mx_Custom_3", "type": "phone"}},
            LeadColumn("Mobile", "Mobile"),
            id="name within type",
        ),
        pytest.param(
            "Mobile",
            {"Mobile": {"to": "mx_Custom_3", "type": "email"}},
            LeadColumn("Mobile", "EmailAddress"),
            id="type first",
        ),
        pytest.param("Who", {"Who": "ActivityOwnerEmail"}, None, id="the owner is not the lead"),
        pytest.param(
            {"column": "Mobile", "region": "DE"},
            {"Mobile": {"to": "mx_Custom_3", "type": "phone", "region": "IN"}},
            LeadColumn("Mobile", "Mobile", "DE"),
            id="own region first",
        ),
    ],
)
def test_each_column_holds_a_lead_field(find_by: Any, columns: dict[str, Any], expected: LeadColumn | None) -> None:
    """Which lead field a column holds is said, or told by its attribute, type or name; never guessed."""
    assert list(lead_columns(finding([find_by], **columns))) == [expected]


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        pytest.param(
            "leads: {find_by: Who}\ncolumns: {V: mx_Custom_1}\n", 'which lead field "Who" holds', id="no field"
        ),
        pytest.param("leads: {}\ncolumns: {V: mx_Custom_1}\n", "find_by", id="no columns"),
        pytest.param("leads: {find_by: []}\ncolumns: {V: mx_Custom_1}\n", "at least one value", id="empty list"),
        pytest.param(
            "leads: {find_by: Email, misssing: hold}\ncolumns: {V: mx_Custom_1}\n", '"missing"', id="unknown key"
        ),
        pytest.param(
            "leads: {find_by: [{column: Email, feild: Phone}]}\ncolumns: {V: mx_Custom_1}\n",
            '"field"',
            id="unknown key of a column",
        ),
        pytest.param(
            "leads: {find_by: Email, missing: guess}\ncolumns: {V: mx_Custom_1}\n",
            "report, hold, create",
            id="unknown word",
        ),
        pytest.param(
            "leads: {find_by: Email, several: first}\ncolumns: {V: mx_Custom_1}\n",
            "error",
            id="several is an error, always",
        ),
        pytest.param(
            "leads: {find_by: Email}\ncolumns: {V: mx_Custom_1, Id: RelatedProspectId}\n",
            "RelatedProspectId is filled twice",
            id="id",
        ),
        pytest.param(
            "leads: {find_by: [Email, ' Email ']}\ncolumns: {V: mx_Custom_1}\n", "each column once", id="twice"
        ),
        pytest.param(
            "leads: {find_by: [{column: Email, region: IN}]}\ncolumns: {V: mx_Custom_1}\n",
            "region means nothing",
            id="region",
        ),
        pytest.param(
            "leads: {find_by: [{column: Phone, region: India}]}\ncolumns: {V: mx_Custom_1}\n",
            "two capital letters",
            id="country",
        ),
    ],
)
def test_what_is_wrong_with_leads_is_said(tmp_path: Path, rest: str, said: str) -> None:
    """A mapping that does not say how to find leads is refused before anything is read."""
    path = tmp_path / "visits.yaml"
    path.write_text(TOP + rest, encoding="utf-8")

    with pytest.raises(UsageError) as refused:
        load_mapping(path)
    assert said in " ".join(map(str, refused.value.findings))


def test_leads_are_found_for_one_operation_only(tmp_path: Path) -> None:
    """Other operations address their rows otherwise, and say so."""
    path = tmp_path / "visits.yaml"
    top = TOP.replace("add-by-lead-id", "add-by-lead-field\nsearch_by: EmailAddress")
    path.write_text(f"{top}leads: {{find_by: Email}}\ncolumns: {{Email: SearchByValue}}\n", encoding="utf-8")

    with pytest.raises(UsageError) as refused:
        load_mapping(path)
    assert "leads means nothing for operation add-by-lead-field" in str(refused.value.findings[0])


BOTH = [{"column": "Mobile", "region": "IN"}, "Email"]


def test_a_row_tells_what_it_knows_of_its_lead_in_one_spelling() -> None:
    """However a number was typed it is one lead; attributes of the lead are kept for a new one, and not sent."""
    mapping = finding(BOTH, First="Lead.FirstName")

    first, second = applied(
        mapping,
        ["Mobile", "Email", "Visit", "First"],
        ["98765 43210", "A@Example.com", "V1", "Asha"],
        ["+91-98765-43210", "a@example.com", "V1", None],
    )

    assert [(one.lead_field, one.value) for one in first.known_by] == [
        ("Mobile", "+919876543210"),
        ("EmailAddress", "A@example.com"),
    ]
    assert (first.values, first.of_lead) == ({"mx_Custom_1": "V1"}, {"FirstName": "Asha"})
    assert not first.is_addressed
    assert identity_of(first.known_by) == identity_of(second.known_by)
    assert payload_fingerprint(first.payload) == payload_fingerprint(second.payload)


@pytest.mark.parametrize(
    ("cells", "codes"),
    [
        (["98765 43210", None], []),
        ([None, "a@example.com"], []),
        ([None, " "], ["lead_unnamed"]),
        (["9.87654E+09", "a@example.com"], ["text_damaged"]),
        (["12", "nobody"], ["phone_format", "email_format"]),
    ],
    ids=["phone", "e-mail", "neither", "damaged beside a good one", "both wrong"],
)
def test_a_row_must_know_something_of_its_lead(cells: list[Any], codes: list[str]) -> None:
    """A row that tells nothing, or something damaged, is a finding and is never sent."""
    (row,) = applied(finding(BOTH), ["Mobile", "Email", "Visit"], [*cells, "V1"])

    assert [found.code for found in row.findings] == codes
    assert (row.values is None) == bool(codes)


def test_equal_activities_of_two_leads_are_two_rows() -> None:
    """Rows that send the same for different leads have different fingerprints, and the found id changes none."""
    (one, other) = applied(
        finding(BOTH), ["Mobile", "Email", "Visit"], [None, "a@example.com", "V1"], [None, "b@example.com", "V1"]
    )

    assert payload_fingerprint(one.payload) != payload_fingerprint(other.payload)
    before = payload_fingerprint(one.payload)
    assert one.values is not None
    one.values[FOUND_LEAD] = "0f8fad5b-d9cb-469f-a165-70867728950e"
    assert payload_fingerprint(one.payload) == before
    assert one.is_addressed


def test_columns_that_find_leads_must_be_there() -> None:
    """A sheet without a column of `find_by` is refused before anything is sent, with the nearest header."""
    with pytest.raises(UsageError) as refused:
        applied(finding(["Email"]), ["E-mail", "Visit"], ["a@example.com", "V1"])
    assert "Email" in str(refused.value.findings[0])
