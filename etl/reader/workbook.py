"""Excel workbooks (.xlsx, .xlsm): one sheet as blocks of typed cells."""

from __future__ import annotations

import difflib
import zlib
from contextlib import ExitStack, closing, contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Self
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError
from zipfile import BadZipFile

from etl.errors import SourceError, UsageError
from etl.findings import shown as quoted
from etl.reader.blocks import blocks_of
from etl.reader.bounds import BeyondBoundsError
from etl.reader.corrections import Corrections, Lines, without_titles
from etl.reader.header import columns_of, letter_of, read_header
from etl.reader.our_sheets import OurSheets, is_summary
from etl.reader.rules import BLOCK_ROWS, InputRules
from etl.reader.shared_texts import Texts, kept, texts_in
from etl.reader.sheet_cells import SheetCells
from etl.reader.sheet_layout import SheetLayout, merged_in_advance, with_merged_filled
from etl.reader.table_end import cut_below
from etl.reader.workbook_parts import Sheet, WorkbookParts
from etl.records import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from etl.reader.corrections import RowKey
    from etl.reader.rules import Book, OpenInput
    from etl.records import Block, Cell, Column, MergedRange

# What zip, XML and numbers raise where a workbook is damaged; StopIteration would be one without its main part.
_DAMAGE = (
    BadZipFile, zlib.error, EOFError, KeyError, ValueError, IndexError, ParseError, ExpatError, RuntimeError, OSError
)  # fmt: skip


class WorkbookReader:
    """Zip archives of XML parts, as Excel has written them since 2007."""

    def sheets(self, path: Path, shown: Path) -> tuple[str, ...]:
        with _damage_as_source_error(shown), closing(self.open_book(path)) as book:
            return tuple(sheet.name for sheet in book.sheets if sheet.visible)

    def open(self, path: Path, rules: InputRules, shown: Path) -> OpenInput:
        return OpenWorkbook(self.open_book, path, rules, shown)

    def open_book(self, path: Path) -> Book:
        """The workbook by its format; the other formats of workbooks differ in this alone."""
        return XmlBook(path)


class XmlBook:
    """An open .xlsx or .xlsm."""

    def __init__(self, path: Path) -> None:
        self._parts = WorkbookParts(path)
        self.sheets: tuple[Sheet, ...] = self._parts.sheets
        self.layout = SheetLayout()
        self._cells: SheetCells | None = None

    def rows(self, sheet: Sheet) -> Generator[tuple[int, list[Cell]], None, None]:
        strings, styles = (
            (self._texts(), self._parts.cell_styles())
            if self._cells is None
            else (self._cells.strings, self._cells.styles)
        )
        self.layout = SheetLayout()
        self._cells = SheetCells(strings, styles, self._parts.from_1904, self.layout, self._parts.currencies)
        with self._parts.open(sheet.part) as source:
            yield from self._cells.rows(source)

    def _texts(self) -> Texts:
        source = self._parts.shared_strings()
        if source is None:
            return []
        with source:
            return kept(texts_in(source))

    def merged_in_advance(self, sheet: Sheet) -> list[MergedRange]:
        with self._parts.open(sheet.part) as source:
            return merged_in_advance(source)

    def close(self) -> None:
        self._parts.close()


