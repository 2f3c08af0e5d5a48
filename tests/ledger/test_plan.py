"""The plan: which rows of a file LeadSquared already has from us, as a decision table and as a law about equal rows."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.errors import LedgerError
from etl.ledger.plan import StagedRow
from etl.records import Outcome
from tests.clocks import ManualClock
from tests.ledger.books import Book, a_row, left_out, mark, open_book

NEW = Outcome.WAITING
KNOWN = Outcome.ALREADY_IMPORTED
CHANGED = Outcome.CHANGED
DOUBTFUL = Outcome.UNCONFIRMED


@dataclass(frozen=True)
class Case:
    """An earlier run, how its rows ended, and what a later file's rows are then. A row's number is its place + 2."""

    before: list[StagedRow]
    now: list[StagedRow]
    outcomes: list[Outcome]
    fates: dict[int, Outcome] = field(default_factory=dict)
    unique: bool = False


TABLE = {
    "nothing known": Case([], [a_row(2), a_row(3, "b")], [NEW, NEW]),
    "the same row again": Case([a_row(2)], [a_row(2)], [KNOWN]),
    "the same row elsewhere in the sheet": Case([a_row(2)], [a_row(2, "b"), a_row(3, "a")], [NEW, KNOWN]),
    "one of two equal rows known": Case([a_row(2)], [a_row(2), a_row(3)], [KNOWN, NEW]),
    "more known than there are": Case([a_row(2), a_row(3)], [a_row(2)], [KNOWN]),
    "refused before": Case([a_row(2)], [a_row(2)], [NEW], {2: Outcome.REFUSED}),
    "never sent before": Case([a_row(2)], [a_row(2)], [NEW], {2: Outcome.WAITING}),
    "invalid before": Case([left_out(2)], [a_row(2)], [NEW]),
    "in doubt": Case([a_row(2)], [a_row(2)], [DOUBTFUL], {2: Outcome.UNCONFIRMED}),
    "one in doubt, one stored": Case(
        [a_row(2), a_row(3)], [a_row(2), a_row(3), a_row(4)], [DOUBTFUL, KNOWN, NEW], {2: Outcome.UNCONFIRMED}
    ),
    "the mapping makes something else of the same cells": Case(
        [a_row(2, "a", cells="x")], [a_row(2, "b", cells="x")], [KNOWN]
    ),
    "two equal sets of cells, one known": Case(
        [a_row(2, "a", cells="x")], [a_row(2, "b", cells="x"), a_row(3, "b", cells="x")], [KNOWN, NEW]
    ),
    "cells known once are not known twice": Case(
        [a_row(2, "a", cells="x")], [a_row(2, "a", cells="y"), a_row(3, "b", cells="x")], [KNOWN, NEW]
    ),
    "a corrected cell makes another row": Case([a_row(2, "a")], [a_row(2, "b")], [NEW]),
    "key known, values the same": Case([a_row(2, key="k")], [a_row(2, key="k")], [KNOWN], unique=True),
    "key known, other values": Case([a_row(2, "a", key="k")], [a_row(2, "b", key="k")], [CHANGED], unique=True),
    "key known, other cells that make the same": Case(
        [a_row(2, "a", key="k", cells="x")], [a_row(2, "a", key="k", cells="y")], [KNOWN], unique=True
    ),
    "key in doubt, other values": Case(
        [a_row(2, "a", key="k")], [a_row(2, "b", key="k")], [DOUBTFUL], {2: Outcome.UNCONFIRMED}, unique=True
    ),
    "key refused before, corrected": Case(
        [a_row(2, "a", key="k")], [a_row(2, "b", key="k")], [NEW], {2: Outcome.REFUSED}, unique=True
    ),
    "a new key": Case([a_row(2, "a", key="k")], [a_row(2, "b", key="l")], [NEW], unique=True),
    "a new key for equal values": Case(
        [a_row(2, "a", key="k", cells="x")], [a_row(2, "a", key="l", cells="y")], [NEW], unique=True
    ),
    "every row of a known key is known": Case(
        [a_row(2, key="k")], [a_row(2, key="k"), a_row(3, "b", key="k")], [KNOWN, CHANGED], unique=True
    ),
    "a key twice in the file": Case([], [a_row(2, key="k"), a_row(3, key="k")], [NEW, NEW], unique=True),
    "a key twice in the file, with other values": Case(
        [], [a_row(2, "a", key="k"), a_row(3, "b", key="k")], [NEW, CHANGED], unique=True
    ),
    "the columns of the key were changed in the mapping": Case(
        [a_row(2, "a", key="k", cells="x")], [a_row(2, "a", key="l", cells="x")], [KNOWN], unique=True
    ),
    "a line of our file, untouched": Case([a_row(2)], [a_row(2, line=(1, 2))], [KNOWN]),
    "a line of our file whose row was refused": Case(
        [a_row(2)], [a_row(2, "b", line=(1, 2))], [NEW], {2: Outcome.REFUSED}
    ),
    "a line of our file that is stored, with other cells": Case([a_row(2)], [a_row(2, "b", line=(1, 2))], [CHANGED]),
    "a line of our file that is stored, under a later mapping": Case(
        [a_row(2, "a", cells="x")], [a_row(2, "b", cells="x", line=(1, 2))], [KNOWN]
    ),
    "a line of our file in doubt, with other cells": Case(
        [a_row(2)], [a_row(2, "b", line=(1, 2))], [DOUBTFUL], {2: Outcome.UNCONFIRMED}
    ),
    "a line of our file with another key": Case(
        [a_row(2, "a", key="k")], [a_row(2, "b", key="l", line=(1, 2))], [CHANGED], unique=True
    ),
    "a line of our file that was never sent but has a stored twin": Case(
        [a_row(2), a_row(3)], [a_row(2, line=(1, 3)), a_row(3)], [KNOWN, NEW], {3: Outcome.REFUSED}
    ),
    "a line known by its number leaves its equals to be counted": Case(
        [a_row(2), a_row(3)], [a_row(2), a_row(3, line=(1, 2))], [KNOWN, KNOWN]
    ),
    "a row known by its line is not known once more by its values": Case(
        [a_row(2)], [a_row(2), a_row(3, line=(1, 2))], [NEW, KNOWN]
    ),
    "a line of a run that is not there": Case([a_row(2)], [a_row(2, "b", line=(99, 2))], [NEW]),
    "a line copied": Case([left_out(2)], [a_row(2, "b", line=(1, 2)), a_row(3, "b", line=(1, 2))], [NEW, NEW]),
    "a line copied and changed": Case(
        [left_out(2)], [a_row(2, "b", line=(1, 2)), a_row(3, "c", line=(1, 2))], [NEW, CHANGED]
    ),
    "what is left out stays so": Case(
        [a_row(2)], [left_out(2), left_out(3, Outcome.IGNORED), a_row(4)], [Outcome.INVALID, Outcome.IGNORED, KNOWN]
    ),
}


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in TABLE.items()])
def test_what_becomes_of_each_row(book: Book, case: Case) -> None:
    """Before anything is sent, each row of a file stands at the outcome that the ledger's memory gives it."""
    book.send(book.begin(case.before, unique=case.unique), case.fates)

    run_id = book.begin(case.now, unique=case.unique)

    assert list(book.outcomes(run_id).values()) == case.outcomes


