"""The outcome columns of a .csv, put together without the csv module where nothing stands against it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from etl.ledger.row_lines import row_line, shown_line
from etl.ledger.schema import opaque
from etl.reconciler.columns import own_cells
from etl.reconciler.lines import RunWords, result_line
from etl.reconciler.own_texts import guid_texts, own_texts
from etl.reconciler.side_by_side import side_by_side
from etl.records import MESSAGE_COLUMN, VERIFIED_COLUMN, Outcome

if TYPE_CHECKING:
    from uuid import UUID

TEXT = st.none() | st.text(alphabet=st.sampled_from('ab,;"\n=-+'), max_size=5)
GUID = st.uuids().map(str)
KEPT = st.tuples(
    st.integers(2, 9),
    st.sampled_from([outcome.value for outcome in Outcome]),
    st.none() | st.one_of(GUID, st.text(alphabet="a-=,", min_size=1, max_size=16)).map(opaque),
    *[TEXT] * 3,
    st.just(41),
    st.none() | st.just(7),
    st.none() | st.sampled_from([40, 41]),
    st.none() | st.just(1.7e9),
    st.none() | st.just(1.7e9),
    TEXT,
    TEXT,
)


@given(
    rows=st.lists(KEPT, max_size=4),
    more=st.sampled_from([(), (VERIFIED_COLUMN,), (MESSAGE_COLUMN, VERIFIED_COLUMN)]),
    delimiter=st.sampled_from(",;"),
    shown=st.sampled_from([41, None]),
)
def test_they_are_what_the_csv_module_makes_of_the_cells(
    rows: list[Any], more: tuple[str, ...], delimiter: str, shown: int | None
) -> None:
    """Whatever the ledger knows of a row, its outcome columns stand as the csv module writes them, and end in a delimiter."""
    words = RunWords(41, shown, None)

    def cells(kept: Any) -> str:
        line = result_line(row_line(kept), (), words)
        stream = io.StringIO(newline="")
        csv.writer(stream, delimiter=delimiter, lineterminator="\r\n").writerow((*own_cells(line, more), ""))
        return stream.getvalue().removesuffix("\r\n")

    assert own_texts([(*kept[:3], kept) for kept in rows], words, more, delimiter) == [cells(kept) for kept in rows]


SHORT = st.tuples(
    st.integers(2, 2**40),
    st.sampled_from(["created", "updated"]),
    st.none() | st.one_of(GUID, TEXT.map(str)).map(opaque),
)
"""A row in LeadSquared of which nothing else is known."""


@given(
    rows=st.lists(SHORT | KEPT, max_size=9),
    more=st.sampled_from([(), (VERIFIED_COLUMN,), (MESSAGE_COLUMN, VERIFIED_COLUMN)]),
    delimiter=st.sampled_from(",;"),
    shown=st.sampled_from([41, None]),
)
def test_short_lines_say_the_same(rows: list[Any], more: tuple[str, ...], delimiter: str, shown: int | None) -> None:
    """Rows that come without the line that has nothing to tell stand as they do with it, among others and by themselves."""
    words = RunWords(41, shown, None)
    nothing = (None, None, None, 41, *[None] * 6)
    short = [(*row, None) if len(row) == 3 else (*row[:3], row) for row in rows]
    whole = [(*row, *nothing) if len(row) == 3 else row for row in rows]

    assert own_texts(short, words, more, delimiter) == own_texts(
        [(*row[:3], row) for row in whole], words, more, delimiter
    )
    assert [shown_line(row, 41) for row in short] == [row_line(row) for row in whole]


@given(st.lists(st.uuids(), max_size=9))
def test_guids_are_spelt_as_usual(guids: list[UUID]) -> None:
    """GUIDs of 16 bytes become the texts that they are the bytes of, in their order."""
    assert guid_texts([guid.bytes for guid in guids]) == list(map(str, guids))


def kept(number: int) -> Any:
    return (number, "created", None, None)


@given(
    here=st.sets(st.integers(2, 30), max_size=20),
    there=st.sets(st.integers(2, 30), max_size=20),
    page=st.integers(1, 7),
    piece=st.integers(1, 7),
)
def test_rows_meet_their_texts(here: set[int], there: set[int], page: int, piece: int) -> None:
    """In lots of any size, each row of the ledger stands beside its own text, and what only one of the two has is left out."""
    ours, theirs = sorted(here), sorted(there)
    pages = [[kept(number) for number in ours[at : at + page]] for at in range(0, len(ours), page)]
    pieces = [
        (theirs[at : at + piece], [f"text {number}" for number in theirs[at : at + piece]])
        for at in range(0, len(theirs), piece)
    ]

    met = [
        (row[0], text)
        for rows, texts in side_by_side(pages, pieces)  # type: ignore[arg-type] # tuples like WrittenRows
        for row, text in zip(rows, texts, strict=True)
    ]

    assert met == [(number, f"text {number}") for number in sorted(here & there)]
