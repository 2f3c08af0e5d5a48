"""The cells that hold the id of a lead as links to that lead in LeadSquared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.reconciler.exact_workbook import ExactWorksheet
    from etl.records import Cell

_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class LeadLinks:
    """Where leads are shown. template: an address with `{id}`. place: which of the input's cells holds the id, from 0."""

    template: str
    place: int

    def add_to(self, sheet: ExactWorksheet, row: int, cells: Sequence[Cell], first: int) -> int | None:
        """Link the cell of a line to its lead, where it holds an id; the cell itself is written elsewhere, as a text.

        first: the column of the input's first cell. Returns: the column that is linked now.
        """
        cell = cells[self.place]
        if not isinstance(cell, str) or _ID.fullmatch(cell.strip()) is None:
            return None
        column = first + self.place
        return column if sheet.link(row, column, self.template.replace("{id}", cell.strip())) else None
