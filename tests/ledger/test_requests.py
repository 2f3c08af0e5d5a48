"""Intents and ends of requests: what the ledger says of rows at every moment."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import pytest

from etl.delivery.outcomes import RowEnd
from etl.errors import LedgerError
from etl.ledger.requests import Intent, RequestEnd, Reserved, Taken
from etl.ledger.runs import WaitingRow
from etl.records import Outcome, Window
from tests.clocks import BEGAN, ManualClock
from tests.ledger.books import GENEROUS, Book, a_row, created, left_out, lost, mark, not_carried_out, refused

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
OTHER_GUID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def test_slot_and_intent_are_there_together(book: Book, other: Book) -> None:
    """Once the slot is taken, every process sees the request with its exact body, its rows in doubt and their claims."""
    run_id = book.begin([a_row(2), a_row(3, "b")])
    rows = book.waiting(run_id)
    intent = Intent(book.account_id, book.scope_id, run_id, Window.BULK, rows, b'[{"a":1}]')

    reserved = book.ledger.requests.reserve(intent, GENEROUS)

    assert isinstance(reserved, Reserved)
    (request,) = other.query("SELECT * FROM requests")
    assert zlib.decompress(other.ledger.doubts.requests([1])[1].body or b"") == b'[{"a":1}]'
    assert (request.run_id, request.rows, request.rate_window, request.ended_mono) == (run_id, 2, "bulk", None)
    assert (request.sent_mono, request.sent_at) == (1_000.0, BEGAN.timestamp())
    assert other.outcomes(run_id) == {2: Outcome.UNCONFIRMED, 3: Outcome.UNCONFIRMED}
    assert other.query("SELECT row_number, position FROM rows ORDER BY position") == [(2, 1), (3, 2)]
    assert other.claims() == {(mark("payload", "a"), 1), (mark("payload", "b"), 1)}
    assert other.ledger.requests.in_the_air(run_id) == 1


def test_an_intent_that_cannot_be_written_whole_is_not_written_at_all(book: Book) -> None:
    """When the last statement of the intent fails, there is no request, no claim, no day counted."""
    run_id = book.begin([a_row(2)])
    (row,) = book.waiting(run_id)
    book.break_writing("UPDATE", "rows")

    with pytest.raises(LedgerError, match="cannot be used: disk is full"):
        book.reserve(run_id, [row])

    assert book.query("SELECT COUNT(*) FROM requests") == [(0,)]
    assert book.claims() == set()
    assert book.ledger.requests.spent_today(book.account_id) == 0
    assert book.outcomes(run_id) == {2: Outcome.WAITING}


def test_an_end_that_cannot_be_written_whole_leaves_the_rows_in_doubt(book: Book) -> None:
    """When the outcomes cannot be written, the request has no end either, and its rows stay unconfirmed and claimed."""
    run_id = book.begin([a_row(2), a_row(3, "b")])
    first, second = book.waiting(run_id)
    request_id = book.intend(run_id)
    book.break_writing("DELETE", "claims")

    with pytest.raises(LedgerError, match="cannot be used: disk is full"):
        book.settle(request_id, created(first), refused(second))

    assert book.ledger.requests.in_the_air(run_id) == 1
    assert book.outcomes(run_id) == {2: Outcome.UNCONFIRMED, 3: Outcome.UNCONFIRMED}
    assert len(book.claims()) == 2


FATES = [
    pytest.param(created, Outcome.CREATED, True, id="created keeps it"),
    pytest.param(lost, Outcome.UNCONFIRMED, True, id="unconfirmed keeps it"),
    pytest.param(refused, Outcome.REFUSED, False, id="refused releases it"),
    pytest.param(not_carried_out, Outcome.WAITING, False, id="not carried out releases it"),
]


@pytest.mark.parametrize(("fate", "outcome", "is_claimed"), FATES)
def test_a_claim_lasts_as_long_as_the_row_may_be_stored(
    book: Book, fate: Callable[[WaitingRow], RowEnd], outcome: Outcome, *, is_claimed: bool
) -> None:
    """A row that is, or may be, in LeadSquared is claimed; one that certainly is not is free for others."""
    run_id = book.begin([a_row(2), a_row(3, "b")])
    first, second = book.waiting(run_id)

    book.settle(book.intend(run_id), fate(first), created(second))

    assert book.outcomes(run_id) == {2: outcome, 3: Outcome.CREATED}
    assert ((mark("payload", "a"), 1) in book.claims()) is is_claimed
    assert (mark("payload", "b"), 1) in book.claims()


def test_an_end_is_noted_with_its_row_texts(book: Book, clock: ManualClock) -> None:
    """How a request and its rows ended stands in the ledger as it was told."""
    run_id = book.begin([a_row(2), a_row(3, "b")])
    first, second = book.waiting(run_id)
    request_id = book.intend(run_id)
    clock.move(2.0)

    end = RequestEnd(request_id, 1_001.5, "answered", "words", 200, (created(first, GUID), refused(second)))
    book.ledger.requests.settle(end)

    (request,) = book.query("SELECT ended_mono, ended_at, status, verdict, detail FROM requests")
    assert tuple(request) == (1_001.5, BEGAN.timestamp() + 2.0, 200, "answered", "words")
    stored, sent_back = book.lines(run_id)
    assert (stored.outcome, stored.activity_id, stored.error) == (Outcome.CREATED, GUID, None)
    assert (sent_back.code, sent_back.error, sent_back.hint) == ("refused", "Lead not found", "Correct it.")


def test_a_row_that_was_not_carried_out_goes_again(book: Book) -> None:
    """After a refusal for the rate the same row is sent by a new request, and nothing of the first one is left at it."""
    run_id = book.begin([a_row(2)])
    book.send(run_id, Outcome.WAITING)

    book.send(run_id)

    assert book.outcomes(run_id) == {2: Outcome.CREATED}
    assert book.query("SELECT request_id FROM rows") == [(2,)]


IDS = [
    pytest.param(GUID, id="a GUID"),
    pytest.param(GUID.upper(), id="a GUID in capitals"),
    pytest.param("42", id="a number"),
    pytest.param("0123456789abcde", id="a text of fifteen characters"),
    pytest.param("0f8fad5bd9cb469fa16570867728950e", id="a GUID without hyphens"),
    pytest.param("पहचान", id="another script"),
]


@pytest.mark.parametrize("activity_id", IDS)
def test_an_id_comes_back_as_it_was_told(book: Book, activity_id: str) -> None:
    """An id is opaque: whatever LeadSquared calls an activity is kept to the letter."""
    run_id = book.begin([a_row(2)])
    (row,) = book.waiting(run_id)

    book.settle(book.intend(run_id), created(row, activity_id))

    assert book.lines(run_id)[0].activity_id == activity_id


@pytest.mark.parametrize(
    ("held", "beside"),
    [
        pytest.param(GUID, "id-6", id="beside one that is no GUID"),
        pytest.param(GUID, OTHER_GUID, id="beside a GUID"),
        pytest.param(GUID.upper(), OTHER_GUID, id="in capitals"),
    ],
)
def test_an_id_that_another_row_has_proves_nothing(book: Book, held: str, beside: str) -> None:
    """A row is not believed to be created under the id of another row; it stays unconfirmed, claimed, and says why."""
    first_run = book.begin([a_row(2)])
    (holder,) = book.waiting(first_run)
    book.settle(book.intend(first_run), created(holder, held))
    run_id = book.begin([a_row(5, "b"), a_row(6, "c")])
    twin, sound = book.waiting(run_id)

    ends = book.settle(book.intend(run_id), created(twin, GUID), created(sound, beside))

    assert [end.outcome for end in ends] == [Outcome.UNCONFIRMED, Outcome.CREATED]
    line = book.lines(run_id)[0]
    assert (line.outcome, line.code, line.activity_id) == (Outcome.UNCONFIRMED, "id_taken", None)
    assert line.error is not None
    assert f"ProspectActivityId {GUID}, which row 2 of run {first_run} already has" in line.error
    assert (mark("payload", "b"), 1) in book.claims()


def test_an_id_of_an_activity_that_was_taken_back_proves_nothing(book: Book) -> None:
    """A marked activity is there still, and a deleted one's id never comes back: its row, sent again, needs one of its own."""
    first_run = book.begin([a_row(2)])
    (row,) = book.waiting(first_run)
    book.settle(book.intend(first_run), created(row, GUID))
    book.ledger.undoings.note_undone(first_run, book.account_id, {row.row_id: "marked"}, "marked")
    run_id = book.begin([a_row(2)])
    (again,) = book.waiting(run_id)

    (end,) = book.settle(book.intend(run_id), created(again, GUID))

    assert (end.outcome, end.code) == (Outcome.UNCONFIRMED, "id_taken")


