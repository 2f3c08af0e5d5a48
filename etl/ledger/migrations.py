"""From any older ledger to the present one: each step and the note that it ran are one transaction."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from sqlalchemy import inspect, select, update

from etl.errors import LedgerError
from etl.ledger.schema import META, METADATA

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection

    from etl.ledger.database import Database


def _first_tables(connection: Connection) -> None:
    METADATA.create_all(connection)
    connection.execute(META.insert().values(name="schema_version", value="0"))
    connection.execute(META.insert().values(name="ledger_id", value=str(uuid.uuid4())))


STEPS: tuple[Callable[[Connection], None], ...] = (_first_tables,)
"""Step n brings version n to n + 1. Steps are only ever added."""


def schema_version(connection: Connection) -> int:
    """The version of the ledger behind the connection; 0 when it is new."""
    if not inspect(connection).has_table(META.name):
        return 0
    return int(connection.execute(select(META.c.value).where(META.c.name == "schema_version")).scalar_one())


def migrate(database: Database) -> None:
    """Bring the ledger to the present version.

    Raises: LedgerError — the ledger was written by a newer etl; it is left as it is.
    """
    version = schema_version(database.connection)
    if version > len(STEPS):
        raise LedgerError(
            f"The ledger {database.shown} has version {version}; this etl knows versions up to {len(STEPS)}. "
            "Install the newer etl that wrote it. Nothing was sent."
        )
    for number in range(version, len(STEPS)):
        with database.writing() as connection:
            if schema_version(connection) != number:
                continue  # another process has just done this step
            STEPS[number](connection)
            connection.execute(update(META).where(META.c.name == "schema_version").values(value=str(number + 1)))
