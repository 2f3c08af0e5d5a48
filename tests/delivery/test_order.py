"""Rows of one address under any answers: in row order, never two at a time, and none of them twice."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.chunker import chunks_in_order
from etl.delivery.driver import Consignment, Driver
from etl.delivery.parcels import Parcel
from etl.events import StopSignal
from etl.ledger.requests import Allowance
from etl.operations.add_by_lead_field import AddByLeadField
from etl.records import Activity, ApiAnswer, ApiRequest, Exchange, Outcome, Window
from tests.clocks import ManualClock
from tests.delivery.lots import (
    LATENCY,
    LIMIT,
    Notes,
    Reply,
    ScriptedWire,
    Still,
    lost,
    not_sent,
    packed,
    stored,
    throttled,
)
from tests.ledger.books import LAST_ROW, Book, a_row, open_book


class InOrder(AddByLeadField):
    """Answers as one that adds, and keeps the order of its rows."""

    keeps_order = True


def all_refused(request: ApiRequest) -> Exchange:
    """LeadSquared refuses each row by itself: that is a verdict, and the next may go."""
    rows = [
        {"RowNumber": number, "ActivityCreated": False, "ErrorMessage": "Lead not found"}
        for number, _ in enumerate(json.loads(request.body), start=1)
    ]
    return ApiAnswer(200, {}, json.dumps({"Response": rows}).encode())


def first_told(request: ApiRequest) -> Exchange:
    """The answer names the first row only: the others stay in doubt."""
    answer = stored(request)
    assert isinstance(answer, ApiAnswer)
    rows = json.loads(answer.body)["Response"]
    return ApiAnswer(200, {}, json.dumps({"Response": rows[:1]}).encode())


REPLIES: dict[str, Reply] = {
    "stored": stored,
    "refused": all_refused,
    "lost": lost,
    "the first told": first_told,
    "not sent": not_sent,
    "throttled": throttled("10 in 5"),
}


@dataclass
class Orderly:
    """A run of rows with addresses, `size` at most in a request, delivered as an operation that keeps order."""

    book: Book
    addresses: Sequence[str]
    wire: ScriptedWire
    size: int = 3
    run_id: int = 0
    name: str = "row"

    def __post_init__(self) -> None:
        rows = [a_row(number, f"{self.name} {number}", lead=one) for number, one in enumerate(self.addresses, start=2)]
        plan = self.book.plan(rows)
        self.run_id = self.book.ledger.runs.begin(self.book.new_run(len(rows), operation="update"), plan, 0)

    def deliver(self) -> None:
        """One round."""
        allowance = Allowance({Window.BULK: LIMIT, Window.GENERAL: LIMIT}, None)
        consignment = Consignment(
            self.book.account_id,
            self.book.scope_id,
            self.run_id,
            InOrder(),
            "SearchByValue",
            self._parcels(),
            _Packer(),
            allowance,
            capacity=4,
        )
        Driver(consignment, self.book.ledger, self.wire, self.book.clock, Still(), Notes(), StopSignal()).deliver()
        self.wire.close()

    def _parcels(self) -> Iterator[Parcel]:
        rows = self.book.ledger.runs.waiting(self.run_id, 1, LAST_ROW)
        activities = (Activity(number, {}, 320) for number in rows)
        for chunk in chunks_in_order(
            activities, self.size, lambda one: rows[one.row_number].together, lambda one: rows[one.row_number].address
        ):
            yield packed(chunk.number, tuple(rows[activity.row_number] for activity in chunk.activities))

    def address_of(self, row_number: int) -> str:
        return self.addresses[row_number - 2]

    def moments_of(self, address: str) -> list[tuple[float, int]]:
        """When each row of an address left, in that order; a row that could not be sent may leave again."""
        return [(at, row) for at, rows in self.wire.sent for row in rows if self.address_of(row) == address]

    @property
    def outcomes(self) -> dict[int, Outcome]:
        return self.book.outcomes(self.run_id)


class _Packer:
    def pack(self, number: int, rows: tuple[object, ...], activities: tuple[object, ...]) -> Parcel:
        return packed(number, rows)  # type: ignore[arg-type]


def orderly(book: Book, addresses: str, *script: Reply, size: int = 3) -> Orderly:
    return Orderly(book, list(addresses), ScriptedWire(book.clock, list(script)), size)


SCRIPTS = st.lists(st.sampled_from(sorted(REPLIES)), max_size=12)


@settings(max_examples=15, deadline=None)
@given(addresses=st.text("abcde", min_size=1, max_size=14), script=SCRIPTS, size=st.integers(1, 4))
def test_rows_of_one_address_go_in_order_and_one_at_a_time(addresses: str, script: list[str], size: int) -> None:
    """Whatever comes back: the next row leaves after the verdict on the one before, and never while that one is in doubt."""
    with tempfile.TemporaryDirectory() as folder:
        book = open_book(Path(folder), ManualClock())
        lot = orderly(book, addresses, *[REPLIES[name] for name in script], size=size)
        lot.deliver()
        ends = lot.outcomes
        book.ledger.close()

    for address in set(addresses):
        moments = lot.moments_of(address)
        rows = [row for _, row in moments]
        assert rows == sorted(rows), "out of order"
        apart = [later - earlier for (earlier, _), (later, _) in pairwise(moments)]
        assert all(seconds >= LATENCY - 0.002 for seconds in apart), "two in flight"
        mine = [ends[row] for row in sorted(ends) if lot.address_of(row) == address]
        open_from = next((place for place, end in enumerate(mine) if end is Outcome.UNCONFIRMED), len(mine))
        assert all(end is Outcome.WAITING for end in mine[open_from + 1 :]), "sent behind one in doubt"
    certain = {"not sent", "throttled"}
    times = [
        row
        for (_, rows), name in zip(lot.wire.sent, [*script, *["stored"] * 99], strict=False)
        for row in rows
        if name not in certain
    ]
    assert len(times) == len(set(times)), "sent twice"
    assert all(len({lot.address_of(row) for row in rows}) == len(rows) for _, rows in lot.wire.sent)


def test_a_round_without_trouble_sends_everything(book: Book) -> None:
    """However often an address stands in the sheet."""
    lot = orderly(book, "aabacab" * 3)

    lot.deliver()

    assert set(lot.outcomes.values()) == {Outcome.CREATED}
    assert [row for _, row in lot.moments_of("a")] == [2, 3, 5, 7, 9, 10, 12, 14, 16, 17, 19, 21]


def test_others_go_while_one_is_waited_for(book: Book) -> None:
    """An address that comes again and again does not hold up the rest of the sheet."""
    lot = orderly(book, "aaaabcdefghi", size=1)

    lot.deliver()

    assert lot.wire.most_in_flight == 4
    assert lot.wire.sent[0][0] == 0
    assert [at for at, rows in lot.wire.sent if lot.address_of(rows[0]) not in "a"][:3] == [0, 0, 0]


def test_addresses_that_differ_cost_no_time(book: Book) -> None:
    """Then everything leaves at the same moments as if there were no order."""
    lot = orderly(book, "abcdefghijkl")

    lot.deliver()

    assert [at for at, _ in lot.wire.sent] == [0, 0, 0, 0]


def test_one_in_doubt_keeps_the_later_ones_back_until_it_is_settled(book: Book) -> None:
    """They wait, the others go; in the next round, when the first is found missing, all go in their order."""
    lot = orderly(book, "abab", lost, size=1)
    lot.deliver()
    assert lot.outcomes == {2: Outcome.UNCONFIRMED, 3: Outcome.CREATED, 4: Outcome.WAITING, 5: Outcome.CREATED}
    assert book.ledger.runs.count_to_send(lot.run_id) == 0
    lot.deliver()
    assert lot.outcomes[4] is Outcome.WAITING

    book.ledger.requests.let_go_as_probe(book.row_id(lot.run_id, 2))
    assert book.ledger.runs.count_to_send(lot.run_id) == 2
    lot.deliver()

    assert [row for _, row in lot.moments_of("a")] == [2, 2, 4]
    assert set(lot.outcomes.values()) == {Outcome.CREATED}


@pytest.mark.parametrize("end", ["killed", "lost"])
def test_what_an_earlier_run_left_in_doubt_is_waited_for(book: Book, end: str) -> None:
    """Another sheet with a row for the same activity: its row waits until that of the earlier one is settled."""
    earlier = orderly(book, "a", lost)
    if end == "lost":
        earlier.deliver()
    else:
        book.intend(earlier.run_id)
        book.ledger.requests.close_lost(earlier.run_id)
    later = Orderly(book, ["b", "a"], ScriptedWire(book.clock), name="another row")

    later.deliver()

    assert later.outcomes == {2: Outcome.CREATED, 3: Outcome.WAITING}
    assert [rows for _, rows in later.wire.sent] == [[2]]

    book.ledger.requests.let_go_as_probe(book.row_id(earlier.run_id, 2))
    later.deliver()

    assert later.outcomes == {2: Outcome.CREATED, 3: Outcome.CREATED}
