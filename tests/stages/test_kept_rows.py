"""Rows that were mapped once are kept until they go out, as mapping them once more would give them."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from io import BufferedRandom, RawIOBase
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.mapping.applied import AppliedColumns
from etl.mapping.apply import Applier
from etl.stages.kept_rows import MOST_INPUTS, KeptRows, keep_rows
from tests.mapping.build import a_block, a_mapping, a_table
from tests.stages.test_staging import COLUMNS, HEADERS, MAPPINGS, ROWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.records import Cell

ROW: tuple[Cell, ...] = ("1", "a@example.com", "Done", "x", "")


class Full(RawIOBase):
    """A file on a disk that is full."""

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, place: int, _whence: int = 0) -> int:
        return place

    def write(self, _bytes: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def applier_of(name: str) -> Applier:
    return Applier(a_mapping(**{"columns": COLUMNS, **MAPPINGS[name]}), a_table(*HEADERS))


def kept(name: str, blocks: Sequence[Sequence[tuple[Cell, ...]]], folder: Path) -> KeptRows:
    """What is kept of rows, block by block."""
    rows, applier = KeptRows(folder), applier_of(name)
    for block in blocks:
        rows.add(applier.by_columns(a_block([list(row) for row in block])))
    rows.finish()
    return rows


@pytest.mark.parametrize("name", [one for one in MAPPINGS if one != "leads"])
@settings(max_examples=40, deadline=None)
@given(first=ROWS, second=ROWS)
def test_what_is_kept_is_what_mapping_again_gives(
    name: str, first: list[tuple[Cell, ...]], second: list[tuple[Cell, ...]]
) -> None:
    """Numbers and values of all rows that may be sent, in their order, as often as they are asked for."""
    applier = applier_of(name)
    again = [
        (row.row_number, row.values)
        for block in (first, second)
        for row in applier.apply(a_block([list(row) for row in block]))
        if row.values is not None
    ]
    with TemporaryDirectory() as folder:
        rows = kept(name, [first, second], Path(folder))

        told = [
            [row for block in rows.blocks() for row in zip(block.numbers, block.values(), strict=True)]
            for _ in range(2)
        ]

    assert rows.is_whole
    assert told == [again, again]


TEXTS = st.none() | st.sampled_from(["", "\x1f", "a\x1fb", "\ud83d", "मिले"]) | st.text(max_size=3)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5))
def test_texts_come_back_to_the_letter(rows: list[tuple[str | None, str | None]]) -> None:
    """Whatever stands in them, be it what parts them in the file."""
    columns = dict(zip(("Note", "mx_Custom_1"), map(list, zip(*rows, strict=True)), strict=True))
    numbers = range(2, 2 + len(rows))
    with TemporaryDirectory() as folder:
        held = KeptRows(Path(folder))
        held.add(AppliedColumns(numbers, columns, {}, (), None, (), None))
        held.finish()
        (block,) = held.blocks()

    assert (block.numbers, block.columns) == (list(numbers), columns)


def test_rows_whose_lead_is_looked_up_are_not_kept(tmp_path: Path) -> None:
    """What a look-up finds belongs to their values, and is not known yet."""
    assert not kept("leads", [[ROW]], tmp_path).is_whole


@pytest.mark.parametrize("times", [1, 2_000], ids=["noticed at the end", "noticed midway"])
def test_where_there_is_no_room_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """The input is read again then, as it is where no file can be made at all."""
    rows = [ROW] * times
    monkeypatch.setattr("etl.stages.kept_rows.TemporaryFile", lambda **_: BufferedRandom(Full()))

    assert not kept("plain", [rows], tmp_path).is_whole
    monkeypatch.undo()
    assert kept("plain", [rows], tmp_path).is_whole
    assert not kept("plain", [rows], tmp_path / "nowhere").is_whole


def test_nothing_is_left_in_the_folder(tmp_path: Path) -> None:
    """Neither while they are kept nor afterwards is there a file with a name."""
    rows = kept("plain", [[ROW]], tmp_path)

    assert list(tmp_path.iterdir()) == []
    assert rows.is_whole


def test_many_inputs_do_not_use_up_the_files_of_a_process(tmp_path: Path) -> None:
    """Of a command with hundreds of inputs only some are kept open; the others are read again."""
    inputs = [_Input(tmp_path / f"visits{number}.csv") for number in range(3 * MOST_INPUTS)]

    keep_rows(inputs)  # type: ignore[arg-type] # as much of an input as it needs

    assert [one.kept_rows is not None for one in inputs] == [True] * MOST_INPUTS + [False] * (2 * MOST_INPUTS)


@dataclass
class _Input:
    """An input that was not read yet."""

    copy: Path
    kept_rows: KeptRows | None = None
