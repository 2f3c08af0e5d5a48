"""What is wrong with a cell that holds no value, by what a person sees in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.findings import EarlyDate, ErrorValue, FormulaWithoutValue

if TYPE_CHECKING:
    from etl.findings import Problem
    from etl.records import BrokenCell

_NEVER_WAS = frozenset({"00/01/1900", "29/02/1900"})  # as Excel shows them; others show another day


def problem_of(cell: BrokenCell) -> Problem:
    """A formula that was never calculated, a day that never was, or an error of the spreadsheet."""
    if cell.startswith("="):
        return FormulaWithoutValue(str(cell))
    return EarlyDate(str(cell)) if cell in _NEVER_WAS else ErrorValue(str(cell))
