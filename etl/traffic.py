"""How a run's requests went out over time, window by window, beside everything else that the ledger sent to the account.

Works on the ledger alone: no account, no network. Times are those of sending; the account's limit counts arrivals. The
limit is the one that was kept to at each moment, as the ledger has it; only where it has none, today's settings tell one.
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
NAMED = "named by LeadSquared"


@dataclass(frozen=True, slots=True)
class Column:
    """Some windows in a row. ours, others: requests a window on the average; peak: most of all in any window's time;
    refused: for the rate, in all."""

    ours: float
    others: float
    peak: int
    refused: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A limit that was kept to. since: seconds since 1970. source: where its number comes from, in words."""

    since: float
    limit: Limit
    source: str

    def within(self, seconds: float) -> float:
        """How many requests it allows in so many seconds, in the long run."""
        return self.limit.count * seconds / self.limit.seconds


@dataclass(frozen=True, slots=True)
class Traffic:
    """The requests of one run over time. began, ended: seconds since 1970. window: which requests its limit counts.

    kept: the account's limits one after the other, the first since before it began; column_seconds: a whole number of
    windows of the last one.
    ours, others, refused: how many requests in all, others' being those of the same account in the same time.
    """

    run: int
    input: str
    began: float
    ended: float
    window: Window
    kept: tuple[Kept, ...]
    column_seconds: float
    columns: tuple[Column, ...]
    ours: int
    others: int
    refused: int

    @property
    def limit(self) -> Limit:
        """The one that was kept to in the end: columns count in its windows."""
        return self.kept[-1].limit

    @property
    def used(self) -> float:
        """How much of the limit of its time was used, over the columns in which anything was sent."""
        busy = [place for place, one in enumerate(self.columns) if one.ours or one.others]
        allowed = sum(self._allowed(self.began + place * self.column_seconds) for place in busy)
        return sum(self.columns[place].ours + self.columns[place].others for place in busy) / allowed if busy else 0.0

    def _allowed(self, moment: float) -> float:
        """Requests in a column's window that begins then."""
        before = [one for one in self.kept if one.since <= moment] or [self.kept[0]]
        return before[-1].within(self.limit.seconds)


def traffic(settings: Settings, run_id: int, accounts: Iterable[Account] = (), clock: Clock | None = None) -> Traffic:
    """The requests of a run, and of those that revise for it. accounts: as they are set up now, for their limits.

    Raises: UsageError — no such run, or nothing was sent by it. LedgerError — the ledger cannot be used.
    """
    with Ledger(settings.ledger_url, settings.ledger_files, clock or SystemClock()) as ledger:
        run = ledger.listing.run(run_id)
        if run is None:
            raise UsageError(f"There is no run {run_id} in the ledger {ledger.shown}. etl runs lists them.")
        sent = ledger.listing.sent_beside(run_id)
        window, kept = limits_kept(run, sent, ledger, accounts)
    limit = kept[-1].limit
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
        kept=kept,
        column_seconds=column_seconds,
        columns=columns(counted, began, ended, column_seconds, limit.seconds),
        ours=len(ours),
        others=len(counted) - len(ours),
        refused=sum(one.is_refused for one in counted),
    )


def limits_kept(
    run: ListedRun, sent: Sequence[SentAt], ledger: Ledger, accounts: Iterable[Account]
) -> tuple[Window, tuple[Kept, ...]]:
    """Which requests of a run its limit counted, and the limits that were kept to while it went out, at least one.

    Of the account's two limits the one that allowed it the least in the end. accounts: as they are set up now.
    """
    began, ended = (sent[0].at, sent[-1].at) if sent else (0.0, 0.0)
    held = ledger.limits_held.of(run.account_id, ended)
    last = {one.window: one.limit for one in held}
    windows = [one for one in _windows(run) if one in last]
    if not windows:
        learned = ledger.accounts.learned_limits(run.account_id)
        window, limit, source = limit_of(run, [one for one in accounts if one.name in run.accounts], learned)
        return window, (Kept(began, limit, source),)
    window = min(windows, key=lambda one: last[one].count / last[one].seconds)
    told = [one for one in held if one.window is window]
    meant = [*[one for one in told if one.since <= began][-1:], *(one for one in told if one.since > began)]
    return window, tuple(Kept(one.since, one.limit, NAMED if one.is_named else "settings") for one in meant)


def limit_of(run: ListedRun, accounts: Sequence[Account], learned: Mapping[Window, Limit]) -> tuple[Window, Limit, str]:
    """The limit that would be kept to now: of a run of an etl that did not note it, nothing else is known.

    Returns: which requests it counts, itself, and where its number comes from.
    """
    account = accounts[0] if accounts else None
    configured = {
        Window.BULK: account.bulk_limit if account else DEFAULT_LIMIT,
        Window.GENERAL: account.limit if account else DEFAULT_LIMIT,
    }
    limits = {one: smallest(configured[one], learned.get(one)) for one in _windows(run)}
    window = min(limits, key=lambda one: limits[one].count / limits[one].seconds)
    if limits[window] != configured[window]:
        return window, limits[window], NAMED
    return window, limits[window], "settings of today" if account else "default: the account is not set up here"


def _windows(run: ListedRun) -> tuple[Window, ...]:
    """Which limits count a run's requests."""
    operation = OPERATIONS.get(run.operation)
    is_bulk = operation is None or operation.window is Window.BULK
    return (Window.BULK, Window.GENERAL) if is_bulk else (Window.GENERAL,)


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
