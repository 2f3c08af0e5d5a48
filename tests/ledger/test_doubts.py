"""What reading back asks the ledger: which rows are in doubt, which activities are whose, what a read can be measured by."""

from __future__ import annotations

import zlib

import pytest

from etl.delivery.outcomes import RowEnd
from etl.ledger.doubts import Claimed, CreatedRow, DoubtfulRow, Witness
from etl.ledger.requests import Intent, RequestEnd, Reserved
from etl.reconciler.trust import Kept, Trust
from etl.records import Outcome, Window
from tests.clocks import BEGAN, ManualClock
from tests.ledger.books import GENEROUS, Book, a_row, created, left_out, lost, mark, refused

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


def asked(book: Book, run_id: int) -> list[tuple[int, list[int]]]:
    """Which rows of which requests keep a run in doubt."""
    return [(doubt.request_id, [row.row_id for row in doubt.rows]) for doubt in book.ledger.doubts.of_run(run_id)]


def test_a_doubt_tells_all_that_reading_back_needs(book: Book, clock: ManualClock) -> None:
    """Both clocks at both ends, what was said, the exact body, and each row in doubt at its place in the request."""
    run_id = book.begin([a_row(2, key="k"), a_row(3, "b"), a_row(4, "c")])
    rows = book.waiting(run_id)
    intent = Intent(book.account_id, book.scope_id, run_id, Window.BULK, rows, b'[{"a":1}]')
    reserved = book.ledger.requests.reserve(intent, GENEROUS)
    assert isinstance(reserved, Reserved)
    clock.move(3)
    taken = RowEnd(rows[2].row_id, Outcome.UNCONFIRMED, code="id_taken")
    ends = (lost(rows[0]), created(rows[1]), taken)
    book.ledger.requests.settle(RequestEnd(reserved.request_id, 1_002.0, "unknown", "cut", 502, ends, late=True))

    (doubt,) = book.ledger.doubts.of_run(run_id)

    assert (doubt.request_id, doubt.run_id, doubt.size, doubt.late) == (reserved.request_id, run_id, 3, True)
    assert (doubt.sent_at, doubt.ended_at) == (BEGAN.timestamp(), BEGAN.timestamp() + 3)
    assert (doubt.sent_mono, doubt.ended_mono, doubt.boot_id) == (1_000.0, 1_002.0, "boot-1")
    assert (doubt.ended_after, doubt.verdict, doubt.detail) == (reserved.request_id, "unknown", "cut")
    assert doubt.body is not None
    assert zlib.decompress(doubt.body) == b'[{"a":1}]'
    assert doubt.rows == (
        DoubtfulRow(rows[0].row_id, 1, None, mark("key", "k"), "unconfirmed"),
        DoubtfulRow(rows[2].row_id, 3, None, mark("payload", "c"), "id_taken"),
    )


def test_only_requests_that_are_over_and_rows_without_an_end_are_asked_about(book: Book) -> None:
    """What is in the air, created, refused, waiting or left out is no doubt; the doubts come in the order of sending."""
    run_id = book.begin([left_out(9), *[a_row(number, str(number)) for number in range(2, 9)]])
    rows = book.waiting(run_id)
    first, second = book.intend(run_id, [rows[4]]), book.intend(run_id, rows[:4])
    book.settle(second, created(rows[0]), refused(rows[1]), lost(rows[2]), RowEnd(rows[3].row_id, Outcome.WAITING))
    book.intend(run_id, [rows[5]])
    assert asked(book, run_id) == [(second, [rows[2].row_id])]

    book.settle(first, lost(rows[4]))

    assert asked(book, run_id) == [(first, [rows[4].row_id]), (second, [rows[2].row_id])]
    assert book.ledger.doubts.other_runs(run_id) == []


