"""Merged cells are found where they stand, and filled as a person sees them."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.reader import sheet_layout
from etl.reader.header import letter_of
from etl.reader.sheet_layout import merged_in_advance, merged_ranges, with_merged_filled

if TYPE_CHECKING:
    from etl.records import MergedRange

WIDTH, HEIGHT = 4, 8
CORNERS = st.tuples(st.integers(1, HEIGHT), st.integers(0, 3), st.integers(0, WIDTH), st.integers(0, 3))


def drawn(corners: list[tuple[int, int, int, int]]) -> list[MergedRange]:
    """Ranges that do not overlap, as a sheet has them."""
    taken: set[tuple[int, int]] = set()
    references = []
    for row, down, column, across in corners:
        cells = {(r, c) for r in range(row, row + down + 1) for c in range(column, column + across + 1)}
        if down + across and not taken & cells:
            taken |= cells
            references.append(f"{letter_of(column)}{row}:{letter_of(column + across)}{row + down}")
    return merged_ranges(references)


@given(
    corners=st.lists(CORNERS, max_size=6),
    sheet=st.lists(st.lists(st.sampled_from([None, "x", 5]), max_size=WIDTH), min_size=HEIGHT, max_size=HEIGHT),
)
@settings(max_examples=40)
def test_each_cell_of_a_range_has_the_value_of_its_first(
    corners: list[tuple[int, int, int, int]], sheet: list[list[str | int | None]]
) -> None:
    """The same as looking up each cell's range by itself; rows without a value stay away, other cells stay as they are."""
    ranges = drawn(corners)
    own = {(row, column): cell for row, cells in enumerate(sheet, 1) for column, cell in enumerate(cells)}
    expected = []
    for row, cells in enumerate(sheet, 1):
        if any(cell is not None for cell in cells):
            seen = [own.get((row, column)) for column in range(WIDTH)]
            for one in ranges:
                if one.first_row <= row <= one.last_row:
                    for column in range(one.first, min(one.last, WIDTH - 1) + 1):
                        seen[column] = own.get((one.first_row, one.first))
            expected.append((row, seen))

    rows = [(row, list(cells)) for row, cells in enumerate(sheet, 1) if any(cell is not None for cell in cells)]
    filled = with_merged_filled(rows, ranges, WIDTH)

    assert [(row, [*cells, *[None] * (WIDTH - len(cells))]) for row, cells in filled] == expected


@pytest.mark.parametrize("prefix", ["", "x:"], ids=["plain", "prefixed"])
@pytest.mark.parametrize("chunk_bytes", [64, 1 << 18])
def test_merged_cells_are_found_before_the_rows_are_read(
    prefix: str, chunk_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them, each once, wherever a chunk ends, in whatever namespace the writer has."""
    monkeypatch.setattr(sheet_layout, "_CHUNK_BYTES", chunk_bytes)
    references = [f"A{row}:B{row + 1}" for row in range(2, 300, 3)]
    tail = "".join(f"<{prefix}mergeCell ref='{one}'/>" for one in references)
    part = f"<{prefix}sheetData>mergeCell</{prefix}sheetData><{prefix}mergeCells>{tail}</{prefix}mergeCells>".encode()

    assert [one.reference for one in merged_in_advance(BytesIO(part))] == references
