"""Where in a sheet the table is: the row of its headers, and the row at which it ends."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl.mapping.convert.cells import cell_as_seen
from etl.mapping.headers import same_form
from etl.mapping.suggest.sample import TableEnd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.mapping.suggest.sample import HeaderRow
    from etl.records import Cell

    NumberedRow = tuple[int, Sequence[Cell]]

_LONGEST_LABEL = 80
_NEARLY_THE_BEST = 0.7
"""A row of data in words alone may have as many texts as the header; the first row that is nearly as good is the header."""

_END = re.compile(
    r"((grand|sub|overall|net)[ -]?)?(total|sum|summe|gesamt|count)s?\b.*|end of .*|\*{2,}.*|कुल.*|note ?:.*"
    r"|(no|number) of (rows|records|visits|entries).*"
    r"|(generated|printed|prepared|exported|downloaded|report) (by|on|at|date).*",
    re.IGNORECASE,
)
_A_WHOLE_ROW = 0.5


def find_header(rows: Sequence[NumberedRow]) -> HeaderRow | None:
    """The row of the headers among the first rows of a sheet, or two that belong together; None where none looks like one.

    A header is words: the row with the most different labels and the fewest values, with a row of values below it.
    """
    filled = [(number, cells) for number, cells in rows if any(_text(cell) for cell in cells)]
    scores = [_score(cells) for _, cells in filled[:-1]]  # below a header stands at least one row
    best = max(scores, default=0.0)
    if best <= 0:
        return None
    index = next(place for place, score in enumerate(scores) if score >= _NEARLY_THE_BEST * best)
    if index and _belong_together(filled[index - 1], filled[index]):
        return filled[index - 1][0], filled[index][0]
    if index + 2 < len(filled):
        upper, lower, first = filled[index : index + 3]
        if _fills_gaps(upper, lower, first) or (_count(lower) > _count(upper) and _belong_together(upper, lower)):
            return upper[0], lower[0]
    return filled[index][0]


@dataclass(slots=True)
class EndOfTable:
    """Watches the rows of a sheet for the sum or remark behind the last one. usual: cells that a row has a value in."""

    usual: float
    _first: TableEnd | None = None
    _seen: set[str] = field(default_factory=set)

    def note(self, number: int, first: Cell, filled: int) -> None:
        """One row. A row of data behind what looked like an end shows that it was none."""
        if filled > _A_WHOLE_ROW * self.usual and not self._is_end(first, filled):
            self._seen |= {self._first.text} if self._first else set()
            self._first = None
        elif self._first is None and self._is_end(first, filled):
            self._first = TableEnd(number, _text(first))

    def _is_end(self, first: Cell, filled: int) -> bool:
        return filled < self.usual and _END.fullmatch(_text(first)) is not None

    @property
    def found(self) -> TableEnd | None:
        """The end; None where there is none, or where its text stands among the rows as well, as sums of parts do."""
        return self._first if self._first is not None and self._first.text not in self._seen else None


def _score(cells: Sequence[Cell]) -> float:
    texts = [text for cell in cells if (text := _text(cell))]
    labels = {text.casefold() for text in texts if _is_label(text)}
    values = sum(not _is_label(text) for text in texts)
    return len(labels) - values / 2


def _text(cell: Cell) -> str:
    return same_form(cell_as_seen(cell)) if cell is not None else ""


def _is_label(text: str) -> bool:
    """Words, not a value: `Plot No 2` is one, `SV-0001`, `12.50` and `asha@example.com` are none."""
    letters, digits = sum(map(str.isalpha, text)), sum(map(str.isdigit, text))
    return letters > 2 * digits and len(text) <= _LONGEST_LABEL and "@" not in text


def _belong_together(upper: NumberedRow, lower: NumberedRow) -> bool:
    """Whether the row right above a header groups its columns: without it, some of them would have the same name."""
    above = [_text(cell) for cell in upper[1]]
    below = [text for cell in lower[1] if (text := _text(cell).casefold())]
    labels = [text for text in above if text]
    has_doubles = len(set(below)) < len(below)
    are_labels = len(labels) > 1 and all(map(_is_label, (*labels, *below)))
    return upper[0] + 1 == lower[0] and are_labels and has_doubles


def _count(row: NumberedRow) -> int:
    return sum(bool(_text(cell)) for cell in row[1])


def _fills_gaps(upper: NumberedRow, lower: NumberedRow, first: NumberedRow) -> bool:
    """Whether the row right below a header names columns that it leaves without a name, and leaves others to it."""
    above, below, values = ([_text(cell) for cell in row[1]] for row in (upper, lower, first))
    width = max(map(len, (above, below, values)))
    above, below, values = (texts + [""] * (width - len(texts)) for texts in (above, below, values))
    named = [text for text in below if text]
    fills = any(under and not over for over, under in zip(above, below, strict=True))
    leaves = any(over and not under and value for over, under, value in zip(above, below, values, strict=True))
    return upper[0] + 1 == lower[0] and bool(named) and all(map(_is_label, named)) and fills and leaves