def test_another_account_may_have_the_same_ids(book: Book) -> None:
    """Ids are unique within an account only."""
    stranger = book.ledger.accounts.meet("https://api.example.com", "test", "78").account_id
    theirs = Book(book.ledger, book.clock, stranger, book.ledger.accounts.scope(stranger, "visits", 320), book.hashes)
    for owner in (book, theirs):
        run_id = owner.begin([a_row(2)])
        (row,) = owner.waiting(run_id)
        (end,) = owner.settle(owner.intend(run_id), created(row, GUID))
        assert end.outcome is Outcome.CREATED


CLAIMED_BY = [
    pytest.param("a", Outcome.CREATED, Outcome.ALREADY_IMPORTED, id="the same row, stored meanwhile"),
    pytest.param("a", Outcome.UNCONFIRMED, Outcome.UNCONFIRMED, id="the same row, in doubt"),
    pytest.param("b", Outcome.CREATED, Outcome.CHANGED, id="the same key with other values"),
    pytest.param("b", Outcome.UNCONFIRMED, Outcome.UNCONFIRMED, id="the same key with other values, in doubt"),
]


@pytest.mark.parametrize(("theirs", "fate", "outcome"), CLAIMED_BY)
def test_a_row_that_another_run_has_claimed_meanwhile_is_not_sent(
    book: Book, other: Book, theirs: str, fate: Outcome, outcome: Outcome
) -> None:
    """Two runs planned side by side: what the other one sent first is noted as known and left out of the request."""
    mine = book.begin([a_row(2, "a", key="k"), a_row(3, "c", key="l"), a_row(4, "a", key="k")], unique=True)
    yours = other.begin([a_row(9, theirs, key="k")], unique=True)
    other.send(yours, fate)
    taken, free = book.waiting(mine)

    answer = book.reserve(mine, [taken, free])

    assert answer == Taken(frozenset({taken.row_id}))
    assert book.outcomes(mine) == {2: outcome, 3: Outcome.WAITING, 4: outcome}
    assert book.query("SELECT COUNT(*) FROM requests WHERE run_id = :run_id", run_id=mine) == [(0,)]
    assert isinstance(book.reserve(mine, [free]), Reserved)


