"""Which character separates the cells of a text file, from a closed set, by its first records."""

from __future__ import annotations

import csv
from itertools import islice
from typing import TYPE_CHECKING

from etl.errors import SourceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Lines = Callable[[], Iterator[str]]  # starts the file's lines afresh
    Widths = dict[str, list[int]]  # by delimiter: cells per record, the header's first

_CANDIDATES = (",", ";", "\t", "|")
_SAMPLED_RECORDS = 50
_SPOKEN = {"\t": "tab"}


def delimiter_of(lines: Lines, header_row: int, shown: Path) -> str:
    """The delimiter that the first records agree on; a comma for a file of a single column.

    Raises: SourceError when two would do equally well: they are named, and the person decides.
    """
    candidates = _plausible(lines, header_row, strict=True) or _plausible(lines, header_row, strict=False)
    if not candidates:
        return ","
    best = _best(candidates)
    if len(best) > 1:
        names = " or ".join(f'"{spoken(delimiter)}"' for delimiter in best)
        raise SourceError(
            f"{shown}: the cells could be separated by {names}. Set delimiter under input in the mapping to the right one."
        )
    return best[0]


def declared_delimiter(declared: str) -> str:
    """The delimiter that the mapping sets; `tab` may be written as a word. Raises UsageError for what cannot be one."""
    delimiter = {"tab": "\t", "\\t": "\t"}.get(declared.lower(), declared)
    if len(delimiter) != 1 or delimiter in '"\r\n\0':
        raise UsageError(f'delimiter: "{declared}" is no delimiter. Write one character, such as "," or ";", or tab.')
    return delimiter


def spoken(delimiter: str) -> str:
    """The delimiter as a message shows it."""
    return _SPOKEN.get(delimiter, delimiter)


def _plausible(lines: Lines, header_row: int, *, strict: bool) -> Widths:
    """The candidates that separate something in the header."""
    widths = {candidate: _widths(lines(), candidate, header_row, strict=strict) for candidate in _CANDIDATES}
    return {candidate: counts for candidate, counts in widths.items() if counts[0] > 1}


def _widths(lines: Iterator[str], delimiter: str, header_row: int, *, strict: bool) -> list[int]:
    """Cells per record from the header on, blank records left out; [0] when the quotes do not fit this delimiter."""
    records = csv.reader(lines, delimiter=delimiter, strict=strict)
    try:
        sample = list(islice(records, header_row - 1, header_row + _SAMPLED_RECORDS))
    except csv.Error:
        return [0]
    return [len(record) for record in sample if any(record)] or [0]


def _best(candidates: Widths) -> list[str]:
    """No record wider than the header, then all records equally wide, then the most columns."""
    names = _narrowed(list(candidates), lambda name: max(candidates[name]) == candidates[name][0])
    names = _narrowed(names, lambda name: len(set(candidates[name])) == 1)
    most = max(candidates[name][0] for name in names)
    return [name for name in names if candidates[name][0] == most]


def _narrowed(names: list[str], test: Callable[[str], bool]) -> list[str]:
    return [name for name in names if test(name)] or names