def test_counts_are_known_before_the_start(book: Book) -> None:
    """The plan counts every outcome, and the rows that go out apart from those that follow one of them."""
    book.import_rows(a_row(2, key="k"), unique=True)
    rows = [a_row(2, key="k"), a_row(3, key="l"), a_row(4, key="l"), a_row(5, key="m"), left_out(6)]

    plan = book.plan(rows, unique=True)

    assert plan.counts(0) == {KNOWN: 1, NEW: 3, Outcome.INVALID: 1}
    assert plan.count_to_send(0) == 2
    assert sorted(plan.to_send(0, 4, 9)) == [5]
    assert [line.outcome for line in plan.lines(0)] == [KNOWN, NEW, NEW, NEW, Outcome.INVALID]
    run_id = book.ledger.runs.begin(book.new_run(5), plan, 0)
    assert book.ledger.runs.count_to_send(run_id) == 2


def test_a_dry_run_numbers_rows_as_the_run_does(book: Book) -> None:
    """What a plan says goes out, with memory key and ordinal, is what the run then sends."""
    book.import_rows(a_row(2))
    rows = [a_row(2), a_row(3), a_row(4), a_row(5, "b")]

    plan = book.plan(rows)
    run_id = book.begin(rows)

    planned = [(row.row_number, row.memory_key, row.ordinal) for row in plan.to_send(0, 2, 5).values()]
    assert planned == [(row.row_number, row.memory_key, row.ordinal) for row in book.waiting(run_id)]
    assert planned == [
        (3, mark("payload", "a"), 2),
        (4, mark("payload", "a"), 3),
        (5, mark("payload", "b"), 1),
    ]


