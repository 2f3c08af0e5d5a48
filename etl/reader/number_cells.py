"""A stored number and the style of its cell as a person sees them, for workbooks that keep all numbers as fractions."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from etl.reader.header import letter_of
from etl.reader.number_formats import shape_of
from etl.reader.serial_dates import BUILT_IN, Shows, moment, shown_by
from etl.records import BrokenCell, MergedRange

if TYPE_CHECKING:
    from etl.reader.workbook_parts import Style
    from etl.records import Cell

_PERCENTAGES = {9: "0%", 10: "0.00%"}  # ECMA-376 Part 1, 18.8.30
_LARGEST_EXACT = 2**63  # whole numbers beyond are no counts and no ids, whatever is done with them


def style_of(number: int, code: str | None) -> Style:
    """How a number format shows a number. number: its own, which alone tells standard formats. code: where it has one."""
    code = _PERCENTAGES.get(number) if code is None else code
    shown = (shown_by(code) or shape_of(code)) if code else None
    return shown or BUILT_IN.get(number)


def range_of(first_row: int, last_row: int, first: int, last: int) -> MergedRange:
    """Merged cells by their outermost rows and columns, counted from 0."""
    name = f"{letter_of(first)}{first_row + 1}:{letter_of(last)}{last_row + 1}"
    return MergedRange(first_row + 1, last_row + 1, first, last, name)


def number_cell(number: float, style: Style, *, from_1904: bool) -> Cell:
    """The cell of a number: a date where its style shows one, and an `int` where it is whole."""
    if not isfinite(number):
        return BrokenCell("#NUM!")
    if isinstance(style, Shows):
        return moment(number, style, from_1904=from_1904)
    plain = int(number) if number.is_integer() and abs(number) < _LARGEST_EXACT else number
    return plain if style is None else style.cell(plain)
