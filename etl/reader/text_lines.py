"""The lines of a text file and the records in them, with errors that name the row."""

from __future__ import annotations

import csv
from contextlib import closing
from typing import TYPE_CHECKING

from etl.errors import SourceError
from etl.reader.dialect import spoken

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


def lines_of(path: Path, codec: str, shown: Path, errors: str = "strict") -> Generator[str, None, None]:
    r"""The decoded lines; each kind of line break becomes \n, in quoted cells too. Raises SourceError for a NUL."""
    with path.open(encoding=codec, errors=errors, newline=None) as source:
        for number, line in enumerate(source, 1):
            if "\0" in line:
                raise SourceError(
                    f"{shown}, line {number}: there is a NUL character, which no text file has. It may be UTF-16 without "
                    f'its mark, or damaged. Export it again as "CSV UTF-8".'
                )
            yield line


def records_of(
    lines: Generator[str, None, None], delimiter: str, shown: Path
) -> Generator[tuple[int, list[str]], None, None]:
    """Row number (from 1, a blank line counts) and cells of each record, quotes read strictly by RFC 4180.

    Raises: SourceError, naming the row in which a quote was opened, when it is not closed or text follows its end.
    """
    with closing(lines):
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        row_number = lines_read = 0
        try:
            for row_number, cells in enumerate(reader, 1):
                yield row_number, cells
                lines_read = reader.line_num
        except csv.Error as error:
            spot = f"{shown}, row {row_number + 1} (line {lines_read + 1})"
            raise SourceError(f"{spot}: {_quote_refusal(str(error), delimiter)}") from error


def _quote_refusal(cause: str, delimiter: str) -> str:
    """What to tell of a csv.Error; the module tells its kinds apart by their words alone."""
    if "expected after" in cause:
        return (
            f'a cell starts with a double quote, and text follows after the closing one; a "{spoken(delimiter)}" or the '
            f'end of the row was expected. Write a double quote inside a cell twice (""), or take the quotes away.'
        )
    if "field larger" in cause:
        return (
            f"a cell holds more than {csv.field_size_limit():,} characters. Most likely a double quote is opened in this "
            f"row and not closed. Close it, or shorten the cell."
        )
    return (
        "a double quote is opened in this row and never closed. Close it, or write it twice if it belongs to the text."
    )
