"""Currencies beside amounts: which signs mean the same one, what formats show of them, and what a mapping may name."""

from __future__ import annotations

import pytest

from etl.findings import CurrenciesMixed, OtherCurrency
from etl.mapping.convert.currencies import CurrenciesSeen, currency_of
from etl.mapping.target_checks import faults_of_target
from etl.reader.number_formats import currency_in
from tests.mapping.build import a_mapping


@pytest.mark.parametrize(
    ("sign", "code"), [("₹", "INR"), ("Rs.", "INR"), ("inr", "INR"), (" $ ", "USD"), ("A$", "AUD"), ("lakh", None)]
)
def test_a_sign_or_code_tells_its_currency(sign: str, code: str | None) -> None:
    """All spellings of one currency are one, and what is none is none."""
    assert currency_of(sign) == code


@pytest.mark.parametrize(
    ("format_code", "sign"),
    [
        ("[$₹-4009] #,##0.00", "₹"),
        ('_("$"* #,##0.00_);_("€"* (#,##0.00)', "$"),
        ('"Rs. "0', "Rs."),
        ("\\€0", "€"),
        ("[$-409]d-mmm-yy", None),
        ('0 "INR paid"', None),
        ("#,##0", None),
    ],
)
def test_a_format_tells_its_currency(format_code: str, sign: str | None) -> None:
    """By the section of positive numbers; a language is none, nor is a longer text that names one."""
    assert currency_in(format_code) == sign


def test_one_column_has_one_currency() -> None:
    """Two of them, in texts or formats, are a problem; and one that the mapping does not name."""
    seen = CurrenciesSeen()
    seen.note("INR", "₹ 500")
    seen.note_format("Rs.", 3)
    assert seen.problem() is None
    seen.note_format("$", 4)
    assert seen.problem() == CurrenciesMixed("₹ 500", "$ in row 4, by its format", "INR", "USD")

    declared = CurrenciesSeen(frozenset({"₹", "kr"}))
    declared.note_format("kr", 2)
    declared.note("INR", "₹ 500")
    assert declared.problem() is None
    declared.note_format("€", 5)
    assert declared.problem() == OtherCurrency("€ in row 5, by its format", "EUR", ("INR", "kr"))


@pytest.mark.parametrize(
    ("currency", "faults"),
    [("INR", []), (["₹", "$", "kr"], []), ("XUD", [("currency", 0)])],
    ids=["code", "signs", "mistyped_code"],
)
def test_a_mapping_names_currencies(currency: object, faults: list[tuple[str, int]]) -> None:
    """Codes that do not exist are told when the mapping is loaded; a sign that is not known here stands for itself."""
    mapping = a_mapping(
        columns={"Email": "SearchByValue", "A": {"to": "mx_Custom_1", "type": "number", "currency": currency}}
    )
    [mapped] = [one for one in mapping.targets() if one.target == "mx_Custom_1"]

    assert [path for path, _ in faults_of_target(mapping, mapped)] == faults
