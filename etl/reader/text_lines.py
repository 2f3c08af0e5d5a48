"""The lines of a text file and the records in them, with errors that name the row."""

from __future__ import annotations

import codecs
import csv
import io
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from etl.errors import SourceError
from etl.findings import Finding, NulCharacter
from etl.reader.bounds import MOST_ROW_CHARACTERS
from etl.reader.dialect import spoken
from etl.reader.text_pieces import Cutter
from etl.records import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from etl.reader.dialect import Dialect

_SAMPLE_BYTES = 1 << 16
_CHUNK_CHARACTERS = 45_000
"""At most, for each has a byte at least; below what a cell may hold, which is what Cutter takes. The cells of twice as many do
not stay near to the processor until they are mapped: a sixth more time for all that is done with them."""

_MOST_AT_ONCE = 500  # rows


def lines_of(path: Path, codec: str, shown: Path, errors: str = "strict", above: int = 0) -> Generator[str, None, None]:
    r"""The decoded lines, each with its \n; see `chunks_of`."""
    for chunk in chunks_of(path, codec, shown, errors, above):
        yield from _lines(chunk)


def chunks_of(
    path: Path, codec: str, shown: Path, errors: str = "strict", above: int = 0
) -> Generator[str, None, None]:
    r"""The decoded text in pieces of some hundred lines; each kind of line break becomes \n, in quoted cells too.

    above: lines to leave out at the top. A line that is longer than any row is given out in pieces, none much larger than
    `Records` would take it. Raises: SourceError for a NUL, when all lines before it have been given out.
    """
    with closing(_chunks(path, codec, errors)) as chunks:
        for chunk in _without_first(above, chunks):
            if "\0" in chunk:
                yield chunk[: chunk.rfind("\n", 0, chunk.index("\0")) + 1]
                problem = NulCharacter(_line_of_nul(path, codec, errors))
                finding = Finding(Place(str(shown), line=problem.line), problem)
                raise SourceError(f"{shown}, line {problem.line}: {problem.error} {problem.remedy}", (finding,))
            yield chunk


def _chunks(path: Path, codec: str, errors: str) -> Generator[str, None, None]:
    """The text, in pieces that end with a line, or with the file, or in the midst of a line that is far too long.

    As Python's own text files decode it, at half their price: they go by 8 kilobytes, and keep a way back from each.
    """
    decoder = codecs.getincrementaldecoder(codec)(errors)
    begun: list[str] = []  # of a line whose end is not there yet
    characters, is_over = 0, False
    with path.open("rb") as source:
        returned = ""  # whether \n follows is seen with what comes next
        while not is_over:
            content = source.read(_CHUNK_CHARACTERS)
            is_over = not content
            text = returned + decoder.decode(content, final=is_over)
            returned = "\r" if text.endswith("\r") and not is_over else ""
            text = text.removesuffix(returned).replace("\r\n", "\n").replace("\r", "\n")
            end = text.rfind("\n") + 1 or len(text)
            begun.append(text[:end])
            characters += end
            if end < len(text) or text.endswith("\n") or characters > MOST_ROW_CHARACTERS or is_over:
                yield "".join(begun)
                begun, characters = [text[end:]], len(text) - end


def _without_first(lines: int, chunks: Iterator[str]) -> Iterator[str]:
    for chunk in chunks:
        whole = chunk
        while lines and whole:
            whole = whole.partition("\n")[2]
            lines -= 1
        if whole:
            yield whole


def _line_of_nul(path: Path, codec: str, errors: str) -> int:
    """The line of the first NUL there is. Read again for it, because to count all lines takes a while in vain otherwise."""
    number = 1
    with path.open(encoding=codec, errors=errors, newline=None) as source:
        for piece in iter(lambda: source.read(_CHUNK_CHARACTERS), ""):
            if "\0" in piece:
                return number + piece.count("\n", 0, piece.index("\0"))
            number += piece.count("\n")
    return number


def _lines(chunk: str) -> Iterator[str]:
    r"""Its lines; `splitlines` would divide at other signs than \n, too."""
    return io.StringIO(chunk, newline="\n")


def odd_line_ends(path: Path, codec: str) -> str | None:
    r"""What a person should know of the line ends: that they are those of old Macs, or mixed; nothing of \n and \r\n."""
    with path.open("rb") as source:
        text = codecs.getincrementaldecoder(codec)("replace").decode(source.read(_SAMPLE_BYTES))
    both, feeds, returns = text.count("\r\n"), text.count("\n"), text.removesuffix("\r").count("\r")
    if returns == both:
        return None
    if feeds:
        return "some lines end with a bare carriage return, others do not: each of them is read as the end of a line"
    return "lines end with a bare carriage return, as on old Macs"


class Piece(NamedTuple):
    """Some records that follow each other. first: number of the first. columns: their cells by columns, else rows: by rows.

    By columns no row is blank, and each is as wide as the header; by rows they are as they stand in the file. texts: in the
    place of both, where they were asked for as lines and are fit for that (`reader/rows_as_written.py`).
    """

    first: int
    columns: list[list[str]] | None
    rows: list[list[str]]
    texts: list[str] | None = None


