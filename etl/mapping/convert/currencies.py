"""Currencies as people write them beside an amount, and which of them one column holds.

LeadSquared's number fields hold no currency. So ₹ 500 and $ 500 in one column would become the same number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl.findings import CurrenciesMixed, OtherCurrency

if TYPE_CHECKING:
    from collections.abc import Iterable

_BY_CODE = {
    "INR": "₹ ₨ Rs. Rs Re.", "USD": "$ US$", "EUR": "€", "GBP": "£", "JPY": "¥", "CNY": "", "AED": "", "SAR": "", "QAR": "",
    "KWD": "", "BHD": "", "OMR": "", "SGD": "S$", "MYR": "RM", "IDR": "Rp", "THB": "฿", "PHP": "₱", "VND": "₫", "AUD": "A$",
    "CAD": "C$", "NZD": "", "HKD": "HK$", "CHF": "", "ZAR": "", "NGN": "₦", "KES": "KSh", "EGP": "", "LKR": "", "NPR": "",
    "PKR": "", "BDT": "৳", "TRY": "₺", "BRL": "R$", "MXN": "", "KRW": "₩", "ILS": "₪", "RUB": "₽", "UAH": "₴",
    "GHS": "₵", "SEK": "", "NOK": "", "DKK": "", "CZK": "", "HUF": "", "RON": "", "TWD": "NT$", "MUR": "",
}  # fmt: skip
"""Code of ISO 4217 → further signs. A sign that several countries use ($, ¥, Rs) counts for the one that uses it most."""

_CODES = {sign.casefold(): code for code, signs in _BY_CODE.items() for sign in (code, *signs.split())}

SIGNS = tuple(
    sorted((sign for code, signs in _BY_CODE.items() for sign in (code, *signs.split())), key=len, reverse=True)
)
"""Every way to write a currency, the longest first."""


def declared_codes(signs: Iterable[str]) -> frozenset[str]:
    """The codes of what a mapping names; a sign that is not known here stands for itself, as in formats."""
    return frozenset(currency_of(sign) or sign.strip() for sign in signs)


def currency_of(sign: str) -> str | None:
    """The code for a sign or code, in any case; None for what is no currency that is known here."""
    return _CODES.get(sign.strip().casefold())


@dataclass(slots=True)
class CurrenciesSeen:
    """The currencies of one column so far: code → what shows it. declared: those that the mapping names."""

    declared: frozenset[str] = frozenset()
    _examples: dict[str, str] = field(default_factory=dict)

    def note(self, code: str, text: str) -> None:
        self._examples.setdefault(code, text)

    def note_format(self, sign: str, row: int) -> None:
        """A currency that the format of a number shows; one that is not known here is told from others by its sign."""
        code = currency_of(sign) or sign
        self.note(code, f"{sign} in row {row}, by its format")

    def problem(self) -> CurrenciesMixed | OtherCurrency | None:
        """Two currencies of which the mapping says nothing, or one that it does not name.

        Amounts without one are taken to be in the column's only one.
        """
        if self.declared:
            known = declared_codes(self.declared)
            other = next((code for code in self._examples if code not in known), None)
            return None if other is None else OtherCurrency(self._examples[other], other, tuple(sorted(known)))
        if len(self._examples) < 2:
            return None
        (first, example), (second, other_example) = list(self._examples.items())[:2]
        return CurrenciesMixed(example, other_example, first, second)
