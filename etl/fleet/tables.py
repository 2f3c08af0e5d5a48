"""The tables of a fleet: the engine's, made and kept up to date by the engine's own scripts, and a few of ours beside them.

    fleet_version   which form the tables of ours have, and which of the engine's scripts were carried out
    ends            what became of a submission so far: its runs, its last exit code and words, tries that came to nothing
    pauses          accounts of which nothing is begun, who wanted it and why
    hands           a worker beside the engine's row of it: machine, process, accounts, places
    ways_given      for which waiting submission a place was given back, so that one worker does so and not all
    inboxes         when a periodic inbox was served last and how that ended

The queue itself (`procrastinate_jobs`), its locks, retries, heartbeats and periodic tasks are the engine's. Rows of ours go
with the engine's rows that they belong to.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from etl.errors import UsageError
from etl.fleet.place import SCHEMA, ask, do, is_installed, opened

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import DictRow

    from etl.settings import Settings

VERSION = 1
_LOCK = 7_310_579_281_403_622  # of the advisory lock under which tables are made; any number that nobody else uses

_OURS = """
CREATE TABLE fleet_version (version integer NOT NULL, engine_scripts text[] NOT NULL);
CREATE TABLE ends (
    submission bigint PRIMARY KEY REFERENCES procrastinate_jobs(id) ON DELETE CASCADE,
    runs bigint[] NOT NULL DEFAULT '{}',
    exit_code integer,
    said text,
    tries integer NOT NULL DEFAULT 0,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE pauses (
    account text PRIMARY KEY,
    who text NOT NULL,
    why text NOT NULL,
    since timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE hands (
    worker bigint PRIMARY KEY REFERENCES procrastinate_workers(id) ON DELETE CASCADE,
    machine text NOT NULL,
    pid integer NOT NULL,
    accounts text[] NOT NULL,
    places integer NOT NULL,
    beat_seconds double precision NOT NULL,
    etl_version text NOT NULL,
    since timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE ways_given (
    submission bigint PRIMARY KEY REFERENCES procrastinate_jobs(id) ON DELETE CASCADE,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE inboxes (
    name text PRIMARY KEY,
    served_at timestamptz NOT NULL DEFAULT now(),
    exit_code integer NOT NULL,
    said text NOT NULL
);
"""


def make_tables(settings: Settings) -> None:
    """Make the tables where there are none, and bring those of the engine up to the version that is installed here.

    Raises: LedgerError — the database cannot be used. UsageError — a newer etl has made them.
    """
    with opened(settings) as connection:
        if is_installed(connection) and not _is_behind(connection):
            return
        with connection.transaction():
            do(connection, "SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": _LOCK})
            if not is_installed(connection):
                _make(connection)
            else:
                _catch_up(connection)


def _make(connection: Connection[DictRow]) -> None:
    from procrastinate.schema import SchemaManager  # noqa: PLC0415 — once in the life of a database

    do(connection, f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    do(connection, SchemaManager.get_schema())
    do(connection, _OURS)
    scripts = {"version": VERSION, "scripts": sorted(_scripts())}
    do(connection, "INSERT INTO fleet_version VALUES (%(version)s, %(scripts)s)", scripts)


def _is_behind(connection: Connection[DictRow]) -> bool:
    """Whether scripts of the engine that is installed here were not carried out yet.  Raises: UsageError."""
    version, done = _noted(connection)
    if version > VERSION:
        raise UsageError(
            f"The tables of this fleet have form {version}, and this etl knows {VERSION}: a newer etl has made them. Install "
            "that version here, too."
        )
    return bool(_scripts().keys() - done)


def _catch_up(connection: Connection[DictRow]) -> None:
    """Carry out the engine's scripts of versions since, in their order. An older engine here finds nothing to do."""
    _, done = _noted(connection)
    scripts = _scripts()
    for name in sorted(scripts.keys() - done):
        do(connection, scripts[name].read_text(encoding="utf-8"))
    together = {"scripts": sorted(scripts.keys() | done)}
    do(connection, "UPDATE fleet_version SET engine_scripts = %(scripts)s", together)


def _noted(connection: Connection[DictRow]) -> tuple[int, set[str]]:
    row = ask(connection, "SELECT version, engine_scripts FROM fleet_version")[0]
    return int(row["version"]), set(row["engine_scripts"])


def _scripts() -> dict[str, Path]:
    """The engine's scripts by their names, which sort in the order in which they are to be carried out."""
    from procrastinate.schema import migrations_path  # noqa: PLC0415 — loads the engine

    return {one.name: one for one in Path(migrations_path).glob("*.sql")}
