"""The first rows of a file as they stand, before anybody has said where its table is: what a mapping is proposed from."""

from __future__ import annotations

import csv
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from etl.errors import SourceError
from etl.reader.delimited import DelimitedReader
from etl.reader.dialect import Dialect, Quoting, delimiter_said_first
from etl.reader.encoding import BadByte, encoding_of
from etl.reader.header import header_text
from etl.reader.opening import READERS
from etl.reader.packed import unpacked
from etl.reader.recognise import content_of, refuse_foreign, refuse_lock_file
from etl.reader.rules import InputRules
from etl.reader.text_lines import lines_of
from etl.reader.workbook_formats import WorkbookFormat

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from etl.records import Cell

_DELIMITERS = (",", ";", "\t", "|")
LOOKED_AT = 60
"""Rows with a value that are looked at; the header of a table stands among the first fifty (header.py)."""


@dataclass(frozen=True, slots=True)
class SheetLook:
    """The first rows of one visible sheet that have a value. sheet: None for a file without sheets.

    delimiter: what separates the cells of a text file, by these rows.
    """

    sheet: str | None
    rows: tuple[tuple[int, tuple[Cell, ...]], ...]
    delimiter: str | None = None


def first_look(path: Path, shown: Path) -> tuple[SheetLook, ...]:
    """The visible sheets of a workbook in order; a text file as the one sheet that it is.

    Raises: SourceError — the file cannot be read as what it is.
    """
    refuse_lock_file(shown)
    with unpacked(path, shown) as content:
        told = content_of(content, shown)
        refuse_foreign(content, told, shown)
        reader = next((one for one in READERS if one.claims(told)), None)
        if isinstance(reader, WorkbookFormat):
            return tuple(_sheets(reader, content, shown))
        if isinstance(reader, DelimitedReader):
            return (_text(content, shown),)
    raise SourceError(f"{shown}: this is no format that is known. Save it as .xlsx or .csv.")


def _sheets(reader: WorkbookFormat, path: Path, shown: Path) -> Iterator[SheetLook]:
    visible = reader.sheets(path, shown)  # tells what is wrong with a damaged file in its own words
    try:
        with closing(reader.open_book(path)) as book:
            for sheet in book.sheets:
                if sheet.name in visible and sheet.visible:
                    with closing(book.rows(sheet)) as rows:
                        filled = ((number, tuple(cells)) for number, cells in rows if any(map(header_text, cells)))
                        yield SheetLook(sheet.name, tuple(islice(filled, LOOKED_AT)))
    except SourceError:
        raise
    except Exception as error:
        reader.open(path, InputRules(), shown).__exit__(None, None, None)  # says it in words where it meets it, too
        raise SourceError(f"{shown}: the workbook is damaged. Open it in Excel and save it again.") from error


def _text(path: Path, shown: Path) -> SheetLook:
    encoding = encoding_of(path, None, shown)
    if isinstance(encoding, BadByte):
        DelimitedReader().open(path, InputRules(), shown)  # raises, with the row and line of the byte
        raise SourceError(f"{shown}: it is no text.")
    with closing(lines_of(path, encoding.codec, shown)) as lines:
        said = delimiter_said_first(next(lines, ""))
    with closing(lines_of(path, encoding.codec, shown, above=0 if said is None else 1)) as lines:
        beginning = list(islice(lines, 4 * LOOKED_AT))
    delimiters = (said,) if said else _DELIMITERS
    delimiter = max(delimiters, key=lambda sign: _agreement(beginning, sign))
    records = enumerate(_records(beginning, delimiter), 1)
    filled = (
        (number, tuple(cell or None for cell in cells)) for number, cells in records if any(map(header_text, cells))
    )
    return SheetLook(None, tuple(islice(filled, LOOKED_AT)), delimiter)


def _records(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    try:
        return list(Dialect(delimiter, Quoting()).records(lines, strict=False))
    except csv.Error:  # a cell of more signs than the module takes
        return []


def _agreement(lines: Sequence[str], delimiter: str) -> int:
    """How many cells stand in records of the most frequent width; none where nothing is separated."""
    widths = Counter(width for record in _records(lines, delimiter) if (width := len(record)) > 1)
    return max((width * count for width, count in widths.items()), default=0)
