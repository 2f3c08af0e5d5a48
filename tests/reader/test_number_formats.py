"""A number format tells what a person sees, or nothing where that is not sure."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.reader.number_formats import shape_of
from etl.records import ShownNumber


@pytest.mark.parametrize(
    "format_code",
    [
        "General",
        "0",
        "#",
        "#,##0",
        "#,##0.00",
        "0.00",
        '"₹"0',
        '"Rs." 0',
        "[$₹-4009] #,##0",
        "$0",
        "0.00E+00",
        "# ?/?",
        "@",
        ";;;",
        "",
        "0,",
        "000,000",
        "[$-4000439]00000",
        '"open',
    ],
)
def test_formats_that_show_the_number_itself(format_code: str) -> None:
    """Grouping, decimals, currency, powers and fractions are the same number; digits of another script are not read."""
    shape = shape_of(format_code)

    assert shape is None or [shape.cell(number) for number in (0, 7, -7, 1.5)] == [0, 7, -7, 1.5]


@pytest.mark.parametrize(
    ("format_code", "number", "shown"),
    [
        ("00000", 7, "00007"),
        ("00000", -7, "-00007"),
        ("00000", 6.5, "00007"),
        ("000-000", 1_234_567, "1234-567"),
        ("###-000", 7, "-007"),
        ("[Red]00;-00;nil", 7, "07"),
        ('00;(00);"nil"', -7, "(07)"),
        ('00;(00);"nil"', 0, "nil"),
        ("[>=100]000;00000", 7, "00007"),
        ("[>=100]000;00000", -7, None),
        (r"\#000", 7, "#007"),
        ("0%", 0.125, "13%"),
        ("0%", 0.115, "12%"),
        ("#,##0.0%", 12.5, None),
        ("0.0%;(0.0%)", -0.05, "(5.0%)"),
        ("[$-409]00000_)", 7, "00007"),
        ('0 "kg"', 7, "7 kg"),
        ("0000", 10**15, None),
    ],
)
def test_what_a_person_sees(format_code: str, number: float, shown: str | None) -> None:
    """Zeros, words and percent as Excel shows them; None where the plain number is given."""
    shape = shape_of(format_code)
    cell = shape.cell(number) if shape else number

    assert cell == (ShownNumber(number, shown) if shown else number)
    assert type(cell) is (ShownNumber if shown else type(number))


@given(number=st.integers(-(10**15) + 1, 10**15 - 1), width=st.integers(2, 20))
@settings(max_examples=50)
def test_zeros_before_a_number(number: int, width: int) -> None:
    """As many as the format asks for, and none where the number is as long by itself."""
    shape = shape_of("0" * width)
    padded = "-" * (number < 0) + f"{abs(number):0{width}d}"

    assert shape is not None
    assert shape.cell(number) == (number if padded == str(number) else ShownNumber(number, padded))


@given(points=st.integers(0, 10**6), decimals=st.integers(0, 3))
@settings(max_examples=50)
def test_percent(points: int, decimals: int) -> None:
    """A hundred times the number, rounded half up as it is written in 15 digits."""
    number = points / 100_000
    shape = shape_of("0" + "." * bool(decimals) + "0" * decimals + "%")
    seen = (Decimal(points) / 1000).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)

    assert shape is not None
    assert shape.cell(number) == ShownNumber(number, f"{seen:f}%")
