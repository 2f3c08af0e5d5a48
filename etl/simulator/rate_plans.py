"""The vendor's rate plans, current and earlier ones (LeadSquared API: rate limits)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from etl.simulator.options import RateLimit, SimulatorOptions

_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class RatePlan:
    """What an account may send. daily: for an account with one user."""

    limit: RateLimit
    bulk_limit: RateLimit
    daily: int

    def applied_to(self, options: SimulatorOptions) -> SimulatorOptions:
        """The same options under this plan."""
        return replace(options, limit=self.limit, bulk_limit=self.bulk_limit, daily=self.daily)


def _plan(requests: int, bulk_requests: int, daily: int) -> RatePlan:
    return RatePlan(RateLimit(requests, _SECONDS), RateLimit(bulk_requests, _SECONDS), daily)


RATE_PLANS: Mapping[str, RatePlan] = {
    "pro": _plan(10, 5, 11_000),
    "super": _plan(20, 10, 101_000),
    "earlier-lite": _plan(2, 1, 34_560),
    "earlier-pro": _plan(5, 1, 86_400),
    "earlier-super": _plan(10, 1, 172_800),
    "earlier-standard": _plan(15, 1, 259_200),
    "earlier-enterprise": _plan(25, 1, 432_000),
}
