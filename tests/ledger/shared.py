"""A ledger in PostgreSQL for one test after the other: emptying one takes a tenth of the time that making one takes."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from etl.ledger.schema import METADATA
from etl.ledger.store import Ledger
from tests.clocks import ManualClock
from tests.postgresql import Server

_KEPT = ("meta",)

EMPTYING = "emptying"
"""As what the connection that empties ledgers is known to the server."""


def emptied_ledger(server: Server) -> str:
    """The URL of a ledger in which nothing has happened yet. There is one a process: each asking empties it."""
    url = _ledger(server.port)
    _connection(server.port, url).execute(_emptying(server.port, url))
    return url


@cache
def _ledger(port: int) -> str:
    server = Server(Path(), port)
    url = server.new_database()
    with tempfile.TemporaryDirectory() as folder:
        Ledger(url, Path(folder), ManualClock()).close()
    return url


@cache
def _connection(port: int, url: str) -> Any:
    import psycopg  # noqa: PLC0415 — only where there is a PostgreSQL

    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True, application_name=EMPTYING)


@cache
def _emptying(port: int, url: str) -> str:
    """Whoever is connected still is thrown out; then all rows go, and numbers begin anew."""
    others = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    tables = [table.name for table in reversed(METADATA.sorted_tables) if table.name not in _KEPT]
    sequences = _connection(port, url).execute(
        "SELECT quote_ident(sequencename) FROM pg_sequences WHERE schemaname = 'public'"
    )
    gone = "DELETE FROM meta WHERE name NOT IN ('schema_version', 'ledger_id')"
    begin = [f"ALTER SEQUENCE {name} RESTART" for (name,) in sequences.fetchall()]
    return "; ".join(
        [others, "DROP FUNCTION IF EXISTS broken() CASCADE", gone, *[f"DELETE FROM {name}" for name in tables], *begin]
    )
