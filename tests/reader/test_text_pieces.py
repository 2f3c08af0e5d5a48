"""Pieces that are cut into columns at once hold what the csv module reads; what only it can read is left to it."""

from __future__ import annotations

import csv
import io
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.cell_texts import FullTexts
from etl.errors import SourceError
from etl.reader import text_lines
from etl.reader.dialect import Dialect, Quoting
from etl.reader.text_lines import Records, chunks_of
from etl.reader.text_pieces import Cutter

DIALECTS = [Dialect(delimiter, Quoting(sign)) for delimiter, sign in product(",\t", ('"', "'", None))]
CELLS = st.text(alphabet=st.sampled_from("ab,\t\"'\n \x1c\x1d\x1eé€"), max_size=4)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Rows of nearly one width, some quoted rightly, some as they come."""
    width = draw(st.integers(1, 3))
    lines = []
    for cells in draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=6)):
        way = draw(st.integers(0, 9))
        if way < 7:
            quoting = csv.QUOTE_ALL if way < 2 else csv.QUOTE_MINIMAL
            stream = io.StringIO()
            csv.writer(stream, lineterminator="\n", quoting=quoting).writerow(
                [cell.replace('"', "") if way < 6 else cell for cell in cells]
            )
            lines.append(stream.getvalue())
        else:
            lines.append(",".join(cells[: draw(st.integers(0, width))]) + draw(st.sampled_from(["\n", ",\n", ", \n"])))
    return "".join(lines)


def read_by_module(text: str, dialect: Dialect) -> tuple[list[tuple[int, list[str]]], bool]:
    """The records that hold a value, numbered, without blank cells at their ends; and whether a quote was refused."""
    records: list[tuple[int, list[str]]] = []
    try:
        for number, cells in enumerate(dialect.records(io.StringIO(text, newline="\n")), 1):
            records.append((number, cells))
    except csv.Error:
        return records, True
    return records, False


def bare(records: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """Without blank cells at the ends, and without rows that then are empty."""
    kept = []
    for number, cells in records:
        last = max((place for place, cell in enumerate(cells, 1) if cell.strip()), default=0)
        if last:
            kept.append((number, cells[:last]))
    return kept


@settings(max_examples=80, deadline=None)
@example(text="a,b,a\n\na,b\n", dialect=DIALECTS[0], width=2, chunk=30)
@example(text='"a\nb",a\n"",b\na,"b,b"\n', dialect=DIALECTS[0], width=2, chunk=30)
@example(text='a,"b\x1d,"\nb,\x1e\n', dialect=DIALECTS[0], width=2, chunk=30)
@example(text='a,"b\x1cb,"\nb,"\n"\n', dialect=DIALECTS[0], width=2, chunk=30)
@example(text='"a",","\n', dialect=DIALECTS[0], width=1, chunk=30)
@given(text=texts(), dialect=st.sampled_from(DIALECTS), width=st.integers(1, 3), chunk=st.integers(1, 40))
def test_pieces_hold_the_records_of_the_module(
    tmp_path_factory: pytest.TempPathFactory, text: str, dialect: Dialect, width: int, chunk: int
) -> None:
    """Wherever pieces end, the same cells under the same row numbers come out; and what is refused is refused in its row."""
    path = tmp_path_factory.getbasetemp() / "pieces.csv"
    path.write_bytes(text.encode())
    expected, is_refused = read_by_module(text, dialect)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_lines, "_CHUNK_CHARACTERS", chunk)
        records = Records(chunks_of(path, "utf-8", path), dialect, path)
        found: list[tuple[int, list[str]]] = []
        told = ""
        try:
            for first, columns, rows, _ in records.pieces(width):
                if columns is not None:
                    assert len(columns) == width
                lines = rows if columns is None else list(map(list, zip(*columns, strict=True)))
                found += enumerate(lines, first)
        except SourceError as error:
            told = str(error)
        records.close()
    assert bare(found) == bare(expected)
    assert bool(told) == is_refused
    if is_refused:
        assert f", row {len(expected) + 1} (line " in told


@pytest.mark.parametrize(
    ("piece", "columns"),
    [
        pytest.param("a,b\nc,d\n", [["a", "c"], ["b", "d"]], id="plain"),
        pytest.param("a,b\nc,d", [["a", "c"], ["b", "d"]], id="last line without its end"),
        pytest.param("a,\n,d\n", [["a", ""], ["", "d"]], id="empty cells"),
        pytest.param('"a,1","b\nb"\nc,""\n', [["a,1", "c"], ["b\nb", ""]], id="quoted"),
        pytest.param("a,b,, \nc,d,,\n", [["a", "c"], ["b", "d"]], id="nothing beyond the header"),
        pytest.param('"a,\x1d",b\n', None, id="stand-in for a delimiter"),
        pytest.param('"a\n\x1e",b\n', None, id="stand-in for a line end"),
        pytest.param("a,b,c\nc,d,\n", None, id="a value beyond the header"),
        pytest.param("a\nc,d\n", None, id="shorter"),
        pytest.param("a,b\n,\nc,d\n", None, id="a blank row"),
        pytest.param(",\nc,d\n", None, id="a blank row at the top"),
        pytest.param("a,b\n\nc,d\n", None, id="a blank line"),
        pytest.param('a,"b""b"\n', None, id="a quote inside"),
        pytest.param('a,5" pipe\nb,"c"\n', None, id="a quote that quotes nothing"),
        pytest.param('a,"b"b\n', None, id="text behind a quote"),
        pytest.param('a,"b\n', None, id="not closed"),
        pytest.param("a,b\n" + "c," + "d" * 140_000 + "\n", None, id="a cell beyond all measure"),
    ],
)
def test_what_is_cut_at_once(piece: str, columns: list[list[str]] | None) -> None:
    """Whole columns where that is sure, and nothing where the module has to read or refuse."""
    assert Cutter(Dialect()).columns(piece, 2) == columns


@pytest.mark.parametrize(
    ("piece", "delimiter", "are_full"),
    [
        pytest.param("a,b\nc,d\n", ",", [True, True], id="full"),
        pytest.param('a,"b,\n"\nc,d\n', ",", [True, True], id="quoted"),
        pytest.param("a,b\nc,\n", ",", [True, False], id="an empty cell"),
        pytest.param("a,b\x1f\nc,d\n", ",", [False, False], id="a separator in a cell"),
        pytest.param('"a\x1f"\nb\n', "\x1f", [False], id="a separator that separates cells, in one"),
    ],
)
def test_columns_are_said_to_be_full_where_that_is_sure(piece: str, delimiter: str, are_full: list[bool]) -> None:
    """Nobody looks at the cells of such a column again: neither emptiness nor the separator is in it."""
    columns = Cutter(Dialect(delimiter)).columns(piece, len(are_full))

    assert columns is not None
    assert [isinstance(column, FullTexts) for column in columns] == are_full
