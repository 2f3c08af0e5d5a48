"""OpenDocument spreadsheets (.ods): the sheets of `content.xml`, read by the same rules as an Excel workbook.

Source: OASIS OpenDocument 1.3, part 3: 9.1 (tables), 19.365-19.390 (values of cells).
Read here and not by a library: python-calamine gives error cells as nothing, booleans as 1.0 and times of more than a day
as `PT36H00M00S`, and none says what a cell shows or which rows are hidden.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING
from xml.parsers import expat

from defusedxml.ElementTree import iterparse

from etl.reader.bounds import (
    DEEPEST,
    MOST_TAG_BYTES,
    opened_part,
    opened_zip,
    refuse_beyond,
    refuse_deep,
    refuse_many,
    refuse_repeated,
)
from etl.reader.number_cells import range_of
from etl.reader.open_document_cells import TABLE, cell_of, currency_of_cell, repeats
from etl.reader.sheet_layout import SheetLayout
from etl.reader.workbook import WorkbookReader
from etl.reader.workbook_parts import Sheet

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from etl.reader.rules import Book
    from etl.records import Cell, MergedRange

_CONTENT = "content.xml"
_STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0"
_MOST_COLUMNS = 16_384
_MOST_ROWS = 16_777_216  # of LibreOffice's "very large spreadsheets"; a row that is repeated oftener is an attack
_CHUNK_BYTES = 1 << 16


class OpenDocumentReader(WorkbookReader):
    """Zip archives with one large part that holds all sheets."""

    def open_book(self, path: Path) -> Book:
        return OpenDocument(path)


class OpenDocument:
    """An open .ods: its sheets known, their rows read when they are asked for."""

    def __init__(self, path: Path) -> None:
        self._archive = opened_zip(path)
        try:
            with opened_part(self._archive, _CONTENT) as source:
                self.sheets = _SheetNames().of(source)
        except BaseException:
            self._archive.close()
            raise
        self.layout = SheetLayout()

    def rows(self, sheet: Sheet) -> Generator[tuple[int, list[Cell]], None, None]:
        self.layout = SheetLayout()
        with opened_part(self._archive, _CONTENT) as source:
            columns = row_number = repeated = 0
            for element in _parts_of(source, int(sheet.part)):
                if element.tag == TABLE + "table-column":
                    times = repeats(element, "number-columns-repeated")
                    if _is_hidden(element):
                        self.layout.hidden_columns.update(range(columns, min(columns + times, _MOST_COLUMNS)))
                    columns += times
                    continue
                times = repeats(element, "number-rows-repeated")
                self.layout.merged.extend(_merged_in(element, row_number))
                cells = _cells_of(element)
                if cells:
                    self._note_currencies(element, row_number + 1)
                    repeated += max(0, times * len(cells) - len(element))
                    refuse_repeated(repeated)
                    yield from self._repeated(row_number, times, cells, is_hidden=_is_hidden(element))
                row_number += times

    def _note_currencies(self, row: Element, row_number: int) -> None:
        column = 0
        for element in row:
            sign = currency_of_cell(element)
            if sign is not None:
                self.layout.currencies.setdefault((column, sign), row_number)
            column += repeats(element, "number-columns-repeated")

    def _repeated(
        self, before: int, times: int, cells: list[Cell], *, is_hidden: bool
    ) -> Iterator[tuple[int, list[Cell]]]:
        """A row as often as it stands there: equal rows that follow each other are written once."""
        if before + times > _MOST_ROWS:
            raise ValueError(f"a row that is there {times} times")
        for row_number in range(before + 1, before + times + 1):
            if is_hidden:
                self.layout.hidden_rows.add(row_number)
            yield row_number, list(cells)

    def merged_in_advance(self, sheet: Sheet) -> list[MergedRange]:
        for _ in self.rows(sheet):
            pass
        return self.layout.merged

    def close(self) -> None:
        self._archive.close()


def _parts_of(source: IO[bytes], number: int) -> Iterator[Element]:
    """Columns and rows of one sheet, in order; whatever else there is has been let go by then."""
    tables = 0
    path: list[Element] = []
    for event, element in iterparse(source, events=("start", "end"), forbid_dtd=True):
        if event == "start":
            path.append(element)
            continue
        path.pop()
        is_sheet = element.tag == TABLE + "table" and _is_below_spreadsheet(path)
        if is_sheet:
            tables += 1
            if tables > number:
                return
        if tables == number and element.tag in _KEPT and _is_in_a_sheet(path):
            yield element
        if path and (is_sheet or element.tag in _KEPT or len(path) <= _SHEET_DEPTH):
            path[-1].remove(element)


_KEPT = frozenset({TABLE + "table-column", TABLE + "table-row"})
_SHEET_DEPTH = 3  # document, body, spreadsheet: what stands there, and is no sheet, is not wanted
_BETWEEN = frozenset(
    TABLE + name
    for name in (
        "table",
        "table-rows",
        "table-row-group",
        "table-header-rows",
        "table-columns",
        "table-column-group",
        "table-header-columns",
    )
)


def _is_below_spreadsheet(path: list[Element]) -> bool:
    return len(path) == _SHEET_DEPTH and path[-1].tag.endswith("}spreadsheet")


def _is_in_a_sheet(path: list[Element]) -> bool:
    """Rows of a table inside a cell's comment or drawing are no rows of the sheet."""
    return all(element.tag in _BETWEEN for element in path[_SHEET_DEPTH:])


