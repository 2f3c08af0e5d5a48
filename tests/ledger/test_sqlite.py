"""What the quick way to SQLite makes of a statement: its values by position, its rows as a stretch where they are one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import make_url

from etl.ledger.database import plain_file
from etl.ledger.sqlite import SqliteDatabase
from etl.ledger.store import Ledger
from tests.clocks import ManualClock

WHICH = "SELECT n FROM numbers WHERE n IN :row_ids AND kept = :kept ORDER BY n"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    opened = SqliteDatabase(f"sqlite:///{tmp_path / 'ledger.db'}", ManualClock())
    with opened.writing():
        opened.do("CREATE TABLE numbers (n INTEGER PRIMARY KEY, kept TEXT)", {})
        opened.do_each("INSERT INTO numbers (n, kept) VALUES (:n, :kept)", [{"n": n, "kept": "yes"} for n in range(60)])
        opened.do("UPDATE numbers SET kept = :kept WHERE n = :n", {"n": 7, "kept": "no"})
    yield opened
    opened.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    row_ids=st.one_of(
        st.lists(st.integers(-2, 70), max_size=8),
        st.tuples(st.integers(0, 40), st.integers(0, 10)).map(lambda place: list(range(place[0], sum(place)))),
    )
)
def test_a_stretch_of_rows_is_a_list_of_them(database: SqliteDatabase, row_ids: list[int]) -> None:
    """Whether rows follow upon each other, come in another order, twice, or are none: these and no others are meant."""
    found = database.ask(WHICH, {"row_ids": row_ids, "kept": "yes"})

    assert [n for (n,) in found] == sorted({n for n in row_ids if 0 <= n < 60 and n != 7})


def test_values_go_where_their_names_stand(database: SqliteDatabase) -> None:
    """A name may stand twice, or begin like another one, and values that no name asks for are not looked at."""
    values = {"n": 3, "nn": 4, "text": "a", "other": object()}

    assert database.ask("SELECT :nn, :text, :n, :nn, 'it''s'", values) == [(4, "a", 3, 4, "it's")]
    assert database.ask("SELECT :n", values) == [(3,)]
    assert database.ask("SELECT 1", values) == [(1,)]


@given(
    st.text(alphabet=st.characters(blacklist_characters="?%", blacklist_categories=("Cs", "Cc")), min_size=1).map(
        "/{}".format
    )
)
def test_a_plain_address_is_read_as_sqlalchemy_reads_it(path: str) -> None:
    """The file of a SQLite URL is the same, whoever reads it."""
    assert plain_file(f"sqlite:///{path}") == make_url(f"sqlite:///{path}").database == path


@pytest.mark.parametrize("ending", ["?timeout=3", "%20more"])
def test_an_address_that_says_more_goes_by_sqlalchemy(tmp_path: Path, ending: str) -> None:
    """What is not simply a path means what it means to SQLAlchemy, and the ledger works as any other."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}{ending}"
    assert plain_file(url) is None

    with Ledger(url, tmp_path / "files", ManualClock()) as ledger:
        account = ledger.accounts.meet("https://api.example.com", "prod", "1")

        assert ledger.listing.account_names() == ["prod"]
    with Ledger(url, tmp_path / "files", ManualClock()) as ledger:
        assert ledger.accounts.meet("https://api.example.com", "prod", "1") == account


def test_sqlalchemy_never_comes_into_what_has_begun(tmp_path: Path) -> None:
    """It begins with a rollback of its own: while the ledger is looked at as of one moment, it is too late for that."""
    database = SqliteDatabase(f"sqlite:///{tmp_path / 'ledger.db'}", ManualClock())
    with database.at_one_moment():
        assert database.ask("SELECT 1", {}) == [(1,)]
        with pytest.raises(RuntimeError, match="rollback"):
            _ = database.connection
    with database.looking() as connection:
        assert connection is database.connection
    database.close()
