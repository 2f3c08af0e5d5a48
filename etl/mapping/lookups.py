"""Lookup files: a name in the first column, the value to take in the second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.errors import UsageError
from etl.findings import LookupAmbiguous, LookupMissing, Problem
from etl.mapping.convert.cells import cell_as_seen
from etl.mapping.headers import nearest, same_form

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from etl.records import Block, Cell, Table

MOST_NAMES = 200_000  # a list that people keep; what is larger was probably named by mistake


@dataclass(frozen=True, slots=True)
class LookupTable:
    """What a lookup file says. file: its name in messages. values: name → its different values, seldom more than one."""

    file: str
    values: Mapping[str, tuple[str, ...]]

    @classmethod
    def read(cls, table: Table, blocks: Iterable[Block]) -> LookupTable:
        """The table in a file; lines without a name or a value are passed over.

        Raises:  UsageError — fewer than two columns, or more names than a list that people keep.
        """
        file = table.file.name
        if len(table.columns) < 2:
            raise UsageError(f"{table.file}: a lookup file needs two columns, the name and the value to take.")
        names, taken = table.columns[0].letter, table.columns[1].letter
        values: dict[str, tuple[str, ...]] = {}
        for block in blocks:
            _add(values, block.frame[names].tolist(), block.frame[taken].tolist())
            if len(values) > MOST_NAMES:
                raise UsageError(f"{table.file}: more than {MOST_NAMES:,} names. Is this the lookup file?")
        return cls(file, values)

    def find(self, text: str) -> str | Problem:
        """The one value for a name; names are equal when a person sees no difference."""
        name = same_form(text)
        values = self.values.get(name, ())
        if len(values) == 1:
            return values[0]
        if values:
            return LookupAmbiguous(name, self.file, values)
        return LookupMissing(name, self.file, nearest(name, self.values))


def _add(values: dict[str, tuple[str, ...]], names: list[Cell], taken: list[Cell]) -> None:
    for name_cell, value_cell in zip(names, taken, strict=True):
        name, value = same_form(cell_as_seen(name_cell)), cell_as_seen(value_cell).strip()
        known = values.get(name, ())
        if name and value and value not in known:
            values[name] = (*known, value)
