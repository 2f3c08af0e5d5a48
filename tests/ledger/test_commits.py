"""A commit that was not answered, in a database that machines share: what became of it is found out about, or told as unknown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Timer
from typing import Any

import psycopg
import pytest

from etl.clock import SystemClock
from etl.errors import LedgerError, LedgerLostError
from etl.ledger.libpq import engine_of, libpq_place
from etl.ledger.requests import Reserved
from etl.ledger.store import Ledger
from etl.records import Outcome
from tests.clocks import ManualClock
from tests.ledger.books import Book, a_row, created, open_book
from tests.ledger.shared import EMPTYING, emptied_ledger
from tests.postgresql import Server


@pytest.fixture
def book(tmp_path: Path, clock: ManualClock, postgresql: Server) -> Iterator[Book]:
    opened = open_book(tmp_path, clock, emptied_ledger(postgresql))
    yield opened
    opened.ledger.close()


def arrives_and_is_lost(connection: Any, statement: bytes, _book: Book) -> None:
    """The answer is lost on its way back."""
    connection.execute(statement)
    connection.close()


def is_lost(connection: Any, _statement: bytes, _book: Book) -> None:
    """It never arrives."""
    connection.close()


def arrives_later(connection: Any, statement: bytes, book: Book) -> None:
    """The server has not noticed that nobody listens, and gets to it after a while."""
    database: Any = book.ledger._database
    book.held = database._connection  # type: ignore[attr-defined]  # or it would be closed with the last word about it
    Timer(0.3, connection.execute, [statement]).start()
    database._connection = database._connected()
    database._connection.connection.dbapi_connection.close()


class Cut:
    """Stands before a connection of psycopg's, until something has happened to one COMMIT."""

    def __init__(self, connection: Any, book: Book, happens: list[Callable[[Any, bytes, Book], None]]) -> None:
        self._connection, self._book, self._happens = connection, book, happens

    def execute(self, statement: Any, *arguments: Any, **more: Any) -> Any:
        if self._happens and isinstance(statement, bytes) and statement.endswith(b"COMMIT"):
            self._happens.pop()(self._connection, statement, self._book)
            raise psycopg.OperationalError("the connection is lost")
        return self._connection.execute(statement, *arguments, **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def cut(monkeypatch: pytest.MonkeyPatch, book: Book, happens: Callable[[Any, bytes, Book], None]) -> None:
    """Let it happen to the next commit of this ledger."""
    database: Any = book.ledger._database
    plain, left = type(database)._raw.fget, [happens]

    def raw(self: Any) -> Any:
        return Cut(plain(self), book, left) if self is database and self._has_begun else plain(self)

    monkeypatch.setattr(type(database), "_raw", property(raw))


@pytest.mark.parametrize(
    ("happens", "is_there"), [(is_lost, False), (arrives_and_is_lost, True), (arrives_later, True)]
)
def test_a_commit_that_was_not_answered(
    book: Book, monkeypatch: pytest.MonkeyPatch, happens: Any, is_there: bool
) -> None:
    """Its number tells: what was not committed is an error, and may be done anew; what was, or is about to be, is done."""
    book.ledger.accounts.note_numbering(book.account_id, "zero")
    cut(monkeypatch, book, happens)

    if is_there:
        book.ledger.accounts.note_numbering(book.account_id, "one")
    else:
        with pytest.raises(LedgerLostError, match="went away"):
            book.ledger.accounts.note_numbering(book.account_id, "one")

    assert book.ledger.accounts.numbering(book.account_id) == ("one" if is_there else "zero")


@pytest.mark.parametrize("happens", [is_lost, arrives_and_is_lost])
def test_the_end_of_a_run_is_noted_once_whatever_happens_to_its_commit(
    book: Book, monkeypatch: pytest.MonkeyPatch, happens: Any
) -> None:
    """What is one transaction, and hangs on nothing that was lost with the connection, is carried out anew by itself."""
    run_id = book.import_rows(a_row(2))
    cut(monkeypatch, book, happens)

    book.ledger.runs.end(run_id, None, None)

    assert book.state(run_id) == "finished"
    assert book.query("SELECT COUNT(*) FROM run_steps WHERE step = 'finished'") == [(1,)]


def mute(book: Book) -> list[str]:
    """Let the connection be lost each time when what became of a commit is asked for. Returns: what was asked, by and by."""
    database: Any = book.ledger._database
    plain: Callable[[str], Any] = database._last_of
    asked: list[str] = []

    def last_of(statements: str) -> Any:
        if "FROM commits" in statements:
            asked.append(statements)
            database._connection.connection.dbapi_connection.close()
        return plain(statements)

    database._last_of = last_of
    return asked


@pytest.mark.parametrize(("happens", "is_there"), [(is_lost, False), (arrives_and_is_lost, True)])
def test_an_intent_of_which_nobody_can_tell_is_not_taken_for_none(
    book: Book, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, happens: Any, is_there: bool
) -> None:
    """The question about its commit is cut off, too, each time: that is no answer, and nobody writes it again by itself."""
    run_id = book.begin([a_row(2), a_row(3, "b")])
    rows = book.waiting(run_id)
    cut(monkeypatch, book, happens)
    asked = mute(book)

    with pytest.raises(LedgerError, match="whether that is there cannot be told") as caught:
        book.reserve(run_id, rows)
    assert not isinstance(caught.value, LedgerLostError)
    assert len(asked) == 6

    if not is_there:
        book.ledger.close()
        assert not caplog.records, "whoever is told of it need not read of it twice"
        book = book.neighbour()
        assert isinstance(book.reserve(run_id, rows), Reserved)
        book.ledger.close()
        return
    with pytest.raises(LedgerError, match="dealt with"):
        book.reserve(run_id, rows)
    assert book.query("SELECT outcome, known_row_id, request_id FROM rows") == [("unconfirmed", None, 1)] * 2
    book.ledger.requests.close_lost(run_id)
    (doubt,) = book.ledger.doubts.of_run(run_id)
    assert doubt.request_id == 1 and len(doubt.rows) == 2, "they are read back, as all that may have been sent"


def test_what_became_of_answers_that_nobody_can_tell_of_is_no_empty_end(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written anew they would find none of their rows in doubt, and none would be told to whoever counts them."""
    run_id = book.begin([a_row(2)])
    (row,) = book.waiting(run_id)
    request_id = book.intend(run_id)
    cut(monkeypatch, book, arrives_and_is_lost)
    mute(book)

    with pytest.raises(LedgerError, match="whether that is there cannot be told"):
        book.settle(request_id, created(row))
    assert book.outcomes(run_id) == {2: Outcome.CREATED}


def test_a_row_never_follows_itself(book: Book) -> None:
    """One that claims its own place was sent, or may have been: it is no row of another import."""
    run_id = book.begin([a_row(2)])
    rows = book.waiting(run_id)
    book.do("INSERT INTO claims SELECT scope_id, memory_key, ordinal, row_id FROM rows")

    with pytest.raises(LedgerError, match="dealt with"):
        book.reserve(run_id, rows)
    assert book.query("SELECT outcome, known_row_id FROM rows") == [("waiting", None)]


STANDBY = "CREATE SCHEMA fake; CREATE FUNCTION fake.pg_is_in_recovery() RETURNS bool LANGUAGE sql AS 'SELECT true'"


@pytest.fixture
def standby(postgresql: Server, postgresql_url: str) -> str:
    """The URL of a database that says of itself that it is a standby."""
    postgresql.do(STANDBY, postgresql_url.rpartition("/")[2])
    return f"{postgresql_url}?options=-csearch_path%3Dpublic%2Cfake%2Cpg_catalog"


@pytest.mark.parametrize("lags_by", [0, 1], ids=["", "lagging"])
def test_a_standby_proves_nothing(
    standby: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: ManualClock, lags_by: int
) -> None:
    """Its locks are not those under which the commit may be under way elsewhere; and what it lacks is not forgotten."""
    book = open_book(tmp_path, clock, standby)
    run_id = book.begin([a_row(2)])
    cut(monkeypatch, book, is_lost)
    book.ledger._database._commits._answered += lags_by  # type: ignore[attr-defined]

    with pytest.raises(LedgerError, match="standby, and lags behind" if lags_by else "cannot be told") as caught:
        book.reserve(run_id)
    assert not isinstance(caught.value, LedgerLostError)
    book.ledger.close()


def test_the_intent_that_a_standby_never_heard_of_is_not_believed(
    book: Book, postgresql: Server, postgresql_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Committed where it was, and lost with it: the number of the transaction says nothing there, ours is missing."""
    Ledger(postgresql_url, tmp_path / "standby", book.clock).close()
    run_id = book.begin([a_row(2)])
    rows = book.waiting(run_id)

    def fails_over(connection: Any, statement: bytes, book: Book) -> None:
        ((writer, number),) = book.query("SELECT writer, number FROM commits")
        postgresql.do(f"INSERT INTO commits VALUES ('{writer}', {number}, 0)", postgresql_url.rpartition("/")[2])
        arrives_and_is_lost(connection, statement, book)
        book.ledger._database._engine = engine_of(libpq_place(postgresql_url))  # type: ignore[attr-defined]

    cut(monkeypatch, book, fails_over)

    with pytest.raises(LedgerLostError):
        book.reserve(run_id, rows)


def test_a_database_that_has_forgotten_what_it_confirmed_is_left(book: Book, postgresql: Server) -> None:
    """A standby that lagged would have rows sent twice by the very run that had sent them: nothing is asked there any more."""
    run_id = book.begin([a_row(2)])
    number = book.query("SELECT MAX(number) FROM commits")[0][0]
    book.intend(run_id)
    book.do(f"UPDATE commits SET number = {number}; UPDATE rows SET outcome = 'waiting'; DELETE FROM claims")
    postgresql.cut(str(book.url), but=EMPTYING)

    for _ in range(2):
        with pytest.raises(LedgerError, match=r"has forgotten what it had confirmed.* etl ledger rebuild") as caught:
            book.reserve(run_id)
        assert not isinstance(caught.value, LedgerLostError)


def test_a_database_that_never_had_our_commits_is_left(book: Book, postgresql: Server, clock: ManualClock) -> None:
    """A standby that took over before our first commit came to it; what others have thrown away for its age is not missed."""
    run_id = book.begin([a_row(2)])
    book.do("DELETE FROM commits")
    clock.doze(86_400)
    postgresql.cut(str(book.url), but=EMPTYING)
    assert book.outcomes(run_id) == {2: Outcome.WAITING}

    book.ledger.accounts.note_numbering(book.account_id, "one")
    book.do("DELETE FROM commits")
    postgresql.cut(str(book.url), but=EMPTYING)
    with pytest.raises(LedgerError, match="has forgotten what it had confirmed"):
        book.reserve(run_id)


def test_a_database_that_only_went_away_has_forgotten_nothing(book: Book, postgresql: Server) -> None:
    """Transactions that wrote nothing leave no number, and are missed by nobody."""
    run_id = book.begin([a_row(2)])
    with book.ledger._database.writing(book.account_id):
        pass
    postgresql.cut(str(book.url), but=EMPTYING)

    assert book.outcomes(run_id) == {2: Outcome.WAITING}


def test_one_row_for_each_that_has_the_ledger_open(book: Book, clock: ManualClock) -> None:
    """It is written over by each commit; those of a day ago go with the first commit of another one."""
    run_id = book.begin([a_row(number, str(number)) for number in range(2, 6)])
    for row in book.waiting(run_id):
        book.intend(run_id, [row])
    assert len(book.query("SELECT * FROM commits")) == 1
    book.do("UPDATE commits SET noted_at = noted_at - 90000")

    other = book.neighbour()
    other.import_rows(a_row(2, "another"))
    other.ledger.close()

    assert len(book.query("SELECT * FROM commits")) == 1
    book.ledger.accounts.note_numbering(book.account_id, "one")
    assert len(book.query("SELECT * FROM commits")) == 2


NOTED = """
CREATE TABLE kept (mode TEXT);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN INSERT INTO kept VALUES (current_setting('synchronous_commit')); RETURN NEW; END$$;
CREATE TRIGGER noted AFTER UPDATE ON leases FOR EACH ROW EXECUTE FUNCTION note()"""


def test_a_renewal_survives_a_crash_too(postgresql: Server, tmp_path: Path) -> None:
    """Where commits are not waited for by default, the beat's are: one that is forgotten would let others take over too early."""
    url = postgresql.new_database()
    name = url.rpartition("/")[2]
    beating = open_book(tmp_path, SystemClock(), f"{url}?etl_lease_seconds=1")  # type: ignore[arg-type]  # time goes on
    assert postgresql.ask("SHOW synchronous_commit", database=name) == [("off",)]
    with beating.ledger.lock_input(beating.account_id, "visits"):
        beating.do(NOTED)
        until = time.monotonic() + 10
        while not (kept := beating.query("SELECT DISTINCT mode FROM kept")) and time.monotonic() < until:
            time.sleep(0.05)
    beating.ledger.close()
    postgresql.drop(url)

    assert kept == [("on",)]
