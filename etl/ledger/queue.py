"""Who waits for a slot of an account: known to all, so that none of them is left behind by those that are quicker.

A line says until when its waiter sleeps. Who is killed leaves one behind, which is believed no longer than a breath after that.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from etl.ledger.database import Database

BELIEVED_SECONDS = 1.0
"""A waiter may come so late to ask again, on a busy machine, and is still counted on."""

_NOTE = """
INSERT INTO slot_waiters (account_id, waiter, boot_id, until_mono) VALUES (:account_id, :waiter, :boot_id, :until)
ON CONFLICT (account_id, waiter) DO UPDATE SET boot_id = excluded.boot_id, until_mono = excluded.until_mono"""

_FORGET = """
DELETE FROM slot_waiters WHERE account_id = :account_id
  AND (waiter = :waiter OR boot_id <> :boot_id OR until_mono < :believed_from)"""

_OTHERS = """
SELECT waiter FROM slot_waiters
WHERE account_id = :account_id AND waiter <> :waiter AND boot_id = :boot_id AND until_mono >= :believed_from"""


class SlotQueue:
    """The waiters of all accounts. To be asked, and written to, inside one write transaction.

    A run waits under its number, whatever process sends it; the reads of a process wait under a name made up for it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reader = f"reads {uuid.uuid4().hex}"
        self._noted: set[tuple[int, str]] = set()

    def note(self, account_id: int, run_id: int | None, until: float) -> None:
        """The run, or a read of this process, asks again then. until: by `monotonic`."""
        values = self._values(account_id, run_id)
        self._noted.add((account_id, str(values["waiter"])))
        self._database.do(_NOTE, {**values, "until": until})

    def forget(self, account_id: int, run_id: int | None) -> None:
        """It waits no longer. Costs nothing where it did not."""
        if not self._noted:
            return
        values = self._values(account_id, run_id)
        if (place := (account_id, str(values["waiter"]))) in self._noted:
            self._noted.discard(place)
            self._database.do(_FORGET, values)

    @contextmanager
    def with_commit(self) -> Iterator[None]:
        """What is noted or forgotten within is, if the commit is taken back, as it was before."""
        noted = self._noted.copy()
        try:
            yield
        except BaseException:
            self._noted = noted
            raise

    def others(self, account_id: int, run_id: int | None) -> frozenset[int | str]:
        """Those that wait beside it: runs by their number, reads of other processes by their names."""
        found = self._database.ask(_OTHERS, self._values(account_id, run_id))
        return frozenset(int(waiter) if waiter.isdecimal() else waiter for (waiter,) in found)

    def _values(self, account_id: int, run_id: int | None) -> Mapping[str, object]:
        clock = self._database.clock
        waiter = self._reader if run_id is None else str(run_id)
        believed_from = clock.monotonic() - BELIEVED_SECONDS
        return {"account_id": account_id, "waiter": waiter, "boot_id": clock.boot_id(), "believed_from": believed_from}
