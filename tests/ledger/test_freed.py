"""Rows that were taken for a row of another run which did not arrive: freed, found taken, never sent twice."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.delivery.outcomes import RowEnd
from etl.ledger.plan import StagedRow
from etl.ledger.requests import Reserved, Taken
from etl.ledger.runs import WaitingRow
from etl.records import Outcome
from tests.clocks import ManualClock
from tests.ledger.books import FATES, Book, a_row, absent, created, left_out, lost, mark, not_carried_out, open_book
from tests.ledger.books import refused as sent_back

DOUBTFUL = Outcome.UNCONFIRMED
KNOWN = Outcome.ALREADY_IMPORTED
CHANGED = Outcome.CHANGED
NEW = Outcome.WAITING


def a_holder(book: Book, row: StagedRow, *, unique: bool = False) -> tuple[int, int, WaitingRow]:
    """A row of another run that went out and was lost. Returns: its run, its request, the row."""
    run_id = book.begin([row], unique=unique)
    (waiting,) = book.waiting(run_id)
    request_id = book.intend(run_id)
    book.settle(request_id, lost(waiting))
    book.ledger.runs.end(run_id, None, None)
    return run_id, request_id, waiting


def going(book: Book, run_id: int) -> list[tuple[int, int]]:
    """The rows of a run that are to be sent: number and ordinal."""
    return [(row.row_number, row.ordinal) for row in book.waiting(run_id)]


@pytest.mark.parametrize("goes_first", ["mine", "yours"])
def test_of_a_freed_row_and_its_holder_one_goes_out(book: Book, other: Book, goes_first: str) -> None:
    """Both wait under the same key and ordinal: whichever goes out first, the other one is found taken."""
    yours, request_id, holder = a_holder(other, a_row(9))
    mine = book.begin([a_row(2)])
    book.ledger.runs.end(mine, None, None)

    other.read_back(request_id, absent(holder))

    assert (going(book, mine), going(other, yours)) == ([(2, 1)], [(9, 1)])
    assert (book.state(mine), other.state(yours)) == ("open", "open")
    first, second = (mine, yours) if goes_first == "mine" else (yours, mine)
    (left,) = book.waiting(second)
    book.send(first)
    assert book.reserve(second, [left]) == Taken(frozenset({left.row_id}))
    assert (book.outcomes(first), book.outcomes(second)) == (
        {2 if first == mine else 9: Outcome.CREATED},
        {2 if second == mine else 9: KNOWN},
    )
    assert book.claims() == {(mark("payload", "a"), 1)}


LATE = {
    "stored": (created, KNOWN, Outcome.CREATED),
    "not stored: it stands alone": (absent, NEW, Outcome.WAITING),
    "refused": (sent_back, Outcome.REFUSED, Outcome.REFUSED),
    "still in doubt": (None, DOUBTFUL, DOUBTFUL),
}


@pytest.mark.parametrize(("end", "mine_is", "yours_is"), LATE.values(), ids=LATE.keys())
def test_a_row_whose_holder_ended_while_the_plan_was_made(
    book: Book, other: Book, end: Callable[[WaitingRow], RowEnd] | None, mine_is: Outcome, yours_is: Outcome
) -> None:
    """It was compared with a row on its way and written down after that one's end: told late is told as well."""
    yours, request_id, holder = a_holder(other, a_row(9))
    plan = book.plan([a_row(2), a_row(3, "b")])
    if end is not None:
        other.read_back(request_id, end(holder))
    mine = book.ledger.runs.begin(book.new_run(2), plan, 0)

    book.ledger.requests.tell_late_followers(mine)

    assert book.outcomes(mine) == {2: mine_is, 3: NEW}
    assert other.outcomes(yours) == {9: yours_is}
    assert going(book, mine) == [(2, 1), (3, 1)][mine_is is not NEW :]


@dataclass(frozen=True)
class Case:
    """A row in doubt, the rows of another run, how the holder ends, and then those rows: outcome, and ordinal if it goes."""

    holder: StagedRow
    rows: list[StagedRow]
    end: Outcome
    outcomes: list[Outcome]
    ordinals: list[tuple[int, int]] = field(default_factory=list)
    unique: bool = False


ABSENT = Outcome.WAITING

