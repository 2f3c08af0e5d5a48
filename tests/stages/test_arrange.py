"""What travels together, by operation: the same in a dry run, a run and its continuation; and what a forecast says of it."""

from __future__ import annotations

import csv
import gc
import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from etl.events import Planned, StopSignal, ignore
from etl.ledger.plan import Plan
from etl.ledger.requests import Allowance
from etl.ledger.store import Ledger
from etl.ledger.waiting import WaitingRow
from etl.operations import OPERATIONS
from etl.records import Activity, Limit, Window
from etl.stages.arrange import arranged
from etl.stages.deliver import Parcels, dry_bodies, forecast
from etl.stages.forecast import match, planned
from etl.stages.kept_rows import keep_rows
from etl.stages.prepare import PreparedInput, inputs, load, stage
from tests.clocks import ManualClock
from tests.laws.quick import open_ledger
from tests.ledger.books import Book, created, lost

if TYPE_CHECKING:
    from etl.stages.arrange import Going

ALLOWANCE = Allowance({Window.BULK: Limit(1, 5), Window.GENERAL: Limit(25, 5)}, None)
"""One bulk request every five seconds, as LeadSquared allows by default."""

OPPORTUNITIES = """\
version: 1
name: site-visits-of-opportunities
operation: add-by-opportunity
activity: {event: 320}
columns:
  Opportunity: OpportunityId
  Owner: ActivityOwnerEmail
  Visit: mx_Custom_1
  Remarks: ActivityNote
"""
UPDATES = """\
version: 1
name: corrected-visits
operation: update
activity: {event: 320}
columns:
  Activity: ProspectActivityId
  Visit: mx_Custom_1
  Remarks: ActivityNote
"""
KEYED = OPPORTUNITIES + "row_key_field: mx_Custom_20\n"


