"""Cells of an input in a results workbook, as the text that stands in its file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from etl.reconciler.cell_pieces import CellPieces
from etl.reconciler.exact_workbook import open_workbook
from etl.reconciler.rows_sheet import new_sheet
from etl.reconciler.workbook_styles import Styles
from etl.records import ETL_COLUMNS, BrokenCell

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
    assert list(pieces.of_input(4, 7, cells)) == pieces._of_any(4, 7, cells, None, is_plain=False)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moment=st.dates() | st.datetimes() | st.datetimes(timezones=st.just(UTC)) | st.times())
@example(moment=date(1900, 1, 1))
@example(moment=date(1900, 2, 28))
@example(moment=date(1900, 3, 1))
@example(moment=date(1899, 12, 31))
@example(moment=date(9999, 12, 31))
@example(moment=datetime(1900, 1, 1, 0, 0, 0, 1))  # noqa: DTZ001 — a cell has no zone
@example(moment=datetime(2026, 2, 28, 23, 59, 59, 999_999))  # noqa: DTZ001 — as above
def test_a_moment_among_other_cells_stands_as_by_itself(pieces: CellPieces, moment: Any) -> None:
    """Nearly all have a short way of their own; it writes to the letter what the general one does, as the library counts."""
    (_, piece) = pieces.of_input(4, 7, ["plain", moment])

    assert piece == pieces._other(4, 8, moment, pieces._text)
    if "<v>" in piece:
        assert float(piece.split("<v>")[1].split("<")[0]) == pieces._sheet._convert_date_time(moment)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.none() | TEXT | TEXT.map(BrokenCell), min_size=3, max_size=3))
def test_outcome_cells_together_stand_as_each_by_itself(pieces: CellPieces, texts: list[str | None]) -> None:
    """Whatever LeadSquared has written of a row: error, hint and code, behind number, status and id."""
    told = pieces.of_own(4, [17, "created", "0c1-id", *texts, 3])

    alone = [
        pieces._sheet.text_cell(4, place, text, pieces._own[place])
        for place, text in enumerate(texts, 3)
        if text is not None
    ]
    assert told[3:-1] == alone
    assert [piece.partition('"><v>')[2] for piece in (told[0], told[-1])] == ["17</v></c>", "3</v></c>"]