TABLE = {
    "the same row": Case(a_row(9), [a_row(2)], ABSENT, [NEW], [(2, 1)]),
    "beside an equal one that waited already": Case(
        a_row(9), [a_row(2), a_row(3)], ABSENT, [NEW, NEW], [(2, 1), (3, 2)]
    ),
    "the same key": Case(a_row(9, key="k"), [a_row(2, key="k")], ABSENT, [NEW], [(2, 1)], unique=True),
    "the same cells under an edited mapping": Case(
        a_row(9, "a", cells="x"), [a_row(2, "b", cells="x")], ABSENT, [NEW], [(2, 1)]
    ),
    "the same cells under an edited mapping, beside an equal row": Case(
        a_row(9, "a", cells="x"),
        [a_row(2, "b", cells="x"), a_row(3, "b", cells="y")],
        ABSENT,
        [NEW, NEW],
        [(2, 2), (3, 1)],
    ),
    "its line with another key": Case(
        a_row(9, "a", key="k"), [a_row(2, "b", key="l", line=(1, 9))], ABSENT, [NEW], [(2, 1)], unique=True
    ),
    "several rows of its key: the first stands alone": Case(
        a_row(9, key="k"), [a_row(2, key="k"), a_row(3, key="k")], ABSENT, [NEW, NEW], [(2, 1)], unique=True
    ),
    "several rows of its key, with other values": Case(
        a_row(9, "a", key="k"),
        [a_row(2, "b", key="k"), a_row(3, "c", key="k"), a_row(4, "b", key="k")],
        ABSENT,
        [NEW, CHANGED, NEW],
        [(2, 1)],
        unique=True,
    ),
    "copies of its line": Case(
        a_row(9), [a_row(2, line=(1, 9)), a_row(3, "b", line=(1, 9))], ABSENT, [NEW, CHANGED], [(2, 1)]
    ),
    "refused: the same values are refused": Case(a_row(9), [a_row(2)], Outcome.REFUSED, [Outcome.REFUSED]),
    "refused: other values of the same key were never sent": Case(
        a_row(9, "a", key="k"),
        [a_row(2, "a", key="k"), a_row(3, "b", key="k"), a_row(4, "b", key="k")],
        Outcome.REFUSED,
        [Outcome.REFUSED, NEW, NEW],
        [(3, 1)],
        unique=True,
    ),
    "refused: a corrected line was never sent": Case(
        a_row(9, "a"), [a_row(2, "b", line=(1, 9))], Outcome.REFUSED, [NEW], [(2, 1)]
    ),
    "found": Case(a_row(9), [a_row(2)], Outcome.CREATED, [KNOWN]),
    "found, with other values": Case(
        a_row(9, "a", key="k"), [a_row(2, "b", key="k")], Outcome.CREATED, [CHANGED], unique=True
    ),
    "open still": Case(a_row(9), [a_row(2)], DOUBTFUL, [DOUBTFUL]),
}


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in TABLE.items()])
def test_what_becomes_of_rows_that_were_taken_for_a_row_in_doubt(book: Book, other: Book, case: Case) -> None:
    """As soon as the holder has its end, rows of other runs stand as if their plan had known it."""
    _, request_id, holder = a_holder(other, case.holder, unique=case.unique)
    mine = book.begin(case.rows, unique=case.unique)
    book.ledger.runs.end(mine, None, None)

    other.read_back(request_id, FATES[case.end](holder))

    assert list(book.outcomes(mine).values()) == case.outcomes
    assert going(book, mine) == case.ordinals
    assert book.state(mine) == ("open" if NEW in case.outcomes else "finished")
    book.send(mine)
    assert NEW not in book.outcomes(mine).values()


def test_a_fresh_ordinal_lies_behind_what_is_claimed(book: Book, other: Book) -> None:
    """A row that is freed under another memory key than its holder's takes nobody's place, in the ledger or in its run."""
    other.import_rows(a_row(2, "b", cells="z"))
    _, request_id, holder = a_holder(other, a_row(9, "a", cells="x"))
    mine = book.begin([a_row(2, "b", cells="x"), a_row(3, "b", cells="y"), a_row(4, "b", cells="w")])
    assert book.outcomes(mine) == {2: KNOWN, 3: NEW, 4: NEW}
    assert going(book, mine) == [(3, 2), (4, 3)]

    freed = book.begin([a_row(2, "c", cells="x"), a_row(3, "c", cells="v")])
    other.read_back(request_id, absent(holder))

    assert going(book, freed) == [(2, 2), (3, 1)]
    book.send(freed)
    assert {(mark("payload", "c"), 1), (mark("payload", "c"), 2)} <= book.claims()


def test_rows_of_its_own_run_wait_again_behind_it(book: Book) -> None:
    """What follows a row of the same run keeps following it: one activity goes out for all of them."""
    run_id = book.begin([a_row(2, key="k"), a_row(3, key="k"), a_row(4, "b", key="k")], unique=True)
    (row,) = book.waiting(run_id)
    request_id = book.intend(run_id)
    book.settle(request_id, lost(row))
    assert book.outcomes(run_id) == {2: DOUBTFUL, 3: DOUBTFUL, 4: CHANGED}

    book.read_back(request_id, absent(row))

    assert book.outcomes(run_id) == {2: NEW, 3: NEW, 4: CHANGED}
    assert going(book, run_id) == [(2, 1)]
    book.send(run_id)
    assert book.outcomes(run_id) == {2: Outcome.CREATED, 3: KNOWN, 4: CHANGED}


