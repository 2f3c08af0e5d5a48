"""Cells that come again are read once; where none does, nothing is kept of them."""

from __future__ import annotations

import pytest

from etl.mapping.reading import MEMO_CELLS, Memo, memos_of


@pytest.mark.parametrize(
    ("cells", "kept"),
    [
        pytest.param([str(number) for number in range(3_000)], 0, id="all_different"),
        pytest.param([str(number % 7) for number in range(3_000)], 7, id="few_different"),
        pytest.param([str(number) for number in range(30)], 30, id="too_few_to_tell"),
        pytest.param(
            [str(number % (MEMO_CELLS + 1)) for number in range(2 * MEMO_CELLS + 2)], 0, id="more_than_the_bound"
        ),
    ],
)
def test_what_is_remembered_is_what_comes_again(cells: list[str], kept: int) -> None:
    """A column of ids or moments costs no memory, and reads the same in its second block."""
    memo = Memo(str.upper)
    for _ in range(2):
        assert memo.of(cells) == cells
    assert len(memo) == kept


def test_kinds_of_cells_stay_apart_and_in_order() -> None:
    """A column of several kinds gives each cell its own result in its own place: 1, 1.0 and TRUE are equal in Python."""
    memos = memos_of(
        {str: lambda cell: f"text {cell}", int: lambda cell: f"int {cell}", float: repr, bool: repr},
        None,
        frozenset({""}),
    )
    assert memos.read([1, "1", None, True, 1.0, " ", 1]) == ["int 1", "text 1", None, "True", "1.0", None, "int 1"]
    assert memos.read(["1", None, None, "2", " "]) == ["text 1", None, None, "text 2", None]
