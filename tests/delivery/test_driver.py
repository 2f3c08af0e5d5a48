"""The driver in virtual time: what is sent when, and what the ledger says afterwards."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress

import pytest

from etl.delivery.decide import StopCause
from etl.delivery.outcomes import RowEnd
from etl.delivery.parcels import Parcel
from etl.delivery.throttle import MARGIN_SECONDS
from etl.delivery.verdict import Verdict
from etl.exits import ExitCode
from etl.ledger.requests import Allowance, Intent, NoSlot, RequestEnd, Reservation
from etl.records import Limit, Outcome, Window
from tests.delivery.lots import (
    LATENCY,
    Notes,
    a_lot,
    keys_refused,
    lost,
    not_sent,
    throttled,
)
from tests.ledger.books import GENEROUS, Book, a_row

HELD = round(LATENCY + 5.0 + MARGIN_SECONDS, 3)
"""So long after its sending a request that is answered at once lets the next one go, when its slot is the last."""


def counted(book: Book, run_id: int) -> Counter[Outcome]:
    return Counter(book.outcomes(run_id).values())


def test_everything_is_delivered_once_and_in_order(book: Book) -> None:
    """Without trouble each row goes out once, in row order, several requests at a time, and all are created."""
    lot = a_lot(book, 6)

    cause = lot.deliver()

    assert cause is None
    assert lot.sent_rows == [[2, 3], [4, 5], [6, 7], [8, 9], [10, 11], [12, 13]]
    assert lot.sent_at == [0, 0, 0, 0, LATENCY, LATENCY]
    assert lot.wire.most_in_flight == 4
    assert counted(book, lot.run_id) == {Outcome.CREATED: 12}
    assert lot.notes.sent_requests == [(number, 2) for number in range(1, 7)]
    assert lot.notes.in_flight == [3, 3, 3, 2, 1, 0]
    assert book.ledger.requests.in_the_air(lot.run_id) == 0


def test_a_request_is_on_its_way_before_anybody_is_told(book: Book) -> None:
    """Who is told may keep us waiting for hours; nothing may lie between the look whether the input is held and the sending."""
    lot = a_lot(book, 3)
    on_their_way: list[int] = []

    class Told(Notes):
        def sent(self, request_id: int, rows: int) -> None:
            super().sent(request_id, rows)
            on_their_way.append(len(lot.wire.sent))

    lot.notes = Told()
    lot.deliver()

    assert on_their_way == [1, 2, 3]


def test_nothing_to_send_ends_at_once(book: Book) -> None:
    """A run without waiting rows is over before anything is sent."""
    lot = a_lot(book, 0)

    assert lot.deliver() is None
    assert lot.wire.sent == []


def test_the_account_s_limit_paces_the_requests(book: Book) -> None:
    """With two requests in five seconds the next ones go when the answers of the first are a window old."""
    lot = a_lot(book, 5)
    lot.limit = Limit(2, 5.0)

    lot.deliver()

    assert lot.sent_at == [0, 0, HELD, HELD, round(2 * HELD, 3)]


def test_a_limit_that_a_refusal_names_is_kept_to_from_then_on(book: Book) -> None:
    """Refused with “exceeded the limit of 1 in 5”, the rows go again after the pause, one request a window."""
    lot = a_lot(book, 3, throttled("1 in 5"))
    lot.capacity = 1

    assert lot.deliver() is None

    assert lot.sent_rows == [[2, 3], [2, 3], [4, 5], [6, 7]]
    paused = round(LATENCY + 5.0 + MARGIN_SECONDS, 3)
    assert lot.sent_at == [0, paused, round(paused + HELD, 3), round(paused + 2 * HELD, 3)]
    assert book.ledger.accounts.learned_limits(book.account_id) == dict.fromkeys(Window, Limit(1, 5.0))
    assert counted(book, lot.run_id) == {Outcome.CREATED: 6}


SAYS = [
    pytest.param("", 0.5, id="no number: our share is halved"),
    pytest.param("2 in 5", 0.5, id="the number that was kept to: others send, too"),
    pytest.param("1 in 5", 1.0, id="a smaller number explains it"),
]


def test_a_burst_that_is_refused_with_a_number_is_explained_by_it(book: Book) -> None:
    """All of it had left before the first answer taught the number: that costs no share of the limit on top."""
    lot = a_lot(book, 4, throttled("1 in 5"), throttled("1 in 5"))
    lot.limit = Limit(2, 5.0)
    lot.capacity = 2

    assert lot.deliver() is None

    assert book.query("SELECT share FROM lines WHERE share < 1") == []
    assert book.ledger.accounts.learned_limits(book.account_id) == dict.fromkeys(Window, Limit(1, 5.0))
    assert counted(book, lot.run_id) == {Outcome.CREATED: 8}


@pytest.mark.parametrize(("words", "share"), SAYS)
def test_a_refusal_that_nothing_explains_makes_us_send_less(book: Book, words: str, share: float) -> None:
    """A refusal is the account's number, or else a reason to leave it more room for a while."""
    lot = a_lot(book, 3, throttled(words))
    lot.limit = Limit(2, 5.0)
    lot.capacity = 1

    assert lot.deliver() is None

    shares = [row[0] for row in book.query("SELECT share FROM lines")]
    assert (shares or [1.0]) == [share]
    assert counted(book, lot.run_id) == {Outcome.CREATED: 6}