def test_every_other_run_is_freed_on_its_own(book: Book, other: Book) -> None:
    """Of several runs that took a row in doubt for theirs each has one row that waits, all at the same place."""
    _, request_id, holder = a_holder(other, a_row(9, key="k"), unique=True)
    runs = [book.begin([a_row(2, key="k"), a_row(3, key="k")], unique=True) for _ in range(2)]

    other.read_back(request_id, absent(holder))

    assert [going(book, run) for run in runs] == [[(2, 1)], [(2, 1)]]
    book.send(runs[1])
    assert isinstance(book.reserve(runs[0]), Taken)
    assert book.outcomes(runs[0]) == {2: KNOWN, 3: KNOWN}


@pytest.mark.parametrize(
    ("end", "outcomes"),
    [
        pytest.param(Outcome.CREATED, [KNOWN, KNOWN, CHANGED], id="found"),
        pytest.param(Outcome.REFUSED, [Outcome.REFUSED, Outcome.REFUSED, CHANGED], id="refused"),
        pytest.param(NEW, [NEW, NEW, CHANGED], id="absent"),
        pytest.param(DOUBTFUL, [DOUBTFUL, DOUBTFUL, CHANGED], id="open still"),
    ],
)
def test_a_row_that_was_found_taken_hears_of_the_end_with_all_that_follow_it(
    book: Book, other: Book, end: Outcome, outcomes: list[Outcome]
) -> None:
    """Taken by a row in doubt, a row and its followers are nobody's doubt of their own, and end as that row does."""
    mine = book.begin([a_row(2, key="k"), a_row(3, key="k"), a_row(4, "b", key="k")], unique=True)
    book.send(mine, NEW)
    book.do("UPDATE rows SET request_id = 1, position = 1 WHERE row_number = 2")  # as a ledger of before has it
    _, request_id, holder = a_holder(other, a_row(9, key="k"), unique=True)
    assert isinstance(book.reserve(mine), Taken)
    assert book.query("SELECT request_id, position FROM rows WHERE row_number = 2") == [(None, None)]
    (doubt,) = book.ledger.doubts.of_run(mine)
    assert [row.row_id for row in doubt.rows] == [holder.row_id]

    other.read_back(request_id, FATES[end](holder))

    assert list(book.outcomes(mine).values()) == outcomes
    assert going(book, mine) == ([(2, 1)] if end is NEW else [])
    if end is Outcome.CREATED:
        assert {line.activity_id for line in book.lines(mine)} == {f"id-{holder.row_id}"}
    book.send(mine)
    assert {line.holder_run for line in book.lines(mine)[1:]} == ({mine} if end is NEW else {holder_run(book, holder)})


def holder_run(book: Book, holder: WaitingRow) -> int:
    return int(book.query("SELECT run_id FROM rows WHERE row_id = :row_id", row_id=holder.row_id)[0][0])


def test_a_line_that_was_never_mapped_is_not_sent_when_its_correction_is_disproved(book: Book) -> None:
    """Rows without a payload follow nobody into doubt: they could not go out."""
    earlier = book.begin([left_out(2)])
    book.import_rows(a_row(2, "good"))
    later = book.begin([a_row(2, "good", line=(earlier, 2))])
    assert (book.outcomes(earlier), book.outcomes(later)) == ({2: KNOWN}, {2: KNOWN})
    holder = book.row_id(earlier + 1, 2)

    book.ledger.requests.disprove([holder])
    book.ledger.requests.let_go_as_probe(holder)

    assert book.waiting(earlier) == []
    assert going(book, later) == [(2, 1)]


# The law


