"""How many cells of a column a conversion reads: counted by the very converters that a run uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from etl.findings import Problem
from etl.mapping.convert import CONVERTERS
from etl.mapping.convert.cells import ColumnRules
from etl.mapping.reading import emptiness
from etl.mapping.sources import is_empty
from etl.mapping.target_rules import Conversion
from etl.records import BrokenCell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etl.mapping.suggest.sample import SampleColumn
    from etl.mapping.targets import FieldType
    from etl.records import Cell

_ROWS_NAMED = 4
EMPTY_WORDS = ("-", "--", "—", "n/a", "N/A", "null", "NULL")
"""What people and programs write for "nothing", and for nothing else."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a conversion reads a column. filled: cells with a value. misfits: rows whose cells it does not read."""

    filled: int
    misfits: tuple[int, ...] = ()

    @property
    def fits(self) -> int:
        return self.filled - len(self.misfits)

    @property
    def share(self) -> float:
        return self.fits / self.filled if self.filled else 0.0

    def evidence(self, what: str) -> str:
        """`2,311 of 2,318 cells fit "%d/%m/%Y %H:%M"; rows 17, 40 do not`."""
        if not self.filled:
            return "every cell of the sample is empty"
        cells = f"{self.fits:,} of {self.filled:,} cell{'' if self.filled == 1 else 's'}"
        if not self.misfits:
            return f"{cells} {what}"
        one, more = _NOT.get(what.partition(" ")[0], ("does not", "do not"))
        return f"{cells} {what}; {rows_named(self.misfits)} {one if len(self.misfits) == 1 else more}"


_NOT = {"are": ("is not", "are not")}
"""How a row differs, by the verb of what the others do: for one row, for more."""


def rows_named(rows: Sequence[int]) -> str:
    """`row 17`, `rows 17, 40`, `rows 17, 40, 41, 57 and 12 more`."""
    first = ", ".join(map(str, rows[:_ROWS_NAMED]))
    more = len(rows) - _ROWS_NAMED
    return f"row{'s' if len(rows) > 1 else ''} {first}" + (f" and {more:,} more" if more > 0 else "")


def empties_of(words: Sequence[str]) -> frozenset[str]:
    """The texts that mean nothing."""
    return emptiness(words)


def filled_cells(
    column: SampleColumn, numbers: Sequence[int], empties: frozenset[str]
) -> tuple[tuple[int, ...], tuple[Cell, ...]]:
    """The rows that have a value in the column, and these values."""
    pairs = [(row, cell) for row, cell in zip(numbers, column.cells, strict=True) if not is_empty(cell, empties)]
    return tuple(row for row, _ in pairs), tuple(cell for _, cell in pairs)


def fit(rows: Sequence[int], cells: Sequence[Cell], kind: FieldType, settings: Mapping[str, object]) -> Fit:
    """Read every cell. settings: what the mapping says of the conversion, by the names of its keys."""
    rule = Conversion.model_validate(dict(settings))
    reads = CONVERTERS[kind](ColumnRules("mx_Custom_1", rule, ZoneInfo("UTC"), decimal=rule.decimal or "."))
    known: dict[tuple[type, Cell], bool] = {}
    misfits = []
    for row, cell in zip(rows, cells, strict=True):
        key = (type(cell), cell)
        if key not in known:
            known[key] = not isinstance(cell, BrokenCell) and not isinstance(reads[type(cell)](cell), Problem)
        if not known[key]:
            misfits.append(row)
    return Fit(len(cells), tuple(misfits))
