"""How a run's requests went out over time, window by window, beside everything else that the ledger sent to the account.

Works on the ledger alone: no account, no network. Times are those of sending; the account's limit counts arrivals.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from etl.clock import Clock, SystemClock
from etl.delivery.throttle import smallest
from etl.errors import UsageError
from etl.ledger.store import Ledger
from etl.operations import OPERATIONS
from etl.records import Window
from etl.settings.model import DEFAULT_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from etl.ledger.listing import ListedRun, SentAt
    from etl.records import Limit
    from etl.settings import Account, Settings

MOST_COLUMNS = 240


@dataclass(frozen=True, slots=True)
class Column:
    """Some windows in a row. ours, others: requests a window on the average; peak: most of all in any window's time;
    refused: for the rate, in all."""

    ours: float
    others: float
    peak: int
    refused: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """The requests of one run over time. began, ended: seconds since 1970. window: which requests its limit counts.

    limit: the account's, with where that number comes from in words; column_seconds: a whole number of its windows.
    ours, others, refused: how many requests in all, others' being those of the same account in the same time.
    """

    run: int
    input: str
    began: float
    ended: float
    window: Window
    limit: Limit
    limit_from: str
    column_seconds: float
    columns: tuple[Column, ...]
    ours: int
    others: int
    refused: int

    @property
    def used(self) -> float:
        """How much of the limit was used, on the average of the columns in which anything was sent."""
        busy = [one.ours + one.others for one in self.columns if one.ours or one.others]
        return sum(busy) / (len(busy) * self.limit.count) if busy else 0.0


def traffic(settings: Settings, run_id: int, accounts: Iterable[Account] = (), clock: Clock | None = None) -> Traffic:
    """The requests of a run, and of those that revise for it. accounts: as they are set up now, for their limits.

    Raises: UsageError — no such run, or nothing was sent by it. LedgerError — the ledger cannot be used.
    """
    with Ledger(settings.ledger_url, settings.ledger_files, clock or SystemClock()) as ledger:
        run = ledger.listing.run(run_id)
        if run is None:
            raise UsageError(f"There is no run {run_id} in the ledger {ledger.shown}. etl runs lists them.")
        learned = ledger.accounts.learned_limits(run.account_id)
        window, limit, limit_from = _limit(run, [one for one in accounts if one.name in run.accounts], learned)
        sent = ledger.listing.sent_beside(run_id)
    counted = [one for one in sent if window is Window.GENERAL or one.window is Window.BULK]
    ours = [one for one in counted if one.is_ours]
    if not ours:
        raise UsageError(f"Run {run_id} has sent nothing, so there is nothing to draw.")
    began, ended = ours[0].at, ours[-1].at
    windows = max(1, ceil((ended - began + 1e-6) / limit.seconds))
    column_seconds = limit.seconds * ceil(windows / MOST_COLUMNS)
    return Traffic(
        run=run_id,
        input=Path(run.input_path).name,
        began=began,
        ended=ended,
        window=window,
        limit=limit,
        limit_from=limit_from,
        column_seconds=column_seconds,
        columns=columns(counted, began, ended, column_seconds, limit.seconds),
        ours=len(ours),
        others=len(counted) - len(ours),
        refused=sum(one.is_refused for one in counted),
    )


def _limit(run: ListedRun, accounts: Sequence[Account], learned: Mapping[Window, Limit]) -> tuple[Window, Limit, str]:
    """The limit that allows the run the least, which requests it counts, and where its number comes from."""
    account = accounts[0] if accounts else None
    configured = {
        Window.BULK: account.bulk_limit if account else DEFAULT_LIMIT,
        Window.GENERAL: account.limit if account else DEFAULT_LIMIT,
    }
    operation = OPERATIONS.get(run.operation)
    windows = (
        [Window.BULK, Window.GENERAL] if operation is None or operation.window is Window.BULK else [Window.GENERAL]
    )
    limits = {one: smallest(configured[one], learned.get(one)) for one in windows}
    window = min(windows, key=lambda one: limits[one].count / limits[one].seconds)
    if limits[window] != configured[window]:
        return window, limits[window], "named by LeadSquared"
    return window, limits[window], "settings" if account else "default: the account is not set up here"


def columns(
    sent: Sequence[SentAt], began: float, ended: float, column_seconds: float, window_seconds: float
) -> tuple[Column, ...]:
    """Requests, in the order of time, by columns of some windows each."""
    count = int((ended - began) // column_seconds) + 1
    ours, others, peaks, refused = [0] * count, [0] * count, [0] * count, [0] * count
    lately: deque[float] = deque()
    for one in sent:
        place = int((one.at - began) // column_seconds)
        lately.append(one.at)
        while lately[0] <= one.at - window_seconds:
            lately.popleft()
        (ours if one.is_ours else others)[place] += 1
        peaks[place] = max(peaks[place], len(lately))
        refused[place] += one.is_refused
    windows = column_seconds / window_seconds
    return tuple(
        Column(mine / windows, theirs / windows, peak, refusals)
        for mine, theirs, peak, refusals in zip(ours, others, peaks, refused, strict=True)
    )
