"""From any older ledger to the present one: each step and the note that it ran are one transaction."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from sqlalchemy import update

from etl.errors import LedgerError
from etl.ledger.present import schema_version
from etl.ledger.schema import (
    CELLS_BYTES,
    COMMITS,
    COPY_PIECES,
    HANDOVERS,
    LEASES,
    LIMITS_HELD,
    META,
    METADATA,
    PAYLOAD_BYTES,
    ROWS,
    RUN_STEPS,
    SLOT_WAITERS,
    TAKEN_BACK,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection

    from etl.ledger.database import Database


def _is_there(_connection: Connection) -> None:
    """Version 1 had no older one."""


def _what_verifying_needs(connection: Connection) -> None:
    """Version 2: when requests ended, what reads are worth, rows apart, keys and decisions from elsewhere."""
    for table, column in (
        ("accounts", "reads_keys TEXT DEFAULT 'unknown' NOT NULL"),
        ("accounts", "reads_values TEXT DEFAULT 'unknown' NOT NULL"),
        ("runs", "stop_asked_at FLOAT"),
        ("runs", "planned_after BIGINT"),
        ("requests", "ended_after BIGINT"),
        ("requests", "late INTEGER"),
        ("requests", "server_at FLOAT"),
        ("requests", "witness BLOB"),
        ("rows", "together INTEGER"),
        ("rows", "verified TEXT"),
    ):
        connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {column}")
    # What ended before anybody noted it is over by now, and whether LeadSquared went on with it nobody knows.
    connection.exec_driver_sql(
        "UPDATE requests SET late = 1, ended_after = (SELECT MAX(request_id) FROM requests) "
        "WHERE ended_mono IS NOT NULL AND verdict = 'unknown'"
    )
    connection.exec_driver_sql(
        "UPDATE requests SET ended_after = (SELECT MAX(request_id) FROM requests) "
        "WHERE ended_mono IS NOT NULL AND ended_after IS NULL"
    )
    connection.exec_driver_sql(
        "UPDATE requests SET witness = theirs.activity_id FROM (SELECT request_id, MAX(activity_id) AS activity_id "
        "FROM rows WHERE outcome = 'created' AND known_row_id IS NULL GROUP BY request_id) AS theirs "
        "WHERE theirs.request_id = requests.request_id"
    )
    connection.exec_driver_sql("DROP INDEX rows_by_cells")
    METADATA.create_all(connection)
    for index in ROWS.indexes:
        if index.name == "rows_by_cells":
            index.create(connection)


def _what_all_operations_need(connection: Connection) -> None:
    """Version 3: where rows belong, ids without a name, leads found, facts about accounts."""
    for column in ("address BLOB", "message_id TEXT"):
        connection.exec_driver_sql(f"ALTER TABLE rows ADD COLUMN {column}")
    METADATA.create_all(connection)
    for index in ROWS.indexes:
        if index.name in {"rows_by_address", "open_rows_by_address"}:
            index.create(connection)


def _what_revisions_need(connection: Connection) -> None:
    """Version 4: which activity a row gives other values, and for which run."""
    connection.exec_driver_sql("ALTER TABLE rows ADD COLUMN replaces BIGINT")
    connection.exec_driver_sql("ALTER TABLE runs ADD COLUMN revises BIGINT")


def _what_the_limit_needs(connection: Connection) -> None:
    """Version 5: how late requests arrive at most, and when each was written."""
    connection.exec_driver_sql("ALTER TABLE requests ADD COLUMN written_mono FLOAT")
    METADATA.create_all(connection)


def _who_did_what(connection: Connection) -> None:
    """Version 6: the steps of runs, and who took them; runs of before have none. And which rows are lines of a run's files."""
    RUN_STEPS.create(connection, checkfirst=True)
    next(index for index in ROWS.indexes if index.name == "rows_by_line").create(connection)


def _what_undoing_needs(connection: Connection) -> None:
    """Version 7: rows that are to be taken back, and by which requests."""
    TAKEN_BACK.create(connection, checkfirst=True)


