"""Opening a ledger: new ones, older and newer ones, and files that are none."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import inspect

from etl.errors import LedgerError
from etl.ledger.migrations import STEPS
from etl.ledger.schema import METADATA
from etl.ledger.store import Ledger
from tests.clocks import ManualClock


def open_at(path: Path) -> Ledger:
    return Ledger(f"sqlite:///{path}", path.parent / "files", ManualClock())


def test_a_new_ledger_has_all_tables_and_a_version(tmp_path: Path) -> None:
    """Where there is nothing, a ledger is made, with its folder, which others may not read."""
    with open_at(tmp_path / "deep" / "er" / "ledger.db") as ledger:
        connection = ledger._database.connection
        tables = set(inspect(connection).get_table_names())
        version = connection.exec_driver_sql("SELECT value FROM meta WHERE name = 'schema_version'").scalar()

    assert tables == set(METADATA.tables)
    assert version == str(len(STEPS))
    assert os.name == "nt" or (tmp_path / "deep" / "er").stat().st_mode & 0o077 == 0


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    """A ledger keeps its identity and version however often it is opened."""

    def meta() -> dict[str, str]:
        with open_at(tmp_path / "ledger.db") as ledger:
            return {
                row[0]: row[1] for row in ledger._database.connection.exec_driver_sql("SELECT name, value FROM meta")
            }

    assert meta() == meta()


def test_a_committed_answer_survives_a_power_cut(tmp_path: Path) -> None:
    """The file is opened so that a commit is on the disk when it returns."""
    with open_at(tmp_path / "ledger.db") as ledger:
        connection = ledger._database.connection
        modes = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]

    assert modes == ["wal", 2]


def test_a_ledger_of_a_newer_etl_is_refused_and_left_alone(tmp_path: Path) -> None:
    """An older etl must not write into what it does not understand."""
    path, newer = tmp_path / "ledger.db", len(STEPS) + 1
    open_at(path).close()
    with sqlite3.connect(path) as database:
        database.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'schema_version'")
    database.close()

    with pytest.raises(
        LedgerError,
        match=rf"ledger\.db has version {newer}; this etl knows versions up to {len(STEPS)}\. Install the newer",
    ):
        open_at(path)

    with sqlite3.connect(path) as database:
        assert database.execute("SELECT value FROM meta WHERE name = 'schema_version'").fetchone() == (str(newer),)
    database.close()


def not_a_database(path: Path) -> None:
    path.write_text("visit,email\n" * 100, encoding="utf-8")


def truncated(path: Path) -> None:
    open_at(path).close()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def overwritten_inside(path: Path) -> None:
    open_at(path).close()
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))


UNUSABLE = [
    pytest.param(not_a_database, "file is not a database", id="not a database"),
    pytest.param(truncated, "malformed", id="truncated"),
    pytest.param(overwritten_inside, "malformed", id="overwritten inside"),
]


@pytest.mark.parametrize(("spoil", "trouble"), UNUSABLE)
def test_a_spoilt_file_is_named_and_left_as_it_is(tmp_path: Path, spoil: object, trouble: str) -> None:
    """What cannot be trusted is not used; the message names the file and the trouble."""
    path = tmp_path / "ledger.db"
    assert callable(spoil)
    spoil(path)
    before = path.read_bytes()

    with pytest.raises(LedgerError, match=rf"The ledger .*ledger\.db cannot be used: .*{trouble}.*left as it is"):
        open_at(path)

    assert path.read_bytes() == before


def test_a_ledger_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    """Without the right to write, nothing may be sent: the message says what is wrong."""
    path = tmp_path / "ledger.db"
    open_at(path).close()

    with pytest.raises(LedgerError, match=r"cannot be used: attempt to write a readonly database.*may be written to"):
        Ledger(f"sqlite:///file:{path}?mode=ro&uri=true", tmp_path / "files", ManualClock(boot="another"))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file where the ledger's folder should be is told, with the settings that name another place."""
    (tmp_path / "taken").write_text("", encoding="utf-8")

    with pytest.raises(LedgerError, match=r"The ledger's folder .*taken cannot be made.*ETL_LEDGER"):
        open_at(tmp_path / "taken" / "ledger.db")


def test_damage_that_is_met_while_reading_is_told_as_such(tmp_path: Path) -> None:
    """A read that fails in the middle of a run says so in a sentence, not with a traceback of the database."""
    with open_at(tmp_path / "ledger.db") as ledger:
        ledger._database.connection.exec_driver_sql("DROP TABLE runs")

        with pytest.raises(LedgerError, match=r"cannot be used: no such table: runs"):
            ledger.runs.get(1)