def test_a_retry_after_is_waited_for_by_every_process(book: Book, other: Book) -> None:
    """What LeadSquared asks for is kept in the ledger, so that no other process sends sooner either."""
    lot = a_lot(book, 1, throttled(retry_after="30"))
    answers: list[Reservation] = []

    def ask_beside(until: float | None) -> None:
        if until is not None:
            answers.append(other.ledger.requests.reserve_read(book.account_id, GENEROUS))

    lot.wire.on_wait = ask_beside

    lot.deliver()

    assert lot.sent_at == [0, LATENCY + 30.0]
    assert set(answers) == {NoSlot(1_000.0 + LATENCY + 30.0)}


def test_a_stop_from_another_process_ends_a_long_wait(book: Book, other: Book) -> None:
    """`etl stop` is noticed within a second while a slot is waited for, not when the slot comes."""
    lot = a_lot(book, 2, throttled(retry_after="300"))
    lot.wire.on_wait = lambda _until: other.do(f"UPDATE runs SET stop_asked_at = 1 WHERE run_id = {lot.run_id}")

    cause = lot.deliver()

    assert cause is not None
    assert "etl stop" in cause.reason
    assert cause.exit_code is ExitCode.STOPPED
    assert book.clock.monotonic() < 1_000 + 2


def test_what_was_not_sent_goes_again_after_growing_waits(book: Book) -> None:
    """Without a connection the same rows are tried after 1, 2 and 4 seconds, before all later ones, and none is in doubt."""
    lot = a_lot(book, 2, not_sent, not_sent, not_sent)
    lot.capacity = 1

    assert lot.deliver() is None

    assert lot.sent_rows == [[2, 3]] * 4 + [[4, 5]]
    assert lot.sent_at == [0, 1.25, 3.5, 7.75, 8.0]
    assert counted(book, lot.run_id) == {Outcome.CREATED: 4}


def test_requests_that_fail_together_are_one_failure(book: Book) -> None:
    """Four connections refused at once are waited for once, and go again in row order."""
    lot = a_lot(book, 4, not_sent, not_sent, not_sent, not_sent)

    lot.deliver()

    assert lot.sent_at == [0, 0, 0, 0, 1.25, 1.25, 1.25, 1.25]
    assert lot.sent_rows[4:] == [[2, 3], [4, 5], [6, 7], [8, 9]]


def test_a_network_that_stays_away_stops_the_run(book: Book) -> None:
    """After a minute without a connection the run stops, with nothing in doubt and a command that continues it."""
    lot = a_lot(book, 2, afterwards=not_sent)

    cause = lot.deliver()

    assert cause is not None
    assert cause.exit_code is ExitCode.STOPPED
    assert cause.reason == "LeadSquared cannot be reached: connection refused"
    assert "run the same command: it continues" in cause.remedy
    assert 60 <= lot.sent_at[-1] <= 75
    assert counted(book, lot.run_id) == {Outcome.WAITING: 4}
    assert book.claims() == set()


