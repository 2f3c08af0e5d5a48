"""The plan before sending: rows that failed before travel apart; rows that LeadSquared shows already do not travel."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.chunker import Group
from etl.ledger.plan import Plan, PlannedRow, StagedRow
from etl.ledger.requests import Taken
from etl.records import Outcome
from tests.clocks import ManualClock
from tests.ledger.books import Book, a_row, created, left_out, mark, open_book

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"

NEW = Outcome.WAITING
KNOWN = Outcome.ALREADY_IMPORTED
CHANGED = Outcome.CHANGED


@dataclass(frozen=True)
class Case:
    """What failed before, the rows of a sheet, and which of them travel apart. before: how rows of an earlier run ended."""

    failed: list[bytes]
    rows: list[StagedRow]
    apart: list[int]
    before: list[tuple[StagedRow, Outcome]] = field(default_factory=list)
    unique: bool = False


LEAD, ROW = mark("lead", "l"), mark("payload", "bad")

TABLE = {
    "nothing failed": Case([], [a_row(2, lead="l"), a_row(3, "bad", lead="m")], []),
    "the lead failed": Case([LEAD], [a_row(2, lead="l"), a_row(3, "b", lead="m"), a_row(4, "c", lead="l")], [2, 4]),
    "the row failed": Case([ROW], [a_row(2, "bad", lead="m"), a_row(3, "b", lead="m")], [2]),
    "the row failed under its key": Case(
        [mark("key", "k")], [a_row(2, "corrected", key="k"), a_row(3, "b", key="l")], [2], unique=True
    ),
    "a row without a lead": Case([LEAD], [a_row(2)], []),
    "a line that was refused": Case(
        [LEAD], [a_row(2, "good", line=(1, 9)), a_row(3, "b")], [2], [(a_row(9), Outcome.REFUSED)]
    ),
    "a line that was never sent": Case([LEAD], [a_row(2, "good", line=(1, 9))], [], [(a_row(9), Outcome.WAITING)]),
    "a line that was invalid": Case([LEAD], [a_row(2, "good", line=(1, 9))], [], [(left_out(9), Outcome.INVALID)]),
    "a known row does not travel": Case([LEAD], [a_row(2, lead="l")], [], [(a_row(9), Outcome.CREATED)]),
    "nor does a row in doubt": Case([LEAD], [a_row(2, lead="l")], [], [(a_row(9), Outcome.UNCONFIRMED)]),
    "a follower travels with its first": Case(
        [LEAD], [a_row(2, key="k", lead="m"), a_row(3, key="k", lead="l")], [], unique=True
    ),
    "what is left out does not travel": Case([LEAD], [left_out(2)], []),
}


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in TABLE.items()])
def test_what_failed_before_travels_apart(book: Book, case: Case) -> None:
    """Rows whose lead, memory key or line was refused before go apart from the others; the run keeps it."""
    if case.before:
        earlier = book.begin([row for row, _ in case.before])
        book.send(earlier, {row.row_number: outcome for row, outcome in case.before})
    book.ledger.failures.note(book.account_id, case.failed)
    plan = book.plan(case.rows, unique=case.unique)

    plan.set_apart(0, book.scope_id, 25)

    assert [row.row_number for row in plan.all_to_send(0) if row.together == 25] == case.apart
    run_id = book.ledger.runs.begin(book.new_run(len(case.rows)), plan, 0)
    assert [row.row_number for row in book.waiting(run_id) if row.together == 25] == case.apart
    assert book.ledger.runs.counts_to_send(run_id) == plan.counts_to_send(0)


def test_failures_of_another_account_set_nothing_apart(book: Book) -> None:
    """Neither do they where this account has never had an import through this mapping."""
    stranger = book.ledger.accounts.meet("https://api.example.com", "test", "78").account_id
    book.ledger.failures.note(stranger, [LEAD])
    plan = book.plan([a_row(2, lead="l")])

    plan.set_apart(0, book.scope_id, 25)
    plan.set_apart(0, None, 25)

    assert plan.counts_to_send(0) == {Group(1): 1}


def test_a_line_of_another_mapping_sets_nothing_apart(book: Book) -> None:
    """Run and row numbers lead back within one scope only."""
    calls = book.ledger.accounts.scope(book.account_id, "calls", 7)
    stranger = Book(book.ledger, book.clock, book.account_id, calls, book.hashes)
    earlier = stranger.begin([a_row(9)])
    stranger.send(earlier, Outcome.REFUSED)
    book.ledger.failures.note(book.account_id, [LEAD])
    plan = book.plan([a_row(2, "good", line=(earlier, 9))])

    plan.set_apart(0, book.scope_id, 25)

    assert plan.counts_to_send(0) == {Group(1): 1}


def test_the_forecast_knows_how_many_travel_apart(book: Book) -> None:
    """What goes out is counted by company, for each input by itself; followers and known rows do not count."""
    book.ledger.failures.note(book.account_id, [LEAD])
    plan = book.plan(
        [a_row(2, key="a", lead="l"), a_row(3, key="b"), a_row(4, key="b"), a_row(5, key="c"), left_out(6)], unique=True
    )
    plan.stage(1, [a_row(2, "z", key="z", lead="l")])

    plan.set_apart(0, book.scope_id, 25)

    assert plan.counts_to_send(0) == {Group(2): 1, Group(1, together=25): 1}
    assert plan.count_to_send(0) == 3
    assert plan.counts_to_send(1) == {Group(1): 1}
    assert plan.counts_to_send(2) == {}


def test_all_that_goes_out_is_told_in_the_order_of_the_sheet(book: Book) -> None:
    """Page by page, each row once, with memory key, ordinal and company; a stretch of the sheet tells the same rows."""
    count = 5_003
    plan = book.plan([a_row(2, lead="l"), *[a_row(number, str(number % 3)) for number in range(3, count + 2)]])
    book.ledger.failures.note(book.account_id, [LEAD])
    plan.set_apart(0, book.scope_id, 25)

    rows = list(plan.all_to_send(0))

    assert [row.row_number for row in rows] == list(range(2, count + 2))
    assert rows[0] == PlannedRow(2, mark("payload", "a"), 1, 25)
    assert rows[-1] == PlannedRow(5_004, mark("payload", "0"), 1_668)
    assert plan.to_send(0, 2, 3) == {2: rows[0], 3: rows[1]}


def noted(book: Book, rows: list[StagedRow], there: dict[int, str], *, unique: bool = False) -> Plan:
    """A plan of rows of which LeadSquared has shown some, by row number."""
    plan = book.plan(rows, unique=unique)
    plan.note_imported(0, there)
    return plan


def test_rows_that_another_ledger_has_sent_are_known_by_their_ids(book: Book) -> None:
    """They do not go out; the dry run and the run say where they are; they are claimed; no request was theirs."""
    rows = [a_row(2), a_row(3), a_row(4, "b"), left_out(5)]
    plan = noted(book, rows, {2: GUID, 4: "A-4", 5: "A-5", 99: "A-9"})

    told = [(line.row_number, line.outcome, line.activity_id, line.code) for line in plan.lines(0)]
    run_id = book.ledger.runs.begin(book.new_run(4), plan, 0)

    assert told == [
        (2, KNOWN, GUID, "read_back"),
        (3, NEW, None, None),
        (4, KNOWN, "A-4", "read_back"),
        (5, Outcome.INVALID, None, "date"),
    ]
    assert told == [(line.row_number, line.outcome, line.activity_id, line.code) for line in book.lines(run_id)]
    assert [(row.row_number, row.ordinal) for row in book.waiting(run_id)] == [(3, 2)]
    assert book.claims() == {(mark("payload", "a"), 1), (mark("payload", "b"), 1)}
    assert book.query("SELECT COUNT(*) FROM rows WHERE request_id IS NOT NULL") == [(0,)]


@pytest.mark.parametrize("goes_on", [False, True], ids=["begun anew", "goes on"])
def test_what_this_ledger_has_sent_meanwhile_is_no_other_ledger_s(book: Book, other: Book, *, goes_on: bool) -> None:
    """A key that another run of ours has brought there since we planned: the row is that run's, and known as its row."""
    plan = book.plan([a_row(2), a_row(3, "b")])
    run_id = book.ledger.runs.begin(book.new_run(2), plan, 0) if goes_on else 0
    theirs = other.begin([a_row(2)])
    (holder,) = other.waiting(theirs)
    request_id = other.intend(theirs)
    if goes_on:
        (row, _) = book.waiting(run_id)
        book.ledger.requests.note_imported({row.row_id: GUID})
    else:
        plan.note_imported(0, {2: GUID}, book.scope_id)
        run_id = book.ledger.runs.begin(book.new_run(2), plan, 0)

    (row, alone) = book.waiting(run_id)
    assert book.reserve(run_id) == Taken(frozenset({row.row_id}))
    other.settle(request_id, created(holder, GUID))
    book.settle(book.intend(run_id, [alone]), created(alone))

    assert book.outcomes(run_id) == {2: KNOWN, 3: Outcome.CREATED}
    assert other.outcomes(theirs) == {2: Outcome.CREATED}


