"""A whole ledger into another database, row by row: what `etl ledger move` stands on.

All that tells what was sent goes along, under the same numbers. What belongs to a machine or to a moment stays: boots, who waits
for a slot, leases, last commits, how late requests arrive. Both sides are read in the same order, and must have the same digest
in the end.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text, tuple_

from etl.errors import LedgerError
from etl.ledger.schema import BOOTS, COMMITS, COPY_PIECES, LEASES, LINES, META, METADATA, SLOT_WAITERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Table
    from sqlalchemy.engine import Connection

    from etl.ledger.database import Database

_STAYS = frozenset({META.name, BOOTS.name, LEASES.name, COMMITS.name, SLOT_WAITERS.name, LINES.name, COPY_PIECES.name})

_AT_ONCE = 2_000

MOVING, MOVED, CAME = "moving_to", "moved_to", "came_from"
"""Names in the table of facts about a ledger: it is on its way to, it went to, and which one came into it."""

IS_HERE = f"NOT EXISTS (SELECT 1 FROM meta WHERE name IN ('{MOVING}', '{MOVED}'))"
"""For SQL that nobody may succeed with while a ledger leaves, or after it has left."""


@dataclass(frozen=True, slots=True)
class TableMoved:
    """One table, as it is on one side. digest: over all of its rows in their order."""

    name: str
    rows: int
    digest: str


def tables() -> list[Table]:
    """What goes along, in an order in which each row finds those that it refers to."""
    return [table for table in METADATA.sorted_tables if table.name not in _STAYS]


def is_empty(database: Database) -> bool:
    """Whether nothing was ever imported into a ledger; asks only."""
    connection = database.connection
    return all(connection.execute(select(text("1")).select_from(table).limit(1)).first() is None for table in tables())


def fact(database: Database, name: str) -> str | None:
    """One of the facts about a ledger; asks only."""
    found = database.ask("SELECT value FROM meta WHERE name = :name", {"name": name})
    return str(found[0][0]) if found else None


def note_facts(database: Database, facts: Mapping[str, str | None]) -> None:
    """Note some; None: it is none any more."""
    with database.writing():
        for name, value in facts.items():
            database.do("DELETE FROM meta WHERE name = :name", {"name": name})
            if value is not None:
                database.do("INSERT INTO meta (name, value) VALUES (:name, :value)", {"name": name, "value": value})


def copy_rows(source: Connection, target: Database, table: Table) -> TableMoved:
    """Insert all rows of a table. To be called within a transaction of each side."""
    digest, rows = hashlib.sha256(), 0
    names = [column.name for column in table.columns]
    for page in _pages(source, table):
        target.insert_many(table.name, names, page)
        rows += len(page)
        _take_in(digest, page)
    if rows and _is_numbered(table):
        target.go_on_numbering(table.name)
    return TableMoved(table.name, rows, digest.hexdigest())


def as_it_is(connection: Connection, table: Table) -> TableMoved:
    """A table as it stands in a database, for comparison."""
    digest, rows = hashlib.sha256(), 0
    for page in _pages(connection, table):
        rows += len(page)
        _take_in(digest, page)
    return TableMoved(table.name, rows, digest.hexdigest())


def refuse_difference(sent: TableMoved, found: TableMoved) -> None:
    """Raises: LedgerError — what arrived is not what was sent."""
    if sent != found:
        raise LedgerError(
            f"The table {sent.name} did not arrive as it was: {sent.rows:,} rows there, {found.rows:,} here"
            f"{', and not the same ones' if sent.rows == found.rows else ''}. Nothing was moved; the ledger stays where it is."
        )


def _is_numbered(table: Table) -> bool:
    """Whether the database gives its rows their numbers."""
    keys = list(table.primary_key)
    return len(keys) == 1 and table.autoincrement_column is keys[0] and not keys[0].foreign_keys


def _pages(connection: Connection, table: Table) -> Iterator[list[tuple[Any, ...]]]:
    """All rows in the order of the key, some thousand at a time in memory; texts as every database can hold them."""
    keys = list(table.primary_key)
    places = [list(table.columns).index(key) for key in keys]
    columns = [text(f'"{column.name}"') for column in table.columns]  # as they are kept, whatever type they stand for
    query = select(*columns).select_from(table).order_by(*keys).limit(_AT_ONCE)
    after: tuple[Any, ...] | None = None
    while True:
        asked = query if after is None else query.where(tuple_(*keys) > tuple_(*after))
        page = [tuple(map(_plain, row)) for row in connection.execute(asked)]
        if not page:
            return
        yield page
        after = tuple(page[-1][place] for place in places)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return bytes(value) if isinstance(value, memoryview) else value


def _take_in(digest: Any, page: Sequence[tuple[Any, ...]]) -> None:
    for row in page:
        digest.update(repr(row).encode("utf-8", "surrogatepass"))
