"""What LeadSquared told about an account, and when: its activity types, fields and users; what a trial has shown."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from etl.ledger.schema import ACCOUNT_FACTS

if TYPE_CHECKING:
    from etl.ledger.database import Database


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was told. value: whatever JSON holds. age_seconds: since it was asked, by the wall clock."""

    value: object
    age_seconds: float


class Facts:
    """The room of the ledger for what may be forgotten: everything here can be asked again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, account_id: int, name: str) -> Fact | None:
        """What was last told under this name; None for nothing, or where it can no longer be read. Asks only."""
        query = select(ACCOUNT_FACTS.c.value, ACCOUNT_FACTS.c.asked_at).filter_by(account_id=account_id, name=name)
        found = self._database.connection.execute(query).first()
        if found is None:
            return None
        try:
            value: object = json.loads(found.value)
        except ValueError:
            return None
        return Fact(value, self._database.clock.now().timestamp() - found.asked_at)

    def put(self, account_id: int, name: str, value: object) -> None:
        """Keep what was told just now, in the place of what was told before. value: whatever JSON holds."""
        place = (ACCOUNT_FACTS.c.account_id == account_id) & (ACCOUNT_FACTS.c.name == name)
        told = {"value": json.dumps(value, ensure_ascii=False), "asked_at": self._database.clock.now().timestamp()}
        with self._database.writing(account_id) as connection:
            connection.execute(ACCOUNT_FACTS.delete().where(place))
            connection.execute(ACCOUNT_FACTS.insert().values(account_id=account_id, name=name, **told))
