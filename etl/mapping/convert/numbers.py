"""Integer and number: sent in plain digits with a point; what could be read in two ways is a finding, never a guess."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING

from etl.findings import NotWhole, NumberFormat, OtherCurrency, PercentUnclear, Problem, TextDamaged
from etl.mapping.convert.cells import cell_as_seen, number_cell, plain_number
from etl.mapping.convert.currencies import declared_codes
from etl.mapping.convert.text import damaged
from etl.mapping.convert.typed_number import TypedNumber, typed_number
from etl.mapping.target_rules import NegativeForm, PercentForm
from etl.records import ShownNumber

if TYPE_CHECKING:
    from etl.mapping.convert.cells import ColumnRules, Read, Reads

_HUNDRED = Decimal(100)


def number(rules: ColumnRules) -> Reads:
    """Grouping where it is well formed, one currency before or behind; decimals as the column or the input says."""
    return _Numbers(rules).reads()


def integer(rules: ColumnRules) -> Reads:
    """As `number`; decimals that are not zero are a finding."""
    return {kind: _whole(read) for kind, read in number(rules).items()}


class _Numbers:
    """How the cells of one column of numbers are read."""

    def __init__(self, rules: ColumnRules) -> None:
        self._decimal = rules.decimal
        self._negative = rules.rule.negative
        self._percent = rules.rule.percent
        self._declared = declared_codes(rules.rule.currency)
        self._seen = rules.currencies

    def reads(self) -> Reads:
        refused = dict.fromkeys((bool, date, datetime, time), _no_number)
        return {str: self.of_text, int: number_cell, float: number_cell, ShownNumber: self.of_shown, **refused}

    def of_text(self, text: str) -> str | Problem:
        if text.isascii() and text.isdigit():
            return text.lstrip("0") or "0"  # the common case, some ten times quicker than the rest
        typed = typed_number(text, self._decimal, self._negative)
        if typed is None:
            return TextDamaged(text.strip()) if damaged(text) else self._unclear(text)
        if typed.is_percent:
            return self._of_percent(typed.value, text.strip())
        if typed.currency is not None:
            if self._declared and typed.currency not in self._declared:
                return OtherCurrency(text.strip(), typed.currency, tuple(sorted(self._declared)))
            if self._seen is not None:
                self._seen.note(typed.currency, text.strip())
        return plain_number(typed.value)

    def of_shown(self, cell: ShownNumber) -> str | Problem:
        """The stored number, whatever the sheet shows; only a percentage is two numbers, and a duration is none."""
        stored = number_cell(float(cell))
        if isinstance(stored, Problem) or not any(sign in cell.shown for sign in "%:"):
            return stored
        percentage = typed_number(cell.exact, ".", ())
        if percentage is None or not percentage.is_percent:
            return NumberFormat(cell.shown)
        return self._of_percent(percentage.value, cell.shown)

    def _of_percent(self, points: Decimal, shown: str) -> str | Problem:
        if self._percent is PercentForm.FRACTION:
            return plain_number(points / _HUNDRED)
        if self._percent is PercentForm.POINTS:
            return plain_number(points)
        if self._percent is PercentForm.AS_SHOWN:
            seen = typed_number(shown, self._decimal, self._negative) or typed_number(shown, ".", ())
            return f"{plain_number(seen.value if seen else points)}%"
        return PercentUnclear(shown, plain_number(points / _HUNDRED), plain_number(points))

    def _unclear(self, text: str) -> NumberFormat:
        """What the text would be if the mapping said so: with other decimals, or in another form of negative numbers."""
        other = "," if self._decimal == "." else "."
        for decimal in (self._decimal, other):
            typed = typed_number(text, decimal, tuple(NegativeForm))
            if typed is not None:
                return NumberFormat(text, _seen(typed), self._setting(decimal, typed))
        return NumberFormat(text)

    def _setting(self, decimal: str, typed: TypedNumber) -> str:
        said = [f'decimal: "{decimal}"'] if decimal != self._decimal else []
        if typed.negative is not None and typed.negative not in self._negative:
            forms = [*self._negative, typed.negative]
            said.append(f"negative: {forms[0]}" if len(forms) == 1 else f"negative: [{', '.join(forms)}]")
        return " and ".join(said)


def _seen(typed: TypedNumber) -> str:
    return plain_number(typed.value) + ("%" if typed.is_percent else "")


def _whole(read: Read) -> Read:
    def of_cell(cell: object) -> str | Problem:
        number = read(cell)
        if isinstance(number, str) and "." in number:
            return NotWhole(cell if isinstance(cell, str) else number)
        return number

    return of_cell


def _no_number(cell: bool | date | time) -> Problem:
    return NumberFormat(cell_as_seen(cell))
