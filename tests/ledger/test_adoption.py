"""A plan that becomes a run leaves the ledger as it should be, however large the run is."""

from __future__ import annotations

import pytest

from etl.ledger import adoption
from etl.records import Outcome

from .books import Book, a_row, left_out

DEFINED = "SELECT sql FROM sqlite_master WHERE name = 'rows_by_cells'"
ROWS = "SELECT run_id, row_number, outcome, memory_key, ordinal, payload, cells, known_row_id, activity_id FROM rows"
BY_CELLS = "SELECT COUNT(*) FROM rows INDEXED BY rows_by_cells WHERE known_row_id IS NULL AND cells IS NOT NULL AND scope_id = 1"


@pytest.fixture
def kind() -> str:
    """A file: only there is an index made anew."""
    return "sqlite"


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adoption, "FEWEST_TO_SORT", 10)


def statements(book: Book, rows: int, first: int = 2) -> list[str]:
    """What was said to SQLite while a run of new rows began."""
    said: list[str] = []
    connection = book.ledger._database._sqlite  # type: ignore[attr-defined] # of a file
    connection.set_trace_callback(said.append)
    book.begin([a_row(number, f"row {first + number}") for number in range(2, 2 + rows)])
    connection.set_trace_callback(None)
    return [one for one in said if "INDEX rows_by_cells" in one]


def test_where_most_rows_are_new_the_index_is_made_anew(book: Book) -> None:
    """It is the same index, which every row is in, and rows are known by it; a run of few rows leaves it alone."""
    (before,) = book.query(DEFINED)

    assert len(statements(book, 30)) == 2
    assert not statements(book, 9, 100)
    assert not statements(book, 30, 200)  # most rows of the ledger are there already

    assert book.query(DEFINED) == [before]
    assert book.query(BY_CELLS) == [(69,)]
    assert book.query("PRAGMA integrity_check") == [("ok",)]


def test_the_rows_are_the_same_either_way(book: Book, other: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the index made anew, and with a place found for each row: equal rows, known ones and what is left out."""
    rows = [a_row(number, f"row {number % 20}", cells=f"cells {number}") for number in range(2, 40)] + [left_out(40)]
    first = book.begin(rows)
    monkeypatch.setattr(adoption, "FEWEST_TO_SORT", 10_000)
    second = book.begin(rows)

    assert [row[1:] for row in book.query(f"{ROWS} WHERE run_id = {first} ORDER BY 2")] == [
        row[1:] for row in book.query(f"{ROWS} WHERE run_id = {second} ORDER BY 2")
    ]
    assert other.query(BY_CELLS) == [(76,)]


def test_a_question_that_is_not_read_to_its_end_does_not_keep_a_run_from_beginning(book: Book) -> None:
    """SQLite takes no index out then: the rows find their places in it."""
    (before,) = book.query(DEFINED)
    book.do("INSERT INTO meta (name, value) VALUES ('a', '1'), ('b', '2')")
    reading = book.ledger._database._sqlite.execute("SELECT * FROM meta, (SELECT row_id FROM rows UNION SELECT 1)")  # type: ignore[attr-defined] # as above
    reading.fetchone()

    run_id = book.begin([a_row(number, f"row {number}") for number in range(2, 32)])

    reading.close()
    assert set(book.outcomes(run_id).values()) == {Outcome.WAITING}
    assert book.query(DEFINED) == [before]
    assert book.query(BY_CELLS) == [(30,)]


def test_a_run_that_could_not_begin_leaves_the_index(book: Book) -> None:
    """What fails midway is taken back as a whole."""
    (before,) = book.query(DEFINED)
    book.break_writing("UPDATE", "rows")

    with pytest.raises(Exception, match="disk is full"):
        book.begin([a_row(number, f"row {number}") for number in range(2, 32)])

    assert book.query(DEFINED) == [before]
    assert book.query("SELECT COUNT(*) FROM rows") == [(0,)]
