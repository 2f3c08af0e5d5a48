"""Row keys that LeadSquared showed: rows that another ledger has sent, or that this one forgot, are known by them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select, text

from etl.ledger.schema import KNOWN_KEYS, id_mark, mark_of_id, opaque

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from etl.ledger.database import Database

_AT_ONCE = 500

# What `etl undo` has taken back may be shown for a while still: its key keeps no row from being sent.
_NOTE = text(f"""
INSERT INTO known_keys (account_id, event, row_key, activity_id)
SELECT :account_id, :event, :row_key, :activity_id WHERE NOT EXISTS (
    SELECT 1 FROM rows WHERE rows.account_id = :account_id AND {id_mark("rows.activity_id")} = :mark
      AND rows.activity_id = :activity_id AND rows.outcome = 'undone')
ON CONFLICT (account_id, event, row_key) DO NOTHING""").bindparams(
    bindparam("activity_id", type_=KNOWN_KEYS.c.activity_id.type)
)


class KnownKeys:
    """Keys of one account, by activity type."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, account_id: int, event: int, keys: Mapping[str, str]) -> int:
        """Keep keys and the activities that show them. Returns: how many were new."""
        if not keys:
            return 0
        place = {"account_id": account_id, "event": event}
        values = [
            {**place, "row_key": key, "activity_id": activity_id, "mark": mark_of_id(opaque(activity_id))}
            for key, activity_id in keys.items()
        ]
        before = self.count(account_id, event)
        with self._database.writing(account_id) as connection:
            connection.execute(_NOTE, values)
        return self.count(account_id, event) - before

    def count(self, account_id: int, event: int) -> int:
        """How many keys of this activity type are known."""
        statement = text("SELECT COUNT(*) FROM known_keys WHERE account_id = :account_id AND event = :event")
        place = {"account_id": account_id, "event": event}
        return int(self._database.connection.execute(statement, place).scalar_one())

    def among(self, account_id: int, event: int, keys: Collection[str]) -> dict[str, str]:
        """Those of these keys that are known, with their activities."""
        found: dict[str, str] = {}
        for some in _portions(keys):
            query = select(KNOWN_KEYS.c.row_key, KNOWN_KEYS.c.activity_id).where(
                KNOWN_KEYS.c.account_id == account_id, KNOWN_KEYS.c.event == event, KNOWN_KEYS.c.row_key.in_(some)
            )
            found |= {row.row_key: row.activity_id for row in self._database.connection.execute(query)}
        return found


def _portions(values: Iterable[str]) -> Iterable[list[str]]:
    waiting = iter(values)
    while some := list(islice(waiting, _AT_ONCE)):
        yield some
