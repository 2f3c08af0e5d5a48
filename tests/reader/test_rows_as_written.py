"""Rows of a text file as the csv module would write them."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.errors import SourceError
from etl.reader import InputRules, OffersTexts, open_input, text_lines
from etl.reader.dialect import ORDINARY, Dialect, Quoting
from etl.reader.rows_as_written import PlainLines

HEADER = "Visit ID,Customer,Remarks"


def written(path: Path, delimiter: str = ",", rules: InputRules | None = None) -> list[tuple[int, str]] | None:
    """What the reader gives out as text."""
    with open_input(path, rules or InputRules()) as opened:
        assert isinstance(opened, OffersTexts)
        found = opened.rows_as_written(delimiter)
        if found is None:
            return None
        return [pair for rows in found for pair in zip(rows.numbers, rows.texts, strict=True)]


def expected(path: Path, delimiter: str = ",") -> list[tuple[int, str]]:
    """The same from the cells of the blocks, by the csv module."""
    texts = []
    with open_input(path, InputRules()) as opened:
        for block in opened.blocks():
            for number, cells in zip(block.numbers, zip(*block.columns.values(), strict=True), strict=True):
                stream = io.StringIO(newline="")
                csv.writer(stream, delimiter=delimiter, lineterminator="\r\n").writerow(["x", *cells])
                texts.append((number, stream.getvalue()[2:-2]))
    return texts


CELL = st.text(alphabet=st.sampled_from("ab,;\"\n\té \x1d'="), max_size=6)
ROW = st.lists(CELL, min_size=1, max_size=3)


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(ROW, min_size=1, max_size=6),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n"]),
    to=st.sampled_from([",", ";"]),
)
@example(rows=[["a", 'say "b"', "c, d"]], quoting=csv.QUOTE_MINIMAL, end="\n", to=",")
@example(rows=[["", ";,", ";;;;;\n"], ["", ";;;;;\n"], [";", ";,"]], quoting=csv.QUOTE_MINIMAL, end="\n", to=",")
@example(rows=[["a", "two\nlines", ""], ["", "", ""], ["b"]], quoting=csv.QUOTE_MINIMAL, end="\r\n", to=",")
def test_rows_stand_as_the_csv_module_writes_their_cells(
    rows: list[list[str]], quoting: int, end: str, to: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """However the rows were written - plain, quoted without need, short, blank, over several lines - they come out the same."""
    path = tmp_path_factory.getbasetemp() / "as_written.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(f"{HEADER}{end}a,first,row{end}")
        csv.writer(stream, quoting=quoting, lineterminator=end).writerows(rows)  # type: ignore[arg-type] # one of the two
        stream.write(f"z,last,row{end}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_lines, "_CHUNK_CHARACTERS", 20)  # the first piece is begun by whoever reads the header
        try:
            wanted = expected(path, to)
        except SourceError as error:
            with pytest.raises(SourceError, match=re.escape(str(error))):
                written(path, to)
        else:
            assert written(path, to) == wanted


@pytest.mark.parametrize(
    ("piece", "dialect", "lines"),
    [
        pytest.param("a,b\nc,d\n", Dialect(), ["a,b", "c,d"], id="plain"),
        pytest.param('a,"b, c"\nd,e', Dialect(), ['a,"b, c"', "d,e"], id="quoted with need, no line end at the end"),
        pytest.param('a,"b ""c"" d"\n', Dialect(), ['a,"b ""c"" d"'], id="quotes inside"),
        pytest.param('"a, b",\n', Dialect(), ['"a, b",'], id="an empty cell"),
        pytest.param('a,"b"\n"c","d, e"\n', Dialect(), ["a,b", 'c,"d, e"'], id="quoted without need"),
        pytest.param('"a",""\n', Dialect(), ["a,"], id="an empty cell in quotes"),
        pytest.param('"","a"\n', Dialect(), [",a"], id="an empty first cell in quotes"),
        pytest.param(
            '"a",""\n"b","c ""d"""\n', Dialect(), None, id="an empty cell in quotes, and quotes inside another"
        ),
        pytest.param('"",""\n', Dialect(), None, id="a blank row in quotes"),
        pytest.param('a,b"c\n', Dialect(), None, id="a quote inside a cell without quotes"),
        pytest.param('a,"b\nc"\n', Dialect(), None, id="over two lines"),
        pytest.param('a,"b, c\n', Dialect(), None, id="goes on behind the piece"),
        pytest.param("a,b\nc\n", Dialect(), None, id="a short row"),
        pytest.param("a,b,c\n", Dialect(), None, id="a long row"),
        pytest.param("a,b\n,\n", Dialect(), None, id="a blank row"),
        pytest.param("a;b\n", Dialect(";"), None, id="another delimiter"),
        pytest.param("a,'b, c'\n", Dialect(",", Quoting("'")), None, id="other quotes"),
        pytest.param('a,"b, c"\n', Dialect(",", Quoting("'")), None, id="a sign that the writer quotes"),
        pytest.param("a,b\n", Dialect(",", Quoting('"', is_escaped=True)), None, id="escaped quotes"),
        pytest.param('a,"b\x1d"" c"\n', Dialect(), None, id="the stand-in itself"),
    ],
)
def test_lines_go_on_as_they_are_where_the_csv_module_would_write_them_so(
    piece: str, dialect: Dialect, lines: list[str] | None
) -> None:
    """A piece of two columns is taken as lines only where no more would change about any of them than quotes without need."""
    assert PlainLines(dialect, 2, ",").of(piece) == lines
    assert dialect.quoting == ORDINARY or lines is None


def test_what_ends_a_table_early_is_seen_by_cells(tmp_path: Path) -> None:
    """With `stop_at` there are no texts: rows below the end of the table may hold anything beside it."""
    path = tmp_path / "visits.csv"
    path.write_text(f"{HEADER}\na,b,c\nTotal,1,2\n", encoding="utf-8")

    assert written(path, rules=InputRules(ends=lambda cell: cell == "Total")) is None
    assert written(path) == [(2, "a,b,c"), (3, "Total,1,2")]
