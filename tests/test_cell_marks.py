"""By their marks it is known which cells of a line a person has changed."""

# ruff: noqa: DTZ001 — a cell has no zone

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from etl.cell_marks import MOST_MARKED, as_kept, column_names, marks_in, marks_text
from etl.records import BrokenCell, Cell, ShownNumber

SAME: dict[str, tuple[Cell, Cell]] = {
    "whole number and its double": (42, 42.0),
    "number and its text": (42, "42"),
    "digits beyond the fifteenth": (0.1 + 0.2, 0.3),
    "a large whole number as a double": (12345678901234567890, 1.2345678901234567e19),
    "midnight and its day": (datetime(2026, 6, 3), date(2026, 6, 3)),
    "a moment a few microseconds off": (datetime(2026, 6, 3, 9, 30), datetime(2026, 6, 3, 9, 29, 59, 999_987)),
    "line breaks of two systems": ("one\r\ntwo", "one\ntwo"),
    "nothing and an empty text": (None, ""),
    "an error and its text": (BrokenCell("#N/A"), "#N/A"),
    "a shown number and what is stored": (ShownNumber(0.15, "15%"), 0.15),
    "the last year": (datetime(9999, 12, 31, 23, 59, 59), datetime(9999, 12, 31, 23, 59, 59)),
}
OTHER: dict[str, tuple[Cell, Cell]] = {
    "another digit": ("00417", "0417"),
    "a text and nothing": ("0", None),
    "a true value and its number": (True, 1),
    "a second": (time(9, 30), time(9, 30, 1)),
    "a space": ("Asha", "Asha "),
}


@pytest.mark.parametrize(("cell", "stored"), SAME.values(), ids=SAME.keys())
def test_storing_again_is_no_change(cell: Cell, stored: Cell) -> None:
    """What Excel or LibreOffice makes of a cell by saving it is the same cell."""
    marks = marks_in(marks_text([("Budget", 0)], [cell]))

    assert as_kept(cell) == as_kept(stored)
    assert marks is not None and marks.has(("Budget", 0), stored)


@pytest.mark.parametrize(("cell", "typed"), OTHER.values(), ids=OTHER.keys())
def test_typing_is_a_change(cell: Cell, typed: Cell) -> None:
    """Whatever a person can see to be different is."""
    marks = marks_in(marks_text([("Budget", 0)], [cell]))

    assert marks is not None and not marks.has(("Budget", 0), typed)


def test_a_mark_is_of_its_column() -> None:
    """The same value in another column, or in the second of two equal headers, is another cell."""
    names = list(column_names(["Remarks", "Site", "Remarks"]))
    marks = marks_in(marks_text(names, ["a", "b", "c"]))

    assert names == [("Remarks", 0), ("Site", 0), ("Remarks", 1)]
    assert marks is not None
    assert [marks.has(name, cell) for name, cell in zip(names, "abc", strict=True)] == [True] * 3
    assert [marks.has(name, cell) for name, cell in zip(names, "cab", strict=True)] == [False] * 3


@pytest.mark.parametrize("text", ["", "x", "1.###", "1.AAAA", "2.AAAAAAAA"], ids=repr)
def test_what_is_no_marks_says_nothing(text: str) -> None:
    """Marks that somebody has typed over cannot be told from others: they are none."""
    assert marks_in(text) is None


def test_the_marks_of_a_wide_line_fit_into_a_cell() -> None:
    """Excel holds 32,767 characters in a cell."""
    names = [(f"c{place}", 0) for place in range(MOST_MARKED)]

    assert len(marks_text(names, [None] * MOST_MARKED)) <= 32_767
