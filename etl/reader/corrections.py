"""What a person typed into the sheet "To correct" of a results workbook, taken back as if it stood in the sheet of rows.

Both sheets show the same lines. Of each cell of a line the marks beside it tell whether it was changed since it was written:

    changed there, not in the rows      what was typed there counts
    changed in the rows, not there      the rows count, as without that sheet
    changed in both to the same         fine
    changed in both to something else   a finding that names both cells; nothing is sent

Columns are matched by their headers: a person may have moved, inserted or deleted some in either sheet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from etl.cell_marks import as_kept, column_names, marks_in
from etl.errors import SourceError
from etl.findings import AddedToCorrections, CorrectedTwice, CorrectionWithoutRow, Finding
from etl.records import OWN_COLUMNS, WAS_COLUMN, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from etl.cell_marks import ColumnName, Marks
    from etl.records import Cell, Column

RowKey: TypeAlias = tuple[str, int]
"""Which row a line is: etl_run, "" where no run has had it, and etl_row."""

MOST_FINDINGS = 100
MOST_CHANGED = 200_000
"""Most changed lines that are held in memory; a results workbook has a tenth of that in its sheet of corrections."""

_NUMBER = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Lines:
    """How the lines of one of our sheets are read. places: our columns by header; names: the input's, with their places."""

    columns: tuple[Column, ...]
    own: dict[str, int]
    names: dict[ColumnName, int]

    @classmethod
    def of(cls, columns: tuple[Column, ...]) -> Lines:
        """Our columns are the first ones of their names; all others are the input's."""
        own: dict[str, int] = {}
        theirs: list[Column] = []
        for place, column in enumerate(columns):
            if column.header in OWN_COLUMNS and column.header not in own:
                own[column.header] = place
            else:
                theirs.append(column)
        names = column_names(column.header for column in theirs)
        places = (columns.index(column) for column in theirs)
        return cls(columns, own, dict(zip(names, places, strict=True)))

    def key(self, cells: Sequence[Cell]) -> RowKey | None:
        """Which row a line is; None where it does not say."""
        row = _as_number(self._own_cell("etl_row", cells))
        if row is None:
            return None
        run = self._own_cell("etl_run", cells)
        number = _as_number(run)
        return (as_kept(run).strip() if number is None else str(number)), row

    def marks(self, cells: Sequence[Cell]) -> Marks | None:
        """What its cells were when it was written; None where that cannot be told any more."""
        cell = self._own_cell(WAS_COLUMN, cells)
        return marks_in(cell.strip()) if isinstance(cell, str) else None

    def values(self, cells: Sequence[Cell]) -> Iterator[tuple[ColumnName, int, Cell]]:
        """The input's cells, each with its column's name and place."""
        for name, place in self.names.items():
            yield name, place, cells[place] if place < len(cells) else None

    def is_title(self, cells: Sequence[Cell]) -> bool:
        """Whether this is no line but the title of a group: nothing but a text in our first column."""
        return self.key(cells) is None and all(
            as_kept(cell).strip() == "" for place, cell in enumerate(cells) if place != self.own["etl_row"]
        )

    def _own_cell(self, header: str, cells: Sequence[Cell]) -> Cell:
        place = self.own.get(header)
        return cells[place] if place is not None and place < len(cells) else None


def _as_number(cell: Cell) -> int | None:
    text = as_kept(cell).strip()
    return int(text) if _NUMBER.fullmatch(text) else None


@dataclass(slots=True)
class _Changed:
    """A line of a sheet of corrections in which something was typed. cells: what was, each with its cell there."""

    sheet: str
    row: int
    marks: Marks | None
    cells: dict[ColumnName, tuple[str, Cell]]
    key: RowKey
    is_met: bool = False


