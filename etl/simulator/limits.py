"""Whether the account's limits let a request in now: general window, bulk window, day's quota."""

from __future__ import annotations

from etl.simulator.account import Account, Arrival
from etl.simulator.answers import throttle_reply
from etl.simulator.messages import Reply
from etl.simulator.switches import RateWindow
from etl.simulator.windows import BusiestWindow, DayQuota, FixedWindow, SlidingWindow


class Limits:
    """Counts by arrival. A bulk request counts in both windows; a request that is refused counts in none."""

    def __init__(self, account: Account) -> None:
        options = account.options
        self._account = account
        window = FixedWindow if options.switches.rate_window is RateWindow.FIXED else SlidingWindow
        self._general = window(options.limit)
        self._bulk = window(options.bulk_limit or options.limit)
        self._quota = DayQuota(options.daily)
        self._busiest = BusiestWindow(options.limit)
        self._busiest_bulk = BusiestWindow(self._bulk.limit)

    def refusal(self, arrival: Arrival, bulk: bool) -> Reply | None:
        """The throttling reply to a request that exceeds a limit; None when it is within all of them."""
        for window in self._windows(bulk):
            wait = window.wait_seconds(arrival.seconds)
            if wait > 0:
                self._account.stats.refused_for_rate += 1
                span = f"{window.limit.seconds:g} second(s)"
                return throttle_reply(self._account.switches, window.limit.count, span, wait)
        wait = self._quota.wait_seconds(arrival.wall)
        if wait > 0:
            self._account.stats.refused_for_quota += 1
            return throttle_reply(self._account.switches, self._quota.limit or 0, "1 day(s)", wait)
        return None

    def enter(self, arrival: Arrival, bulk: bool) -> None:
        """Count a request that was let in."""
        for window in self._windows(bulk):
            window.enter(arrival.seconds)
        self._quota.enter(arrival.wall)

    def observe(self, arrival: Arrival, bulk: bool) -> None:
        """Note an arrival for the stats, whatever becomes of it."""
        stats = self._account.stats
        self._busiest.enter(arrival.seconds)
        stats.most_requests_in_window = self._busiest.most
        if bulk:
            stats.bulk_requests += 1
            self._busiest_bulk.enter(arrival.seconds)
            stats.most_bulk_requests_in_window = self._busiest_bulk.most

    def _windows(self, bulk: bool) -> tuple[SlidingWindow | FixedWindow, ...]:
        return (self._bulk, self._general) if bulk else (self._general,)
