"""What holds for every number and every text in a column of numbers."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from etl.findings import NumberFormat, Problem
from etl.mapping.convert.cells import plain_number
from etl.records import ShownNumber
from tests.mapping.build import a_mapping, applied, convert

AMOUNTS = st.decimals(min_value=-(10**12), max_value=10**12, places=2)
MONEY = st.sampled_from(["{}", "₹{}", "Rs. {}", "{} INR", "{}€", "$ {}"])
SIGNS = "0123456789.,-+()% ₹€/'\u00a0\u2212"


def grouped(whole: str, first: int, others: int, sign: str) -> str:
    """Digits in groups from the right: the last one of `first` digits, those before it of `others`."""
    groups = [whole[-first:]]
    whole = whole[:-first]
    while whole:
        groups.insert(0, whole[-others:])
        whole = whole[:-others]
    return sign.join(groups)


@settings(max_examples=60)
@given(amount=AMOUNTS, money=MONEY)
def test_an_amount_reads_as_it_was_written(amount: Decimal, money: str) -> None:
    """Western and Indian groups, with a point and with a declared comma, give the same number, whatever the currency."""
    minus, (whole, decimals) = "-" if amount < 0 else "", f"{abs(amount):.2f}".split(".")
    expected = plain_number(amount)

    for text, decimal in (
        (f"{grouped(whole, 3, 3, ',')}.{decimals}", "."),
        (f"{grouped(whole, 3, 2, ',')}.{decimals}", "."),
        (f"{grouped(whole, 3, 3, '.')},{decimals}", ","),
        (f"{grouped(whole, 3, 3, ' ')},{decimals}", ","),
    ):
        assert convert(minus + money.format(text), "number", decimal=decimal) == expected
        assert convert(f"({money.format(text)})", "number", decimal=decimal, negative="parentheses") == plain_number(
            -abs(amount)
        )


@settings(max_examples=150)
@given(text=st.text(alphabet=SIGNS, max_size=12), decimal=st.sampled_from([".", ","]))
def test_no_text_is_read_in_two_ways(text: str, decimal: str) -> None:
    """A text gives a plain number that reads as itself, or a finding; a finding's own advice makes it that number."""
    sent = convert(text, "number", decimal=decimal)

    if isinstance(sent, Problem):
        if isinstance(sent, NumberFormat) and sent.meant is not None and "%" not in sent.meant:
            said = str(sent.setting)
            forms = [form for form in ("parentheses", "trailing_minus") if form in said]
            other = "," if decimal == "." else "."
            options = {"decimal": other if "decimal" in said else decimal, **({"negative": forms} if forms else {})}
            assert convert(text, "number", **options) == sent.meant
    else:
        assert convert(sent, "number") == sent == plain_number(Decimal(sent))


def test_a_row_is_known_by_a_number_with_a_decimal_comma() -> None:
    """A key reads numbers as the mapping declares them, so that a text and a cell are one row."""
    columns = {"Email": "SearchByValue", "No": {"to": "mx_Custom_1", "type": "number"}}
    mapping = a_mapping(columns=columns, input={"decimal": ","}, unique_by=["No"])

    rows = applied(mapping, ["Email", "No"], ["a@example.com", "1.234,50"], ["a@example.com", 1234.5])

    assert [row.unique_values for row in rows] == [("1234.5",), ("1234.5",)]


@settings(max_examples=60)
@given(points=st.decimals(min_value=-1000, max_value=1000, places=3), places=st.integers(0, 3))
def test_a_percentage_is_the_same_as_text_and_as_cell(points: Decimal, places: int) -> None:
    """However a cell rounds what it shows, its stored number goes out."""
    cell = ShownNumber(float(points / 100), f"{points:.{places}f}%")
    exact = f"{plain_number(points)}%"

    if cell.exact == exact:  # not where the format's rounding differs from Excel's: half to even
        for form in ("fraction", "points"):
            assert convert(cell, "number", percent=form) == convert(exact, "number", percent=form)
