"""The header is the row that was said, two rows put together, or the one row that holds the mapping's columns."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.errors import SourceError
from etl.reader import InputRules, open_input
from etl.reader.header import LOOKED_AT, joined, read_header


@pytest.mark.parametrize(
    ("upper", "lower", "headers"),
    [
        (["Address", None, None], ["Street", "City", "Zip"], ["Address / Street", "Address / City", "Address / Zip"]),
        ([None, "Contact"], ["Key", "Phone"], ["Key", "Contact / Phone"]),
        (["Key", None], [None, "Phone"], ["Key", "Phone"]),
        (["Address", None, None], ["Street", None, "Phone"], ["Address / Street", "", "Phone"]),
        (["A"], ["x", "y"], ["A / x", "A / y"]),
        (["A", "B", "C"], ["x"], ["A / x", "B", "C"]),
        ([2026.0, None], [" first\nquarter ", "second"], ["2026 / first quarter", "2026 / second"]),
        ([], ["x", "y"], ["x", "y"]),
    ],
    ids=[
        "merged",
        "nothing_above_the_first",
        "an_upper_one_alone_covers_nothing",
        "a_gap_ends_it",
        "to_the_end",
        "lower_row_is_shorter",
        "numbers_and_white_space",
        "one_row",
    ],
)
def test_two_header_rows(upper: list[object], lower: list[object], headers: list[str]) -> None:
    """An upper text counts for the columns below it; where one of the two is empty, the other is the header."""
    assert joined(upper, lower) == headers  # type: ignore[arg-type] # lists of cells


KNOWN = frozenset({"Email", "Visit", "Remarks"})
OTHERS = st.lists(st.sampled_from(["", "note", "Total", "5"]), max_size=4)


@given(above=st.lists(OTHERS, max_size=LOOKED_AT - 1), below=st.lists(OTHERS, max_size=60), shift=st.integers(0, 3))
@settings(max_examples=30)
def test_the_row_of_the_headers_is_found(above: list[list[str]], below: list[list[str]], shift: int) -> None:
    """Wherever it stands among the first rows, and nothing below it is lost."""
    header = [*[""] * shift, "Email", "Visit"]
    rows = list(enumerate([*above, header, *below], 1))

    found = read_header(iter(rows), "auto", KNOWN, "a.csv")

    assert found.row == len(above) + 1
    assert [column.header for column in found.columns] == header
    assert [row for row in found.rows if any(row[1])] == [row for row in rows[found.row :] if any(row[1])]
    assert str(found.row) in found.notes[0]


@pytest.mark.parametrize(
    ("rows", "known", "words"),
    [
        ([["Email", "x"], ["Visit"]], KNOWN, "rows 1 and 2 could be the header"),
        ([["Email"], ["a"], ["Visit"], ["Remarks"]], KNOWN, "rows 1, 3 and 4 could be the header"),
        (
            [["note"], ["a"]],
            KNOWN,
            'none of the first 2 rows holds a column that the mapping names \\("Email", "Remarks"',
        ),
        ([["note"]], frozenset[str](), "it names none"),
        ([[], [""]], KNOWN, "it is empty"),
        ([["note"]] * LOOKED_AT + [["Email"]], KNOWN, f"none of the first {LOOKED_AT} rows"),
    ],
    ids=["two", "three", "none", "letters_only", "nothing", "too_far_down"],
)
def test_what_could_be_read_in_two_ways_is_refused(rows: list[list[str]], known: frozenset[str], words: str) -> None:
    """Rows that would do equally well are named, and so is what was looked for."""
    with pytest.raises(SourceError, match=f"a.csv: .*{words}"):
        read_header(iter(enumerate(rows, 1)), "auto", known, "a.csv")


def test_a_text_file_tells_where_its_header_was_found(tmp_path: Path) -> None:
    """The note stands beside the one on the encoding, and the rows keep their numbers."""
    path = tmp_path / "a.csv"
    path.write_bytes("Visits;Café\n\nEmail;Remarks\na@example.com;x\n".encode("cp1252"))

    with open_input(path, InputRules(header_row="auto", headers=KNOWN)) as opened:
        [block] = opened.blocks()

    assert opened.table.notes[-1] == "the headers were found in row 3 (header_row: auto)"
    assert len(opened.table.notes) > 1
    assert list(block.numbers) == [4]
