"""What reading back tells of rows in doubt, and what is kept of requests so that they can be read back."""

from __future__ import annotations

import pytest

from etl.chunker import Group
from etl.delivery.outcomes import RowEnd
from etl.ledger.requests import RequestEnd, Reserved, StopWanted
from etl.ledger.runs import WaitingRow
from etl.ledger.schema import OpaqueId
from etl.records import Outcome
from tests.clocks import BEGAN, ManualClock
from tests.ledger.books import GENEROUS, Book, a_row, absent, created, left_out, lost, mark, not_carried_out, refused

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"

DOUBTFUL = Outcome.UNCONFIRMED
KNOWN = Outcome.ALREADY_IMPORTED
NEW = Outcome.WAITING


def in_doubt(book: Book, *words: str) -> tuple[int, int, list[WaitingRow]]:
    """A run of some rows, from row 2 on, that went out in one request which was lost. Returns: run, request, rows."""
    run_id = book.begin([a_row(number, word) for number, word in enumerate(words, start=2)])
    rows = book.waiting(run_id)
    request_id = book.intend(run_id)
    book.settle(request_id, *[lost(row) for row in rows])
    book.ledger.runs.end(run_id, None, None)
    return run_id, request_id, rows


TOLD = [
    pytest.param(RowEnd(0, Outcome.CREATED, "A-1", "read_back"), True, "finished", id="found"),
    pytest.param(RowEnd(0, Outcome.WAITING), False, "open", id="absent"),
    pytest.param(RowEnd(0, Outcome.WAITING, together=5), False, "open", id="absent, to go apart"),
    pytest.param(RowEnd(0, Outcome.REFUSED, None, "refused", "No", "Do"), False, "finished", id="refused for good"),
    pytest.param(RowEnd(0, Outcome.UNCONFIRMED, None, "unconfirmed", "two"), True, "finished", id="open still"),
]


@pytest.mark.parametrize(("told", "is_claimed", "state"), TOLD)
def test_a_row_in_doubt_ends_as_reading_back_tells(book: Book, told: RowEnd, state: str, *, is_claimed: bool) -> None:
    """The row stands as it was told, claimed while it may be stored; its run is open again when it is to be sent."""
    run_id, request_id, (row, beside) = in_doubt(book, "a", "b")
    end = told._replace(row_id=row.row_id)

    written = book.read_back(request_id, end)

    assert written == (end,)
    line, untouched = book.lines(run_id)
    assert (line.outcome, line.activity_id, line.code, line.error, line.hint) == (
        end.outcome,
        end.activity_id,
        end.code,
        end.error,
        end.hint,
    )
    assert untouched.outcome is DOUBTFUL
    assert ((mark("payload", "a"), 1) in book.claims()) is is_claimed
    assert book.state(run_id) == state
    if end.outcome is NEW:
        assert book.waiting(run_id) == [row._replace(together=end.together)]
        assert book.query("SELECT request_id, position FROM rows WHERE row_number = 2") == [(None, None)]
    assert book.row_id(run_id, 3) == beside.row_id


def test_a_row_that_has_gone_out_again_since_is_left_alone(book: Book, other: Book) -> None:
    """What is told late, by the request before, changes nothing in a row that another process has sent meanwhile."""
    run_id, first, (row,) = in_doubt(book, "a")
    other.read_back(first, absent(row))
    second = other.intend(run_id)

    assert book.read_back(first, created(row, "A-1")) == ()
    assert book.read_back(first, absent(row)) == ()

    assert book.outcomes(run_id) == {2: DOUBTFUL}
    assert book.query("SELECT request_id FROM rows") == [(second,)]
    assert book.claims() == {(mark("payload", "a"), 1)}


@pytest.mark.parametrize("fate", [created, refused, not_carried_out])
def test_a_row_that_has_its_end_keeps_it(book: Book, fate: object) -> None:
    """Two processes may read back side by side: what the second one tells comes too late."""
    run_id, request_id, (row,) = in_doubt(book, "a")
    assert callable(fate)
    book.read_back(request_id, fate(row))
    before = book.lines(run_id)

    assert book.read_back(request_id, created(row, "other"), absent(row, 1)) == ()

    assert book.lines(run_id) == before