class Records:
    """The records of a text file: row number (from 1, a blank line counts) and cells of each, quotes read strictly.

    All raise SourceError, naming the row in which a quote was opened, when it is not closed or text follows its end; or the
    row that is larger than any table's.
    """

    def __init__(self, chunks: Generator[str, None, None], dialect: Dialect, shown: Path, above: int = 0) -> None:
        """above: lines of the file that were left out before these, and that rows are not counted from."""
        self._chunks = chunks
        self._dialect = dialect
        self._shown = shown
        self._lines_before = above
        self._rows_before = 0
        self._batch: list[list[str]] = []
        self._lines_begun = 0  # of the chunks that the csv module was given
        self._put_back: list[str] = []
        self._cutter = Cutter(dialect)
        self._reader = dialect.records(self._bounded())

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        return self

    def __next__(self) -> tuple[int, list[str]]:
        row_number, batch = self.many(1)
        if not batch:
            raise StopIteration
        return row_number, batch[0]

    def many(self, most: int) -> tuple[int, list[list[str]]]:
        """The number of the next row, and the cells of so many from it on; fewer only at the end."""
        return self._read(most, is_to_end_of_chunk=False)

    def pieces(self, width: int, lines: Callable[[str], list[str] | None] | None = None) -> Iterator[Piece]:
        """All further records, as they are best taken. width: how many columns the header has.

        lines: takes the text of some records apart where they need no change; None for a text in which they do.
        """
        while True:
            chunk = self._next_chunk() if self._reader.line_num == self._lines_begun else None
            texts = None if chunk is None or lines is None else lines(chunk)
            if chunk is not None and texts is not None:
                yield Piece(self._count(len(texts), chunk), None, [], texts)
                continue
            columns = None if chunk is None else self._cutter.columns(chunk, width)
            if chunk is None or columns is None:
                self._put_back += [] if chunk is None else [chunk]
                try:
                    first, rows = self._read(_MOST_AT_ONCE, is_to_end_of_chunk=True)
                except SourceError:
                    yield Piece(self._rows_before + 1, None, self._batch)
                    raise
                if not rows:
                    return
                yield Piece(first, None, rows)
                continue
            yield Piece(self._count(len(columns[0]), chunk), columns, [])

    def _count(self, rows: int, chunk: str) -> int:
        """Take note of a chunk that was taken as a whole. Returns: the number of its first row."""
        self._rows_before += len(self._batch)
        self._batch = []
        first = self._rows_before + 1
        self._rows_before += rows
        self._lines_before += chunk.count("\n")
        return first

    def _read(self, most: int, *, is_to_end_of_chunk: bool) -> tuple[int, list[list[str]]]:
        self._rows_before += len(self._batch)
        reader = self._reader
        lines_read = reader.line_num
        batch = self._batch = []
        try:
            if not is_to_end_of_chunk:
                batch.extend(islice(reader, most))
            else:
                for cells in reader:
                    batch.append(cells)
                    if reader.line_num == self._lines_begun or len(batch) == most:
                        break
        except csv.Error as error:
            raise self._refusal(lines_read, _quote_refusal(str(error), self._dialect)) from error
        except _LargeRowError:
            raise self._refusal(lines_read, _LARGE_ROW) from None
        return self._rows_before + 1, batch

    def close(self) -> None:
        """Let go of the file."""
        self._chunks.close()

    def _refusal(self, lines_read: int, words: str) -> SourceError:
        """The error for the row behind those of the batch. lines_read: before them."""
        lines = lines_read + sum(1 + "".join(cells).count("\n") for cells in self._batch)
        row_number = self._rows_before + len(self._batch) + 1
        return SourceError(f"{self._shown}, row {row_number} (line {self._lines_before + lines + 1}): {words}")

    def _next_chunk(self) -> str | None:
        return self._put_back.pop() if self._put_back else next(self._chunks, None)

    def _bounded(self) -> Iterator[str]:
        """The lines. A row is measured only where a whole chunk has not ended it, which leaves one more chunk to it at most."""
        row, row_characters = 0, 0
        while chunk := self._next_chunk():
            self._lines_begun += chunk.count("\n") + (not chunk.endswith("\n"))
            if row != (row := self._rows_before + len(self._batch)):
                row_characters = 0
            row_characters += len(chunk)
            if row_characters <= MOST_ROW_CHARACTERS:
                yield from _lines(chunk)
                continue
            row_characters -= len(chunk)
            for line in _lines(chunk):
                if row != (row := self._rows_before + len(self._batch)):
                    row_characters = 0
                row_characters += len(line)
                if row_characters > MOST_ROW_CHARACTERS:
                    raise _LargeRowError
                yield line


class _LargeRowError(Exception):
    """A row has more characters than any table's."""


_LARGE_ROW = (
    f"it has more than {MOST_ROW_CHARACTERS:,} characters, which no row of a table has. Most likely a double quote is opened "
    "here and not closed, or the file has no line ends. Correct this row, or export the file again."
)


def _quote_refusal(cause: str, dialect: Dialect) -> str:
    """What to tell of a csv.Error; the module tells its kinds apart by their words alone."""
    quote, sign = dialect.quoting.named, dialect.quoting.sign or '"'
    no_quotes = "If the file uses no quotes at all, set quote: none under input in the mapping."
    if "expected after" in cause:
        return (
            f'a cell starts with a {quote}, and text follows after the closing one; a "{spoken(dialect.delimiter)}" or the '
            f"end of the row was expected. Write a {quote} inside a cell twice ({sign * 2}), or take the quotes away; where "
            f"the file writes it as \\{sign}, set quote under input in the mapping to \\{sign}. "
            f"{no_quotes}"
        )
    if "field larger" in cause:
        return (
            f"a cell holds more than {csv.field_size_limit():,} characters. Most likely a {quote} is opened in this "
            f"row and not closed. Close it, or shorten the cell."
        )
    return f"a {quote} is opened in this row and never closed. Close it, or write it twice if it belongs to the text. {no_quotes}"