def test_rows_of_other_runs_are_asked_about_where_rows_of_this_one_were_taken_for_them(book: Book) -> None:
    """All that is in doubt there is asked with them: of equal rows none can be told without the others. Not the other way."""
    theirs = book.begin([a_row(2), a_row(3), a_row(4, "b")])
    rows = book.waiting(theirs)
    one, two = book.intend(theirs, rows[:1]), book.intend(theirs, rows[1:])
    stranger = book.begin([a_row(2, "z")])
    mine = book.begin([a_row(2), a_row(3, "c")])
    assert book.outcomes(mine) == {2: Outcome.UNCONFIRMED, 3: Outcome.WAITING}
    assert asked(book, mine) == []
    book.settle(one, lost(rows[0]))
    book.settle(two, *map(lost, rows[1:]))
    book.send(stranger, Outcome.UNCONFIRMED)
    of_theirs = [(one, [rows[0].row_id]), (two, [row.row_id for row in rows[1:]])]

    assert asked(book, mine) == of_theirs
    assert asked(book, theirs) == of_theirs
    assert (book.ledger.doubts.other_runs(mine), book.ledger.doubts.other_runs(theirs)) == ([theirs], [])

    book.send(mine, Outcome.UNCONFIRMED)
    assert [run for run, _ in asked(book, mine)] == [one, two, two + 2]
    book.read_back(one, created(rows[0]))
    assert book.ledger.doubts.other_runs(mine) == []
    assert [run for run, _ in asked(book, mine)] == [two + 2]


def test_a_run_without_doubts_asks_about_none(book: Book) -> None:
    """Neither a run that is stored, nor one that waits, nor one that is not there."""
    stored, waits = book.import_rows(a_row(2)), book.begin([a_row(2, "b")])

    assert [asked(book, run) for run in (stored, waits, 99)] == [[], [], []]


def test_a_doubt_of_a_pruned_request_has_no_body(book: Book) -> None:
    """What was forgotten is told as such, and so is what an older ledger never noted."""
    run_id = book.begin([a_row(2)])
    book.send(run_id, Outcome.UNCONFIRMED)
    book.do("UPDATE requests SET body = NULL, ended_after = NULL, verdict = NULL, late = NULL")

    (doubt,) = book.ledger.doubts.of_run(run_id)

    assert (doubt.body, doubt.ended_after, doubt.verdict, doubt.late) == (None, 1, "unknown", False)


SEEN = [
    pytest.param([], (0.0, 0.0), id="no answer yet"),
    pytest.param([None], (0.0, 0.0), id="an answer without a date"),
    pytest.param([3.0, 9.0], (0.0, 9.0), id="ahead"),
    pytest.param([-3.0, -9.0], (-9.0, 0.0), id="behind"),
    pytest.param([-600.0, None, 600.0], (-600.0, 600.0), id="a clock that was set"),
]


@pytest.mark.parametrize(("ahead", "skew"), SEEN)
def test_the_skew_is_what_answers_have_shown(book: Book, ahead: list[float | None], skew: tuple[float, float]) -> None:
    """By how much the server's clock was ahead of ours, at the least and at the most; our own time is always within."""
    for seconds in ahead:
        answered(book, seconds)

    assert book.ledger.doubts.skew(book.account_id) == skew
    stranger = book.ledger.accounts.meet("https://api.example.com", "test", "78").account_id
    assert book.ledger.doubts.skew(stranger) == (0.0, 0.0)


def test_the_skew_of_long_ago_is_forgotten(book: Book) -> None:
    """Only the last two thousand requests tell; whoever set a clock right is not punished for ever."""
    answered(book, 600.0)
    answered(book, 5.0)
    book.do("UPDATE requests SET request_id = request_id + 1999 WHERE request_id = 2")
    assert book.ledger.doubts.skew(book.account_id) == (0.0, 5.0)

    book.do("UPDATE requests SET request_id = 2000 WHERE request_id = 2001")
    assert book.ledger.doubts.skew(book.account_id) == (0.0, 600.0)


