"""Rows that are held until somebody asks for them become what they would have become in the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from etl.errors import LedgerError
from etl.ledger import held_rows, packed
from etl.records import Outcome
from tests.ledger.books import a_row, left_out, mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.ledger.plan import Plan
    from tests.ledger.books import Book

ROWS = """SELECT row_number, scope_id, account_id, outcome, memory_key, ordinal, payload, cells, request_id, position,
    activity_id, (SELECT row_number FROM rows AS holder WHERE holder.row_id = rows.known_row_id), known_row_id IS NULL,
    together, address, lineage_run, lineage_row, code, error, hint
    FROM rows WHERE run_id = (SELECT MAX(run_id) FROM runs) ORDER BY row_number"""
IN_PLAN = "SELECT COUNT(*) FROM plan"

BLOCKS: dict[str, list[tuple[range | list[int], str]]] = {
    "all new and different": [(range(2, 9), "x"), (range(9, 12), "y")],
    "with gaps": [([2, 3, 7, 30], "x"), ([31, 900], "y")],
    "equal ones in two blocks": [(range(2, 6), "x"), (range(6, 9), "x")],
    "some are known": [(range(2, 6), "known"), (range(6, 9), "y")],
}


@pytest.fixture
def kind() -> str:
    """A file: elsewhere no rows are held."""
    return "sqlite"


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "FEWEST", 2)


def block(numbers: Sequence[int], word: str, *, with_leads: bool = False) -> dict[str, Sequence[Any]]:
    """Rows by columns, all different where their word is."""
    words = [f"{word} {place}" for place, _ in enumerate(numbers)]
    columns: dict[str, Sequence[Any]] = {"row_number": numbers}
    for name in ("memory_key", "payload", "cells", *(["lead"] if with_leads else [])):
        kind = "payload" if name == "memory_key" else name
        columns[name] = [mark(kind, one) for one in words]
    return columns


def planned(book: Book, blocks: Sequence[dict[str, Sequence[Any]]], *, is_by_key: bool = False) -> Plan:
    """As a command does it: matched and numbered at one moment, counted, rows of refused leads set apart."""
    plan = book.ledger.plan()
    for columns in blocks:
        plan.stage_waiting(0, columns)
    with plan.at_one_moment():
        plan.match(0, book.scope_id, has_unique_key=is_by_key)
        plan.number_equals(0, book.scope_id)
        plan.set_apart(0, book.scope_id, 5)
    assert sum(plan.counts(0).values()) == sum(len(columns["row_number"]) for columns in blocks)
    return plan


def begun(book: Book, plan: Plan) -> list[Any]:
    """The rows of a run of the plan."""
    book.ledger.runs.begin(book.new_run(sum(plan.counts(0).values())), plan, 0)
    return book.query(ROWS)


@pytest.mark.parametrize("is_by_key", [False, True], ids=["by payload", "by key"])
@pytest.mark.parametrize("with_leads", [False, True], ids=["without leads", "with leads"])
@pytest.mark.parametrize("case", BLOCKS)
def test_a_run_has_the_same_rows(
    book: Book, monkeypatch: pytest.MonkeyPatch, case: str, with_leads: bool, is_by_key: bool
) -> None:
    """Whether they came straight from where they were held, or out of the plan's table."""
    if case == "some are known":
        book.import_rows(*(a_row(number, f"known {number}") for number in (1, 3)))
    blocks = [block(numbers, word, with_leads=with_leads) for numbers, word in BLOCKS[case]]

    def of(most: int) -> tuple[object, ...]:
        monkeypatch.setattr(held_rows, "MOST_ROWS", most)
        plan = planned(book, blocks, is_by_key=is_by_key)
        told = (plan.count_to_send(0), plan.counts(0))
        rows = begun(book, plan)
        return *told, rows, [tuple(line)[:2] for line in plan.lines(0)]

    assert of(1_000) == of(0)


def test_rows_of_which_nothing_is_asked_never_see_the_plan(book: Book) -> None:
    """All new, all different: they go into the ledger at once."""
    rows = begun(book, planned(book, [block(range(2, 50), "x"), block(range(50, 60), "y")]))

    assert [row[0] for row in rows] == list(range(2, 60))
    assert book.query(IN_PLAN) == [(0,)]


@pytest.mark.parametrize(
    ("most", "at_once"),
    [
        pytest.param(1_000, 1, id="all can be held"),
        pytest.param(12, 20, id="too many"),
        pytest.param(5, 20, id="far too many"),
    ],
)
def test_rows_that_are_left_out_have_the_others_written(
    book: Book, monkeypatch: pytest.MonkeyPatch, most: int, at_once: int
) -> None:
    """They stand in the plan's table, and so do the rest then; as they do where there are too many to be held."""
    monkeypatch.setattr(held_rows, "MOST_ROWS", most)
    plan = book.ledger.plan()
    plan.stage_waiting(0, block(range(2, 10), "x"))
    plan.stage(0, [left_out(10)])
    plan.stage_waiting(0, block(range(11, 20), "y"))
    plan.stage_waiting(0, block(range(20, 22), "z"))
    assert book.query(IN_PLAN) == [(at_once,)]
    plan.match(0, book.scope_id, has_unique_key=False)
    plan.number_equals(0, book.scope_id)

    assert plan.counts(0) == {Outcome.WAITING: 19, Outcome.INVALID: 1}
    assert [row[0] for row in begun(book, plan)] == list(range(2, 22))
    assert book.query(IN_PLAN) == [(20,)]


def test_what_is_taken_back_is_held_again(book: Book) -> None:
    """An error while the plan is asked for its rows leaves it with all of them."""
    plan = book.ledger.plan()
    plan.stage_waiting(0, block(range(2, 10), "x"))

    with pytest.raises(LedgerError), plan.at_one_moment():
        assert len(plan.marks(0, 4)) == 32
        raise LedgerError("no more")

    assert [line.row_number for line in plan.lines(0)] == list(range(2, 10))
    assert book.query(IN_PLAN) == [(8,)]


@pytest.mark.parametrize("is_asked", [False, True], ids=["held", "in the table"])
def test_a_run_that_could_not_begin_can_be_begun_again(book: Book, is_asked: bool) -> None:
    """What is taken back with it takes no row of the plan along."""
    plan = planned(book, [block(range(2, 10), "x")])
    if is_asked:
        assert len(list(plan.lines(0))) == 8
    book.break_writing("INSERT", "rows")
    with pytest.raises(Exception, match="disk is full"):
        begun(book, plan)
    book.do("DROP TRIGGER IF EXISTS broken")

    assert len(begun(book, plan)) == 8
    assert len(list(plan.lines(0))) == 8


def test_a_run_that_could_not_begin_leaves_rows_that_nothing_was_asked_of(book: Book) -> None:
    """Those of an input with others beside them, which are written into the table on the way."""
    plan = book.ledger.plan()
    plan.stage_waiting(0, block(range(2, 10), "x"))
    plan.stage(0, [left_out(10)])
    book.break_writing("INSERT", "rows")

    with pytest.raises(Exception, match="disk is full"):
        book.ledger.runs.begin(book.new_run(9), plan, 0)

    assert len(list(plan.lines(0))) == 9


def test_an_input_that_is_forgotten_leaves_none(book: Book) -> None:
    """Its rows are neither held nor in the table; those of others stay."""
    plan = book.ledger.plan()
    for input_no in (0, 1):
        plan.stage_waiting(input_no, block(range(2, 10), "x"))

    plan.forget(0)

    assert list(plan.lines(0)) == []
    assert len(list(plan.lines(1))) == 8
