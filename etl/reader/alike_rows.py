"""Rows that are written alike, many at a time: a pattern is learnt from the first of them, and taken to all that follow.

In nearly all sheets a column's cells have one style and one type, and a row differs from the others in its number, its
values, and in which cells are empty. One regular expression that says all this in its place is several times as quick as
one that asks each cell what it is. A row that it does not match in every sign is left to others.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from etl.reader.header import position_of
from etl.reader.sheet_layout import MOST_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROW_ENDS = "</row>"
ATTRIBUTES = r'(?: [A-Za-z][A-Za-z0-9:]*="[^"<>&\s]*(?: [^"<>&\s]+)*")*'
# No possessive quantifiers: early releases of Python 3.11 lose groups within them, and cells with them.
_PLAIN = r"[^<&\r\x00-\x08\x0b\x0c\x0e-\x1f]*"
_NO_CHARACTERS = ("\ufffe", "\uffff")
_SAID = r'(?: s="[0-9]{1,6}")?(?: t="[a-z]{1,3}")?'
_VALUE = rf"(?:/>|>(?:<f>{_PLAIN}</f>(?=<v>[^<]))?<v>({_PLAIN})</v></c>)"
_INLINE_VALUE = rf'(?:/>|><is><t(?: xml:space="preserve")?>({_PLAIN})</t></is></c>)'
_INLINE = ' t="inlineStr"'
_CELL = re.compile(rf'<c r="([A-Z]{{1,3}})[0-9]{{1,7}}"({_SAID}|(?: s="[0-9]{{1,6}}")?{_INLINE})(?=/?>)')
_STYLE = re.compile(r' s="([0-9]+)"')
_KIND = re.compile(r' t="([A-Za-z]+)"')

_LEARNT_FROM = 1 << 16
_MOST_LEARNT = 300  # columns
_MOST_LESSONS = 12
_PATIENCE = 600
_SELDOM = 50


class Said(NamedTuple):
    """What a cell says of itself."""

    style: str
    kind: str


@dataclass(frozen=True, slots=True)
class AlikeColumn:
    """Where a column is found in a row's parts. said: of all its cells; None where each says it, at `value` - 1."""

    letters: str
    place: int
    value: int
    said: Said | None


class AlikeRows(NamedTuple):
    """Rows that one pattern matches, one or more.

    rows: number, attributes, and the parts of the columns; None for what is not there. hiding: attributes of hidden rows.
    """

    columns: Sequence[AlikeColumn]
    rows: Sequence[Sequence[str | None]]
    hiding: frozenset[str] = frozenset()


class Form:
    """How the rows of a sheet are written, as far as it is known."""

    def __init__(self) -> None:
        self._seen: dict[str, Counter[str]] = {}
        self._columns: tuple[AlikeColumn, ...] = ()
        self._pattern: re.Pattern[str] | None = None
        self._lessons = self._missed = self._matched = 0

    def of(self, text: str) -> Iterator[AlikeRows | str]:
        """text: whole rows alone. Those that match together; each other one as it stands, without its last tag."""
        position = 0
        is_plain = text.isascii() or not any(sign in text for sign in _NO_CHARACTERS)
        while position < len(text):
            self._learn_from(text, position)
            found = self._matches(text, position) if is_plain else []
            if found:
                yield AlikeRows(self._columns, [match.groups() for match in found])
                position = found[-1].end()
            end = text.find(ROW_ENDS, position)
            if end < 0:
                return
            self._missed += 1
            yield text[position:end]
            position = end + len(ROW_ENDS)

    def _matches(self, text: str, position: int) -> list[re.Match[str]]:
        found: list[re.Match[str]] = []
        while self._pattern is not None and (match := self._pattern.match(text, position)):
            found.append(match)
            position = match.end()
        self._matched += len(found)
        return found

    def _learn_from(self, text: str, position: int) -> None:
        """When some rows were left to others: to learn takes as long as to read some hundred rows of the same width."""
        is_time = self._missed >= _PATIENCE and self._missed * 4 > self._matched
        if not is_time or self._lessons >= _MOST_LESSONS:
            return
        self._lessons += 1
        self._missed = self._matched = 0
        for letters, said in _CELL.findall(text, position, position + _LEARNT_FROM):
            self._seen.setdefault(letters, Counter())[said] += 1
        if len(self._seen) <= _MOST_LEARNT:
            self._make_pattern()

    def _make_pattern(self) -> None:
        pattern = [rf'[ \t\n]*<row r="([0-9]{{1,7}})"({ATTRIBUTES})>']
        columns: list[AlikeColumn] = []
        group = 2
        for place, letters in sorted((position_of(letters), letters) for letters in self._seen):
            if place >= MOST_COLUMNS:
                continue
            one = self._one_of(self._seen[letters])
            said = f"({_SAID})" if one is None else one
            value = _INLINE_VALUE if one is not None and one.endswith(_INLINE) else _VALUE
            group += one is None
            pattern.append(rf'(?:<c r="{letters}\1"{said}{value})?')
            columns.append(AlikeColumn(letters, place, group, None if one is None else said_by(one)))
            group += 1
        self._columns = tuple(columns)
        self._pattern = re.compile("".join((*pattern, ROW_ENDS)))

    def _one_of(self, seen: Counter[str]) -> str | None:
        """What all cells of a column say; in the first lesson nearly all, because headers and totals are written otherwise."""
        [(one, times)] = seen.most_common(1)
        others = seen.total() - times
        return one if others == 0 or (self._lessons == 1 and others * _SELDOM <= times) else None


def said_by(attributes: str) -> Said:
    """Style and type as a cell's attributes tell them, in the form that is matched here."""
    style, kind = _STYLE.search(attributes), _KIND.search(attributes)
    return Said(style[1] if style else "0", kind[1] if kind else "n")