def answered(book: Book, ahead: float | None) -> int:
    """A read whose answer bears a date so many seconds ahead of our clock."""
    reserved = book.ledger.requests.reserve_read(book.account_id, GENEROUS)
    assert isinstance(reserved, Reserved)
    server_at = None if ahead is None else book.clock.now().timestamp() + ahead
    book.ledger.requests.settle(
        RequestEnd(reserved.request_id, book.clock.monotonic(), "read", None, 200, server_at=server_at)
    )
    return reserved.request_id


def test_the_freshest_witness_is_of_the_last_request_that_stored_a_row(book: Book, clock: ManualClock) -> None:
    """By number, whichever was confirmed last; of this account and activity type only, of whatever mapping."""
    doubts = book.ledger.doubts
    assert doubts.freshest(book.account_id, 320) is None
    run_id = book.begin([a_row(2), a_row(3, "b"), a_row(4, "c")])
    one, two, three = book.waiting(run_id)
    first = book.intend(run_id, [one])
    clock.move(1)
    second, third = book.intend(run_id, [two]), book.intend(run_id, [three])
    clock.move(1)
    book.settle(second, created(two, GUID))
    book.settle(first, created(one))
    book.settle(third, lost(three))

    sent, ended = BEGAN.timestamp() + 1, BEGAN.timestamp() + 2
    assert doubts.freshest(book.account_id, 320) == Witness(second, 1_001.0, "boot-1", sent, ended, GUID)
    of_another_type(book, 321).import_rows(a_row(2))
    assert doubts.freshest(book.account_id, 321) is not None
    found = doubts.freshest(book.account_id, 320)
    assert found is not None
    assert found.request_id == second
    calls = book.ledger.accounts.scope(book.account_id, "calls", 320)
    Book(book.ledger, clock, book.account_id, calls, book.hashes).import_rows(a_row(2))
    found = doubts.freshest(book.account_id, 320)
    assert found is not None
    assert found.request_id == third + 2
    stranger = book.ledger.accounts.meet("https://api.example.com", "test", "78").account_id
    assert doubts.freshest(stranger, 320) is None


def of_another_type(book: Book, event: int) -> Book:
    scope_id = book.ledger.accounts.scope(book.account_id, "visits", event)
    return Book(book.ledger, book.clock, book.account_id, scope_id, book.hashes)


def test_a_witness_from_before_had_ended_when_the_other_was_sent(book: Book, clock: ManualClock) -> None:
    """A request that was on its way still tells nothing of how far a read reaches back; nor does one from too long ago."""
    run_id = book.begin([a_row(number, str(number)) for number in range(2, 6)])
    one, two, three, four = book.waiting(run_id)
    first = book.intend(run_id, [one])
    book.settle(first, created(one))
    clock.move(100)
    second = book.intend(run_id, [two])
    third = book.intend(run_id, [three])
    book.settle(second, created(two))
    fourth = book.intend(run_id, [four])
    began = BEGAN.timestamp()

    def before(request_id: int, not_before: float = 0.0, event: int = 320) -> int | None:
        found = book.ledger.doubts.confirmed_before(book.account_id, event, request_id, not_before)
        return found.request_id if found else None

    assert [before(number) for number in (first, second, third, fourth)] == [None, first, first, second]
    assert [before(fourth, began + 99), before(fourth, began + 100)] == [second, None]
    assert [before(second, began - 1), before(second, began)] == [first, None]
    assert before(fourth, event=321) is None


CASES = [
    pytest.param(GUID, [GUID], id="a GUID"),
    pytest.param(GUID, [GUID.upper()], id="a GUID read in capitals"),
    pytest.param(GUID.upper(), [GUID], id="a GUID kept in capitals"),
    pytest.param("A-1", ["a-1"], id="another id in small letters"),
    pytest.param("a-1", ["A-1", "a-1"], id="another id in both"),
]