def test_nothing_told_is_nothing_written(book: Book, other: Book) -> None:
    """Without news the ledger is not even locked."""
    other.hold()

    assert book.ledger.requests.settle_read_back({}) == ()


def test_who_goes_apart_goes_apart_until_the_next_word(book: Book) -> None:
    """The company is kept when a later end says nothing of it, and replaced by the next one that does."""
    run_id, first, (row,) = in_doubt(book, "a")
    book.read_back(first, absent(row, 5))
    second = book.intend(run_id)

    book.settle(second, not_carried_out(row))
    assert book.waiting(run_id)[0].together == 5

    third = book.intend(run_id)
    book.settle(third, lost(row))
    book.read_back(third, absent(row))
    assert book.waiting(run_id)[0].together == 5

    fourth = book.intend(run_id)
    book.settle(fourth, lost(row))
    book.read_back(fourth, absent(row, 1))
    assert book.waiting(run_id)[0].together == 1
    assert book.ledger.runs.counts_to_send(run_id) == {Group(1, together=1): 1}


SPELT = [
    pytest.param(GUID, GUID, id="the same"),
    pytest.param(GUID, GUID.upper(), id="in capitals"),
    pytest.param(GUID.upper(), GUID, id="in small letters"),
]


@pytest.mark.parametrize(("held", "told"), SPELT)
def test_an_activity_is_found_for_one_row_only(book: Book, held: str, told: str) -> None:
    """A row that is found under the id of another row stays in doubt and says whose it is, however the id is spelt."""
    earlier = book.begin([a_row(9, "z")])
    (holder,) = book.waiting(earlier)
    book.settle(book.intend(earlier), created(holder, held))
    run_id, request_id, (row,) = in_doubt(book, "a")

    (end,) = book.read_back(request_id, created(row, told))

    assert (end.outcome, end.code) == (DOUBTFUL, "id_taken")
    assert end.error == (
        f"LeadSquared answered with the ProspectActivityId {told}, which row 9 of run {earlier} already has."
    )
    assert book.outcomes(run_id) == {2: DOUBTFUL}
    assert book.claims() == {(mark("payload", "a"), 1), (mark("payload", "z"), 1)}


@pytest.mark.parametrize("told", [GUID, GUID.upper()])
def test_of_two_rows_found_as_one_activity_the_first_has_it(book: Book, told: str) -> None:
    """The same id for two rows at once, of two requests or of one, is believed once."""
    run_id, first, rows = in_doubt(book, "a", "b")
    _, second, (third,) = in_doubt(book, "c")
    ends = {first: [created(rows[0], GUID), created(rows[1], told)], second: [created(third, told)]}

    written = book.ledger.requests.settle_read_back(ends)

    assert [end.outcome for end in written] == [Outcome.CREATED, DOUBTFUL, DOUBTFUL]
    assert [end.error for end in written[1:]] == [
        f"LeadSquared answered with the ProspectActivityId {told}, which row 2 of run {run_id} already has."
    ] * 2


@pytest.mark.parametrize("before", [Outcome.INVALID, Outcome.REFUSED, NEW])
def test_a_line_is_mended_when_its_correction_is_found(book: Book, before: Outcome) -> None:
    """A corrected line whose answer was lost brings its first run up to date as soon as it is found, and not before."""
    earlier = book.begin([left_out(2) if before is Outcome.INVALID else a_row(2)])
    book.send(earlier, {2: before})
    later = book.begin([a_row(5, "good", line=(earlier, 2))])
    (row,) = book.waiting(later)
    request_id = book.intend(later)
    book.settle(request_id, lost(row))
    assert book.outcomes(earlier) == {2: before}

    book.read_back(request_id, created(row, "A-1"))

    (line,) = book.lines(earlier)
    assert (line.outcome, line.activity_id, line.error, line.code) == (Outcome.CREATED, "A-1", None, None)


def test_what_waited_for_a_mended_line_waits_no_longer(book: Book) -> None:
    """Rows of one key that the results file sent: in the first run all of them know where their activity is."""
    rows = [a_row(2, "a", key="k"), a_row(3, "a", key="k"), a_row(4, "b", key="k")]
    earlier = book.begin(rows, unique=True)
    later = book.begin([a_row(2, "a", key="k", line=(earlier, 2))], unique=True)

    book.send(later)

    assert book.outcomes(earlier) == {2: Outcome.CREATED, 3: KNOWN, 4: Outcome.CHANGED}
    assert [line.activity_id for line in book.lines(earlier)[:2]] == [book.lines(later)[0].activity_id] * 2


