"""How accounts stand now, for those who watch: what went out of late and today, and which rows have no end yet.

Asks only. What has to be counted row by row (`open_rows`) is asked for each run by itself, so that whoever watches decides how
often; all else costs a few pages of an index, however large the ledger is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from etl.records import Limit, Window

if TYPE_CHECKING:
    from etl.ledger.database import Database

LATE_SECONDS = 60.0
"""So long is "of late": twelve windows of the usual 5 s, in which bursts do not show."""

_NAMES = text("SELECT name, account_id FROM account_names ORDER BY name, account_id")

_SPENT = text("SELECT account_id, requests FROM request_days WHERE utc_day = :utc_day")

# By the index of the windows. What is in the air has not ended, and counts as sent.
_OF_LATE = text("""
SELECT rate_window, COUNT(*), SUM(rows), SUM(CASE WHEN verdict = 'throttled' THEN 1 ELSE 0 END) FROM requests
WHERE account_id = :account_id AND boot_id = :boot_id
  AND (ended_mono > :ended_after OR (ended_mono IS NULL AND sent_mono > :ended_after))
GROUP BY rate_window""")

_LIMITS = text("""
SELECT rate_window, requests, seconds FROM limits_held
WHERE held_id IN (SELECT MAX(held_id) FROM limits_held WHERE account_id = :account_id GROUP BY rate_window)""")

# A finished run has tried every row; some of them may be in doubt still.
# What a later run of the same sheet has taken up anew waits there, if anywhere: by the index of inputs.
_RUNS = text("""
SELECT run_id, account_id, state, EXISTS (
    SELECT 1 FROM runs AS later WHERE later.scope_id = runs.scope_id AND later.input_hash = runs.input_hash
    AND later.mapping_hash = runs.mapping_hash AND COALESCE(later.sheet, '') = COALESCE(runs.sheet, '')
    AND later.run_id > runs.run_id)
FROM runs WHERE state = 'open' OR ended_at > :ended_after ORDER BY run_id""")

_OPEN_ROWS = text("""
SELECT outcome, COUNT(*) FROM rows WHERE run_id = :run_id AND outcome IN ('waiting', 'unconfirmed') GROUP BY outcome""")


@dataclass(frozen=True, slots=True)
class OfLate:
    """What went to an account within the last LATE_SECONDS, whoever sent it. rows: in bulk and single writes together.

    bulk, all_requests: requests, by the window that they count in; a bulk request is among all of them, too.
    """

    bulk: int = 0
    all_requests: int = 0
    rows: int = 0
    refused: int = 0

    @property
    def rows_per_second(self) -> float:
        return self.rows / LATE_SECONDS

    def share_of(self, limits: dict[Window, Limit]) -> float | None:
        """How much of the limit it is, 1 for all of it: of the window that is nearer to its own. None: no limit is known."""
        sent = {Window.BULK: self.bulk, Window.GENERAL: self.all_requests}
        shares = [sent[window] * limit.seconds / (limit.count * LATE_SECONDS) for window, limit in limits.items()]
        return min(1.0, max(shares)) if shares else None


@dataclass(frozen=True, slots=True)
class WatchedRun:
    """A run that may have rows without an end. is_open: it may go on; else every row was tried.

    is_replaced: a later run has compared the same sheet anew, so what waits here goes out with that one or not at all.
    """

    run_id: int
    account_id: int
    is_open: bool
    is_replaced: bool = False


@dataclass(frozen=True, slots=True)
class OpenRows:
    """Rows without an end. waiting: still to be sent. unconfirmed: sent, and it is not known whether they arrived."""

    waiting: int = 0
    unconfirmed: int = 0


class Standing:
    """What is true of accounts at this moment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def accounts(self) -> dict[str, tuple[int, ...]]:
        """The accounts by the names under which they were met; one name may have been given to several over time."""
        found: dict[str, tuple[int, ...]] = {}
        for name, account_id in self._database.connection.execute(_NAMES):
            found[name] = (*found.get(name, ()), account_id)
        return found

    def spent_today(self) -> dict[int, int]:
        """Requests of the UTC day, by account."""
        day = self._database.clock.now().date().isoformat()
        return {row[0]: row[1] for row in self._database.connection.execute(_SPENT, {"utc_day": day})}

    def of_late(self, account_id: int) -> OfLate:
        """What went to the account within the last minute."""
        clock = self._database.clock
        values = {"boot_id": clock.boot_id(), "ended_after": clock.monotonic() - LATE_SECONDS}
        found = list(self._database.connection.execute(_OF_LATE, {"account_id": account_id, **values}))
        bulk = sum(row[1] for row in found if row[0] == Window.BULK.value)
        requests, rows, refused = (sum(int(row[column] or 0) for row in found) for column in (1, 2, 3))
        return OfLate(bulk, requests, rows, refused)

    def limits(self, account_id: int) -> dict[Window, Limit]:
        """Those that the account was last kept to; empty where nothing was ever sent to it."""
        found = self._database.connection.execute(_LIMITS, {"account_id": account_id})
        return {Window(row[0]): Limit(row[1], row[2]) for row in found}

    def runs(self, days: float) -> list[WatchedRun]:
        """All that are open, and those that ended within so many days."""
        after = self._database.clock.now().timestamp() - days * 86_400
        found = self._database.connection.execute(_RUNS, {"ended_after": after})
        return [WatchedRun(row[0], row[1], row[2] == "open", bool(row[3])) for row in found]

    def open_rows(self, run_id: int) -> OpenRows:
        """Counts the rows of a run: about 0.2 s for a million."""
        found = {row[0]: int(row[1]) for row in self._database.connection.execute(_OPEN_ROWS, {"run_id": run_id})}
        return OpenRows(found.get("waiting", 0), found.get("unconfirmed", 0))