@pytest.mark.parametrize(("kept", "read"), CASES)
def test_whose_an_activity_is_does_not_hang_on_letter_case(book: Book, kept: str, read: list[str]) -> None:
    """An activity of ours is known as ours however the read spells its id; it is told by the id under which it is kept."""
    run_id = book.begin([a_row(2), a_row(3, "b")])
    first, second = book.waiting(run_id)
    request_id = book.intend(run_id)
    book.settle(request_id, lost(first), created(second, kept))

    claimed = book.ledger.doubts.claimed(book.account_id, [*read, "somebody's"])

    assert claimed == {kept: Claimed(kept, second.row_id, request_id, 2)}
    assert book.ledger.doubts.claimed(book.account_id + 1, read) == {}
    assert book.ledger.doubts.claimed(book.account_id, []) == {}


def test_many_activities_are_looked_up_in_portions(book: Book) -> None:
    """More ids than one statement asks for: each is found once."""
    run_id = book.import_rows(a_row(2), a_row(3, "b"))
    ids = [f"foreign-{number}" for number in range(1_200)]

    claimed = book.ledger.doubts.claimed(book.account_id, [*ids, "id-1", *ids, "id-2"])

    assert sorted(claimed) == ["id-1", "id-2"]
    assert sorted(book.ledger.doubts.requests(range(1, 1_200))) == [1]
    assert book.ledger.doubts.requests([]) == {}
    assert book.state(run_id) == "open"


def test_created_rows_are_told_with_the_request_that_brought_their_activity(book: Book) -> None:
    """In the order of the sheet; a mended line by the request of its correction; only rows that are called created."""
    earlier = book.begin([a_row(5), left_out(3), a_row(4, "b"), left_out(6)])
    book.send(earlier, {4: Outcome.REFUSED})
    later = book.import_rows(a_row(2, "good", line=(earlier, 3)), a_row(3, "better", line=(earlier, 4)))
    created_row, mended, also = (book.row_id(earlier, number) for number in (5, 3, 4))

    rows = list(book.ledger.doubts.created_rows(earlier))

    assert rows == [
        CreatedRow(mended, 3, f"id-{book.row_id(later, 2)}", 2, 1),
        CreatedRow(also, 4, f"id-{book.row_id(later, 3)}", 2, 2),
        CreatedRow(created_row, 5, f"id-{created_row}", 1, 2),
    ]


def test_what_reads_are_worth_is_kept_by_account(book: Book, other: Book) -> None:
    """What one run has learned of an account, the next one knows."""
    stranger = book.ledger.accounts.meet("https://api.example.com", "test", "78").account_id
    assert book.ledger.doubts.trust(book.account_id) == Trust()
    learned = Trust(keys=Kept.KEPT, values=Kept.CHANGED)

    book.ledger.doubts.remember_trust(book.account_id, learned)

    assert other.ledger.doubts.trust(book.account_id) == learned
    assert other.ledger.doubts.trust(stranger) == Trust()
    other.hold()
    book.ledger.doubts.remember_trust(book.account_id, learned)


def test_a_decision_and_a_boot_are_remembered(book: Book, clock: ManualClock) -> None:
    """What a person decided stands in the ledger; so does the moment at which a boot was first seen."""
    run_id = book.begin([a_row(2)])
    book.ledger.doubts.note_decision(run_id, "absent", 3)

    assert book.query("SELECT run_id, decision, rows, decided_at FROM decisions") == [
        (run_id, "absent", 3, BEGAN.timestamp())
    ]
    clock.move(50)
    assert book.ledger.doubts.boot_seen("boot-1") == 1_000.0


def test_the_newest_request_is_anybodys(book: Book, other: Book) -> None:
    """Numbers tell the order of all processes; before the first request there is none."""
    assert book.ledger.doubts.newest_request() == 0
    other.import_rows(a_row(2))
    answered(other, None)

    assert book.ledger.doubts.newest_request() == 2