def test_an_account_without_earlier_imports_knows_no_row(book: Book) -> None:
    """A check without an account compares with nothing."""
    book.import_rows(a_row(2))
    plan = book.ledger.plan()
    plan.stage(0, [a_row(2)])

    plan.match(0, None, has_unique_key=False)
    plan.number_equals(0, None)

    assert plan.counts(0) == {NEW: 1}
    assert plan.to_send(0, 2, 2)[2].ordinal == 1


def test_rows_are_known_within_their_scope_only(book: Book) -> None:
    """Another mapping name, event or account has a memory of its own."""
    book.import_rows(a_row(2))
    elsewhere = book.ledger.accounts.meet("https://api.example.com", "test", "78").account_id
    scopes = [
        (book.account_id, book.ledger.accounts.scope(book.account_id, "calls", 320)),
        (book.account_id, book.ledger.accounts.scope(book.account_id, "visits", 321)),
        (elsewhere, book.ledger.accounts.scope(elsewhere, "visits", 320)),
    ]

    for account_id, scope_id in scopes:
        stranger = Book(book.ledger, book.clock, account_id, scope_id, book.hashes)
        assert stranger.outcomes(stranger.begin([a_row(2), a_row(3, "b", line=(1, 2))])) == {2: NEW, 3: NEW}


def test_planning_writes_nothing_durable(book: Book, other: Book) -> None:
    """A check leaves the ledger as it was, and does not keep another process from writing."""
    plan = book.plan([a_row(2), a_row(3)])

    assert other.query("SELECT COUNT(*) FROM rows") == [(0,)]
    other.import_rows(a_row(2))
    assert plan.counts(0) == {NEW: 2}


def test_a_plan_that_fails_can_be_made_anew(book: Book) -> None:
    """A row number that comes twice is a defect; it leaves no half-staged plan and no open transaction."""
    with pytest.raises(LedgerError, match=r"UNIQUE constraint failed|duplicate key value"):
        book.plan([a_row(2), a_row(2)])

    assert book.outcomes(book.begin([a_row(2)])) == {2: NEW}


def test_inputs_of_one_command_do_not_mix(book: Book) -> None:
    """Several inputs are staged side by side; the rows of each are its own, and the second knows what the first sent."""
    plan = book.ledger.plan()
    for input_no in (0, 1):
        plan.stage(input_no, [a_row(2), a_row(3, "b" if input_no else "c")])
    for input_no, outcomes in ((0, {2: NEW, 3: NEW}), (1, {2: KNOWN, 3: NEW})):
        plan.match(input_no, book.scope_id, has_unique_key=False)
        plan.number_equals(input_no, book.scope_id)

        run_id = book.ledger.runs.begin(book.new_run(2), plan, input_no)

        assert book.outcomes(run_id) == outcomes
        book.send(run_id)


EARLIER = [
    pytest.param(False, [a_row(2), a_row(3, "b"), a_row(4)], [KNOWN, NEW, NEW], id="equal rows are counted"),
    pytest.param(
        True,
        [a_row(2, "a", key="a"), a_row(3, "x", key="a"), a_row(4, "c", key="c")],
        [KNOWN, CHANGED, NEW],
        id="keys are known",
    ),
]


