"""The beat of a lease: it is renewed all the time, whatever its holder waits for (`leases`)."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from etl.ledger.transfer import IS_HERE

if TYPE_CHECKING:
    from etl.clock import Clock
    from etl.ledger.leases import Leases

_BEATS = 4  # in the time of one lease

_BEAT = f"""
UPDATE leases SET until_at = extract(epoch FROM clock_timestamp()) + %(seconds)s WHERE holder = %(holder)s AND {IS_HERE}"""


class Beat(threading.Thread):
    """Renews the leases of one ledger, on a connection of its own."""

    def __init__(self, leases: Leases, url: str, clock: Clock, seconds: float) -> None:
        super().__init__(name="lease", daemon=True)
        self.is_over = threading.Event()
        self._leases, self._url, self._clock, self._seconds = leases, url, clock, seconds

    def run(self) -> None:
        import psycopg  # noqa: PLC0415 — only where there is a PostgreSQL

        from etl.ledger.libpq import SURELY, libpq_conninfo  # noqa: PLC0415 — as above

        pause = self._seconds / _BEATS
        while not self.is_over.wait(pause):
            with (
                suppress(psycopg.Error),  # who cannot renew has lost it in time
                psycopg.connect(libpq_conninfo(self._url, pause), autocommit=True) as connection,
            ):
                connection.execute(SURELY)  # a renewal that is forgotten would let others take over too early
                while not self.is_over.is_set():
                    self._renew(connection)
                    if self.is_over.wait(pause):
                        return

    def _renew(self, connection: object) -> None:
        expected, asked = self._leases.held(), self._clock.through_sleep()
        cursor = connection.execute(_BEAT, {"seconds": self._seconds, "holder": self._leases.holder})  # type: ignore[attr-defined]
        self._leases.beat(asked, cursor.rowcount, expected)
