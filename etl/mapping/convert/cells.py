"""What all converters share: cells as a person sees them, and reading by kind of cell.

A converter is a table: kind of cell → function that gives the text to send, or the problem. Empty cells and error
values never reach it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from etl.findings import DateInText, DigitsLost, Problem
from etl.records import ShownNumber

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from etl.mapping.convert.currencies import CurrenciesSeen
    from etl.mapping.convert.day_and_month import DaysSeen
    from etl.mapping.target_rules import Conversion
    from etl.records import Cell

Read: TypeAlias = "Callable[[Any], str | Problem]"
"""One cell of a known kind → the text that is sent, or what is wrong with the cell."""

Reads: TypeAlias = "dict[type, Read]"
"""Kind of cell → how it is read."""

MOST_DIGITS = 15  # ECMA-376: a cell's number is an IEEE double, of which 15 decimal digits are sure


@dataclass(frozen=True, slots=True)
class ColumnRules:
    """What a converter knows of its column.

    zone: of the date-times in the file. decimal: what stands before decimals in texts. days, currencies: where dates, and the
    currencies of amounts, are noted.
    """

    target: str
    rule: Conversion
    zone: ZoneInfo | None = None
    days: DaysSeen | None = field(default=None, compare=False)
    decimal: str = "."
    currencies: CurrenciesSeen | None = field(default=None, compare=False)


def cell_as_seen(cell: Cell) -> str:
    """A cell as messages and templates show it; dates and times in ISO form, whatever the sheet makes of them."""
    return _AS_SEEN[type(cell)](cell) if not isinstance(cell, str) else cell


def _minutes_or_seconds(moment: datetime | time) -> str:
    spec = "minutes" if not moment.second and not moment.microsecond else "seconds"
    return moment.isoformat(" ", spec) if isinstance(moment, datetime) else moment.isoformat(spec)


def plain_number(number: int | float | Decimal) -> str:
    """A number in plain digits with a point, without trailing zeros: equal numbers give equal texts.

    So `1500.50` of a CSV and the number of the same sheet saved as a workbook are one value.
    """
    if isinstance(number, int):
        return str(number)
    exact = Decimal(f"{number:.{MOST_DIGITS}g}") if isinstance(number, float) else number
    written = f"{exact:f}"
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    return "0" if written in ("-0", "") else written


def truth_as_seen(truth: bool) -> str:
    """As spreadsheets write it."""
    return "TRUE" if truth else "FALSE"


_AS_SEEN: dict[type, Callable[[Any], str]] = {
    int: plain_number,
    float: plain_number,
    bool: truth_as_seen,
    datetime: _minutes_or_seconds,
    date: date.isoformat,
    time: _minutes_or_seconds,
    ShownNumber: lambda number: number.shown,
    type(None): lambda _: "",
}


def number_cell(number: int | float) -> str | Problem:
    """The digits of a number cell; a spreadsheet has filled all beyond the fifteenth with zeros."""
    if abs(number) >= 10**MOST_DIGITS:
        return DigitsLost(f"{number:.0f}")
    return plain_number(number)


def date_cell(moment: date | time) -> Problem:
    """A true date has no spelling of its own that could be sent as text."""
    return DateInText(cell_as_seen(moment))


def read_as_text(read: Callable[[str], str | Problem]) -> Reads:
    """Reads for types that are texts at heart: a number cell is read as its digits, or as what its sheet shows."""

    def of_number(number: int | float) -> str | Problem:
        digits = number_cell(number)
        return read(digits) if isinstance(digits, str) else digits

    def of_shown(number: ShownNumber) -> str | Problem:
        lost = number_cell(float(number))
        return lost if isinstance(lost, Problem) else read(number.shown)

    return {
        str: read,
        int: of_number,
        float: of_number,
        ShownNumber: of_shown,
        bool: lambda truth: read(truth_as_seen(truth)),
        date: date_cell,
        datetime: date_cell,
        time: date_cell,
    }
