"""What a process gives up that ends before its requests were answered, where machines share the ledger.

Its leases would end by themselves; whoever goes on need not wait for that. What is in the air stays as it is written: requests
without an end, which the next holder ends, and whose rows it reads back. LeadSquared may be at work on them still, so a lease
that was given up in this way is one of a holder that may live (`Leases.is_after_one_that_may_live`): the late wait is kept.

Threads of this process may be connecting still for a request whose intent is written. So it is noted here first, before the
database is asked: from then on nothing that they hold counts, whatever the database comes to (`Leases`).
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etl.clock import Clock

_GIVE_UP = "UPDATE leases SET until_at = 0, holder = '', process = '' WHERE process = %(process)s"

_SOON = "SET statement_timeout = '2s'"  # a row may be locked by who is halted; this process is about to end

_PATIENCE_SECONDS = 2.0

_given_up = threading.Event()


def has_given_up() -> bool:
    """Whether this process has given its leases up, or is about to: it is for good."""
    return _given_up.is_set()


def give_up_leases(url: str, clock: Clock) -> None:
    """Give up every lease of this process, at once and for good: it sends nothing and begins nothing from here on.

    url: of the ledger, a PostgreSQL. Where that cannot be reached they end by themselves.
    """
    _given_up.set()
    import psycopg  # noqa: PLC0415 — only where there is a PostgreSQL

    from etl.ledger.libpq import libpq_conninfo  # noqa: PLC0415 — as above
    from etl.ledger.this_process import this_process  # noqa: PLC0415 — as above

    with (
        suppress(psycopg.Error),
        psycopg.connect(libpq_conninfo(url, _PATIENCE_SECONDS), autocommit=True) as connection,
    ):
        connection.execute(_SOON)
        connection.execute(_GIVE_UP, {"process": this_process(clock)})