def guid(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


def visit(number: int, place: int) -> dict[str, str]:
    """A visit at an opportunity, or of an activity; its letter case changes from row to row, as people's lists do."""
    found = guid(place).upper() if number % 3 == 0 else guid(place)
    told = {"Visit": f"V{number:05}", "Remarks": f"“{number}” मिले"}
    return {"Opportunity": found, "Activity": found, "Owner": "anna@example.com", **told}


@dataclass
class Import:
    """A sheet read and compared with the ledger; nothing is sent."""

    ledger: Ledger
    plan: Plan
    prepared: PreparedInput
    account_id: int
    scope_id: int

    def dry(self) -> list[bytes]:
        return list(dry_bodies(self.prepared, self.plan))

    def begin(self) -> int:
        book = Book(self.ledger, ManualClock(), self.account_id, self.scope_id)
        new = book.new_run(self.prepared.data_rows, operation=self.prepared.mapping.mapping.operation)
        return self.ledger.runs.begin(new, self.plan, 0)

    def parcels(self, run_id: int) -> Parcels:
        return Parcels(self.prepared, run_id, self.ledger)

    def bodies(self, run_id: int) -> list[bytes]:
        return [parcel.request.body for parcel in self.parcels(run_id)]

    def planned(self) -> Planned:
        return planned(self.prepared, self.plan, None, ALLOWANCE)


@contextmanager
def importing(folder: Path, mapping: str, rows: list[dict[str, str]], *, keeps_rows: bool = False) -> Iterator[Import]:
    with (folder / "visits.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    (folder / "mapping.yaml").write_text(mapping, encoding="utf-8")
    with open_ledger(folder / "home", ManualClock()) as ledger:
        loaded = load(folder / "mapping.yaml", ledger)
        (prepared,) = inputs([folder / "visits.csv"], loaded, ledger)
        plan = ledger.plan()
        if keeps_rows:
            keep_rows([prepared])
        stage(prepared, plan, ignore, StopSignal())
        account = ledger.accounts.meet("https://api.example.com", "prod", "77").account_id
        scope_id = ledger.accounts.scope(account, loaded.mapping.name, loaded.event)
        match(prepared, plan, scope_id, None)
        yield Import(ledger, plan, prepared, account, scope_id)


def visits_in(body: bytes) -> list[str]:
    elements = json.loads(body)
    return [field["Value"] for one in elements for field in one["Fields"] if field["SchemaName"] == "mx_Custom_1"]


@pytest.mark.parametrize("mapping", [pytest.param(OPPORTUNITIES, id="plain"), pytest.param(KEYED, id="row keys")])
def test_one_opportunity_a_request_and_no_request_too_many(tmp_path: Path, mapping: str) -> None:
    """Mixed as they may be in the file: opportunities as they are first named, their rows in order, 25 at most."""
    places = [0, *[number * 7 % 5 for number in range(150)], 9, *[0] * 30]
    with importing(tmp_path, mapping, [visit(number, place) for number, place in enumerate(places)]) as one:
        dry = one.dry()
        ahead = one.planned()
        run_id = one.begin()
        parcels = list(one.parcels(run_id))

    of_place = {place: [number for number, own in enumerate(places) if own == place] for place in dict.fromkeys(places)}
    assert [visits_in(body) for body in dry] == [
        [f"V{number:05}" for number in numbers[start : start + 25]]
        for numbers in of_place.values()
        for start in range(0, len(numbers), 25)
    ]
    assert [parcel.request.body for parcel in parcels] == dry
    assert [[row.row_number for row in parcel.rows] for parcel in parcels] == [
        [activity.row_number for activity in parcel.activities] for parcel in parcels
    ]
    named = [dict(parcel.request.query)["opportunityId"] for parcel in parcels]
    assert list(dict.fromkeys(named)) == [guid(place) for place in of_place]
    assert (ahead.rows_to_send, ahead.requests) == (len(places), len(parcels))


def test_what_is_left_of_an_opportunity_goes_in_a_continuation(tmp_path: Path) -> None:
    """After a stop the rest is arranged anew, and forecast so."""
    places = [number % 40 for number in range(200)]
    with importing(tmp_path, OPPORTUNITIES, [visit(number, place) for number, place in enumerate(places)]) as one:
        run_id = one.begin()
        book = Book(one.ledger, ManualClock(), one.account_id, one.scope_id)
        for parcel in itertools.islice(one.parcels(run_id), 10):
            request_id = book.intend(run_id, parcel.rows)
            book.settle(request_id, *[created(row) for row in parcel.rows])
        rest = one.bodies(run_id)
        ahead = forecast(one.ledger.runs.counts_to_send(run_id), one.prepared.mapping, ALLOWANCE)

    assert [visits_in(body)[0] for body in rest] == [f"V{number:05}" for number in range(10, 40)]
    assert (ahead.rows, ahead.requests, ahead.seconds) == (150, 30, 145)


def test_rows_apart_stay_apart_within_their_opportunity(tmp_path: Path) -> None:
    """A row that failed before shares a request neither with other opportunities nor with rows that did not fail."""
    with importing(tmp_path, OPPORTUNITIES, [visit(number, number % 2) for number in range(12)]) as one:
        run_id = one.begin()
        one.ledger._database.connection.exec_driver_sql("UPDATE rows SET together = 1 WHERE row_number IN (2, 4, 5)")
        sent = [visits_in(body) for body in one.bodies(run_id)]
        ahead = forecast(one.ledger.runs.counts_to_send(run_id), one.prepared.mapping, ALLOWANCE)

    assert sorted(map(len, sent)) == [1, 1, 1, 4, 5]
    assert ahead.requests == len(sent)


def test_many_opportunities_take_many_requests_and_the_forecast_says_so(tmp_path: Path) -> None:
    """5,000 rows of 3,000 opportunities are 3,000 requests, and hours at the default limit."""
    rows = [visit(number, number % 3_000) for number in range(5_000)]
    with importing(tmp_path, OPPORTUNITIES, rows) as one:
        ahead = one.planned()
        run_id = one.begin()
        resumed = forecast(one.ledger.runs.counts_to_send(run_id), one.prepared.mapping, ALLOWANCE)

    assert (ahead.rows_to_send, ahead.requests, ahead.seconds_at_limit) == (5_000, 3_000, 2_999 * 5)
    assert (resumed.rows, resumed.requests, resumed.seconds) == (5_000, 3_000, 2_999 * 5)


@pytest.mark.parametrize("most", [1, 2, 7])
def test_updates_of_one_activity_follow_each_other(tmp_path: Path, most: int) -> None:
    """Never two in one request, in row order, and the dry run shows them as they will be sent."""
    places = [number // most for number in range(70)]
    with importing(tmp_path, UPDATES, [visit(number, place) for number, place in enumerate(places)]) as one:
        dry = one.dry()
        ahead = one.planned()
        run_id = one.begin()
        sent = one.bodies(run_id)

    assert sent == dry
    ids = [[element["ProspectActivityId"] for element in json.loads(body)] for body in sent]
    assert all(len(set(own)) == len(own) <= 25 for own in ids)
    of_place: dict[str, list[str]] = {}
    for body, own in zip(sent, ids, strict=True):
        for one_id, name in zip(own, visits_in(body), strict=True):
            of_place.setdefault(one_id, []).append(name)
    assert of_place == {
        guid(place): [f"V{number:05}" for number, own in enumerate(places) if own == place] for place in set(places)
    }
    assert ahead.requests <= len(sent) <= ahead.requests + most


def test_a_row_behind_one_in_doubt_is_counted_but_cannot_go_yet(tmp_path: Path) -> None:
    """Whoever asks whether another round helps is told of those alone that may go."""
    with importing(tmp_path, UPDATES, [visit(number, number % 2) for number in range(4)]) as one:
        run_id = one.begin()
        book = Book(one.ledger, ManualClock(), one.account_id, one.scope_id)
        first = book.waiting(run_id)[0]
        book.settle(book.intend(run_id, [first]), lost(first))

        assert one.ledger.runs.count_to_send(run_id) == 2
        assert forecast(one.ledger.runs.counts_to_send(run_id), one.prepared.mapping, ALLOWANCE).rows == 3


ROWS, PLACES = 20_000, 10_000


def _mixed(event: int) -> Iterator[list[Going]]:
    """Rows of as many opportunities as there can be, each a second time only at the end; a thousand at a time."""
    for start in range(2, ROWS + 2, 1_000):
        yield [
            (
                WaitingRow(number, number, b"key", 1, None, b"%d" % (number % PLACES)),
                Activity(number, {"OpportunityId": guid(number % PLACES), "mx_Custom_1": f"V{number}"}, event),
            )
            for number in range(start, start + 1_000)
        ]


def test_memory_stays_flat_however_the_opportunities_are_mixed(tmp_path: Path) -> None:
    """Of 20,000 rows of 10,000 opportunities never more activities are held than stand in a block and a page."""

    def held() -> int:
        kinds = Counter(map(type, gc.get_objects()))
        return kinds[Activity] + kinds[WaitingRow]

    before, most, sizes, seen = held(), 0, Counter[int](), 0

    def watched() -> Iterator[list[Going]]:
        nonlocal most
        for number, block in enumerate(_mixed(320), start=1):
            if number % 5 == 0:
                most = max(most, held() - before)
            yield block

    with open_ledger(tmp_path, ManualClock()) as ledger:
        for chunk, rows in arranged(watched(), OPERATIONS["add-by-opportunity"], ledger.runs.gathering):
            assert [row.row_number for row in rows] == [one.row_number for one in chunk.activities]
            sizes[len(rows)] += 1
            seen += 1
            if seen % 2_000 == 0:
                most = max(most, held() - before)

    assert sizes == {2: PLACES}
    assert most <= 2 * 2 * 1_000 + 100  # two blocks of rows with their activities


def test_what_is_gathered_comes_back_as_it_was(tmp_path: Path) -> None:
    """Every letter, the order of the values and half a surrogate pair included."""
    values: Mapping[str, Any] = {"OpportunityId": guid(1), "b": "“मिले” \ud83d", "a": "", "ActivityOwnerEmail": "x@y.z"}
    row = WaitingRow(5, 9, b"\x00\xff", 3, 25, b"\x01")
    with open_ledger(tmp_path, ManualClock()) as ledger:
        blocks: list[list[Going]] = [[], [(row, Activity(9, values, 17))], []]
        ((chunk, rows),) = arranged(blocks, OPERATIONS["add-by-opportunity"], ledger.runs.gathering)

    assert rows == (row,)
    assert chunk.activities == (Activity(9, values, 17),)
    assert list(chunk.activities[0].values) == list(values)