def test_after_three_lost_answers_nothing_more_goes_out(book: Book) -> None:
    """What was in the air with them is waited for; then the delivery is over as sick, with chunks left behind."""
    lot = a_lot(book, 9, afterwards=lost)

    assert lot.deliver() is None

    assert lot.delivered.is_sick
    assert lot.sent_at == [0, 0, 0, 0]
    assert counted(book, lot.run_id) == {Outcome.UNCONFIRMED: 8, Outcome.WAITING: 10}


def test_who_goes_on_after_a_sickness_goes_carefully(book: Book) -> None:
    """One request at a time; two that tell nothing break off again."""
    lot = a_lot(book, 9, afterwards=lost)
    lot.is_careful = True

    assert lot.deliver() is None

    assert lot.delivered.is_sick
    assert lot.sent_at == [0, LATENCY]


def test_a_server_that_gets_well_is_used_as_before(book: Book) -> None:
    """One told answer ends the caution: requests go side by side again."""
    lot = a_lot(book, 6)
    lot.is_careful = True

    assert lot.deliver() is None

    assert not lot.delivered.is_sick
    assert lot.sent_at == [0, LATENCY, LATENCY, LATENCY, LATENCY, 2 * LATENCY]


def test_refused_keys_stop_the_run_and_leave_its_rows_waiting(book: Book) -> None:
    """A refused account ends the run: nothing was carried out, nothing more is tried."""
    lot = a_lot(book, 3, keys_refused)
    lot.capacity = 1

    cause = lot.deliver()

    assert cause is not None
    assert cause.exit_code is ExitCode.REFUSED
    assert len(lot.wire.sent) == 1
    assert counted(book, lot.run_id) == {Outcome.WAITING: 6}


SIGNALS = [
    pytest.param(2, ExitCode.INTERRUPTED, id="Ctrl-C"),
    pytest.param(15, ExitCode.TERMINATED, id="SIGTERM"),
    pytest.param(None, ExitCode.STOPPED, id="etl stop"),
]


@pytest.mark.parametrize(("signal_number", "code"), SIGNALS)
def test_a_wish_to_stop_lets_what_is_in_flight_come_back(book: Book, signal_number: int | None, code: ExitCode) -> None:
    """Asked to stop while the second request leaves, nothing further is sent; both answers are heard and kept."""
    lot = a_lot(book, 5)
    lot.wire.on_send = lambda sends: lot.stop.request("asked to", signal_number) if sends == 2 else None

    cause = lot.deliver()

    assert cause == StopCause(code, "asked to", "Run the same command: it continues.")
    assert lot.sent_rows == [[2, 3], [4, 5]]
    assert counted(book, lot.run_id) == {Outcome.CREATED: 4, Outcome.WAITING: 6}
    assert book.ledger.requests.in_the_air(lot.run_id) == 0


def test_a_wish_to_stop_before_the_start_sends_nothing(book: Book) -> None:
    """A run that is asked to stop before its first request takes no slot."""
    lot = a_lot(book, 2)
    lot.stop.request("asked to", 2)

    cause = lot.deliver()

    assert cause is not None
    assert lot.wire.sent == []
    assert book.query("SELECT COUNT(*) FROM requests") == [(0,)]


def test_a_wish_to_stop_goes_before_rows_that_are_ready_again(book: Book) -> None:
    """With several refused requests ready to go again, a stop that comes as the first one leaves holds back all others."""
    lot = a_lot(book, 4, not_sent, not_sent, not_sent, not_sent)
    lot.wire.on_send = lambda sends: lot.stop.request("asked to", 2) if sends == 5 else None

    lot.deliver()

    assert len(lot.wire.sent) == 5
    assert book.query("SELECT verdict, COUNT(*) FROM requests GROUP BY verdict") == [("answered", 1), ("notsent", 7)]
    assert counted(book, lot.run_id) == {Outcome.CREATED: 2, Outcome.WAITING: 6}


