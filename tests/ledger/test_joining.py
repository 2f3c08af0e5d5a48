"""A run handed from one ledger to another: whatever both know already, no row gets free to be sent twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.delivery.outcomes import RowEnd
from etl.errors import LedgerError
from etl.ledger.handed_rows import TABLES, Origin, Scope
from etl.ledger.joining import Incoming
from etl.ledger.requests import Taken
from etl.records import Outcome
from tests.clocks import ManualClock
from tests.ledger.books import FATES, GENEROUS, Book, a_row, mark, open_book

CREATED, WAITING, UNCONFIRMED = Outcome.CREATED, Outcome.WAITING, Outcome.UNCONFIRMED
KNOWN = Outcome.ALREADY_IMPORTED


@pytest.fixture
def theirs(tmp_path: Path) -> Iterator[Book]:
    """The ledger that gives."""
    (tmp_path / "theirs").mkdir()
    opened = open_book(tmp_path / "theirs", ManualClock())
    opened.do("UPDATE meta SET value = 'theirs' WHERE name = 'ledger_id'")
    opened.ledger.requests.reserve_read(opened.account_id, GENEROUS)
    yield opened
    opened.ledger.close()


@pytest.fixture
def ours(book: Book) -> Book:
    """The ledger that takes; LeadSquared has been asked from it whose keys these are."""
    book.ledger.requests.reserve_read(book.account_id, GENEROUS)
    return book


def hand_over(giver: Book, taker: Book, run_id: int, package: str = "p-1") -> int:
    """Give a run, and take it. Returns: its number there."""
    scope = Scope(giver.scope_id, giver.account_id, "visits", 320)
    giver.ledger.handovers.give([run_id], package)
    rows = giver.ledger.handovers.handed_rows([run_id], scope)
    own = giver.ledger.handovers.ledger_id()
    texts = {
        table: [
            json.dumps({k: v.hex() if isinstance(v, bytes) else v for k, v in one.items()})
            for one in rows.records(table)
        ]
        for table in TABLES
    }
    numbers = [json.loads(one)["run_id"] for table in ("runs", "known_runs") for one in texts[table]]
    origins = {n: [Origin(own, n), *giver.ledger.handovers.origins(n)] for n in numbers}
    incoming = Incoming(
        package,
        taker.scope_id,
        taker.account_id,
        rows.account(),
        origins,
        {run_id: ("visits.csv", "visits.yaml")},
        {run_id: "mapping"},
        lambda table: map(json.loads, texts[table]),
    )
    return taker.ledger.handovers.join(incoming)[run_id]


def a_run(book: Book, fates: dict[str, Outcome], first_row: int = 2) -> int:
    """A run of rows by the words that they send; those with another fate than waiting go out in one request."""
    run_id = book.begin([a_row(number, word) for number, word in enumerate(fates, start=first_row)])
    by_row = dict(enumerate(fates.values(), start=first_row))
    going = [row for row in book.waiting(run_id) if by_row[row.row_number] is not WAITING]
    if going:
        request = book.intend(run_id, going)
        book.settle(request, *[FATES[by_row[row.row_number]](row, *_id(book, row, by_row)) for row in going])
    return run_id


def _id(book: Book, row: object, by_row: dict[int, Outcome]) -> tuple[str, ...]:
    number = row.row_number  # type: ignore[attr-defined]
    return (f"{book.folder.name}-{number}",) if by_row[number] is CREATED else ()


def test_a_package_of_an_older_etl_brings_whole_fingerprints(theirs: Book, ours: Book) -> None:
    """Here as much of them is kept as of all others: its rows are known again, and a corrected one is told as changed."""
    run_id = theirs.import_rows(a_row(2, "a", key="k"), a_row(3, "b", key="l"), a_row(4, "c", key="m"), unique=True)
    for number, word in enumerate("abc", start=1):
        values = {"row_id": number, "payload": mark("payload", word), "cells": mark("cells", word)}
        theirs.ledger._database.do("UPDATE rows SET payload = :payload, cells = :cells WHERE row_id = :row_id", values)

    hand_over(theirs, ours, run_id)

    sheet = [a_row(2, "a", key="k"), a_row(3, "x", key="l"), a_row(4, "y", key="z", cells="c")]
    told = {row.row_number: row.outcome for row in ours.plan(sheet, unique=True).lines(0)}
    assert told == {2: Outcome.ALREADY_IMPORTED, 3: Outcome.CHANGED, 4: Outcome.ALREADY_IMPORTED}


def test_the_run_goes_on_and_here_nothing_of_it_does(theirs: Book, ours: Book) -> None:
    """Rows keep their outcomes there; here what waited is in doubt, occupies its place, and is read back by nobody."""
    run_id = a_run(theirs, {"a": CREATED, "b": UNCONFIRMED, "c": WAITING})

    there = hand_over(theirs, ours, run_id)

    assert ours.outcomes(there) == {2: CREATED, 3: UNCONFIRMED, 4: WAITING}
    assert [row.row_number for row in ours.waiting(there)] == [4]
    assert theirs.outcomes(run_id) == {2: CREATED, 3: UNCONFIRMED, 4: UNCONFIRMED}
    assert len(theirs.claims()) == 3
    assert theirs.ledger.doubts.of_run(run_id) == []
    again = theirs.begin([a_row(2, "c"), a_row(3, "new")])
    assert theirs.outcomes(again) == {2: UNCONFIRMED, 3: WAITING}


def test_taken_back_it_is_as_it_was(theirs: Book) -> None:
    """What waited waits again, its place is free, and what was in doubt is so still."""
    run_id = a_run(theirs, {"a": CREATED, "b": UNCONFIRMED, "c": WAITING})
    before = theirs.outcomes(run_id), theirs.claims()

    theirs.ledger.handovers.give([run_id], "p")
    theirs.ledger.handovers.take_back([run_id])

    assert (theirs.outcomes(run_id), theirs.claims()) == before
    assert [len(doubt.rows) for doubt in theirs.ledger.doubts.of_run(run_id)] == [1]


def test_requests_of_the_package_are_older_than_all_that_is_here(theirs: Book, ours: Book) -> None:
    """None of them shows how far a read reaches, and a row in doubt ended after everything that there is."""
    a_run(ours, {"x": CREATED})
    run_id = a_run(theirs, {"a": CREATED, "b": UNCONFIRMED})
    newest = ours.ledger.doubts.newest_request()

    there = hand_over(theirs, ours, run_id)

    (doubt,) = ours.ledger.doubts.of_run(there)
    witness = ours.ledger.doubts.freshest(ours.account_id, 320)
    assert doubt.request_id < 0
    assert doubt.ended_after == newest == ours.ledger.doubts.newest_request()
    assert doubt.boot_id == ours.clock.boot_id()
    assert witness is not None
    assert witness.request_id > 0


@pytest.mark.parametrize("other", [CREATED, UNCONFIRMED], ids=str)
def test_rows_of_their_other_runs_are_known_here(theirs: Book, ours: Book, other: Outcome) -> None:
    """Tomorrow's sheet, imported where the run was taken, holds a row that the other ledger sent long ago: it stays."""
    a_run(theirs, {"old": other})
    run_id = a_run(theirs, {"a": WAITING})

    hand_over(theirs, ours, run_id)

    sheet = ours.begin([a_row(2, "old"), a_row(3, "a"), a_row(4, "new")])
    assert ours.outcomes(sheet) == {2: KNOWN if other is CREATED else UNCONFIRMED, 3: WAITING, 4: WAITING}
    assert ours.ledger.listing.how_many() == 2  # theirs is none of ours