class OpenWorkbook:
    """A workbook with one of its sheets chosen, and that sheet's header read."""

    table: Table
    _data_rows: Iterator[tuple[int, Sequence[Cell]]]

    def __init__(self, open_book: Callable[[Path], Book], path: Path, rules: InputRules, shown: Path) -> None:
        self._shown = shown
        self._closing = ExitStack()
        self._ours: OurSheets | None = None
        with _damage_as_source_error(shown):
            self._book = self._closing.enter_context(closing(open_book(path)))
        try:
            self._open_ours_or(rules)
        except BaseException:
            self._closing.close()
            raise

    def _open_ours_or(self, rules: InputRules) -> None:
        """Our own results files are told by row 1 of the first visible sheet; the mapping's rules are not for them.

        Such a file has a sheet for each sheet of its input; of those the rules may name one.
        """
        ours = self._our_sheets()
        if ours is not None:
            self._open_sheet(ours.chosen(rules.sheet), InputRules())
            if self.table.is_of_corrections:
                self._data_rows = without_titles(self.table.columns, self._data_rows)
            self._ours = ours
            return
        self._open_sheet(chosen_sheet(self._book.sheets, rules.sheet, self._shown), rules)

    def _our_sheets(self) -> OurSheets | None:
        """The sheets of a file of ours; None where it is none."""
        visible = [sheet for sheet in self._book.sheets if sheet.visible]
        for first in visible:
            columns = self._columns(first)
            if Table(self._shown, first.name, columns).is_ours:
                return OurSheets.of((sheet, self._columns(sheet)) for sheet in self._book.sheets)
            if not is_summary(columns):  # a person may have put our summary first
                return None
        return None

    def _columns(self, sheet: Sheet) -> tuple[Column, ...]:
        with closing(self._rows(sheet)) as rows:
            return _first_row_columns(rows)

    def _take_back(self, ours: OurSheets) -> None:
        """Let the rows that come be those that a person has corrected, in whichever sheet.

        One sheet is read after the other, which every format can do.
        """
        corrections = Corrections(self._shown)
        for sheet, columns in ours.corrections:
            with closing(self._rows(sheet)) as lines:
                corrections.read(sheet.name, columns, islice(lines, 1, None))
        if ours.corrections:
            self._reopen()
        if corrections.is_empty:
            return
        name = self.table.sheet or ""
        self._data_rows = corrections.applied(
            name, self.table.columns, self._data_rows, ours.may_be_of(name), lambda: self._keys_but(ours, name)
        )

    def _reopen(self) -> None:
        """The sheet from its header on, because others have been read meanwhile."""
        self._sheet_rows.close()
        table = self.table
        self._open_sheet(next(sheet for sheet in self._book.sheets if sheet.name == table.sheet), InputRules())
        self.table = table

    def _keys_but(self, ours: OurSheets, sheet: str) -> Iterator[RowKey]:
        """Which rows the other sheets of rows have."""
        for one, columns in ours.rows:
            if one.name != sheet:
                shape = Lines.of(columns)
                with closing(self._rows(one)) as lines:
                    yield from filter(None, (shape.key(cells) for _, cells in lines))

    def _open_sheet(self, sheet: Sheet, rules: InputRules) -> None:
        spot = f"{self._shown}, {sheet.name}"
        merged = self._merged_in_advance(sheet) if rules.fill_merged else []
        # Rows hold their part open, and with it the file, until they are closed themselves.
        rows = self._sheet_rows = self._closing.enter_context(closing(self._rows(sheet)))
        header = read_header(rows, rules.header_row, rules.headers, spot)
        layout = self._book.layout
        layout.header_row = header.row
        layout.filled = frozenset(one for one in merged if one.first_row > header.row)
        self._data_rows = cut_below(header.rows, len(header.columns), rules.ends)
        if layout.filled:
            self._data_rows = with_merged_filled(self._data_rows, sorted(layout.filled), len(header.columns))
        hidden = layout.hidden_letters(header.columns)
        self.table = Table(self._shown, sheet.name, header.columns, header.row, header.notes, hidden)

    def _merged_in_advance(self, sheet: Sheet) -> list[MergedRange]:
        with _damage_as_source_error(self._shown):
            return self._book.merged_in_advance(sheet)

    def _rows(self, sheet: Sheet) -> Generator[tuple[int, list[Cell]], None, None]:
        with _damage_as_source_error(self._shown), closing(self._book.rows(sheet)) as rows:
            yield from rows

    def blocks(self, block_rows: int = BLOCK_ROWS) -> Iterator[Block]:
        if self._ours is not None and self._ours.corrections:
            self._take_back(self._ours)
        return blocks_of(self._data_rows, self.table.columns, block_rows, self._surplus, self._book.layout)

    def _surplus(self, row_number: int, position: int, cell: Cell) -> SourceError:
        return SourceError(
            f"{self.table.file}, {self.table.sheet}!{letter_of(position)}{row_number}: {quoted(cell)} stands to the right "
            f"of the last header. Give its column a header in row {self.table.header_row}, or clear the cell; where it stands "
            "below the table, say with stop_at under input in the mapping which row ends that."
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closing.close()


def chosen_sheet(sheets: Sequence[Sheet], name: str | None, shown: Path) -> Sheet:
    """The sheet of that name, hidden or not; without a name the only visible one.

    Raises: UsageError, naming the sheets there are, when there is no such sheet or more than one to choose from.
    """
    visible = [sheet for sheet in sheets if sheet.visible]
    if name is None and len(visible) == 1:
        return visible[0]
    named = next((sheet for sheet in sheets if sheet.name == name), None)
    if named is not None:
        return named
    present = ", ".join(quoted(sheet.name) + ("" if sheet.visible else " (hidden)") for sheet in sheets) or "none"
    if name is None:
        raise UsageError(
            f"{shown}: it has {len(visible)} visible sheets, and one was expected. Set sheet under input in the mapping to "
            f"the one that holds the rows, to a list, or to all. Sheets: {present}."
        )
    raise UsageError(
        f"{shown}: there is no sheet {quoted(name)}.{_nearest(name, sheets)} Sheets: {present}. "
        "Correct sheet under input in the mapping."
    )


def _nearest(name: str, sheets: Sequence[Sheet]) -> str:
    by_folded = {sheet.name.strip().casefold(): sheet.name for sheet in sheets}
    near = difflib.get_close_matches(name.strip().casefold(), by_folded, n=1)
    return f" Did you mean {quoted(by_folded[near[0]])}? Correct sheet under input in the mapping." if near else ""


def _first_row_columns(rows: Iterator[tuple[int, list[Cell]]]) -> tuple[Column, ...]:
    row_number, cells = next(rows, (0, []))
    return columns_of(cells) if row_number == 1 else ()


@contextmanager
def _damage_as_source_error(shown: Path) -> Iterator[None]:
    try:
        yield
    except BeyondBoundsError as error:
        raise SourceError(f"{shown}: {error}") from error
    except _DAMAGE as error:
        raise SourceError(
            f"{shown}: the workbook is damaged or was cut off while it was copied. Open it in Excel, let Excel repair it "
            f"and save it again, or export it again."
        ) from error