def test_what_follows_a_row_that_is_there_is_there_with_it(book: Book) -> None:
    """Rows of one key are one activity, also where another ledger has sent it; other values are reported."""
    rows = [a_row(2, key="k"), a_row(3, key="k"), a_row(4, "b", key="k"), a_row(5, key="l"), a_row(6, key="l")]
    plan = noted(book, rows, {2: GUID}, unique=True)
    run_id = book.ledger.runs.begin(book.new_run(5), plan, 0)

    assert book.outcomes(run_id) == {2: KNOWN, 3: KNOWN, 4: CHANGED, 5: NEW, 6: NEW}
    assert [line.activity_id for line in book.lines(run_id)][:3] == [GUID] * 3
    assert plan.counts_to_send(0) == {Group(1): 1}
    book.send(run_id)
    assert book.outcomes(run_id) == {2: KNOWN, 3: KNOWN, 4: CHANGED, 5: Outcome.CREATED, 6: KNOWN}


def test_a_row_that_is_known_already_keeps_what_is_known_of_it(book: Book) -> None:
    """What this ledger has sent is not taken for another one's, whatever was read; noting nothing changes nothing."""
    earlier = book.import_rows(a_row(2))
    plan = noted(book, [a_row(2), a_row(3, "b")], {2: GUID})
    plan.note_imported(0, {})

    known, new = plan.lines(0)
    assert (known.outcome, known.activity_id, known.holder_run) == (KNOWN, f"id-{book.row_id(earlier, 2)}", earlier)
    assert new.outcome is NEW