class Truth:
    """What LeadSquared holds, and what two runs over equal rows may do to it."""

    def __init__(self, book: Book, *, unique: bool) -> None:
        self.book = book
        self.unique = unique
        self.stored: list[tuple[bytes, int]] = []
        self.runs: list[int | None] = [None, None]
        self.arrived: dict[int, str] = {}  # row_id of a row in doubt that is there, and its activity

    def begin(self, which: int, words: list[str]) -> None:
        if self.runs[which] is None:
            rows = [
                a_row(number, word, cells=f"{which}{number}{word}", key=word if self.unique else None)
                for number, word in enumerate(words, start=2)
            ]
            self.runs[which] = self.book.begin(rows, unique=self.unique)

    def send(self, which: int, chosen: list[int], fates: list[str]) -> None:
        run_id = self.runs[which]
        if run_id is None:
            return
        waiting = self.book.waiting(run_id)
        rows = [waiting[place] for place in sorted({place % len(waiting) for place in chosen})] if waiting else []
        while rows:
            answer = self.book.reserve(run_id, rows)
            if isinstance(answer, Reserved):
                self.book.settle(answer.request_id, *map(self.end, rows, fates))
                return
            assert isinstance(answer, Taken)
            rows = [row for row in rows if row.row_id not in answer.row_ids]

    def end(self, row: WaitingRow, fate: str) -> RowEnd:
        if fate in {"created", "lost, stored"}:
            self.stored.append((row.memory_key, row.ordinal))
        activity_id = f"A-{len(self.stored)}"
        if fate == "lost, stored":
            self.arrived[row.row_id] = activity_id
        if fate == "created":
            return created(row, activity_id)
        return {"refused": sent_back, "not carried out": not_carried_out}.get(fate, lost)(row)

    def look(self, which: int) -> None:
        """Read back what keeps a run in doubt; the read tells the truth."""
        run_id = self.runs[which]
        for doubt in self.book.ledger.doubts.of_run(run_id) if run_id is not None else ():
            ends = [
                RowEnd(row.row_id, Outcome.CREATED, self.arrived[row.row_id])
                if row.row_id in self.arrived
                else RowEnd(row.row_id, NEW)
                for row in doubt.rows
            ]
            assert self.book.read_back(doubt.request_id, *ends) == tuple(ends)

    def finish(self, which: int) -> None:
        """Send all that waits, with nothing but good answers, and read back what is in doubt; also what is found taken then."""
        for _ in range(2):
            self.look(which)
            self.send(which, [0, 1, 2, 3], list(STORED))

    def outcomes(self) -> set[Outcome]:
        return {outcome for run in self.runs if run is not None for outcome in self.book.outcomes(run).values()}

    def count(self, word: str) -> int:
        key = mark("key" if self.unique else "payload", word)
        return sum(memory_key == key for memory_key, _ in self.stored)


LOST = ("lost", "lost", "lost", "lost")
STORED = ("created", "created", "created", "created")
FATE = st.sampled_from(["created", "lost, stored", "lost", "not carried out", "refused"])
STEP = st.tuples(
    st.integers(0, 1),
    st.sampled_from(["begin", "send", "send", "look"]),
    st.lists(st.integers(0, 3), min_size=1, max_size=3),
    st.tuples(FATE, FATE, FATE, FATE),
)
SHEET = st.lists(st.sampled_from("aab"), min_size=1, max_size=4)


@example(first=["a", "a"], second=["a", "a"], steps=[(0, "send", [1], STORED), (1, "begin", [0], LOST)], unique=False)
@example(
    first=["a"],
    second=["a", "a"],
    steps=[(0, "send", [0], LOST), (1, "begin", [0], LOST), (1, "look", [0], LOST), (0, "send", [0], LOST)],
    unique=True,
)
@given(first=SHEET, second=SHEET, steps=st.lists(STEP, max_size=8), unique=st.booleans())
@settings(max_examples=10, deadline=None)
def test_no_interleaving_of_two_runs_sends_a_row_twice(
    first: list[str], second: list[str], steps: list[tuple[int, str, list[int], tuple[str, ...]]], *, unique: bool
) -> None:
    """Two runs over equal rows, with any ends: what LeadSquared holds of a kind is never more than the longer sheet has.

    Nothing is there under one key and ordinal twice, and what is there is claimed once. A run that comes to its end has all
    its rows there, whatever becomes of the other one; when both have, nothing is missing but what was refused.
    """
    with tempfile.TemporaryDirectory() as folder:
        book = open_book(Path(folder), ManualClock())
        truth, sheets = Truth(book, unique=unique), (first, second)
        truth.begin(0, first)
        for which, step, chosen, fates in [*steps, (1, "begin", [0], LOST)]:
            match step:
                case "begin":
                    truth.begin(which, sheets[which])
                case "send":
                    truth.send(which, chosen, list(fates))
                case _:
                    truth.look(which)
            assert len(set(truth.stored)) == len(truth.stored)
            assert set(truth.stored) <= book.claims()
        truth.finish(1)
        if Outcome.REFUSED not in truth.outcomes():
            assert all(truth.count(word) >= second.count(word) for word in ("ab" if not unique else ""))
        for which in (0, 1):
            truth.finish(which)

        assert truth.outcomes() <= {Outcome.CREATED, KNOWN, CHANGED, Outcome.REFUSED}
        for word in "ab":
            most = max(sheet.count(word) for sheet in sheets)
            wanted = min(most, 1) if unique else most
            assert truth.count(word) <= wanted
            assert truth.count(word) == wanted or Outcome.REFUSED in truth.outcomes()
        assert book.claims() == set(truth.stored)
        book.ledger.close()
