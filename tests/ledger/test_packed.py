"""Rows that go into the plan together are those that go in one by one."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from etl.ledger import packed
from tests.ledger.books import mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.ledger.books import Book

NAMES = ("memory_key", "payload", "cells", "lead")
SHORT, LONG = b"\x00'\x1f\xff", mark("key", "a")

ROWS = st.integers(1, 5)


@pytest.fixture
def kind() -> str:
    """A file: elsewhere rows go another way."""
    return "sqlite"


def staged(book: Book, blocks: Sequence[dict[str, Sequence[Any]]]) -> list[Any]:
    """What the plan holds of them."""
    plan = book.ledger.plan()
    for columns in blocks:
        plan.stage_waiting(3, columns)
    counts = plan.counts(3)
    assert sum(counts.values()) == len(list(plan.lines(3)))  # which asks for each of them
    return book.query("SELECT * FROM plan ORDER BY row_number")


@st.composite
def some_blocks(draw: st.DrawFn) -> list[dict[str, Sequence[Any]]]:
    """Blocks of rows whose numbers follow upon each other or not, with marks that are there or not."""
    blocks, last = [], draw(st.sampled_from([1, 1_048_000, 2_147_480_000]))
    for rows in draw(st.lists(ROWS, min_size=1, max_size=3)):
        steps = draw(st.lists(st.sampled_from([1, 1, 1, 2, 40]), min_size=rows, max_size=rows))
        numbers = list(accumulate(steps, initial=last))[1:]
        last = numbers[-1]
        widths = draw(
            st.lists(
                st.sampled_from([[LONG], [LONG], [SHORT], [SHORT, LONG], [None, LONG], [b""]]), min_size=4, max_size=4
            )
        )
        columns: dict[str, Sequence[Any]] = {"row_number": numbers}
        for name, marks in zip(NAMES[: draw(st.integers(1, 4))], widths, strict=False):
            columns[name] = draw(st.lists(st.sampled_from(marks), min_size=rows, max_size=rows))
        if draw(st.integers(0, 4)) == 0:
            columns["lineage_run"] = [None] * rows
        blocks.append(columns)
    return blocks


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(
    blocks=[{"row_number": range(2, 7), "payload": [LONG] * 5}, {"row_number": range(9, 17), "payload": [LONG] * 8}]
)
@example(blocks=[{"row_number": range(2, 5), "cells": [SHORT, SHORT[::-1], SHORT]}])
@given(blocks=some_blocks())
def test_the_plan_holds_the_same_rows(book: Book, blocks: list[dict[str, Sequence[Any]]]) -> None:
    """Whatever is known of rows, and however their numbers run, the plan is that of rows that are handed over one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed, "FEWEST", 1)
        together = staged(book, blocks)
        patch.setattr(packed, "pack", lambda *_: None)
        assert together == staged(book, blocks)


@pytest.mark.parametrize(
    ("columns", "is_so"),
    [
        pytest.param({"row_number": range(2, 402), "payload": [LONG] * 400}, True, id="the usual rows"),
        pytest.param({"row_number": [*range(2, 401), 500], "payload": [LONG] * 400}, True, id="with a gap"),
        pytest.param({"row_number": range(2, 12), "payload": [LONG] * 10}, False, id="few"),
        pytest.param({"row_number": range(2, 402), "payload": [None, *[LONG] * 399]}, False, id="one without a mark"),
        pytest.param({"row_number": range(2, 402), "payload": [SHORT, *[LONG] * 399]}, False, id="of two lengths"),
        pytest.param({"row_number": range(2, 402), "payload": [LONG] * 400, "version": [1] * 400}, False, id="numbers"),
    ],
)
def test_only_what_is_as_expected_is_packed(columns: dict[str, Sequence[Any]], is_so: bool) -> None:
    """Rows of marks go in together, others one by one."""
    block = packed.pack(columns)

    assert (block is not None and block.rows == 400) == is_so