def test_a_write_that_fails_leaves_nothing_of_itself(tmp_path: Path) -> None:
    """A transaction is written whole or not at all, whatever ends it."""
    with open_at(tmp_path / "ledger.db") as ledger:
        database = ledger._database
        with pytest.raises(KeyboardInterrupt), database.writing() as connection:
            connection.exec_driver_sql("INSERT INTO meta VALUES ('half', 'x')")
            raise KeyboardInterrupt

        assert database.connection.exec_driver_sql("SELECT * FROM meta WHERE name = 'half'").all() == []
        ledger.accounts.meet("https://api.example.com", "prod", "1")


def test_a_writer_waits_for_the_other_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger that another process is writing to is tried again, with longer and longer waits, by the clock given."""
    monkeypatch.setattr("etl.ledger.sqlite.BUSY_SECONDS", 0)
    clock = ManualClock()
    blocker = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "files", clock)
    blocker.execute("BEGIN IMMEDIATE")

    with pytest.raises(LedgerError, match=r"cannot be used: database is locked"):
        ledger.accounts.meet("https://api.example.com", "prod", "1")

    assert len(clock.slept) == 11
    assert all(0.0 <= seconds <= 5.0 for seconds in clock.slept)
    blocker.execute("ROLLBACK")
    assert ledger.accounts.meet("https://api.example.com", "prod", "1").account_id == 1
    blocker.close()
    ledger.close()


def test_a_password_in_the_address_is_not_shown() -> None:
    """What messages call the ledger holds no secret."""
    from etl.ledger.sqlite import SqliteDatabase  # noqa: PLC0415 — only here

    with pytest.raises(LedgerError) as told:
        SqliteDatabase("sqlite:////nowhere/at/all/ledger.db", ManualClock())

    assert "/nowhere/at/all/ledger.db" in told.value.message


OPENER = """
import sys
from pathlib import Path
from etl.clock import SystemClock
from etl.ledger.store import Ledger
path = Path(sys.argv[1])
with Ledger(f"sqlite:///{path}", path.parent / "files", SystemClock()) as ledger:
    print(ledger.accounts.meet("https://api.example.com", "prod", "1").account_id)
"""


def test_several_processes_may_open_a_new_ledger_at_once(tmp_path: Path) -> None:
    """Whoever comes first makes the tables; the others find them, and all see the same account."""
    command = [sys.executable, "-c", OPENER, str(tmp_path / "ledger.db")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]

    assert [process.communicate(timeout=60)[0] for process in processes] == ["1\n"] * 4


def shape_of(ledger: Ledger) -> dict[str, object]:
    """Tables, columns and indexes as the database has them, whatever the order of the columns."""
    found = inspect(ledger._database.connection)
    tables = {
        name: (
            {column["name"]: (str(column["type"]), column["nullable"]) for column in found.get_columns(name)},
            found.get_pk_constraint(name)["constrained_columns"],
        )
        for name in found.get_table_names()
    }
    statements = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    indexes = {row[0]: row[1] for row in ledger._database.connection.exec_driver_sql(statements)}
    return {"tables": tables, "indexes": indexes}


def version_1(path: Path) -> None:
    """A ledger as the first version left it: a run of 31 rows, 25 created, 6 unconfirmed."""
    with sqlite3.connect(path) as database:
        database.executescript((Path(__file__).parent / "files" / "version_1.sql").read_text(encoding="utf-8"))
    database.close()


def test_an_older_ledger_becomes_the_present_one_with_all_that_is_in_it(tmp_path: Path) -> None:
    """A ledger of version 1 ends up shaped like a new one; its run, rows and claims are there."""
    version_1(tmp_path / "old.db")

    with open_at(tmp_path / "old.db") as old, open_at(tmp_path / "new.db") as new:
        connection = old._database.connection
        statement = "SELECT outcome, COUNT(*) FROM rows GROUP BY outcome"
        counts = {row[0]: row[1] for row in connection.exec_driver_sql(statement)}
        doubt = connection.exec_driver_sql("SELECT late, ended_after FROM requests WHERE verdict = 'unknown'").all()

        assert shape_of(old) == shape_of(new)
        assert counts == {"created": 25, "unconfirmed": 6}
        assert doubt == [(1, 2)]
