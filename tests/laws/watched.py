"""What really happened: counted from what the ledger was told and what LeadSquared was asked, never from what was drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import text

from etl.events import Event, Note
from etl.ledger.requests import BudgetSpent, HeldBack, Intent, Reserved, StopWanted, Taken
from etl.ledger.store import Ledger
from etl.reconciler.trust import Kept, Trust
from etl.records import Outcome
from etl.simulator import RateLimit

_SAID = {
    "; one at a time": "sick pause",
    "then one at a time": "sick pause",
    "row keys were found there": "second ledger noticed",
    "compared anew": "overtaken run compared anew",
    "goes on where it stopped": "run continued",
    "may not read activities back": "reads not allowed",
}

_OF_OUTCOME = {
    Outcome.CREATED: "verified found",
    Outcome.UPDATED: "verified found",
    Outcome.WAITING: "verified absent",
    Outcome.REFUSED: "refused after reading back",
}

_APART = {25: "sent again as it was", 5: "sent again by fives", 1: "sent again alone"}


def listener(tally: Counter[str], log: Callable[[str], None]) -> Callable[[Event], None]:
    """Counts what a run tells."""

    def hear(event: Event) -> None:
        if isinstance(event, Note):
            log(f"    {event.text}")
            for words, name in _SAID.items():
                if words in event.text:
                    tally[name] += 1
                    break

    return hear


def watch(
    ledger: Ledger,
    tally: Counter[str],
    is_stop_possible: Callable[[], bool],
    sets_out: Callable[[Sequence[int], bytes], None] = lambda _row_ids, _body: None,
) -> None:
    """Count what this ledger is told from here on. sets_out: hears of the rows of each request, and of its body.

    is_stop_possible: whether anybody has asked for a stop; while nobody has, the ledger is not asked each second.
    """
    _watch_requests(ledger.requests, tally, sets_out)
    _watch_trust(ledger.doubts, tally)
    asked = ledger.runs.is_stop_asked
    ledger.runs.is_stop_asked = lambda run_id: is_stop_possible() and asked(run_id)  # type: ignore[method-assign]


def watch_line(ledger: Ledger, tally: Counter[str], limit: RateLimit) -> None:
    """Count what comes of believing the line: slots that were given before answers alone would have given them, retreats."""
    requests, database = ledger.requests, ledger._database
    plain = {name: getattr(requests, name) for name in ("reserve", "reserve_read", "settle")}
    full = text(
        "SELECT COUNT(*) FROM requests WHERE account_id = :account_id AND boot_id = :boot_id "
        "AND request_id <> :request_id AND (ended_mono IS NULL OR ended_mono + :seconds > :now)"
    )

    def counted(account_id: int, reservation: Any) -> Any:
        if isinstance(reservation, Reserved):
            clock = database.clock
            moment: dict[str, Any] = {"boot_id": clock.boot_id(), "now": clock.monotonic(), "seconds": limit.seconds}
            values = {"account_id": account_id, "request_id": reservation.request_id, **moment}
            if int(database.connection.execute(full, values).scalar() or 0) >= limit.count:
                tally["slot given by the learned bound"] += 1
        return reservation

    def settling(end: Any) -> Any:
        retreats = text("SELECT SUM(doublings) FROM lines")
        before = database.connection.execute(retreats).scalar() or 0
        settled = plain["settle"](end)
        if end.refused_within is not None and (database.connection.execute(retreats).scalar() or 0) > before:
            tally["learned bound doubled"] += 1
        return settled

    requests.reserve = lambda intent, *more: counted(intent.account_id, plain["reserve"](intent, *more))  # type: ignore[method-assign]
    requests.reserve_read = lambda account_id, *more, **named: counted(  # type: ignore[method-assign]
        account_id, plain["reserve_read"](account_id, *more, **named)
    )
    requests.settle = settling  # type: ignore[method-assign]


def _watch_requests(requests: Any, tally: Counter[str], sets_out: Callable[[Sequence[int], bytes], None]) -> None:
    reserve, read_back = requests.reserve, requests.settle_read_back
    probe, disprove = requests.let_go_as_probe, requests.disprove

    def reserving(intent: Intent, allowance: Any) -> Any:
        reservation = reserve(intent, allowance)
        match reservation:
            case Reserved():
                together = intent.rows[0].together
                if together in _APART:
                    tally[_APART[together]] += 1
                assert len({row.together for row in intent.rows}) == 1, "rows apart travel with others"
                assert together is None or len(intent.rows) <= together, "too many rows travel together"
                sets_out([row.row_id for row in intent.rows], intent.body)
            case HeldBack():
                tally["held back"] += 1
            case StopWanted():
                tally["etl stop taken in"] += 1
            case BudgetSpent():
                tally["day's budget spent"] += 1
            case Taken():
                tally["taken by another run"] += 1
        return reservation

    def reading_back(ends: Mapping[int, Sequence[Any]]) -> Any:
        settled = read_back(ends)
        tally.update(_OF_OUTCOME[end.outcome] for end in settled if end.outcome in _OF_OUTCOME)
        return settled

    def probing(row_id: int) -> None:
        tally["probe"] += 1
        probe(row_id)

    def disproving(row_ids: Sequence[int]) -> Any:
        tally["id given back by its row key"] += len(row_ids)
        return disprove(row_ids)

    requests.reserve, requests.settle_read_back = reserving, reading_back
    requests.let_go_as_probe, requests.disprove = probing, disproving


def _watch_trust(doubts: Any, tally: Counter[str]) -> None:
    remember = doubts.remember_trust

    def remembering(account_id: int, trust: Trust, *more: Any, **named: Any) -> Any:
        if trust.values is Kept.CHANGED:
            tally["matching by value off"] += 1
        if trust.keys is Kept.CHANGED:
            tally["row keys not kept"] += 1
        return remember(account_id, trust, *more, **named)

    doubts.remember_trust = remembering
