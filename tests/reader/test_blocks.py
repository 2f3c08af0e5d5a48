"""Blocks are object-typed frames of bounded size, and only as much of a file is read as they need."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pandas as pd
import pytest

from etl.errors import SourceError
from etl.reader import InputRules, open_input
from etl.reader.header import letter_of, position_of

ROWS = 20_000


@pytest.fixture(scope="module")
def long_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of several megabytes."""
    path = tmp_path_factory.mktemp("long") / "long.csv"
    cell = "x" * 40
    path.write_text("A,B,C,D,E\n" + "".join(f"{n},{cell},{cell},,{cell}{n}\n" for n in range(ROWS)), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["a.csv", "b.xlsx"])
def test_frames_are_object_typed_with_none_for_empty(tmp_path: Path, name: str) -> None:
    """pandas infers nothing: each column is of objects, an empty cell is None, the labels are letters and row numbers."""
    path = tmp_path / name
    table = pd.DataFrame({"A": ["1", "2"], "B": [None, None], "C": [None, "x"]})
    if name.endswith("csv"):
        table.to_csv(path, index=False)
    else:
        table.to_excel(path, index=False, engine="xlsxwriter")

    with open_input(path, InputRules()) as opened:
        [block] = opened.blocks()

    assert [str(dtype) for dtype in block.frame.dtypes] == ["object"] * 3
    assert block.frame["B"].tolist() == [None, None]
    assert block.frame["C"].tolist() == [None, "x"]
    assert list(block.frame.columns) == ["A", "B", "C"]
    assert (block.frame.index.tolist(), block.frame.index.name) == ([2, 3], "row_number")


def test_blocks_have_the_asked_size(long_csv: Path) -> None:
    """Every block but the last holds exactly as many rows as asked for, and together they are the file."""
    with open_input(long_csv, InputRules()) as opened:
        blocks = [block.frame for block in opened.blocks(block_rows=6000)]

    assert [len(frame) for frame in blocks] == [6000, 6000, 6000, 2000]
    assert [number for frame in blocks for number in frame.index] == list(range(2, ROWS + 2))
    assert [cell for frame in blocks for cell in frame["A"]] == [str(n) for n in range(ROWS)]


def test_a_block_of_no_rows_is_our_mistake(long_csv: Path) -> None:
    """Asking for nothing would read for ever, or nothing at all."""
    with open_input(long_csv, InputRules()) as opened, pytest.raises(ValueError, match="at least 1"):
        next(opened.blocks(block_rows=0))


def test_memory_is_bounded_by_the_block(long_csv: Path) -> None:
    """A delimited file is never held as a whole, neither as bytes nor as rows."""
    tracemalloc.start()
    try:
        with open_input(long_csv, InputRules()) as opened:
            for _ in opened.blocks(block_rows=100):
                pass
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert long_csv.stat().st_size > 2_500_000
    assert peak_bytes < 5_000_000  # a chunk of bytes, its text, and a block; the rows as a whole take 10 MB and more


def test_rows_before_an_error_are_given(tmp_path: Path) -> None:
    """A bad row is met when its block is asked for, not before."""
    path = tmp_path / "a.csv"
    path.write_text('A,B\n1,2\n3,4\n5,"6"7\n', encoding="utf-8")

    with open_input(path, InputRules()) as opened:
        blocks = opened.blocks(block_rows=2)
        assert next(blocks).frame.index.tolist() == [2, 3]
        with pytest.raises(SourceError, match=r"row 4 \(line 4\)"):
            next(blocks)


def test_a_cell_beyond_all_measure_is_refused(tmp_path: Path) -> None:
    """A quote that swallows the file is named by its row before the file fills the memory."""
    path = tmp_path / "a.csv"
    path.write_text('A,B\n1,"2\n' + "3,4\n" * 50_000, encoding="utf-8")

    with (
        pytest.raises(SourceError, match=r"row 2 \(line 2\): a cell holds more than 131,072 characters.*not closed"),
        open_input(path, InputRules(delimiter=",")) as opened,
    ):
        list(opened.blocks())


@pytest.mark.parametrize(
    ("position", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16383, "XFD")]
)
def test_letters(position: int, letters: str) -> None:
    """Columns are lettered as in Excel, both ways."""
    assert letters == letter_of(position)
    assert position == position_of(letters)
