"""Missing leads for LeadSquared's own import: one line a lead, under headers that it takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.reconciler.new_leads import NewLeads, header_cell, write_new_leads

A, B, C = b"a", b"b", b"c"


def put_together(*rows: tuple[list[bytes], dict[str, str]]) -> list[dict[str, str]]:
    leads = NewLeads()
    for marks, attributes in rows:
        leads.add(marks, attributes)
    assert len(leads) == len(list(leads.lines()))
    return [dict(lead) for lead in leads.lines()]


def test_rows_that_share_a_value_are_one_lead() -> None:
    """The first row's values stay, later rows fill what it left open."""
    assert put_together(
        ([A], {"Phone": "1", "FirstName": "Asha"}),
        ([B], {"EmailAddress": "b@example.com"}),
        ([A, C], {"Phone": "1", "EmailAddress": "c@example.com", "FirstName": "A."}),
    ) == [
        {"Phone": "1", "FirstName": "Asha", "EmailAddress": "c@example.com"},
        {"EmailAddress": "b@example.com"},
    ]


def test_a_row_that_knows_both_makes_two_leads_one() -> None:
    """What seemed two is one as soon as a row shows it, and stays one."""
    assert put_together(
        ([A], {"Phone": "1"}), ([B], {"EmailAddress": "b@example.com"}), ([A, B], {}), ([B], {"FirstName": "Asha"})
    ) == [{"Phone": "1", "EmailAddress": "b@example.com", "FirstName": "Asha"}]


@given(st.lists(st.lists(st.sampled_from([bytes([n]) for n in range(8)]), min_size=1, max_size=3), max_size=25))
def test_there_are_as_many_lines_as_leads(rows: list[list[bytes]]) -> None:
    """One line for each group of rows that are tied together by shared values, whatever their order."""
    groups: list[set[bytes]] = []
    for marks in rows:
        tied = [group for group in groups if group & set(marks)]
        groups = [group for group in groups if group not in tied] + [set(marks).union(*tied)]

    assert len(put_together(*((marks, {"Phone": "1"}) for marks in rows))) == len(groups)


@pytest.mark.parametrize("sign", list(",;|~`^"))
def test_headers_hold_no_sign_that_the_import_refuses(sign: str) -> None:
    """LeadSquared's lead import takes no comma, semicolon, pipe, tilde, back quote or caret in a header."""
    assert header_cell(f"First{sign} Name") == "First Name"


def test_the_file_is_one_that_the_import_takes(tmp_path: Path) -> None:
    """Commas, UTF-8 without a byte order mark, a header for each field that some lead fills, in the order given."""
    path = tmp_path / "visits.new-leads.csv"
    leads = [{"Phone": "+91-9876543210", "FirstName": "आशा, B."}, {"EmailAddress": "b@example.com"}]

    write_new_leads(path, ["Phone", "EmailAddress", "mx_City", "FirstName", "Phone"], leads)

    assert path.read_bytes().decode("utf-8") == (
        'Phone,EmailAddress,FirstName\r\n+91-9876543210,,"आशा, B."\r\n,b@example.com,\r\n'
    )
