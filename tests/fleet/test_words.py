"""What is said to people of a fleet whose database, rights or words are not as they should be."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from etl.errors import LedgerError, UsageError
from etl.fleet.place import do, opened, trouble
from etl.fleet.submissions import run_of, stop
from etl.ledger.postgresql_words import is_worth_waiting, told
from etl.quoting import installing
from etl.settings import Settings
from tests.cli import conftest as commands
from tests.cli.conftest import KEYS, Shell
from tests.clocks import ManualClock
from tests.fleet.conftest import Submit, settings_at
from tests.ledger.books import a_row, open_book
from tests.postgresql import LOCKED_USER, PASSWORD, Server

shell = commands.shell

REFUSED = (
    'connection failed: connection to server at "db", port 5432 failed: Connection refused\n\tIs the server running on that '
    "host and accepting TCP/IP connections?"
)
RECOVERS = (
    "FATAL:  the database system is not yet accepting connections\nDETAIL:  Consistent recovery state has not been yet"
)

SAID = {
    "nobody there": (
        REFUSED,
        "Connection refused. Submissions that are there stay there. It does not answer: it is not",
    ),
    "it recovers": (RECOVERS, "It is starting up or shutting down. Run the same command again in a moment."),
    "no such database": (
        'FATAL:  database "nope" does not exist',
        "There is no database of that name. Correct the URL",
    ),
    "a word misspelled": ('invalid URI query parameter: "sslmod"', "behind the question mark of the URL: correct its"),
}


@pytest.mark.parametrize(("words", "says"), SAID.values(), ids=SAID.keys())
def test_it_is_said_what_to_do(tmp_path: Path, words: str, says: str) -> None:
    """The same as of the ledger, which is the same database."""
    said = trouble(settings_at("postgresql+psycopg://etl@db/etl", tmp_path), psycopg.OperationalError(words)).message

    assert says in said
    assert "?" not in said


def test_a_password_that_is_wrong_is_said_and_not_shown(postgresql: Server, tmp_path: Path) -> None:
    """By a server that asks for one."""
    url = postgresql.url(user=LOCKED_USER, password="secret sauce")
    with pytest.raises(LedgerError, match=r"The password or the user is wrong\..*PGPASSWORD") as caught:
        opened(settings_at(url, tmp_path)).__enter__()

    assert "sauce" not in caught.value.message


def test_who_may_make_no_schema_is_told_the_right(postgresql: Server, postgresql_url: str, tmp_path: Path) -> None:
    """Not that it must own the ledger's tables."""
    database = postgresql_url.rpartition("/")[2]
    settings = settings_at(postgresql.url(database, LOCKED_USER, PASSWORD), tmp_path)

    refused = pytest.raises(LedgerError, match=r"allowed to make the schema etl_fleet \(GRANT CREATE ON DATABASE")
    with refused, opened(settings) as connection:
        do(connection, "CREATE SCHEMA etl_fleet")


def test_a_database_that_recovers_is_waited_for() -> None:
    """So a database that was killed costs no turn; what refuses a password is not tried again."""
    assert is_worth_waiting(psycopg.OperationalError(RECOVERS))
    assert not is_worth_waiting(psycopg.OperationalError("password authentication failed"))
    assert told("L", REFUSED).count("?") == 0


def test_of_several_runs_of_one_sheet_the_newest_is_meant(settings: Settings, submit: Submit) -> None:
    """A sheet that was compared anew has two; one with several sheets has to be named."""
    number = submit()
    book = open_book(settings.ledger_files, ManualClock(), settings.ledger_url)
    with closing(book.ledger), opened(settings) as fleet:
        rows = {sheet: [a_row(number)] for number, sheet in enumerate((None, "Calls"), start=2)}
        new = [(book.new_run(1, sheet=sheet), book.plan(rows[sheet])) for sheet in (None, None, "Calls")]
        runs = [book.ledger.runs.begin(run, plan, 0) for run, plan in new]
        note = "INSERT INTO ends (submission, runs) VALUES (%(submission)s, %(runs)s::bigint[])"
        do(fleet, note, {"submission": number, "runs": runs[:2]})

        assert run_of(settings, number) == runs[1]
        do(fleet, "UPDATE ends SET runs = %(runs)s::bigint[]", {"runs": runs})
    with pytest.raises(UsageError, match=rf"one for each sheet: {runs[1]}, {runs[2]}\."):
        run_of(settings, number)


def test_an_extra_is_installed_where_etl_is() -> None:
    """Elsewhere `pip install etl` brings a package of somebody else."""
    assert (
        installing("fleet") == f"pip install 'etl[fleet]', with the pip of etl's own Python ({sys.executable} -m pip)"
    )


def test_a_ledger_that_moved_takes_nothing_and_one_with_a_queue_does_not_move(
    shell: Shell, settings: Settings, submit: Submit, capsys: pytest.CaptureFixture[str]
) -> None:
    """What waits would stay behind, and what was put there afterwards would wait for ever."""
    number, target = submit(), str(shell.world.cwd / "new.db")
    book = open_book(settings.ledger_files, ManualClock(), settings.ledger_url)
    book.begin([a_row(2)])
    book.ledger.close()
    move = ("ledger", "move", settings.ledger_url, target)

    assert shell.type(*move) == 2
    assert f"a queue does not move: s{number} (visits.csv). Nothing was moved." in capsys.readouterr().err
    stop(settings, number)
    assert shell.type(*move) == 0
    (shell.world.cwd / "visits.csv").write_text("Email\n", encoding="utf-8")
    (shell.world.cwd / "visits.yaml").write_text("version: 1\n", encoding="utf-8")
    for command in (("submit", "visits.csv", "-m", "visits.yaml", "-a", "prod"), ("worker", "--until-empty")):
        assert shell.type(*command, ETL_LEDGER=settings.ledger_url, **KEYS, LSQ_HOST="http://127.0.0.1:1") == 2
        assert f"moved to {target}. Nothing was sent from here" in capsys.readouterr().err
