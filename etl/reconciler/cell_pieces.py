"""Cells of a results workbook as the text that stands in the file for them: three times as fast as one by one."""

from __future__ import annotations

from datetime import date, time
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, cast

from etl.reconciler.exact_workbook import is_odd, letters_of, storable
from etl.records import ETL_COLUMNS, ShownNumber

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from etl.reconciler.exact_workbook import ExactWorksheet
    from etl.reconciler.workbook_styles import Format, Styles
    from etl.records import Cell

_STATUS = ETL_COLUMNS.index("etl_status")
_TEXT = '" t="inlineStr"><is><t xml:space="preserve">'
"""Between the style of a cell and its text."""

_TEXTS = frozenset({str, type(None)})
_MAY_BE_ODD = ("&", "<", ">", "_x")  # beside what cannot be printed


class CellPieces:
    """The cells of lines of one sheet. own: the headers of the outcome columns, which stand first."""

    def __init__(self, sheet: ExactWorksheet, styles: Styles, own: Sequence[str]) -> None:
        self._sheet = sheet
        self._styles = styles
        self._own = [_number(styles.of_own_column(header)) for header in own]
        self._own_number = _number(styles.own_number)
        self._status = {outcome.value: _number(style) for outcome, style in styles.status.items()}
        self._text = _number(styles.text)
        self._link = _number(styles.link)
        self._whole = _number(styles.whole)
        self._float = _number(styles.number)

    def of_own(self, row: int, cells: Sequence[Cell]) -> Iterator[str]:
        """The outcome cells of a line: texts, and whole numbers of ours. row: from 0."""
        number = row + 1
        for column, cell in enumerate(cells):
            if cell is None:
                continue
            if type(cell) is int:
                yield f'<c r="{letters_of(column)}{number}" s="{self._own_number}"><v>{cell}</v></c>'
            elif column == _STATUS:
                style = self._status[cast("str", cell)]
                yield f'<c r="{letters_of(column)}{number}" s="{style}{_TEXT}{cell}</t></is></c>'
            else:
                yield self._sheet.text_cell(row, column, cast("str", cell), self._own[column])

    def of_input(self, row: int, first: int, cells: Sequence[Cell], linked: int | None = None) -> Iterable[str]:
        """Cells of an input as what they are, from column `first` on. A text stays a text whatever it looks like.

        linked: the column of a text that is to look like a link.
        """
        are_texts = linked is None and _TEXTS.issuperset(map(type, cells))
        if are_texts and _are_plain("".join(cast("Iterable[str]", filter(None, cells)))):
            return self._of_texts(row, first, cells)
        return self._of_any(row, first, cells, linked)

    def _of_texts(self, row: int, first: int, cells: Sequence[Cell]) -> list[str]:
        """The same of texts in which nothing is odd, taken together: as most rows of a .csv are."""
        text = f'{row + 1}" s="{self._text}{_TEXT}'
        return [
            f'<c r="{letters}{text}{cell}</t></is></c>'
            for letters, cell in zip(_letters(first, len(cells)), cells, strict=True)
            if cell is not None
        ]

    def _of_any(self, row: int, first: int, cells: Sequence[Cell], linked: int | None) -> Iterator[str]:
        number = row + 1
        # What all cells of a kind share within a row is put together once: this loop is where a large file's time goes.
        text = f'{number}" s="{self._text}{_TEXT}'
        whole, real = f'{number}" s="{self._whole}"><v>', f'{number}" s="{self._float}"><v>'
        for column, cell in enumerate(cells, first):
            if cell is None:
                continue
            kind = type(cell)
            if kind is str and column != linked and not is_odd(cast("str", cell)):
                yield f'<c r="{letters_of(column)}{text}{cell}</t></is></c>'
            elif kind is int:
                yield f'<c r="{letters_of(column)}{whole}{cell}</v></c>'
            elif kind is float and isfinite(cast("float", cell)):
                yield f'<c r="{letters_of(column)}{real}{cell!r}</v></c>'
            else:
                yield self._other(row, column, cell, self._link if column == linked else self._text)

    def of_text(self, row: int, column: int, text: str, style: Format) -> str:
        """A text of ours in a look of its own."""
        return self._sheet.text_cell(row, column, text, _number(style))

    def _other(self, row: int, column: int, cell: Cell, text_style: int) -> str:
        stored = as_written(cell, self._styles)
        if isinstance(stored, ShownNumber):
            exact = int(stored) if stored.is_integer() else float(stored)
            return _number_cell(row, column, repr(exact), _number(self._styles.of_shown(stored)))
        if isinstance(stored, bool):
            value = "1" if stored else "0"
            return f'<c r="{letters_of(column)}{row + 1}" s="{self._float}" t="b"><v>{value}</v></c>'
        if isinstance(stored, date | time):
            number = repr(self._sheet.moment_number(stored))
            return _number_cell(row, column, number, _number(self._styles.of_moment(stored)))
        return self._sheet.text_cell(row, column, str(stored), text_style)


def _are_plain(text: str) -> bool:
    """Whether nothing in a text is odd for certain: a quick look, where `is_odd` tries two things at each of its signs."""
    return text.isprintable() and not any(sign in text for sign in _MAY_BE_ODD)


@lru_cache(maxsize=16)
def _letters(first: int, columns: int) -> tuple[str, ...]:
    return tuple(map(letters_of, range(first, first + columns)))


def as_written(cell: Cell, styles: Styles) -> Cell:
    """The cell as a workbook holds it: a text in the place of what has no cell there."""
    stored = storable(cell)
    if isinstance(stored, ShownNumber) and styles.of_shown(stored) is None:
        return stored.exact
    return stored


def blank_cell(row: int, column: int, style: Format) -> str:
    """A cell that holds nothing and has a look."""
    return f'<c r="{letters_of(column)}{row + 1}" s="{_number(style)}"/>'


def _number_cell(row: int, column: int, number: str, style: int) -> str:
    return f'<c r="{letters_of(column)}{row + 1}" s="{style}"><v>{number}</v></c>'


def _number(style: Format) -> int:
    """The number under which a cell names its format."""
    return int(style._get_xf_index())
