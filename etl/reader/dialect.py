"""How the cells of a text file are told apart: delimiter and quotes, from closed sets, by its first records."""

from __future__ import annotations

import csv
import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from etl.errors import SourceError, UsageError
from etl.findings import shown as quoted
from etl.reader.header import LOOKED_AT, header_text

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    Lines = Callable[[], Iterator[str]]  # starts the file's lines afresh

_DELIMITERS = (",", ";", "\t", "|")
_SAMPLED_RECORDS = 50
_MOST_SAMPLED = 1 << 20  # characters; each dialect that is tried takes the time of reading them
_SPOKEN = {"\t": "tab"}
_EXCELS_WORD = re.compile(r'"?sep=([^\r\n"])"?\r?\n?', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quoting:
    """How a cell holds a delimiter, a line break or a quote. sign: None where no sign quotes.

    is_escaped: a quote inside is written with a backslash before it, not twice.
    """

    sign: str | None = '"'
    is_escaped: bool = False

    @property
    def spoken(self) -> str:
        """As a mapping names it: `"`, `'`, `\\"`, `\\'` or `none`."""
        return "none" if self.sign is None else "\\" * self.is_escaped + self.sign

    @property
    def named(self) -> str:
        """As a sentence names the sign."""
        return "apostrophe" if self.sign == "'" else "double quote"


ORDINARY = Quoting()
_QUOTINGS = (ORDINARY, Quoting('"', is_escaped=True), Quoting("'"), Quoting("'", is_escaped=True))
_DECLARABLE = {quoting.spoken: quoting for quoting in (*_QUOTINGS, Quoting(None))}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How records are cut into cells."""

    delimiter: str = ","
    quoting: Quoting = ORDINARY

    def records(self, lines: Iterable[str], *, strict: bool = True) -> Reader:
        """The records of some lines; `line_num` counts the lines read. Raises csv.Error, when strict, for stray quotes."""
        quoting = self.quoting
        if quoting.sign is None:
            return csv.reader(lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE)
        if not quoting.is_escaped:
            return csv.reader(lines, delimiter=self.delimiter, quotechar=quoting.sign, strict=strict)
        return csv.reader(
            self._kept_backslashes(lines),
            delimiter=self.delimiter,
            quotechar=quoting.sign,
            escapechar="\\",
            strict=strict,
        )

    def _kept_backslashes(self, lines: Iterable[str]) -> Iterator[str]:
        r"""Double each backslash that stands for itself, which the module would drop: `C:\temp`, and `\N` of databases."""
        escapes = re.compile(rf"\\([{re.escape(f'{self.quoting.sign}{self.delimiter}')}\\])|\\")
        for line in lines:
            yield escapes.sub(lambda found: found[0] if found[1] else r"\\", line) if "\\" in line else line


Widths: TypeAlias = dict[Dialect, list[int]]
"""By dialect: cells per record, the header's first."""


def dialect_of(lines: Lines, header_row: int, shown: Path, delimiter: str | None, quoting: Quoting | None) -> Dialect:
    """The dialect that the first records agree on; a comma and ordinary quotes for a file of a single column.

    Args:   delimiter, quoting: where the mapping says them.
    Raises: SourceError when two delimiters, or two ways of writing a quote inside a cell, would do equally well: they are
            named, and the person decides.
    """
    lines = _beginning_of(lines)
    delimiters = _DELIMITERS if delimiter is None else (delimiter,)
    quotings = _possible(lines, header_row) if quoting is None else (quoting,)
    readings = [_plausible(lines, header_row, [Dialect(sign, chosen) for sign in delimiters]) for chosen in quotings]
    usual = ORDINARY if quoting is None else quoting  # tells best what is wrong where nothing fits
    candidates = next((reading for reading in readings if _fits(reading)), readings[quotings.index(usual)])
    if not candidates:
        candidates = _plausible(lines, header_row, [Dialect(sign, usual) for sign in delimiters], strict=False)
    if not candidates:
        return Dialect(delimiter or ",", usual)
    best = _best(candidates)
    if len(best) > 1:
        names = " or ".join(f'"{spoken(dialect.delimiter)}"' for dialect in best)
        raise SourceError(
            f"{shown}: the cells could be separated by {names}. Set delimiter under input in the mapping to the right one."
        )
    _refuse_two_escapes(lines, header_row, shown, best[0], [reading for reading in readings if _fits(reading)])
    return best[0]


def _refuse_two_escapes(lines: Lines, header_row: int, shown: Path, found: Dialect, fitting: Sequence[Widths]) -> None:
    """Raise SourceError where a backslash before a quote could belong to the text as well as not: both are shown."""
    other = Dialect(found.delimiter, Quoting(found.quoting.sign, is_escaped=not found.quoting.is_escaped))
    if not any(other in reading and max(reading[other]) == reading[other][0] for reading in fitting):
        return
    last = header_row + _SAMPLED_RECORDS
    both = zip(found.records(lines()), other.records(lines()), strict=False)
    for number, (one, two) in enumerate(islice(both, last), 1):
        cells = next((pair for pair in zip(one, two, strict=False) if pair[0] != pair[1]), None)
        if cells is not None or len(one) != len(two):
            first, second = cells or (found.delimiter.join(one), other.delimiter.join(two))
            raise SourceError(
                f"{shown}, row {number}: a backslash before a quote can be read in two ways: as {quoted(first)}, with quote: "
                f"{found.quoting.spoken}, and as {quoted(second)}, with quote: {other.quoting.spoken}. Set quote under input "
                "in the mapping to the right one."
            )


def dialect_by_headers(
    lines: Lines, headers: frozenset[str], delimiter: str | None, quoting: Quoting | None
) -> Dialect:
    """The dialect that separates most of these headers in one of the first records; the ordinary one where none does."""
    lines = _beginning_of(lines)
    delimiters = _DELIMITERS if delimiter is None else (delimiter,)
    quotings = dict.fromkeys((ORDINARY, *_possible(lines, 1))) if quoting is None else (quoting,)
    candidates = [Dialect(sign, chosen) for chosen in quotings for sign in delimiters]
    return max(candidates, key=lambda dialect: _most_headers(dialect.records(lines(), strict=False), headers))


def _most_headers(records: Iterator[list[str]], headers: frozenset[str]) -> int:
    most = 0
    with suppress(_EnoughError):
        for record in islice(records, LOOKED_AT):
            most = max(most, len(headers.intersection(map(header_text, record))))
    return most


def declared_delimiter(declared: str) -> str:
    """The delimiter that the mapping sets; `tab` may be written as a word. Raises UsageError for what cannot be one."""
    delimiter = {"tab": "\t", "\\t": "\t"}.get(declared.lower(), declared)
    if len(delimiter) != 1 or delimiter in "\"'\\\r\n\0":
        raise UsageError(f'delimiter: "{declared}" is no delimiter. Write one character, such as "," or ";", or tab.')
    return delimiter


def declared_quoting(declared: str) -> Quoting:
    r"""The quotes that the mapping sets: `"`, `'`, `\"`, `\'` or `none`. Raises UsageError for another one."""
    if declared.lower() not in _DECLARABLE:
        raise UsageError(
            f"quote: {declared} is no quote that is known. Write '\"', \"'\" or none; with a backslash, as '\\\"', where the "
            f'file writes a quote inside a cell as \\" and not twice.'
        )
    return _DECLARABLE[declared.lower()]


def delimiter_said_first(first_line: str) -> str | None:
    """The delimiter that a first line `sep=;` names, which Excel writes, obeys and does not show; None for another line."""
    found = _EXCELS_WORD.fullmatch(first_line)
    return found[1] if found else None


def spoken(delimiter: str) -> str:
    """The delimiter as a message shows it."""
    return _SPOKEN.get(delimiter, delimiter)


def _possible(lines: Lines, header_row: int) -> tuple[Quoting, ...]:
    """The ways of quoting whose signs occur, the likeliest first.

    Apostrophes quote where they stand around every header, or where rows are wider than the header without them.
    """
    sample: list[str] = []
    with suppress(_EnoughError):
        sample.extend(islice(lines(), header_row + _SAMPLED_RECORDS))
    text = "".join(sample)
    header = next(islice(text.splitlines(), header_row - 1, None), "")
    is_around_each_header = re.fullmatch(r"'[^']*'(?:[,;\t|]'[^']*')*", header.strip()) is not None
    signs = "'" if is_around_each_header else "\"'"
    sign = next((sign for sign in signs if re.search(rf"(?:^|[,;\t|]){sign}", text, re.MULTILINE)), None)
    if sign is None:
        return (ORDINARY,)
    likely = [Quoting(sign), Quoting(sign, is_escaped=True)] if f"\\{sign}" in text else [Quoting(sign)]
    if sign == '"':
        return tuple(likely)
    return (*likely, ORDINARY) if is_around_each_header else (ORDINARY, *likely)


def _plausible(lines: Lines, header_row: int, dialects: Sequence[Dialect], *, strict: bool = True) -> Widths:
    """The dialects that separate something in the header."""
    widths = {dialect: _widths(dialect.records(lines(), strict=strict), header_row) for dialect in dialects}
    return {dialect: counts for dialect, counts in widths.items() if counts[0] > 1}


def _widths(records: Iterator[list[str]], header_row: int) -> list[int]:
    """Cells per record from the header on, blank records left out; [0] when the quotes do not fit."""
    widths: list[int] = []
    try:
        with suppress(_EnoughError):
            for record in islice(records, header_row - 1, header_row + _SAMPLED_RECORDS):
                if any(record):
                    widths.append(len(record))
    except csv.Error:
        return [0]
    return widths or [0]


class _EnoughError(Exception):
    """So much was read that the records seen so far must do: the end of what is looked at is not the end of the file."""


def _beginning_of(lines: Lines) -> Lines:
    """The lines, until as many characters as the sample may have were given out; then _EnoughError."""

    def beginning() -> Iterator[str]:
        left = _MOST_SAMPLED
        for line in lines():
            if left < 0:
                raise _EnoughError
            left -= len(line)
            yield line

    return beginning


def _fits(candidates: Widths) -> bool:
    return any(max(counts) == counts[0] for counts in candidates.values())


def _best(candidates: Widths) -> list[Dialect]:
    """No record wider than the header, then all records equally wide, then the most columns."""
    found = _narrowed(list(candidates), lambda dialect: max(candidates[dialect]) == candidates[dialect][0])
    found = _narrowed(found, lambda dialect: len(set(candidates[dialect])) == 1)
    most = max(candidates[dialect][0] for dialect in found)
    return [dialect for dialect in found if candidates[dialect][0] == most]


def _narrowed(found: list[Dialect], test: Callable[[Dialect], bool]) -> list[Dialect]:
    return [dialect for dialect in found if test(dialect)] or found
