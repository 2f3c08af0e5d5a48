"""One worksheet's XML as rows of typed cells. Nothing that a person sees in a cell disappears.

Source: ECMA-376 Part 1, 18.3.1 (worksheets).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time
from math import isfinite
from typing import IO, TYPE_CHECKING, NamedTuple, Self

from etl.reader.alike_cells import MOST_DIGITS, AlikeCells
from etl.reader.alike_rows import AlikeRows
from etl.reader.bounds import row_behind
from etl.reader.header import position_of
from etl.reader.number_formats import NumberShape
from etl.reader.quick_rows import PlainRow, plain_of, rows_of
from etl.reader.serial_dates import moment, narrowed
from etl.reader.sheet_layout import MOST_COLUMNS, SheetLayout, is_hidden
from etl.reader.workbook_parts import text_of, unescaped
from etl.reader.xml_stream import namespace_of
from etl.records import BrokenCell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from xml.etree.ElementTree import Element

    from etl.reader.serial_dates import Shows
    from etl.reader.shared_texts import Texts
    from etl.reader.workbook_parts import Style
    from etl.records import Cell

_DIGITS = "0123456789"
_IN_ORDER = list(range(MOST_COLUMNS))
_MOST_LAYOUTS = 1_000


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
    """What the cells of a sheet mean in their workbook. strings, styles: by the numbers that cells refer to.

    layout: of the sheet whose rows are read, filled while they are. currencies: the sign that a style shows, for some styles.
    """

    strings: Texts
    styles: list[Style]
    from_1904: bool
    layout: SheetLayout = field(default_factory=SheetLayout)
    currencies: Mapping[str, str] = field(default_factory=dict)
    _tags: _Tags = field(default_factory=lambda: _Tags.of(""))
    _shared_formulas: dict[str, tuple[str, str]] = field(default_factory=dict)
    _positions: dict[str, int] = field(default_factory=dict)
    _shapes: dict[str | None, Style] = field(default_factory=dict)
    _places: dict[tuple[str, ...], list[int]] = field(default_factory=dict)

    def rows(self, source: IO[bytes]) -> Iterator[tuple[int, list[Cell]]]:
        """Row number and cells from column A to the row's last one; rows without a value are left out.

        The sheet's own word on its size (`dimension`) is not asked: writers get it wrong.
        Raises: ValueError, IndexError or ParseError where the sheet is damaged.
        """
        for row_number, hidden, cells in self._all_rows(source):
            if cells.count(None) < len(cells):
                if hidden:
                    self.layout.hidden_rows.add(row_number)
                yield row_number, cells

    def _all_rows(self, source: IO[bytes]) -> Iterator[tuple[int, bool, list[Cell]]]:
        """Row number, whether it is hidden, and cells, which may all be None."""
        roots: list[Element] = []
        row_number = 0
        alike = AlikeCells(self.strings, self._style, self._typed, from_1904=self.from_1904)
        for found in rows_of(source, roots.append):
            if row_number == 0:
                self._tags = _Tags.of(namespace_of(roots[0]))
                self.layout.read_head(roots[0])
            together = alike.of(found, row_number) if isinstance(found, AlikeRows) else None
            if isinstance(found, AlikeRows) and together is not None:
                numbers, rows = together
                if self.currencies:
                    alike.note_currencies(found, numbers, self.currencies, self.layout.currencies)
                row_number = numbers[-1]
                hidden = [row[1] in found.hiding for row in found.rows]
                yield from zip(numbers, hidden, rows, strict=True)
                continue
            for row in plain_of(found) if isinstance(found, AlikeRows) else (found,):
                if isinstance(row, PlainRow):
                    row_number = row_behind(row_number, row.number)
                    if self.currencies:
                        self._note_currencies(
                            row_number, zip(row.letters, row.kinds, row.styles, row.values, strict=True)
                        )
                    yield row_number, row.is_hidden, self._plain_cells(row)
                else:
                    row_number = row_behind(row_number, int(row.get("r", row_number + 1)))
                    if self.currencies:
                        cells = (
                            (one.get("r"), one.get("t"), one.get("s"), one.findtext(self._tags.value)) for one in row
                        )
                        self._note_currencies(row_number, cells)
                    yield row_number, is_hidden(row), self._cells(row)
        for root in roots:
            self.layout.read_tail(root)

    def _note_currencies(self, row_number: int, cells: Iterable[Sequence[str | None]]) -> None:
        """cells: reference, type, style and value of each."""
        for reference, kind, style, value in cells:
            if value and reference and kind in (None, "n") and style is not None and style in self.currencies:
                key = (self._position(reference), self.currencies[style])
                self.layout.currencies.setdefault(key, row_number)

    def _plain_cells(self, row: PlainRow) -> list[Cell]:
        if not any(row.values) and not any(row.texts):
            return []  # cells with a format and nothing else: sheets end in a million such rows
        letters = tuple(row.letters)
        places = self._places.get(letters)
        if places is None:
            if len(self._places) >= _MOST_LAYOUTS:
                self._places.clear()
            places = self._places[letters] = [self._position(one) for one in letters]
        shapes = self._shapes
        values: list[Cell] = []
        for kind, style, value, text in zip(row.kinds, row.styles, row.values, row.texts, strict=True):
            if not value:
                values.append((unescaped(text) or None) if text else None)
            elif kind is not None and kind != "n":
                values.append(self._typed(kind, value, style or "0"))
            elif (
                (style in shapes or self._know(style))
                and shapes[style] is None
                and value.isdecimal()
                and len(value) <= MOST_DIGITS
            ):
                values.append(int(value))
            else:
                values.append(self._number(value, style or "0"))
        if places == _IN_ORDER[: len(places)]:
            return values
        cells: list[Cell] = [None] * (max(places) + 1)
        for place, letter, cell in zip(places, letters, values, strict=True):
            if cells[place] is not None:
                raise ValueError(f"a cell that is there twice: {letter}{row.number}")
            cells[place] = cell
        return cells

    def _know(self, style: str | None) -> bool:
        self._shapes[style] = self._style(style or "0")
        return True

    def _cells(self, row: Element) -> list[Cell]:
        cells: list[Cell] = []
        for element in row if any(map(len, row)) else ():
            if element.tag != self._tags.cell:
                continue
            reference = element.get("r")
            position = self._position(reference) if reference else len(cells)
            if position >= len(cells):
                cells.extend([None] * (position + 1 - len(cells)))
            elif cells[position] is not None:
                raise ValueError(f"a cell that is there twice: {reference!r}")
            cells[position] = self._cell(element)
        return cells

    def _position(self, reference: str) -> int:
        letters = reference.rstrip(_DIGITS)
        position = self._positions.get(letters)
        if position is None:
            position = self._positions[letters] = position_of(letters.upper())
            if not 0 <= position < MOST_COLUMNS:
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
            return self._shared_text(value)
        if kind == "b":
            return value in ("1", "true")
        if kind == "e":
            return BrokenCell(value)
        if kind == "d":
            shows = self._style(style)
            return _iso_moment(value, None if isinstance(shows, NumberShape) else shows)
        return unescaped(value)

    def _shared_text(self, value: str) -> Cell:
        number = int(value)
        if number < 0:
            raise IndexError(number)
        return self.strings[number] or None

    def _number(self, value: str, style: str) -> Cell:
        if len(value) > MOST_DIGITS:
            return BrokenCell(value)
        try:
            number = float(value) if "." in value or not value.lstrip("-").isdigit() else int(value)
        except ValueError:
            return BrokenCell(value)
        if not isfinite(number):
            return BrokenCell(value)
        shows = self._style(style)
        if shows is None:
            return number
        if isinstance(shows, NumberShape):
            return shows.cell(number)
        return moment(number, shows, from_1904=self.from_1904)

    def _style(self, style: str) -> Style:
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
            from openpyxl.formula.translate import Translator  # noqa: PLC0415 — takes longer to load than a small sheet to read

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
