"""Rows without an end, counted for who watches: at most a twentieth of the time goes into it, however large the ledger is.

There is no index for it: every row of every run would pay for that, and only who watches would gain. So the rows of runs
that may have some are counted, one run after another, and the numbers stand until counting again is cheap enough; a finished
run without such rows is never counted again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.ledger.standing import OpenRows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etl.clock import Clock
    from etl.ledger.standing import Standing

DAYS = 7.0
"""Finished runs of so many days may have rows in doubt that are of interest here; `etl runs` lists all."""

SHARE = 0.05
LEAST_SECONDS = 5.0
"""So often at most it is counted, however quick that is."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Rows without an end by account, and when that was true: seconds since 1970."""

    by_account: Mapping[int, OpenRows]
    at: float


class OpenRowsCount:
    """Counts now and then."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._done: set[int] = set()
        self._last: Counted | None = None
        self._not_before = 0.0

    def now(self, standing: Standing) -> Counted:
        """The numbers, counted anew where it is time to.

        Raises: LedgerError — the database cannot be asked.
        """
        began = self._clock.monotonic()
        if self._last is None or began >= self._not_before:
            self._last = self._counted(standing)
            ended = self._clock.monotonic()
            self._not_before = ended + max(LEAST_SECONDS, (ended - began) / SHARE)
        return self._last

    def _counted(self, standing: Standing) -> Counted:
        at = self._clock.now().timestamp()
        found: dict[int, OpenRows] = {}
        for run in standing.runs(DAYS):
            if run.run_id in self._done:
                continue
            rows = standing.open_rows(run.run_id)
            before = found.get(run.account_id, OpenRows())
            waiting = 0 if run.is_replaced else rows.waiting
            found[run.account_id] = OpenRows(before.waiting + waiting, before.unconfirmed + rows.unconfirmed)
            if not run.is_open and rows == OpenRows():
                self._done.add(run.run_id)
        return Counted(found, at)