def test_a_row_that_does_not_wait_is_never_intended(book: Book) -> None:
    """An intent for a row that was dealt with otherwise is refused whole: nothing of it is written."""
    run_id = book.begin([a_row(2), a_row(3, "b")])
    rows = book.waiting(run_id)
    book.do("UPDATE rows SET outcome = 'created' WHERE row_number = 3")

    with pytest.raises(LedgerError, match=r"Some rows of a request were dealt with by another import.*was not sent"):
        book.reserve(run_id, rows)

    assert book.query("SELECT COUNT(*) FROM requests") == [(0,)]
    assert book.claims() == set()


FOLLOWED = [
    pytest.param(Outcome.CREATED, Outcome.ALREADY_IMPORTED, id="created"),
    pytest.param(Outcome.REFUSED, Outcome.REFUSED, id="refused"),
    pytest.param(Outcome.UNCONFIRMED, Outcome.UNCONFIRMED, id="unconfirmed"),
    pytest.param(Outcome.WAITING, Outcome.WAITING, id="not carried out"),
]


@pytest.mark.parametrize(("fate", "outcome"), FOLLOWED)
def test_rows_of_one_key_share_the_fate_of_the_first(book: Book, fate: Outcome, outcome: Outcome) -> None:
    """Of rows with one unique_by value the first goes out; the others end as it does, with its words."""
    rows = [a_row(2, key="k"), a_row(3, key="k"), a_row(4, "b", key="k"), a_row(5, "c", key="l")]
    run_id = book.begin(rows, unique=True)
    assert [row.row_number for row in book.waiting(run_id)] == [2, 5]

    book.send(run_id, {2: fate})

    assert book.outcomes(run_id) == {2: fate, 3: outcome, 4: Outcome.CHANGED, 5: Outcome.CREATED}
    first, second, *_ = book.lines(run_id)
    if fate is Outcome.CREATED:
        assert second.activity_id == first.activity_id
    assert (second.error, second.code) == (first.error, first.code)


