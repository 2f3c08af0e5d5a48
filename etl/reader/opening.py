"""Which reader a file belongs to, and the file opened by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.errors import SourceError
from etl.reader.delimited import DelimitedReader
from etl.reader.recognise import HEAD_BYTES, head_of, refuse_foreign, refuse_lock_file
from etl.reader.workbook import WorkbookReader

if TYPE_CHECKING:
    from pathlib import Path

    from etl.reader.rules import InputRules, OpenInput, Reader

READERS: tuple[Reader, ...] = (DelimitedReader(), WorkbookReader())
"""Every format there is. A new one is one file and one entry here."""


def open_input(path: Path, rules: InputRules, shown_as: Path | None = None) -> OpenInput:
    """The input in a file, its header read.

    Args:    path: the bytes to read; its name does not matter. shown_as: the path that messages and `Table.file` name,
             and whose suffix must not promise another format; `path` itself by default.
    Raises:  SourceError: the file cannot be read as what it claims to be. UsageError: `rules` do not fit the file.
    """
    shown = shown_as or path
    return _reader_of(path, shown).open(path, rules, shown)


def sheets_of(path: Path) -> tuple[str, ...]:
    """The visible sheets of a workbook in order; empty for a delimited file, which has no sheets.

    Raises: SourceError, as `open_input`.
    """
    return _reader_of(path, path).sheets(path, path)


def _reader_of(path: Path, shown: Path) -> Reader:
    """The one reader that claims the content, provided that the name does not promise another."""
    refuse_lock_file(shown)
    head = head_of(path, shown)
    refuse_foreign(path, head, shown)
    claiming = [reader for reader in READERS if reader.claims(head)]
    if len(claiming) != 1:
        names = " and ".join(reader.format_name for reader in claiming) or "no known format"
        raise SourceError(f"{shown}: by its first {HEAD_BYTES} bytes this is {names}. Save it as .xlsx or .csv.")
    _refuse_other_promise(claiming[0], shown)
    return claiming[0]


def _refuse_other_promise(reader: Reader, shown: Path) -> None:
    suffix = shown.suffix.lower()
    promised = next((other for other in READERS if suffix in other.suffixes), reader)
    if promised is not reader:
        raise SourceError(
            f"{shown}: the name ends in {suffix}, which promises {promised.format_name}, but the content is "
            f"{reader.format_name}. Give it a name that ends in {reader.suffixes[0]}, or save it again as {suffix}."
        )
