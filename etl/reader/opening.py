"""Which reader a file belongs to, and the file opened by it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from etl.errors import SourceError
from etl.reader.delimited import DelimitedReader
from etl.reader.packed import unpacked
from etl.reader.recognise import HEAD_BYTES, content_of, refuse_foreign, refuse_lock_file
from etl.reader.rows_as_written import OffersTexts
from etl.reader.rules import BLOCK_ROWS
from etl.reader.workbook_formats import WORKBOOKS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from etl.reader.rows_as_written import WrittenRows
    from etl.reader.rules import InputRules, OpenInput, Reader
    from etl.records import Block

READERS: tuple[Reader, ...] = (
    DelimitedReader(),
    *WORKBOOKS,
)
"""Every format there is. A new one is one file and one entry here, or in workbook_formats.py."""


def open_input(path: Path, rules: InputRules, shown_as: Path | None = None) -> OpenInput:
    """The input in a file, its header read.

    Args:    path: the bytes to read, packed or not; its name does not matter. shown_as: the path that messages and
             `Table.file` name; `path` itself by default. What it promises is not believed: the content decides.
    Raises:  SourceError: the file cannot be read as what it is. UsageError: `rules` do not fit the file.
    """
    shown = shown_as or path
    refuse_lock_file(shown)
    with ExitStack() as closing:
        content = closing.enter_context(unpacked(path, shown))
        reader = _reader_of(content, shown)
        opened = reader.open(content, rules, shown)
        note = _other_promise(reader, shown)
        if note is not None:
            opened.table = replace(opened.table, notes=(*opened.table.notes, note))
        return opened if content == path else _FromPacked(opened, closing.pop_all())
    raise AssertionError("a context that swallows no error")


def sheets_of(path: Path) -> tuple[str, ...]:
    """The visible sheets of a workbook in order; empty for a delimited file, which has no sheets.

    Raises: SourceError, as `open_input`.
    """
    refuse_lock_file(path)
    with unpacked(path, path) as content:
        return _reader_of(content, path).sheets(content, path)


class _FromPacked:
    """An input whose unpacked bytes go with it when it is left."""

    def __init__(self, opened: OpenInput, closing: ExitStack) -> None:
        self._opened = opened
        self._closing = closing
        self.table = opened.table

    def blocks(self, block_rows: int = BLOCK_ROWS) -> Iterator[Block]:
        return self._opened.blocks(block_rows)

    def rows_as_written(self, delimiter: str) -> Iterator[WrittenRows] | None:
        return self._opened.rows_as_written(delimiter) if isinstance(self._opened, OffersTexts) else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._opened.__exit__(kind, error, traceback)
        finally:
            self._closing.close()


def _reader_of(path: Path, shown: Path) -> Reader:
    """The one reader that claims the content."""
    content = content_of(path, shown)
    refuse_foreign(path, content, shown)
    claiming = [reader for reader in READERS if reader.claims(content)]
    if len(claiming) != 1:
        names = " and ".join(reader.format_name for reader in claiming) or "no known format"
        raise SourceError(f"{shown}: by its first {HEAD_BYTES} bytes this is {names}. Save it as .xlsx or .csv.")
    return claiming[0]


def _other_promise(reader: Reader, shown: Path) -> str | None:
    """What to say of a file whose name promises another format than it has, as many exports called .xls do."""
    suffix = shown.suffix.lower()
    promised = next((other for other in READERS if suffix in other.suffixes), reader)
    if promised is reader:
        return None
    return f"its name ends in {suffix}, but its content is {reader.format_name}: read by its content"