def test_rows_that_follow_a_lost_row_are_as_doubtful(book: Book) -> None:
    """When a killed process left the first of several equal rows in the air, the others do not seem to wait for anything."""
    run_id = book.begin([a_row(2, key="k"), a_row(3, key="k"), a_row(4, "b", key="l")], unique=True)
    book.intend(run_id, book.waiting(run_id)[:1])

    assert book.ledger.requests.close_lost(run_id) == 1

    assert book.outcomes(run_id) == {2: Outcome.UNCONFIRMED, 3: Outcome.UNCONFIRMED, 4: Outcome.WAITING}


def test_closing_lost_requests_ends_them_now_and_once(book: Book, clock: ManualClock, other: Book) -> None:
    """What a dead process left in the air is over when its successor begins, whatever boot it was sent in."""
    run_id, beside = book.begin([a_row(2)]), other.begin([a_row(2, "z")])
    book.intend(run_id)
    other.intend(beside)
    clock.reboot("boot-2", 7.0)

    assert book.ledger.requests.close_lost(run_id) == 1
    assert book.ledger.requests.close_lost(run_id) == 0

    query = "SELECT ended_mono, boot_id, verdict FROM requests WHERE run_id = :run_id"
    assert book.query(query, run_id=run_id) == [(7.0, "boot-2", "unknown")]
    assert book.ledger.requests.in_the_air(beside) == 1


SIDE_BY_SIDE = [
    pytest.param("a", Outcome.CREATED, Outcome.ALREADY_IMPORTED, id="stored"),
    pytest.param("b", Outcome.CREATED, Outcome.CHANGED, id="stored with other values"),
    pytest.param("a", Outcome.REFUSED, Outcome.REFUSED, id="refused"),
    pytest.param("a", Outcome.UNCONFIRMED, Outcome.UNCONFIRMED, id="never answered"),
    pytest.param("a", Outcome.WAITING, Outcome.WAITING, id="did not arrive"),
]


@pytest.mark.parametrize(("theirs", "fate", "outcome"), SIDE_BY_SIDE)
def test_a_row_planned_while_another_run_had_it_in_the_air_hears_how_that_ended(
    book: Book, other: Book, theirs: str, fate: Outcome, outcome: Outcome
) -> None:
    """A row that was in the air elsewhere when it was planned does not stay in doubt once the answer is there."""
    yours = other.begin([a_row(9, theirs, key="k")], unique=True)
    (row,) = other.waiting(yours)
    request_id = other.intend(yours)
    mine = book.begin([a_row(2, "a", key="k")], unique=True)
    assert book.outcomes(mine) == {2: Outcome.UNCONFIRMED}

    fates = {
        Outcome.CREATED: created,
        Outcome.REFUSED: refused,
        Outcome.UNCONFIRMED: lost,
        Outcome.WAITING: not_carried_out,
    }
    other.settle(request_id, fates[fate](row))

    assert book.outcomes(mine) == {2: outcome}


