"""A ledger's side of a move into another database (`etl.moving`): where it goes, where it came from, and what goes along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, text

from etl.errors import BusyError, LedgerError
from etl.ledger import transfer
from etl.ledger.requests import Requests
from etl.ledger.schema import COPIES

if TYPE_CHECKING:
    from collections.abc import Callable

    from etl.ledger.copies import Copies
    from etl.ledger.database import Database
    from etl.ledger.leases import Leases
    from etl.ledger.transfer import TableMoved

_LEDGER_ID = "ledger_id"

_IN_THE_AIR = text(
    "SELECT DISTINCT run_id FROM requests WHERE ended_mono IS NULL AND run_id IS NOT NULL ORDER BY run_id"
)


class Moving:
    """One of the two ledgers. is_importing: whether somebody holds any input of it. leases: by which, where it has such."""

    def __init__(
        self, database: Database, copies: Copies, is_importing: Callable[[], bool], leases: Leases | None
    ) -> None:
        self._database = database
        self._copies = copies
        self._is_importing = is_importing
        self._leases = leases

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
        """From here on nobody sends from this ledger. Raises: BusyError — somebody imports from it: then it stays."""
        if self._leases is not None:
            self._end_and_begin(self._leases, where)
            return
        transfer.note_facts(self._database, {transfer.MOVING: where})
        try:
            self.refuse_while_importing()
        except BaseException:
            self.stay()
            raise

    def _end_and_begin(self, leases: Leases, where: str) -> None:
        """As one commit, for holders that sleep or were cut off: who held a lease whose time is over holds it no more, and what
        such a one has in the air may be carried out still, also where the new ledger knows nothing of leases of here."""
        with self._database.writing() as connection:
            may_live = leases.end_all()
            self.refuse_while_importing()
            if may_live:
                requests = Requests(self._database, is_other_alive=lambda: True)
                for run_id in connection.execute(_IN_THE_AIR).scalars().all():
                    requests.close_lost(run_id)
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

    def has_taken_in(self, identity: str) -> bool:
        """Whether that ledger is here by now, for certain: who may be about to write it here is waited for.

        Raises: LedgerError — it cannot be asked.
        """
        with self._database.writing():
            return self.came_from() == identity

    def take_in(self, other: Moving) -> tuple[tuple[TableMoved, ...], int, int]:
        """Take all of another ledger in, as one commit. Returns: the tables, how many copies came along and how many could not.

        Raises: LedgerError — what arrived is not what was sent, or somebody was quicker to write here; nothing was taken.
        """
        with other._database.looking() as source, self._database.writing() as target:
            if not self.is_empty():
                raise LedgerError(
                    f"Something was imported into the ledger {self._database.shown} meanwhile. Nothing was moved."
                )
            sent = [transfer.copy_rows(source, self._database, table) for table in transfer.tables()]
            for one, table in zip(sent, transfer.tables(), strict=True):
                transfer.refuse_difference(one, transfer.as_it_is(target, table))
            came, lost = self._take_copies(other)
            self._database.begin_anew()
            transfer.note_facts(
                self._database, {transfer.CAME: other.identity(), _LEDGER_ID: other.identity(), transfer.MOVED: None}
            )
        return tuple(sent), came, lost

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
