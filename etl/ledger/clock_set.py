"""The database's clock was set: from here on the clock of a shared ledger is another one, for all who use that ledger.

It has a name, as each boot of a machine has, and each transaction reads that with the time. Whoever notices first gives it a new
one, as a transaction of its own that waits for all others: what is written before is of the clock before, what is written
afterwards of the new one. What is in the air at that moment has not ended, and is the new one's. Until when a lease counts was
told by the clock before, and its holder counts on its own: so each counts from then on for as long as the longest there may be,
until its holder renews it, and who died is not waited for until a day that comes again.
"""

from __future__ import annotations

import uuid

from etl.ledger.shared_clock import BOOT

_NAME = "clock"
"""Where among the facts about a ledger the name is; before the first time it is not there."""

WHICH = f"COALESCE((SELECT value FROM meta WHERE name = '{_NAME}'), '{BOOT}')"
"""An expression of SQL: the name of the clock that counts."""

LONGEST_LEASE_SECONDS = 600
"""So long each lease counts from here on, unless it is renewed. A longer one there is not: its holder would count on it still."""

_NOTING = (
    "INSERT INTO boots (boot_id, first_seen_mono) "
    f"SELECT '{{new}}', extract(epoch FROM clock_timestamp()) WHERE {WHICH} = '{{old}}'; "  # else somebody was quicker
    f"UPDATE leases SET until_at = boots.first_seen_mono + {LONGEST_LEASE_SECONDS} "
    "FROM boots WHERE boots.boot_id = '{new}'; "
    "UPDATE requests SET boot_id = boots.boot_id, sent_mono = boots.first_seen_mono FROM boots "
    "WHERE boots.boot_id = '{new}' AND requests.boot_id = '{old}' AND requests.ended_mono IS NULL; "
    f"INSERT INTO meta (name, value) SELECT '{_NAME}', boot_id FROM boots WHERE boot_id = '{{new}}' "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


def noting_that_it_was_set(old: str) -> str:
    """The statements, to be carried out while nobody else writes. old: the name that the clock had when that was noticed."""
    return _NOTING.format(new=f"{BOOT} {uuid.uuid4().hex[:12]}", old=old)
