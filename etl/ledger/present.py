"""Which version a ledger has, and which one this etl writes: where they are the same, nothing has to be loaded in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etl.ledger.database import Database

PRESENT_VERSION = 14
"""As many as there are steps in ledger/migrations.py."""


def schema_version(database: Database) -> int:
    """The version of the ledger in a database; 0 when it is new."""
    if "meta" not in database.tables():
        return 0
    return int(database.ask("SELECT value FROM meta WHERE name = 'schema_version'", {})[0][0])
