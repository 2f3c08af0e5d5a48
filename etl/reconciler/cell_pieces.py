"""Cells of a results workbook as the text that stands in the file for them: three times as fast as one by one."""

from __future__ import annotations

from datetime import date, time
from math import isfinite
from typing import TYPE_CHECKING, cast

from etl.reconciler.exact_workbook import is_odd, letters_of, storable
from etl.records import ETL_COLUMNS, Outcome, ShownNumber

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from etl.reconciler.exact_workbook import ExactWorksheet
    from etl.reconciler.workbook_styles import Format, Styles
    from etl.records import Cell

_STATUS = ETL_COLUMNS.index("etl_status")


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
        for column, cell in enumerate(cells):
            if cell is None:
                continue
            if column == _STATUS:
                text = cast("str", cell)
                yield self._sheet.text_cell(row, column, text, self._status[Outcome(text).value])
            elif isinstance(cell, str):
                yield self._sheet.text_cell(row, column, cell, self._own[column])
            else:
                yield _number_cell(row, column, repr(cell), self._own_number)

    def of_input(self, row: int, first: int, cells: Sequence[Cell], linked: int | None = None) -> Iterator[str]:
        """Cells of an input as what they are, from column `first` on. A text stays a text whatever it looks like.

        linked: the column of a text that is to look like a link.
        """
        number = row + 1
        # What all cells of a kind share within a row is put together once: this loop is where a large file's time goes.
        text = f'{number}" s="{self._text}" t="inlineStr"><is><t xml:space="preserve">'
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
