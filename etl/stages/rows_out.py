"""The first rows of a file as a mapping would send them: nothing is kept, asked or sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.errors import SourceError
from etl.mapping.apply import Applier
from etl.mapping.load import load_mapping
from etl.mapping.lookups import LookupTable
from etl.mapping.translation import Translation
from etl.reader import InputRules, open_input, sheets_of
from etl.stages.input_rules import rules_of

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from etl.mapping.apply import AppliedRow
    from etl.mapping.model import Mapping
    from etl.records import Table

_LOOKED_AT = 500
"""Rows among which some that are not left out are looked for."""


@dataclass(frozen=True, slots=True)
class RowsOut:
    """Some rows after the mapping.

    passed_over: rows before or between them that it leaves out. unused: headers of columns that it does not name.
    """

    table: Table
    rows: tuple[AppliedRow, ...]
    passed_over: int
    unused: tuple[str, ...]


def mapping_as_of(path: Path, now: datetime) -> Mapping:
    """The mapping in a file. now: what bounds such as -60d count from. Raises UsageError with all that is wrong."""
    return load_mapping(path).as_of(now)


def rows_out(mapping: Mapping, file: Path, shown_as: Path, most: int) -> RowsOut:
    """The first rows of the file's first input that the mapping does not leave out, at most so many.

    Raises: SourceError — the file cannot be read. UsageError — a column that the mapping names is missing, or there twice.
    """
    lookups = {str(path): _lookup(path) for path in mapping.lookup_files()}
    translation = _translation(mapping.translation_path) if mapping.translation_path is not None else None
    with open_input(file, rules_of(mapping, _sheet(mapping, file)), shown_as) as opened:
        applier = Applier(mapping, opened.table, lookups, translation)
        rows: list[AppliedRow] = []
        passed_over = 0
        for block in opened.blocks(_LOOKED_AT):
            for row in applier.apply(block) if block.numbers else ():
                if row.ignored is None:
                    rows.append(row)
                elif len(rows) < most:
                    passed_over += 1
            break
    if not rows and not passed_over:
        raise SourceError(f"{shown_as}: there is no row below the headers.")
    unused = tuple(column.header for column in applier.unmapped if column.header)
    return RowsOut(opened.table, tuple(rows[:most]), passed_over, unused)


def _sheet(mapping: Mapping, file: Path) -> str | None:
    """The sheet of the mapping; of several the first one."""
    if mapping.all_sheets:
        return next(iter(sheets_of(file)), None)
    return mapping.input.sheet[0] if mapping.input.sheet else None


def _lookup(path: Path) -> LookupTable:
    with open_input(path, InputRules()) as opened:
        return LookupTable.read(opened.table, opened.blocks())


def _translation(path: Path) -> Translation:
    with open_input(path, InputRules()) as opened:
        return Translation.read(opened.table, opened.blocks())
