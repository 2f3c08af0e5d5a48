"""Binary Excel workbooks (.xlsb): records instead of XML, else built as an .xlsx is.

Source: [MS-XLSB] 2.1.4 (records), 2.4 (their fields), 2.5.97 (cells), 2.5.122 (RkNumber).
Read here and not by a library: python-calamine gives error cells as nothing, and no library tells number formats and
hidden rows.
"""

from __future__ import annotations

import posixpath
import struct
from typing import IO, TYPE_CHECKING, NamedTuple

from etl.reader.binary_cells import Cells, Kind, merged_of, records_of, wide_text
from etl.reader.bounds import opened_part, opened_zip
from etl.reader.number_cells import style_of
from etl.reader.number_formats import currency_in
from etl.reader.sheet_layout import SheetLayout
from etl.reader.workbook import WorkbookReader
from etl.reader.workbook_parts import Sheet
from etl.reader.xml_stream import whole

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from etl.reader.rules import Book
    from etl.reader.workbook_parts import Style
    from etl.records import Cell, MergedRange

_WORKBOOK = "xl/workbook.bin"
_U32 = struct.Struct("<I")


class BinaryWorkbookReader(WorkbookReader):
    """Zip archives of parts that are sequences of records."""

    def open_book(self, path: Path) -> Book:
        return BinaryBook(path)


class _Target(NamedTuple):
    """What the workbook points to: id of the pointer, last word of its type, name of the part."""

    id: str
    kind: str
    part: str


class BinaryBook:
    """An open .xlsb. Raises KeyError, ValueError, struct.error or BadZipFile where it is damaged."""

    def __init__(self, path: Path) -> None:
        self._archive = opened_zip(path)
        try:
            self._names = {name.replace("\\", "/").lstrip("/").lower(): name for name in self._archive.namelist()}
            self._targets = tuple(self._pointers())
            self.sheets = tuple(self._read_workbook())
        except struct.error as error:
            self._archive.close()
            raise ValueError(str(error)) from error
        except BaseException:
            self._archive.close()
            raise
        self.layout = SheetLayout()
        self._strings: list[str] | None = None
        self._styles: list[Style] = []
        self._currencies: dict[int, str] = {}

    def rows(self, sheet: Sheet) -> Generator[tuple[int, list[Cell]], None, None]:
        try:
            if self._strings is None:
                self._strings = list(self._shared_strings())
                self._styles = list(self._cell_styles())
            self.layout = SheetLayout()
            cells = Cells(self._strings, self._styles, self._from_1904, self.layout, self._currencies)
            with self._open(sheet.part) as source:
                yield from cells.rows(source)
        except struct.error as error:
            raise ValueError(str(error)) from error

    def merged_in_advance(self, sheet: Sheet) -> list[MergedRange]:
        try:
            with self._open(sheet.part) as source:
                return merged_of(source)
        except struct.error as error:
            raise ValueError(str(error)) from error

    def close(self) -> None:
        self._archive.close()

    def _read_workbook(self) -> Iterator[Sheet]:
        """Worksheets in the order of their tabs; sheets that hold a chart or a dialogue have no rows."""
        self._from_1904 = False
        by_id = {target.id: target for target in self._targets}
        with self._open(_WORKBOOK) as source:
            for kind, body in records_of(source):
                if kind == Kind.WORKBOOK_PROPERTIES:
                    self._from_1904 = bool(body[0] & 1)
                elif kind == Kind.SHEET:
                    state = _U32.unpack_from(body)[0]
                    pointer, behind = wide_text(body, 8)
                    target = by_id.get(pointer)
                    if target and target.kind == "worksheet":
                        yield Sheet(wide_text(body, behind)[0], state == 0, target.part)

    def _shared_strings(self) -> Iterator[str]:
        part = self._first_of_kind("sharedStrings")
        if part is not None:
            with self._open(part) as source:
                for kind, body in records_of(source):
                    if kind == Kind.SHARED_STRING:
                        yield _one_line_end(wide_text(body, 1)[0])

    def _cell_styles(self) -> Iterator[Style]:
        """By a cell's style number: how its format shows a number. Fills `_currencies`, by the same number, as far as it goes."""
        part = self._first_of_kind("styles")
        if part is None:
            return
        codes: dict[int, str] = {}
        is_of_cells, styles = False, 0
        with self._open(part) as source:
            for kind, body in records_of(source):
                if kind == Kind.FORMAT:
                    codes[int.from_bytes(body[:2], "little")] = wide_text(body, 2)[0]
                elif kind in (Kind.BEGIN_CELL_STYLES, Kind.END_CELL_STYLES):
                    is_of_cells = kind == Kind.BEGIN_CELL_STYLES
                elif kind == Kind.STYLE and is_of_cells:
                    number = int.from_bytes(body[2:4], "little")
                    if sign := currency_in(codes.get(number, "")):
                        self._currencies[styles] = sign
                    styles += 1
                    yield style_of(number, codes.get(number))

    def _open(self, part: str) -> IO[bytes]:
        return opened_part(self._archive, self._names[part.lower()])

    def _first_of_kind(self, kind: str) -> str | None:
        return next((target.part for target in self._targets if target.kind == kind), None)

    def _pointers(self) -> Iterator[_Target]:
        folder, name = posixpath.split(_WORKBOOK)
        with self._open(f"{folder}/_rels/{name}.rels") as source:
            root = whole(source)
        for element in root:
            place = posixpath.join("/", folder, element.get("Target", "").replace("\\", "/"))
            part = posixpath.normpath(place).lstrip("/")
            yield _Target(element.get("Id", ""), element.get("Type", "").rpartition("/")[2], part)


def _one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