LINES = [
    pytest.param(Outcome.INVALID, id="invalid"),
    pytest.param(Outcome.REFUSED, id="refused"),
    pytest.param(Outcome.WAITING, id="waiting"),
]


@pytest.mark.parametrize("before", LINES)
def test_a_corrected_line_mends_the_run_it_comes_from(book: Book, before: Outcome) -> None:
    """A line of a failed file, corrected and stored, brings its first run up to date: with the id, without the complaint."""
    earlier = book.begin([left_out(2) if before is Outcome.INVALID else a_row(2), a_row(3, "b")])
    book.send(earlier, {2: before})

    later = book.import_rows(a_row(2, "corrected", line=(earlier, 2)))

    line = book.lines(earlier)[0]
    assert line.outcome is Outcome.CREATED
    assert line.activity_id == book.lines(later)[0].activity_id
    assert (line.error, line.hint, line.code) == (None, None, None)
    assert (line.holder_run, line.holder_row) == (later, 2)
    assert list(book.ledger.runs.earlier_runs_of_lines(later)) == [earlier]


def test_a_correction_of_a_correction_mends_every_run_before(book: Book) -> None:
    """The failed file of a failed file, corrected at last, brings both earlier runs up to date."""
    first = book.begin([left_out(5)])
    second = book.begin([a_row(2, "better", line=(first, 5))])
    book.send(second, Outcome.REFUSED)

    third = book.import_rows(a_row(2, "good", line=(second, 2)))

    for run_id in (first, second):
        (line,) = book.lines(run_id)
        assert (line.outcome, line.activity_id) == (Outcome.CREATED, book.lines(third)[0].activity_id)
    assert list(book.ledger.runs.earlier_runs_of_lines(third)) == [second, first]


def test_a_mended_line_is_not_sent_by_its_own_run_any_more(book: Book) -> None:
    """A row that waited and was sent through the results file does not wait any longer."""
    earlier = book.begin([a_row(2)])

    book.import_rows(a_row(2, line=(earlier, 2)))

    assert book.waiting(earlier) == []
    assert book.ledger.runs.count_to_send(earlier) == 0


UNMENDED = [
    pytest.param(refused, id="refused again"),
    pytest.param(lost, id="lost"),
    pytest.param(not_carried_out, id="not carried out"),
]


@pytest.mark.parametrize("fate", UNMENDED)
def test_a_line_is_mended_only_by_a_stored_row(book: Book, fate: Callable[[WaitingRow], RowEnd]) -> None:
    """A correction that was not stored, as far as is known, changes nothing in the run before."""
    earlier = book.begin([left_out(2)])
    later = book.begin([a_row(2, "corrected", line=(earlier, 2))])
    (row,) = book.waiting(later)

    book.settle(book.intend(later), fate(row))

    assert book.outcomes(earlier) == {2: Outcome.INVALID}


def test_a_line_of_another_mapping_is_left_alone(book: Book) -> None:
    """Run and row numbers lead back within one scope only."""
    stranger = Book(book.ledger, book.clock, book.account_id, book.ledger.accounts.scope(book.account_id, "calls", 7))
    earlier = stranger.begin([left_out(2)])

    book.import_rows(a_row(2, line=(earlier, 2)))

    assert stranger.outcomes(earlier) == {2: Outcome.INVALID}


def test_a_read_belongs_to_no_run_and_no_row(book: Book) -> None:
    """A read takes a slot in the general window and leaves no body."""
    reserved = book.ledger.requests.reserve_read(book.account_id, GENEROUS)

    assert isinstance(reserved, Reserved)
    (request,) = book.query("SELECT run_id, rate_window, rows, body FROM requests")
    assert tuple(request) == (None, "general", 0, None)
    assert book.ledger.requests.settle(RequestEnd(reserved.request_id, 1_000.0, "read", None, None)) == ()
