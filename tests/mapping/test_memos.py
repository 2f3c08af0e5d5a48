"""Cells that come again are read once; where none does, nothing is kept of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from etl.cell_texts import FullTexts
from etl.mapping import reading
from etl.mapping.reading import MEMO_CELLS, Memo, memos_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


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


def one(text: str) -> str | None:
    """A text is sent without what is around it; of a blank one nothing is."""
    return text.strip() or None


def as_they_stand(texts: Sequence[str], _: Callable[[str], str | None]) -> Sequence[str] | None:
    return texts if all(text and text == text.strip() for text in texts) else None


def in_capitals(texts: Sequence[str], read: Callable[[str], str]) -> list[str]:
    return list(map(read, texts))


BLOCKS = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", " a", " ", "d", "e", "f"]), min_size=1, max_size=9), max_size=6
)


@example(blocks=[["a", "b"], ["a", " a"], ["b", "c", "a"]])
@given(blocks=BLOCKS)
def test_what_is_read_together_is_what_is_read_alone(blocks: list[list[str]]) -> None:
    """Whichever cells are new in a block, and whether or not all of them can be read together."""
    for whole, read in ((as_they_stand, one), (in_capitals, str.upper), (None, one)):
        for enough in (1, 5, 1_000):  # cells after which it is seen whether any comes again
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(reading, "_ENOUGH_TO_TELL", enough)
                memo = Memo(read, whole)
                assert [list(memo.of(cells)) for cells in blocks] == [list(map(read, cells)) for cells in blocks]


def test_a_column_that_is_sent_as_it_stands_stays_the_same_sequence() -> None:
    """Cells that come again are found out about once, and are then not even put together anew."""
    read: list[str] = []

    def noted(text: str) -> str:
        read.append(text)
        return text

    memos = memos_of({str: noted}, None, frozenset({""}))
    blocks = [FullTexts(["a", "b", "a"]), FullTexts(["b", "b"])]

    assert memos.read(blocks[0]) == ["a", "b", "a"]
    assert memos.read(blocks[1]) is blocks[1]
    assert read == ["a", "b"]
