"""Numbers as people type them: groups, currency, percent, and the ways of writing less than zero.

What is no such number, or would be one by another rule only, is None here: guessing is left to nobody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from etl.mapping.convert.currencies import SIGNS, currency_of
from etl.mapping.target_rules import NegativeForm

if TYPE_CHECKING:
    from collections.abc import Collection

_NO_PAISE = "/-"
_CURRENCY = "|".join(map(re.escape, SIGNS))
_MINUS = "-\u2212"  # as typed, and as word processors write it

_TYPED = re.compile(
    rf"""(?P<front>{_CURRENCY})?\s*
        (?P<open>\()?\s*
        (?P<sign>[{_MINUS}+])?\s*
        (?P<inside>{_CURRENCY})?\s*
        (?P<late_sign>[{_MINUS}+])?
        (?P<digits>[.,]?[0-9][0-9.,'\u2019\u00a0\u2009\u202f\x20]*)
        (?P<percent>%)?\s*
        (?P<behind>{_CURRENCY}|/-)?\s*          # 1,500/- is how cheques in India say that no paise follow
        (?P<trailing>[{_MINUS}])?\s*
        (?P<close>\))?\s*
        (?P<last>{_CURRENCY})?""",
    re.VERBOSE | re.IGNORECASE,
)

_GAPS = "'\u2019\u00a0\u2009\u202f"  # apostrophes and the spaces that hold a number together
_DIGITS = {
    ".": re.compile(
        rf"""(?P<whole>[0-9]+                               # 1500
              | [0-9]{{1,3}}(,[0-9]{{3}})+                  # 1,234,500: groups of three
              | [0-9]{{1,2}}(,[0-9]{{2}})+,[0-9]{{3}}       # 1,23,450: Indian groups of two before the last three
              | [0-9]{{1,3}}(?P<gap>[{_GAPS}])[0-9]{{3}}((?P=gap)[0-9]{{3}})*
            )?(\.(?P<decimals>[0-9]+))?""",
        re.VERBOSE,
    ),
    ",": re.compile(
        rf"""(?P<whole>[0-9]+
              | [0-9]{{1,3}}(\.[0-9]{{3}})+                 # 1.234.500
              | [0-9]{{1,3}}(?P<gap>[\x20{_GAPS}])[0-9]{{3}}((?P=gap)[0-9]{{3}})*
            )?(,(?P<decimals>[0-9]+))?""",
        re.VERBOSE,
    ),
}


@dataclass(frozen=True, slots=True)
class TypedNumber:
    """A number that a text tells. value: of a percentage its points. negative: the form that told that it is below zero.

    currency: its code, where one stands beside the number.
    """

    value: Decimal
    is_percent: bool = False
    negative: NegativeForm | None = None
    currency: str | None = None


def typed_number(text: str, decimal: str, negative: Collection[NegativeForm]) -> TypedNumber | None:
    """The number in a text by these rules. decimal: what stands before decimals. negative: forms that may be used."""
    found = _TYPED.fullmatch(text.strip())
    if found is None or not _is_consistent(found):
        return None
    digits = _DIGITS[decimal].fullmatch(found["digits"].rstrip())
    if digits is None or not (digits["whole"] or digits["decimals"]):
        return None
    form = NegativeForm.PARENTHESES if found["open"] else NegativeForm.TRAILING_MINUS if found["trailing"] else None
    if form is not None and form not in negative:
        return None
    sign = "-" if form or (found["sign"] or found["late_sign"] or "+") in _MINUS else ""
    whole = "".join(filter(str.isdigit, digits["whole"] or "0"))
    value = Decimal(f"{sign}{whole}.{digits['decimals'] or '0'}")
    currencies = [sign for sign in _currencies(found) if sign != _NO_PAISE]
    return TypedNumber(value, found["percent"] is not None, form, currency_of(currencies[0]) if currencies else None)


def _currencies(found: re.Match[str]) -> list[str]:
    return [found[name] for name in ("front", "inside", "behind", "last") if found[name]]


def _is_consistent(found: re.Match[str]) -> bool:
    """At most one sign, one currency, both parentheses or none; money is no percentage."""
    signs = [found[name] for name in ("sign", "late_sign", "trailing", "open") if found[name]]
    currencies = _currencies(found)
    no_paise = _NO_PAISE in currencies
    return (
        len(signs) <= 1
        and len(currencies) - no_paise <= 1
        and (found["open"] is None) == (found["close"] is None)
        and not (found["percent"] and currencies)
    )
