"""Text files are read in chunks and batches, and errors name row and line as if they were read one by one."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.errors import SourceError
from etl.reader import text_lines
from etl.reader.dialect import Dialect
from etl.reader.text_lines import Records, chunks_of, lines_of

if TYPE_CHECKING:
    from pathlib import Path

SIGNS = st.text(alphabet=st.sampled_from('a,"\n\r\v\x85\u2028 é'), max_size=60)


@settings(max_examples=80, deadline=None)
@example(text='a\n"x\n\ny",b\n\n"c"d\n', chunk=3, most=4)
@example(text='"x\ny",b\na\n"never closed', chunk=9, most=2)
@given(text=SIGNS, chunk=st.integers(1, 9), most=st.integers(1, 4))
def test_batches_hold_the_records_of_the_module(
    tmp_path_factory: pytest.TempPathFactory, text: str, chunk: int, most: int
) -> None:
    """Wherever chunks and batches end: the same lines, the same records, numbered; and refusals name row and line."""
    path = tmp_path_factory.getbasetemp() / "drawn.csv"
    path.write_bytes(text.encode())
    lines = list(io.StringIO(text, newline=None))
    reader = csv.reader(lines, strict=True)
    expected: list[list[str]] = []
    ended = 0  # lines, when the last whole record was read
    try:
        for cells in reader:
            expected.append(cells)
            ended = reader.line_num
        refused = False
    except csv.Error:
        refused = True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_lines, "_CHUNK_CHARACTERS", chunk)
        assert list(lines_of(path, "utf-8", path)) == lines
        records = Records(chunks_of(path, "utf-8", path), Dialect(), path)
        read: list[tuple[int, list[str]]] = []
        try:
            while (batch := records.many(most))[1]:
                read += enumerate(batch[1], batch[0])
            assert not refused
            assert read == list(enumerate(expected, 1))
        except SourceError as error:
            assert refused
            assert f", row {len(expected) + 1} (line {ended + 1}): " in str(error)
        records.close()


@settings(max_examples=60, deadline=None)
@example(text="é\r", chunk=1, codec="utf-16", above=0)
@example(text="sep=;\r\na\r\r\nb", chunk=6, codec="utf-8-sig", above=1)
@given(
    text=st.text(alphabet=st.sampled_from("aé\r\n語"), max_size=30),
    chunk=st.integers(1, 9),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp932"]),
    above=st.integers(0, 2),
)
def test_lines_are_those_of_a_text_file_of_python(
    tmp_path_factory: pytest.TempPathFactory, text: str, chunk: int, codec: str, above: int
) -> None:
    """Wherever a piece ends - within a character, between CR and LF -: the same lines, without those above the table."""
    path = tmp_path_factory.getbasetemp() / "drawn.txt"
    path.write_bytes(text.replace("é" if codec == "cp932" else "\0", "e").encode(codec))
    with path.open(encoding=codec, newline=None) as source:
        expected = list(source)[above:]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_lines, "_CHUNK_CHARACTERS", chunk)
        assert list(lines_of(path, codec, path, above=above)) == expected


def test_a_nul_names_its_line_and_hides_nothing_before_it(tmp_path: Path) -> None:
    """All lines before it are given out, as many as they may be."""
    path = tmp_path / "nul.csv"
    path.write_text("".join(f"{n},some cell or other\n" for n in range(1, 9_000)) + "x,\0\n", encoding="utf-8")
    lines = lines_of(path, "utf-8", path)

    assert sum(1 for _ in zip(range(8_999), lines, strict=False)) == 8_999
    with pytest.raises(SourceError, match="line 9000: There is a NUL"):
        next(lines)


@pytest.mark.parametrize("piece", ['"a\n",', "a" * 50])
def test_a_row_without_end_is_refused(tmp_path: Path, piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One row of many lines, and one line without end: neither is taken into memory, and rows before it count for nothing."""
    monkeypatch.setattr(text_lines, "MOST_ROW_CHARACTERS", 200_000)
    path = tmp_path / "endless.csv"
    path.write_text("one,two\n" * 50_000 + piece * 100_000, encoding="utf-8")
    records = Records(chunks_of(path, "utf-8", path), Dialect(), path)
    assert len(records.many(50_000)[1]) == 50_000

    with pytest.raises(SourceError, match=r"row 50001 \(line 50001\): it has more than") as refused:
        records.many(10)

    assert "Most likely a double quote is opened" in str(refused.value)
