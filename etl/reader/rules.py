"""What a mapping says about a file, and what every reader offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from etl.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path
    from types import TracebackType

    from etl.reader.header import HeaderRow
    from etl.reader.sheet_layout import SheetLayout
    from etl.reader.table_end import Ends
    from etl.reader.workbook_parts import Sheet
    from etl.records import Block, Cell, MergedRange, Table

BLOCK_ROWS = 500
"""Rows of a block: of twenty columns some hundred kilobytes, which stay near to the processor until they are mapped."""


@dataclass(frozen=True, slots=True)
class InputRules:
    """What the mapping says about the file.

    sheet: None for the only visible one. header_row: as Excel shows it, from 1; two rows; or "auto", for which `headers`
    are those that the mapping names. fill_merged: give each cell of a merged range the value of its first one.
    encoding, delimiter, quote: for delimited files; None to have it found out. ends: by a row's first cell, whether the table
    ends there.
    """

    sheet: str | None = None
    header_row: HeaderRow = 1
    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    headers: frozenset[str] = frozenset()
    fill_merged: bool = False
    ends: Ends | None = None


class EmptySheetError(SourceError):
    """A sheet or file in which no cell has a value; of several sheets such a one may be passed over."""


@dataclass(frozen=True, slots=True)
class Content:
    """What tells a file's format. head: its first bytes. members: names inside a zip, lower case; empty for other files."""

    head: bytes
    members: frozenset[str] = frozenset()


class Book(Protocol):
    """An open workbook of some format, for `workbook.OpenWorkbook`, which chooses a sheet and finds its header.

    layout: of the sheet whose rows were asked for last, as far as they were read; empty where the format does not tell.
    """

    sheets: tuple[Sheet, ...]
    layout: SheetLayout

    def rows(self, sheet: Sheet) -> Generator[tuple[int, list[Cell]], None, None]:
        """Row number as Excel shows it, and the cells from column A on; rows without a value are left out."""
        ...

    def merged_in_advance(self, sheet: Sheet) -> list[MergedRange]:
        """The merged cells of a sheet before its rows are read, in the order of their rows; none where it does not tell."""
        ...

    def close(self) -> None: ...


class OpenInput(Protocol):
    """One input, its header read, its rows still to come. A context manager: leaving it closes the file."""

    table: Table

    def blocks(self, block_rows: int = BLOCK_ROWS) -> Iterator[Block]:
        """The data rows, at most `block_rows` (at least 1) in memory at once; to be asked for once per opening.

        Raises: SourceError, when it comes to a row that cannot be read.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


class Reader(Protocol):
    """One file format. Each reader stands in the list in opening.py; `shown` is the path that messages name."""

    @property
    def format_name(self) -> str:
        """As a message says it: "a workbook"."""
        ...

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Ends of names that promise this format, the usual one first."""
        ...

    def claims(self, content: Content) -> bool:
        """Whether a file with this content is this reader's."""
        ...

    def sheets(self, path: Path, shown: Path) -> tuple[str, ...]:
        """The visible sheets in order; empty for a format without sheets."""
        ...

    def open(self, path: Path, rules: InputRules, shown: Path) -> OpenInput:
        """The input with its header read."""
        ...
