"""The sheets of a workbook that we wrote: those with rows, and those in which rows are corrected."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from etl.records import CORRECTIONS_SHEET, OWN_COLUMNS, SUMMARY_TITLE, WAS_COLUMN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from etl.reader.workbook_parts import Sheet
    from etl.records import Column

    SheetColumns: TypeAlias = tuple[Sheet, tuple[Column, ...]]

_GOES_ON = re.compile(r" \([0-9]+\)$")
_OURS = {"etl_row", "etl_status", "etl_run"} & set(OWN_COLUMNS)


@dataclass(frozen=True, slots=True)
class OurSheets:
    """The sheets of a file of ours, each with the columns of its header, in order.

    rows: visible ones that are inputs. corrections: those that correct them, hidden ones too: what a person typed there
    counts. A file that holds nothing but corrections has these as its rows.
    """

    rows: tuple[SheetColumns, ...]
    corrections: tuple[SheetColumns, ...]

    @classmethod
    def of(cls, sheets: Iterable[SheetColumns]) -> OurSheets:
        """Told by their headers; sheets of a person's own are left out."""
        ours = [one for one in sheets if {column.header for column in one[1]} >= _OURS]
        corrections = tuple(one for one in ours if _corrects(one[1]))
        rows = tuple(one for one in ours if not _corrects(one[1]) and one[0].visible)
        return cls(rows, corrections) if rows else cls(tuple(one for one in corrections if one[0].visible), ())

    def chosen(self, name: str | None) -> Sheet:
        """The sheet of rows with that name, else the first one."""
        return next((sheet for sheet, _ in self.rows if sheet.name == name), self.rows[0][0])

    def may_be_of(self, sheet: str) -> Callable[[str], bool]:
        """Whether lines of a sheet of corrections can be of this sheet of rows, where they name no run: a rehearsal's.

        Told by the name that we gave it. Where no sheet has the name that goes with it, any may be the one.
        """
        with_names = {_named_for(one.name) for one, _ in self.rows}
        own = {_named_for(sheet), _named_for(_GOES_ON.sub("", sheet))}
        is_only = len(self.rows) == 1
        return lambda corrections: is_only or corrections in own or corrections not in with_names


def is_summary(columns: tuple[Column, ...]) -> bool:
    """Whether a sheet with this first row is the summary of our results."""
    return len(columns) == 1 and columns[0].header.startswith(SUMMARY_TITLE)


def _corrects(columns: tuple[Column, ...]) -> bool:
    return any(column.header == WAS_COLUMN for column in columns)


def _named_for(sheet: str) -> str:
    return f"{CORRECTIONS_SHEET} {sheet}"[:31]
