"""A ledger's side of a move into another database (`etl.moving`): where it goes, where it came from, and what goes along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from etl.errors import BusyError, LedgerError
from etl.ledger import transfer
from etl.ledger.schema import BOOTS, COPIES

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection

    from etl.ledger.copies import Copies
    from etl.ledger.database import Database
    from etl.ledger.transfer import TableMoved

_LEDGER_ID = "ledger_id"


class Moving:
    """One of the two ledgers. is_importing: whether somebody holds any input of it."""

    def __init__(self, database: Database, copies: Copies, is_importing: Callable[[], bool]) -> None:
        self._database = database
        self._copies = copies
        self._is_importing = is_importing

    def identity(self) -> str:
        """By what packages know this ledger; it moves along."""
        return str(transfer.fact(self._database, _LEDGER_ID))

    def moved_to(self) -> str | None:
        """Where it went, None where it is here."""
        return transfer.fact(self._database, transfer.MOVED)

    def moving_to(self) -> str | None:
        """Where it is on its way to; None where it is not."""
        return transfer.fact(self._database, transfer.MOVING)

    def came_from(self) -> str | None:
        """Which ledger came here."""
        return transfer.fact(self._database, transfer.CAME)

    def is_empty(self) -> bool:
        """Whether nothing was ever imported here."""
        return transfer.is_empty(self._database)

    def refuse_if_gone(self) -> None:
        """Raises: LedgerError — it is not here any more, or on its way."""
        gone = self.moved_to()
        if gone is not None:
            raise LedgerError(
                f"The ledger {self._database.shown} moved to {gone}. Nothing was sent from here: what was sent since is known "
                "there alone. Set ETL_LEDGER, or `ledger` in the settings file, to that one."
            )
        going = self.moving_to()
        if going is not None:
            raise LedgerError(
                f"The ledger {self._database.shown} is on its way to {going}. Nothing was sent. If that move was broken off, run "
                "the same etl ledger move again: it goes on, or gives up."
            )

    def begin(self, where: str) -> None:
        """From here on nobody begins to send from this ledger."""
        transfer.note_facts(self._database, {transfer.MOVING: where})

    def stay(self) -> None:
        """It does not go after all."""
        transfer.note_facts(self._database, {transfer.MOVING: None})

    def end(self, where: str) -> None:
        """It has gone."""
        transfer.note_facts(self._database, {transfer.MOVING: None, transfer.MOVED: where})

    def refuse_while_importing(self) -> None:
        """Raises: BusyError — somebody imports from this ledger."""
        if self._is_importing():
            raise BusyError(
                f"Somebody imports from the ledger {self._database.shown} at this moment. Nothing was moved. Wait until that has "
                "ended (etl runs shows it), then run the same command again."
            )

    def counted(self) -> list[TableMoved]:
        """What is here, table by table."""
        with self._database.looking() as connection:
            return [transfer.as_it_is(connection, table) for table in transfer.tables()]

    def take_in(self, other: Moving) -> tuple[tuple[TableMoved, ...], int, int]:
        """Take all of another ledger in, as one commit. Returns: the tables, how many copies came along and how many could not.

        Raises: LedgerError — what arrived is not what was sent; nothing was taken.
        """
        with other._database.looking() as source, self._database.writing() as target:
            sent = [transfer.copy_rows(source, self._database, table) for table in transfer.tables()]
            for one, table in zip(sent, transfer.tables(), strict=True):
                transfer.refuse_difference(one, transfer.as_it_is(target, table))
            came, lost = self._take_copies(other)
            self._begin_anew(target)
            transfer.note_facts(
                self._database, {transfer.CAME: other.identity(), _LEDGER_ID: other.identity(), transfer.MOVED: None}
            )
        return tuple(sent), came, lost

    def _begin_anew(self, target: Connection) -> None:
        """What came along lies before this moment, and not before the first one that was ever seen here of this boot."""
        clock = self._database.clock
        here = update(BOOTS).where(BOOTS.c.boot_id == clock.boot_id())
        target.execute(here.values(first_seen_mono=clock.monotonic()))

    def _take_copies(self, other: Moving) -> tuple[int, int]:
        came = lost = 0
        for content_hash in (
            other._database.connection.execute(select(COPIES.c.hash).order_by(COPIES.c.hash)).scalars().all()
        ):
            if not other._copies.has(content_hash):
                lost += 1
                continue
            self._copies.take(other._copies.path(content_hash), content_hash)
            came += 1
        return came, lost