@pytest.mark.parametrize(("unique", "later", "outcomes"), EARLIER)
def test_a_forecast_knows_what_earlier_inputs_would_have_sent(
    book: Book, later: list[StagedRow], outcomes: list[Outcome], *, unique: bool
) -> None:
    """A check of several files counts a row of two of them once, as the run will."""
    plan = book.ledger.plan()
    plan.stage(0, [a_row(2, "a", key="a" if unique else None)])
    plan.stage(1, later)
    for input_no in (0, 1):
        plan.match(input_no, book.scope_id, has_unique_key=unique)
    plan.match_earlier_inputs(1, has_unique_key=unique)

    assert [line.outcome for line in plan.lines(1)] == outcomes


def test_copies_of_a_line_that_follow_each_other_all_hear_of_the_end(book: Book) -> None:
    """A row that follows a row that itself follows another one shares the fate of the one that goes out."""
    earlier = book.begin([left_out(2)])
    rows = [a_row(2, key="k"), a_row(3, key="k", line=(earlier, 2)), a_row(4, key="l", line=(earlier, 2))]
    run_id = book.begin(rows, unique=True)

    book.send(run_id)

    assert book.outcomes(run_id) == {2: Outcome.CREATED, 3: KNOWN, 4: KNOWN}
    assert {line.activity_id for line in book.lines(run_id)} == {book.lines(run_id)[0].activity_id}


def test_an_unsent_line_of_an_earlier_run_is_mended_by_what_is_known(book: Book) -> None:
    """A failed line whose row turns out to be in LeadSquared already is no failure any more."""
    book.import_rows(a_row(2, "good"))
    earlier = book.begin([left_out(5)])

    book.begin([a_row(5, "good", line=(earlier, 5))])

    line = book.lines(earlier)[0]
    assert (line.outcome, line.holder_run, line.error, line.code) == (KNOWN, 1, None, None)


def test_results_lead_back_to_their_own_rows(book: Book) -> None:
    """The results of a file with known rows, fed back, are known line by line, wherever the rows stood in the first file."""
    book.import_rows(a_row(2, "a"), a_row(3, "b"), a_row(4, "c"))
    later = book.import_rows(a_row(2, "new"), a_row(3, "a"), a_row(4, "b"), a_row(5, "c"))

    lines = book.lines(later)
    words = ["new", "a", "corrected", "c"]
    fed_back = [
        a_row(line.row_number, word, line=(line.run_id, line.row_number))
        for line, word in zip(lines, words, strict=True)
    ]

    assert list(book.outcomes(book.begin(fed_back)).values()) == [KNOWN, KNOWN, CHANGED, KNOWN]


def test_ordinals_that_were_released_are_taken_first(book: Book) -> None:
    """A row that goes out gets an ordinal that nobody has, from the lowest on: so runs of equal rows meet at the same ones."""
    book.send(book.begin([a_row(2), a_row(3), a_row(4)]), {2: Outcome.REFUSED, 3: Outcome.WAITING})

    run_id = book.begin([a_row(2), a_row(3), a_row(4), a_row(5)])

    assert [(row.row_number, row.ordinal) for row in book.waiting(run_id)] == [(3, 1), (4, 2), (5, 4)]
    book.send(run_id)
    assert book.claims() == {(mark("payload", "a"), ordinal) for ordinal in (1, 2, 3, 4)}


def test_known_rows_go_out_once_more_on_purpose(book: Book) -> None:
    """After the person has typed their number, known rows go out, behind the ordinals that are taken; others stay."""
    book.send(book.begin([a_row(2), a_row(3), a_row(4, "b")]), {4: Outcome.UNCONFIRMED})

    run_id = book.begin([a_row(2), a_row(3), a_row(4, "b"), a_row(5, "c")], again=True)

    assert [(row.row_number, row.ordinal) for row in book.waiting(run_id)] == [(2, 3), (3, 4), (5, 1)]
    book.send(run_id)
    assert book.outcomes(run_id) == {2: Outcome.CREATED, 3: Outcome.CREATED, 4: DOUBTFUL, 5: Outcome.CREATED}
    assert len(book.claims()) == 6