def test_what_is_there_from_elsewhere_is_row_memory_from_then_on(book: Book, other: Book) -> None:
    """The next sheet knows the row, by its values and by its cells; a run planned beside finds it taken."""
    beside = other.begin([a_row(7)])
    (waiting,) = other.waiting(beside)
    plan = noted(book, [a_row(2, "a", cells="x")], {2: GUID})
    run_id = book.ledger.runs.begin(book.new_run(1), plan, 0)

    later = book.begin([a_row(3, "a", cells="y"), a_row(4, "edited", cells="x")])

    assert book.outcomes(later) == {3: KNOWN, 4: NEW}
    assert book.lines(later)[0].activity_id == GUID
    assert book.outcomes(book.begin([a_row(4, "edited", cells="x")])) == {4: KNOWN}
    assert other.reserve(beside, [waiting]) == Taken(frozenset({waiting.row_id}))
    assert (other.outcomes(beside), other.lines(beside)[0].holder_run) == ({7: KNOWN}, run_id)


def test_a_place_that_was_claimed_meanwhile_stays_with_who_has_it(book: Book, other: Book) -> None:
    """Between planning and beginning another process may have sent the row: one claim, and both know where they are."""
    plan = noted(book, [a_row(2)], {2: GUID})
    theirs = other.import_rows(a_row(9))

    run_id = book.ledger.runs.begin(book.new_run(1), plan, 0)

    assert book.query("SELECT row_id FROM claims") == [(other.row_id(theirs, 9),)]
    assert (book.outcomes(run_id), book.lines(run_id)[0].activity_id) == ({2: KNOWN}, GUID)


@given(
    words=st.lists(st.sampled_from("ab"), min_size=1, max_size=6),
    elsewhere=st.lists(st.sampled_from("ab"), max_size=6),
    here=st.lists(st.sampled_from("ab"), max_size=3),
)
@settings(max_examples=8, deadline=None)
def test_equal_rows_are_counted_over_both_ledgers(
    words: list[str], elsewhere: list[str], here: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Of n equal rows of which another ledger has sent m, and this one none of its own or the same first k, n - max goes out."""
    book = open_book(tmp_path_factory.mktemp("law"), ManualClock())
    book.import_rows(*[a_row(number, word) for number, word in enumerate(here, start=2)])
    plan = book.plan([a_row(number, word) for number, word in enumerate(words, start=2)])
    shown = {(mark("payload", word), ordinal) for word in "ab" for ordinal in range(1, elsewhere.count(word) + 1)}

    there = {row.row_number for row in plan.all_to_send(0) if (row.memory_key, row.ordinal) in shown}
    plan.note_imported(0, {number: f"A-{number}" for number in there})

    for word in "ab":
        going = sum(row.memory_key == mark("payload", word) for row in plan.all_to_send(0))
        assert going == max(0, words.count(word) - max(elsewhere.count(word), here.count(word)))
    run_id = book.ledger.runs.begin(book.new_run(len(words)), plan, 0)
    book.send(run_id)
    assert set(book.outcomes(run_id).values()) <= {Outcome.CREATED, KNOWN}
    book.ledger.close()
