"""Comma-, semicolon-, tab- and bar-separated text, read as it stands: every cell is text or empty."""

from __future__ import annotations

import csv
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Self

from etl.errors import SourceError
from etl.findings import Finding
from etl.findings import shown as quoted
from etl.reader.blocks import blocks_of, blocks_of_texts
from etl.reader.dialect import (
    ORDINARY,
    declared_delimiter,
    declared_quoting,
    delimiter_said_first,
    dialect_by_headers,
    dialect_of,
    spoken,
)
from etl.reader.encoding import BadByte, encoding_of
from etl.reader.header import read_header
from etl.reader.recognise import BINARY_MAGICS, HEAD_BYTES, ZIP_MAGIC
from etl.reader.rows_as_written import PlainLines, written_rows
from etl.reader.rules import BLOCK_ROWS, InputRules
from etl.reader.table_end import cut_below, pieces_cut_below
from etl.reader.text_lines import Records, chunks_of, lines_of, odd_line_ends
from etl.records import Place, Table

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path
    from types import TracebackType

    from etl.reader.dialect import Dialect, Lines, Quoting
    from etl.reader.rows_as_written import WrittenRows
    from etl.reader.rules import Content, OpenInput
    from etl.records import Block, Cell

_EXPECTED = {".tsv": ",\t", ".txt": ",\t"}
"""Delimiters that nobody needs to be told of, by the end of the name; elsewhere the comma alone."""

_OUR_HEADERS = ("etl_row", "etl_status", "etl_run")


class DelimitedReader:
    """Text files of records and cells."""

    format_name = "a delimited text file (CSV)"
    suffixes: tuple[str, ...] = (".csv", ".tsv", ".txt")

    def claims(self, content: Content) -> bool:
        return not content.head.startswith((ZIP_MAGIC, *BINARY_MAGICS))

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
        said = _Said.of(rules)
        encoding = encoding_of(path, rules.encoding, shown)
        if isinstance(encoding, BadByte):
            raise _bad_byte_error(encoding, path, said, shown)
        announced = delimiter_said_first(_first_line(path, encoding.codec, shown))
        above = 0 if announced is None else 1  # Excel obeys that line and does not count it

        def lines() -> Generator[str, None, None]:
            return lines_of(path, encoding.codec, shown, above=above)

        self._dialect = _dialect_for(rules, said.with_delimiter(announced), lines, shown)
        self._records = Records(chunks_of(path, encoding.codec, shown, above=above), self._dialect, shown, above)
        try:
            header = read_header(self._records, rules.header_row, rules.headers, str(shown))
        except SourceError:
            self._records.close()
            raise
        self._data_rows = header.rows
        self._ends = rules.ends
        oddities = _oddities(self._dialect, said, announced, shown)
        found_out = (encoding.note, *oddities, odd_line_ends(path, encoding.codec))
        notes = (*(note for note in found_out if note), *header.notes)
        self.table = Table(shown, None, header.columns, header.row, notes)

    def blocks(self, block_rows: int = BLOCK_ROWS) -> Iterator[Block]:
        if self._data_rows is self._records:
            width = len(self.table.columns)
            pieces = pieces_cut_below(self._records.pieces(width), width, self._ends)
            return blocks_of_texts(pieces, self.table.columns, block_rows, self._surplus)
        rows = ((row_number, cells) for row_number, cells in self._data_rows if any(cells))
        to_the_end = cut_below(rows, len(self.table.columns), self._ends)
        return blocks_of(to_the_end, self.table.columns, block_rows, self._surplus)

    def rows_as_written(self, delimiter: str) -> Iterator[WrittenRows] | None:
        """As `OffersTexts` has it; not where something ends the table above the end of the file, which is seen by cells."""
        if self._data_rows is not self._records or self._ends is not None:
            return None
        width = len(self.table.columns)
        pieces = self._records.pieces(width, PlainLines(self._dialect, width, delimiter).of)
        return written_rows(pieces, self.table.columns, self._surplus, delimiter)

    def _surplus(self, row_number: int, position: int, cell: Cell) -> SourceError:
        return SourceError(
            f"{self.table.file}, row {row_number}: cell {position + 1} holds {quoted(cell)}, but the header has only "
            f'{len(self.table.columns)} columns. Most likely a "{spoken(self._dialect.delimiter)}" inside a cell of this row '
            f"is not quoted: put that cell in {self._dialect.quoting.named}s, or give the column a header."
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._records.close()


@dataclass(frozen=True, slots=True)
class _Said:
    """What is said about the dialect; None where it is to be found out."""

    delimiter: str | None
    quoting: Quoting | None

    @classmethod
    def of(cls, rules: InputRules) -> _Said:
        return cls(
            None if rules.delimiter is None else declared_delimiter(rules.delimiter),
            None if rules.quote is None else declared_quoting(rules.quote),
        )

    def with_delimiter(self, announced: str | None) -> _Said:
        """With what the file itself says, where the mapping says nothing."""
        return _Said(self.delimiter or announced, self.quoting)


def _first_line(path: Path, codec: str, shown: Path) -> str:
    with closing(lines_of(path, codec, shown)) as lines:
        return next(lines, "")


def _dialect_for(rules: InputRules, said: _Said, lines: Lines, shown: Path) -> Dialect:
    """Found from the header on; where that is still to be found, the one that separates the mapping's columns."""
    row = rules.header_row
    if isinstance(row, str):
        return dialect_by_headers(lines, rules.headers, said.delimiter, said.quoting)
    return dialect_of(lines, max(row) if isinstance(row, tuple) else row, shown, said.delimiter, said.quoting)


def _oddities(found: Dialect, said: _Said, announced: str | None, shown: Path) -> Iterator[str]:
    """What was found out about the dialect that a person may not expect."""
    if said.delimiter is None and found.delimiter not in _EXPECTED.get(shown.suffix.lower(), ","):
        by = ", as its first line says" if announced else ""
        yield f'cells separated by "{spoken(found.delimiter)}"{by}'
    elif announced and said.delimiter != announced:
        yield f'cells separated by "{spoken(found.delimiter)}", as the mapping says, though its first line says sep={announced}'
    if said.quoting is None and found.quoting != ORDINARY:
        sign = found.quoting.sign
        yield f"cells quoted by {sign}" + (f", a quote inside written \\{sign}" if found.quoting.is_escaped else "")


def _bad_byte_error(bad: BadByte, path: Path, said: _Said, shown: Path) -> SourceError:
    """The bad byte with its line, and its row where the quotes before it can be followed."""

    def lines_up_to_it() -> Iterator[str]:
        return islice(lines_of(path, bad.codec, shown, errors="replace"), bad.line)

    problem = bad.problem
    spot, place = f"{shown}, line {bad.line}", Place(str(shown), line=bad.line)
    with suppress(csv.Error):
        dialect = dialect_of(lines_up_to_it, 1, shown, said.delimiter, said.quoting)
        row = sum(1 for _ in dialect.records(lines_up_to_it(), strict=False))
        spot, place = f"{shown}, row {row} (line {bad.line})", Place(str(shown), row=row)
    return SourceError(f"{spot}: {problem.error} {problem.remedy}", (Finding(place, problem),))