def test_one_known_activity_goes_out_once_more_once(book: Book) -> None:
    """Rows of the file that are one activity by unique_by stay one when it is sent again on purpose."""
    book.import_rows(a_row(2, key="k"), a_row(3, key="l"), unique=True)

    run_id = book.begin([a_row(2, key="k"), a_row(3, key="k"), a_row(4, key="l")], unique=True, again=True)

    assert [row.row_number for row in book.waiting(run_id)] == [2, 4]
    book.send(run_id)
    assert book.outcomes(run_id) == {2: Outcome.CREATED, 3: KNOWN, 4: Outcome.CREATED}


FILES = st.lists(
    st.tuples(
        st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")), max_size=5),
        st.lists(st.sampled_from([Outcome.CREATED, Outcome.REFUSED, Outcome.WAITING, Outcome.UNCONFIRMED]), max_size=5),
    ),
    min_size=1,
    max_size=5,
)


@given(files=FILES)
@settings(max_examples=20, deadline=None)
def test_of_n_equal_rows_of_which_m_are_there_n_minus_m_go_out(
    files: list[tuple[list[tuple[str, str]], list[Outcome]]],
) -> None:
    """File after file, with any ends of the rows that went out: max(0, n - m) of each kind go out, and ordinals never collide.

    Rows of a kind are equal in what they send, whatever their cells are. The equation holds after every step.
    """
    with tempfile.TemporaryDirectory() as folder:
        book = open_book(Path(folder), ManualClock())
        there = {"a": 0, "b": 0}
        for words, fates in files:
            rows = [a_row(n, payload, cells=f"{payload}{cells}") for n, (payload, cells) in enumerate(words, start=2)]
            run_id = book.begin(rows)
            kind_of = {n: payload for n, (payload, _) in enumerate(words, start=2)}

            numbers = [row.row_number for row in book.waiting(run_id)]
            going = [kind_of[number] for number in numbers]
            for kind, known in there.items():
                assert going.count(kind) == max(0, list(kind_of.values()).count(kind) - known)
            ends = dict(zip(numbers, fates, strict=False))
            before = book.claims()
            book.send(run_id, ends)

            for number in numbers:
                if ends.get(number, Outcome.CREATED) in {Outcome.CREATED, Outcome.UNCONFIRMED}:
                    there[kind_of[number]] += 1
            assert len(book.claims()) == sum(there.values())
            assert before <= book.claims()
            assert sum(book.ledger.runs.counts(run_id).values()) == len(rows)
        book.ledger.close()


@given(
    before=st.lists(st.sampled_from("xy"), max_size=5),
    now=st.lists(st.sampled_from("xy"), max_size=5),
    again=st.booleans(),
)
@settings(max_examples=20, deadline=None)
def test_the_law_holds_for_cells_when_the_mapping_has_changed(
    before: list[str], now: list[str], *, again: bool
) -> None:
    """After a change of the mapping rows are counted by their cells: of n in the file of which m are there, n - m go out."""
    with tempfile.TemporaryDirectory() as folder:
        book = open_book(Path(folder), ManualClock())
        book.import_rows(*[a_row(n, f"old {cells}", cells=cells) for n, cells in enumerate(before, start=2)])

        rows = [a_row(n, f"new {cells}", cells=cells) for n, cells in enumerate(now, start=2)]
        run_id = book.begin(rows, again=again)

        going = [now[row.row_number - 2] for row in book.waiting(run_id)]
        for cells in "xy":
            known = 0 if again else before.count(cells)
            assert going.count(cells) == max(0, now.count(cells) - known)
        book.send(run_id)
        assert set(book.outcomes(run_id).values()) <= {Outcome.CREATED, KNOWN}
        book.ledger.close()
