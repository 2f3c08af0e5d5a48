"""Cells of a results workbook as the text that stands in the file for them: three times as fast as one by one."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, TypeGuard, cast

from etl.reconciler.exact_workbook import FIRST_YEAR, is_odd, letters_of, storable
from etl.records import ETL_COLUMNS, ShownNumber

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from etl.reconciler.exact_workbook import ExactWorksheet
    from etl.reconciler.workbook_styles import Format, Styles
    from etl.records import Cell

_STATUS = ETL_COLUMNS.index("etl_status")
_TEXT = '" t="inlineStr"><is><t xml:space="preserve">'
"""Between the style of a cell and its text."""

_TEXTS = frozenset({str, type(None)})


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

    def of_own(self, row: int, cells: Sequence[Cell]) -> list[str]:
        """The outcome cells of a line: texts, and whole numbers of ours. row: from 0."""
        number = row + 1
        is_plain = _are_plain(cells)
        pieces = []
        for column, (letters, cell) in enumerate(zip(_letters(0, len(cells)), cells, strict=True)):
            if cell is None:
                continue
            if type(cell) is int:
                pieces.append(f'<c r="{letters}{number}" s="{self._own_number}"><v>{cell}</v></c>')
            elif column == _STATUS:
                style = self._status[cast("str", cell)]
                pieces.append(f'<c r="{letters}{number}" s="{style}{_TEXT}{cell}</t></is></c>')
            elif is_plain:
                pieces.append(f'<c r="{letters}{number}" s="{self._own[column]}{_TEXT}{cell}</t></is></c>')
            else:
                pieces.append(self._sheet.text_cell(row, column, cast("str", cell), self._own[column]))
        return pieces

    def of_input(self, row: int, first: int, cells: Sequence[Cell], linked: int | None = None) -> list[str]:
        """Cells of an input as what they are, from column `first` on. A text stays a text whatever it looks like.

        linked: the column of a text that is to look like a link.
        """
        is_plain = _are_plain(cells)
        if is_plain and linked is None and _TEXTS.issuperset(map(type, cells)):
            return self._of_texts(row, first, cells)
        return self._of_any(row, first, cells, linked, is_plain=is_plain)

    def _of_texts(self, row: int, first: int, cells: Sequence[Cell]) -> list[str]:
        """The same of texts in which nothing is odd, taken together: as most rows of a .csv are."""
        text = f'{row + 1}" s="{self._text}{_TEXT}'
        return [
            f'<c r="{letters}{text}{cell}</t></is></c>'
            for letters, cell in zip(_letters(first, len(cells)), cells, strict=True)
            if cell is not None
        ]

    def _of_any(self, row: int, first: int, cells: Sequence[Cell], linked: int | None, *, is_plain: bool) -> list[str]:
        """The same of any cells. is_plain: nothing in any text of them is odd."""
        number = row + 1
        # What all cells of a kind share within a row is put together once: this loop is where a large file's time goes.
        text = f'{number}" s="{self._text}{_TEXT}'
        whole, real = f'{number}" s="{self._whole}"><v>', f'{number}" s="{self._float}"><v>'
        truth = f'{number}" s="{self._float}" t="b"><v>'
        pieces = []
        for column, (letters, cell) in enumerate(zip(_letters(first, len(cells)), cells, strict=True), first):
            kind = type(cell)
            if kind is str and (is_plain or not is_odd(cast("str", cell))) and column != linked:
                pieces.append(f'<c r="{letters}{text}{cell}</t></is></c>')
            elif cell is None:
                continue
            elif kind is int:
                pieces.append(f'<c r="{letters}{whole}{cell}</v></c>')
            elif kind is float and isfinite(cast("float", cell)):
                pieces.append(f'<c r="{letters}{real}{cell!r}</v></c>')
            elif kind is bool:
                pieces.append(f'<c r="{letters}{truth}{1 if cell else 0}</v></c>')
            elif _is_moment(cell):
                style, moment = _number(self._styles.of_moment(cell)), self._sheet.moment_number(cell)
                pieces.append(f'<c r="{letters}{number}" s="{style}"><v>{moment!r}</v></c>')
            else:
                pieces.append(self._other(row, column, cell, self._link if column == linked else self._text))
        return pieces

    def of_text(self, row: int, column: int, text: str, style: Format) -> str:
        """A text of ours in a look of its own."""
        return self._sheet.text_cell(row, column, text, _number(style))

    def _other(self, row: int, column: int, cell: Cell, text_style: int) -> str:
        stored = as_written(cell, self._styles)
        if isinstance(stored, ShownNumber):
            exact = int(stored) if stored.is_integer() else float(stored)
            return _number_cell(row, column, repr(exact), _number(self._styles.of_shown(stored)))
        if isinstance(stored, date | time):
            number = repr(self._sheet.moment_number(stored))
            return _number_cell(row, column, number, _number(self._styles.of_moment(stored)))
        return self._sheet.text_cell(row, column, str(stored), text_style)


def _are_plain(cells: Iterable[Cell]) -> bool:
    """Whether nothing in the texts of a row is odd for certain: a quick look at all of them together, where `is_odd` tries
    two things at each sign of each."""
    texts = "".join([cell for cell in cells if isinstance(cell, str)])
    return not ("&" in texts or "<" in texts or ">" in texts or "_x" in texts) and texts.isprintable()


def _is_moment(cell: Cell) -> TypeGuard[date]:
    """Whether a cell is a day, or one with a time, that a workbook has a number for, as nearly all are."""
    kind = type(cell)
    return (kind is date or (kind is datetime and cell.tzinfo is None)) and cell.year >= FIRST_YEAR  # type: ignore[union-attr] # as kind says


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
