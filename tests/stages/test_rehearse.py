"""The leads that a rehearsal has: those that the sheet seems to know."""

from __future__ import annotations

import pytest

from etl.mapping.lead_columns import LeadValue
from etl.stages.rehearse import leads_of

A, B = LeadValue("EmailAddress", "a@example.com"), LeadValue("EmailAddress", "b@example.com")
ONE, TWO = LeadValue("Mobile", "+919876543210"), LeadValue("Mobile", "+919876543211")
DESK = LeadValue("Phone", "+919876543210")
CODE = LeadValue("mx_Customer_Code", "C-1")
NOBODY = LeadValue("EmailAddress", "Nobody@example.com")
NAME = LeadValue("FirstName", "Asha")


@pytest.mark.parametrize(
    ("rows", "leads"),
    [
        pytest.param([(A, ONE), (A,), (ONE,)], [(A, ONE)], id="one row tells both, others one of them"),
        pytest.param([(A,), (A, ONE), (ONE,)], [(A, ONE)], id="the number is told later"),
        pytest.param([(A, ONE), (B, TWO), (B, ONE)], [(A, ONE), (B, TWO)], id="values of two leads in one row"),
        pytest.param([(A, ONE), (B, ONE)], [(A, ONE), (B,)], id="two addresses with one number are two leads"),
        pytest.param([(ONE, TWO)], [(ONE,), (TWO,)], id="two numbers in one field are two leads"),
        pytest.param([(A, DESK), (A, ONE)], [(A, DESK)], id="a number is one in whichever field"),
        pytest.param([(CODE, A)], [(CODE, A)], id="a field of the account's own"),
        pytest.param([(NOBODY,), (NOBODY, ONE)], [(ONE,)], id="nobody has no lead"),
        pytest.param([(NAME,), ()], [], id="what does not tell leads apart, and rows that tell nothing"),
    ],
)
def test_what_rows_tell_belongs_to_one_lead(
    rows: list[tuple[LeadValue, ...]], leads: list[tuple[LeadValue, ...]]
) -> None:
    """The first row that tells a value decides whose it is."""
    assert leads_of(rows) == [{one.lead_field: one.value for one in lead} for lead in leads]
