"""Inputs and lines with sensible defaults: a test names only what it is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import pytest

from etl.records import Cell, Column, Outcome, ResultLine, Table

MakeTable: TypeAlias = Callable[..., Table]
MakeLine: TypeAlias = Callable[..., ResultLine]


@pytest.fixture
def make_table() -> MakeTable:
    """An input with the given headers."""

    def make(headers: Sequence[str] = ("Visit ID", "Remarks"), sheet: str | None = "Visits") -> Table:
        columns = tuple(Column(position, chr(65 + position % 26), header) for position, header in enumerate(headers))
        return Table(Path("visits.xlsx"), sheet, columns)

    return make


@pytest.fixture
def make_line() -> MakeLine:
    """A line of run 41 for row 2 that was created, unless said otherwise."""

    def make(
        cells: Sequence[Cell] = ("SV-0001", "met the owner"),
        *,
        row: int = 2,
        status: Outcome = Outcome.CREATED,
        activity_id: str | None = "1f0c5a3e-0000-4000-8000-000000000001",
        error: str | None = None,
        hint: str | None = None,
        code: str | None = None,
        verified: str | None = None,
    ) -> ResultLine:
        return ResultLine(row, status, activity_id, error, hint, code, 41, tuple(cells), verified)

    return make