def _what_pictures_need(connection: Connection) -> None:
    """Version 8: which limits were kept to, and since when."""
    LIMITS_HELD.create(connection, checkfirst=True)


def _what_turns_need(connection: Connection) -> None:
    """Version 9: who waits for a slot."""
    SLOT_WAITERS.create(connection, checkfirst=True)


def _what_handing_over_needs(connection: Connection) -> None:
    """Version 10: which runs went to another ledger, and which came from one."""
    HANDOVERS.create(connection, checkfirst=True)


def _what_sharing_needs(connection: Connection) -> None:
    """Version 11: who holds an input and kept copies in the ledger itself, where machines share it."""
    COPY_PIECES.create(connection, checkfirst=True)
    LEASES.create(connection, checkfirst=True)


def _less_room(connection: Connection) -> None:
    """Version 12: the index by cells holds their beginnings. And bodies may be kept by what is new in them (ledger/bodies.py),
    which no older etl can read; those that are there stay as they are."""
    connection.exec_driver_sql("DROP INDEX rows_by_cells")
    next(index for index in ROWS.indexes if index.name == "rows_by_cells").create(connection)


def _what_lost_answers_need(connection: Connection) -> None:
    """Version 13: the last commit of each that has the ledger open, where machines share it."""
    COMMITS.create(connection, checkfirst=True)


def _smaller_rows(connection: Connection) -> None:
    """Version 14: one index by the beginnings of ids; of fingerprints what tells rows apart. And bodies may be turned around
    (ledger/turned.py), which no older etl can read; those that are there stay as they are."""
    for name in ("rows_by_activity", "rows_from_elsewhere", "rows_undone", "rows_by_cells"):
        connection.exec_driver_sql(f"DROP INDEX IF EXISTS {name}")
    connection.exec_driver_sql(
        f"UPDATE rows SET payload = substr(payload, 1, {PAYLOAD_BYTES}), cells = substr(cells, 1, {CELLS_BYTES}) "
        f"WHERE length(payload) > {PAYLOAD_BYTES} OR length(cells) > {CELLS_BYTES}"
    )
    for index in ROWS.indexes:
        if index.name in {"rows_by_activity", "rows_by_cells"}:
            index.create(connection)


STEPS: tuple[Callable[[Connection], None], ...] = (
    _is_there,
    _what_verifying_needs,
    _what_all_operations_need,
    _what_revisions_need,
    _what_the_limit_needs,
    _who_did_what,
    _what_undoing_needs,
    _what_pictures_need,
    _what_turns_need,
    _what_handing_over_needs,
    _what_sharing_needs,
    _less_room,
    _what_lost_answers_need,
    _smaller_rows,
)
"""Step n brings version n to n + 1. Steps are only ever added; a new ledger is made at the present version at once.

How many there are stands in ledger/present.py as well.
"""


def _make_new(connection: Connection) -> None:
    METADATA.create_all(connection)
    connection.execute(META.insert().values(name="schema_version", value=str(len(STEPS))))
    connection.execute(META.insert().values(name="ledger_id", value=str(uuid.uuid4())))


def migrate(database: Database) -> None:
    """Bring the ledger to the present version.

    Raises: LedgerError — the ledger was written by a newer etl; it is left as it is.
    """
    version = schema_version(database)
    if version > len(STEPS):
        raise LedgerError(
            f"The ledger {database.shown} has version {version}; this etl knows versions up to {len(STEPS)}. "
            "Install the newer etl that wrote it. Nothing was sent."
        )
    if version == 0:
        with database.writing() as connection:
            if schema_version(database) == 0:  # no other process was quicker
                _make_new(connection)
        return
    for number in range(version, len(STEPS)):
        with database.writing() as connection:
            if schema_version(database) != number:
                continue  # another process has just done this step
            STEPS[number](connection)
            connection.execute(update(META).where(META.c.name == "schema_version").values(value=str(number + 1)))