@dataclass(slots=True)
class Corrections:
    """The changed lines of the sheets of corrections of one workbook, and what is wrong with them.

    file: the workbook, for messages.
    """

    file: Path
    lines: dict[RowKey, list[_Changed]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    held: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed there."""
        return not self.lines and not self.findings

    def read(self, sheet: str, columns: tuple[Column, ...], rows: Iterable[tuple[int, Sequence[Cell]]]) -> None:
        """Take in one sheet of corrections; rows: those below its header.

        Raises: SourceError — far more lines were changed than such a sheet has.
        """
        shape = Lines.of(columns)
        for row, cells in rows:
            key = shape.key(cells)
            if key is None:
                self._note_added(sheet, row, shape, cells)
                continue
            marks = shape.marks(cells)
            changed = {
                name: (columns[place].letter, cell)
                for name, place, cell in shape.values(cells)
                if marks is None or not marks.has(name, cell)
            }
            if changed:
                self.lines.setdefault(key, []).append(_Changed(sheet, row, marks, changed, key))
                self.held += 1
                if self.held > MOST_CHANGED:
                    raise SourceError(
                        f"{self.file}, {sheet}: more than {MOST_CHANGED:,} of its lines were changed. Correct so many in "
                        "the sheet of all rows, and delete this sheet."
                    )

    def _note_added(self, sheet: str, row: int, shape: Lines, cells: Sequence[Cell]) -> None:
        """A line that names no row: a title or our own leftovers are none of a person's values."""
        filled = [shape.columns[place] for _, place, cell in shape.values(cells) if as_kept(cell).strip()]
        if filled and not shape.is_title(cells):
            self._note(
                Place(str(self.file), sheet, row, filled[0].letter, filled[0].header or None), AddedToCorrections()
            )

    def applied(
        self,
        sheet: str,
        columns: tuple[Column, ...],
        rows: Iterable[tuple[int, Sequence[Cell]]],
        counts: Callable[[str], bool],
        elsewhere: Callable[[], Iterator[RowKey]],
    ) -> Iterator[tuple[int, Sequence[Cell]]]:
        """The lines of a sheet of rows, with what was corrected.

        Args:    counts: whether the lines of a sheet of corrections, by its name, may be of this one where they name no run.
                 elsewhere: the rows in the other sheets of rows of the workbook; asked for only if it matters.
        Raises:  SourceError, at the end, with a finding for each correction that cannot be taken back.
        """
        shape = Lines.of(columns)
        for row, cells in rows:
            key = shape.key(cells)
            changes = self.lines.get(key) if key is not None else None
            if changes is None:
                yield row, cells
                continue
            corrected = [*cells, *[None] * (len(columns) - len(cells))]
            for change in changes:
                if change.key[0] or counts(change.sheet):
                    self._take(change, shape, sheet, row, corrected)
            yield row, corrected
        self._look_for(elsewhere)
        if self.findings:
            raise SourceError(
                f"{self.file} was not imported: what was typed into two of its sheets does not fit together. Nothing was sent.",
                self.findings,
            )

    def _take(self, change: _Changed, shape: Lines, sheet: str, row: int, corrected: list[Cell]) -> None:
        """Put what was typed into the cells of a line of the rows, where nothing else was typed there."""
        change.is_met = True
        for name, (letter, cell) in change.cells.items():
            place = shape.names.get(name)
            if place is None:
                continue  # a column that a person has added to one of the sheets: no mapping can name it
            there = corrected[place]
            if as_kept(there) == as_kept(cell):
                continue
            if change.marks is not None and change.marks.has(name, there):
                corrected[place] = cell
                continue
            other = f"{sheet}!{shape.columns[place].letter}{row}"
            place_of_it = Place(str(self.file), change.sheet, change.row, letter, name[0] or None)
            self._note(place_of_it, CorrectedTwice(as_kept(cell), other, as_kept(there)))

    def _look_for(self, elsewhere: Callable[[], Iterator[RowKey]]) -> None:
        """Corrections whose row no sheet of rows has."""
        missing = [change for changes in self.lines.values() for change in changes if not change.is_met]
        if not missing:
            return
        wanted = {change.key for change in missing}
        for key in elsewhere():
            wanted.discard(key)
            if not wanted:
                return
        for change in missing:
            if change.key in wanted:
                letter = next(iter(change.cells.values()))[0]
                place = Place(str(self.file), change.sheet, change.row, letter)
                self._note(place, CorrectionWithoutRow(str(change.key[1]), change.key[0]))

    def _note(self, place: Place, problem: CorrectedTwice | CorrectionWithoutRow | AddedToCorrections) -> None:
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(place, problem))


def without_titles(
    columns: tuple[Column, ...], rows: Iterable[tuple[int, Sequence[Cell]]]
) -> Iterator[tuple[int, Sequence[Cell]]]:
    """The lines of a sheet of corrections that stands alone: its titles are none."""
    shape = Lines.of(columns)
    return ((row, cells) for row, cells in rows if not shape.is_title(cells))
