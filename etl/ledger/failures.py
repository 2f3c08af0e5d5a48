"""Leads and rows that LeadSquared has refused: next time they travel apart, so that they drag no others along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from etl.ledger.schema import FAILED_BEFORE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from etl.ledger.database import Database


class Failures:
    """What was refused, as marks: of a lead's value, or a row's memory key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, account_id: int, marks: Iterable[bytes]) -> None:
        """Keep that these were refused."""
        with self._database.writing(account_id) as connection:
            for mark in marks:
                place = {"account_id": account_id, "mark": mark}
                if connection.execute(select(FAILED_BEFORE).filter_by(**place)).first() is None:
                    connection.execute(FAILED_BEFORE.insert().values(**place))

    def forget(self, account_id: int, marks: Iterable[bytes]) -> None:
        """They have been stored by now."""
        chosen = (FAILED_BEFORE.c.account_id == account_id) & FAILED_BEFORE.c.mark.in_(list(marks))
        with self._database.writing(account_id) as connection:
            connection.execute(FAILED_BEFORE.delete().where(chosen))
