"""Leads that were looked up, kept by account; and rows that are kept back because theirs was not found."""

from __future__ import annotations

import pytest

from etl.identity import lead_mark
from etl.ledger.found_leads import BELIEVED_SECONDS
from etl.records import Outcome
from tests.clocks import ManualClock
from tests.ledger.books import LAST_ROW, Book, a_row

ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
OTHER_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
KEY = ("Phone", lead_mark("+919876543210"))
DAY = 86_400.0


def known(book: Book, since: float | None = None) -> tuple[str, ...] | None:
    """What is remembered of the one number; since: when the command began, now by default."""
    began = book.ledger.found_leads.now() if since is None else since
    return book.ledger.found_leads.known(book.account_id, [KEY], began).get(KEY)


@pytest.mark.parametrize(
    ("ids", "age", "expected"),
    [
        pytest.param((ID,), 0.0, (ID,), id="just found"),
        pytest.param((ID,), BELIEVED_SECONDS - DAY, (ID,), id="found lately"),
        pytest.param((ID,), BELIEVED_SECONDS + DAY, None, id="found too long ago"),
        pytest.param((), 1.0, None, id="missing in an earlier run"),
        pytest.param((ID, OTHER_ID), 1.0, None, id="two in an earlier run"),
    ],
)
def test_only_a_single_lead_is_remembered(
    book: Book, clock: ManualClock, ids: tuple[str, ...], age: float, expected: tuple[str, ...] | None
) -> None:
    """A lead that was found counts for some weeks; a missing or ambiguous one is asked for again at each run."""
    book.ledger.found_leads.note(book.account_id, {KEY: ids})
    clock.sleep(age)

    assert known(book) == expected


@pytest.mark.parametrize("ids", [(), (ID,), (ID, OTHER_ID)], ids=["none", "one", "two"])
def test_within_one_command_everything_counts(book: Book, clock: ManualClock, ids: tuple[str, ...]) -> None:
    """What this command has found out is not asked twice, whatever it is; a later answer replaces it."""
    began = book.ledger.found_leads.now()
    clock.sleep(5.0)
    book.ledger.found_leads.note(book.account_id, {KEY: ids})
    clock.sleep(2 * BELIEVED_SECONDS)

    assert known(book, began) == ids
    book.ledger.found_leads.note(book.account_id, {KEY: (OTHER_ID,)})
    assert known(book, began) == (OTHER_ID,)


def test_a_lead_for_which_a_row_was_refused_is_in_doubt(book: Book) -> None:
    """It may be gone or merged; forgotten, it is looked up anew. Other accounts know nothing of either."""
    leads = book.ledger.found_leads
    leads.note(book.account_id, {KEY: (ID,), ("EmailAddress", b"x"): (OTHER_ID,)})
    book.ledger.failures.note(book.account_id, [lead_mark(ID)])
    found = leads.known(book.account_id, [KEY, ("EmailAddress", b"x")], leads.now())

    assert leads.doubtful(book.account_id, found) == {KEY}
    leads.forget(book.account_id, [KEY])
    assert known(book) is None
    assert leads.known(book.account_id, [("EmailAddress", b"x")], leads.now()) == {("EmailAddress", b"x"): (OTHER_ID,)}
    assert not leads.is_answered(book.account_id + 1, "EmailAddress")
    assert leads.is_answered(book.account_id, "EmailAddress")


def test_many_are_asked_for_at_once(book: Book) -> None:
    """More marks than a statement takes are no trouble."""
    found = {("Phone", number.to_bytes(4, "big")): (ID,) for number in range(1_300)}
    book.ledger.found_leads.note(book.account_id, found)

    assert book.ledger.found_leads.known(book.account_id, found, book.ledger.found_leads.now()) == found


def test_a_row_that_is_held_waits_and_is_not_sent(book: Book) -> None:
    """It stands as waiting with its reason, in the plan and in the run; what equals it by key waits with it."""
    plan = book.ledger.plan()
    plan.stage(0, [a_row(2, "a", key="k"), a_row(3, "a", key="k"), a_row(4, "b", key="l")])
    plan.match(0, book.scope_id, has_unique_key=True)
    plan.number_equals(0, book.scope_id)

    book.ledger.found_leads.hold(0, {2: ("lead_missing", "No lead.", "Look again.")})

    assert set(plan.to_send(0, 2, LAST_ROW)) == {4}
    run_id = book.ledger.runs.begin(book.new_run(3), plan, 0)
    assert set(book.ledger.runs.waiting(run_id, 2, LAST_ROW)) == {4}
    assert book.ledger.runs.counts(run_id) == {Outcome.WAITING: 3}
    assert (book.ledger.found_leads.count_held(run_id), book.ledger.found_leads.has_leadless(run_id)) == (1, True)
    held = next(line for line in book.ledger.runs.lines(run_id) if line.row_number == 2)
    assert (held.outcome, held.code, held.error, held.hint) == (
        Outcome.WAITING,
        "lead_missing",
        "No lead.",
        "Look again.",
    )


def test_a_row_that_is_left_out_takes_its_equals_along(book: Book) -> None:
    """Rows that are the same activity by their key need the same person."""
    plan = book.ledger.plan()
    plan.stage(0, [a_row(2, "a", key="k"), a_row(3, "a", key="k"), a_row(4, "b", key="l")])
    plan.match(0, book.scope_id, has_unique_key=True)
    plan.number_equals(0, book.scope_id)

    book.ledger.found_leads.leave_out(0, {2: ("lead_missing", "No lead.", "Correct it.")})

    assert plan.counts(0) == {Outcome.INVALID: 2, Outcome.WAITING: 1}
    run_id = book.ledger.runs.begin(book.new_run(3), plan, 0)
    assert [line.code for line in book.ledger.runs.lines(run_id)] == ["lead_missing", "lead_missing", None]
    assert book.ledger.found_leads.has_leadless(run_id)
    assert not book.ledger.found_leads.count_held(run_id)
    assert not book.ledger.found_leads.has_refused(run_id)
