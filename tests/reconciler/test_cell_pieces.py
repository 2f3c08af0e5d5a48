"""Cells of an input in a results workbook, as the text that stands in its file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from etl.reconciler.cell_pieces import CellPieces
from etl.reconciler.exact_workbook import open_workbook
from etl.reconciler.rows_sheet import new_sheet
from etl.reconciler.workbook_styles import Styles
from etl.records import ETL_COLUMNS

TEXT = st.text(max_size=8) | st.text(alphabet="a<>&_x04F\n\t ", max_size=10)


@pytest.fixture
def pieces(tmp_path: Path) -> Iterator[CellPieces]:
    with open_workbook(tmp_path / "any.xlsx") as workbook:
        sheet = new_sheet(workbook, "Rows")
        yield CellPieces(sheet, Styles.of(workbook), ETL_COLUMNS)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(st.none() | TEXT | st.integers() | st.floats(allow_nan=False), max_size=6))
@example(cells=["_x0", "041_", None, "plain"])
@example(cells=["plain", "", None])
@example(cells=["plain", "_x0041_", None])
def test_texts_together_stand_as_each_by_itself(pieces: CellPieces, cells: list[Any]) -> None:
    """A row of texts that is put together at once is the same to the letter as cell by cell."""
    assert list(pieces.of_input(4, 7, cells)) == list(pieces._of_any(4, 7, cells, None))