def test_what_waited_for_a_line_with_other_values_is_changed(book: Book) -> None:
    """A row that followed a line which was stored with corrected values is not called imported."""
    earlier = book.begin([a_row(2, "a", key="k"), a_row(3, "a", key="k")], unique=True)

    book.import_rows(a_row(2, "corrected", key="k", line=(earlier, 2)), unique=True)

    assert book.outcomes(earlier) == {2: Outcome.CREATED, 3: Outcome.CHANGED}


def test_a_request_is_witnessed_by_the_first_row_that_is_confirmed(book: Book) -> None:
    """Answers and reads alike leave an activity with the request, once; rows in doubt, refused or to go again leave none."""
    run_id, request_id, (first, second, third, fourth) = in_doubt(book, "a", "b", "c", "d")
    query = "SELECT witness FROM requests WHERE request_id = :request_id"

    book.read_back(request_id, refused(first), absent(second))
    assert book.query(query, request_id=request_id) == [(None,)]
    book.read_back(request_id, created(third, "A-3"))
    book.read_back(request_id, created(fourth, "A-4"))
    assert book.query(query, request_id=request_id) == [(as_kept("A-3"),)]
    book.send(run_id)
    assert book.query(query, request_id=request_id + 1) == [(as_kept(f"id-{second.row_id}"),)]


def as_kept(activity_id: str) -> bytes | None:
    return OpaqueId().process_bind_param(activity_id, None)  # type: ignore[arg-type]


def test_the_end_of_a_request_tells_what_reading_back_needs(book: Book, other: Book, clock: ManualClock) -> None:
    """Whether LeadSquared may be at it still, what its clock said, and the newest request of anybody by then."""
    run_id = book.begin([a_row(2), a_row(3, "b")])
    first, second = book.waiting(run_id)
    one, two = book.intend(run_id, [first]), book.intend(run_id, [second])
    other.ledger.requests.reserve_read(other.account_id, GENEROUS)
    server_at = BEGAN.timestamp() + 7

    book.ledger.requests.settle(RequestEnd(two, 1_000.0, "answered", None, 200, (created(second),), False, server_at))
    other.ledger.requests.reserve_read(other.account_id, GENEROUS)
    clock.move(120)
    book.ledger.requests.settle(RequestEnd(one, 1_120.0, "unknown", "timed out", None, (lost(first),), late=True))

    query = "SELECT late, server_at, ended_after, ended_mono FROM requests WHERE run_id IS NOT NULL ORDER BY request_id"
    assert book.query(query) == [(1, None, 4, 1_120.0), (None, server_at, 3, 1_000.0)]


def test_what_a_dead_process_left_is_over_now(book: Book, other: Book, clock: ManualClock) -> None:
    """Its requests end when their successor begins, after all that was written meanwhile; in the boot in which that is."""
    run_id = book.begin([a_row(2), a_row(3, "b")])
    first, second = book.waiting(run_id)
    book.intend(run_id, [first])
    clock.move(5)
    other.import_rows(a_row(2, "z"))
    clock.move(5)
    book.intend(run_id, [second])
    clock.move(50)

    assert book.ledger.requests.close_lost(run_id) == 2

    query = "SELECT sent_mono, ended_mono, ended_at, ended_after, verdict, late FROM requests"
    query += " WHERE run_id = :run_id ORDER BY request_id"
    ended = BEGAN.timestamp() + 60
    assert book.query(query, run_id=run_id) == [
        (1_000.0, 1_060.0, ended, 3, "unknown", None),
        (1_010.0, 1_060.0, ended, 3, "unknown", None),
    ]


def test_of_a_boot_that_is_over_nothing_is_said_in_seconds_of_this_one(book: Book, clock: ManualClock) -> None:
    """A request of an earlier boot counts as sent and ended now, by this boot's seconds; the wall clock is kept."""
    run_id = book.begin([a_row(2)])
    book.intend(run_id)
    clock.move(30)
    clock.reboot("boot-2", 7.0)

    book.ledger.requests.close_lost(run_id)

    query = "SELECT boot_id, sent_mono, ended_mono, sent_at, ended_at FROM requests"
    assert book.query(query) == [("boot-2", 7.0, 7.0, BEGAN.timestamp(), BEGAN.timestamp() + 30)]


