"""Mappings, tables and blocks for tests: a test names only what it is about."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pandas as pd

from etl.mapping.apply import AppliedRow, Applier
from etl.mapping.convert import CONVERTERS
from etl.mapping.convert.cells import ColumnRules
from etl.mapping.model import Mapping
from etl.mapping.target_rules import TargetRule
from etl.mapping.targets import FieldType
from etl.records import Block, Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from etl.findings import Problem
    from etl.records import Cell

TOP = """
version: 1
name: visits
operation: add-by-lead-field
search_by: EmailAddress
activity: {event: 320}
"""


def mapping_text(rest: str) -> str:
    """A whole mapping from what a test adds to the usual first lines; it starts at line 6."""
    return TOP.lstrip() + dedent(rest).lstrip("\n")


def a_mapping(**parts: object) -> Mapping:
    """A mapping built in Python: columns of the usual kind unless the test says otherwise."""
    usual: dict[str, object] = {
        "version": 1,
        "name": "visits",
        "operation": "add-by-lead-field",
        "search_by": "EmailAddress",
        "activity": {"event": 320},
        "columns": {"Email": "SearchByValue"},
    }
    return Mapping.model_validate(usual | parts)


def a_table(*headers: str, file: str = "visits.xlsx", sheet: str | None = "Visits") -> Table:
    """A table with these headers in A, B, C …"""
    return Table(Path(file), sheet, tuple(Column(n, chr(ord("A") + n), text) for n, text in enumerate(headers)))


def a_block(rows: Sequence[Sequence[Cell]], first_row: int = 2) -> Block:
    """A block of rows that start at `first_row`."""
    letters = [chr(ord("A") + n) for n in range(len(rows[0]) if rows else 0)]
    index = pd.RangeIndex(first_row, first_row + len(rows))
    frame = pd.DataFrame({letter: [None] * len(rows) for letter in letters}, index=index, dtype=object)
    for n, letter in enumerate(letters):
        frame[letter] = pd.Series([row[n] for row in rows], index=index, dtype=object)
    return Block(frame)


def applied(
    mapping: Mapping, headers: Sequence[str], *rows: Sequence[Cell], file: str = "visits.xlsx"
) -> list[AppliedRow]:
    """These rows under this mapping."""
    return Applier(mapping, a_table(*headers, file=file)).apply(a_block(rows))


def convert(
    cell: Cell, kind: str, *, target: str = "mx_Custom_1", zone: ZoneInfo | None = None, **options: object
) -> str | Problem:
    """One cell under a type and its options."""
    rule = TargetRule.model_validate({"to": target, "type": kind, **options})
    rules = ColumnRules(target, rule, zone, decimal=rule.decimal or ".")
    return CONVERTERS[FieldType(kind)](rules)[type(cell)](cell)
