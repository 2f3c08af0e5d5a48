"""One worksheet's XML as rows of typed cells. Nothing that a person sees in a cell disappears.

Source: ECMA-376 Part 1, 18.3.1 (worksheets).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time
from math import isfinite
from typing import IO, TYPE_CHECKING, NamedTuple, Self

from openpyxl.formula.translate import Translator

from etl.reader.header import position_of
from etl.reader.serial_dates import Shows, moment, narrowed
from etl.reader.workbook_parts import text_of, unescaped
from etl.reader.xml_stream import elements, namespace_of
from etl.records import BrokenCell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from etl.records import Cell

_MOST_COLUMNS = 16_384  # Excel's own limit; a damaged reference must not make a row of millions
_DIGITS = "0123456789"


class _Tags(NamedTuple):
    """The tags of a sheet in the namespace that its writer uses."""

    cell: str
    value: str
    formula: str
    inline: str

    @classmethod
    def of(cls, namespace: str) -> Self:
        return cls(*(namespace + name for name in ("c", "v", "f", "is")))


@dataclass(slots=True)
class SheetCells:
    """What the cells of a sheet mean in their workbook. strings, styles: by the numbers that cells refer to."""

    strings: list[str]
    styles: list[Shows | None]
    from_1904: bool
    _tags: _Tags = field(default_factory=lambda: _Tags.of(""))
    _shared_formulas: dict[str, tuple[str, str]] = field(default_factory=dict)
    _positions: dict[str, int] = field(default_factory=dict)

    def rows(self, source: IO[bytes]) -> Iterator[tuple[int, list[Cell]]]:
        """Row number and cells from column A to the row's last one; rows without a value are left out.

        The sheet's own word on its size (`dimension`) is not asked: writers get it wrong.
        Raises: ValueError, IndexError or ParseError where the sheet is damaged.
        """
        row_number = 0
        for row in elements(source, "row"):
            if row_number == 0:
                self._tags = _Tags.of(namespace_of(row))
            row_number = int(row.get("r", row_number + 1))
            cells = self._cells(row)
            if cells.count(None) < len(cells):
                yield row_number, cells

    def _cells(self, row: Element) -> list[Cell]:
        cells: list[Cell] = []
        for element in row:
            if element.tag != self._tags.cell:
                continue
            reference = element.get("r")
            position = self._position(reference) if reference else len(cells)
            if position >= len(cells):
                cells.extend([None] * (position + 1 - len(cells)))
            cells[position] = self._cell(element)
        return cells

    def _position(self, reference: str) -> int:
        letters = reference.rstrip(_DIGITS)
        position = self._positions.get(letters)
        if position is None:
            position = self._positions[letters] = position_of(letters)
            if not 0 <= position < _MOST_COLUMNS:
                raise ValueError(f"no cell of a sheet: {reference!r}")
        return position

    def _cell(self, element: Element) -> Cell:
        kind = element.get("t", "n")
        value = formula = None
        for child in element:
            if child.tag == self._tags.value:
                value = child.text or ""
            elif child.tag == self._tags.formula:
                formula = child
            elif child.tag == self._tags.inline and kind == "inlineStr":
                return text_of(child) or None
        text = None if formula is None else self._formula(formula, element, has_value=bool(value))
        if value:
            return self._typed(kind, value, element.get("s", "0"))
        # An empty result of a formula is a text ("str") that is there and empty; anything else was never calculated.
        return None if text is None or (kind == "str" and value is not None) else BrokenCell(text)

    def _typed(self, kind: str, value: str, style: str) -> Cell:
        if kind == "n":
            return self._number(value, style)
        if kind == "s":
            return self.strings[int(value)] or None
        if kind == "b":
            return value in ("1", "true")
        if kind == "e":
            return BrokenCell(value)
        if kind == "d":
            return _iso_moment(value, self._shows(style))
        return unescaped(value)

    def _number(self, value: str, style: str) -> Cell:
        try:
            number = int(value) if value.lstrip("-").isdigit() else float(value)
        except ValueError:
            return BrokenCell(value)
        if not isfinite(number):
            return BrokenCell(value)
        shows = self._shows(style)
        return number if shows is None else moment(number, shows, from_1904=self.from_1904)

    def _shows(self, style: str) -> Shows | None:
        number = int(style)
        return self.styles[number] if number < len(self.styles) else None

    def _formula(self, formula: Element, cell: Element, *, has_value: bool) -> str:
        """The formula as Excel shows it. A shared one stands only in its first cell; the others shift it."""
        text, reference, shared = f"={formula.text or ''}", cell.get("r", ""), formula.get("si")
        if shared is None or formula.get("t") != "shared":
            return text
        if formula.text:
            self._shared_formulas[shared] = (text, reference)
        elif not has_value and shared in self._shared_formulas:
            return str(Translator(*self._shared_formulas[shared]).translate_formula(reference))
        return text


def _iso_moment(value: str, shows: Shows | None) -> Cell:
    """A date or time that is written out (ECMA-376 strict, 18.17.4.1)."""
    try:
        if "T" not in value:
            return time.fromisoformat(value) if ":" in value else datetime.fromisoformat(value).date()
        return narrowed(datetime.fromisoformat(value).replace(tzinfo=None), shows)
    except ValueError:
        return BrokenCell(value)