def test_a_probe_is_one_missing_row_that_goes_alone(book: Book) -> None:
    """The row waits, alone and unclaimed; its neighbours stay in doubt; its run is open; twice is once."""
    run_id, _, (row, _) = in_doubt(book, "a", "b")

    book.ledger.requests.let_go_as_probe(row.row_id)

    assert book.outcomes(run_id) == {2: NEW, 3: DOUBTFUL}
    assert book.waiting(run_id) == [row._replace(together=1)]
    assert book.claims() == {(mark("payload", "b"), 1)}
    assert book.state(run_id) == "open"
    book.intend(run_id)
    stored = book.row_id(run_id, 2)
    book.settle(2, created(row))
    book.ledger.requests.let_go_as_probe(stored)
    assert book.outcomes(run_id) == {2: Outcome.CREATED, 3: DOUBTFUL}


def test_what_was_believed_by_mistake_is_in_doubt_again(book: Book) -> None:
    """A row whose activity shows the row key of another row is in doubt, claimed, without an id; so is what it stood for."""
    run_id = book.import_rows(a_row(2), a_row(3, "b"), a_row(4, "c"))
    again = book.begin([a_row(2), a_row(3, "b"), left_out(4)])
    first = book.row_id(run_id, 2)

    book.ledger.requests.disprove([first])

    line = book.lines(run_id)[0]
    assert (line.outcome, line.activity_id, line.code) == (DOUBTFUL, None, "id_taken")
    assert line.error == "LeadSquared answered with the ProspectActivityId of another row."
    assert book.outcomes(run_id) == {2: DOUBTFUL, 3: Outcome.CREATED, 4: Outcome.CREATED}
    assert book.outcomes(again) == {2: DOUBTFUL, 3: KNOWN, 4: Outcome.INVALID}
    assert (mark("payload", "a"), 1) in book.claims()
    (doubt,) = book.ledger.doubts.of_run(again)
    assert [row.row_id for row in doubt.rows] == [first]


WITNESSES = [pytest.param([2], "id-2", id="one of two"), pytest.param([2, 3], None, id="both")]


@pytest.mark.parametrize(("disproved", "witness"), WITNESSES)
def test_a_disproved_row_witnesses_nothing(book: Book, disproved: list[int], witness: str | None) -> None:
    """The activity of another row tells nothing of when this one's request arrived; another confirmed row of it may."""
    run_id = book.import_rows(a_row(2), a_row(3, "b"))
    before = [book.row_id(run_id, number) for number in disproved]

    book.ledger.requests.disprove(before)

    found = book.ledger.doubts.freshest(book.account_id, 320)
    assert (found.activity_id if found else None) == witness


def test_only_a_row_that_was_sent_and_is_called_created_can_be_disproved(book: Book) -> None:
    """A line that another row stands for, a row in doubt and a row that waits are left as they are."""
    earlier = book.begin([left_out(2)])
    later = book.import_rows(a_row(2, "good", line=(earlier, 2)))
    run_id, _, _ = in_doubt(book, "a", "b")
    waiting = book.begin([a_row(2, "w")])
    runs = {run: book.lines(run) for run in (earlier, later, run_id, waiting)}

    book.ledger.requests.disprove([book.row_id(earlier, 2), book.row_id(run_id, 2), book.row_id(waiting, 2)])
    book.ledger.requests.disprove([])

    assert {run: book.lines(run) for run in runs} == runs


def test_no_slot_is_taken_for_a_run_that_was_asked_to_stop(book: Book) -> None:
    """Asked from another process, a run gets no further slot: nothing is written; cleared, it goes on."""
    run_id, beside = book.begin([a_row(2)]), book.begin([a_row(2, "z")])
    book.do(f"UPDATE runs SET stop_asked_at = 1.0 WHERE run_id = {run_id}")

    assert book.reserve(run_id) == StopWanted()

    assert book.query("SELECT COUNT(*) FROM requests") == [(0,)]
    assert book.claims() == set()
    assert book.ledger.requests.spent_today(book.account_id) == 0
    assert isinstance(book.reserve(beside), Reserved)
    book.ledger.runs.clear_stop(run_id)
    assert isinstance(book.reserve(run_id), Reserved)
