"""The bodies of requests as they were sent, out of a ledger's file as it is."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, cast

from etl.ledger.bodies import Bodies
from etl.ledger.database import Database


class _File:
    """All that is asked of a database about bodies."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.shown = "the ledger"
        self._connection = connection

    def ask(self, statement: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, dict(values)).fetchall()


def bodies_sent(ledger: Path, which: str = "rows > 0") -> dict[int, bytes]:
    """The bodies of those requests by their numbers, in the order of their sending."""
    with closing(sqlite3.connect(ledger)) as connection:
        bodies = Bodies(cast("Database", _File(connection)))
        query = f"SELECT request_id, body FROM requests WHERE body IS NOT NULL AND ({which}) ORDER BY request_id"
        kept = connection.execute(query).fetchall()
        return {number: zlib.decompress(bodies.deflated(body) or b"") for number, body in kept}
