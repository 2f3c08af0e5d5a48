"""What the ledger tells of its runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.ledger.listing import Decision, LedgerSize, VerdictCount
from etl.records import Outcome
from tests.ledger.books import a_row
from tests.past import Past, open_past

CREATED, REFUSED, INVALID = Outcome.CREATED, Outcome.REFUSED, Outcome.INVALID
UNCONFIRMED, WAITING = Outcome.UNCONFIRMED, Outcome.WAITING


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    with open_past(tmp_path) as opened:
        yield opened


def test_the_newest_runs_come_first_with_their_outcomes(past: Past) -> None:
    """Each run has its own counts, and no more runs are told than asked for."""
    past.run(CREATED, name="a.csv")
    past.run(CREATED, REFUSED, INVALID, name="b.csv")
    past.run(WAITING, name="c.csv", is_ended=False)

    listed = past.book.ledger.listing.runs(2)

    assert [(one.run_id, Path(one.input_path).name, one.counts) for one in listed] == [
        (3, "c.csv", {WAITING: 1}),
        (2, "b.csv", {CREATED: 1, REFUSED: 1, INVALID: 1}),
    ]
    assert past.book.ledger.listing.how_many() == 3
    assert len(past.book.ledger.listing.runs()) == 3


def test_a_run_is_told_with_account_and_mapping(past: Past) -> None:
    """Every name under which its account was met belongs to it, and so do the mapping's name and event."""
    run_id = past.run(CREATED)
    past.book.ledger.accounts.meet("https://api.example.com", "env", "77")

    listed = past.book.ledger.listing.run(run_id)

    assert listed is not None
    assert (listed.accounts, listed.organisation) == (("env", "prod"), "77")
    assert (listed.mapping_name, listed.event, listed.operation) == ("visits", 320, "add-by-lead-field")


def test_only_the_runs_of_one_account_are_told(past: Past) -> None:
    """An account is meant by any of its names; a name that nobody has gives nothing."""
    mine = past.run(CREATED)
    other = past.book.ledger.accounts.meet("https://api.example.com", "test", "78")
    scope = past.book.ledger.accounts.scope(other.account_id, "visits", 320)
    theirs = past.run(WAITING, name="theirs.csv", account_id=other.account_id, scope_id=scope, is_ended=False)
    listing = past.book.ledger.listing

    assert [one.run_id for one in listing.runs(None, "prod")] == [mine]
    assert [one.run_id for one in listing.runs(None, "test")] == [theirs]
    assert listing.runs(None, "nobody") == []
    assert (listing.how_many("test"), listing.how_many("nobody")) == (1, 0)
    assert listing.account_names() == ["prod", "test"]


def test_requests_are_counted_by_how_they_ended(past: Past) -> None:
    """Those in the air have no verdict yet."""
    run_id = past.run(CREATED, REFUSED, WAITING, is_ended=False)
    past.book.intend(run_id)

    verdicts = past.book.ledger.listing.verdicts(run_id)

    assert sorted(verdicts, key=str) == sorted([VerdictCount("answered", 1, 2), VerdictCount(None, 1, 1)], key=str)


def test_the_first_row_in_doubt_tells_since_when(past: Past) -> None:
    """A row that is the same activity as one in another run's doubt is in doubt since that one was sent."""
    sent_at = past.clock.now().timestamp()
    first = past.run(UNCONFIRMED)
    past.days_pass(1)
    later = past.run(CREATED, name="b.csv")
    follower = past.book.begin([a_row(2, "visits.csv-2")])
    listing = past.book.ledger.listing

    assert past.book.outcomes(follower) == {2: UNCONFIRMED}
    assert [listing.unconfirmed_since(run) for run in (first, later, follower)] == [sent_at, None, sent_at]


def test_decisions_are_told_in_their_order(past: Past) -> None:
    """What a person decided stays with the run."""
    run_id = past.run(UNCONFIRMED)
    moment = past.clock.now().timestamp()
    past.book.ledger.doubts.note_decision(run_id, "absent", 1)
    past.book.ledger.doubts.note_decision(run_id, "stored", 2)

    assert past.book.ledger.listing.decisions(run_id) == [Decision("absent", 1, moment), Decision("stored", 2, moment)]


def test_a_pruned_run_says_when(past: Past) -> None:
    """Pruning is a decision, and is told as such."""
    run_id = past.run(CREATED)
    past.days_pass(2)
    past.book.ledger.pruning.forget_run(run_id, past.clock.now().timestamp())

    listed = past.book.ledger.listing.run(run_id)

    assert listed is not None
    assert listed.pruned_at == past.clock.now().timestamp()


def test_runs_of_one_content_share_a_lock(past: Past) -> None:
    """The same bytes through the same mapping's name, whatever the file was called; another sheet is another input."""
    first = past.run(WAITING, input_hash="same", is_ended=False)
    past.run(WAITING, name="b.csv", input_hash="same", sheet="Other", is_ended=False)
    again = past.run(WAITING, name="c.csv", input_hash="same", is_ended=False)
    listed = past.book.ledger.listing.run(first)

    assert listed is not None
    assert past.book.ledger.listing.same_content(listed) == [first, again]


def test_a_wish_to_stop_is_noted_with_its_time(past: Past) -> None:
    """The sending process finds it in the ledger."""
    run_id = past.run(WAITING, is_ended=False)
    past.run(WAITING, name="b.csv", is_ended=False)

    past.book.ledger.listing.ask_to_stop(run_id)

    moment = past.clock.now().timestamp()
    assert past.book.query("SELECT stop_asked_at FROM runs ORDER BY run_id") == [(moment,), (None,)]


def test_the_ledger_tells_how_much_it_holds(past: Past) -> None:
    """Runs, rows and requests."""
    past.run(CREATED, INVALID)
    past.run(WAITING, name="b.csv")

    assert past.book.ledger.listing.size() == LedgerSize(runs=2, rows=3, requests=1)
