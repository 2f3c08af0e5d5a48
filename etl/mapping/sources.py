"""Where the cells of a target come from: one column, the first filled one of several, several put together, or none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Protocol, TypeAlias

from etl.findings import Problem, TooManyNumbers
from etl.mapping.convert.cells import cell_as_seen, number_cell
from etl.mapping.convert.phones import numbers_in
from etl.mapping.templates import OF_THE_FILE
from etl.records import BrokenCell, ShownNumber

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etl.mapping.convert.typed_format import TypedFormat
    from etl.mapping.target_rules import Several
    from etl.mapping.templates import Template
    from etl.records import Cell, Column

Given: TypeAlias = "Cell | Problem"
"""What a source gives for one row: a cell, or what is wrong with a cell that was to be put together with others."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a block, by columns. numbers: as Excel shows them. cells: column letter → its cells.

    hidden: numbers of rows that the sheet does not show.
    """

    numbers: Sequence[int]
    cells: Mapping[str, Sequence[Cell]]
    hidden: frozenset[int] = frozenset()


class Source(Protocol):
    """What fills a target."""

    def given(self, rows: Rows) -> Sequence[Given]:
        """One cell for each row."""
        ...

    def blamed(self, rows: Rows, index: int) -> Column | None:
        """The column that a finding about this row points at."""
        ...


@dataclass(frozen=True, slots=True)
class OneColumn:
    """The cells of one column as they are."""

    column: Column

    def given(self, rows: Rows) -> Sequence[Given]:
        return rows.cells[self.column.letter]

    def blamed(self, rows: Rows, index: int) -> Column | None:  # noqa: ARG002 (all rows have the same column)
        return self.column


@dataclass(frozen=True, slots=True)
class NthOfCell:
    """One of the values that each cell of a column holds. targets: all that are filled from the cell, in order."""

    column: Column
    several: Several
    nth: int
    targets: tuple[str, ...]

    def given(self, rows: Rows) -> Sequence[Given]:
        return [self._nth(cell) for cell in rows.cells[self.column.letter]]

    def _nth(self, cell: Cell) -> Given:
        if type(cell) is not str:
            return cell if self.nth == 0 or isinstance(cell, BrokenCell) else None
        parts = tuple(dict.fromkeys(numbers_in(cell, self.several)))
        if len(parts) > len(self.targets):
            return TooManyNumbers(cell.strip(), len(parts), self.targets)
        return parts[self.nth] if self.nth < len(parts) else None

    def blamed(self, rows: Rows, index: int) -> Column | None:  # noqa: ARG002 (all rows have the same column)
        return self.column


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same value in every row."""

    value: str

    def given(self, rows: Rows) -> Sequence[Given]:
        return [self.value] * len(rows.numbers)

    def blamed(self, rows: Rows, index: int) -> Column | None:  # noqa: ARG002 (no column is to blame)
        return None


@dataclass(frozen=True, slots=True)
class FirstOf:
    """The first cell of several columns that is not empty."""

    columns: tuple[Column, ...]
    empties: frozenset[str]

    def given(self, rows: Rows) -> Sequence[Given]:
        lines = zip(*(rows.cells[column.letter] for column in self.columns), strict=True)
        return [next((cell for cell in line if not is_empty(cell, self.empties)), None) for line in lines]

    def blamed(self, rows: Rows, index: int) -> Column | None:
        filled = (c for c in self.columns if not is_empty(rows.cells[c.letter][index], self.empties))
        return next(filled, self.columns[0])


@dataclass(frozen=True, slots=True)
class Joined:
    """The cells of several columns with a space between them; a true date or time is written as the format says."""

    columns: tuple[Column, ...]
    empties: frozenset[str]
    format: TypedFormat | None = None

    def given(self, rows: Rows) -> Sequence[Given]:
        lines = zip(*(rows.cells[column.letter] for column in self.columns), strict=True)
        return [self._joined(line) for line in lines]

    def _joined(self, line: tuple[Cell, ...]) -> Given:
        parts = [as_part(self._written(cell)) for cell in line if not is_empty(cell, self.empties)]
        return _wrong_among(parts) or " ".join(map(str, parts)) or None

    def _written(self, cell: Cell) -> Cell:
        if self.format is None or not isinstance(cell, (date, time)) or isinstance(cell, datetime):
            return cell
        return self.format.write(cell) or cell

    def blamed(self, rows: Rows, index: int) -> Column | None:
        return _first_wrong(self.columns, rows, index)


@dataclass(frozen=True, slots=True)
class Filled:
    """A template with at least one name, filled with cells as a person sees them; empty when all its columns are."""

    template: Template
    columns: Mapping[str, Column]  # by the name that the template gives them
    empties: frozenset[str]
    file: str
    sheet: str

    def given(self, rows: Rows) -> Sequence[Given]:
        lines = zip(*(self._of_name(name, rows) for name in self.template.names), strict=True)
        return (
            [self._filled(line) for line in lines]
            if self.template.names
            else [self.template.literals[0]] * len(rows.numbers)
        )

    def _of_name(self, name: str, rows: Rows) -> Sequence[Given]:
        if name not in OF_THE_FILE:
            return rows.cells[self.columns[name].letter]
        if name == "row":
            return [str(number) for number in rows.numbers]
        return [self.file if name == "file" else self.sheet] * len(rows.numbers)

    def _filled(self, line: tuple[Given, ...]) -> Given:
        parts = ["" if is_empty(cell, self.empties) else as_part(cell) for cell in line]
        wrong = _wrong_among(parts)
        if wrong is not None:
            return wrong
        from_columns = [part for name, part in zip(self.template.names, parts, strict=True) if name not in OF_THE_FILE]
        if from_columns and not any(from_columns):
            return None
        return self.template.filled(tuple(map(str, parts)))

    def blamed(self, rows: Rows, index: int) -> Column | None:
        return _first_wrong(tuple(self.columns.values()), rows, index)


def is_empty(cell: Given, empties: frozenset[str]) -> bool:
    """Whether a cell has no value, by the mapping's own words."""
    return cell is None or (type(cell) is str and cell.strip() in empties)


def as_part(cell: Given) -> Given:
    """A cell as a part of a text; what cannot be a part stays what it is, or becomes its problem."""
    if isinstance(cell, str):
        return cell if isinstance(cell, BrokenCell) else cell.strip()
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        digits = number_cell(float(cell) if isinstance(cell, ShownNumber) else cell)
        return cell.shown.strip() if isinstance(cell, ShownNumber) and isinstance(digits, str) else digits
    return cell if isinstance(cell, Problem) else cell_as_seen(cell)


def _wrong_among(parts: Sequence[Given]) -> Given:
    """The first part that is no text: an error value or a problem."""
    return next((part for part in parts if type(part) is not str), None)


def _first_wrong(columns: tuple[Column, ...], rows: Rows, index: int) -> Column | None:
    for column in columns:
        part = as_part(rows.cells[column.letter][index])
        if isinstance(part, (BrokenCell, Problem)):
            return column
    return columns[0] if columns else None
