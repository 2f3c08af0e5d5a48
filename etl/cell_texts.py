"""Cells as the texts that they are known by: equal where a spreadsheet program may have changed one into the other.

Whole numbers are equal as int and float, midnights as date and datetime: saving again may change the one to the other.
"""

from __future__ import annotations

from datetime import date, datetime, time
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from etl.records import BrokenCell, ShownNumber

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from etl.records import Cell


def _whole_or_not(number: float) -> str:
    return str(int(number)) if number.is_integer() else float.__repr__(number)


def _midnight_as_date(moment: datetime) -> str:
    has_time = moment.hour or moment.minute or moment.second or moment.microsecond
    return moment.isoformat() if has_time else moment.date().isoformat()


_CANONICAL: dict[type, Callable[..., str]] = {
    str: str,
    BrokenCell: str,
    int: str,
    bool: lambda truth: "TRUE" if truth else "FALSE",
    float: _whole_or_not,
    ShownNumber: _whole_or_not,  # as stored: ledgers know such rows from before formats were read
    datetime: _midnight_as_date,
    date: date.isoformat,
    time: time.isoformat,
}


def text_of(cell: Cell) -> str:
    """The text of a cell that is not empty."""
    return cell if type(cell) is str else _CANONICAL[type(cell)](cell)


BETWEEN = "\x1f"
"""What stands between texts that are put together: ASCII's unit separator, which next to no cell holds."""


class FullTexts(list[str]):
    """A column of texts and nothing else, as a text file gives it: none of them empty, none with `BETWEEN` in it.

    Whoever is given such a column need not look at each cell for that. It is never changed.
    """

    __slots__ = ()


class Texts(NamedTuple):
    """The texts of a column: None where a row has none. is_full: no row is without. together: all of them in one, to be
    searched for `BETWEEN`; empty where it is known that it is in none.
    """

    each: Sequence[str | None]
    together: str
    is_full: bool

    @classmethod
    def of(cls, column: Sequence[str | None]) -> Texts:
        """A column of texts."""
        if type(column) is FullTexts:
            return cls(column, "", is_full=True)
        together = _joined(column)  # ten times as fast as to look for a missing one
        return cls(column, "".join(filter(None, column)) if together is None else together, together is not None)


def texts_of(column: Sequence[Cell]) -> Texts:
    """The cells of a column as their canonical texts, empty ones as None."""
    if type(column) is FullTexts:
        return Texts(column, "", is_full=True)
    filled = list(filter(None, column))
    together = _joined(filled)
    is_full = len(filled) == len(column)
    if together is not None and (is_full or len(filled) + column.count(None) == len(column)):
        return Texts(
            cast("Sequence[str | None]", column), together, is_full
        )  # those that are not filled are None, not ""
    found = _texts_of_one_kind(column)
    return Texts.of([_text_or_none(cell) for cell in column] if found is None else found)


def _text_or_none(cell: Cell) -> str | None:
    return None if cell is None or cell == "" else text_of(cell)


def _texts_of_one_kind(column: Sequence[Cell]) -> Sequence[str | None] | None:
    """The same of a column of numbers, of moments or of truth values, and empty cells; None of all others, and where a cell
    needs a look."""
    filled = [cell for cell in column if cell is not None]
    kinds = frozenset(map(type, filled))
    texts = _OF_ONE_KIND[kinds](filled) if kinds in _OF_ONE_KIND else None
    if texts is None or len(filled) == len(column):
        return texts
    each = iter(texts)
    return [None if cell is None else next(each) for cell in column]


def _texts_of_numbers(numbers: Sequence[Any]) -> Sequence[str] | None:
    texts = list(map(repr, numbers))
    together = " ".join(texts)
    if "e" in together or "-0.0" in together:  # too large for plain digits; nought, or may be that
        return None
    return list(map(str.removesuffix, texts, repeat(".0")))


def _texts_of_moments(moments: Sequence[Any]) -> Sequence[str] | None:
    texts = list(map(datetime.isoformat, moments))
    is_plain = {*map(len, texts)} <= {
        len("2026-01-31T09:30:00"),
        len("2026-01-31T09:30:00.000000"),
    }  # none has an offset
    return list(map(str.removesuffix, texts, repeat("T00:00:00"))) if is_plain else None


_OF_ONE_KIND: dict[frozenset[type], Callable[[Sequence[Any]], Sequence[str] | None]] = {
    frozenset({int}): _texts_of_numbers,
    frozenset({float}): _texts_of_numbers,
    frozenset({int, float}): _texts_of_numbers,
    frozenset({datetime}): _texts_of_moments,
    frozenset({date}): lambda days: list(map(date.isoformat, days)),
    frozenset({bool}): lambda truths: list(map(("FALSE", "TRUE").__getitem__, truths)),
}


def _joined(column: Sequence[object]) -> str | None:
    """All texts in one; None where there is anything else."""
    try:
        return "".join(cast("Sequence[str]", column))
    except TypeError:
        return None