@pytest.mark.parametrize(
    ("here", "there"),
    [
        pytest.param(CREATED, WAITING, id="sent here, waits there"),
        pytest.param(WAITING, CREATED, id="waits here, sent there"),
        pytest.param(UNCONFIRMED, WAITING, id="in doubt here, waits there"),
        pytest.param(WAITING, UNCONFIRMED, id="waits here, in doubt there"),
        pytest.param(CREATED, CREATED, id="sent in both"),
    ],
)
def test_a_row_that_both_have(theirs: Book, ours: Book, here: Outcome, there: Outcome) -> None:
    """Sent, or maybe sent, by either ledger, it goes out from neither of the two runs."""
    mine = a_run(ours, {"a": here})
    run_id = a_run(theirs, {"a": there})

    taken = hand_over(theirs, ours, run_id)

    for run in (mine, taken):
        for row in ours.waiting(run):
            assert isinstance(ours.reserve(run, [row]), Taken)
    assert ours.waiting(mine) == ours.waiting(taken) == []


def test_in_doubt_here_and_sent_there(theirs: Book, ours: Book) -> None:
    """Found absent, the row here does not go out again: the other ledger has sent it."""
    mine = ours.begin([a_row(2, "a")])
    request = ours.intend(mine)
    (row_id,) = [row[0] for row in ours.query("SELECT row_id FROM rows WHERE run_id = :run", run=mine)]
    ours.settle(request)

    hand_over(theirs, ours, a_run(theirs, {"a": CREATED}))
    ours.read_back(request, RowEnd(row_id, WAITING))

    assert isinstance(ours.reserve(mine), Taken)
    assert ours.outcomes(mine) == {2: KNOWN}