def _cells_of(row: Element) -> list[Cell]:
    """The cells from column A to the last that holds something; none of an empty row."""
    cells: list[Cell] = []
    empty = 0
    for element in row:
        if element.tag not in (TABLE + "table-cell", TABLE + "covered-table-cell"):
            continue
        times = repeats(element, "number-columns-repeated")
        cell = cell_of(element)
        if cell is None:
            empty += times
            continue
        if len(cells) + empty + times > _MOST_COLUMNS:
            raise ValueError(f"a cell in column {len(cells) + empty + times}")
        cells += [None] * empty + [cell] * times
        empty = 0
    return cells


def _merged_in(row: Element, row_number: int) -> Iterator[MergedRange]:
    """The ranges whose first cell stands in this row. row_number: counted from 0."""
    column = 0
    for element in row:
        if element.tag == TABLE + "table-cell":
            columns, rows = (repeats(element, f"number-{what}-spanned") for what in ("columns", "rows"))
            if columns > 1 or rows > 1:
                yield range_of(row_number, row_number + rows - 1, column, column + columns - 1)
        column += repeats(element, "number-columns-repeated")


def _is_hidden(element: Element) -> bool:
    """Hidden by hand ("collapse"), or by a filter."""
    return element.get(TABLE + "visibility", "visible") in ("collapse", "filter")


class _SheetNames:
    """Names and visibility of the sheets, found in one quick pass that builds nothing; and nothing in them beyond bounds."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self._style = ""
        self._hidden: set[str] = set()
        self._found: list[Sheet] = []
        self._bounds = _Bounds()

    def of(self, source: IO[bytes]) -> tuple[Sheet, ...]:
        parser = expat.ParserCreate(namespace_separator="}")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = _refuse
        while chunk := source.read(_CHUNK_BYTES):
            parser.Parse(chunk, False)
            self._bounds.passed(len(chunk))
        parser.Parse(b"", True)
        return tuple(self._found)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._bounds.started(name, len(self._path))
        if name == f"{_STYLE}}}style":
            self._style = attributes.get(f"{_STYLE}}}name", "")
        elif name == f"{_STYLE}}}table-properties" and attributes.get(f"{_BARE_TABLE}display") == "false":
            self._hidden.add(self._style)
        elif name == f"{_BARE_TABLE}table" and len(self._path) == _SHEET_DEPTH:
            is_visible = attributes.get(f"{_BARE_TABLE}style-name") not in self._hidden
            self._found.append(Sheet(attributes.get(f"{_BARE_TABLE}name", ""), is_visible, str(len(self._found))))
        self._path.append(name)

    def _end(self, _: str) -> None:
        self._path.pop()


class _Bounds:
    """Watches that no row, style or text grows without end: the rows are read afterwards, and one of them held at a time."""

    def __init__(self) -> None:
        self._since_a_tag = self._held = 0
        self._row_depth = DEEPEST

    def started(self, name: str, depth: int) -> None:
        """An element has started. Raises BeyondBoundsError."""
        refuse_deep(depth)
        self._since_a_tag = 0
        is_row = name == _ROW and depth <= self._row_depth  # and no row of a table inside one of its cells
        if is_row or depth < _SHEET_DEPTH:
            self._row_depth = depth if is_row else DEEPEST
            self._held = 0
        self._held += 1
        refuse_many(self._held)

    def passed(self, size: int) -> None:
        """So many bytes were read. Raises BeyondBoundsError."""
        self._since_a_tag += size
        refuse_beyond(self._since_a_tag, MOST_TAG_BYTES, "it has a cell")


_BARE_TABLE = TABLE.removeprefix("{")
_ROW = f"{_BARE_TABLE}table-row"


def _refuse(*_: object) -> None:
    raise ValueError("a document type definition, which no workbook has")
