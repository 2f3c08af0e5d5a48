"""Excel workbooks (.xlsx, .xlsm): one sheet as blocks of typed cells."""

from __future__ import annotations

import difflib
import zlib
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Self
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError
from zipfile import BadZipFile

from etl.errors import SourceError, UsageError
from etl.findings import shown as quoted
from etl.reader.blocks import blocks_of
from etl.reader.header import columns_of, letter_of, no_header
from etl.reader.recognise import ZIP_MAGIC
from etl.reader.sheet_cells import SheetCells
from etl.reader.workbook_parts import Sheet, WorkbookParts
from etl.records import Table

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from etl.reader.rules import InputRules, OpenInput
    from etl.records import Block, Cell, Column

# What zip, XML and numbers raise where a workbook is damaged; StopIteration would be one without its main part.
_DAMAGE = (
    BadZipFile, zlib.error, EOFError, KeyError, ValueError, IndexError, ParseError, ExpatError, RuntimeError, OSError
)  # fmt: skip


class WorkbookReader:
    """Zip archives of XML parts, as Excel has written them since 2007."""

    format_name = "an Excel workbook"
    suffixes: tuple[str, ...] = (".xlsx", ".xlsm")

    def claims(self, head: bytes) -> bool:
        return head.startswith(ZIP_MAGIC)

    def sheets(self, path: Path, shown: Path) -> tuple[str, ...]:
        with _damage_as_source_error(shown), WorkbookParts(path) as parts:
            return tuple(sheet.name for sheet in parts.sheets if sheet.visible)

    def open(self, path: Path, rules: InputRules, shown: Path) -> OpenInput:
        return OpenWorkbook(path, rules, shown)


class OpenWorkbook:
    """A workbook with one of its sheets chosen, and that sheet's header read."""

    table: Table

    def __init__(self, path: Path, rules: InputRules, shown: Path) -> None:
        self._shown = shown
        self._closing = ExitStack()
        with _damage_as_source_error(shown):
            self._parts = self._closing.enter_context(WorkbookParts(path))
        try:
            with _damage_as_source_error(shown):
                self._strings = self._parts.shared_strings()
                self._styles = self._parts.date_styles()
            self._open_ours_or(rules)
        except BaseException:
            self._closing.close()
            raise

    def _open_ours_or(self, rules: InputRules) -> None:
        """Our own results files are told by row 1 of the first visible sheet; the mapping's rules are not for them."""
        first = next((sheet for sheet in self._parts.sheets if sheet.visible), None)
        if first is not None:
            with closing(self._rows(first)) as rows:
                columns = _first_row_columns(rows)
            if Table(self._shown, first.name, columns).is_ours:
                self._open_sheet(first, header_row=1)
                return
        self._open_sheet(chosen_sheet(self._parts.sheets, rules.sheet, self._shown), rules.header_row)

    def _open_sheet(self, sheet: Sheet, header_row: int) -> None:
        spot = f"{self._shown}, {sheet.name}"
        # Rows hold their part open, and with it the file, until they are closed themselves.
        self._data_rows = self._closing.enter_context(closing(self._rows(sheet)))
        columns: tuple[Column, ...] = ()
        row_number = 0
        for row_number, cells in self._data_rows:
            if row_number >= header_row:
                columns = columns_of(cells) if row_number == header_row else ()
                break
        if not columns:
            raise no_header(spot, header_row, has_values=row_number > 0)
        self.table = Table(self._shown, sheet.name, columns, header_row)

    def _rows(self, sheet: Sheet) -> Generator[tuple[int, list[Cell]], None, None]:
        with _damage_as_source_error(self._shown), self._parts.open(sheet.part) as source:
            yield from SheetCells(self._strings, self._styles, self._parts.from_1904).rows(source)

    def blocks(self, block_rows: int = 5000) -> Iterator[Block]:
        return blocks_of(self._data_rows, self.table.columns, block_rows, self._surplus)

    def _surplus(self, row_number: int, position: int, cell: Cell) -> SourceError:
        return SourceError(
            f"{self.table.file}, {self.table.sheet}!{letter_of(position)}{row_number}: {quoted(cell)} stands to the right "
            f"of the last header. Give its column a header in row {self.table.header_row}, or clear the cell."
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
            f"the one that holds the rows. Sheets: {present}."
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
    except _DAMAGE as error:
        raise SourceError(
            f"{shown}: the workbook is damaged or was cut off while it was copied. Open it in Excel, let Excel repair it "
            f"and save it again, or export it again."
        ) from error
