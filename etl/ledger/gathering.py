"""Rows brought into the order in which they travel: those of one address together, however they are mixed in the sheet.

The addresses come in the order in which the sheet first names them, the rows of each in the order of the sheet. What
they carry lies in a table that only this connection sees, so that memory stays flat whatever the sheet's size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from etl.ledger.waiting import WAITING_COLUMNS, waiting_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from etl.ledger.database import Database
    from etl.ledger.waiting import WaitingRow

PAGE_ROWS = 500

_CREATE = """
CREATE TEMPORARY TABLE IF NOT EXISTS gathered (
    row_id BIGINT NOT NULL, row_number INTEGER PRIMARY KEY, memory_key {blob} NOT NULL, ordinal INTEGER NOT NULL,
    together INTEGER, address {blob} NOT NULL, lineage_run INTEGER, replaces BIGINT, content TEXT NOT NULL)"""

_CREATE_ORDER = """
CREATE TEMPORARY TABLE IF NOT EXISTS gathered_order (first_row INTEGER PRIMARY KEY, its_address {blob} NOT NULL)"""

_INDEX = "CREATE INDEX IF NOT EXISTS gathered_by_address ON gathered (address, row_number)"

_DROP_INDEX = "DROP INDEX IF EXISTS gathered_by_address"

_FILL_ORDER = "INSERT INTO gathered_order SELECT MIN(row_number), address FROM gathered GROUP BY address"

# The cross join keeps SQLite to the order of the tables: then nothing has to be sorted.
_PAGE = text(f"""
SELECT {WAITING_COLUMNS}, content, first_row FROM gathered_order CROSS JOIN gathered
WHERE address = its_address AND first_row >= :first_row AND (first_row > :first_row OR row_number > :row_number)
ORDER BY first_row, row_number LIMIT {PAGE_ROWS}""")


class Gathering:
    """One such table. There is one a connection: a new one empties the one before."""

    def __init__(self, database: Database) -> None:
        self._database = database
        blob = database.blob
        for statement in (_CREATE.format(blob=blob), _CREATE_ORDER.format(blob=blob), _DROP_INDEX):
            database.connection.exec_driver_sql(statement)
        self._empty()

    def take_in(self, rows: Iterable[tuple[WaitingRow, str]]) -> None:
        """Add rows, each with what it carries."""
        values = (
            (
                *(row.row_id, row.row_number, row.memory_key, row.ordinal, row.together, row.address or b""),
                *(row.lineage_run, row.replaces, content),
            )
            for row, content in rows
        )
        with self._database.looking():
            self._database.insert_many("gathered", (*WAITING_COLUMNS.split(", "), "content"), values)

    def give_out(self) -> Iterator[tuple[WaitingRow, str]]:
        """All rows in the order in which they travel, some hundred at a time in memory; afterwards there are none."""
        with self._database.looking() as connection:
            connection.exec_driver_sql(_INDEX)
            connection.exec_driver_sql(_FILL_ORDER)
        first_row, row_number = 0, 0
        while page := self._page(first_row, row_number):
            for *columns, content, _ in page:
                yield waiting_row(columns), content
            first_row, row_number = page[-1].first_row, page[-1].row_number
        self._empty()

    def _page(self, first_row: int, row_number: int) -> Sequence[Any]:
        """What comes behind that row of the address that the sheet names first in that one."""
        after = {"first_row": first_row, "row_number": row_number}
        return self._database.connection.execute(_PAGE, after).all()

    def _empty(self) -> None:
        for table in ("gathered", "gathered_order"):
            self._database.connection.exec_driver_sql(f"DELETE FROM {table}")
