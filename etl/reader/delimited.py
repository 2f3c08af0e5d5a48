"""Comma-, semicolon-, tab- and bar-separated text (RFC 4180 quotes), read as it stands: every cell is text or empty."""

from __future__ import annotations

import csv
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Self

from etl.errors import SourceError
from etl.findings import shown as quoted
from etl.reader.blocks import blocks_of
from etl.reader.dialect import declared_delimiter, delimiter_of, spoken
from etl.reader.encoding import BadByte, encoding_of
from etl.reader.header import columns_of, no_header
from etl.reader.recognise import HEAD_BYTES, ZIP_MAGIC
from etl.reader.rules import InputRules
from etl.reader.text_lines import lines_of, records_of
from etl.records import Table

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path
    from types import TracebackType

    from etl.reader.rules import OpenInput
    from etl.records import Block, Cell

_OUR_HEADERS = ("etl_row", "etl_status", "etl_run")


class DelimitedReader:
    """Text files of records and cells."""

    format_name = "a delimited text file (CSV)"
    suffixes: tuple[str, ...] = (".csv", ".tsv", ".txt")

    def claims(self, head: bytes) -> bool:
        return not head.startswith(ZIP_MAGIC)

    def sheets(self, path: Path, shown: Path) -> tuple[str, ...]:  # noqa: ARG002 - a text file has none, whatever is in it
        return ()

    def open(self, path: Path, rules: InputRules, shown: Path) -> OpenInput:
        """Our own results files are told by row 1 and read by what they are, not by the mapping's rules for its input."""
        if _starts_like_ours(path):
            ours = OpenDelimited(path, InputRules(), shown)
            if ours.table.is_ours:
                return ours
            ours.__exit__(None, None, None)
        return OpenDelimited(path, rules, shown)


def _starts_like_ours(path: Path) -> bool:
    """A cheap look that costs a foreign file nothing; whether it is ours is decided on the parsed header."""
    with path.open("rb") as source:
        head = source.read(HEAD_BYTES).replace(b"\0", b"")  # UTF-16, should a person have saved it so
    return all(header.encode() in head for header in _OUR_HEADERS)


class OpenDelimited:
    """A text file with its header read. Row numbers count records, blank ones too, as Excel shows them."""

    def __init__(self, path: Path, rules: InputRules, shown: Path) -> None:
        encoding = encoding_of(path, rules.encoding, shown)
        delimiter = None if rules.delimiter is None else declared_delimiter(rules.delimiter)
        if isinstance(encoding, BadByte):
            raise _bad_byte_error(encoding, path, delimiter, shown)

        def lines() -> Generator[str, None, None]:
            return lines_of(path, encoding.codec, shown)

        self._delimiter = delimiter or delimiter_of(lines, rules.header_row, shown)
        self._records = records_of(lines(), self._delimiter, shown)
        columns = columns_of(_record_at(self._records, rules.header_row))
        if not columns:
            self._records.close()
            has_values = any(any(cells) for _, cells in records_of(lines(), self._delimiter, shown))
            raise no_header(str(shown), rules.header_row, has_values=has_values)
        self.table = Table(shown, None, columns, rules.header_row, (encoding.note,) if encoding.note else ())

    def blocks(self, block_rows: int = 5000) -> Iterator[Block]:
        rows = ((row_number, cells) for row_number, cells in self._records if any(cells))
        return blocks_of(rows, self.table.columns, block_rows, self._surplus)

    def _surplus(self, row_number: int, position: int, cell: Cell) -> SourceError:
        return SourceError(
            f"{self.table.file}, row {row_number}: cell {position + 1} holds {quoted(cell)}, but the header has only "
            f'{len(self.table.columns)} columns. Most likely a "{spoken(self._delimiter)}" inside a cell of this row is '
            f"not quoted: put that cell in double quotes, or give the column a header."
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._records.close()


def _record_at(records: Iterator[tuple[int, list[str]]], header_row: int) -> list[str]:
    """The cells of one record, those before it left out; none when the file is shorter."""
    return next((cells for row_number, cells in records if row_number == header_row), [])


def _bad_byte_error(bad: BadByte, path: Path, delimiter: str | None, shown: Path) -> SourceError:
    """The bad byte with its line, and its row where the quotes before it can be followed."""

    def lines_up_to_it() -> Iterator[str]:
        return islice(lines_of(path, bad.codec, shown, errors="replace"), bad.line)

    spot = f"{shown}, line {bad.line}"
    with suppress(csv.Error):
        records = csv.reader(lines_up_to_it(), delimiter=delimiter or delimiter_of(lines_up_to_it, 1, shown))
        spot = f"{shown}, row {sum(1 for _ in records)} (line {bad.line})"
    return SourceError(f"{spot}: {bad.error} {bad.remedy}")
