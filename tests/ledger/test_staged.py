"""What is known of an input from having staged it is what the database would say."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from etl.chunker import Group
from etl.ledger import staged
from etl.ledger.staged import Staged
from tests.ledger.books import a_row, left_out, mark

if TYPE_CHECKING:
    from etl.ledger.plan import StagedRow
    from tests.ledger.books import Book

INPUTS: dict[str, list[StagedRow]] = {
    "all different": [a_row(2, key="a"), a_row(3, key="b"), a_row(4, key="c"), a_row(5, key="d")],
    "equal in one block": [a_row(2, key="a"), a_row(3, key="a"), a_row(4, key="b")],
    "equal in two blocks": [a_row(2, key="a"), a_row(3, key="b"), a_row(4, key="a"), a_row(5, key="c")],
    "equal with other values": [a_row(2, "x", key="a"), a_row(3, "x", key="b"), a_row(4, "y", key="a")],
    "three of a kind": [a_row(number, key="a") for number in (2, 3, 4)],
    "some are left out": [left_out(2), a_row(3, key="a"), left_out(4), a_row(5, key="a"), left_out(6)],
    "some are left out of different ones": [left_out(2), a_row(3, key="a"), a_row(5, "b", key="b"), left_out(6)],
    "lines of an earlier run": [a_row(2, key="a", line=(1, 2)), a_row(3, key="b", line=(1, 2)), a_row(4, key="c")],
}


def seen(book: Book, rows: list[StagedRow], *, is_known: bool, unique: bool) -> object:
    """What becomes of rows that were staged in two blocks."""
    plan = book.ledger.plan()
    half = len(rows) // 2
    for block in (rows[:half], [], rows[half:]):
        plan.stage(0, block)
    scope_id = book.scope_id if is_known else None
    plan.match(0, scope_id, has_unique_key=unique)
    plan.number_equals(0, scope_id)
    lines = [tuple(line) for line in plan.lines(0)]
    counts = plan.counts(0)
    assert counts == Counter(line[1] for line in lines)
    going = plan.to_send(0, 2, 9)
    assert plan.counts_to_send(0) == ({Group(len(going), None): 1} if going else {})
    return lines, going


@pytest.mark.parametrize("is_known", [False, True], ids=["nothing known", "some known"])
@pytest.mark.parametrize("unique", [False, True], ids=["by payload", "by key"])
@pytest.mark.parametrize("case", INPUTS)
def test_the_same_comes_out_where_the_database_is_asked(
    book: Book, monkeypatch: pytest.MonkeyPatch, case: str, unique: bool, is_known: bool
) -> None:
    """Rows that share a key are found whether their keys fit into memory or not."""
    book.import_rows(a_row(2, "z", key="d"))
    found = seen(book, INPUTS[case], is_known=is_known, unique=unique)

    monkeypatch.setattr(staged, "MOST_KEYS", 0)

    assert found == seen(book, INPUTS[case], is_known=is_known, unique=unique)


def test_a_second_input_is_not_mixed_with_the_first(book: Book) -> None:
    """A key in two inputs is shared by no two rows of one."""
    plan = book.ledger.plan()
    plan.stage(0, [a_row(2, key="a")])
    plan.stage(1, [a_row(2, key="a")])
    plan.match(1, None, has_unique_key=True)

    assert not plan._has_equals(0)
    assert not plan._has_equals(1)


@pytest.mark.parametrize(
    ("blocks", "are_different"),
    [
        pytest.param([["a", "b"], ["c"]], True, id="different"),
        pytest.param([["a", "b"], ["b"]], False, id="shared over blocks"),
        pytest.param([["a", None], [None, "b"]], True, id="rows without a key"),
        pytest.param([["a", "b"], ["c", "d"]], False, id="too many to hold"),
    ],
)
def test_keys_are_held_as_far_as_memory_goes(
    monkeypatch: pytest.MonkeyPatch, blocks: list[list[str | None]], are_different: bool
) -> None:
    """Of an input that is too large nothing is said, and nothing is kept."""
    monkeypatch.setattr(staged, "MOST_KEYS", 3)
    one = Staged()
    for block in blocks:
        keys = [key and mark("key", key) for key in block]
        one.take({"row_number": range(len(block)), "memory_key": keys, "lineage_run": [None] * len(block)})

    assert one.are_different == are_different
    assert bool(one._keys) == are_different
    assert (one.has_lines, one.has_versions) == (False, False)
    one.take({"row_number": [9], "memory_key": [mark("key", "z")], "lineage_run": [4], "version": [1]})
    assert (one.has_lines, one.has_versions) == (True, True)
    assert one.rows == sum(map(len, blocks)) + 1
