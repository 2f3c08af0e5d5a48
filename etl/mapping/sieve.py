"""Which rows are left out: those that `only` does not name, all from `stop_at` on, hidden rows where the mapping says so, and
fetched lines that nobody changed.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING

from etl.findings import Problem, listed, shown
from etl.mapping.convert.cells import cell_as_seen
from etl.mapping.fetched_lines import UNCHANGED, is_unchanged
from etl.mapping.headers import same_form
from etl.mapping.model import OnHidden
from etl.mapping.operation_needs import OperationName
from etl.mapping.out_of_sight import HiddenRowsSeen
from etl.mapping.reading import emptiness, memos_of
from etl.records import Outcome, ShownNumber

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from etl.mapping.bind import Bound
    from etl.mapping.model import Mapping
    from etl.mapping.reading import Memos, Result
    from etl.mapping.sources import Rows
    from etl.records import Cell, Column, Table

_KINDS = (str, int, float, ShownNumber, bool, date, datetime, time)


_LEFT_OUT = "it was left out of the sheet that it comes from; to send it all the same, empty its etl_status"


class Sieve:
    """Tells rows that are imported from rows that are ignored; remembers between blocks where the table ended.

    last_row: number of the last row so far that stands before the end. hidden: hidden rows so far.
    """

    def __init__(self, mapping: Mapping, table: Table, bound: Bound) -> None:
        self._only = tuple(
            _OnlyColumn(bound.column(header), words, mapping) for header, words in mapping.input.only.items()
        )
        self._first = table.columns[0] if table.columns else None
        # our own files hold rows of a table that ended elsewhere
        self._ends = table_end(mapping.input.stop_at) if mapping.input.stop_at and not table.is_ours else None
        rules = mapping.input
        by_place = (
            rules.stop_at is not None or rules.hidden is OnHidden.SKIP
        )  # which our own files cannot show any more
        self._status = bound.own.get("etl_status") if table.is_ours and by_place else None
        self._ended: str | None = None
        self.last_row = 0
        self.hidden = HiddenRowsSeen(mapping, table)
        self._fingerprint = bound.fingerprint if mapping.operation is OperationName.UPDATE else None
        self._sent = tuple(dict.fromkeys(bound.named.values()))

    def sift(self, rows: Rows) -> tuple[list[str | None], dict[int, list[tuple[Column | None, Problem]]]]:
        """Why each row is ignored (None: it is not), and what is wrong with cells that should tell, or with the row."""
        reasons = self._below_the_end(rows)
        if self._status is not None:
            statuses = rows.cells[self._status.letter]
            reasons = [
                _LEFT_OUT if status == Outcome.IGNORED else why for why, status in zip(reasons, statuses, strict=True)
            ]
        problems: dict[int, list[tuple[Column | None, Problem]]] = {}
        for only in self._only:
            results = only.memos.read(rows.cells[only.column.letter])
            for index, result in enumerate(results):
                if result is None or reasons[index] is not None:
                    continue
                if isinstance(result, Problem):
                    problems.setdefault(index, []).append((only.column, result))
                else:
                    reasons[index] = result
        self._leave_out_unchanged(rows, reasons, problems)
        for index, problem in self.hidden.sift(rows, reasons).items():
            problems.setdefault(index, []).append((None, problem))
        return reasons, problems

    def _leave_out_unchanged(self, rows: Rows, reasons: list[str | None], problems: Container[int]) -> None:
        """Fetched lines whose cells, as far as the mapping reads them, are what LeadSquared had."""
        if self._fingerprint is None:
            return
        for index, fingerprint in enumerate(rows.cells[self._fingerprint.letter]):
            if reasons[index] is None and index not in problems:
                cells = ((column.header, rows.cells[column.letter][index]) for column in self._sent)
                reasons[index] = UNCHANGED if is_unchanged(fingerprint, cells) else None

    def _below_the_end(self, rows: Rows) -> list[str | None]:
        count = len(rows.numbers)
        if self._ended is not None:
            return [self._ended] * count
        end = self._end(rows)
        self.last_row = rows.numbers[end - 1] if end else self.last_row
        reasons: list[str | None] = [None] * end
        return reasons + [self._ended] * (count - end)

    def _end(self, rows: Rows) -> int:
        """The index of the row at which the table ends; the number of rows if it goes on."""
        if self._ends is not None and self._first is not None:
            for index, cell in enumerate(rows.cells[self._first.letter]):
                if self._ends(cell):
                    self._ended = f"the table ends at row {rows.numbers[index]}, which starts with {shown(cell)}"
                    return index
        return len(rows.numbers)


def table_end(stop_at: str) -> Callable[[Cell], bool]:
    """Whether the first cell of a row says what `stop_at` does, and the table so ends there."""
    wanted = same_form(stop_at)
    return lambda cell: cell is not None and same_form(cell_as_seen(cell)) == wanted


class _OnlyColumn:
    """One column of `only`: its cells' verdicts, None for those that are imported."""

    def __init__(self, column: Column, words: Sequence[str], mapping: Mapping) -> None:
        empties = emptiness(mapping.input.empty_values)
        self.column = column
        self._name = shown(column.header)
        self._words = tuple(words)
        self._wanted = {same_form("" if word.strip() in empties else word) for word in words}
        self.memos: Memos = memos_of(dict.fromkeys(_KINDS, self._verdict), self._verdict(None), empties)

    def _verdict(self, cell: Cell) -> Result:
        seen = cell_as_seen(cell)
        if same_form(seen) in self._wanted:
            return None
        found = shown(seen) if seen else "empty"
        return f"{self._name} is {found}; imported are only: {listed(self._words)}"
