"""Which row of which run a line of our own results or failed file is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.findings import LineageDamaged, Problem
from etl.mapping.convert.cells import cell_as_seen
from etl.records import Lineage

if TYPE_CHECKING:
    from etl.records import Cell


_MOST_DIGITS = 12
"""More have no run and no row; a database would not even take them for numbers."""


def lineage_of(run: Cell, row: Cell) -> Lineage | Problem | None:
    """The lineage in the etl_run and etl_row of a line.

    None without an etl_run: a person added the line, or `etl check` wrote it, and no run has had it yet.
    """
    typed = cell_as_seen(run).strip(), cell_as_seen(row).strip()
    if not typed[0]:
        return None
    if all(text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS for text in typed):
        return Lineage(int(typed[0]), int(typed[1]))
    return LineageDamaged(*typed)