def test_in_doubt_in_both_is_refused(theirs: Book, ours: Book) -> None:
    """The one here is to be verified first; nothing is changed by the refusal."""
    mine = a_run(ours, {"a": UNCONFIRMED})
    run_id = a_run(theirs, {"a": UNCONFIRMED, "b": WAITING})
    before = ours.query("SELECT COUNT(*) FROM rows"), ours.query("SELECT COUNT(*) FROM runs")

    with pytest.raises(LedgerError, match=rf"of neither is it known .* etl verify {mine}\."):
        hand_over(theirs, ours, run_id)

    assert (ours.query("SELECT COUNT(*) FROM rows"), ours.query("SELECT COUNT(*) FROM runs")) == before


def test_handed_back_it_goes_on_where_it_began(theirs: Book, ours: Book) -> None:
    """Sent in part where it was taken, it comes home: what is left waits here once, what was sent there is known."""
    run_id = a_run(theirs, {"a": CREATED, "b": UNCONFIRMED, "c": WAITING, "d": WAITING})
    there = hand_over(theirs, ours, run_id)
    first = ours.waiting(there)[:1]
    ours.settle(ours.intend(there, first), FATES[CREATED](first[0], "ours-c"))

    home = hand_over(ours, theirs, there, "p-2")

    assert theirs.outcomes(home) == {2: KNOWN, 3: UNCONFIRMED, 4: CREATED, 5: WAITING}
    assert theirs.outcomes(run_id) == {2: CREATED, 3: UNCONFIRMED, 4: KNOWN, 5: UNCONFIRMED}
    assert theirs.waiting(run_id) == []
    assert [row.row_number for row in theirs.waiting(home)] == [5]
    assert theirs.ledger.handovers.given(run_id) is None
    theirs.send(home)
    assert theirs.outcomes(run_id)[5] is KNOWN
    assert len(theirs.claims()) == 4


def test_a_known_run_that_is_handed_over_itself(theirs: Book, ours: Book) -> None:
    """Its rows were known here from an earlier package; now the run is here, and they are the same rows, not more."""
    first = a_run(theirs, {"a": CREATED, "b": UNCONFIRMED, "c": WAITING})
    second = a_run(theirs, {"x": WAITING})
    hand_over(theirs, ours, second, "p-1")

    there = hand_over(theirs, ours, first, "p-2")

    assert ours.outcomes(there) == {2: CREATED, 3: UNCONFIRMED, 4: WAITING}
    assert len(ours.claims()) == 2  # "x" waits still
    sheet = ours.begin([a_row(2, "a"), a_row(3, "a"), a_row(4, "b")])
    assert ours.outcomes(sheet) == {2: KNOWN, 3: WAITING, 4: UNCONFIRMED}
    assert len(ours.ledger.doubts.of_run(there)) == 1
