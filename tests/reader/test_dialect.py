"""Delimiter and quotes are found out, and what was written is what is read: or the file is refused with both readings."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from etl.errors import SourceError, UsageError
from etl.reader import InputRules
from etl.reader.delimited import DelimitedReader
from etl.reader.dialect import declared_quoting, delimiter_said_first

HEADERS = ["Name", "Remark", "Site"]
CELLS = st.text(st.sampled_from("ab ,;|\t\"'\\\n"), max_size=6)
TABLES = st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=4)
DIALECTS = [(sign, escaped, delimiter) for sign in "\"'" for escaped in (False, True) for delimiter in ",;\t|"]


def as_file(rows: list[list[str]], sign: str, escaped: bool, delimiter: str) -> bytes:
    """The table in one dialect, every cell in quotes."""
    stream = io.StringIO()
    ways = {"escapechar": "\\", "doublequote": False} if escaped else {"doublequote": True}
    writer = csv.writer(
        stream,
        delimiter=delimiter,
        quotechar=sign,
        quoting=csv.QUOTE_ALL,
        lineterminator="\r\n",
        **ways,  # type: ignore[arg-type]
    )
    writer.writerows([HEADERS, *rows])
    return stream.getvalue().encode()


def read(content: bytes, **rules: str) -> tuple[list[list[str]], tuple[str, ...]]:
    """The data rows, None as "", and the notes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "visits.csv"
        path.write_bytes(content)
        with DelimitedReader().open(path, InputRules(**rules), path) as opened:  # type: ignore[arg-type]
            assert [column.header for column in opened.table.columns] == HEADERS
            rows = [[cell or "" for cell in row] for block in opened.blocks() for row in block.frame.values.tolist()]
            return rows, opened.table.notes


def filled(rows: list[list[str]]) -> list[list[str]]:
    """The rows that are data rows."""
    return [row for row in rows if any(row)]


@settings(deadline=None, max_examples=60)
@given(TABLES, st.sampled_from(DIALECTS))
@example([["\\", '"', ""]], ('"', True, ","))
@example([['a\\"b', "", ""]], ('"', False, ";"))
def test_what_is_written_is_read(rows: list[list[str]], dialect: tuple[str, bool, str]) -> None:
    """In whatever dialect of the set a table is written, its cells come back as they were, or the file is refused.

    That a backslash stands for another character can only be told where one stands before a quote.
    """
    sign, escaped, _ = dialect
    cells = "".join(cell for row in rows for cell in row)
    assume(not escaped or sign in cells or "\\" not in cells)
    try:
        found, _ = read(as_file(rows, *dialect))
    except SourceError as refusal:
        assert "can be read in two ways" in refusal.message or "could be separated by" in refusal.message
        return

    assert found == filled(rows)


@settings(deadline=None, max_examples=60)
@given(TABLES, st.sampled_from(DIALECTS))
def test_what_the_mapping_says_is_never_doubtful(rows: list[list[str]], dialect: tuple[str, bool, str]) -> None:
    """With delimiter and quote set every table comes back, and nothing is told of what was not found out."""
    sign, escaped, delimiter = dialect
    found, notes = read(as_file(rows, *dialect), delimiter=delimiter, quote="\\" * escaped + sign)

    assert found == filled(rows)
    assert notes == ()


def test_two_readings_of_a_backslash_are_shown() -> None:
    """A backslash that may belong to the text is asked about, with the row and what each way makes of it."""
    with pytest.raises(SourceError, match="row 2: a backslash") as caught:
        read(b'Name,Remark,Site\n"Asha",5\\" pipe,x\n')

    assert '"5\\" pipe", with quote: ", and as "5" pipe", with quote: \\"' in caught.value.message
    assert "Set quote under input" in caught.value.message


@pytest.mark.parametrize(
    ("line", "delimiter"),
    [
        ("sep=;\r\n", ";"),
        ("SEP=\t\n", "\t"),
        ('"sep=,"', ","),
        ("sep=;;\n", None),
        ("sep=\n", None),
        ("sep=;,B\n", None),
        ("A,B\n", None),
    ],
)
def test_excels_first_line(line: str, delimiter: str | None) -> None:
    """A line is Excel's word for the delimiter only as a whole."""
    assert delimiter_said_first(line) == delimiter


@pytest.mark.parametrize("word", ["", "''", "`", "double", '""'])
def test_other_quotes_are_refused(word: str) -> None:
    """The set of quotes is closed, and the message names it."""
    with pytest.raises(UsageError, match="none"):
        declared_quoting(word)