def test_a_request_that_a_stop_has_overtaken_is_given_back(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop that comes between slot and sending: the request does not go out, and its rows are not in doubt."""
    lot = a_lot(book, 3)
    reserve = book.ledger.requests.reserve

    def reserve_and_be_stopped(intent: Intent, allowance: Allowance) -> Reservation:
        lot.stop.request("asked to", 2)
        return reserve(intent, allowance)

    monkeypatch.setattr(book.ledger.requests, "reserve", reserve_and_be_stopped)

    lot.deliver()

    assert lot.sent_rows == []
    assert counted(book, lot.run_id) == {Outcome.WAITING: 6}
    assert book.ledger.requests.in_the_air(lot.run_id) == 0
    assert book.query("SELECT COUNT(*) FROM claims") == [(0,)]


def test_a_stop_from_another_process_overtakes_what_has_its_slot(book: Book, other: Book) -> None:
    """`etl stop` is looked for before each request leaves: the rows of the others are not in doubt."""
    lot = a_lot(book, 2)
    tell = lot.notes.sent

    def stop_meanwhile(request_id: int, rows: int) -> None:
        tell(request_id, rows)
        other.do(f"UPDATE runs SET stop_asked_at = 1 WHERE run_id = {lot.run_id}")

    lot.notes.sent = stop_meanwhile  # type: ignore[method-assign]

    lot.deliver()

    assert len(lot.wire.sent) == 1
    assert book.ledger.requests.in_the_air(lot.run_id) == 0


def test_answers_that_came_together_are_settled_together(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is there when the ledger is written to, and each is told of with what is in flight when its turn comes."""
    lot = a_lot(book, 10)
    settle, together = book.ledger.requests.settle_all, list[int]()
    monkeypatch.setattr(book.ledger.requests, "settle_all", lambda ends: together.append(len(ends)) or settle(ends))

    lot.deliver()

    assert together == [4, 4, 2]
    assert lot.notes.in_flight == [3] * 7 + [2, 1, 0]


def test_a_stop_ends_a_long_wait(book: Book) -> None:
    """Who waits for a pause to end does not have to wait for it after a stop."""
    lot = a_lot(book, 1, throttled(retry_after="300"))
    lot.wire.on_wait = lambda until: lot.stop.request("asked to", 2) if until is not None else None

    cause = lot.deliver()

    assert cause is not None
    assert cause.exit_code is ExitCode.INTERRUPTED
    assert book.clock.seconds == 1_000.0 + LATENCY


def test_a_spent_budget_stops_the_run(book: Book) -> None:
    """When the day's requests are used up, what is in flight comes back and the rest waits for another day."""
    lot = a_lot(book, 5)
    lot.daily = 3

    cause = lot.deliver()

    assert cause is not None
    assert cause.exit_code is ExitCode.STOPPED
    assert cause.reason == "the day's budget of requests is spent (3 today)"
    assert "after 00:00 UTC" in cause.remedy
    assert counted(book, lot.run_id) == {Outcome.CREATED: 6, Outcome.WAITING: 4}


def test_rows_that_another_run_has_sent_meanwhile_are_left_out(book: Book, other: Book) -> None:
    """Of a parcel that another run partly sent, the rest goes; a parcel that it sent whole is gone."""
    lot = a_lot(book, 3)
    theirs = other.begin([a_row(40 + number, f"row {number}") for number in (3, 4, 5)])
    other.send(theirs)

    assert lot.deliver() is None

    assert lot.sent_rows == [[2], [6, 7]]
    assert counted(book, lot.run_id) == {Outcome.CREATED: 3, Outcome.ALREADY_IMPORTED: 3}


def may_write(book: Book) -> bool:
    """Whether this process could write to the ledger at this moment, without waiting for another one."""
    database = sqlite3.connect(book.ledger.shown, timeout=0, isolation_level=None)
    with closing(database), suppress(sqlite3.OperationalError):
        database.execute("BEGIN IMMEDIATE")
        return True
    return False


def test_nobody_is_kept_from_the_ledger_while_somebody_is_told(book: Book, other: Book) -> None:
    """Who is told of an answer may take his time, a halted terminal say: what was answered is committed by then."""
    lot = a_lot(book, 6)
    told: list[tuple[bool, object]] = []

    class Slow(Notes):
        def settled(self, request_id: int, verdict: Verdict, ends: Sequence[RowEnd], in_flight: int) -> None:
            ((ended,),) = other.query(f"SELECT ended_at IS NOT NULL FROM requests WHERE request_id = {request_id}")
            told.append((may_write(other), ended))

    lot.notes = Slow()
    lot.deliver()

    assert told == [(True, 1)] * 6


def test_nobody_is_kept_from_the_ledger_while_parcels_are_read(
    book: Book, other: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many parcels turn out to be known, the next ones are read while the ledger is free."""
    lot = a_lot(book, 40)
    theirs = other.begin([a_row(400 + number, f"row {number}") for number in range(4, 60)])
    other.send(theirs)
    parcels, free = lot._parcels, list[bool]()

    def read() -> Iterator[Parcel]:
        for parcel in parcels():
            free.append(may_write(other))
            yield parcel

    monkeypatch.setattr(lot, "_parcels", read)
    lot.deliver()

    assert free == [True] * 40
    assert counted(book, lot.run_id) == {Outcome.CREATED: 24, Outcome.ALREADY_IMPORTED: 56}


def test_the_numbering_of_answers_is_learnt(book: Book) -> None:
    """A full answer shows how the account numbers its rows; the ledger keeps it for partial ones."""
    lot = a_lot(book, 1)

    lot.deliver()

    assert book.ledger.accounts.numbering(book.account_id) == "from_one"


def test_the_ledger_keeps_what_was_said(book: Book) -> None:
    """Verdict, status and LeadSquared's words of each request can be read again later."""
    lot = a_lot(book, 2, throttled("10 in 5"), lost)
    lot.capacity = 1

    lot.deliver()

    said = [tuple(row) for row in book.query("SELECT verdict, status, detail FROM requests ORDER BY request_id")]
    assert said == [
        ("throttled", 429, None),
        ("unknown", None, "connection reset"),
        ("answered", 200, None),
    ]
    assert lot.notes.verdicts == ["Throttled", "Unknown", "Answered"]


def test_a_slot_of_another_process_is_waited_for(book: Book, other: Book) -> None:
    """With all slots in another process's hands the run asks again within a window, and goes on when one is free."""
    lot = a_lot(book, 1)
    lot.limit = Limit(1, 5.0)
    theirs = other.begin([a_row(2, "elsewhere")])
    request_id = other.intend(theirs)

    def hear_the_other_answer(_until: float | None) -> None:
        if other.ledger.requests.in_the_air(theirs):
            other.ledger.requests.settle(RequestEnd(request_id, 1_001.0, "answered", None, 200))

    lot.wire.on_wait = hear_the_other_answer

    assert lot.deliver() is None

    assert lot.sent_at == [1.0 + HELD - LATENCY]


def test_a_host_that_has_not_shown_what_it_is_gets_one_request(book: Book) -> None:
    """Until the first answer tells something about its rows, requests go one at a time."""
    lot = a_lot(book, 5)
    lot.is_proven = False

    lot.deliver()

    assert lot.sent_at == [0, LATENCY, LATENCY, LATENCY, LATENCY]


def test_a_host_that_never_tells_anything_is_handed_three_requests(book: Book) -> None:
    """One after the other, so that a wrong host leaves few rows in doubt."""
    lot = a_lot(book, 9, afterwards=lost)
    lot.is_proven = False

    assert lot.deliver() is None

    assert lot.delivered.is_sick
    assert lot.sent_at == [0, LATENCY, 2 * LATENCY]
    assert counted(book, lot.run_id) == {Outcome.UNCONFIRMED: 6, Outcome.WAITING: 12}
