"""How much room the ledger takes in a file, and that what saves room is used."""

from __future__ import annotations

import sqlite3
from collections import deque
from contextlib import closing
from pathlib import Path

import pytest

from etl.ledger import adoption, plan, runs
from etl.ledger.requests import Intent, Reserved
from etl.ledger.store import Ledger
from etl.ledger.waiting import WaitingRow
from etl.records import Window
from tests.clocks import ManualClock

from .books import GENEROUS, Book, a_row, created
from .test_bodies import visits

ROWS = 3_000
IN_THE_AIR = 8


@pytest.fixture
def kind() -> str:
    """A file: what takes how much room elsewhere is the database's own affair."""
    return "sqlite"


def test_a_row_that_waits_shows_nothing_of_the_room_that_it_keeps(book: Book) -> None:
    """As soon as a run has begun, no row of it has an id."""
    book.begin([a_row(number, f"row {number}") for number in range(2, 30)])

    assert book.query("SELECT COUNT(*), COUNT(activity_id) FROM rows") == [(28, 0)]


@pytest.mark.parametrize("number", [1, 127, 128, 32_767, 32_768, 8_388_607, 8_388_608])
def test_room_is_kept_for_what_a_row_gets(number: int) -> None:
    """As SQLite says: an id, a position and the number of a request, whichever that is."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE rows (id, position, request)")
        database.execute("INSERT INTO rows VALUES (NULL, NULL, NULL)")
        query = "SELECT SUM(payload) FROM dbstat WHERE name = 'rows'"
        ((before,),) = database.execute(query)
        database.execute("UPDATE rows SET id = zeroblob(16), position = 25, request = ?", (number,))
        ((after,),) = database.execute(query)

    assert after - before <= adoption._room_bytes(number) <= after - before + (number == 1)


def test_pages_of_rows_are_full_when_all_are_sent(book: Book) -> None:
    """With some requests in the air at a time, sending divides no page of rows, and a row takes less than 210 bytes in all."""
    run_id = book.begin([a_row(number, f"row {number}", key=f"key {number}") for number in range(2, 2 + ROWS)])
    waiting = book.waiting(run_id)
    in_the_air: deque[tuple[int, list[WaitingRow]]] = deque()

    def settle() -> None:
        request_id, rows = in_the_air.popleft()
        book.settle(request_id, *[created(row, f"{row.row_id:08x}-0000-4000-8000-{row.row_id:012x}") for row in rows])

    for place in range(0, ROWS, 25):
        some = waiting[place : place + 25]
        intent = Intent(book.account_id, book.scope_id, run_id, Window.BULK, some, visits(place))
        reserved = book.ledger.requests.reserve(intent, GENEROUS)
        assert isinstance(reserved, Reserved)
        in_the_air.append((reserved.request_id, list(some)))
        if len(in_the_air) > IN_THE_AIR:
            settle()
        book.clock.sleep(1.0)
    while in_the_air:
        settle()

    room = dict(book.query("SELECT name, SUM(pgsize) FROM dbstat GROUP BY name"))
    ((unused,),) = book.query("SELECT SUM(unused) FROM dbstat WHERE name = 'rows' AND pagetype = 'leaf'")
    assert unused < 0.06 * room["rows"]
    names = ("rows", "requests", "claims", "rows_by_activity", "rows_by_cells", "sqlite_autoindex_rows_1")
    assert sum(room[name] for name in names) < 210 * ROWS


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(plan._HOLDERS_BY_CELLS, id="rows of a plan"),
        pytest.param(runs._OVERTAKEN, id="rows of a run"),
    ],
)
def test_rows_are_looked_up_by_the_beginning_of_their_cells(book: Book, statement: str) -> None:
    """The index holds four bytes of each fingerprint, and SQL that looks rows up by their cells goes by it."""
    book.import_rows(a_row(2, "a"))
    book.plan([a_row(2, "a")])
    places = dict.fromkeys(("input_no", "scope_id", "run_id"), 1)

    steps = [row[3] for row in book.query(f"EXPLAIN QUERY PLAN {statement}", **places)]

    assert any("rows_by_cells (scope_id=? AND <expr>=?)" in step for step in steps), steps


def test_an_index_of_before_holds_less_now(tmp_path: Path) -> None:
    """A ledger of version 11 gets the small index when it is opened; what is in the ledger stays."""
    path = tmp_path / "ledger.db"
    Ledger(f"sqlite:///{path}", tmp_path / "files", ManualClock()).close()
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            "DROP INDEX rows_by_cells; CREATE INDEX rows_by_cells ON rows (scope_id, cells) WHERE known_row_id IS NULL;"
            "UPDATE meta SET value = '11' WHERE name = 'schema_version'"
        )

    Ledger(f"sqlite:///{path}", tmp_path / "files", ManualClock()).close()

    with closing(sqlite3.connect(path)) as database:
        ((made,),) = database.execute("SELECT sql FROM sqlite_master WHERE name = 'rows_by_cells'")
    assert "(scope_id, substr(cells, 1, 4)) WHERE known_row_id IS NULL" in made
