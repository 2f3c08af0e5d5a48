"""Integer and number: plain digits with a point; what could be read in two ways is a finding, never a guess."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING

from etl.findings import NotWhole, NumberFormat, Problem, TextDamaged
from etl.mapping.convert.cells import cell_as_seen, number_cell, plain_number
from etl.mapping.convert.text import damaged

if TYPE_CHECKING:
    from collections.abc import Callable

    from etl.mapping.convert.cells import ColumnRules, Reads

_NUMBER = re.compile(
    r"""(?P<sign>[+-]?)\s*
        ((₹|\$|Rs\.?|INR)\s*)?                  # one currency sign before the digits
        (?P<inner_sign>[+-]?)
        (?P<whole>
            [0-9]+                              # 1500
          | [0-9]{1,3}(,[0-9]{3})+              # 1,234,500: groups of three
          | [0-9]{1,2}(,[0-9]{2})+,[0-9]{3}     # 1,23,450: Indian groups of two before the last three
        )?
        (\.(?P<decimals>[0-9]+))?""",
    re.VERBOSE,
)


def _decimal(text: str) -> Decimal | Problem:
    found = _NUMBER.fullmatch(text.strip())
    if found is None or not (found["whole"] or found["decimals"]) or (found["sign"] and found["inner_sign"]):
        return TextDamaged(text.strip()) if damaged(text) else NumberFormat(text)
    sign = found["sign"] or found["inner_sign"]
    return Decimal(f"{sign}{(found['whole'] or '0').replace(',', '')}.{found['decimals'] or '0'}")


def _number(text: str) -> str | Problem:
    if text.isascii() and text.isdigit():
        return text.lstrip("0") or "0"  # the common case, some ten times quicker than the rest
    number = _decimal(text)
    return plain_number(number) if isinstance(number, Decimal) else number


def _integer(text: str) -> str | Problem:
    number = _number(text)
    return NotWhole(text) if isinstance(number, str) and "." in number else number


def _whole_cell(number: int | float) -> str | Problem:
    digits = number_cell(number)
    return NotWhole(digits) if isinstance(digits, str) and "." in digits else digits


def _no_number(cell: bool | date | time) -> Problem:
    return NumberFormat(cell_as_seen(cell))


def number(_: ColumnRules) -> Reads:
    """Grouping commas where they are well formed, one leading currency sign; nothing else."""
    return _reads(_number, number_cell)


def integer(_: ColumnRules) -> Reads:
    """As `number`; decimals that are not zero are a finding."""
    return _reads(_integer, _whole_cell)


def _reads(of_text: Callable[[str], str | Problem], of_number: Callable[[int | float], str | Problem]) -> Reads:
    refused = dict.fromkeys((bool, date, datetime, time), _no_number)
    return {str: of_text, int: of_number, float: of_number, **refused}
